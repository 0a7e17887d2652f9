/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/tell.h"

#include <stdlib.h>
#include <string.h>

#include "people/rows.h"

/* What a callback may say: to stop, or to fail. */
static int
said(int rc)
{
	return rc > 0 ? 1 : rc;
}

struct gathering {
	struct pol_call *c;
	struct policy_text owner;
	struct policy_row *list;
	size_t n, room;
};

static int
gather(void *ctx, const struct policy_row *row)
{
	struct gathering *g = ctx;

	if ((row->flags & POLICY_ROW_GONE) != 0)
		return 0;
	if (g->owner.data != NULL && !pol_bytes_equal(row->owner.data, row->owner.len, g->owner.data, g->owner.len))
		return 0;
	if (g->n == g->room) {
		const size_t room = g->room == 0 ? 64 : 2 * g->room;
		struct policy_row *list = realloc(g->list, room * sizeof(*list));

		if (list == NULL)
			return POLICY_ERR_NOMEM;
		g->list = list;
		g->room = room;
	}
	g->list[g->n] = *row;
	return pol_call_keep(g->c, &g->list[g->n++]);
}

int
pol_tell_by_owner(const void *a, const void *b)
{
	const struct policy_row *x = a, *y = b;
	int order = pol_bytes_cmp(x->owner.data, x->owner.len, y->owner.data, y->owner.len);

	if (order == 0)
		order = x->made_ns < y->made_ns ? -1 : x->made_ns > y->made_ns;
	return order != 0 ? order : pol_bytes_cmp(x->id.data, x->id.len, y->id.data, y->id.len);
}

struct policy_row *
pol_tell_gather(struct pol_call *c, uint32_t kind, struct policy_text owner, int (*cmp)(const void *, const void *),
    size_t *n, int *rc)
{
	struct gathering g = { .c = c, .owner = owner };
	struct policy_row *list = NULL;

	*n = 0;
	*rc = pol_call_hold(c);
	if (*rc != 0)
		return NULL;
	*rc = pol_fact_each(c->e->people, kind, gather, &g);
	pol_call_release(c);
	if (*rc == 0)
		list = pol_arena_array(&c->arena, g.n + 1, sizeof(*list));
	if (list != NULL && g.n > 0) {
		memcpy(list, g.list, g.n * sizeof(*list));
		qsort(list, g.n, sizeof(*list), cmp);
	}
	*n = list != NULL ? g.n : 0;
	free(g.list);
	if (list == NULL)
		*rc = pol_call_nomem(c);
	return list;
}

/* ---- users ---- */

static uint32_t
user_flags(struct pol_call *c, const struct policy_row *user)
{
	uint32_t flags = (user->flags & POLICY_ROW_OFF) != 0 ? POLICY_USER_DISABLED : 0;

	if ((user->flags & POLICY_ROW_MADE) != 0)
		flags |= POLICY_USER_MADE;
	if ((user->flags & POLICY_ROW_CHANGE) != 0)
		flags |= POLICY_USER_CHANGE;
	if (pol_call_hold(c) == 0) {
		if (pol_fact_standing(c->e->people, user) == POL_STANDING_SHADOWED)
			flags |= POLICY_USER_SHADOWED;
		pol_call_release(c);
	}
	return flags;
}

int
pol_tell_user(struct pol_call *c, const struct policy_row *user, policy_user_fn *fn, void *ctx)
{
	struct policy_user u = POLICY_USER_INIT;
	struct policy_attr *attrs;
	char *room;
	size_t n = 0;

	if (fn == NULL)
		return 0;
	attrs = pol_arena_array(&c->arena, POL_ROWS_ATTRIBUTES, sizeof(*attrs));
	room = pol_arena_alloc(&c->arena, user->attributes.len + 1);
	u.groups = pol_call_split(c, user->list, &u.groups_count);
	if (attrs == NULL || room == NULL || u.groups == NULL)
		return pol_call_nomem(c);
	if (user->attributes.len > 0 && pol_rows_attributes_decode(user->attributes, attrs, &n, room) != 0)
		n = 0;
	u.flags = user_flags(c, user);
	u.uid = user->id;
	u.type = user->type;
	u.name = user->name;
	u.org = user->org;
	u.attributes = (struct policy_attrs){ attrs, n };
	u.by = user->by;
	u.created_ns = user->made_ns;
	u.valid_from_ns = user->from_ns;
	u.has_password = user->secret.len > 0;
	return said(fn(ctx, &u));
}

