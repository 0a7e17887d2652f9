/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A verified token's claims as an identity. A claim is named by its name, or, where no
 * claim has that name, as a path: realm_access.roles. So a name that holds points, as
 * an address does, needs no quoting.
 */
#include "claims.h"

#include <stdio.h>
#include <string.h>

#define SUBJECT_MOST 255		/* of an identity's texts */
#define DEPTH_MOST 8			/* of an attribute */

/* Room for one attribute. */
struct filling {
	struct policy_value values[POLICY_IDENTITY_VALUES];
	struct policy_attr members[POLICY_IDENTITY_VALUES / 2];
	uint32_t n_values, n_members;
};

static const struct jwt_value *
claim(const struct jwt_value *payload, const char *path)
{
	const struct jwt_value *v = jwt_json_get(payload, path, strlen(path));
	const char *point;

	if (v != NULL)
		return v;
	for (v = payload; (point = strchr(path, '.')) != NULL && v != NULL; path = point + 1)
		v = jwt_json_get(v, path, (size_t)(point - path));
	return jwt_json_get(v, path, strlen(path));
}

/* ---- lists of texts ---- */

typedef int add_fn(struct policy_identity *id, struct policy_text t);

/* A text, or a list of texts. */
static bool
add_texts(struct policy_identity *id, add_fn *add, const struct jwt_value *v)
{
	uint32_t n;

	if (v->type == JWT_TEXT)
		return add(id, v->u.text) == 0;
	if (v->type != JWT_LIST)
		return false;
	for (const struct jwt_value *i = jwt_json_first(v, &n); n > 0; i = jwt_json_next(i, &n)) {
		if (i->type != JWT_TEXT || add(id, i->u.text) != 0)
			return false;
	}
	return true;
}

/* RFC 6749 section 3.3: words with blanks between them; some issuers make it a list. */
static bool
fill_scopes(const struct jwt_conf *c, const struct policy_host *h, const struct jwt_value *payload, struct policy_identity *id)
{
	const struct jwt_value *v = claim(payload, c->scopes != NULL ? c->scopes : "scope");
	struct policy_text rest;

	if (v == NULL && c->scopes == NULL)
		v = jwt_json_get(payload, "scp", 3);
	if (v == NULL)
		return true;
	(void)h->set_scoped(id);
	if (v->type != JWT_TEXT)
		return v->type == JWT_LIST && add_texts(id, h->add_scope, v);
	for (rest = v->u.text; rest.len > 0;) {
		const char *blank = memchr(rest.data, ' ', rest.len);
		const size_t n = blank != NULL ? (size_t)(blank - rest.data) : rest.len;

		if (n > 0 && h->add_scope(id, (struct policy_text){ rest.data, n }) != 0)
			return false;
		rest.data += n + (blank != NULL);
		rest.len -= n + (blank != NULL);
	}
	return true;
}

/* ---- attributes ---- */

static bool value_of(struct filling *f, struct policy_value *out, const struct jwt_value *v, int depth);

static bool
list_of(struct filling *f, struct policy_value *out, const struct jwt_value *v)
{
	struct policy_value *list = &f->values[f->n_values];
	uint32_t n = v->count;

	if (n > POLICY_IDENTITY_VALUES - f->n_values)
		return false;
	f->n_values += n;
	*out = (struct policy_value){ .type = POLICY_LIST, .count = n, .u.items = list };
	for (const struct jwt_value *i = jwt_json_first(v, &n); n > 0; i = jwt_json_next(i, &n)) {
		if (i->type == JWT_LIST || i->type == JWT_OBJECT || !value_of(f, list++, i, 0))
			return false;
	}
	return true;
}

static bool
object_of(struct filling *f, struct policy_value *out, const struct jwt_value *v, int depth)
{
	struct policy_attr *list = &f->members[f->n_members];
	uint32_t n = v->count;

	if (depth == DEPTH_MOST || n > POLICY_IDENTITY_VALUES / 2 - f->n_members)
		return false;
	f->n_members += n;
	*out = (struct policy_value){ .type = POLICY_OBJECT, .count = n, .u.members = list };
	for (const struct jwt_value *i = jwt_json_first(v, &n); n > 0; i = jwt_json_next(i, &n), list++) {
		list->name = i->name;
		if (!value_of(f, &list->value, i, depth + 1))
			return false;
	}
	return true;
}

