/* SPDX-License-Identifier: Apache-2.0 */
#include "last_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gnutls/crypto.h>

int
pol_last_fail(struct policy_error *err, int code, const char *at, const char *fmt, ...)
{
	va_list ap;

	err->code = code;
	err->line = err->column = 0;
	snprintf(err->file, sizeof(err->file), "%s", at);
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return code;
}

static int
from_errno(struct policy_error *err, const char *at)
{
	int e = errno;

	return pol_last_fail(err, e == ENOENT ? POLICY_ERR_NOENT : POLICY_ERR_IO, at, "%s", strerror(e));
}

static int
read_text(struct pol_last_file *f, int fd)
{
	struct stat after;
	size_t n = 0;

	f->text = malloc((size_t)f->st.st_size + 1);
	if (f->text == NULL)
		return -1;
	while (n < (size_t)f->st.st_size + 1) {
		ssize_t got = read(fd, f->text + n, (size_t)f->st.st_size + 1 - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	f->len = n;
	if (n == (size_t)f->st.st_size)
		f->text[n] = '\0';
	errno = EBUSY;
	return n == (size_t)f->st.st_size && fstat(fd, &after) == 0 && after.st_size == f->st.st_size &&
	    memcmp(&after.st_ctim, &f->st.st_ctim, sizeof(after.st_ctim)) == 0 ? 0 : -1;
}

/* Owner and mode are judged where the set is opened, before and after this; what is not a
 * regular file is no part of one. */
static int
add(struct pol_last_files *out, int dir, const char *name, unsigned flags, const char *at, struct policy_error *err)
{
	struct pol_last_file *f = &out->list[out->n];
	int nofollow = (flags & POL_LAST_NO_LINKS) != 0 ? O_NOFOLLOW : 0, rc = 0;
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | nofollow);

	memset(f, 0, sizeof(*f));
	if (fd < 0)
		return from_errno(err, at);
	if (fstat(fd, &f->st) != 0)
		rc = from_errno(err, at);
	else if (!S_ISREG(f->st.st_mode))
		rc = pol_last_fail(err, POLICY_ERR_INVALID, at, "%s is no regular file", name);
	else if (f->st.st_size > POL_LAST_BYTES)
		rc = pol_last_fail(err, POLICY_ERR_LIMIT, at, "%s is larger than a file of a set may be", name);
	else if ((f->name = strdup(name)) == NULL)
		rc = pol_last_fail(err, POLICY_ERR_NOMEM, at, "out of memory");
	else if ((flags & POL_LAST_TEXTS) != 0 && read_text(f, fd) != 0)
		rc = from_errno(err, at);
	if (f->name != NULL)
		out->n++;
	close(fd);
	return rc;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct pol_last_file *)a)->name, ((const struct pol_last_file *)b)->name);
}

static int
read_dir(struct pol_last_files *out, int fd, unsigned flags, const char *path, struct policy_error *err)
{
	DIR *d = fdopendir(fd);
	struct dirent *e;
	int rc = 0;

	if (d == NULL) {
		close(fd);
		return from_errno(err, path);
	}
	while (rc == 0 && (e = readdir(d)) != NULL) {
		size_t len = strlen(e->d_name);

		if (e->d_name[0] == '.' || len < 6 || strcmp(e->d_name + len - 5, ".yaml") != 0)
			continue;
		if (out->n == POL_LAST_FILES)
			rc = pol_last_fail(err, POLICY_ERR_LIMIT, path, "more files than a set may have");
		else
			rc = add(out, dirfd(d), e->d_name, flags, path, err);
	}
	closedir(d);
	if (rc == 0)
		qsort(out->list, out->n, sizeof(*out->list), by_name);
	return rc;
}

int
pol_last_read(struct pol_last_files *out, const char *path, unsigned flags, struct policy_error *err)
{
	int fd = open(path, O_PATH | O_CLOEXEC), rc;
	const char *base = strrchr(path, '/');
	struct stat st;

	memset(out, 0, sizeof(*out));
	if (fd < 0)
		return from_errno(err, path);
	out->list = calloc(POL_LAST_FILES, sizeof(*out->list));
	if (out->list == NULL) {
		rc = pol_last_fail(err, POLICY_ERR_NOMEM, path, "out of memory");
	} else if (fstat(fd, &st) != 0) {
		rc = from_errno(err, path);
	} else if (S_ISDIR(st.st_mode)) {
		int dir = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		out->is_dir = true;
		rc = dir < 0 ? from_errno(err, path) : read_dir(out, dir, flags, path, err);
	} else {
		rc = add(out, AT_FDCWD, path, flags, path, err);
		if (rc == 0)
			memmove(out->list[0].name, base != NULL ? base + 1 : path, strlen(base != NULL ? base + 1 : path) + 1);
	}
	close(fd);
	if (rc != 0)
		pol_last_free(out);
	return rc;
}

void
pol_last_free(struct pol_last_files *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->list[i].name);
		free(f->list[i].text);
	}
	free(f->list);
	memset(f, 0, sizeof(*f));
}

bool
pol_last_same(const struct pol_last_files *a, const struct pol_last_files *b)
{
	bool same = a->n == b->n && a->is_dir == b->is_dir;

	for (size_t i = 0; same && i < a->n; i++) {
		const struct stat *s = &a->list[i].st, *t = &b->list[i].st;

		same = strcmp(a->list[i].name, b->list[i].name) == 0 && s->st_dev == t->st_dev && s->st_ino == t->st_ino &&
		    s->st_size == t->st_size && s->st_mtim.tv_sec == t->st_mtim.tv_sec &&
		    s->st_mtim.tv_nsec == t->st_mtim.tv_nsec && s->st_ctim.tv_sec == t->st_ctim.tv_sec &&
		    s->st_ctim.tv_nsec == t->st_ctim.tv_nsec;
	}
	return same;
}

int
pol_last_write(int dir, const char *name, const char *text, size_t len)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600), rc = 0;

	if (fd < 0)
		return -1;
	for (size_t done = 0; rc == 0 && done < len;) {
		ssize_t n = write(fd, text + done, len - done);

		if (n < 0 && errno != EINTR)
			rc = -1;
		else if (n > 0)
			done += (size_t)n;
	}
	if (rc == 0)
		rc = fsync(fd);
	if (close(fd) != 0)
		rc = -1;
	return rc;
}

int
pol_last_sum(char out[65], const char *text, size_t len)
{
	unsigned char sum[32];

	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, text, len, sum) != 0)
		return -1;
	for (unsigned i = 0; i < sizeof(sum); i++)
		snprintf(out + (size_t)i * 2, 3, "%02x", sum[i]);
	return 0;
}

void
pol_last_remove(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;

	if (d == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(d), e->d_name, 0) != 0 && errno == EISDIR)
			pol_last_remove(dirfd(d), e->d_name);
	}
	closedir(d);
	unlinkat(parent, name, AT_REMOVEDIR);
}
