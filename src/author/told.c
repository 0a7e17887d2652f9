/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a path stands for in one request, found by walking the text: for sentences
 * only. The engine's own look-up (core/facts.c) is what decides.
 */
#include "author/author.h"

#include <string.h>

#include "base/name.h"

static const struct policy_text user_type = POLICY_TEXT("user");

static bool
is(struct policy_text t, const char *s)
{
	return pol_bytes_equal(t.data, t.len, s, strlen(s));
}

static bool
same(struct policy_text a, struct policy_text b)
{
	return pol_bytes_equal(a.data, a.len, b.data, b.len);
}

const struct policy_value *
pol_told_member(const struct policy_attr *list, size_t n, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (pol_bytes_equal(list[i].name.data, list[i].name.len, name, len))
			return list[i].value.type == POLICY_NULL ? NULL : &list[i].value;
	return NULL;
}

static const struct policy_value *
in_bag(const struct policy_attrs *bag, const char *name, size_t len)
{
	return bag == NULL ? NULL : pol_told_member(bag->list, bag->count, name, len);
}

const struct ast_user *
pol_told_user(const struct policy_set *set, bool fixtures, struct policy_text type, struct policy_text id)
{
	size_t i;

	if (id.data == NULL)
		return NULL;
	if (type.data == NULL)
		type = user_type;
	for (i = 0; i < set->ast->users.n; i++) {
		const struct ast_user *u = set->ast->users.list[i];

		if ((fixtures || !u->fixture) && same(ast_holder_type(&u->who), type) && same(ast_holder_name(&u->who), id))
			return u;
	}
	return NULL;
}

const struct ast_thing *
pol_told_thing(const struct policy_set *set, bool fixtures, uint32_t type, struct policy_text id)
{
	size_t i;

	for (i = 0; i < set->ast->things.n; i++) {
		const struct ast_thing *t = set->ast->things.list[i];

		if ((fixtures || !t->fixture) && t->type == type && same(t->id, id))
			return t;
	}
	return NULL;
}

const struct policy_value *
pol_told_attribute(const struct ast_type *type, const struct ast_thing *thing,
    const struct policy_attrs *sent, const char *name, size_t len)
{
	const struct ast_attr *def = NULL;
	const struct policy_value *v = NULL;
	enum pol_attr_from from = POL_FROM_ANY;
	size_t i;

	for (i = 0; type != NULL && i < type->n_attrs; i++)
		if (pol_bytes_equal(type->attrs[i].name->u.text, type->attrs[i].name->count, name, len))
			def = &type->attrs[i];
	if (def != NULL)
		from = def->from;
	if (from == POL_FROM_CALLER)
		v = in_bag(sent, name, len);
	if (v == NULL && thing != NULL)
		v = in_bag(&thing->attrs, name, len);
	if (v == NULL && from == POL_FROM_ANY)
		v = in_bag(sent, name, len);
	if (v == NULL && def != NULL && def->value.type != POLICY_NULL)
		v = &def->value;
	return v;
}

void
pol_told_init(struct pol_told_view *v, const struct policy_set *set, bool fixtures,
    const struct policy_request *req, struct policy_text now_text)
{
	uint64_t hash;

	memset(v, 0, sizeof(*v));
	v->set = set;
	v->req = req;
	v->now_text = now_text;
	v->user = pol_told_user(set, fixtures, req->subject_type, req->subject_id);
	v->actor = pol_told_user(set, fixtures, req->actor_type, req->actor_id);
	v->type = POL_NONE;
	if (req->resource_type.data != NULL)
		v->type = pol_find_type(set->own.program, req->resource_type.data,
		    req->resource_type.len, &hash);
	if (v->type != POL_NONE)
		v->thing = pol_told_thing(set, fixtures, v->type, req->resource_id);
}

static bool
put_text(struct policy_value *out, struct policy_text t)
{
	out->type = POLICY_STRING;
	out->count = 0;
	out->u.text = t;
	return t.data != NULL;
}

