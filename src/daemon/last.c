/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept is what was opened: the files are looked at before the set is opened and
 * again when they are copied, and a difference means that nothing is kept. A copy is made
 * beside the old one and takes its place by one rename. What is used has the owner, the
 * mode, the age and the sums that it was given.
 */
#include "last.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "call.h"
#include "last_dir.h"

#define DIR_NAME "last-good"
#define AHEAD 60			/* seconds that a clock may have been set back */

struct pol_last_seen {
	struct pol_last_files files;
};

struct pol_last_seen *
pol_last_look(const char *policy)
{
	struct pol_last_seen *seen = calloc(1, sizeof(*seen));
	struct policy_error err;

	if (seen != NULL && pol_last_read(&seen->files, policy, 0, &err) != 0) {
		free(seen);
		seen = NULL;
	}
	return seen;
}

void
pol_last_forget(struct pol_last_seen *seen)
{
	if (seen != NULL)
		pol_last_free(&seen->files);
	free(seen);
}

/* Owned by root or us, and nobody else may do what `mode` has. */
static bool
is_ours(const struct stat *st, mode_t mode)
{
	return (st->st_uid == 0 || st->st_uid == geteuid()) && (st->st_mode & mode) == 0;
}

/* A folder of ours; -1 with err. */
static int
open_dir(int parent, const char *name, mode_t mode, const char *at, struct policy_error *err)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0) {
		pol_last_fail(err, errno == ENOENT ? POLICY_ERR_NOENT : POLICY_ERR_IO, at, "%s", strerror(errno));
		return -1;
	}
	if (fstat(fd, &st) == 0 && is_ours(&st, mode))
		return fd;
	pol_last_fail(err, POLICY_ERR_UNSAFE, at, "the folder belongs to somebody else, or others may write in it");
	close(fd);
	return -1;
}

/* ---- sums ---- */

static int
make_sums(struct pol_text *t, const struct pol_last_files *f)
{
	char text[160], sum[65];

	snprintf(text, sizeof(text), "last-good 1\nkept %lld\nset %s\n", (long long)time(NULL), f->is_dir ? "directory" : "file");
	pol_text_str(t, text);
	for (size_t i = 0; i < f->n; i++) {
		if (pol_last_sum(sum, f->list[i].text, f->list[i].len) != 0)
			return -1;
		pol_text_str(t, sum);
		pol_text_str(t, " ");
		pol_text_str(t, f->list[i].name);
		pol_text_str(t, "\n");
	}
	if (t->failed || pol_last_sum(sum, t->data, t->len) != 0)
		return -1;
	pol_text_str(t, sum);
	pol_text_str(t, "\n");
	return t->failed ? -1 : 0;
}

/* Is this what make_sums() wrote of these files, at *kept? */
static bool
is_of(const char *text, size_t len, const struct pol_last_files *f, long long *kept)
{
	char sum[65], form[16];
	const char *s = text;
	int used = 0;

	if (len < 66 || pol_last_sum(sum, text, len - 65) != 0 || memcmp(sum, text + len - 65, 64) != 0)
		return false;
	if (sscanf(s, "last-good 1\nkept %lld\nset %15[a-z]\n%n", kept, form, &used) != 2 || used == 0)
		return false;
	if (strcmp(form, f->is_dir ? "directory" : "file") != 0)
		return false;
	s += used;
	for (size_t i = 0; i < f->n; i++) {
		size_t name = strlen(f->list[i].name);

		if ((size_t)(text + len - s) < 65 + name + 1 || pol_last_sum(sum, f->list[i].text, f->list[i].len) != 0 ||
		    memcmp(s, sum, 64) != 0 || s[64] != ' ' || memcmp(s + 65, f->list[i].name, name) != 0 || s[65 + name] != '\n')
			return false;
		s += 65 + name + 1;
	}
	return s == text + len - 65;
}

/* ---- keeping ---- */

