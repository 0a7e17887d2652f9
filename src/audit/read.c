/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several files as one row of records: each file's next record is looked at, and the
 * earliest is told. A file that grows or is renamed while it is followed stays open; one
 * that is new under its name is found by device and inode.
 */
#include "audit/read.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/name.h"

#define NAP_NS 100000000		/* between looks when following */

struct source {
	char *path;
	FILE *f;
	dev_t dev;
	ino_t ino;
	char *line;
	size_t cap;
	long at;			/* of the line that is not whole yet */
	struct pol_record r;
	bool has;			/* r is the next record, wanted and not yet told */
};

struct reading {
	struct source **list;
	size_t n;
	const struct policy_activity_query *q;
	struct policy_error *err;
};

/* ---- what is wanted ---- */

static bool
is_subject(const struct policy_activity *a, struct policy_text want)
{
	const char *colon = memchr(want.data, ':', want.len);
	const size_t before = colon != NULL ? (size_t)(colon - want.data) : 0;

	if (colon == NULL)
		return pol_bytes_equal(a->subject_type.data, a->subject_type.len, "user", 4) &&
		    pol_bytes_equal(a->subject.data, a->subject.len, want.data, want.len);
	if (before == 3 && memcmp(want.data, "uid", 3) == 0)
		return (a->uid.len != 0 && pol_bytes_equal(a->uid.data, a->uid.len, colon + 1, want.len - 4)) ||
		    (a->whose.len != 0 && pol_bytes_equal(a->whose.data, a->whose.len, colon + 1, want.len - 4));
	return pol_bytes_equal(a->subject_type.data, a->subject_type.len, want.data, before) &&
	    pol_bytes_equal(a->subject.data, a->subject.len, colon + 1, want.len - before - 1);
}

static bool
is_action(struct policy_text a, struct policy_text want)
{
	if (want.len > 0 && want.data[want.len - 1] == '*')
		return a.len >= want.len - 1 && pol_bytes_equal(a.data, want.len - 1, want.data, want.len - 1);
	return pol_bytes_equal(a.data, a.len, want.data, want.len);
}

static bool
is_wanted(const struct policy_activity *a, const struct policy_activity_query *q)
{
	return (q->subject.data == NULL || is_subject(a, q->subject)) && (q->action.data == NULL || is_action(a->action, q->action)) &&
	    (q->decision.data == NULL || pol_bytes_equal(a->decision.data, a->decision.len, q->decision.data, q->decision.len)) &&
	    (q->since_ns == 0 || a->time_ns >= q->since_ns) && (q->until_ns == 0 || a->time_ns < q->until_ns);
}

/* ---- files ---- */

static void
free_source(struct source *s)
{
	if (s == NULL)
		return;
	if (s->f != NULL)
		fclose(s->f);
	pol_record_fini(&s->r);
	free(s->line);
	free(s->path);
	free(s);
}

static int
open_source(struct reading *in, const char *path)
{
	struct source *s = calloc(1, sizeof(*s)), **list;
	struct stat st;
	int fd;

	if (s == NULL || (s->path = strdup(path)) == NULL) {
		free_source(s);
		return pol_err_nomem(in->err);
	}
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (s->f = fdopen(fd, "r")) == NULL) {
		const int e = fd < 0 ? errno : EINVAL;

		if (fd >= 0)
			close(fd);
		free_source(s);
		/* one that went away between two looks is no failure */
		return e == ENOENT ? 0 : pol_err_set(in->err, POLICY_ERR_IO, NULL, 0, 0, "%s: cannot be read: %s", path, strerror(e));
	}
	for (size_t i = 0; i < in->n; i++) {
		if (in->list[i]->dev == st.st_dev && in->list[i]->ino == st.st_ino) {
			free_source(s);
			return 0;
		}
	}
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	list = realloc(in->list, (in->n + 1) * sizeof(*list));
	if (list == NULL) {
		free_source(s);
		return pol_err_nomem(in->err);
	}
	in->list = list;
	list[in->n++] = s;
	return 0;
}

static bool
is_no_log(const char *path)
{
	const size_t n = strlen(path);

	return (n > 5 && strcmp(path + n - 5, ".head") == 0) || (n > 3 && strcmp(path + n - 3, ".gz") == 0);
}

