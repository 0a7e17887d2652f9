/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user change: the library replaces flags and attributes as a whole, so those that are
 * not spoken of are read first.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/account.h"
#include "cli/request.h"

struct before {
	const struct pol_args *a;
	struct pol_bump bump;
	struct policy_attr *attrs;	/* room for those of the options too */
	size_t n;
	uint32_t flags;
};

static struct policy_text
keep(struct before *b, struct policy_text t)
{
	char *p = pol_bump_alloc(&b->bump, t.len + 1);

	if (p != NULL && t.len > 0)
		memcpy(p, t.data, t.len);
	return (struct policy_text){ p, t.len };
}

static bool
is_text(struct policy_text t, const char *s, size_t len)
{
	return t.len == len && memcmp(t.data, s, len) == 0;
}

static bool
is_spoken_of(const struct pol_args *a, struct policy_text name)
{
	for (size_t i = 0; i < a->attributes.n; i++)
		if (is_text(name, a->attributes.list[i], strcspn(a->attributes.list[i], "=")))
			return true;
	for (size_t i = 0; i < a->unset.n; i++)
		if (is_text(name, a->unset.list[i], strlen(a->unset.list[i])))
			return true;
	return false;
}

static int
remember(void *ctx, const struct policy_user *u)
{
	struct before *b = ctx;

	b->flags = u->flags;
	b->attrs = pol_bump_alloc(&b->bump, (u->attributes.count + b->a->attributes.n + 1) * sizeof(*b->attrs));
	for (size_t i = 0; b->attrs != NULL && i < u->attributes.count; i++) {
		struct policy_attr at = u->attributes.list[i];

		if (is_spoken_of(b->a, at.name))
			continue;
		at.name = keep(b, at.name);
		if (at.value.type == POLICY_STRING)
			at.value.u.text = keep(b, at.value.u.text);
		if (at.name.data == NULL || (at.value.type == POLICY_STRING && at.value.u.text.data == NULL))
			return POLICY_ERR_NOMEM;
		b->attrs[b->n++] = at;
	}
	return b->attrs == NULL ? POLICY_ERR_NOMEM : 0;
}

static int
check(const struct pol_args *a)
{
	if ((a->disable && a->enable) || (a->must_change && a->need_not_change))
		return pol_out_usage(a, "an option and its opposite exclude each other");
	if (!a->disable && !a->enable && !a->must_change && !a->need_not_change && !a->void_tokens && a->org == NULL &&
	    a->groups == NULL && a->attributes.n == 0 && a->unset.n == 0)
		return pol_out_usage(a, "nothing to change: an option is wanted");
	return 0;
}

static uint32_t
flags_of(const struct pol_args *a, uint32_t flags)
{
	flags &= POLICY_USER_DISABLED | POLICY_USER_CHANGE;
	flags |= (a->disable ? POLICY_USER_DISABLED : 0) | (a->must_change ? POLICY_USER_CHANGE : 0);
	return flags & ~((a->enable ? POLICY_USER_DISABLED : 0) | (a->need_not_change ? POLICY_USER_CHANGE : 0));
}

static uint32_t
what_of(const struct pol_args *a)
{
	const bool flags = a->disable || a->enable || a->must_change || a->need_not_change;

	return (flags ? POLICY_CHANGE_FLAGS : 0) | (a->org != NULL ? POLICY_CHANGE_ORG : 0) |
	    (a->groups != NULL ? POLICY_CHANGE_GROUPS : 0) | (a->void_tokens ? POLICY_CHANGE_VOID : 0) |
	    (a->attributes.n + a->unset.n > 0 ? POLICY_CHANGE_ATTRIBUTES : 0);
}

static int
change(struct pol_account *c, struct before *b, const struct policy_attr *attrs)
{
	struct policy_user to = POLICY_USER_INIT;
	const struct pol_args *a = c->a;
	const uint32_t what = what_of(a);
	struct policy_text *groups;
	int rc = 0;

	if ((what & (POLICY_CHANGE_FLAGS | POLICY_CHANGE_ATTRIBUTES)) != 0)
		rc = policy_user_show(c->host.p, &c->as, a->words[0], remember, b, &c->err);
	if (rc != 0)
		return pol_account_said(c, rc);
	groups = pol_user_items(a->groups, &to.groups_count);
	if (groups == NULL)
		return EX_OSERR;
	for (size_t i = 0; i < a->attributes.n; i++)
		b->attrs[b->n++] = attrs[i];
	to.flags = flags_of(a, b->flags);
	to.org = policy_text(a->org);
	to.groups = groups;
	to.attributes = (struct policy_attrs){ b->attrs, b->n };
	rc = pol_account_said(c, policy_user_change(c->host.p, &c->as, a->words[0], what, &to, &c->err));
	free(groups);
	return rc;
}

int
pol_cmd_user_change(struct pol_account *c)
{
	struct before b = { .a = c->a };
	struct policy_attr *attrs;
	int rc = check(c->a);

	if (rc != 0)
		return rc;
	attrs = pol_user_attributes(c->a, &rc);
	if (rc == 0)
		rc = change(c, &b, attrs);
	free(attrs);
	pol_bump_fini(&b.bump);
	return pol_say_done(c, rc);
}
