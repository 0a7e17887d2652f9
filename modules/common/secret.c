/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that hold secrets. What was read is kept in one block that is wiped before it is
 * freed, so it is never grown by realloc(). Nothing of a file's text gets into an error.
 */
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

int
pol_secret_fail(struct policy_error *err, int code, const char *file, unsigned line, const char *fmt, ...)
{
	va_list ap;

	err->code = code;
	err->line = line;
	err->column = 0;
	snprintf(err->file, sizeof(err->file), "%s", file != NULL ? file : "");
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return code;
}

static int
failed(struct policy_error *err, const char *path, const char *what)
{
	const int e = errno;

	return pol_secret_fail(err, e == ENOENT ? POLICY_ERR_NOENT : e == ENOMEM ? POLICY_ERR_NOMEM : POLICY_ERR_IO,
	    path, 0, "cannot %s: %s", what, strerrordesc_np(e) != NULL ? strerrordesc_np(e) : "unknown error");
}

bool
pol_secret_same(const void *a, const void *b, size_t len)
{
	const volatile unsigned char *x = a, *y = b;
	unsigned char differ = 0;

	for (size_t i = 0; i < len; i++)
		differ = (unsigned char)(differ | (x[i] ^ y[i]));
	return differ == 0;
}

int64_t
pol_secret_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

char *
pol_secret_path(const struct policy_value *v, const char *key, struct policy_error *err)
{
	char *path;

	if (v->u.text.len == 0 || v->u.text.data[0] != '/' || v->u.text.len >= 4096 ||
	    memchr(v->u.text.data, '\0', v->u.text.len) != NULL) {
		pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0,
		    "`%s` is not an absolute path: write it from / on", key);
		return NULL;
	}
	path = strndup(v->u.text.data, v->u.text.len);
	if (path == NULL)
		pol_secret_fail(err, POLICY_ERR_NOMEM, NULL, 0, "out of memory");
	return path;
}

void
pol_secret_drop(struct pol_secret *s)
{
	if (s->data != NULL)
		explicit_bzero(s->data, s->room);
	free(s->data);
	memset(s, 0, sizeof(*s));
}

static int
judge(const struct stat *st, const char *path, size_t most, struct policy_error *err)
{
	if (!S_ISREG(st->st_mode))
		return pol_secret_fail(err, POLICY_ERR_UNSAFE, path, 0, "is not a regular file");
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return pol_secret_fail(err, POLICY_ERR_UNSAFE, path, 0,
		    "belongs to user %u: a file of secrets is root's or the process's own", (unsigned)st->st_uid);
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return pol_secret_fail(err, POLICY_ERR_UNSAFE, path, 0, "may be written by others (mode %04o): chmod go-w",
		    (unsigned)st->st_mode & 07777u);
	if (st->st_mode & S_IROTH)
		return pol_secret_fail(err, POLICY_ERR_UNSAFE, path, 0,
		    "may be read by everybody (mode %04o): chmod o-r", (unsigned)st->st_mode & 07777u);
	if (st->st_size < 0 || (uintmax_t)st->st_size > most)
		return pol_secret_fail(err, POLICY_ERR_LIMIT, path, 0, "is longer than %zu bytes", most);
	return 0;
}

