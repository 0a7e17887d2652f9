/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of a set: found, judged on the open descriptor, read whole. Nothing
 * is opened that could block or act (a fifo, a device): what a name stands for is
 * seen through O_PATH first. A file that changes while it is read is an error, not
 * a mixture.
 */
#include "load/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "load/walk.h"

#define FILE_BYTES (1024u * 1024u)	/* defaults: see struct policy_limits */
#define FILES 1000u

struct reader {
	struct pol_files *files;
	size_t cap;			/* of files->list */
	size_t found;			/* files of this set */
	uint64_t max_bytes, max_files;
	struct pol_walk_judge j;
};

static const char *
kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "a directory";
	case S_IFIFO:
		return "a fifo";
	case S_IFSOCK:
		return "a socket";
	case S_IFBLK:
	case S_IFCHR:
		return "a device";
	case S_IFLNK:
		return "a symbolic link";
	default:
		return "something else";
	}
}

static struct pol_file *
add(struct reader *r)
{
	struct pol_files *f = r->files;

	if (f->n == r->cap) {
		size_t cap = f->n + f->n / 2 + 8;
		struct pol_file *list = realloc(f->list, cap * sizeof(*list));

		if (list == NULL)
			return NULL;
		f->list = list;
		r->cap = cap;
	}
	memset(&f->list[f->n], 0, sizeof(*f->list));
	return &f->list[f->n++];
}

