/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lies above a thing: a graph of parents, each thing once, circles harmless.
 * `inherit: false` on a thing cuts all its parents.
 */
#include "core/eval.h"

/* The things that a text of `parent` may name; NULL: no such type. */
static bool
named(const struct pol_eval *ev, const struct pol_type *t, const char *s, size_t len,
    uint32_t *type, const char **id, size_t *id_len)
{
	const uint32_t *types = POL_AT(ev->p, t->parent_types.off);
	const char *slash = memchr(s, '/', len);

	for (uint32_t i = 0; slash != NULL && i < t->parent_types.n; i++) {
		struct pol_str name = POL_ROWS(ev->p, types, struct pol_type)[types[i]].name;

		if (pol_bytes_equal(s, (size_t)(slash - s), pol_str_at(ev->p, name), name.len)) {
			*type = types[i];
			*id = slash + 1;
			*id_len = len - (size_t)(slash + 1 - s);
			return *id_len > 0;
		}
	}
	*type = types[0];
	*id = s;
	*id_len = len;
	return t->parent_types.n == 1;
}

static int
bad(struct pol_eval *ev, const char *why)
{
	ev->why = why;
	return POLICY_ERR_ARG;
}

static int
check_one(struct pol_eval *ev, const struct policy_value *v)
{
	const struct pol_type *t = ev->type_row;
	char tmp[POL_NUM_TEXT];
	struct policy_text s;
	struct pol_val x;
	const char *id;
	uint32_t type;
	size_t len;

	pol_facts_sent(&x, v);
	x.ident = 1;
	if (!pol_facts_text(ev, &x, tmp, &s) || s.len == 0)
		return bad(ev, "resource: parent must be a text or a list of texts, not empty");
	if (s.len > POL_MAX_TYPE + 1 + POL_MAX_RESOURCE_ID) {
		ev->why = "resource: parent is longer than a type, a slash and 1024 bytes";
		return POLICY_ERR_LIMIT;
	}
	if (t != NULL && t->parent_kind == POL_PARENT_ATTRIBUTE &&
	    !named(ev, t, s.data, s.len, &type, &id, &len))
		return bad(ev, "resource: parent must be TYPE/ID of one of the declared parent types");
	return 0;
}

/* The request's own `parent` and `inherit`, heard or not, have a fixed shape. */
int
pol_above_check(struct pol_eval *ev)
{
	const struct policy_attrs *attrs = &ev->req->resource_attributes;

	for (size_t i = 0; i < attrs->count; i++) {
		const struct policy_value *v = &attrs->list[i].value;
		const struct policy_text *n = &attrs->list[i].name;
		int rc;

		if ((n->len != 6 && n->len != 7) || v->type == POLICY_NULL)
			continue;
		if (pol_bytes_equal(n->data, n->len, "inherit", 7) && v->type != POLICY_BOOL)
			return bad(ev, "resource: inherit must be true or false");
		if (!pol_bytes_equal(n->data, n->len, "parent", 6))
			continue;
		if (v->type != POLICY_LIST) {
			rc = check_one(ev, v);
			if (rc != 0)
				return rc;
			continue;
		}
		for (uint32_t k = 0; k < v->count; k++) {
			rc = check_one(ev, &v->u.items[k]);
			if (rc != 0)
				return rc;
		}
	}
	return 0;
}

static int
add(struct pol_eval *ev, uint32_t type, const char *id, size_t len, uint64_t hash)
{
	struct pol_above *x = &ev->above[ev->n_above];

	for (uint32_t i = 0; i < ev->n_above; i++) {
		if (ev->above[i].hash == hash && ev->above[i].type == type &&
		    pol_bytes_equal(ev->above[i].id, ev->above[i].len, id, len))
			return 0;
	}
	if (ev->n_above == POL_MAX_ANCESTORS) {
		ev->why = "resource: more things lie above it than the engine follows (256)";
		return POLICY_ERR_LIMIT;
	}
	x->type = type;
	x->id = id;
	x->len = (uint32_t)len;
	x->hash = hash;
	x->thing = pol_find_thing(ev->w, hash, type, id, len);
	ev->n_above++;
	return 0;
}

static int
add_text(struct pol_eval *ev, uint32_t type, const char *id, size_t len)
{
	uint64_t h = POL_ROWS(ev->p, types, struct pol_type)[type].hash;

	return add(ev, type, id, len, pol_hash_join(h, pol_hash(id, len, ev->p->seed)));
}

/* from: id. The parent's id is this id up to its last slash. */
static int
add_by_id(struct pol_eval *ev, const struct pol_type *t, const char *id, size_t len)
{
	const uint32_t *types = POL_AT(ev->p, t->parent_types.off);

	while (len > 0 && id[len - 1] != '/')
		len--;
	return len == 0 ? 0 : add_text(ev, types[0], id, len - 1);
}