static int
fill(int dir, const struct pol_last_files *f)
{
	struct pol_text sums = { 0 };
	int text = -1, rc = -1;

	if (mkdirat(dir, "text", 0700) == 0)
		text = openat(dir, "text", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (text >= 0)
		rc = make_sums(&sums, f);
	for (size_t i = 0; rc == 0 && i < f->n; i++)
		rc = pol_last_write(text, f->list[i].name, f->list[i].text, f->list[i].len);
	if (rc == 0)
		rc = pol_last_write(dir, "sums", sums.data, sums.len);
	if (rc == 0 && (fsync(text) != 0 || fsync(dir) != 0))
		rc = -1;
	if (text >= 0)
		close(text);
	pol_text_fini(&sums);
	return rc;
}

/* The new folder takes the old one's place. */
static int
swap(int state)
{
	int rc = renameat2(state, DIR_NAME ".new", state, DIR_NAME, RENAME_EXCHANGE);

	if (rc != 0 && errno != ENOENT) {	/* a file system that cannot exchange */
		pol_last_remove(state, DIR_NAME);
		rc = -1;
	}
	if (rc != 0)
		rc = renameat(state, DIR_NAME ".new", state, DIR_NAME);
	if (rc == 0)
		rc = fsync(state);
	pol_last_remove(state, DIR_NAME ".new");
	return rc;
}

int
pol_last_keep(const char *state, const char *policy, const struct pol_last_seen *seen, struct policy_error *err)
{
	struct pol_last_files f;
	int dir, new = -1, rc;

	if (seen == NULL)
		return pol_last_fail(err, POLICY_ERR_IO, policy, "the set could not be looked at");
	rc = pol_last_read(&f, policy, POL_LAST_TEXTS, err);
	if (rc != 0)
		return rc;
	if (!pol_last_same(&f, &seen->files)) {
		pol_last_free(&f);
		return pol_last_fail(err, POLICY_ERR_AGAIN, policy, "the set changed while it was opened");
	}
	dir = open_dir(AT_FDCWD, state, 022, state, err);
	if (dir < 0) {
		pol_last_free(&f);
		return err->code;
	}
	pol_last_remove(dir, DIR_NAME ".new");
	if (mkdirat(dir, DIR_NAME ".new", 0700) == 0)
		new = openat(dir, DIR_NAME ".new", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (new < 0 || fill(new, &f) != 0 || swap(dir) != 0)
		rc = pol_last_fail(err, POLICY_ERR_IO, state, "the last good text cannot be kept: %s", strerror(errno));
	if (new >= 0)
		close(new);
	close(dir);
	pol_last_free(&f);
	return rc;
}

/* ---- using ---- */

/* Everything that was kept, judged but for its age. Both folders are the caller's to close. */
static int
judge(struct pol_last_files *f, char *path, size_t room, const char *state, long long *kept, struct policy_error *err)
{
	struct pol_last_files sums = { 0 };
	char at[1024];
	int rc, dir, in, text;

	memset(f, 0, sizeof(*f));
	if ((size_t)snprintf(at, sizeof(at), "%s/" DIR_NAME "/sums", state) >= sizeof(at))
		return pol_last_fail(err, POLICY_ERR_LIMIT, state, "the path is too long");
	if ((dir = open_dir(AT_FDCWD, state, 022, state, err)) < 0)
		return err->code;
	in = open_dir(dir, DIR_NAME, 077, at, err);
	text = in >= 0 ? open_dir(in, "text", 077, at, err) : -1;
	rc = text < 0 ? err->code : pol_last_read(&sums, at, POL_LAST_TEXTS | POL_LAST_NO_LINKS, err);
	if (rc == 0) {
		const char *form = strstr(sums.list[0].text, "\nset file\n");
		size_t base = (size_t)snprintf(path, room, "%s/" DIR_NAME "/text", state);

		if (form != NULL && base < room) {	/* `set file`, one sum, a blank, its name */
			const char *name = form + 10 + 65;

			if (strlen(form) < 10 + 66)
				name = "";
			snprintf(path + base, room - base, "/%.*s", (int)strcspn(name, "\n/"), name);
		}
		rc = pol_last_read(f, path, POL_LAST_TEXTS | POL_LAST_NO_LINKS, err);
	}
	for (size_t i = 0; rc == 0 && i < f->n; i++) {
		if (!is_ours(&f->list[i].st, 0177) || f->list[i].st.st_nlink != 1)
			rc = pol_last_fail(err, POLICY_ERR_UNSAFE, path, "%s: its owner or mode is not what was given to it", f->list[i].name);
	}
	if (rc == 0 && (!is_ours(&sums.list[0].st, 0177) || !is_of(sums.list[0].text, sums.list[0].len, f, kept)))
		rc = pol_last_fail(err, POLICY_ERR_UNSAFE, at, "what is kept is not what was written");
	pol_last_free(&sums);
	if (text >= 0)
		close(text);
	if (in >= 0)
		close(in);
	close(dir);
	if (rc != 0)
		pol_last_free(f);
	return rc;
}

int
pol_last_find(char *out, size_t room, const char *state, struct policy_error *err)
{
	struct pol_last_files f;
	long long kept = 0, now = (long long)time(NULL);
	int rc = judge(&f, out, room, state, &kept, err);

	if (rc != 0)
		return rc;
	pol_last_free(&f);
	if (kept > now + AHEAD || kept < now - POL_LAST_SECONDS)
		return pol_last_fail(err, POLICY_ERR_INVALID, out, "the last good text is older than 24 hours, or of the future");
	return 0;
}

int
pol_last_renew(const char *state, struct policy_error *err)
{
	struct pol_last_files f;
	struct pol_text sums = { 0 };
	char path[1024];
	long long kept;
	int rc = judge(&f, path, sizeof(path), state, &kept, err), dir = -1;

	if (rc != 0)
		return rc;
	snprintf(path, sizeof(path), "%s/" DIR_NAME, state);
	if (make_sums(&sums, &f) == 0)
		dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir >= 0)
		unlinkat(dir, "sums.new", 0);
	if (dir < 0 || pol_last_write(dir, "sums.new", sums.data, sums.len) != 0 ||
	    renameat(dir, "sums.new", dir, "sums") != 0 || fsync(dir) != 0)
		rc = pol_last_fail(err, POLICY_ERR_IO, path, "the last good text cannot be renewed: %s", strerror(errno));
	if (dir >= 0)
		close(dir);
	pol_text_fini(&sums);
	pol_last_free(&f);
	return rc;
}
