/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door for policy_admin.h: arguments are checked and brought to our size, one
 * function of admin/ is called. A callback's own negative number is let out as it is.
 */
#include "api/admin.h"

#include <stddef.h>
#include <string.h>

#include "base/err.h"
#include "base/sized.h"

#define LEAST_ERROR ((uint32_t)offsetof(struct policy_error, line))

/* The caller's error, and one of our size. */
struct telling {
	struct policy_error *theirs;
	struct policy_error ours;
};

static int
begin(struct telling *t, struct policy_error *err, const struct policy *p, bool args)
{
	t->theirs = err;
	memset(&t->ours, 0, sizeof(t->ours));
	t->ours.size = sizeof(t->ours);
	if (err != NULL && pol_sized_check(err, sizeof(*err), LEAST_ERROR) != 0) {
		t->theirs = NULL;
		return POLICY_ERR_ABI;
	}
	return p != NULL && args ? 0 : pol_err_set(&t->ours, POLICY_ERR_ARG, NULL, 0, 0, "an argument is missing");
}

/* The same, of a call that changes something: before anybody's credentials are looked at. */
static int
begin_change(struct telling *t, struct policy_error *err, const struct policy *p, bool args)
{
	int rc = begin(t, err, p, args);

	if (rc == 0 && pol_handle_only_reads(p))
		rc = pol_err_set(&t->ours, POLICY_ERR_UNSUPPORTED, NULL, 0, 0,
		    "the set is opened for reading only (POLICY_READ_ONLY), so nothing of it is changed here");
	return rc;
}

static int
end(struct telling *t, int rc)
{
	if (rc >= 0) {
		memset((char *)&t->ours + sizeof(t->ours.size), 0, sizeof(t->ours) - sizeof(t->ours.size));
		rc = 0;
	} else {
		if (t->ours.text[0] == '\0')
			pol_err_set(&t->ours, rc, NULL, 0, 0, "%s", policy_strerror(rc));
		t->ours.code = rc;
	}
	if (t->theirs != NULL)
		pol_sized_out(t->theirs, &t->ours, sizeof(t->ours));
	return rc;
}

/* A struct of the caller's, as ours. */
static int
take(struct telling *t, void *ours, uint32_t full, const void *theirs)
{
	int rc = pol_sized_in(ours, full, sizeof(uint32_t), theirs);

	if (rc != 0)
		return pol_err_set(&t->ours, rc, NULL, 0, 0, "the size of what is asked for makes no sense");
	memcpy(ours, &full, sizeof(full));
	return 0;
}

/* One call: as, then CALL with `a` at hand. */
#define AS(t, p, as, rc, ACTION, CALL) do { \
		struct pol_as *a_ = NULL; \
		if ((rc) == 0) \
			(rc) = pol_as_begin(&a_, (p), (as), (ACTION), &(t).ours); \
		if ((rc) == 0) { \
			const struct pol_admin *a = &a_->admin; \
			(rc) = pol_as_end(a_, (CALL)); \
		} \
	} while (0)

/* ---- users ---- */

int
policy_user_create(struct policy *p, POLICY_ADMIN_AS, const struct policy_user *want, policy_user_fn *fn, void *ctx,
    struct policy_error *err)
{
	struct policy_user room;
	struct telling t;
	int rc = begin_change(&t, err, p, as != NULL && want != NULL);

	if (rc == 0)
		rc = take(&t, &room, sizeof(room), want);
	AS(t, p, as, rc, "users:create", pol_admin_user_create(a, &room, fn, ctx));
	return end(&t, rc);
}

int
policy_user_show(struct policy *p, POLICY_ADMIN_AS, const char *who, policy_user_fn *fn, void *ctx,
    struct policy_error *err)
{
	struct telling t;
	int rc = begin(&t, err, p, as != NULL && who != NULL && fn != NULL);

	AS(t, p, as, rc, "users:read", pol_admin_user_show(a, who, fn, ctx));
	return end(&t, rc);
}

