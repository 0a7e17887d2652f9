/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls, by seccomp: those that decide, serve and ask a store, a server of keys or a
 * directory take; found by tracing the tests of all of these, and held against them by
 * tests/daemon/sandbox.sh. Whatever is not named kills the process: it is a bug, or
 * somebody else's code.
 *
 * Some calls are refused and not deadly, since libraries try them and go on without: memory
 * that would be both written and run (PCRE2's JIT), a process (a helper of PAM), a socket of
 * a kind that we do not speak. A row says what a call's argument may be; what is not said is
 * refused. Two rows of one call never overlap: seccomp knows no order of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sandbox.h"

struct group {
	const char *what, *calls;
};

static const struct group allowed[] = {
	{ "wait for each other", "futex sched_yield rseq set_robust_list get_robust_list membarrier" },
	{ "wait for clients, servers, files", "epoll_wait epoll_pwait epoll_pwait2 epoll_create1 epoll_create epoll_ctl poll ppoll "
	    "select pselect6 eventfd2 pipe pipe2 signalfd4 timerfd_create timerfd_settime timerfd_gettime" },
	{ "clients and servers", "accept accept4 connect getsockname getpeername getsockopt setsockopt sendto recvfrom sendmsg "
	    "recvmsg sendmmsg recvmmsg shutdown sendfile" },
	{ "read and write what is open", "read readv pread64 preadv write writev pwrite64 pwritev lseek close dup dup2 dup3" },
	{ "records, durable", "fsync fdatasync ftruncate fallocate flock" },
	{ "find and open, as landlock lets", "open openat openat2 stat lstat fstat newfstatat statx access faccessat faccessat2 "
	    "readlink readlinkat getdents64 statfs fstatfs getcwd umask fadvise64 readahead" },
	{ "hear of changed files", "inotify_init1 inotify_add_watch inotify_rm_watch" },
	{ "memory", "brk munmap mremap madvise mincore mlock munlock msync" },
	{ "threads begin and end", "exit gettid set_tid_address sched_getaffinity sched_getparam sched_getscheduler "
	    "sched_get_priority_max sched_get_priority_min getcpu" },
	{ "time and chance", "clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time getrandom" },
	{ "signals to ourselves", "rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigsuspend sigaltstack "
	    "restart_syscall pause" },
	{ "who and where we are", "getpid getppid getuid geteuid getgid getegid getresuid getresgid getgroups getpgrp getsid uname "
	    "sysinfo getrusage getrlimit times capget" },
	{ "the end", "exit_group" },
};

/* They fail, as if the right to them were missing. */
static const struct group refused[] = {
	{ "no new names, where landlock is missing too", "unlink unlinkat rename renameat renameat2 mkdir mkdirat rmdir link linkat "
	    "symlink symlinkat mknod mknodat truncate chmod fchmod fchmodat chown fchown fchownat lchown utimensat utime utimes" },
	{ "no new listeners", "bind listen" },
	{ "no processes", "fork vfork wait4 waitid" },
	{ "no memory without a file that could be run", "memfd_create" },
	{ "no priorities, no handles", "setpriority getpriority sched_setscheduler sched_setparam sched_setaffinity" },
};

/* For libraries that take it for an old kernel and use another call, which is looked into. */
static const struct group missing[] = {
	{ "threads, by a call whose arguments cannot be seen", "clone3" },
	{ "rings", "io_uring_setup" },
};

/* One comparison; op 0: none. MASKED_EQ: datum is the mask, datum_b the value. */
struct argument {
	unsigned at;
	enum scmp_compare op;
	uint64_t a, b;
};

#define IS(at, v) { at, SCMP_CMP_EQ, (uint64_t)(v), 0 }
#define ABOVE(at, v) { at, SCMP_CMP_GT, (uint64_t)(v), 0 }
#define BELOW(at, v) { at, SCMP_CMP_LT, (uint64_t)(v), 0 }
#define BITS(at, mask, v) { at, SCMP_CMP_MASKED_EQ, (uint64_t)(mask), (uint64_t)(v) }
#define EXEC_WRITE (PROT_EXEC | PROT_WRITE)

static const struct looked_into {
	const char *call;
	int error;			/* 0: allowed */
	struct argument arguments[2];
	unsigned from, to;		/* of IS(at, 0): each number from..to; to 0: as it is */
} looked_into[] = {
	/* a thread, and no process */
	{ "clone", 0, { BITS(0, CLONE_THREAD, CLONE_THREAD) }, 0, 0 },
	{ "clone", EPERM, { BITS(0, CLONE_THREAD, 0) }, 0, 0 },
	/* code comes out of files, and is not written */
	{ "mmap", 0, { BITS(2, PROT_EXEC, 0) }, 0, 0 },
	{ "mmap", 0, { BITS(2, EXEC_WRITE, PROT_EXEC), BITS(3, MAP_ANONYMOUS, 0) }, 0, 0 },
	{ "mmap", EACCES, { BITS(2, EXEC_WRITE, PROT_EXEC), BITS(3, MAP_ANONYMOUS, MAP_ANONYMOUS) }, 0, 0 },
	{ "mmap", EACCES, { BITS(2, EXEC_WRITE, EXEC_WRITE) }, 0, 0 },
	{ "mprotect", 0, { BITS(2, PROT_EXEC, 0) }, 0, 0 },
	{ "mprotect", EACCES, { BITS(2, PROT_EXEC, PROT_EXEC) }, 0, 0 },
	/* unix, IPv4 and IPv6, streams and datagrams; routes, for getaddrinfo() */
	{ "socket", 0, { IS(0, AF_UNIX) }, 0, 0 },
	{ "socket", 0, { IS(0, AF_INET), BITS(1, 0xf, SOCK_STREAM) }, 0, 0 },
	{ "socket", 0, { IS(0, AF_INET), BITS(1, 0xf, SOCK_DGRAM) }, 0, 0 },
	{ "socket", 0, { IS(0, AF_INET6), BITS(1, 0xf, SOCK_STREAM) }, 0, 0 },
	{ "socket", 0, { IS(0, AF_INET6), BITS(1, 0xf, SOCK_DGRAM) }, 0, 0 },
	{ "socket", EACCES, { IS(0, AF_INET), BITS(1, 0xf, SOCK_RAW) }, 0, 0 },
	{ "socket", EACCES, { IS(0, AF_INET6), BITS(1, 0xf, SOCK_RAW) }, 0, 0 },
	{ "socket", 0, { IS(0, AF_NETLINK), IS(2, 0) }, 0, 0 },
	{ "socket", EAFNOSUPPORT, { IS(0, AF_NETLINK), ABOVE(2, 0) }, 0, 0 },
	{ "socket", EAFNOSUPPORT, { IS(0, 0) }, AF_INET + 1, AF_INET6 - 1 },
	{ "socket", EAFNOSUPPORT, { IS(0, 0) }, AF_INET6 + 1, AF_NETLINK - 1 },
	{ "socket", EAFNOSUPPORT, { ABOVE(0, AF_NETLINK) }, 0, 0 },
	{ "socketpair", 0, { IS(0, AF_UNIX) }, 0, 0 },
	/* how much there is, and whether to wait; a terminal is none */
	{ "ioctl", 0, { IS(1, FIONREAD) }, 0, 0 },
	{ "ioctl", 0, { IS(1, FIONBIO) }, 0, 0 },
	{ "ioctl", ENOTTY, { BELOW(1, FIONREAD) }, 0, 0 },
	{ "ioctl", ENOTTY, { IS(1, 0) }, FIONREAD + 1, FIONBIO - 1 },
	{ "ioctl", ENOTTY, { ABOVE(1, FIONBIO) }, 0, 0 },
	/* copies, flags, locks; not whom to send a signal */
	{ "fcntl", 0, { BELOW(1, F_SETLKW + 1) }, 0, 0 },
	{ "fcntl", 0, { IS(1, 0) }, F_OFD_GETLK, F_OFD_SETLKW },
	{ "fcntl", 0, { IS(1, F_DUPFD_CLOEXEC) }, 0, 0 },
	{ "fcntl", EPERM, { IS(1, 0) }, F_SETLKW + 1, F_OFD_GETLK - 1 },
	/* names of threads */
	{ "prctl", 0, { IS(0, PR_SET_NAME) }, 0, 0 },
	{ "prctl", EINVAL, { BELOW(0, PR_SET_NAME) }, 0, 0 },
	{ "prctl", EINVAL, { ABOVE(0, PR_SET_NAME) }, 0, 0 },
	/* limits are read */
	{ "prlimit64", 0, { IS(2, 0) }, 0, 0 },
	{ "prlimit64", EPERM, { ABOVE(2, 0) }, 0, 0 },
	/* abort(), raise() */
	{ "tgkill", 0, { IS(0, 0) }, 0, 0 },	/* 0: ourselves, see add_looked_into() */
};

/* ---- into a filter ---- */

struct filter {
	scmp_filter_ctx ctx;
	uint32_t others;		/* what becomes of calls without a row */
	char *why;
	size_t room;
};

static int
fail(const struct filter *f, const char *call, int rc)
{
	snprintf(f->why, f->room, "system calls cannot be filtered: %s%s%s", call, call[0] != '\0' ? ": " : "", strerrordesc_np(-rc));
	return -1;
}

/* A row that says what is said of all others is none; nor is a call that this machine never had. */
static int
add(struct filter *f, uint32_t action, const char *name, unsigned n, const struct scmp_arg_cmp *by)
{
	const int call = seccomp_syscall_resolve_name(name);
	int rc = 0;

	if (call == __NR_SCMP_ERROR)
		rc = -ENOSYS;
	else if (action != f->others)
		rc = seccomp_rule_add_array(f->ctx, action, call, n, by);
	return rc == 0 || rc == -EDOM ? 0 : fail(f, name, rc);
}

/* The calls of each group. */
static int
add_groups(struct filter *f, const struct group *groups, size_t n, uint32_t action)
{
	for (size_t i = 0; i < n; i++) {
		const char *at = groups[i].calls;

		while (*at != '\0') {
			char name[32];
			const size_t len = strcspn(at, " ");

			snprintf(name, sizeof(name), "%.*s", (int)len, at);
			at += len + strspn(at + len, " ");
			if (add(f, action, name, 0, NULL) != 0)
				return -1;
		}
	}
	return 0;
}

static int
add_one(struct filter *f, const struct looked_into *l, uint64_t number)
{
	struct scmp_arg_cmp by[2];
	unsigned n = 0;

	for (; n < 2 && l->arguments[n].op != 0; n++)
		by[n] = (struct scmp_arg_cmp){ l->arguments[n].at, l->arguments[n].op, l->arguments[n].a, l->arguments[n].b };
	if (n > 0 && by[0].op == SCMP_CMP_EQ && number != UINT64_MAX)
		by[0].datum_a = number;
	return add(f, l->error == 0 ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO((uint32_t)l->error), l->call, n, by);
}

static int
add_looked_into(struct filter *f)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(looked_into) / sizeof(looked_into[0]); i++) {
		const struct looked_into *l = &looked_into[i];

		if (strcmp(l->call, "tgkill") == 0)
			rc = add_one(f, l, (uint64_t)getpid());
		else if (l->to == 0)
			rc = add_one(f, l, UINT64_MAX);
		for (uint64_t number = l->from; rc == 0 && l->to != 0 && number <= l->to; number++)
			rc = add_one(f, l, number);
	}
	return rc;
}

