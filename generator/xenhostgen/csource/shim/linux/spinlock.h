/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_SPINLOCK_H
#define SHIM_LINUX_SPINLOCK_H

#include <linux/bug.h>
#include <linux/cache.h>

/* Taking a lock that is held, or releasing one that isn't, is a BUG; one that stays held is a change. */
typedef struct spinlock { int held; } spinlock_t;

#define DEFINE_SPINLOCK(name) spinlock_t name

#define spin_lock(lock) do { BUG_ON((lock)->held); (lock)->held = 1; } while (0)
#define spin_unlock(lock) do { BUG_ON(!(lock)->held); (lock)->held = 0; } while (0)
#define spin_lock_irqsave(lock, flags) do { (flags) = 0; spin_lock(lock); } while (0)
#define spin_unlock_irqrestore(lock, flags) do { (void)(flags); spin_unlock(lock); } while (0)

#endif
