/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_STDDEF_H
#define SHIM_LINUX_STDDEF_H

/* When parsing, NULL and offsetof() stay the words that they are. */
#ifndef XENHOSTGEN_PARSE
#include <stddef.h>
#endif

#endif
