/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A path, one component at a time, as the kernel would take it, with a look at
 * each directory on the way. openat() from descriptor to descriptor: what was
 * checked is what the next step starts from, so that nobody who renames things
 * meanwhile can slip in a directory that was not looked at. Never changes the
 * working directory.
 */
#include "load/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"

#define MAX_LINKS 40			/* as the kernel */

struct walk {
	const struct pol_walk_judge *j;
	int dir;			/* where we stand */
	unsigned links;
	bool fenced;			/* the end must lie in the directory of `fence` */
	bool inside;			/* we stand in it, `depth` below */
	unsigned depth;
	struct stat fence;
	char *rest;			/* in text: what is still to be taken */
	char text[2 * PATH_MAX];
	char at[2 * PATH_MAX];		/* where we stand, for messages */
	char name[NAME_MAX + 1];	/* the component being taken */
};

int
pol_walk_errno(const struct pol_walk_judge *j, const char *at, int e)
{
	const char *text = strerrordesc_np(e);
	int code = POLICY_ERR_IO;

	if (e == ENOENT || e == ENOTDIR)
		code = POLICY_ERR_NOENT;
	else if (e == ENOMEM)
		code = POLICY_ERR_NOMEM;
	else if (e == ENAMETOOLONG)
		code = POLICY_ERR_LIMIT;
	if (text == NULL)
		text = "unknown error";
	if (strcmp(at, j->shown) == 0)	/* told by the error's own place */
		return pol_err_set(j->err, code, at, 0, 0, "%s", text);
	return pol_err_set(j->err, code, j->shown, 0, 0, "%s: %s", at, text);
}

