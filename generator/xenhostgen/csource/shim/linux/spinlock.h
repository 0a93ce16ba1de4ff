/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_SPINLOCK_H
#define SHIM_LINUX_SPINLOCK_H

#include <linux/bug.h>

/* Taking a lock that is held, or releasing one that isn't, is a BUG; one that stays held is a change. */
typedef struct spinlock { int held; } spinlock_t;

#define DEFINE_SPINLOCK(name) spinlock_t name

static inline void spin_lock(spinlock_t *lock)
{
	BUG_ON(lock->held);
	lock->held = 1;
}

static inline void spin_unlock(spinlock_t *lock)
{
	BUG_ON(!lock->held);
	lock->held = 0;
}

#define spin_lock_irqsave(lock, flags) ((flags) = 0, spin_lock(lock))
#define spin_unlock_irqrestore(lock, flags) ((void)(flags), spin_unlock(lock))

#endif
