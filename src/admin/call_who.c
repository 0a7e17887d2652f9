/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a call is about, and whether its maker may. */
#include "admin/call.h"

#include <string.h>

struct policy_text
pol_call_type(const struct policy_row *user)
{
	return user->type.len > 0 ? user->type : policy_text("user");
}

struct pol_held_who
pol_call_who(const struct policy_row *user)
{
	return (struct pol_held_who){ pol_call_type(user), user->name };
}

bool
pol_call_is_self(const struct pol_call *c, const struct policy_row *user)
{
	return c->has_self && pol_bytes_equal(c->self.id.data, c->self.id.len, user->id.data, user->id.len);
}

/* NAME, or TYPE:NAME where it is no "user"; data NULL: no memory. */
struct policy_text
pol_call_user_name(struct pol_call *c, struct policy_text type, struct policy_text name)
{
	char *s;

	if (type.len == 0 || pol_bytes_equal(type.data, type.len, "user", 4))
		return pol_call_text(c, name);
	s = pol_arena_alloc(&c->arena, type.len + name.len + 2);
	if (s == NULL)
		return (struct policy_text){ NULL, 0 };
	memcpy(s, type.data, type.len);
	s[type.len] = ':';
	memcpy(s + type.len + 1, name.data, name.len);
	return (struct policy_text){ s, type.len + 1 + name.len };
}

/* Who is in no store is called by his name: no uid has a colon. */
struct policy_text
pol_call_by(struct pol_call *c)
{
	const struct pol_caller *by = c->a->caller;
	struct policy_text out;
	char *s;

	if (by == NULL)
		return policy_text("");
	if (c->has_self)
		return c->self.id;
	s = pol_arena_alloc(&c->arena, by->type.len + by->id.len + 2);
	if (s == NULL)
		return (struct policy_text){ NULL, 0 };
	memcpy(s, by->type.data, by->type.len);
	s[by->type.len] = ':';
	memcpy(s + by->type.len + 1, by->id.data, by->id.len);
	out = (struct policy_text){ s, by->type.len + 1 + by->id.len };
	if (out.len > 255)
		out.len = 255;
	return out;
}

int
pol_call_on(struct pol_call *c, const struct policy_row *user, struct pol_admin_on *on)
{
	memset(on, 0, sizeof(*on));
	on->type = policy_text("user");
	on->id = pol_call_user_name(c, user->type, user->name);
	on->user_id = user->id;
	on->owner = user->name;
	on->org = user->org;
	return on->id.data != NULL ? 0 : pol_call_nomem(c);
}

bool
pol_call_owner(struct pol_call *c, struct policy_text uid, struct policy_row *out)
{
	bool found = false;

	memset(out, 0, sizeof(*out));
	out->size = sizeof(*out);
	if (pol_call_hold(c) == 0) {
		found = pol_fact_find(c->e->people, POLICY_ROW_USER, uid, out);
		if (found && pol_call_keep(c, out) != 0)
			found = false;
		pol_call_release(c);
	}
	if (!found) {
		memset(out, 0, sizeof(*out));
		out->size = sizeof(*out);
		out->id = uid;
	}
	return found;
}

static bool
look(struct pol_call *c, struct policy_text type, struct policy_text name, bool by_uid, struct policy_row *out)
{
	if (by_uid)
		return pol_fact_find(c->e->people, POLICY_ROW_USER, name, out) && (out->flags & POLICY_ROW_GONE) == 0;
	return pol_fact_user(c->e->people, type, name, out) && (out->flags & POLICY_ROW_GONE) == 0;
}