/* Reads to the end, but at most size bytes. -1: errno says why. */
static ssize_t
read_all(int fd, char *text, size_t size)
{
	size_t n = 0;

	while (n < size) {
		ssize_t got = read(fd, text + n, size - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

static int
too_large(const struct reader *r, const char *at)
{
	return pol_err_set(r->j.err, POLICY_ERR_LIMIT, at, 0, 0,
	    "the file is larger than %llu bytes", (unsigned long long)r->max_bytes);
}

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	    a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* The text of the regular file fd. *out is the caller's to free. */
static int
read_text(const struct reader *r, int fd, const struct stat *st, const char *at, char **out, size_t *len)
{
	struct stat after;
	char *text;
	ssize_t n;
	int rc;

	if (st->st_size < 0 || (uint64_t)st->st_size > r->max_bytes)
		return too_large(r, at);
	text = malloc((size_t)st->st_size + 2);
	if (text == NULL)
		return pol_err_nomem(r->j.err);
	/* one byte more than there should be: a file that grows is seen */
	n = read_all(fd, text, (size_t)st->st_size + 1);
	if (n < 0 || fstat(fd, &after) != 0) {
		rc = pol_walk_errno(&r->j, at, errno);
	} else if (n != st->st_size || !is_same(st, &after)) {
		rc = pol_err_set(r->j.err, POLICY_ERR_IO, at, 0, 0,
		    "the file changed while it was read: a file is replaced by renaming a new one over it");
	} else {
		text[n] = '\0';
		*out = text;
		*len = (size_t)n;
		return 0;
	}
	free(text);
	return rc;
}

static int
wrong_kind(const struct reader *r, const char *at, mode_t mode)
{
	return pol_err_set(r->j.err, POLICY_ERR_INVALID, at, 0, 0,
	    "%s is found where a regular file is wanted", kind_of(mode));
}

/* `name` in dir is known not to be a link, a moment ago. */
static int
open_file(const struct reader *r, int dir, const char *name, const char *at, int *out, struct stat *st)
{
	int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), rc;

	if (fd < 0)
		return pol_walk_errno(&r->j, at, errno);
	rc = fstat(fd, st) != 0 ? pol_walk_errno(&r->j, at, errno) : 0;
	close(fd);
	if (rc != 0)
		return rc;
	if (!S_ISREG(st->st_mode))
		return wrong_kind(r, at, st->st_mode);
	/* NONBLOCK and NOCTTY: it may be another thing by now */
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return pol_walk_errno(&r->j, at, errno);
	if (fstat(fd, st) != 0)
		rc = pol_walk_errno(&r->j, at, errno);
	else if (!S_ISREG(st->st_mode))
		rc = wrong_kind(r, at, st->st_mode);
	else
		rc = pol_walk_judge(&r->j, st, "file", at, false);
	if (rc != 0)
		close(fd);
	else
		*out = fd;
	return rc;
}

/* Reads `name` in dir, called `at`. */
static int
take_file(struct reader *r, int dir, const char *name, const char *at, bool engine_ok)
{
	struct pol_walk_judge j = r->j;
	struct pol_file *f;
	struct stat st;
	int fd = -1, rc;

	if (++r->found > r->max_files)
		return pol_err_set(r->j.err, POLICY_ERR_LIMIT, r->j.shown, 0, 0,
		    "the directory holds more than %llu files", (unsigned long long)r->max_files);
	r->j.shown = at;
	rc = open_file(r, dir, name, at, &fd, &st);
	if (rc == 0) {
		f = add(r);
		if (f == NULL) {
			rc = pol_err_nomem(r->j.err);
		} else {
			f->engine_ok = engine_ok;
			f->name = strdup(at);
			rc = f->name == NULL ? pol_err_nomem(r->j.err) :
			    read_text(r, fd, &st, at, &f->text, &f->len);
		}
		close(fd);
	}
	r->j = j;
	return rc;
}

/* An entry of the directory may be a link, if it stays inside. */
static int
take_entry(struct reader *r, int dir, const char *name, const char *at)
{
	struct pol_walk_judge j = r->j;
	struct pol_walk_end end;
	struct stat st;
	int rc;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return pol_walk_errno(&r->j, at, errno);
	if (!S_ISLNK(st.st_mode))
		return take_file(r, dir, name, at, strcmp(name, "policy.yaml") == 0);
	j.shown = at;
	rc = pol_walk_inside(&end, dir, r->j.shown, name, &j);
	if (rc != 0)
		return rc;
	if (end.name[0] == '\0')
		rc = wrong_kind(r, at, S_IFDIR);
	else
		rc = take_file(r, end.dir, end.name, at, strcmp(name, "policy.yaml") == 0);
	pol_walk_close(&end);
	return rc;
}

static bool
is_wanted(const char *name)
{
	size_t n = strlen(name);

	return name[0] != '.' && n > 5 && strcmp(name + n - 5, ".yaml") == 0;
}

static int
take_name(struct reader *r, int dir, const char *name)
{
	const char *path = r->j.shown;
	size_t n = strlen(path), len = strlen(name);
	char *at = malloc(n + len + 2);
	int rc;

	if (at == NULL)
		return pol_err_nomem(r->j.err);
	memcpy(at, path, n);
	if (n == 0 || path[n - 1] != '/')
		at[n++] = '/';
	memcpy(at + n, name, len + 1);
	rc = take_entry(r, dir, name, at);
	free(at);
	return rc;
}

static int
take_names(struct reader *r, DIR *d)
{
	int rc = 0;

	while (rc == 0) {
		const struct dirent *e;

		errno = 0;
		e = readdir(d);
		if (e == NULL) {
			if (errno != 0)
				rc = pol_walk_errno(&r->j, r->j.shown, errno);
			break;
		}
		if (is_wanted(e->d_name))
			rc = take_name(r, dirfd(d), e->d_name);
	}
	return rc;
}

/* Takes fd, which is open for reading. */
static int
take_directory(struct reader *r, int fd)
{
	struct stat before, after;
	DIR *d = fdopendir(fd);
	int rc;

	if (d == NULL) {
		rc = pol_walk_errno(&r->j, r->j.shown, errno);
		close(fd);
		return rc;
	}
	if (fstat(fd, &before) != 0)
		rc = pol_walk_errno(&r->j, r->j.shown, errno);
	else
		rc = take_names(r, d);
	if (rc == 0 && fstat(fd, &after) != 0)
		rc = pol_walk_errno(&r->j, r->j.shown, errno);
	closedir(d);
	/* files that came or went meanwhile: half of the old set and half of the new.
	 * An author's editor leaves its own files here: not told to authors. */
	if (rc == 0 && r->j.warn == NULL && !is_same(&before, &after))
		rc = pol_err_set(r->j.err, POLICY_ERR_IO, r->j.shown, 0, 0,
		    "the directory changed while it was read: load again");
	if (rc == 0 && r->found == 0)
		rc = pol_err_set(r->j.err, POLICY_ERR_INVALID, r->j.shown, 0, 0, "no *.yaml here");
	return rc;
}

static int
order(const void *a, const void *b)
{
	const struct pol_file *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int
pol_files_read(struct pol_files *files, const char *path, const struct policy_limits *limits,
    pol_file_warning_fn *warn, void *warn_ctx, struct policy_error *err)
{
	struct reader r = {
		.files = files,
		.cap = files->n,
		.max_bytes = limits->file_bytes != 0 ? limits->file_bytes : FILE_BYTES,
		.max_files = limits->files != 0 ? limits->files : FILES,
		.j = { path, warn, warn_ctx, err },
	};
	struct pol_walk_end end;
	int fd, rc;

	rc = pol_walk_open(&end, path, &r.j);
	if (rc != 0)
		return rc;
	if (end.name[0] != '\0') {
		rc = take_file(&r, end.dir, end.name, path, true);
	} else {
		fd = openat(end.dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		rc = fd < 0 ? pol_walk_errno(&r.j, path, errno) : take_directory(&r, fd);
	}
	pol_walk_close(&end);
	if (rc == 0)
		qsort(files->list, files->n, sizeof(*files->list), order);
	return rc;
}

void
pol_files_drop(struct pol_files *files)
{
	for (size_t i = 0; i < files->n; i++) {
		free(files->list[i].text);
		files->list[i].text = NULL;
		files->list[i].len = 0;
	}
}

void
pol_files_free(struct pol_files *files)
{
	pol_files_drop(files);
	for (size_t i = 0; i < files->n; i++)
		free(files->list[i].name);
	free(files->list);
	files->list = NULL;
	files->n = 0;
}
