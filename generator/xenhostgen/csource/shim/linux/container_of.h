/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_CONTAINER_OF_H
#define SHIM_LINUX_CONTAINER_OF_H

#include <linux/build_bug.h>
#include <linux/stddef.h>

#ifndef XENHOSTGEN_PARSE
#define container_of(pointer, type, member) ({				\
	const __typeof__(((type *)0)->member) *shim_member = (pointer);	\
	(type *)((char *)shim_member - offsetof(type, member)); })
#endif

#endif
