/* SPDX-License-Identifier: Apache-2.0 */
/* Roles given to users, and taken back. */
#include <string.h>

#include "admin/tell.h"
#include "admin/users.h"
#include "base/glob.h"

struct add {
	const struct policy_grant *want;
	policy_grant_fn *fn;
	void *ctx;
	char id[POL_UID_LEN + 1];
	char who[POL_MAX_TYPE + POL_MAX_ID + 2];
	struct policy_row user;
};

/* TYPE or TYPE/GLOB; within a snapshot. NULL, or why not. */
static const char *
read_resource(const struct pol_program *p, struct policy_text t, struct pol_held_grant *g)
{
	struct pol_glob_piece pieces[POL_GLOB_MAX_PIECES];
	const char *slash = t.len > 0 ? memchr(t.data, '/', t.len) : NULL;
	const size_t type = slash != NULL ? (size_t)(slash - t.data) : t.len;
	uint64_t hash;
	size_t n;

	g->type = POL_NONE;
	g->glob = (struct policy_text){ NULL, 0 };
	if (t.data == NULL)
		return NULL;
	g->type = pol_find_type(p, t.data, type, &hash);
	if (g->type == POL_NONE)
		return "the set has no such type of resource";
	if (slash == NULL)
		return NULL;
	g->glob = (struct policy_text){ slash + 1, t.len - type - 1 };
	if (g->glob.len == 0 || g->glob.len > POL_MAX_RESOURCE_ID || pol_glob_ends_stray(g->glob.data, g->glob.len) ||
	    pol_utf8_check(g->glob.data, g->glob.len) >= 0 || memchr(g->glob.data, '\0', g->glob.len) != NULL ||
	    pol_glob_parse(g->glob.data, g->glob.len, pieces, &n) != 0)
		return "its resource is no TYPE or TYPE/GLOB";
	return NULL;
}

/* What is asked for, in the set's numbers; and whether the caller holds it. */
static int
judge_role(struct pol_call *c, const struct policy_grant *want, bool *held, bool *takes)
{
	struct pol_held_grant g = { .window = pol_held_window(want->from_ns, want->until_ns) };
	const struct pol_held_who self = { c->a->caller->type, c->a->caller->id };
	const char *bad;
	int rc = pol_call_hold(c);

	if (rc != 0)
		return rc;
	g.role = pol_find_role(c->e->program, want->role.data, want->role.len);
	bad = g.role == POL_NONE ? "the set has no such role" : read_resource(c->e->program, want->resource, &g);
	if (bad == NULL) {
		*held = !c->limited && pol_held_role(c->e, &self, &g);
		*takes = pol_held_denies(c->e, g.role);
	}
	pol_call_release(c);
	return bad != NULL ? pol_call_fail(c, POLICY_ERR_INVALID, "role '%.*s'%s%.*s: %s", (int)want->role.len, want->role.data,
	    want->resource.data != NULL ? " on " : "", (int)want->resource.len, want->resource.data, bad) : 0;
}

static int
judge_add(struct pol_call *c, void *op)
{
	struct add *o = op;
	struct pol_admin_on on;
	struct policy_row *row;
	bool held = false, takes = false;
	const int found = pol_call_user(c, o->who, &o->user, &on);
	int rc = found == 0 || found == POLICY_ERR_NOENT ? pol_call_decide(c, "grants:create", &on) : found;

	if (rc == 0 && found != 0)
		return pol_call_fail(c, found, "there is no user '%s' in the store", o->who);
	if (rc == 0)
		rc = judge_role(c, o->want, &held, &takes);
	if (rc == 0 && o->want->until_ns != 0 && o->want->until_ns <= c->now)
		rc = pol_call_fail(c, POLICY_ERR_INVALID, "the grant would have ended already");
	if (rc == 0 && !held)
		rc = pol_call_escalate(c, c->limited ? "a credential with limits grants no role" :
		    "a role is granted by who holds it unconditionally, as far and as long");
	if (rc == 0 && takes)
		rc = pol_call_not_last(c, &o->user);
	row = rc == 0 ? pol_call_row(c, POLICY_ROW_GRANT, NULL) : NULL;
	if (row == NULL)
		return rc != 0 ? rc : pol_call_nomem(c);
	row->id = policy_text(o->id);
	row->owner = o->user.id;
	row->name = o->want->role;
	row->resource = o->want->resource;
	row->from_ns = o->want->from_ns;
	row->until_ns = o->want->until_ns;
	row->made_ns = c->now;
	row->by = pol_call_by(c);
	return row->by.data != NULL ? 0 : pol_call_nomem(c);
}

static int
told_add(struct pol_call *c, void *op)
{
	struct add *o = op;

	(void)pol_tell_grant(c, &c->rows[0], &o->user, o->fn, o->ctx);
	return 0;
}

