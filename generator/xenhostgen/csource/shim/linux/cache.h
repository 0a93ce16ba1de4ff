/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_CACHE_H
#define SHIM_LINUX_CACHE_H

#include <linux/compiler.h>

/* Sections outside .bss, as in the kernel: a .bss clear must not reach what lives there. */
#define __read_mostly __section(".data..read_mostly")
#define __ro_after_init __section(".data..ro_after_init")

#define ____cacheline_aligned __attribute__((aligned(64)))

#endif