static int
add_listed(struct pol_eval *ev, const void *base, struct pol_span parents)
{
	const struct pol_parent *p = POL_AT(base, parents.off);

	for (uint32_t i = 0; i < parents.n; i++) {
		int rc = add(ev, p[i].type, pol_str_at(base, p[i].id), p[i].id.len, p[i].hash);

		if (rc != 0)
			return rc;
	}
	return 0;
}

/* Parents of a thing above: the store's word, else the type's default. */
static int
add_parents(struct pol_eval *ev, const struct pol_above *x)
{
	const struct pol_type *t = &POL_ROWS(ev->p, types, struct pol_type)[x->type];
	const struct pol_thing *thing = x->thing;
	uint32_t inherit = t->default_inherit;

	if (t->parent_kind == POL_PARENT_NONE)
		return 0;
	if (thing != NULL && thing->inherit != POL_INHERIT_ABSENT)
		inherit = thing->inherit;
	if (inherit == POL_INHERIT_FALSE)
		return 0;
	if (t->parent_kind == POL_PARENT_ID)
		return add_by_id(ev, t, x->id, x->len);
	if (thing != NULL && thing->has_parent)
		return add_listed(ev, thing, pol_thing_more(thing)->parents);
	return add_listed(ev, ev->p, t->default_parents);
}

/* One text of the caller's `parent`. The text made of an integer must live as long
 * as the list of things above, so it is kept in the evaluation. */
static int
add_value(struct pol_eval *ev, const struct pol_type *t, const struct policy_value *v)
{
	const char *id, *s = v->u.text.data;
	size_t len = v->u.text.len, id_len;
	uint32_t type;

	if (v->type == POLICY_INT) {
		if (ev->n_numbers == POL_MAX_NUMBERS) {
			ev->why = "resource: too many parents given as numbers";
			return POLICY_ERR_LIMIT;
		}
		len = pol_num_format(ev->numbers[ev->n_numbers], v->u.integer);
		s = ev->numbers[ev->n_numbers++];
	}
	if (!named(ev, t, s, len, &type, &id, &id_len))
		return bad(ev, "resource: parent must be TYPE/ID of one of the declared parent types");
	return add_text(ev, type, id, id_len);
}

/* Does the caller's word count for attribute `name` here, as in pol_facts_resource? */
static const struct policy_value *
heard(struct pol_eval *ev, uint32_t name, struct pol_val *v)
{
	const struct policy_attrs *attrs = &ev->req->resource_attributes;

	if (!pol_facts_resource(ev, name, v) || v->where != POL_IN_CALLER)
		return NULL;
	for (size_t i = 0; i < attrs->count; i++) {
		struct pol_str n = POL_ROWS(ev->p, names, struct pol_name)[name].text;

		if (pol_bytes_equal(attrs->list[i].name.data, attrs->list[i].name.len,
		    pol_str_at(ev->p, n), n.len))
			return &attrs->list[i].value;
	}
	return NULL;
}

/* Parents of the thing asked about: what the caller sends may count here. */
static int
add_first(struct pol_eval *ev)
{
	const struct pol_type *t = ev->type_row;
	struct pol_above first = ev->above[0];
	const struct policy_value *said;
	struct pol_val v;
	int rc = 0;

	if (t->parent_kind == POL_PARENT_NONE || ev->req->resource_attributes.count == 0)
		return add_parents(ev, &first);
	if (pol_facts_resource(ev, ev->p->name_inherit, &v) && v.type == POLICY_BOOL && !v.u.i)
		return 0;
	if (t->parent_kind == POL_PARENT_ID)
		return add_by_id(ev, t, first.id, first.len);
	said = heard(ev, ev->p->name_parent, &v);
	if (said == NULL) {
		if (first.thing != NULL && first.thing->has_parent)
			return add_listed(ev, first.thing, pol_thing_more(first.thing)->parents);
		return add_listed(ev, ev->p, t->default_parents);
	}
	if (said->type != POLICY_LIST)
		return add_value(ev, t, said);
	for (uint32_t i = 0; rc == 0 && i < said->count; i++)
		rc = add_value(ev, t, &said->u.items[i]);
	return rc;
}

/* By the thing's record, which leaves nothing out. */
void
pol_above_stored(struct pol_eval *ev)
{
	const struct pol_thing_more *more = pol_thing_more(ev->thing);
	const struct pol_parent *up = POL_AT(ev->thing, more->parents.off);

	ev->more_above = false;
	for (uint32_t i = 0; i < more->n_above; i++) {
		struct pol_above *x = &ev->above[ev->n_above++];

		x->type = up[i].type;
		x->id = pol_str_at(ev->thing, up[i].id);
		x->len = up[i].id.len;
		x->hash = up[i].hash;
		x->thing = pol_find_thing(ev->w, x->hash, x->type, x->id, x->len);
	}
}

int
pol_above_rest(struct pol_eval *ev)
{
	int rc = add_first(ev);

	for (uint32_t i = 1; rc == 0 && i < ev->n_above; i++) {
		struct pol_above y = ev->above[i];

		rc = add_parents(ev, &y);
	}
	return rc;
}
