/* SPDX-License-Identifier: Apache-2.0 */
/* Calls on files seen from outside, for tests: counted, the Nth failed, writes cut in
 * two. The program's own definitions take the place of libc's. */
#ifndef POL_COMMON_CALLS_H
#define POL_COMMON_CALLS_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int calls_on;
static long calls_made;
static long calls_fail;		/* which fails, from 1; 0: none */
static const char *calls_what = "";	/* the one that failed */
static void (*calls_at_flock)(void);	/* done once, before the next one */
static long calls_synced;	/* fsync() that went well */
static int calls_errno = EIO;

static int
calls_refuses(const char *what)
{
	if (!calls_on)
		return 0;
	calls_made++;
	if (calls_fail == 0 || --calls_fail != 0)
		return 0;
	calls_what = what;
	errno = calls_errno;
	return 1;
}

#pragma GCC visibility push(default)

int renameat2(int, const char *, int, const char *, unsigned);

int
open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return calls_refuses("open") ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

ssize_t
pread(int fd, void *data, size_t len, off_t at)
{
	return calls_refuses("pread") ? -1 : (ssize_t)syscall(SYS_pread64, fd, data, calls_on && len > 1 ? len / 2 : len, at);
}

ssize_t
write(int fd, const void *data, size_t len)
{
	return calls_refuses("write") ? -1 : (ssize_t)syscall(SYS_write, fd, data, calls_on && len > 1 ? len / 2 : len);
}


int
fsync(int fd)
{
	int rc = calls_refuses("fsync") ? -1 : (int)syscall(SYS_fsync, fd);

	calls_synced += rc == 0;
	return rc;
}


int fchmod(int fd, mode_t mode) { return calls_refuses("fchmod") ? -1 : (int)syscall(SYS_fchmod, fd, mode); }

int
flock(int fd, int how)
{
	void (*first)(void) = calls_at_flock;

	calls_at_flock = NULL;
	if (first != NULL)
		first();
	return calls_refuses("flock") ? -1 : (int)syscall(SYS_flock, fd, how);
}

int fstat(int fd, struct stat *st) { return calls_refuses("fstat") ? -1 : (int)syscall(SYS_newfstatat, fd, "", st, AT_EMPTY_PATH); }
int link(const char *from, const char *to) { return calls_refuses("link") ? -1 : (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0); }
int rename(const char *from, const char *to) { return calls_refuses("rename") ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0); }

int
renameat2(int a, const char *from, int b, const char *to, unsigned flags)
{
	return calls_refuses("renameat2") ? -1 : (int)syscall(SYS_renameat2, a, from, b, to, flags);
}

/* It fails as on a disk: what was open is closed all the same. */
int
close(int fd)
{
	int rc = (int)syscall(SYS_close, fd);

	return calls_refuses("close") ? -1 : rc;
}

#pragma GCC visibility pop

#endif
