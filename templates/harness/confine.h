/* SPDX-License-Identifier: GPL-2.0-only */
/* What a child that runs judged C may do: compute, say so, and end. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>

#define SECONDS_MAX 1
#define DATA_MAX (256UL << 20)	/* beyond what the sanitizer has mapped by then */
#define SAID_MAX (64UL << 10)

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif

#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define ON(name, action) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, action)
#define ALLOW(name) ON(name, SECCOMP_RET_ALLOW)
#define KILL(name) ON(name, SECCOMP_RET_KILL_PROCESS)

#ifdef ARCH
#define CALLS								\
	LOAD(arch), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),	\
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS), LOAD(nr)

/* All else fails, as sanitizers can live with when they report a fault. */
static struct sock_filter of_calls[] = {
	CALLS,
	ALLOW(write), ALLOW(exit), ALLOW(exit_group), ALLOW(setitimer),
	ALLOW(rt_sigprocmask), ALLOW(rt_sigaction), ALLOW(rt_sigreturn), ALLOW(sigaltstack),
	ALLOW(mmap), ALLOW(munmap), ALLOW(mprotect), ALLOW(madvise), ALLOW(brk),
	ALLOW(getpid), ALLOW(gettid), ALLOW(futex), ALLOW(sched_yield),
#ifdef __NR_fork
	KILL(fork), KILL(vfork),
#endif
	KILL(clone), KILL(clone3), KILL(execve), KILL(kill), KILL(tkill), KILL(tgkill), KILL(ptrace),
	KILL(socket), KILL(unlinkat), KILL(mkdirat), KILL(renameat2), KILL(mount),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
};

/* What no driver needs, code that runs before its main() included. */
static struct sock_filter of_drivers[] = {
	CALLS,
	KILL(socket), KILL(socketpair), KILL(ptrace), KILL(process_vm_readv), KILL(process_vm_writev),
	KILL(mount), KILL(umount2), KILL(pivot_root), KILL(chroot), KILL(unshare), KILL(setns),
	KILL(bpf), KILL(perf_event_open), KILL(userfaultfd), KILL(io_uring_setup), KILL(keyctl),
	KILL(add_key), KILL(request_key), KILL(init_module), KILL(open_by_handle_at),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};
#define FILTER(name) install(name, sizeof(name) / sizeof(name[0]))
#else
#define FILTER(name) 0
#endif

static inline int install(struct sock_filter *filter, unsigned short length)
{
	struct sock_fprog program = { length, filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* Processor time, not time on the clock: a busy machine must not look like an endless call. */
static void start_clock(void)
{
	struct itimerval limit = { { 0, 0 }, { SECONDS_MAX, 0 } };

	setitimer(ITIMER_PROF, &limit, NULL);
}

/* The bytes of private memory that this process has mapped. */
static rlim_t mapped(void)
{
	unsigned long pages = 0;
	FILE *statm = fopen("/proc/self/statm", "r");

	if (statm) {
		if (fscanf(statm, "%*u %*u %*u %*u %*u %lu", &pages) != 1)
			pages = 0;
		fclose(statm);
	}
	return pages ? pages * 4096UL : RLIM_INFINITY - DATA_MAX;
}

static int confine(rlim_t mapped_before)
{
	struct rlimit none = { 0, 0 };
	struct rlimit file = { SAID_MAX, SAID_MAX };
	struct rlimit data = { mapped_before + DATA_MAX, mapped_before + DATA_MAX };

	start_clock();
	return setrlimit(RLIMIT_CORE, &none) || setrlimit(RLIMIT_FSIZE, &file) ||
	       setrlimit(RLIMIT_DATA, &data) || FILTER(of_calls);
}
