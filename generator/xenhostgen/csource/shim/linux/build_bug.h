/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_BUILD_BUG_H
#define SHIM_LINUX_BUILD_BUG_H

#ifndef XENHOSTGEN_PARSE
#define BUILD_BUG_ON(condition) _Static_assert(!(condition), "BUILD_BUG_ON: " #condition)
#define BUILD_BUG_ON_MSG(condition, message) _Static_assert(!(condition), message)
#ifndef static_assert
/* The message may be left out. */
#define static_assert(condition, ...) SHIM_STATIC_ASSERT(condition, ##__VA_ARGS__, #condition)
#define SHIM_STATIC_ASSERT(condition, message, ...) _Static_assert(condition, message)
#endif
#endif

#endif
