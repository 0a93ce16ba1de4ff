/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_LINKAGE_H
#define SHIM_LINUX_LINKAGE_H

#define asmlinkage

#endif