/* ---- grants ---- */

int
pol_tell_grant(struct pol_call *c, const struct policy_row *grant, const struct policy_row *owner, policy_grant_fn *fn,
    void *ctx)
{
	struct policy_grant g = POLICY_GRANT_INIT;

	if (fn == NULL)
		return 0;
	g.id = grant->id;
	g.who = pol_call_user_name(c, owner->type, owner->name);
	g.uid = grant->owner;
	g.role = grant->name;
	g.resource = grant->resource;
	g.from_ns = grant->from_ns;
	g.until_ns = grant->until_ns;
	g.by = grant->by;
	g.created_ns = grant->made_ns;
	return said(fn(ctx, &g));
}

/* ---- tokens ---- */

/* Good now, by what the store has of it; whether its kind and its scopes open anything, only
 * a decision tells. */
static bool
is_active(struct pol_call *c, const struct policy_row *t, const struct policy_row *owner)
{
	struct policy_row by = POLICY_ROW_INIT;
	bool good;

	if ((t->flags & POLICY_ROW_GONE) != 0 || (t->until_ns != 0 && c->now >= t->until_ns) || t->from_ns < owner->from_ns)
		return false;
	good = pol_fact_standing(c->e->people, owner) == POL_STANDING_GOOD;
	if (good && (t->flags & POLICY_ROW_ACTOR) != 0)
		good = pol_fact_find(c->e->people, POLICY_ROW_USER, t->by, &by) &&
		    pol_fact_standing(c->e->people, &by) == POL_STANDING_GOOD;
	return good;
}

static int
look(struct pol_call *c, const struct policy_row *t, const struct policy_row *owner, struct policy_token_info *i)
{
	int rc = pol_call_hold(c);

	if (rc != 0)
		return rc;
	i->active = owner->name.data != NULL && is_active(c, t, owner);
	if ((t->flags & POLICY_ROW_SCOPED) != 0)
		i->implied = pol_tell_implied(c, i->scopes, i->scopes_count, &i->implied_count);
	pol_call_release(c);
	return (t->flags & POLICY_ROW_SCOPED) != 0 && i->implied == NULL ? pol_call_nomem(c) : 0;
}

static uint32_t
token_flags(const struct policy_row *t)
{
	uint32_t flags = (t->flags & POLICY_ROW_SCOPED) != 0 ? POLICY_TOKEN_SCOPED : 0;

	if ((t->flags & POLICY_ROW_RENEWABLE) != 0)
		flags |= POLICY_TOKEN_RENEWABLE;
	if ((t->flags & POLICY_ROW_GONE) != 0)
		flags |= POLICY_TOKEN_REVOKED;
	if ((t->flags & POLICY_ROW_ACTOR) != 0)
		flags |= POLICY_TOKEN_ACTOR;
	return t->secret.len == 0 ? flags | POLICY_TOKEN_SIGNED : flags;
}

int
pol_tell_token(struct pol_call *c, const struct policy_row *t, const struct policy_row *owner, struct policy_text secret,
    policy_token_fn *fn, void *ctx)
{
	struct policy_token_info i = POLICY_TOKEN_INFO_INIT;
	int rc;

	if (fn == NULL)
		return 0;
	i.scopes = pol_call_split(c, t->list, &i.scopes_count);
	i.who = pol_call_user_name(c, owner->type, owner->name);
	if (i.scopes == NULL)
		return pol_call_nomem(c);
	rc = look(c, t, owner, &i);
	if (rc != 0)
		return rc;
	i.flags = token_flags(t);
	i.id = t->id;
	i.kind = t->type;
	i.name = t->name;
	i.step = t->source;
	i.expires_ns = t->until_ns;
	i.prefix = t->resource;
	i.secret = secret;
	i.user_id = t->owner;
	i.org = owner->org;
	i.by = t->by;
	i.created_ns = t->made_ns;
	i.issued_ns = t->from_ns;
	return said(fn(ctx, &i));
}
