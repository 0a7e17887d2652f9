/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first user of all, made by whoever may write the store: only while nobody has
 * policy:escalate, and in doubt somebody has. Two who try at once: one of them finds it
 * made when he judges again.
 */
#include <string.h>

#include "admin/tell.h"
#include "admin/users.h"

struct bootstrap {
	const struct policy_user *want;
	struct policy_text role;
	policy_user_fn *fn;
	void *ctx;
	char uid[POL_UID_LEN + 1], grant[POL_UID_LEN + 1];
	char hash[POL_PASSWORD_HASH];
};

static int
may_be_first(struct pol_call *c, const struct bootstrap *o)
{
	const char *why = NULL;
	uint32_t role;
	int rc = pol_call_hold(c);

	if (rc != 0)
		return rc;
	role = pol_find_role(c->e->program, o->role.data, o->role.len);
	if (role == POL_NONE)
		why = "the set has no such role";
	else if (!pol_held_gives(c->e, role, false))
		why = "the role does not allow policy:escalate without a condition";
	else if (pol_held_may_have_admin(c->e))
		why = "somebody has policy:escalate already: ask for it there";
	for (size_t i = 0; why == NULL && i < o->want->groups_count; i++) {
		if (pol_held_group_number(c->e, o->want->groups[i]) == POL_NONE)
			why = "the set declares no such group";
	}
	pol_call_release(c);
	return why != NULL ? pol_call_fail(c, POLICY_ERR_INVALID, "%.*s with role '%.*s': %s", (int)o->want->name.len,
	    o->want->name.data, (int)o->role.len, o->role.data, why) : 0;
}

static int
judge(struct pol_call *c, void *op)
{
	struct bootstrap *o = op;
	struct policy_row *row;
	int rc = may_be_first(c, o);

	if (rc == 0)
		rc = pol_users_free(c, o->want);
	if (rc == 0 && o->want->password.data != NULL)
		rc = pol_users_hash(c, o->hash, o->want->password);
	if (rc == 0)
		(void)pol_users_row(c, o->want, o->uid, o->hash, &rc);
	row = rc == 0 ? pol_call_row(c, POLICY_ROW_GRANT, NULL) : NULL;
	if (row == NULL)
		return rc != 0 ? rc : pol_call_nomem(c);
	row->id = policy_text(o->grant);
	row->owner = policy_text(o->uid);
	row->name = o->role;
	row->made_ns = c->now;
	row->by = policy_text("");
	return 0;
}

static int
told(struct pol_call *c, void *op)
{
	struct bootstrap *o = op;

	(void)pol_tell_user(c, &c->rows[0], o->fn, o->ctx);
	return 0;
}

int
pol_admin_bootstrap(const struct pol_admin *a, const struct policy_user *want, const char *role, policy_user_fn *fn,
    void *ctx)
{
	struct bootstrap o = { .want = want, .role = policy_text(role), .fn = fn, .ctx = ctx };
	const char *bad = pol_users_bad(want);
	int rc;

	if (bad == NULL && (want->flags & POLICY_USER_DISABLED) != 0)
		bad = "the first user of all is not disabled";
	if (bad != NULL)
		return pol_err_set(a->err, POLICY_ERR_INVALID, NULL, 0, 0, "%s", bad);
	if (pol_secret_uid(o.uid) != 0 || pol_secret_uid(o.grant) != 0)
		return pol_err_set(a->err, POLICY_ERR_INTERNAL, NULL, 0, 0, "the system gives no random bytes");
	rc = pol_call_run(a, judge, told, &o);
	explicit_bzero(o.hash, sizeof(o.hash));
	return rc;
}

/* ---- backup ---- */

static int
judge_backup(struct pol_call *c, void *op)
{
	const struct pol_admin_on on = { .type = POLICY_TEXT("user"), .id = POLICY_TEXT("") };

	(void)op;
	return pol_call_decide(c, "policy:backup", &on);
}

int
pol_admin_backup(const struct pol_admin *a, const char *path)
{
	int rc = pol_call_run(a, judge_backup, NULL, NULL);

	return rc == 0 ? a->env->backup(a->env->ctx, path, a->err) : rc;
}