int
pol_call_user(struct pol_call *c, const char *who, struct policy_row *out, struct pol_admin_on *on)
{
	const char *colon = strchr(who, ':');
	const size_t n = colon != NULL ? (size_t)(colon - who) : 0;
	const bool typed = colon != NULL && pol_name_is(who, n);
	const struct policy_text type = typed ? (struct policy_text){ who, n } : (struct policy_text)POLICY_TEXT("user");
	const struct policy_text name = policy_text(typed ? colon + 1 : who);
	bool found;
	int rc;

	memset(out, 0, sizeof(*out));
	out->size = sizeof(*out);
	if (name.len == 0 || name.len > POL_MAX_ID)
		return pol_call_fail(c, POLICY_ERR_ARG, "'%.64s' names no user: NAME, TYPE:NAME or uid:UID is wanted", who);
	rc = pol_call_hold(c);
	if (rc != 0)
		return rc;
	found = look(c, type, name, typed && pol_bytes_equal(type.data, type.len, "uid", 3), out);
	if (found)
		rc = pol_call_keep(c, out);
	pol_call_release(c);
	if (rc != 0)
		return pol_call_nomem(c);
	if (found)
		return pol_call_on(c, out, on);
	memset(out, 0, sizeof(*out));
	memset(on, 0, sizeof(*on));
	on->type = policy_text("user");
	on->id = policy_text(who);
	return POLICY_ERR_NOENT;
}

/* ---- may he? ---- */

/* 1: denied, see *d. */
static int
ask(struct pol_call *c, const char *action, const struct pol_admin_on *on, struct policy_decision *d)
{
	const struct pol_admin_env *env = c->a->env;
	int rc;

	*d = (struct policy_decision)POLICY_DECISION_INIT;
	rc = env->decide(env->ctx, action, on, d);
	if (rc != 0)
		return pol_call_fail(c, rc, "%s on %.*s/%.*s could not be decided: %s", action, (int)on->type.len, on->type.data,
		    (int)on->id.len, on->id.data, policy_strerror(rc));
	/* an engine that is off allows whatever it is asked, and has judged nothing */
	return d->verdict == POLICY_ALLOW && d->reason == POLICY_REASON_RULE ? 0 : 1;
}

int
pol_call_may(struct pol_call *c, const char *action, const struct pol_admin_on *on)
{
	struct policy_decision d;

	return ask(c, action, on, &d);
}

int
pol_call_decide(struct pol_call *c, const char *action, const struct pol_admin_on *on)
{
	struct policy_decision d;
	int rc = ask(c, action, on, &d);

	if (rc != 1)
		return rc;
	return pol_call_fail(c, POLICY_ERR_DENIED, "%s on %.*s/%.*s is denied: %s", action, (int)on->type.len, on->type.data,
	    (int)on->id.len, on->id.data, policy_reason_name((int)d.reason));
}

int
pol_call_escalate(struct pol_call *c, const char *what)
{
	const struct pol_admin_on on = { .type = POLICY_TEXT("user"), .id = POLICY_TEXT("") };
	struct policy_decision d;
	int rc = ask(c, "policy:escalate", &on, &d);

	if (rc != 1)
		return rc;
	return pol_call_fail(c, POLICY_ERR_DENIED, "%s: that needs policy:escalate, which is denied: %s", what,
	    policy_reason_name((int)d.reason));
}

int
pol_call_gives_group(struct pol_call *c, struct policy_text group)
{
	const struct pol_held_who self = { c->a->caller->type, c->a->caller->id };
	bool declared, held;
	int rc = pol_call_hold(c);

	if (rc != 0)
		return rc;
	declared = pol_held_group_number(c->e, group) != POL_NONE && !(group.len >= 4 && memcmp(group.data, "map:", 4) == 0);
	held = !c->limited && pol_held_group(c->e, &self, group);
	pol_call_release(c);
	if (!declared)
		return pol_call_fail(c, POLICY_ERR_INVALID, "the set declares no group '%.*s'", (int)group.len, group.data);
	return held ? 0 : pol_call_escalate(c, c->limited ? "a credential with limits gives no group" :
	    "a group is given by who is in it");
}

int
pol_call_not_last(struct pol_call *c, const struct policy_row *user)
{
	const struct pol_held_who who = pol_call_who(user);
	bool last;
	int rc = pol_call_hold(c);

	if (rc != 0)
		return rc;
	last = pol_fact_standing(c->e->people, user) == POL_STANDING_GOOD && pol_held_is_admin(c->e, &who, c->now) &&
	    !pol_held_has_admin(c->e, &who, c->now);
	pol_call_release(c);
	return last ? pol_call_fail(c, POLICY_ERR_INVALID, "%.*s is the last who has policy:escalate, and keeps it",
	    (int)user->name.len, user->name.data) : 0;
}
