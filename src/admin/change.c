/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Users changed and deleted. What rules may read of somebody (org, attributes, groups) he
 * does not change himself without policy:escalate. A password is its user's whole right:
 * another's is set by policy:escalate alone.
 */
#include <string.h>

#include "admin/users.h"
#include "base/hash.h"
#include "people/rows.h"
#include "people/wrong.h"

#define CHANGES (POLICY_CHANGE_FLAGS | POLICY_CHANGE_ORG | POLICY_CHANGE_GROUPS | POLICY_CHANGE_ATTRIBUTES | POLICY_CHANGE_VOID)
#define TOKENS_EACH 10000u		/* of a deleted user, ended one by one; beyond, his end is theirs */

/* ---- does he stay an administrator? ---- */

struct staying {
	struct pol_call *c;
	struct policy_text without;
	bool gives;
};

static int
look_at_grant(void *ctx, const struct policy_row *g)
{
	struct staying *s = ctx;
	const uint32_t role = pol_find_role(s->c->e->program, g->name.data, g->name.len);

	if (role == POL_NONE || pol_bytes_equal(g->id.data, g->id.len, s->without.data, s->without.len))
		return 0;
	if (g->resource.data == NULL && g->from_ns == 0 && g->until_ns == 0 && pol_held_gives(s->c->e, role, false))
		s->gives = true;
	return 0;
}

/* Any role of a record, or of a list. */
static bool
gives(const struct pol_engine *e, const uint32_t *roles, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (pol_held_gives(e, roles[i], false))
			return true;
	}
	return false;
}

static bool
group_gives(const struct pol_engine *e, struct policy_text group)
{
	const struct pol_people *w = e->people;
	const uint64_t hash = pol_hash_join(pol_hash("group", 5, w->seed), pol_hash(group.data, group.len, w->seed));
	const struct pol_holder *r = pol_find_holder(w, hash, "group", 5, group.data, group.len);

	return r != NULL && gives(e, pol_more_roles(pol_holder_more(r)), pol_holder_more(r)->n_roles);
}

bool
pol_users_stays(struct pol_call *c, const struct policy_row *user, struct policy_text without, struct policy_text groups)
{
	const struct pol_people *w = c->e->people;
	struct staying s = { c, without, false };
	const char *at = groups.data, *end = groups.data + groups.len, *space;

	(void)pol_fact_grants(w, user->id, look_at_grant, &s);
	if (s.gives || gives(c->e, w->everyone.ids, w->everyone.n) || gives(c->e, w->authenticated.ids, w->authenticated.n))
		return true;
	for (; at != NULL && at < end; at = space + 1) {
		space = memchr(at, ' ', (size_t)(end - at));
		space = space != NULL ? space : end;
		if (space > at && group_gives(c->e, (struct policy_text){ at, (size_t)(space - at) }))
			return true;
	}
	return false;
}

/* ---- change ---- */

struct change {
	const char *who;
	uint32_t what;
	const struct policy_user *to;
};

static int
find(struct pol_call *c, const char *who, const char *action, struct policy_row *user, struct pol_admin_on *on)
{
	const int found = pol_call_user(c, who, user, on);
	int rc;

	if (found != 0 && found != POLICY_ERR_NOENT)
		return found;
	rc = pol_call_decide(c, action, on);
	if (rc == 0 && found != 0)
		return pol_call_fail(c, found, "there is no user '%s' in the store", who);
	return rc;
}

static bool
is_in(struct policy_text group, const struct policy_text *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (pol_bytes_equal(group.data, group.len, list[i].data, list[i].len))
			return true;
	}
	return false;
}

/* Those that he is not in yet. */
static int
may_give_groups(struct pol_call *c, const struct policy_row *user, const struct policy_user *to)
{
	size_t n;
	const struct policy_text *has = pol_call_split(c, user->list, &n);
	int rc = has != NULL ? 0 : pol_call_nomem(c);

	for (size_t i = 0; rc == 0 && i < to->groups_count; i++) {
		if (!is_in(to->groups[i], has, n))
			rc = pol_call_gives_group(c, to->groups[i]);
	}
	return rc;
}

/* What he may not do to himself; and an org that he may not put anybody into. */
static int
may_change(struct pol_call *c, const struct change *o, const struct policy_row *user, const struct pol_admin_on *on)
{
	const bool self = pol_call_is_self(c, user);
	const bool unmarks = (o->what & POLICY_CHANGE_FLAGS) != 0 && (user->flags & POLICY_ROW_CHANGE) != 0 &&
	    (o->to->flags & POLICY_USER_CHANGE) == 0;
	struct pol_admin_on there = *on;
	int rc = 0;

	if (self && (unmarks || (o->what & (POLICY_CHANGE_ORG | POLICY_CHANGE_ATTRIBUTES)) != 0))
		rc = pol_call_escalate(c, "one's own org and attributes, and the duty to change the password, are changed by others");
	if (rc == 0 && (o->what & POLICY_CHANGE_ORG) != 0 &&
	    !pol_bytes_equal(user->org.data, user->org.len, o->to->org.data, o->to->org.len)) {
		there.org = o->to->org.len > 0 ? o->to->org : (struct policy_text){ NULL, 0 };
		rc = pol_call_decide(c, "users:change", &there);
	}
	if (rc == 0 && (o->what & POLICY_CHANGE_GROUPS) != 0)
		rc = may_give_groups(c, user, o->to);
	return rc;
}

