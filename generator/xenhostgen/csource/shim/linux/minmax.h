/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_MINMAX_H
#define SHIM_LINUX_MINMAX_H

#ifndef XENHOSTGEN_PARSE
#define shim_choose(left, operator, right) ({				\
	__auto_type shim_left = (left);					\
	__auto_type shim_right = (right);				\
	shim_left operator shim_right ? shim_left : shim_right; })
#define min(left, right) shim_choose(left, <, right)
#define max(left, right) shim_choose(left, >, right)
#define min_t(type, left, right) shim_choose((type)(left), <, (type)(right))
#define max_t(type, left, right) shim_choose((type)(left), >, (type)(right))
#define clamp(value, least, most) min(max(value, least), most)
#define clamp_t(type, value, least, most) min_t(type, max_t(type, value, least), most)
#define swap(left, right) do {						\
	__typeof__(left) shim_kept = (left);				\
	(left) = (right);						\
	(right) = shim_kept;						\
} while (0)
#endif

#endif
