/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens made, and made anew. */
#include <string.h>

#include "admin/tell.h"
#include "admin/tokens.h"

#define FLAGS (POLICY_TOKEN_SCOPED | POLICY_TOKEN_RENEWABLE | POLICY_TOKEN_SIGNED)
#define LIST_MOST 8192u
#define SECONDS 60			/* a token ends earlier by fewer */
#define PREFIX 8			/* letters of an opaque one by which its owner knows it */

struct mint {
	const struct policy_token_info *want;
	policy_token_fn *fn;
	void *ctx;
	char id[sizeof(((struct policy_issued *)0)->token_id)];
	char secret[POL_OPAQUE_LEN + 1];
	char hex[POL_HEX_LEN + 1];
	struct policy_issued issued;	/* size 0: it is no signed one */
	struct policy_row owner, row;
	const char *renew;		/* the id of the one that is made anew */
	int64_t until_ns;
};

static int64_t
plus(int64_t a, int64_t b)
{
	return a > INT64_MAX - b ? INT64_MAX : a + b;
}

/* When it ends: as asked, or as the set says; 0 or POLICY_ERR_INVALID. */
static int
end_of(struct pol_call *c, int64_t asked, int64_t first, int64_t *until)
{
	const struct pol_admin_env *env = c->a->env;
	const int64_t most = plus(first, env->token_most);

	*until = asked != 0 ? asked : plus(c->now, env->token_life);
	if (asked == 0 && *until > most)
		*until = most;
	if (*until > most)
		return pol_call_fail(c, POLICY_ERR_INVALID, "the token would end later than its first issue and tokens: max_lifetime allow");
	if (*until <= c->now)
		return pol_call_fail(c, POLICY_ERR_INVALID, "the token would have ended already");
	return 0;
}

static int
new_secret(struct pol_call *c, struct mint *o)
{
	if (pol_secret_opaque(o->secret) != 0)
		return pol_call_fail(c, POLICY_ERR_INTERNAL, "the system gives no random bytes");
	pol_secret_hex(o->hex, policy_text(o->secret));
	return 0;
}

/* ---- whose ---- */

static int
find_owner(struct pol_call *c, struct mint *o, struct pol_admin_on *on)
{
	char who[POL_MAX_TYPE + POL_MAX_ID + 2] = "";
	int rc;

	if (o->want->who.data == NULL) {
		if (!c->has_self)
			return pol_call_fail(c, POLICY_ERR_NOENT, "the caller is no user of the store, and has no tokens there");
		o->owner = c->self;
		return pol_call_on(c, &o->owner, on);
	}
	if (o->want->who.len >= sizeof(who) || memchr(o->want->who.data, '\0', o->want->who.len) != NULL)
		return pol_call_fail(c, POLICY_ERR_ARG, "whose the token is to be is no name of a user");
	memcpy(who, o->want->who.data, o->want->who.len);
	rc = pol_call_user(c, who, &o->owner, on);
	if (rc != POLICY_ERR_NOENT)
		return rc;
	rc = pol_call_decide(c, "tokens:create", on);
	return rc != 0 ? rc : pol_call_fail(c, POLICY_ERR_NOENT, "there is no user '%s' in the store", who);
}

static int
check_owner(struct pol_call *c, const struct policy_row *owner)
{
	enum pol_standing standing;
	int rc = pol_call_hold(c);

	if (rc != 0)
		return rc;
	standing = pol_fact_standing(c->e->people, owner);
	pol_call_release(c);
	if (standing == POL_STANDING_GOOD)
		return 0;
	return pol_call_fail(c, POLICY_ERR_INVALID, standing == POL_STANDING_SHADOWED ?
	    "a file names '%.*s': what the store has of that user counts for nothing" :
	    "user '%.*s' is disabled, and gets no token", (int)owner->name.len, owner->name.data);
}

/* ---- create ---- */

/*
 * A token whose id is a hash of what it says: two of the same second that say the same are
 * one. Not where the other was revoked, or is somebody's in another way.
 */