static bool
as_it_was(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int
read_whole(struct pol_secret *out, int fd, const char *path, size_t len, struct policy_error *err)
{
	while (out->len < len) {
		ssize_t n = pread(fd, out->data + out->len, len - out->len, (off_t)out->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failed(err, path, "read it");
		if (n == 0)
			break;
		out->len += (size_t)n;
	}
	return 0;
}

int
pol_secret_read_fd(struct pol_secret *out, struct stat *st, int fd, const char *path, size_t most,
    struct policy_error *err)
{
	struct stat after;
	int rc;

	memset(out, 0, sizeof(*out));
	if (fstat(fd, st) != 0)
		return failed(err, path, "look at it");
	rc = judge(st, path, most, err);
	if (rc != 0)
		return rc;
	out->room = (size_t)st->st_size + 1;
	out->data = calloc(1, out->room);
	if (out->data == NULL)
		return pol_secret_fail(err, POLICY_ERR_NOMEM, path, 0, "out of memory");
	rc = read_whole(out, fd, path, (size_t)st->st_size, err);
	if (rc == 0 && (fstat(fd, &after) != 0 || !as_it_was(st, &after) || out->len != (size_t)st->st_size))
		rc = pol_secret_fail(err, POLICY_ERR_AGAIN, path, 0, "was written while it was read");
	if (rc != 0)
		pol_secret_drop(out);
	return rc;
}

int
pol_secret_read(struct pol_secret *out, struct stat *st, const char *path, size_t most, struct policy_error *err)
{
	int fd, rc;

	memset(out, 0, sizeof(*out));
	memset(st, 0, sizeof(*st));
	/* a pipe or a terminal must not hold us up before it is refused */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return failed(err, path, "open it");
	rc = pol_secret_read_fd(out, st, fd, path, most, err);
	close(fd);
	return rc;
}

static int
write_whole(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* The new file's text, durable, at temp; what failed, or NULL. */
static const char *
write_beside(const char *temp, const char *data, size_t len)
{
	int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	const char *what = NULL;
	int e = 0;

	if (fd < 0)
		return "make a file beside it";
	/* whatever the umask is: no more, and no less */
	if (fchmod(fd, 0600) != 0)
		what = "set the mode of the file beside it";
	else if (write_whole(fd, data, len) != 0)
		what = "write the file beside it";
	else if (fsync(fd) != 0)
		what = "sync the file beside it";
	if (what != NULL)
		e = errno;
	if (close(fd) != 0 && what == NULL) {
		what = "close the file beside it";
		e = errno;
	}
	errno = e;
	return what;
}

static int
sync_directory(const char *path)
{
	char dir[4200];
	const char *slash = strrchr(path, '/');
	int fd, rc, e;

	snprintf(dir, sizeof(dir), "%.*s", slash == path ? 1 : (int)(slash - path), path);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	rc = fsync(fd);
	e = errno;
	close(fd);
	errno = e;
	return rc;
}

/* Puts temp in place of path, which may not be there if `make`, and must be if not. The
 * two change places, so that a directory that cannot be synced gets the old file back. */
static const char *
put_in_place(const char *temp, const char *path, bool make)
{
	bool swapped = false;

	if (make) {
		if (link(temp, path) != 0)	/* refuses what is there already */
			return "put it in place";
	} else if (renameat2(AT_FDCWD, temp, AT_FDCWD, path, RENAME_EXCHANGE) == 0) {
		swapped = true;
	} else if ((errno != EINVAL && errno != ENOSYS) || rename(temp, path) != 0) {
		return "rename a file over it";
	}
	if (sync_directory(path) == 0)
		return NULL;
	if (make || swapped) {
		const int e = errno;

		if (make)
			(void)unlink(path);
		else
			(void)renameat2(AT_FDCWD, temp, AT_FDCWD, path, RENAME_EXCHANGE);
		errno = e;
	}
	return "sync its directory";
}

int
pol_secret_replace(const char *path, const char *data, size_t len, bool make, struct policy_error *err)
{
	char temp[4200];
	const char *what;
	uint64_t random = 0;
	int e;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return failed(err, path, "get random bytes");
	snprintf(temp, sizeof(temp), "%s.%016llx", path, (unsigned long long)random);
	what = write_beside(temp, data, len);
	if (what == NULL)
		what = put_in_place(temp, path, make);
	e = errno;
	unlink(temp);
	errno = e;
	if (what == NULL)
		return 0;
	if (make && e == EEXIST)
		return pol_secret_fail(err, POLICY_ERR_AGAIN, path, 0, "is there already");
	return failed(err, path, what);
}

/* The lock of a file that another one has replaced meanwhile is nobody's lock. */
static bool
still_there(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && lstat(path, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int
pol_secret_lock(const char *path, int64_t deadline_ns, struct policy_error *err)
{
	static const struct timespec pause = { 0, 1000000 };

	for (;;) {
		int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

		if (fd < 0)
			return failed(err, path, "open it");
		if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
			if (still_there(fd, path))
				return fd;
		} else if (errno != EWOULDBLOCK && errno != EINTR) {
			failed(err, path, "lock it");
			close(fd);
			return err->code;
		}
		close(fd);
		if (pol_secret_now() >= deadline_ns)
			return pol_secret_fail(err, POLICY_ERR_UNAVAILABLE, path, 0, "is locked by others for too long");
		nanosleep(&pause, NULL);
	}
}
