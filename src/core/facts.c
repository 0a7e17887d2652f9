/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known: finds the value that a path names. What the set or the store
 * knows comes before what the credential says, that before what the caller sends
 * (a type may turn that round for an attribute); a null is no value.
 */
#include "core/eval.h"

static inline void
take_sent(struct pol_val *out, const struct policy_value *v)
{
	out->type = (uint8_t)v->type;
	out->ident = 0;
	out->is_now = 0;
	out->where = POL_IN_CALLER;
	out->base = NULL;
	if (v->type == POLICY_STRING) {		/* most are */
		out->n = (uint32_t)v->u.text.len;
		out->u.s = v->u.text.data;
		return;
	}
	out->n = v->count;
	switch ((enum policy_type)v->type) {
	case POLICY_DOUBLE:
		out->u.d = v->u.real;
		break;
	case POLICY_BOOL:
		out->u.i = v->u.boolean != 0;
		break;
	case POLICY_LIST:
		out->u.p = v->u.items;
		break;
	case POLICY_OBJECT:
		out->u.p = v->u.members;
		break;
	default:
		out->u.i = v->u.integer;
	}
}

void
pol_facts_stored(struct pol_val *out, const struct pol_sval *v, const void *base)
{
	out->type = v->type;
	out->ident = 0;
	out->is_now = 0;
	out->where = POL_IN_STORE;
	out->n = v->n;
	out->base = base;
	if (v->type == POLICY_INT || v->type == POLICY_BOOL || v->type == POL_T_TIME)
		out->u.i = v->u.i;
	else if (v->type == POLICY_DOUBLE)
		out->u.d = v->u.d;
	else
		out->u.p = POL_AT(base, v->u.off);
}

void
pol_facts_sent(struct pol_val *out, const struct policy_value *v)
{
	take_sent(out, v);
}

/* Of a bag, or the members of an object, as the caller sends them. */
static bool
in_caller(struct pol_val *out, const struct policy_attr *a, size_t n, const char *s, size_t len)
{
	for (size_t i = 0; i < n; i++) {
		if (a[i].name.len == len && pol_bytes_same(a[i].name.data, s, len)) {
			take_sent(out, &a[i].value);
			return a[i].value.type != POLICY_NULL;
		}
	}
	return false;
}

/* Stored attributes are a block, offsets from its start; members of an object lie in
 * the block of their attribute. */
static bool
in_store(struct pol_val *out, const void *block, const struct pol_sattr *a, uint32_t n,
    const struct pol_name *name, const char *s)
{
	for (uint32_t i = 0; i < n; i++) {
		if (a[i].hash == name->hash && a[i].name.len == name->text.len &&
		    pol_bytes_same(pol_str_at(block, a[i].name), s, name->text.len)) {
			pol_facts_stored(out, &a[i].value, block);
			return true;
		}
	}
	return false;
}

static const struct pol_attrdef *
definition(const struct pol_eval *ev, uint32_t name)
{
	const struct pol_attrdef *d;

	if (ev->type_row == NULL)
		return NULL;
	d = POL_AT(ev->p, ev->type_row->attrs.off);
	for (uint32_t i = 0; i < ev->type_row->attrs.n; i++) {
		if (d[i].name == name)
			return &d[i];
	}
	return NULL;
}

static inline bool
in_thing(const struct pol_eval *ev, const struct pol_name *n, struct pol_val *out)
{
	struct pol_span own;
	const void *block;

	if (ev->thing == NULL || ev->thing->more == 0)
		return false;
	own = pol_thing_more(ev->thing)->attrs;
	block = POL_AT(ev->thing, own.off);
	return in_store(out, block, block, own.n, n, pol_str_at(ev->p, n->text));
}

static inline bool
in_request(const struct pol_eval *ev, const struct pol_name *n, struct pol_val *out)
{
	const struct policy_attrs *bag = &ev->req->resource_attributes;

	return in_caller(out, bag->list, bag->count, pol_str_at(ev->p, n->text), n->text.len);
}