static bool
is_taken(const struct pol_call *c, const struct mint *o, const struct pol_tokens_want *want, bool actor, struct policy_text by)
{
	struct policy_row row = POLICY_ROW_INIT;

	if (!pol_fact_find(c->e->people, POLICY_ROW_TOKEN, policy_text(o->id), &row))
		return false;
	return (row.flags & POLICY_ROW_GONE) != 0 || row.from_ns < want->owner->from_ns ||
	    ((row.flags & POLICY_ROW_ACTOR) != 0) != actor || ((row.flags & POLICY_ROW_SCOPED) != 0) != want->scoped ||
	    !pol_bytes_equal(row.owner.data, row.owner.len, want->owner->id.data, want->owner->id.len) ||
	    !pol_bytes_equal(row.by.data, row.by.len, by.data, by.len) ||
	    !pol_bytes_equal(row.type.data, row.type.len, want->kind.data, want->kind.len);
}

static int
issue(struct pol_call *c, struct mint *o, const struct pol_tokens_want *want)
{
	const struct pol_admin_env *env = c->a->env;
	const struct pol_admin_issue how = { .step = o->want->step, .kind = want->kind, .type = pol_call_type(want->owner),
	    .name = want->owner->name, .id = policy_text(o->id), .scopes = want->scopes, .n_scopes = want->n_scopes,
	    .scoped = want->scoped, .now_ns = c->now, .expires_ns = want->until_ns };
	int rc;

	if (env->issue == NULL || o->want->step.len == 0)
		return pol_call_fail(c, POLICY_ERR_UNSUPPORTED, "a signed token is made by a step of the set that can, and it is to be said by which");
	memset(&o->issued, 0, sizeof(o->issued));
	o->issued.size = sizeof(o->issued);
	rc = env->issue(env->ctx, &how, &o->issued, c->a->err);
	if (rc == 0 && o->issued.token_id[0] == '\0')
		rc = pol_call_fail(c, POLICY_ERR_INTERNAL, "step '%.*s' made a token without an id", (int)o->want->step.len, o->want->step.data);
	if (rc == 0)			/* its own where the token cannot carry ours */
		memcpy(o->id, o->issued.token_id, sizeof(o->id));
	o->id[sizeof(o->id) - 1] = '\0';
	return rc;
}

/* One that would be another's ends a second before it. */
static int
issue_free(struct pol_call *c, struct mint *o, struct pol_tokens_want *want, bool actor, struct policy_text by)
{
	for (int i = 0; i < SECONDS; i++, want->until_ns -= INT64_C(1000000000)) {
		int rc = issue(c, o, want);
		bool taken;

		if (rc == 0)
			rc = pol_call_hold(c);
		if (rc != 0)
			return rc;
		taken = is_taken(c, o, want, actor, by);
		pol_call_release(c);
		if (!taken)
			return 0;
	}
	return pol_call_fail(c, POLICY_ERR_UNAVAILABLE, "too many tokens that say the same were made, try again later");
}

static int
make_row(struct pol_call *c, struct mint *o, const struct pol_tokens_want *want, bool actor, struct policy_text by)
{
	struct policy_row *row = pol_call_row(c, POLICY_ROW_TOKEN, NULL);

	if (row == NULL)
		return pol_call_nomem(c);
	row->id = policy_text(o->id);
	row->owner = want->owner->id;
	row->type = want->kind;
	row->name = o->want->name;
	row->source = o->want->step;
	row->by = by;
	/* what was issued before its owner's from_ns is void, and this was not */
	row->made_ns = row->from_ns = c->now > want->owner->from_ns ? c->now : want->owner->from_ns;
	row->until_ns = want->until_ns;
	row->flags = (want->scoped ? POLICY_ROW_SCOPED : 0) | (actor ? POLICY_ROW_ACTOR : 0) |
	    ((o->want->flags & POLICY_TOKEN_RENEWABLE) != 0 ? POLICY_ROW_RENEWABLE : 0);
	if (want->scoped)
		row->list = pol_call_join(c, want->scopes, want->n_scopes);
	if (want->scoped && row->list.data == NULL)
		return pol_call_nomem(c);
	if (row->list.len > LIST_MOST)
		return pol_call_fail(c, POLICY_ERR_LIMIT, "the names of a token's scopes have at most %u bytes", LIST_MOST);
	if ((o->want->flags & POLICY_TOKEN_SIGNED) == 0) {
		row->secret = policy_text(o->hex);
		row->resource = (struct policy_text){ o->secret, PREFIX };
	}
	o->row = *row;
	return 0;
}