#define GROUPS(list, action) add_groups(&f, list, sizeof(list) / sizeof(list[0]), action)

int
pol_sandbox_calls(enum pol_sandbox_mode mode, char *why, size_t room)
{
	const uint32_t others = mode == POL_SANDBOX_LOG ? SCMP_ACT_LOG : mode == POL_SANDBOX_ERRNO ? SCMP_ACT_ERRNO(EPERM) :
	    SCMP_ACT_KILL_PROCESS;
	struct filter f = { seccomp_init(others), others, why, room };
	int rc;

	if (mode == POL_SANDBOX_OFF) {
		seccomp_release(f.ctx);
		return 0;
	}
	if (f.ctx == NULL)
		return fail(&f, "", -ENOMEM);
	rc = GROUPS(allowed, SCMP_ACT_ALLOW);
	if (rc == 0)
		rc = GROUPS(refused, SCMP_ACT_ERRNO(EPERM));
	if (rc == 0)
		rc = GROUPS(missing, SCMP_ACT_ERRNO(ENOSYS));
	if (rc == 0)
		rc = add_looked_into(&f);
	/* as a tree: what is asked often is not behind all that is not */
	if (rc == 0 && (rc = seccomp_attr_set(f.ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2)) != 0)
		rc = fail(&f, "", rc);
	if (rc == 0 && (rc = seccomp_load(f.ctx)) != 0)
		rc = fail(&f, "", rc);
	seccomp_release(f.ctx);
	return rc;
}
