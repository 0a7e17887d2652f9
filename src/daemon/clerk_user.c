/* SPDX-License-Identifier: Apache-2.0 */
/* user_create, _show, _list, _change, _password, _delete. */
#include <stdio.h>
#include <string.h>

#include "clerk_call.h"

static struct policy_text
type_of(const struct policy_user *u)
{
	return u->type.len != 0 ? u->type : policy_text("user");
}

static void
say(struct pol_text *t, const struct policy_user *u)
{
	pol_clerk_say_text(t, "{\"uid\":", u->uid);
	pol_clerk_say_text(t, ",\"type\":", type_of(u));
	pol_clerk_say_text(t, ",\"name\":", u->name);
	pol_clerk_say_text(t, ",\"org\":", u->org);
	pol_clerk_say_texts(t, ",\"groups\":", u->groups, u->groups_count);
	pol_clerk_say_attrs(t, ",\"attributes\":", u->attributes);
	pol_clerk_say_bool(t, ",\"disabled\":", (u->flags & POLICY_USER_DISABLED) != 0);
	pol_clerk_say_bool(t, ",\"generated\":", (u->flags & POLICY_USER_MADE) != 0);
	pol_clerk_say_bool(t, ",\"must_change\":", (u->flags & POLICY_USER_CHANGE) != 0);
	pol_clerk_say_bool(t, ",\"shadowed\":", (u->flags & POLICY_USER_SHADOWED) != 0);
	pol_clerk_say_bool(t, ",\"has_password\":", u->has_password != 0);
	pol_clerk_say_text(t, ",\"by\":", u->by.len != 0 ? u->by : (struct policy_text){ NULL, 0 });
	pol_clerk_say_time(t, ",\"created", u->created_ns);
	pol_clerk_say_time(t, ",\"valid_from", u->valid_from_ns);
	pol_text_str(t, "}");
}

/* A call that is tried again tells again: what was told before is forgotten. */
struct one {
	struct pol_text *out;
	size_t from;
};

static int
tell(void *ctx, const struct policy_user *u)
{
	struct one *o = ctx;

	o->out->len = o->from;
	say(o->out, u);
	return 0;
}

int
pol_clerk_user_create(struct pol_clerk_call *c)
{
	const struct pol_clerk_args *a = &c->a;
	struct policy_user want = POLICY_USER_INIT;
	struct one o = { c->out, c->out->len };

	want.type = a->type;
	want.name = a->name;
	want.org = a->org;
	want.groups = a->groups;
	want.groups_count = a->groups_count;
	want.attributes = a->attributes;
	want.password = a->password;
	want.flags = ((a->yes & POL_CLERK_DISABLED) != 0 ? POLICY_USER_DISABLED : 0) |
	    ((a->yes & POL_CLERK_GENERATED) != 0 ? POLICY_USER_MADE : 0) | ((a->yes & POL_CLERK_CHANGE) != 0 ? POLICY_USER_CHANGE : 0) |
	    ((a->yes & POL_CLERK_REUSE) != 0 ? POLICY_USER_REUSE : 0);
	return policy_user_create(c->policy, &c->as, &want, tell, &o, &c->err);
}

int
pol_clerk_user_show(struct pol_clerk_call *c)
{
	struct one o = { c->out, c->out->len };

	return policy_user_show(c->policy, &c->as, c->a.who.data, tell, &o, &c->err);
}

/* ---- list: ordered by type, then by name, as bytes ---- */

static int
order(struct policy_text a, struct policy_text b)
{
	const size_t n = a.len < b.len ? a.len : b.len;
	const int rc = n != 0 ? memcmp(a.data, b.data, n) : 0;

	return rc != 0 ? rc : a.len < b.len ? -1 : a.len > b.len;
}

static bool
is_behind(const struct policy_user *u, struct policy_text cursor)
{
	const char *colon = cursor.data != NULL ? strchr(cursor.data, ':') : NULL;
	int rc;

	if (colon == NULL)
		return true;
	rc = order(type_of(u), (struct policy_text){ cursor.data, (size_t)(colon - cursor.data) });
	return rc != 0 ? rc > 0 : order(u->name, policy_text(colon + 1)) > 0;
}