/* An attribute that the thing's type declares. */
static bool
declared(const struct pol_eval *ev, const struct pol_attrdef *d, const struct pol_name *n, struct pol_val *out)
{
	if ((d->from == POL_FROM_CALLER && in_request(ev, n, out)) || in_thing(ev, n, out) ||
	    (d->from == POL_FROM_ANY && in_request(ev, n, out))) {
		out->ident = d->is_text;
		return true;
	}
	if (!d->has_default)
		return false;
	pol_facts_stored(out, &d->dflt, ev->p);
	out->ident = d->is_text;
	return true;
}

bool
pol_facts_resource(struct pol_eval *ev, uint32_t name, struct pol_val *out)
{
	const struct pol_name *n = &POL_ROWS(ev->p, names, struct pol_name)[name];
	const struct pol_attrdef *d = definition(ev, name);

	if (d != NULL ? !declared(ev, d, n, out) : !in_thing(ev, n, out) && !in_request(ev, n, out))
		return false;
	if (name == ev->p->name_parent)
		out->ident = 1;
	return true;
}

static bool
side_special(const struct pol_eval *ev, const struct pol_side *side, enum pol_special sp, struct pol_val *out)
{
	if (sp == POL_SP_TYPE || sp == POL_SP_ID) {
		const struct policy_text *t = sp == POL_SP_ID ? &side->id : &side->type;

		pol_facts_bytes(out, t->data, t->len);
		return side->present;
	}
	out->type = POLICY_LIST;
	out->ident = 0;
	out->is_now = 0;
	out->where = sp == POL_SP_ROLES ? POL_IN_ROLES : POL_IN_GROUPS;
	out->n = 0;
	out->u.p = NULL;
	out->base = side;
	/* nobody asked through has roles (everyone's); no actor has none */
	return side->present || side == &ev->subject;
}

static bool
side_get(struct pol_eval *ev, const struct pol_side *side, uint32_t name, struct pol_val *out)
{
	const struct pol_name *n = &POL_ROWS(ev->p, names, struct pol_name)[name];
	const char *s = pol_str_at(ev->p, n->text);
	const struct policy_value *said = side->said;

	if (!side->present)
		return false;
	if (side->record != NULL && side->record->more != 0) {
		const struct pol_holder_more *m = pol_holder_more(side->record);
		const struct pol_sattr *own = pol_more_attrs(m);

		if (in_store(out, own, own, m->n_attrs, n, s))
			return true;
	}
	return (said != NULL && in_caller(out, said->u.members, said->count, s, n->text.len)) ||
	    in_caller(out, side->sent->list, side->sent->count, s, n->text.len);
}

static bool
token_special(const struct pol_eval *ev, enum pol_special sp, struct pol_val *out)
{
	const struct policy_token *t = ev->token;

	if (sp != POL_SP_SCOPES) {
		const struct policy_text *x = sp == POL_SP_KIND ? &t->kind : &t->id;

		pol_facts_bytes(out, x->data, x->len);
		return x->data != NULL;
	}
	out->type = POLICY_LIST;
	out->ident = 0;
	out->is_now = 0;
	out->where = POL_IN_TEXTS;
	out->n = (uint32_t)t->scopes_count;
	out->u.p = t->scopes;
	out->base = NULL;
	return (t->flags & POLICY_TOKEN_SCOPED) != 0;
}

/* What the engine says itself: nothing that is sent is heard beside it. */
static bool
special(struct pol_eval *ev, const struct pol_path *path, struct pol_val *out)
{
	struct pol_str name;

	switch ((enum pol_root)path->root) {
	case POL_ROOT_SUBJECT:
		return side_special(ev, &ev->subject, (enum pol_special)path->special, out);
	case POL_ROOT_ACTOR:
		return side_special(ev, &ev->actor, (enum pol_special)path->special, out);
	case POL_ROOT_RESOURCE:
		if (path->special == POL_SP_ID)
			pol_facts_bytes(out, ev->req->resource_id.data, ev->req->resource_id.len);
		else
			pol_facts_bytes(out, ev->req->resource_type.data, ev->req->resource_type.len);
		return ev->has_resource;
	case POL_ROOT_ACTION:
		name = pol_action_key(ev->p, ev->action);
		pol_facts_bytes(out, pol_str_at(ev->p, name), name.len);
		return true;
	case POL_ROOT_CONTEXT:
		pol_facts_bytes(out, NULL, 0);
		out->is_now = 1;
		return true;
	case POL_ROOT_TOKEN:
		return ev->token != NULL && token_special(ev, (enum pol_special)path->special, out);
	}
	return false;
}

