/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_ERRNO_H
#define SHIM_LINUX_ERRNO_H

/* The C library's <errno.h> includes this file, too; Frama-C's has the numbers itself.
 * When parsing, facts show the names.
 */
#ifdef __FRAMAC__
#include <errno.h>
#elif !defined(XENHOSTGEN_PARSE)
#include <asm/errno.h>
#endif

#endif
