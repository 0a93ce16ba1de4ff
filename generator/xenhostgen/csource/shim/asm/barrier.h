/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_ASM_BARRIER_H
#define SHIM_ASM_BARRIER_H

#include <linux/compiler.h>

#ifndef XENHOSTGEN_PARSE
#define mb() barrier()
#define rmb() barrier()
#define wmb() barrier()
#define dma_rmb() barrier()
#define dma_wmb() barrier()
#define smp_mb() barrier()
#define smp_rmb() barrier()
#define smp_wmb() barrier()
#define smp_mb__before_atomic() barrier()
#define smp_mb__after_atomic() barrier()
#define smp_store_mb(variable, value) do { WRITE_ONCE(variable, value); smp_mb(); } while (0)
#define smp_store_release(pointer, value) do { barrier(); WRITE_ONCE(*(pointer), value); } while (0)
#define smp_load_acquire(pointer) ({				\
	__typeof__(*(pointer)) shim_value = READ_ONCE(*(pointer));	\
	barrier();							\
	shim_value; })
#endif

#endif
