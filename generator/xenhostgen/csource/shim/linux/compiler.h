/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_COMPILER_H
#define SHIM_LINUX_COMPILER_H

#define __section(name) __attribute__((__section__(name)))
#define __aligned(bytes) __attribute__((__aligned__(bytes)))
#define __packed __attribute__((__packed__))
#define __used __attribute__((__used__))
#define __maybe_unused __attribute__((__unused__))
#define __always_unused __attribute__((__unused__))
#define __must_check __attribute__((__warn_unused_result__))
#define __noreturn __attribute__((__noreturn__))
#define __weak __attribute__((__weak__))
#define __cold __attribute__((__cold__))
#define __pure __attribute__((__pure__))
#define __visible __used
#define __printf(format, first) __attribute__((__format__(printf, format, first)))
#undef __always_inline	/* the C library has it, too */
#ifdef XENHOSTGEN_PARSE
#define __always_inline inline
#define noinline
#else
#define __always_inline inline __attribute__((__always_inline__))
#define noinline __attribute__((__noinline__))
#endif

/* Checked by sparse, not by compilers. */
#define __user
#define __iomem
#define __percpu
#define __rcu
#define __force

/* When parsing these stay words and calls, so that facts show what was written. */
#ifndef XENHOSTGEN_PARSE
#define fallthrough __attribute__((__fallthrough__))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, value) do { *(volatile __typeof__(x) *)&(x) = (value); } while (0)
#define barrier() __asm__ __volatile__("" : : : "memory")
#define unreachable() __builtin_unreachable()
#endif

#include <asm/barrier.h>	/* in the kernel other headers reach it */

#endif