/* user: the row as it will be, made from `to` by pol_users_row, takes what is not changed
 * from the one that was. */
static void
keep_rest(struct policy_row *row, const struct policy_row *was, uint32_t what, int64_t now)
{
	const uint32_t flags = POLICY_ROW_OFF | POLICY_ROW_CHANGE;
	struct policy_row made = *row;

	*row = *was;
	row->size = sizeof(*row);
	if ((what & POLICY_CHANGE_FLAGS) != 0)
		row->flags = (was->flags & ~flags) | (made.flags & flags);
	if ((what & POLICY_CHANGE_ORG) != 0)
		row->org = made.org;
	if ((what & POLICY_CHANGE_GROUPS) != 0)
		row->list = made.list;
	if ((what & POLICY_CHANGE_ATTRIBUTES) != 0)
		row->attributes = made.attributes;
	if ((what & POLICY_CHANGE_VOID) != 0)	/* what was issued in this very tick too */
		row->from_ns = (now > was->from_ns ? now : was->from_ns) + 1;
}

static int
judge_change(struct pol_call *c, void *op)
{
	const struct change *o = op;
	struct policy_row user, *row;
	struct pol_admin_on on;
	bool stays;
	int rc = find(c, o->who, "users:change", &user, &on);

	if (rc == 0)
		rc = may_change(c, o, &user, &on);
	row = rc == 0 ? pol_users_row(c, o->to, "-", NULL, &rc) : NULL;
	if (rc != 0)
		return rc;
	keep_rest(row, &user, o->what, c->now);
	rc = pol_call_hold(c);
	if (rc != 0)
		return rc;
	stays = (row->flags & POLICY_ROW_OFF) == 0 && ((o->what & POLICY_CHANGE_GROUPS) == 0 ||
	    pol_users_stays(c, &user, (struct policy_text){ NULL, 0 }, row->list));
	pol_call_release(c);
	return stays ? 0 : pol_call_not_last(c, &user);
}

int
pol_admin_user_change(const struct pol_admin *a, const char *who, uint32_t what, const struct policy_user *to)
{
	struct policy_user as = *to;
	struct change o = { who, what, &as };
	const char *bad;

	as.name = policy_text("-");	/* neither is changed */
	as.type = as.password = (struct policy_text){ NULL, 0 };
	bad = pol_users_bad(&as);
	if (what == 0 || (what & ~CHANGES) != 0)
		return pol_err_set(a->err, POLICY_ERR_ARG, NULL, 0, 0, "it is not said what to change");
	if (bad != NULL || (as.flags & ~(POLICY_USER_DISABLED | POLICY_USER_CHANGE | POLICY_USER_MADE)) != 0)
		return pol_err_set(a->err, POLICY_ERR_INVALID, NULL, 0, 0, "%s", bad != NULL ? bad : "these flags of a user are not changed");
	return pol_call_run(a, judge_change, NULL, &o);
}

/* ---- password ---- */

struct password {
	const char *who;
	struct policy_text old, new;
	char hash[POL_PASSWORD_HASH];
	bool good;			/* the old one, as `seen` has it */
	bool wrong;
	char seen[POL_PASSWORD_HASH];
};

/* His own: the old one first. What is wrong is counted, and makes the next one wait. */
static int
check_old(struct pol_call *c, struct password *o, const struct policy_row *user)
{
	struct policy_row *row;
	int fits;

	if (user->secret.len == 0)
		return 0;
	if (user->until_ns > c->now)
		return pol_call_fail(c, POLICY_ERR_DENIED, "too many wrong passwords were given: it is to be tried later");
	if (o->good && pol_bytes_equal(o->seen, strlen(o->seen), user->secret.data, user->secret.len))
		return 0;
	fits = pol_secret_fits(o->old, user->secret);
	if (fits < 0)
		return pol_call_fail(c, fits, "the old password could not be judged: %s", policy_strerror(fits));
	if (fits == 1) {
		o->good = true;
		memcpy(o->seen, user->secret.data, user->secret.len);
		o->seen[user->secret.len] = '\0';
		return 0;
	}
	row = pol_call_row(c, POLICY_ROW_USER, user);
	if (row == NULL)
		return pol_call_nomem(c);
	row->number = user->number < UINT32_MAX ? user->number + 1 : user->number;
	row->until_ns = pol_wrong_until(row->number, c->now);
	o->wrong = true;
	return 0;
}

