/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_BUG_H
#define SHIM_LINUX_BUG_H

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/export.h>	/* why: see README.md */
#include <linux/printk.h>

#ifndef XENHOSTGEN_PARSE
/* The embedding program says what a BUG does; it must not return. */
void shim_bug(const char *file, int line) __noreturn;

#define BUG() shim_bug(__FILE__, __LINE__)
#ifdef __FRAMAC__
#define BUG_ON(condition) if (condition) BUG()
#else
#define BUG_ON(condition) do { if (unlikely(condition)) BUG(); } while (0)
#endif

/* A warning is a condition like any other; the kernel's message has no reader here. */
#define WARN_ON(condition) ({ _Bool shim_warn = !!(condition); unlikely(shim_warn); })
#define WARN_ON_ONCE(condition) WARN_ON(condition)
#define WARN(condition, ...) WARN_ON(condition)
#define WARN_ONCE(condition, ...) WARN_ON(condition)
#endif

#endif