static int
judge_create(struct pol_call *c, void *op)
{
	struct mint *o = op;
	struct pol_tokens_want want = { .owner = &o->owner, .scoped = (o->want->flags & POLICY_TOKEN_SCOPED) != 0,
	    .scopes = o->want->scopes, .n_scopes = o->want->scopes_count, .until_said = o->want->expires_ns != 0 };
	const bool is_signed = (o->want->flags & POLICY_TOKEN_SIGNED) != 0;
	struct pol_admin_on on;
	struct policy_text by;
	bool actor = false;
	int rc = find_owner(c, o, &on);

	want.kind = o->want->kind.data != NULL ? o->want->kind : policy_text("token");
	if (rc == 0)
		rc = pol_call_decide(c, "tokens:create", &on);
	if (rc == 0)
		rc = check_owner(c, &o->owner);
	if (rc == 0)
		rc = pol_tokens_known(c, want.kind, want.scopes, want.n_scopes);
	if (rc == 0)
		rc = end_of(c, o->want->expires_ns, c->now, &want.until_ns);
	if (rc == 0)
		rc = pol_tokens_may(c, &want, &actor, &by);
	if (rc == 0)
		rc = is_signed ? issue_free(c, o, &want, actor, by) : new_secret(c, o);
	return rc == 0 ? make_row(c, o, &want, actor, by) : rc;
}

static int
told(struct pol_call *c, void *op)
{
	struct mint *o = op;
	const struct policy_text secret = o->issued.size != 0 ? (struct policy_text){ o->issued.data, o->issued.data_len } :
	    policy_text(o->secret);

	(void)pol_tell_token(c, &o->row, &o->owner, secret, o->fn, o->ctx);
	return 0;
}

static const char *
bad_want(const struct policy_token_info *want)
{
	if ((want->flags & ~FLAGS) != 0 || want->expires_ns < 0)
		return "flags or times of the token are out of their range";
	if ((want->flags & POLICY_TOKEN_SCOPED) == 0 && want->scopes_count != 0)
		return "a token with scopes is a scoped one, and is to be called so";
	if (want->scopes_count > POL_MAX_LISTED || want->scopes_count > POLICY_IDENTITY_LISTED)
		return "a token has at most 128 scopes";
	if ((want->flags & POLICY_TOKEN_SIGNED) != 0 && (want->flags & POLICY_TOKEN_RENEWABLE) != 0)
		return "a signed token is not renewed: another one is made";
	if (want->name.len > 255 || want->step.len > 255 || want->kind.len > POL_MAX_TYPE || (want->kind.data != NULL && want->kind.len == 0))
		return "name, kind or step of the token are too long";
	for (size_t i = 0; i < want->scopes_count; i++) {
		if (want->scopes[i].len == 0 || want->scopes[i].len > POL_MAX_ID ||
		    memchr(want->scopes[i].data, ' ', want->scopes[i].len) != NULL ||
		    memchr(want->scopes[i].data, '\0', want->scopes[i].len) != NULL)
			return "a scope of a token has a name without spaces";
	}
	return want->name.len > 0 && memchr(want->name.data, '\0', want->name.len) != NULL ? "a name has no NUL" : NULL;
}

static int
run(const struct pol_admin *a, pol_call_fn *judge, struct mint *o)
{
	int rc = pol_call_run(a, judge, told, o);

	explicit_bzero(o->secret, sizeof(o->secret));
	explicit_bzero(&o->issued, sizeof(o->issued));
	return rc;
}

int
pol_admin_token_create(const struct pol_admin *a, const struct policy_token_info *want, policy_token_fn *fn, void *ctx)
{
	struct mint o = { .want = want, .fn = fn, .ctx = ctx };
	const char *bad = bad_want(want);

	if (bad != NULL)
		return pol_err_set(a->err, POLICY_ERR_INVALID, NULL, 0, 0, "%s", bad);
	if (pol_secret_uid(o.id) != 0)
		return pol_err_set(a->err, POLICY_ERR_INTERNAL, NULL, 0, 0, "the system gives no random bytes");
	return run(a, judge_create, &o);
}

