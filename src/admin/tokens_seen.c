/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens shown, listed and revoked. */
#include <string.h>

#include "admin/tell.h"
#include "admin/tokens.h"

struct seen {
	const char *id, *who;
	bool itself;
	policy_token_fn *fn;
	void *ctx;
};

static int
find(struct pol_call *c, const struct seen *o, const char *action, struct policy_row *token, struct policy_row *owner)
{
	struct pol_admin_on on;
	const int found = pol_tokens_find(c, o->id, token, owner, &on);
	int rc = found == 0 || found == POLICY_ERR_NOENT ? 0 : found;

	if (rc == 0 && !o->itself)
		rc = pol_call_decide(c, action, &on);
	if (rc == 0 && found != 0)
		return pol_call_fail(c, found, "there is no token '%s'", o->id);
	return rc;
}

static int
judge_show(struct pol_call *c, void *op)
{
	const struct seen *o = op;
	struct policy_row token, owner;
	int rc = find(c, o, "tokens:read", &token, &owner);

	if (rc == 0)
		rc = pol_tell_token(c, &token, &owner, (struct policy_text){ NULL, 0 }, o->fn, o->ctx);
	return rc < 0 ? rc : 0;
}

int
pol_admin_token_show(const struct pol_admin *a, const char *id, bool itself, policy_token_fn *fn, void *ctx)
{
	struct seen o = { .id = id, .itself = itself, .fn = fn, .ctx = ctx };

	return pol_call_run(a, judge_show, NULL, &o);
}

/* ---- revoke ---- */

static int
judge_revoke(struct pol_call *c, void *op)
{
	struct policy_row token, owner, *row;
	int rc = find(c, op, "tokens:revoke", &token, &owner);

	if (rc != 0 || (token.flags & POLICY_ROW_GONE) != 0)
		return rc;
	row = pol_call_row(c, POLICY_ROW_TOKEN, &token);
	if (row == NULL)
		return pol_call_nomem(c);
	row->flags |= POLICY_ROW_GONE;
	if (token.secret.len != 0)
		return 0;
	row = pol_call_row(c, POLICY_ROW_REVOCATION, NULL);	/* its signature goes on to be good */
	if (row == NULL)
		return pol_call_nomem(c);
	row->id = token.id;
	row->source = token.source;
	row->until_ns = token.until_ns;
	return 0;
}

int
pol_admin_token_revoke(const struct pol_admin *a, const char *id)
{
	struct seen o = { .id = id };

	return pol_call_run(a, judge_revoke, NULL, &o);
}

/* ---- list ---- */

static int
tell_all(struct pol_call *c, const struct seen *o, const struct policy_row *list, size_t n)
{
	struct pol_arena_mark mark;
	struct policy_row owner;
	int rc = 0;

	pol_arena_mark(&c->arena, &mark);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct pol_admin_on on;

		(void)pol_call_owner(c, list[i].owner, &owner);
		on = pol_tokens_on(&list[i], &owner);
		rc = pol_call_may(c, "tokens:read", &on);
		if (rc == 0)
			rc = pol_tell_token(c, &list[i], &owner, (struct policy_text){ NULL, 0 }, o->fn, o->ctx);
		else if (rc == 1)
			rc = 0;
		pol_arena_return(&c->arena, &mark);
	}
	return rc;
}

static int
judge_list(struct pol_call *c, void *op)
{
	const struct seen *o = op;
	struct policy_row user = POLICY_ROW_INIT, *list;
	struct pol_admin_on on;
	size_t n;
	int found = o->who != NULL ? pol_call_user(c, o->who, &user, &on) : 0, rc = 0;

	if (found != 0 && found != POLICY_ERR_NOENT)
		return found;
	if (found != 0) {	/* who may not read users is not told who there is */
		rc = pol_call_decide(c, "users:read", &on);
		return rc != 0 ? rc : pol_call_fail(c, found, "there is no user '%s' in the store", o->who);
	}
	list = pol_tell_gather(c, POLICY_ROW_TOKEN, user.id, pol_tell_by_owner, &n, &rc);
	if (rc == 0)
		rc = tell_all(c, o, list, n);
	return rc < 0 ? rc : 0;
}

int
pol_admin_token_list(const struct pol_admin *a, const char *who, policy_token_fn *fn, void *ctx)
{
	struct seen o = { .who = who, .fn = fn, .ctx = ctx };

	return pol_call_run(a, judge_list, NULL, &o);
}