/* What the engine says itself. 1: said; 0: absent; -1: it is no such name. */
static int
side_special(struct policy_value *out, struct policy_text name,
    struct policy_text type, struct policy_text id, bool even_nobody)
{
	if (is(name, "type"))
		return put_text(out, id.data == NULL || type.data != NULL ? type : user_type) && id.data != NULL;
	if (is(name, "id"))
		return put_text(out, id);
	if (is(name, "groups") || is(name, "roles")) {
		out->type = POLICY_NULL;
		return id.data != NULL || even_nobody;
	}
	return -1;
}

static const struct policy_value *
side_first(const struct ast_user *row, const struct policy_value *said,
    const struct policy_attrs *sent, struct policy_text name)
{
	const struct policy_value *v = NULL;

	if (row != NULL)
		v = in_bag(&row->attrs, name.data, name.len);
	if (v == NULL && said != NULL && said->type == POLICY_OBJECT)
		v = pol_told_member(said->u.members, said->count, name.data, name.len);
	return v != NULL ? v : in_bag(sent, name.data, name.len);
}

static int
token_special(struct policy_value *out, const struct policy_token *t, struct policy_text name)
{
	if (is(name, "kind"))
		return put_text(out, t->kind);
	if (is(name, "id"))
		return put_text(out, t->id);
	if (is(name, "scopes")) {
		out->type = POLICY_NULL;
		return (t->flags & POLICY_TOKEN_SCOPED) != 0;
	}
	return -1;
}

static int
special(const struct pol_told_view *v, enum pol_root root, struct policy_text name,
    struct policy_value *out)
{
	const struct policy_request *r = v->req;

	switch (root) {
	case POL_ROOT_SUBJECT:
		return side_special(out, name, r->subject_type, r->subject_id, true);
	case POL_ROOT_ACTOR:
		return side_special(out, name, r->actor_type, r->actor_id, false);
	case POL_ROOT_RESOURCE:
		if (is(name, "type"))
			return put_text(out, r->resource_type);
		return is(name, "id") ? put_text(out, r->resource_id) : -1;
	case POL_ROOT_ACTION:
		return is(name, "name") ? put_text(out, r->action) : -1;
	case POL_ROOT_CONTEXT:
		return is(name, "time") ? put_text(out, v->now_text) : -1;
	case POL_ROOT_TOKEN:
		return r->token == NULL ? 0 : token_special(out, r->token, name);
	}
	return 0;
}

static const struct policy_value *
first(const struct pol_told_view *v, enum pol_root root, struct policy_text name)
{
	const struct policy_request *r = v->req;
	const struct policy_value *said = NULL;

	switch (root) {
	case POL_ROOT_SUBJECT:
		if (r->subject_id.data == NULL)
			return NULL;
		if (r->token != NULL)
			said = in_bag(&r->token->attributes, "subject", 7);
		return side_first(v->user, said, &r->subject_attributes, name);
	case POL_ROOT_ACTOR:
		return r->actor_id.data == NULL ? NULL :
		    side_first(v->actor, NULL, &r->actor_attributes, name);
	case POL_ROOT_RESOURCE:
		return r->resource_type.data == NULL ? NULL : pol_told_attribute(
		    v->type == POL_NONE ? NULL : v->set->ast->types.list[v->type],
		    v->thing, &r->resource_attributes, name.data, name.len);
	case POL_ROOT_ACTION:
		return in_bag(&r->action_attributes, name.data, name.len);
	case POL_ROOT_CONTEXT:
		return in_bag(&r->context, name.data, name.len);
	case POL_ROOT_TOKEN:
		return in_bag(&r->token->attributes, name.data, name.len);
	}
	return NULL;
}

bool
pol_told_get(const struct pol_told_view *v, const struct ast_path *path, struct policy_value *out)
{
	const struct policy_value *at;
	int sp = special(v, path->root, path->names[0], out);
	size_t i;

	if (sp >= 0)
		return sp > 0 && path->n == 1;
	at = first(v, path->root, path->names[0]);
	for (i = 1; at != NULL && i < path->n; i++)
		at = at->type != POLICY_OBJECT ? NULL : pol_told_member(at->u.members, at->count,
		    path->names[i].data, path->names[i].len);
	if (at == NULL)
		return false;
	*out = *at;
	return true;
}