int
pol_admin_grant_add(const struct pol_admin *a, const struct policy_grant *want, policy_grant_fn *fn, void *ctx)
{
	struct add o = { .want = want, .fn = fn, .ctx = ctx };

	if (want->who.len == 0 || want->who.len >= sizeof(o.who) || memchr(want->who.data, '\0', want->who.len) != NULL)
		return pol_err_set(a->err, POLICY_ERR_ARG, NULL, 0, 0, "it is not said whom the role is granted to");
	if (want->flags != 0 || want->from_ns < 0 || want->until_ns < 0 || want->role.len > 255 || want->resource.len > 1100)
		return pol_err_set(a->err, POLICY_ERR_ARG, NULL, 0, 0, "flags, times or texts of the grant are out of their range");
	if (want->from_ns != 0 && want->until_ns != 0 && want->until_ns <= want->from_ns)
		return pol_err_set(a->err, POLICY_ERR_INVALID, NULL, 0, 0, "the grant would end before it begins");
	if (pol_secret_uid(o.id) != 0)
		return pol_err_set(a->err, POLICY_ERR_INTERNAL, NULL, 0, 0, "the system gives no random bytes");
	memcpy(o.who, want->who.data, want->who.len);
	return pol_call_run(a, judge_add, told_add, &o);
}

/* ---- remove ---- */

static int
judge_remove(struct pol_call *c, void *op)
{
	const struct policy_text id = policy_text(op);
	struct policy_row grant = POLICY_ROW_INIT, owner = POLICY_ROW_INIT, *row;
	struct pol_admin_on on = { .type = POLICY_TEXT("user"), .id = POLICY_TEXT("") };
	bool found, stays;
	int rc = pol_call_hold(c);

	if (rc != 0)
		return rc;
	found = pol_fact_find(c->e->people, POLICY_ROW_GRANT, id, &grant) && (grant.flags & POLICY_ROW_GONE) == 0;
	if (found)
		rc = pol_call_keep(c, &grant);
	pol_call_release(c);
	if (rc != 0)
		return pol_call_nomem(c);
	if (found && pol_call_owner(c, grant.owner, &owner))
		rc = pol_call_on(c, &owner, &on);
	if (rc == 0)
		rc = pol_call_decide(c, "grants:delete", &on);
	if (rc == 0 && !found)
		return pol_call_fail(c, POLICY_ERR_NOENT, "there is no grant '%s'", (const char *)op);
	if (rc == 0)
		rc = pol_call_hold(c);
	if (rc != 0)
		return rc;
	stays = owner.name.data == NULL || pol_users_stays(c, &owner, id, owner.list);
	pol_call_release(c);
	rc = stays ? 0 : pol_call_not_last(c, &owner);
	row = rc == 0 ? pol_call_row(c, POLICY_ROW_GRANT, &grant) : NULL;
	if (row == NULL)
		return rc != 0 ? rc : pol_call_nomem(c);
	row->flags |= POLICY_ROW_GONE;
	return 0;
}

int
pol_admin_grant_remove(const struct pol_admin *a, const char *id)
{
	return pol_call_run(a, judge_remove, NULL, (void *)(uintptr_t)id);
}

/* ---- list ---- */

struct list {
	const char *who;
	policy_grant_fn *fn;
	void *ctx;
};

/* Grants of one owner stand together: one decision for all. */
static int
tell_all(struct pol_call *c, const struct list *o, const struct policy_row *list, size_t n)
{
	struct policy_row owner = POLICY_ROW_INIT;
	struct pol_admin_on on;
	int rc = 0, may = 1;

	for (size_t i = 0; rc == 0 && i < n; i++) {
		if (i == 0 || !pol_bytes_equal(list[i].owner.data, list[i].owner.len, list[i - 1].owner.data, list[i - 1].owner.len)) {
			may = 1;
			if (pol_call_owner(c, list[i].owner, &owner)) {
				rc = pol_call_on(c, &owner, &on);
				may = rc == 0 ? pol_call_may(c, "grants:read", &on) : rc;
			}
		}
		if (may < 0)
			return may;
		if (may == 0)
			rc = pol_tell_grant(c, &list[i], &owner, o->fn, o->ctx);
	}
	return rc;
}

static int
judge_list(struct pol_call *c, void *op)
{
	const struct list *o = op;
	struct policy_row user = POLICY_ROW_INIT, *list;
	struct pol_admin_on on = { .type = { NULL, 0 } };
	size_t n;
	int found = o->who != NULL ? pol_call_user(c, o->who, &user, &on) : 0, rc = 0;

	if (found != 0 && found != POLICY_ERR_NOENT)
		return found;
	if (o->who != NULL)
		rc = pol_call_decide(c, "grants:read", &on);
	if (rc == 0 && found != 0)
		return pol_call_fail(c, found, "there is no user '%s' in the store", o->who);
	if (rc != 0)
		return rc;
	list = pol_tell_gather(c, POLICY_ROW_GRANT, user.id, pol_tell_by_owner, &n, &rc);
	if (rc == 0)
		rc = tell_all(c, o, list, n);
	return rc < 0 ? rc : 0;
}

int
pol_admin_grant_list(const struct pol_admin *a, const char *who, policy_grant_fn *fn, void *ctx)
{
	struct list o = { who, fn, ctx };

	return pol_call_run(a, judge_list, NULL, &o);
}
