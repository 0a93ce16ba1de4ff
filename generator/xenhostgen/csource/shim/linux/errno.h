/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_ERRNO_H
#define SHIM_LINUX_ERRNO_H

/* The C library's <errno.h> includes this file, too. When parsing, facts show the names. */
#ifndef XENHOSTGEN_PARSE
#include <asm/errno.h>
#endif

#endif