int
policy_user_list(struct policy *p, POLICY_ADMIN_AS, policy_user_fn *fn, void *ctx, struct policy_error *err)
{
	struct telling t;
	int rc = begin(&t, err, p, as != NULL && fn != NULL);

	AS(t, p, as, rc, "users:read", (pol_did_several(a_, "user", NULL), pol_admin_user_list(a, fn, ctx)));
	return end(&t, rc);
}

int
policy_user_change(struct policy *p, POLICY_ADMIN_AS, const char *who, uint32_t what, const struct policy_user *to,
    struct policy_error *err)
{
	struct policy_user room = POLICY_USER_INIT;
	struct telling t;
	int rc = begin_change(&t, err, p, as != NULL && who != NULL && (to != NULL || what == POLICY_CHANGE_VOID));

	if (rc == 0 && to != NULL)
		rc = take(&t, &room, sizeof(room), to);
	AS(t, p, as, rc, "users:change", pol_admin_user_change(a, who, what, &room));
	return end(&t, rc);
}

int
policy_user_password(struct policy *p, POLICY_ADMIN_AS, const char *who, struct policy_text old_password,
    struct policy_text new_password, struct policy_error *err)
{
	struct telling t;
	int rc = begin_change(&t, err, p, as != NULL && who != NULL && new_password.data != NULL);

	AS(t, p, as, rc, "users:password", pol_admin_user_password(a, who, old_password, new_password));
	return end(&t, rc);
}

int
policy_user_delete(struct policy *p, POLICY_ADMIN_AS, const char *who, struct policy_error *err)
{
	struct telling t;
	int rc = begin_change(&t, err, p, as != NULL && who != NULL);

	AS(t, p, as, rc, "users:delete", pol_admin_user_delete(a, who));
	return end(&t, rc);
}

/* ---- grants ---- */

int
policy_grant_add(struct policy *p, POLICY_ADMIN_AS, const struct policy_grant *want, policy_grant_fn *fn, void *ctx,
    struct policy_error *err)
{
	struct policy_grant room;
	struct telling t;
	int rc = begin_change(&t, err, p, as != NULL && want != NULL);

	if (rc == 0)
		rc = take(&t, &room, sizeof(room), want);
	AS(t, p, as, rc, "grants:create", pol_admin_grant_add(a, &room, fn, ctx));
	return end(&t, rc);
}

int
policy_grant_remove(struct policy *p, POLICY_ADMIN_AS, const char *id, struct policy_error *err)
{
	struct telling t;
	int rc = begin_change(&t, err, p, as != NULL && id != NULL);

	AS(t, p, as, rc, "grants:delete", pol_admin_grant_remove(a, id));
	return end(&t, rc);
}

int
policy_grant_list(struct policy *p, POLICY_ADMIN_AS, const char *who, policy_grant_fn *fn, void *ctx,
    struct policy_error *err)
{
	struct telling t;
	int rc = begin(&t, err, p, as != NULL && fn != NULL);

	AS(t, p, as, rc, "grants:read", (pol_did_several(a_, "user", who), pol_admin_grant_list(a, who, fn, ctx)));
	return end(&t, rc);
}

/* ---- tokens ---- */

int
policy_token_create(struct policy *p, POLICY_ADMIN_AS, const struct policy_token_info *want, policy_token_fn *fn, void *ctx,
    struct policy_error *err)
{
	struct policy_token_info room;
	struct telling t;
	/* who does not look at it has lost it: it is shown this once */
	int rc = begin_change(&t, err, p, as != NULL && want != NULL && fn != NULL);

	if (rc == 0)
		rc = take(&t, &room, sizeof(room), want);
	AS(t, p, as, rc, "tokens:create", pol_admin_token_create(a, &room, fn, ctx));
	return end(&t, rc);
}