static bool
value_of(struct filling *f, struct policy_value *out, const struct jwt_value *v, int depth)
{
	switch (v->type) {
	case JWT_TEXT:
		*out = (struct policy_value){ .type = POLICY_STRING, .u.text = v->u.text };
		return true;
	case JWT_INT:
		*out = (struct policy_value){ .type = POLICY_INT, .u.integer = v->u.integer };
		return true;
	case JWT_REAL:
		*out = (struct policy_value){ .type = POLICY_DOUBLE, .u.real = v->u.real };
		return true;
	case JWT_BOOL:
		*out = (struct policy_value){ .type = POLICY_BOOL, .u.boolean = v->u.boolean };
		return true;
	case JWT_NULL:
		*out = (struct policy_value){ .type = POLICY_NULL };
		return true;
	case JWT_LIST:
		return list_of(f, out, v);
	case JWT_OBJECT:
		return object_of(f, out, v, depth);
	}
	return false;
}

typedef int add_attribute_fn(struct policy_identity *id, struct policy_text name, const struct policy_value *v);

static bool
fill_attributes(struct policy_identity *id, const struct jwt_names *names,
    add_attribute_fn *add, const struct jwt_value *payload)
{
	struct filling f;
	struct policy_value value;

	for (size_t i = 0; i < names->n; i++) {
		const struct jwt_value *v = claim(payload, names->list[i].claim.data);

		f.n_values = f.n_members = 0;
		if (v == NULL)
			continue;
		if (!value_of(&f, &value, v, 0) || add(id, names->list[i].name, &value) != 0)
			return false;
	}
	return true;
}

/* ---- what `map:` looks at ---- */

static bool
fill_claim(const struct policy_host *h, struct policy_identity *id, struct policy_text name, const struct jwt_value *v)
{
	char number[40];

	switch (v->type) {
	case JWT_TEXT:
		return h->add_claim(id, name, v->u.text) == 0;
	case JWT_INT:
		snprintf(number, sizeof(number), "%lld", (long long)v->u.integer);
		return h->add_claim(id, name, policy_text(number)) == 0;
	case JWT_BOOL:
		return h->add_claim(id, name, policy_text(v->u.boolean ? "true" : "false")) == 0;
	case JWT_REAL:			/* no text of it is the only one */
	case JWT_NULL:
	case JWT_OBJECT:
	case JWT_LIST:
		break;
	}
	return true;
}

static bool
fill_claims(const struct jwt_conf *c, const struct policy_host *h, const struct jwt_value *payload, struct policy_identity *id)
{
	for (size_t i = 0; i < c->claims.n; i++) {
		const struct policy_text name = c->claims.list[i];
		const struct jwt_value *v = claim(payload, name.data), *item;
		uint32_t n = 0;

		if (v != NULL && !fill_claim(h, id, name, v))
			return false;
		if (v == NULL || v->type != JWT_LIST)
			continue;
		for (item = jwt_json_first(v, &n); n > 0; item = jwt_json_next(item, &n)) {
			if (!fill_claim(h, id, name, item))
				return false;
		}
	}
	return true;
}

enum policy_check_result
jwt_claims_fill(const struct jwt_conf *c, const struct policy_host *h, const struct jwt_value *payload,
    struct policy_identity *id)
{
	static const struct policy_text as_the_step_says = { NULL, 0 };
	const struct jwt_value *groups = c->groups != NULL ? claim(payload, c->groups) : NULL;
	const struct policy_text sub = jwt_json_text(claim(payload, c->subject));

	if (sub.len == 0 || sub.len > SUBJECT_MOST || h->set_subject(id, as_the_step_says, sub) != 0)
		return POLICY_CHECK_FAIL;
	if ((groups != NULL && !add_texts(id, h->add_group, groups)) || !fill_scopes(c, h, payload, id))
		return POLICY_CHECK_FAIL;
	if ((c->attributes.n > 0 && !fill_attributes(id, &c->attributes, h->add_subject_attribute, payload)) ||
	    (c->token.n > 0 && !fill_attributes(id, &c->token, h->add_token_attribute, payload)))
		return POLICY_CHECK_FAIL;
	return fill_claims(c, h, payload, id) ? POLICY_CHECK_PASS : POLICY_CHECK_FAIL;
}
