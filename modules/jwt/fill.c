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

static struct policy_text
text_of(const json_t *v)
{
	return (struct policy_text){ json_string_value(v), json_string_length(v) };
}

static const json_t *
claim(const json_t *payload, const char *path)
{
	const json_t *v = json_object_get(payload, path);
	const char *point;

	if (v != NULL)
		return v;
	for (v = payload; (point = strchr(path, '.')) != NULL && v != NULL; path = point + 1)
		v = json_object_getn(v, path, (size_t)(point - path));
	return json_object_get(v, path);
}

/* ---- lists of texts ---- */

typedef int add_fn(struct policy_identity *id, struct policy_text t);

/* A text, or a list of texts. */
static bool
add_texts(struct policy_identity *id, add_fn *add, const json_t *v)
{
	const json_t *item;
	size_t i;

	if (json_is_string(v))
		return add(id, text_of(v)) == 0;
	if (!json_is_array(v))
		return false;
	json_array_foreach(v, i, item) {
		if (!json_is_string(item) || add(id, text_of(item)) != 0)
			return false;
	}
	return true;
}

/* RFC 6749 section 3.3: words with blanks between them; some issuers make it a list. */
static bool
fill_scopes(const struct jwt_conf *c, const struct policy_host *h, const json_t *payload, struct policy_identity *id)
{
	const json_t *v = claim(payload, c->scopes != NULL ? c->scopes : "scope");
	struct policy_text rest;

	if (v == NULL && c->scopes == NULL)
		v = json_object_get(payload, "scp");
	if (v == NULL)
		return true;
	(void)h->set_scoped(id);
	if (!json_is_string(v))
		return json_is_array(v) && add_texts(id, h->add_scope, v);
	for (rest = text_of(v); rest.len > 0;) {
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

static bool value_of(struct filling *f, struct policy_value *out, const json_t *v, int depth);

static bool
list_of(struct filling *f, struct policy_value *out, const json_t *v)
{
	struct policy_value *list = &f->values[f->n_values];
	const size_t n = json_array_size(v);

	if (n > POLICY_IDENTITY_VALUES - f->n_values)
		return false;
	f->n_values += (uint32_t)n;
	*out = (struct policy_value){ .type = POLICY_LIST, .count = (uint32_t)n, .u.items = list };
	for (size_t i = 0; i < n; i++) {
		const json_t *item = json_array_get(v, i);

		if (json_is_array(item) || json_is_object(item) || !value_of(f, &list[i], item, 0))
			return false;
	}
	return true;
}

static bool
object_of(struct filling *f, struct policy_value *out, const json_t *v, int depth)
{
	struct policy_attr *list = &f->members[f->n_members];
	const size_t n = json_object_size(v);
	const char *key;
	json_t *item;
	uint32_t i = 0;

	if (depth == DEPTH_MOST || n > POLICY_IDENTITY_VALUES / 2 - f->n_members)
		return false;
	f->n_members += (uint32_t)n;
	*out = (struct policy_value){ .type = POLICY_OBJECT, .count = (uint32_t)n, .u.members = list };
	json_object_foreach((json_t *)(uintptr_t)v, key, item) {
		list[i].name = policy_text(key);
		if (!value_of(f, &list[i++].value, item, depth + 1))
			return false;
	}
	return true;
}

static bool
value_of(struct filling *f, struct policy_value *out, const json_t *v, int depth)
{
	switch (json_typeof(v)) {
	case JSON_STRING:
		*out = (struct policy_value){ .type = POLICY_STRING, .u.text = text_of(v) };
		return true;
	case JSON_INTEGER:
		*out = (struct policy_value){ .type = POLICY_INT, .u.integer = json_integer_value(v) };
		return true;
	case JSON_REAL:
		*out = (struct policy_value){ .type = POLICY_DOUBLE, .u.real = json_real_value(v) };
		return true;
	case JSON_TRUE:
	case JSON_FALSE:
		*out = (struct policy_value){ .type = POLICY_BOOL, .u.boolean = json_is_true(v) };
		return true;
	case JSON_NULL:
		*out = (struct policy_value){ .type = POLICY_NULL };
		return true;
	case JSON_ARRAY:
		return list_of(f, out, v);
	case JSON_OBJECT:
		return object_of(f, out, v, depth);
	}
	return false;
}

typedef int add_attribute_fn(struct policy_identity *id, struct policy_text name, const struct policy_value *v);

static bool
fill_attributes(struct policy_identity *id, const struct jwt_names *names,
    add_attribute_fn *add, const json_t *payload)
{
	struct filling f;
	struct policy_value value;

	for (size_t i = 0; i < names->n; i++) {
		const json_t *v = claim(payload, names->list[i].claim.data);

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
fill_claim(const struct policy_host *h, struct policy_identity *id, struct policy_text name, const json_t *v)
{
	char number[40];

	switch (json_typeof(v)) {
	case JSON_STRING:
		return h->add_claim(id, name, text_of(v)) == 0;
	case JSON_INTEGER:
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		return h->add_claim(id, name, policy_text(number)) == 0;
	case JSON_TRUE:
		return h->add_claim(id, name, policy_text("true")) == 0;
	case JSON_FALSE:
		return h->add_claim(id, name, policy_text("false")) == 0;
	case JSON_REAL:			/* no text of it is the only one */
	case JSON_NULL:
	case JSON_OBJECT:
	case JSON_ARRAY:
		break;
	}
	return true;
}

static bool
fill_claims(const struct jwt_conf *c, const struct policy_host *h, const json_t *payload, struct policy_identity *id)
{
	for (size_t i = 0; i < c->claims.n; i++) {
		const struct policy_text name = c->claims.list[i];
		const json_t *v = claim(payload, name.data), *item;
		size_t k;

		if (v != NULL && !fill_claim(h, id, name, v))
			return false;
		json_array_foreach(v, k, item) {
			if (!fill_claim(h, id, name, item))
				return false;
		}
	}
	return true;
}

enum policy_check_result
jwt_claims_fill(const struct jwt_conf *c, const struct policy_host *h, const json_t *payload,
    struct policy_identity *id)
{
	static const struct policy_text as_the_step_says = { NULL, 0 };
	const json_t *sub = claim(payload, c->subject), *groups = c->groups != NULL ? claim(payload, c->groups) : NULL;

	if (!json_is_string(sub) || json_string_length(sub) == 0 || json_string_length(sub) > SUBJECT_MOST ||
	    h->set_subject(id, as_the_step_says, text_of(sub)) != 0)
		return POLICY_CHECK_FAIL;
	if ((groups != NULL && !add_texts(id, h->add_group, groups)) || !fill_scopes(c, h, payload, id))
		return POLICY_CHECK_FAIL;
	if ((c->attributes.n > 0 && !fill_attributes(id, &c->attributes, h->add_subject_attribute, payload)) ||
	    (c->token.n > 0 && !fill_attributes(id, &c->token, h->add_token_attribute, payload)))
		return POLICY_CHECK_FAIL;
	return fill_claims(c, h, payload, id) ? POLICY_CHECK_PASS : POLICY_CHECK_FAIL;
}
