/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_LOCKDEP_H
#define SHIM_LINUX_LOCKDEP_H

#include <linux/bug.h>

#ifndef XENHOSTGEN_PARSE
#define lockdep_assert(condition) WARN_ON(!(condition))
/* A lock that isn't held where code stands on it is a BUG here, where the kernel warns. */
#define lockdep_assert_held(lock) BUG_ON(!(lock)->held)
#define lockdep_assert_held_write(lock) lockdep_assert_held(lock)
#define lockdep_assert_not_held(lock) BUG_ON((lock)->held)
#define lockdep_is_held(lock) ((lock)->held)
#define lockdep_assert_irqs_enabled() do { } while (0)
#define lockdep_assert_irqs_disabled() do { } while (0)
#define lockdep_assert_preemption_disabled() do { } while (0)
#endif

#endif
