/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a database lies. Who may write its directory may put a write-ahead log beside it,
 * which SQLite would take for its own: so the directory is judged like the file, and the
 * sticky bit does not help the last one.
 *
 * The file is never opened here. Closing any descriptor of a file takes away all locks
 * that this process has on it, those of another connection too.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "secret.h"
#include "store_sqlite.h"

static int
failed(struct policy_error *err, const char *path, const char *what)
{
	const int e = errno;
	const char *why = strerrordesc_np(e);

	return pol_secret_fail(err, e == ENOENT ? POLICY_ERR_NOENT : e == ENOMEM ? POLICY_ERR_NOMEM :
	    e == EEXIST ? POLICY_ERR_EXISTS : POLICY_ERR_IO, NULL, 0, "%s: cannot %s: %s", path, what,
	    why != NULL ? why : "unknown error");
}

static int
unsafe(struct policy_error *err, const char *path, const struct stat *st, unsigned others)
{
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return pol_secret_fail(err, POLICY_ERR_UNSAFE, NULL, 0,
		    "%s belongs to user %u, but must be root's or the process's own", path, (unsigned)st->st_uid);
	if (st->st_mode & others)
		return pol_secret_fail(err, POLICY_ERR_UNSAFE, NULL, 0, "%s is open to others (mode %04o), who must not %s",
		    path, (unsigned)st->st_mode & 07777u, st->st_mode & (S_IWGRP | S_IWOTH) ? "write it" : "read it");
	return 0;
}

/* The directory `dir`, and all above it. */
static int
judge_directories(char *dir, struct policy_error *err)
{
	struct stat st;

	for (char *end = dir;; end++) {
		const char was = *end;
		const bool last = was == '\0';
		unsigned others = S_IWGRP | S_IWOTH;
		int rc;

		if (!last && was != '/')
			continue;
		*end = '\0';
		if (lstat(end == dir ? "/" : dir, &st) != 0)
			return failed(err, dir, "look at it");
		/* in a sticky directory nobody renames what is another's; he can make files though */
		if (!last && st.st_uid == 0 && (st.st_mode & S_ISVTX))
			others = 0;
		rc = unsafe(err, end == dir ? "/" : dir, &st, others);
		*end = was;
		if (rc != 0 || last)
			return rc;
	}
}

static int
judge_file(struct stat *st, const char *path, struct policy_error *err)
{
	if (lstat(path, st) != 0)
		return failed(err, path, "look at it");
	if (!S_ISREG(st->st_mode))
		return pol_secret_fail(err, POLICY_ERR_UNSAFE, NULL, 0, "%s is not a regular file", path);
	return unsafe(err, path, st, S_IWGRP | S_IWOTH | S_IROTH);
}

/* What SQLite keeps beside it, where it is there. */
static int
judge_beside(const char *path, struct policy_error *err)
{
	static const char *const ends[] = { "-wal", "-shm", "-journal" };
	char beside[PATH_MAX + 16];
	struct stat st;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		int rc;

		snprintf(beside, sizeof(beside), "%s%s", path, ends[i]);
		rc = judge_file(&st, beside, err);
		if (rc != 0 && rc != POLICY_ERR_NOENT)
			return rc;
	}
	err->code = 0;
	err->text[0] = '\0';
	return 0;
}

/* The directory without links, a slash, the name. */
static int
resolve(char **out, const char *path, struct policy_error *err)
{
	const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : "";
	const size_t len = strlen(name);
	char *dir, *whole;

	if (path[0] != '/' || len == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strlen(path) >= PATH_MAX)
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0, "the path must be that of a file, from / on");
	whole = strndup(path, (size_t)(name - path));
	dir = whole != NULL ? realpath(whole, NULL) : NULL;
	free(whole);
	if (dir == NULL)
		return failed(err, path, "find its directory");
	whole = malloc(strlen(dir) + len + 2);
	if (whole == NULL || strlen(dir) + len + 2 > PATH_MAX) {
		free(dir);
		free(whole);
		return pol_secret_fail(err, POLICY_ERR_NOMEM, NULL, 0, "out of memory");
	}
	snprintf(whole, strlen(dir) + len + 2, "%s/%s", strcmp(dir, "/") == 0 ? "" : dir, name);
	if (strcmp(dir, "/") == 0)
		dir[0] = '\0';
	*out = whole;
	if (judge_directories(dir, err) != 0) {
		free(dir);
		free(whole);
		return err->code;
	}
	free(dir);
	return 0;
}

int
pol_place_take(char **out, struct stat *st, const char *path, bool make, struct policy_error *err)
{
	char *whole = NULL;
	int rc = resolve(&whole, path, err);

	if (rc != 0)
		return rc;
	/* without a descriptor of its own; at most 0600, whatever the umask is */
	if (make && mknod(whole, S_IFREG | 0600, 0) != 0)
		rc = failed(err, whole, "make it");
	if (rc == 0)
		rc = judge_file(st, whole, err);
	if (rc == 0)
		rc = judge_beside(whole, err);
	if (rc != 0) {
		free(whole);
		return rc;
	}
	*out = whole;
	return 0;
}

bool
pol_place_is(const char *path, const struct stat *seen)
{
	struct stat st;

	return lstat(path, &st) == 0 && st.st_dev == seen->st_dev && st.st_ino == seen->st_ino;
}

int
pol_place_sync(const char *path, struct policy_error *err)
{
	char *dir = strndup(path, (size_t)(strrchr(path, '/') + 1 - path));
	int fd = dir != NULL ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1, rc = 0;

	free(dir);
	if (fd < 0 || fsync(fd) != 0)
		rc = failed(err, path, "sync its directory");
	if (fd >= 0)
		close(fd);
	return rc;
}