int
pol_walk_fault(const struct pol_walk_judge *j, const char *fmt, ...)
{
	char text[2 * PATH_MAX + 256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (j->warn == NULL)
		return pol_err_set(j->err, POLICY_ERR_UNSAFE, j->shown, 0, 0, "%s", text);
	j->warn(j->warn_ctx, j->shown, text);
	return 0;
}

static bool
is_ours(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

int
pol_walk_judge(const struct pol_walk_judge *j, const struct stat *st, const char *what,
    const char *at, bool sticky)
{
	unsigned mode = st->st_mode & 07777u;
	int rc;

	if (!is_ours(st->st_uid)) {
		rc = pol_walk_fault(j, "the %s %s belongs to uid %lu, but must belong to root or the effective user",
		    what, at, (unsigned long)st->st_uid);
		if (rc != 0)
			return rc;
	}
	if ((mode & 022u) == 0 || (sticky && (mode & S_ISVTX) != 0 && st->st_uid == 0))
		return 0;
	return pol_walk_fault(j, "the %s %s has mode %04o, but group and others must not be able to write it",
	    what, at, mode);
}

/* Stand in fd. Takes it, also when it fails. */
static int
enter(struct walk *w, int fd, const struct stat *st)
{
	int rc = pol_walk_judge(w->j, st, "directory", w->at, true);

	if (rc != 0) {
		close(fd);
		return rc;
	}
	if (w->dir >= 0)
		close(w->dir);
	w->dir = fd;
	if (w->fenced && st->st_dev == w->fence.st_dev && st->st_ino == w->fence.st_ino) {
		w->inside = true;
		w->depth = 0;
	}
	return 0;
}

/* What the directory is that was opened just now; fd is closed where that cannot be told. */
static int
look(const struct walk *w, int fd, struct stat *st)
{
	int e;

	if (fd >= 0 && fstat(fd, st) == 0)
		return 0;
	e = errno;
	if (fd >= 0)
		close(fd);
	return pol_walk_errno(w->j, w->at, e);
}

static int
enter_root(struct walk *w)
{
	struct stat st;
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), rc;

	memcpy(w->at, "/", 2);
	rc = look(w, fd, &st);
	if (rc != 0)
		return rc;
	w->inside = false;
	return enter(w, fd, &st);
}

static void
pop_at(struct walk *w)
{
	char *slash = strrchr(w->at, '/');

	if (slash != NULL)
		slash[slash == w->at] = '\0';
}

/* ".." of a directory that was reached without links is its real parent. */
static int
ascend(struct walk *w)
{
	struct stat st;
	int fd = openat(w->dir, "..", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), rc = look(w, fd, &st);

	if (rc != 0)
		return rc;
	pop_at(w);
	if (w->inside && w->depth-- == 0)
		w->inside = false;
	return enter(w, fd, &st);
}

static int
push_at(struct walk *w)
{
	size_t n = strlen(w->at), len = strlen(w->name);

	if (n + 1 + len >= sizeof(w->at))
		return pol_walk_errno(w->j, w->name, ENAMETOOLONG);
	if (n == 0 || w->at[n - 1] != '/')
		w->at[n++] = '/';
	memcpy(w->at + n, w->name, len + 1);
	return 0;
}

/* The link's text stands before what is left. fd is the link's. */
static int
follow(struct walk *w, int fd, const struct stat *st)
{
	char target[PATH_MAX];
	size_t rest = strlen(w->rest);
	ssize_t n;

	if (++w->links > MAX_LINKS)
		return pol_walk_errno(w->j, w->at, ELOOP);
	/* in a sticky directory anybody may have put it there */
	if (!is_ours(st->st_uid)) {
		int rc = pol_walk_fault(w->j, "the symbolic link %s belongs to uid %lu, but must belong to root or the effective user",
		    w->at, (unsigned long)st->st_uid);

		if (rc != 0)
			return rc;
	}
	n = readlinkat(fd, "", target, sizeof(target));
	if (n < 0)
		return pol_walk_errno(w->j, w->at, errno);
	if (n == 0)
		return pol_walk_errno(w->j, w->at, ENOENT);
	if ((size_t)n == sizeof(target) || (size_t)n + 1 + rest >= sizeof(w->text))
		return pol_walk_errno(w->j, w->at, ENAMETOOLONG);
	memmove(w->text + n + (rest != 0), w->rest, rest + 1);
	memcpy(w->text, target, (size_t)n);
	if (rest != 0)
		w->text[n] = '/';
	w->rest = w->text;
	pop_at(w);
	return target[0] == '/' ? enter_root(w) : 0;
}

/* Puts the next component into name: 1; 0 where there is none. */
static int
next(struct walk *w)
{
	size_t n;

	w->rest += strspn(w->rest, "/");
	n = strcspn(w->rest, "/");
	if (n == 0)
		return 0;
	if (n > NAME_MAX)
		return pol_walk_errno(w->j, w->j->shown, ENAMETOOLONG);
	memcpy(w->name, w->rest, n);
	w->name[n] = '\0';
	w->rest += n;
	return 1;
}

/* Takes one step. *end: name is the end, and no directory. */
static int
step(struct walk *w, bool *end)
{
	struct stat st;
	int fd, rc;

	if (strcmp(w->name, ".") == 0)
		return 0;
	if (strcmp(w->name, "..") == 0)
		return ascend(w);
	rc = push_at(w);
	if (rc != 0)
		return rc;
	fd = openat(w->dir, w->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return pol_walk_errno(w->j, w->at, errno);
	if (fstat(fd, &st) != 0) {
		rc = pol_walk_errno(w->j, w->at, errno);
	} else if (S_ISLNK(st.st_mode)) {
		rc = follow(w, fd, &st);
	} else if (S_ISDIR(st.st_mode)) {
		w->depth++;
		return enter(w, fd, &st);
	} else if (*w->rest != '\0') {
		rc = pol_walk_errno(w->j, w->at, ENOTDIR);
	} else {
		*end = true;
	}
	close(fd);
	return rc;
}

static int
take(struct walk *w, struct pol_walk_end *out)
{
	bool end = false;
	int rc = 0;

	while (rc == 0 && !end) {
		rc = next(w);
		if (rc <= 0)
			break;
		rc = step(w, &end);
	}
	if (rc == 0 && w->fenced && !w->inside)
		rc = pol_walk_fault(w->j, "a symbolic link leads out of the directory, to %s", w->at);
	if (rc != 0) {
		if (w->dir >= 0)
			close(w->dir);
		return rc;
	}
	out->dir = w->dir;
	memcpy(out->name, end ? w->name : "", end ? strlen(w->name) + 1 : 1);
	return 0;
}

static int
set_text(struct walk *w, const char *path)
{
	size_t n = strlen(path);

	if (n >= PATH_MAX)
		return pol_walk_errno(w->j, "the path", ENAMETOOLONG);
	memcpy(w->text, path, n + 1);
	w->rest = w->text;
	return 0;
}

int
pol_walk_open(struct pol_walk_end *out, const char *path, const struct pol_walk_judge *j)
{
	struct walk w = { .j = j, .dir = -1 };
	size_t n;
	int rc;

	out->dir = -1;
	out->name[0] = '\0';
	if (path[0] == '\0')
		return pol_walk_errno(j, "the empty path", ENOENT);
	rc = set_text(&w, path);
	if (rc == 0 && path[0] != '/') {
		/* the kernel's name of it has no links; "(unreachable)..." is no path */
		if (getcwd(w.text, PATH_MAX) == NULL || w.text[0] != '/')
			return pol_walk_errno(j, "the current directory", ENOENT);
		n = strlen(w.text);
		w.text[n] = '/';
		memcpy(w.text + n + 1, path, strlen(path) + 1);
	}
	if (rc == 0)
		rc = enter_root(&w);
	return rc != 0 ? rc : take(&w, out);
}

int
pol_walk_inside(struct pol_walk_end *out, int dir, const char *at, const char *name,
    const struct pol_walk_judge *j)
{
	struct walk w = { .j = j, .dir = -1, .fenced = true, .inside = true };
	size_t n = strlen(at);
	int rc = set_text(&w, name);

	out->dir = -1;
	out->name[0] = '\0';
	if (rc != 0)
		return rc;
	if (n >= sizeof(w.at))
		return pol_walk_errno(j, "the path", ENAMETOOLONG);
	memcpy(w.at, at, n + 1);
	w.dir = openat(dir, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (w.dir < 0 || fstat(w.dir, &w.fence) != 0) {
		rc = pol_walk_errno(j, at, errno);
		if (w.dir >= 0)
			close(w.dir);
		return rc;
	}
	return take(&w, out);
}

void
pol_walk_close(struct pol_walk_end *end)
{
	if (end->dir >= 0)
		close(end->dir);
	end->dir = -1;
}