/* The value of the path's first name. */
static inline bool
first(struct pol_eval *ev, const struct pol_path *path, uint32_t name, struct pol_val *out)
{
	struct pol_str t;
	const struct policy_attrs *bag;

	if (path->special != POL_SP_NONE)
		return special(ev, path, out);
	switch ((enum pol_root)path->root) {
	case POL_ROOT_SUBJECT:
		return side_get(ev, &ev->subject, name, out);
	case POL_ROOT_ACTOR:
		return side_get(ev, &ev->actor, name, out);
	case POL_ROOT_RESOURCE:
		return ev->has_resource && pol_facts_resource(ev, name, out);
	case POL_ROOT_ACTION:
		bag = &ev->req->action_attributes;
		break;
	case POL_ROOT_CONTEXT:
		bag = &ev->req->context;
		break;
	case POL_ROOT_TOKEN:
		if (ev->token == NULL)
			return false;
		bag = &ev->token->attributes;
		break;
	default:
		return false;
	}
	t = POL_ROWS(ev->p, names, struct pol_name)[name].text;
	return in_caller(out, bag->list, bag->count, pol_str_at(ev->p, t), t.len);
}

/* The member of an object that is in *out, into *out. */
static bool
member(const struct pol_eval *ev, uint32_t name, struct pol_val *out)
{
	const struct pol_name *n = &POL_ROWS(ev->p, names, struct pol_name)[name];
	const char *s = pol_str_at(ev->p, n->text);

	if (out->type != POLICY_OBJECT)
		return false;
	if (out->where == POL_IN_STORE)
		return in_store(out, out->base, out->u.p, out->n, n, s) && out->type != POLICY_NULL;
	return in_caller(out, out->u.p, out->n, s, n->text.len);
}

static __attribute__((noinline)) bool
members(const struct pol_eval *ev, const uint32_t *names, uint32_t n, struct pol_val *out)
{
	for (uint32_t i = 0; i < n; i++) {
		if (!member(ev, names[i], out))
			return false;
	}
	return true;
}

bool
pol_facts_get(struct pol_eval *ev, uint32_t index, struct pol_val *out)
{
	const struct pol_path *path = &POL_ROWS(ev->p, paths, struct pol_path)[index];
	const uint32_t *names = POL_ROWS(ev->p, path_names, uint32_t) + path->first;

	if (!first(ev, path, names[0], out))
		return false;
	if (path->flags & POL_PATH_IDENT)
		out->ident = 1;
	return path->n == 1 || members(ev, names + 1, path->n - 1u, out);
}

/* v as text, if it is one: an integer where text is due is its decimal text. */
bool
pol_facts_text(struct pol_eval *ev, const struct pol_val *v, char tmp[POL_NUM_TEXT], struct policy_text *out)
{
	if (v->is_now) {
		if (ev->now_text != NULL) {
			*out = *ev->now_text;
			return true;
		}
		if (ev->now_len == 0)
			ev->now_len = (uint32_t)pol_time_format(ev->now_buf, ev->now);
		out->data = ev->now_buf;
		out->len = ev->now_len;
		return true;
	}
	if (v->type == POLICY_STRING) {
		out->data = v->u.s;
		out->len = v->n;
		return true;
	}
	if (v->type == POLICY_INT && v->ident) {
		out->len = pol_num_format(tmp, v->u.i);
		out->data = tmp;
		return true;
	}
	return false;
}