int
policy_token_show(struct policy *p, POLICY_ADMIN_AS, const char *id, const struct policy_credential *itself,
    policy_token_fn *fn, void *ctx, struct policy_error *err)
{
	char own[POL_MAX_ID + 1];
	struct pol_as *a = NULL;
	struct telling t;
	int rc = begin(&t, err, p, fn != NULL && (itself != NULL || (as != NULL && id != NULL)));

	if (rc == 0)
		rc = itself != NULL ? pol_as_itself(&a, own, p, itself, "tokens:read", &t.ours) :
		    pol_as_begin(&a, p, as, "tokens:read", &t.ours);
	if (rc == 0 && itself != NULL)
		pol_did_several(a, "token", own);
	if (rc == 0)
		rc = pol_as_end(a, pol_admin_token_show(&a->admin, itself != NULL ? own : id, itself != NULL, fn, ctx));
	return end(&t, rc);
}

int
policy_token_list(struct policy *p, POLICY_ADMIN_AS, const char *who, policy_token_fn *fn, void *ctx,
    struct policy_error *err)
{
	struct telling t;
	int rc = begin(&t, err, p, as != NULL && fn != NULL);

	AS(t, p, as, rc, "tokens:read", (pol_did_several(a_, "user", who), pol_admin_token_list(a, who, fn, ctx)));
	return end(&t, rc);
}

int
policy_token_renew(struct policy *p, POLICY_ADMIN_AS, const char *id, int64_t expires_ns, policy_token_fn *fn, void *ctx,
    struct policy_error *err)
{
	struct telling t;
	int rc = begin_change(&t, err, p, as != NULL && id != NULL && fn != NULL);

	AS(t, p, as, rc, "tokens:renew", pol_admin_token_renew(a, id, expires_ns, fn, ctx));
	return end(&t, rc);
}

int
policy_token_revoke(struct policy *p, POLICY_ADMIN_AS, const char *id, struct policy_error *err)
{
	struct telling t;
	int rc = begin_change(&t, err, p, as != NULL && id != NULL);

	AS(t, p, as, rc, "tokens:revoke", pol_admin_token_revoke(a, id));
	return end(&t, rc);
}

/* ---- the store ---- */

int
policy_admin_bootstrap(struct policy *p, const struct policy_user *want, const char *role, policy_user_fn *fn, void *ctx,
    struct policy_error *err)
{
	struct policy_user room;
	struct telling t;
	int rc = begin_change(&t, err, p, want != NULL && role != NULL);

	if (rc == 0)
		rc = take(&t, &room, sizeof(room), want);
	AS(t, p, NULL, rc, "policy:bootstrap", pol_admin_bootstrap(a, &room, role, fn, ctx));
	return end(&t, rc);
}

int
policy_admin_backup(struct policy *p, POLICY_ADMIN_AS, const char *path, struct policy_error *err)
{
	struct telling t;
	int rc = begin(&t, err, p, as != NULL && path != NULL && path[0] != '\0');

	AS(t, p, as, rc, "policy:backup", pol_admin_backup(a, path));
	return end(&t, rc);
}

/* They stand in a row, and what is in them has no size of its own: there is one size. */
static int
check_row(struct telling *t, const struct policy_import *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool good = list[i].size == sizeof(*list) && list[i].user.size == sizeof(list[i].user);

		for (size_t k = 0; good && k < list[i].keys_count; k++)
			good = list[i].keys[k].info.size == sizeof(list[i].keys[k].info);
		if (!good)
			return pol_err_set(&t->ours, POLICY_ERR_ABI, NULL, 0, 0, "the size of what is imported makes no sense");
	}
	return 0;
}

int
policy_admin_import(struct policy *p, POLICY_ADMIN_AS, const struct policy_import *list, size_t n,
    int (*skipped)(void *ctx, size_t at, const struct policy_error *why), void *ctx, struct policy_error *err)
{
	struct telling t;
	int rc = begin_change(&t, err, p, as != NULL && (list != NULL || n == 0));

	if (rc == 0)
		rc = check_row(&t, list, n);
	AS(t, p, as, rc, "policy:import", (pol_did_several(a_, "user", NULL), pol_admin_import(a, list, n, skipped, ctx)));
	return end(&t, rc);
}