static int
list(void *ctx, const struct policy_user *u)
{
	struct pol_clerk_page *p = ctx;

	if (!is_behind(u, p->c->a.cursor))
		return 0;
	if (!pol_clerk_page_room(p))
		return 1;
	pol_clerk_page_comma(p);
	say(p->c->out, u);
	snprintf(p->last, sizeof(p->last), "%.*s:%.*s", (int)type_of(u).len, type_of(u).data, (int)u->name.len, u->name.data);
	return p->c->out->failed ? POLICY_ERR_NOMEM : 0;
}

int
pol_clerk_user_list(struct pol_clerk_call *c)
{
	struct pol_clerk_page p;
	int rc;

	if (c->a.cursor.data != NULL && strchr(c->a.cursor.data, ':') == NULL)
		return pol_clerk_fail(c, POLICY_ERR_ARG, "cursor: `next` of the page before is wanted");
	pol_clerk_page_begin(&p, c);
	rc = policy_user_list(c->policy, &c->as, list, &p, &c->err);
	pol_clerk_page_end(&p);
	return rc;
}

/* ---- change ---- */

static int
take_flags(void *ctx, const struct policy_user *u)
{
	*(uint32_t *)ctx = u->flags & (POLICY_USER_DISABLED | POLICY_USER_CHANGE);
	return 0;
}

static void
set_flag(uint32_t *flags, const struct pol_clerk_args *a, uint32_t member, uint32_t flag)
{
	if ((a->given & member) != 0)
		*flags = (*flags & ~flag) | ((a->yes & member) != 0 ? flag : 0);
}

/* The library takes both flags at once: one that is not spoken of is read first. */
int
pol_clerk_user_change(struct pol_clerk_call *c)
{
	const struct pol_clerk_args *a = &c->a;
	const uint32_t both = POL_CLERK_DISABLED | POL_CLERK_CHANGE;
	struct policy_user to = POLICY_USER_INIT;
	struct one o = { c->out, c->out->len };
	uint32_t what = 0;
	int rc = 0;

	what |= (a->given & both) != 0 ? POLICY_CHANGE_FLAGS : 0;
	what |= (a->given & POL_CLERK_ORG) != 0 ? POLICY_CHANGE_ORG : 0;
	what |= (a->given & POL_CLERK_GROUPS) != 0 ? POLICY_CHANGE_GROUPS : 0;
	what |= (a->given & POL_CLERK_ATTRIBUTES) != 0 ? POLICY_CHANGE_ATTRIBUTES : 0;
	what |= (a->yes & POL_CLERK_VOID) != 0 ? POLICY_CHANGE_VOID : 0;
	if (what == 0)
		return pol_clerk_fail(c, POLICY_ERR_ARG, "it is not said what to change");
	if ((a->given & both) != 0 && (a->given & both) != both)
		rc = policy_user_show(c->policy, &c->as, a->who.data, take_flags, &to.flags, &c->err);
	if (rc != 0)
		return rc;
	set_flag(&to.flags, a, POL_CLERK_DISABLED, POLICY_USER_DISABLED);
	set_flag(&to.flags, a, POL_CLERK_CHANGE, POLICY_USER_CHANGE);
	to.org = a->org;
	to.groups = a->groups;
	to.groups_count = a->groups_count;
	to.attributes = a->attributes;
	rc = policy_user_change(c->policy, &c->as, a->who.data, what, &to, &c->err);
	if (rc != 0)
		return rc;
	/* who may change it need not be allowed to read it, and may have ended his own token */
	if (policy_user_show(c->policy, &c->as, a->who.data, tell, &o, &c->err) != 0) {
		c->out->len = o.from;
		pol_text_str(c->out, "null");
	}
	return 0;
}

int
pol_clerk_user_password(struct pol_clerk_call *c)
{
	pol_text_str(c->out, "null");
	return policy_user_password(c->policy, &c->as, c->a.who.data, c->a.old, c->a.password, &c->err);
}

int
pol_clerk_user_delete(struct pol_clerk_call *c)
{
	pol_text_str(c->out, "null");
	return policy_user_delete(c->policy, &c->as, c->a.who.data, &c->err);
}
