/* SPDX-License-Identifier: Apache-2.0 */
/* policy_activity_read() and policy_activity_verify(): which files, and who may read what. */
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include <policy_admin.h>

#include "api/admin.h"
#include "api/handle.h"
#include "audit/audit.h"
#include "audit/read.h"
#include "base/err.h"
#include "base/name.h"
#include "base/sized.h"

#define IS(a, b) pol_bytes_equal((a).data, (a).len, (b).data, (b).len)

/* The patterns of the set's own files, for this handle. */
static int
set_pattern(struct policy *p, char **file, char **head, const char **key, struct policy_error *err)
{
	const struct pol_audit *a = p != NULL ? atomic_load(&p->audit) : NULL;
	const struct pol_log_conf *c = a != NULL ? &a->conf.log : NULL;
	int rc = 0;

	*file = *head = NULL;
	if (p == NULL)
		return pol_err_set(err, POLICY_ERR_ARG, NULL, 0, 0, "neither a handle nor a file is given");
	pol_handle_lock(p);		/* a reload may be at it */
	*file = c != NULL && c->file != NULL ? pol_read_pattern(c->file, "*") : NULL;
	*head = c != NULL && c->head != NULL ? pol_read_pattern(c->head, "") :
	    c != NULL && c->file != NULL ? pol_read_pattern(c->file, ".head") : NULL;
	if (key != NULL)
		*key = c != NULL ? c->key : NULL;
	if (c == NULL || c->file == NULL)
		rc = pol_err_set(err, POLICY_ERR_UNSUPPORTED, NULL, 0, 0, "the set has no `audit:` with a file");
	else if (*file == NULL || *head == NULL)
		rc = pol_err_nomem(err);
	pol_handle_unlock(p);
	return rc;
}

/* ---- reading ---- */

struct reading {
	struct policy *p;
	struct pol_as *as;		/* NULL: who may read the files */
	policy_activity_fn *fn;
	void *ctx;
	char name[POL_MAX_TYPE + 1 + POL_MAX_ID + 1], uid[256];	/* who was asked about last */
	size_t name_len, uid_len;
	bool known, may;
};

static bool
may_read(struct reading *r, struct policy_text name, struct policy_text uid)
{
	const struct pol_admin_on on = { .type = POLICY_TEXT("user"), .id = name, .owner = name,
	    .user_id = uid.len > 0 ? uid : (struct policy_text){ NULL, 0 } };
	const struct pol_admin_env *env = &r->as->env;
	struct policy_decision d = POLICY_DECISION_INIT;

	return env->decide(env->ctx, "activity:read", &on, &d) == 0 && d.verdict == POLICY_ALLOW;
}

static int
judge(void *ctx, const struct policy_activity *a)
{
	struct reading *r = ctx;
	const bool user = pol_bytes_equal(a->subject_type.data, a->subject_type.len, "user", 4) || a->subject.len == 0;
	char name[sizeof(r->name)];
	size_t n = 0;

	if (a->subject_type.len + a->subject.len + 1 >= sizeof(name) || a->uid.len >= sizeof(r->uid))
		return 0;
	if (!user) {
		memcpy(name, a->subject_type.data, n = a->subject_type.len);
		name[n++] = ':';
	}
	if (a->subject.len > 0)
		memcpy(name + n, a->subject.data, a->subject.len);
	n += a->subject.len;
	if (!r->known || !pol_bytes_equal(name, n, r->name, r->name_len) || !pol_bytes_equal(a->uid.data, a->uid.len, r->uid, r->uid_len)) {
		memcpy(r->name, name, r->name_len = n);
		r->uid_len = a->uid.len;
		if (a->uid.len > 0)
			memcpy(r->uid, a->uid.data, a->uid.len);
		r->may = may_read(r, (struct policy_text){ r->name, n }, (struct policy_text){ r->uid, r->uid_len });
		r->known = true;
	}
	return r->may ? r->fn(r->ctx, a) : 0;
}

static int
read_patterns(struct reading *r, const char *const *patterns, size_t n, const struct policy_activity_query *q,
    struct policy_error *err)
{
	return r->as != NULL ? pol_read_files(patterns, n, q, judge, r, err) : pol_read_files(patterns, n, q, r->fn, r->ctx, err);
}

/* Files that are named are patterns that match themselves alone. */
static int
read_named(struct reading *r, const struct policy_activity_query *q, struct policy_error *err)
{
	char **list = calloc(q->files_count, sizeof(*list));
	int rc = list != NULL ? 0 : pol_err_nomem(err);

	for (size_t i = 0; rc == 0 && i < q->files_count; i++) {
		list[i] = q->files[i] != NULL ? pol_read_quoted(q->files[i]) : NULL;
		if (list[i] == NULL)
			rc = pol_err_nomem(err);
	}
	if (rc == 0)
		rc = read_patterns(r, (const char *const *)list, q->files_count, q, err);
	for (size_t i = 0; list != NULL && i < q->files_count; i++)
		free(list[i]);
	free(list);
	return rc;
}

static int
read_all(struct reading *r, const struct policy_activity_query *q, struct policy_error *err)
{
	char *file, *head;
	int rc;

	if (q->files_count > 0)
		return read_named(r, q, err);
	rc = set_pattern(r->p, &file, &head, NULL, err);
	if (rc == 0)
		rc = read_patterns(r, (const char *const[]){ file }, 1, q, err);
	free(file);
	free(head);
	return rc;
}