static int
write_password(struct pol_call *c, struct password *o, const struct policy_row *user)
{
	struct policy_row *row = pol_call_row(c, POLICY_ROW_USER, user), *token;

	if (row == NULL)
		return pol_call_nomem(c);
	row->secret = policy_text(o->hash);
	row->flags &= ~POLICY_ROW_CHANGE;
	row->number = 0;
	row->until_ns = 0;
	row->from_ns = (c->now > user->from_ns ? c->now : user->from_ns) + 1;
	if (!c->has_token || !pol_bytes_equal(c->token.owner.data, c->token.owner.len, user->id.data, user->id.len) ||
	    c->token.from_ns < user->from_ns)
		return 0;
	token = pol_call_row(c, POLICY_ROW_TOKEN, &c->token);	/* it goes on */
	if (token == NULL)
		return pol_call_nomem(c);
	token->from_ns = c->rows[0].from_ns;
	return 0;
}

static int
judge_password(struct pol_call *c, void *op)
{
	struct password *o = op;
	struct policy_row user;
	struct pol_admin_on on;
	int rc = find(c, o->who, "users:password", &user, &on);

	o->wrong = false;
	if (rc == 0)
		rc = pol_call_is_self(c, &user) ? check_old(c, o, &user) :
		    pol_call_escalate(c, "a password is set by its user, who gives the old one");
	if (rc == 0 && pol_call_is_self(c, &user) && c->limited)
		rc = pol_call_escalate(c, "a credential with limits sets no password");
	if (rc != 0 || o->wrong)
		return rc;
	rc = pol_users_hash(c, o->hash, o->new);
	return rc != 0 ? rc : write_password(c, o, &user);
}

int
pol_admin_user_password(const struct pol_admin *a, const char *who, struct policy_text old, struct policy_text new)
{
	struct password o = { .who = who, .old = old, .new = new };
	const char *bad = pol_secret_bad_password(new);
	int rc;

	if (bad != NULL)
		return pol_err_set(a->err, POLICY_ERR_INVALID, NULL, 0, 0, "%s is not taken", bad);
	rc = pol_call_run(a, judge_password, NULL, &o);
	explicit_bzero(o.hash, sizeof(o.hash));
	explicit_bzero(o.seen, sizeof(o.seen));
	if (rc == 0 && o.wrong)
		return pol_err_set(a->err, POLICY_ERR_DENIED, NULL, 0, 0, "the old password is not the one that was given");
	return rc;
}

/* ---- delete ---- */

struct deleting {
	struct pol_call *c;
	const struct policy_row *user;
	size_t tokens;
};

static int
end_row(void *ctx, const struct policy_row *r)
{
	struct deleting *d = ctx;
	struct policy_row *row;

	if ((r->flags & POLICY_ROW_GONE) != 0 || !pol_bytes_equal(r->owner.data, r->owner.len, d->user->id.data, d->user->id.len))
		return 0;
	if (r->kind == POLICY_ROW_TOKEN && ++d->tokens > TOKENS_EACH)
		return 0;
	row = pol_call_row(d->c, r->kind, r);
	if (row == NULL || pol_call_keep(d->c, row) != 0)
		return POLICY_ERR_NOMEM;
	row->flags |= POLICY_ROW_GONE;
	return 0;
}

/* A signed token is its own proof: it is revoked by name too. */
static int
revoke_signed(struct pol_call *c)
{
	const size_t n = c->n_rows;

	for (size_t i = 0; i < n; i++) {
		struct policy_row *row, *from = &c->rows[i];

		if (from->kind != POLICY_ROW_TOKEN || from->secret.len != 0)
			continue;
		row = pol_call_row(c, POLICY_ROW_REVOCATION, NULL);
		if (row == NULL)
			return pol_call_nomem(c);
		from = &c->rows[i];	/* they may have moved */
		row->id = from->id;
		row->source = from->source;
		row->until_ns = from->until_ns;
	}
	return 0;
}

static int
judge_delete(struct pol_call *c, void *op)
{
	struct policy_row user, *row;
	struct deleting d = { c, &user, 0 };
	struct pol_admin_on on;
	int rc = find(c, op, "users:delete", &user, &on);

	if (rc == 0)
		rc = pol_call_not_last(c, &user);
	if (rc != 0)
		return rc;
	row = pol_call_row(c, POLICY_ROW_USER, NULL);
	if (row == NULL)
		return pol_call_nomem(c);
	row->id = user.id;
	row->type = user.type;
	row->name = user.name;
	row->flags = POLICY_ROW_GONE;
	row->made_ns = user.made_ns;
	rc = pol_call_hold(c);
	if (rc != 0)
		return rc;
	rc = pol_fact_grants(c->e->people, user.id, end_row, &d);
	if (rc == 0)
		rc = pol_fact_each(c->e->people, POLICY_ROW_TOKEN, end_row, &d);
	pol_call_release(c);
	return rc == 0 ? revoke_signed(c) : pol_call_nomem(c);
}

int
pol_admin_user_delete(const struct pol_admin *a, const char *who)
{
	return pol_call_run(a, judge_delete, NULL, (void *)(uintptr_t)who);
}