static int
find(struct reading *in, const char *const *patterns, size_t n, size_t *found)
{
	glob_t g;
	int rc = 0;

	*found = 0;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		int e = glob(patterns[i], 0, NULL, &g);

		if (e == GLOB_NOMATCH)
			continue;
		if (e != 0)
			return pol_err_set(in->err, POLICY_ERR_IO, NULL, 0, 0, "%s: cannot be looked for", patterns[i]);
		*found += g.gl_pathc;
		for (size_t k = 0; rc == 0 && k < g.gl_pathc; k++) {
			if (!is_no_log(g.gl_pathv[k]))
				rc = open_source(in, g.gl_pathv[k]);
		}
		globfree(&g);
	}
	return rc;
}

/* To its next record that is wanted. */
static void
advance(struct reading *in, struct source *s)
{
	ssize_t n;

	s->has = false;
	clearerr(s->f);
	if (fseek(s->f, s->at, SEEK_SET) != 0)
		return;
	while ((n = getline(&s->line, &s->cap, s->f)) > 0) {
		if (s->line[n - 1] != '\n')
			return;		/* not whole yet */
		s->at += n;
		if (pol_record_read(&s->r, s->line, (size_t)n - 1) && is_wanted(&s->r.a, in->q)) {
			s->r.a.file = policy_text(s->path);
			s->has = true;
			return;
		}
	}
}

static struct source *
earliest(const struct reading *in)
{
	struct source *first = NULL;

	for (size_t i = 0; i < in->n; i++) {
		if (in->list[i]->has && (first == NULL || in->list[i]->r.a.time_ns < first->r.a.time_ns))
			first = in->list[i];
	}
	return first;
}

static int
tell(struct reading *in, policy_activity_fn *fn, void *ctx)
{
	struct source *s;
	int rc;

	for (size_t i = 0; i < in->n; i++) {
		if (!in->list[i]->has)
			advance(in, in->list[i]);
	}
	while ((s = earliest(in)) != NULL) {
		rc = fn(ctx, &s->r.a);
		if (rc != 0)
			return rc;
		advance(in, s);
	}
	return 0;
}

int
pol_read_files(const char *const *patterns, size_t n, const struct policy_activity_query *q,
    policy_activity_fn *fn, void *ctx, struct policy_error *err)
{
	const struct timespec nap = { 0, NAP_NS };
	struct reading in = { .q = q, .err = err };
	size_t found;
	int rc = find(&in, patterns, n, &found);

	if (rc == 0 && found == 0 && (q->flags & POLICY_ACTIVITY_FOLLOW) == 0)
		rc = pol_err_set(err, POLICY_ERR_NOENT, NULL, 0, 0, "%s: no such file", n > 0 ? patterns[0] : "no file");
	while (rc == 0) {
		rc = tell(&in, fn, ctx);
		if (rc != 0 || (q->flags & POLICY_ACTIVITY_FOLLOW) == 0)
			break;
		nanosleep(&nap, NULL);
		rc = find(&in, patterns, n, &found);
	}
	for (size_t i = 0; i < in.n; i++)
		free_source(in.list[i]);
	free(in.list);
	return rc < 0 ? rc : 0;
}

/* ---- names ---- */

static char *
as_pattern(const char *file, const char *behind, bool marks)
{
	char *out = malloc(2 * strlen(file) + strlen(behind) + 1), *at = out;

	if (out == NULL)
		return NULL;
	for (const char *s = file; *s != '\0'; s++) {
		if (marks && s[0] == '%' && (s[1] == 'h' || s[1] == 'p')) {
			*at++ = '*';
			s++;
			continue;
		}
		if (marks && s[0] == '%')
			s++;
		if (strchr("*?[]\\", *s) != NULL)
			*at++ = '\\';
		*at++ = *s;
	}
	memcpy(at, behind, strlen(behind) + 1);
	return out;
}

char *
pol_read_pattern(const char *file, const char *behind)
{
	return as_pattern(file, behind, true);
}

char *
pol_read_quoted(const char *path)
{
	return as_pattern(path, "", false);
}