int
policy_activity_read(struct policy *p, POLICY_ADMIN_AS, const struct policy_activity_query *q,
    policy_activity_fn *fn, void *ctx, struct policy_error *err)
{
	struct reading r = { .p = p, .fn = fn, .ctx = ctx };
	struct policy_error own = POLICY_ERROR_INIT;
	struct policy_activity_query query;
	char who[POL_MAX_TYPE + 1 + POL_MAX_ID + 1] = "";
	int rc;

	if (err == NULL || err->size != sizeof(*err))
		err = &own;
	if (q == NULL || fn == NULL || (p == NULL && as != NULL))
		return pol_err_set(err, POLICY_ERR_ARG, NULL, 0, 0, "a query and a callback are wanted, and with `as` a handle");
	if (pol_sized_in(&query, sizeof(query), sizeof(query.size), q) != 0)
		return pol_err_set(err, POLICY_ERR_ABI, NULL, 0, 0, "the size of the query makes no sense");
	if (as == NULL)
		return read_all(&r, &query, err);
	rc = pol_as_begin(&r.as, p, as, "activity:read", err);
	if (rc != 0)
		return rc;
	if (query.subject.data != NULL && query.subject.len < sizeof(who))
		memcpy(who, query.subject.data, query.subject.len);
	pol_did_several(r.as, "user", who);
	return pol_as_end(r.as, read_all(&r, &query, err));
}

/* ---- verifying ---- */

/* FILE.head for each; a list of n texts, of which the caller frees each. */
static char **
beside(const char *const *files, size_t n)
{
	char **list = calloc(n, sizeof(*list));

	for (size_t i = 0; list != NULL && i < n; i++) {
		list[i] = malloc(strlen(files[i]) + sizeof(".head"));
		if (list[i] != NULL)
			strcat(strcpy(list[i], files[i]), ".head");
		else
			list[i] = calloc(1, 1);
	}
	return list;
}

static int
verify_named(const char *const *files, size_t n, const char *key, const char *head,
    struct policy_activity_verified *out, struct policy_error *err)
{
	char **list;
	int rc;

	if (head != NULL)
		return pol_verify(files, n, key, &head, 1, true, out, err);
	list = beside(files, n);
	rc = list != NULL ? pol_verify(files, n, key, (const char *const *)list, n, true, out, err) : pol_err_nomem(err);
	for (size_t i = 0; list != NULL && i < n; i++)
		free(list[i]);
	free(list);
	return rc;
}

/* Of a set: rotated files (FILE.N, FILE-DATE) before the file of the same process. */
static int
later_first(const void *x, const void *y)
{
	const char *a = *(const char *const *)x, *b = *(const char *const *)y;
	const size_t n = strlen(a) < strlen(b) ? strlen(a) : strlen(b);

	if (strncmp(a, b, n) == 0)	/* one is the other with more behind it */
		return strlen(a) > strlen(b) ? -1 : 1;
	return strcmp(b, a);		/* .2 before .1 */
}

static int
verify_set(struct policy *p, const char *key, struct policy_activity_verified *out, struct policy_error *err)
{
	const char *own_key;
	char *file, *head;
	glob_t f = { .gl_pathc = 0 }, h = { .gl_pathc = 0 };
	size_t n = 0;
	int rc = set_pattern(p, &file, &head, &own_key, err);

	if (rc == 0 && glob(file, 0, NULL, &f) != 0)
		rc = pol_err_set(err, POLICY_ERR_NOENT, NULL, 0, 0, "%s: no such file", file);
	if (rc == 0)
		glob(head, 0, NULL, &h);
	for (size_t i = 0; rc == 0 && i < f.gl_pathc; i++) {
		const size_t len = strlen(f.gl_pathv[i]);
		char *path = f.gl_pathv[i];

		if ((len > 5 && strcmp(path + len - 5, ".head") == 0) || (len > 3 && strcmp(path + len - 3, ".gz") == 0))
			continue;
		f.gl_pathv[i] = f.gl_pathv[n];	/* swapped: the list stays whole, to be freed */
		f.gl_pathv[n++] = path;
	}
	if (rc == 0)
		qsort(f.gl_pathv, n, sizeof(*f.gl_pathv), later_first);
	if (rc == 0)
		rc = pol_verify((const char *const *)f.gl_pathv, n, key != NULL ? key : own_key,
		    (const char *const *)h.gl_pathv, h.gl_pathc, false, out, err);
	globfree(&f);
	globfree(&h);
	free(file);
	free(head);
	return rc;
}

int
policy_activity_verify(struct policy *p, const char *const *files, size_t files_count, const char *key,
    const char *head, struct policy_activity_verified *out, struct policy_error *err)
{
	struct policy_error own = POLICY_ERROR_INIT;

	if (err == NULL || err->size != sizeof(*err))
		err = &own;
	if (out == NULL || out->size != sizeof(*out))
		return POLICY_ERR_ABI;
	*out = (struct policy_activity_verified)POLICY_ACTIVITY_VERIFIED_INIT;
	return files_count > 0 ? verify_named(files, files_count, key, head, out, err) : verify_set(p, key, out, err);
}