/* ---- renew ---- */

static const char *
not_renewed(const struct pol_call *c, const struct policy_row *t, const struct policy_row *owner)
{
	if ((t->flags & POLICY_ROW_GONE) != 0)
		return "the token is revoked";
	if (t->until_ns != 0 && c->now >= t->until_ns)
		return "the token has ended";
	if (t->from_ns < owner->from_ns)
		return "the token was made void with all that its owner had";
	if (t->secret.len == 0)
		return "a signed token is not renewed: another one is made";
	return (t->flags & POLICY_ROW_RENEWABLE) == 0 ? "the token was made as one that is not renewed" : NULL;
}

/* Whoever gets the new secret has what it confers: so he may renew what he may make. */
static int
may_renew(struct pol_call *c, struct mint *o)
{
	const struct policy_row *t = &o->row;
	struct pol_tokens_want want = { .owner = &o->owner, .kind = t->type, .scoped = (t->flags & POLICY_ROW_SCOPED) != 0,
	    .until_ns = o->until_ns, .until_said = true };
	struct policy_text by;
	bool actor;
	int rc;

	want.itself = c->has_token && pol_bytes_equal(c->token.id.data, c->token.id.len, t->id.data, t->id.len);
	want.scopes = pol_call_split(c, t->list, &want.n_scopes);
	if (want.scopes == NULL)
		return pol_call_nomem(c);
	rc = pol_tokens_may(c, &want, &actor, &by);
	if (rc != 0 || !actor)
		return rc;
	/* it would have to be bound to its maker: is it, to this one? */
	if ((t->flags & POLICY_ROW_ACTOR) != 0 && pol_bytes_equal(t->by.data, t->by.len, by.data, by.len))
		return 0;
	return pol_call_escalate(c, "a token is renewed by its owner, or by who made it");
}

static int
judge_renew(struct pol_call *c, void *op)
{
	struct mint *o = op;
	struct policy_row *row;
	struct pol_admin_on on;
	const char *why;
	const int found = pol_tokens_find(c, o->renew, &o->row, &o->owner, &on);
	int rc = found == 0 || found == POLICY_ERR_NOENT ? pol_call_decide(c, "tokens:renew", &on) : found;

	if (rc == 0 && found != 0)
		return pol_call_fail(c, found, "there is no token '%s'", o->renew);
	why = rc == 0 ? not_renewed(c, &o->row, &o->owner) : NULL;
	if (why != NULL)
		return pol_call_fail(c, POLICY_ERR_INVALID, "%s", why);
	if (rc == 0)
		rc = check_owner(c, &o->owner);
	if (rc == 0)
		rc = end_of(c, o->want->expires_ns, o->row.made_ns, &o->until_ns);
	if (rc == 0)
		rc = may_renew(c, o);
	if (rc == 0)
		rc = new_secret(c, o);
	if (rc != 0)
		return rc;
	row = pol_call_row(c, POLICY_ROW_TOKEN, &o->row);
	if (row == NULL)
		return pol_call_nomem(c);
	row->secret = policy_text(o->hex);
	row->resource = (struct policy_text){ o->secret, PREFIX };
	row->until_ns = o->until_ns;
	row->from_ns = c->now > o->row.from_ns ? c->now : o->row.from_ns;
	o->row = *row;
	return 0;
}

int
pol_admin_token_renew(const struct pol_admin *a, const char *id, int64_t expires_ns, policy_token_fn *fn, void *ctx)
{
	const struct policy_token_info want = { .size = sizeof(want), .expires_ns = expires_ns };
	struct mint o = { .want = &want, .fn = fn, .ctx = ctx, .renew = id };

	if (expires_ns < 0)
		return pol_err_set(a->err, POLICY_ERR_ARG, NULL, 0, 0, "a token ends at a time after 1970");
	return run(a, judge_renew, &o);
}
