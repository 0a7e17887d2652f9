/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shape of a request, whatever the set says: what is malformed is refused
 * before anything is decided. Sizes are bounded here, so that nothing behind
 * this file meets a text or a list longer than core.h says.
 */
#include <math.h>

#include "core/core.h"
#include "base/name.h"

#define SIMPLE 16u			/* attributes in a bag that may be seen through at a glance */

/* Objects and lists being looked at: no recursion. */
struct todo {
	const struct policy_value *items;
	const struct policy_attr *members;
	size_t left;
};

static int
refuse(const char **why, int code, const char *text)
{
	*why = text;
	return code;
}

#define BAD(text) refuse(why, POLICY_ERR_ARG, text)
#define LONG(text) refuse(why, POLICY_ERR_LIMIT, text)

static inline bool
is_twice(const struct policy_attr *m, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (m[i].name.len == m[k].name.len && pol_bytes_same(m[i].name.data, m[k].name.data, m[i].name.len))
			return true;
	}
	return false;
}

static inline int
check_members(const struct policy_attr *m, size_t n, const char **why)
{
	if (n > POL_MAX_ATTRS)
		return LONG("more attributes in one place than the engine takes (64)");
	if (n > 0 && m == NULL)
		return BAD("attributes are counted but not given");
	for (size_t i = 0; i < n; i++) {
		if (m[i].name.data == NULL)
			return BAD("an attribute without a name");
		if (m[i].name.len > POL_MAX_ID)
			return LONG("the name of an attribute is longer than 255 bytes");
		if (is_twice(m, i))
			return BAD("an attribute is given twice");
	}
	return 0;
}

static inline int
check_scalar(const struct policy_value *v, const char **why)
{
	switch ((enum policy_type)v->type) {
	case POLICY_NULL:
	case POLICY_INT:
	case POLICY_BOOL:
		return 0;
	case POLICY_STRING:
		if (v->u.text.data == NULL)
			return BAD("a text value without bytes");
		if (v->u.text.len > POL_MAX_SCALAR)
			return LONG("a text value is longer than 65536 bytes");
		return 0;
	case POLICY_DOUBLE:
		return isfinite(v->u.real) ? 0 : BAD("number out of range: decimals are finite doubles");
	default:
		return BAD("a value of an unknown type");
	}
}

static inline bool
is_nested(const struct policy_value *v)
{
	return v->type == POLICY_LIST || v->type == POLICY_OBJECT;
}

/* Opens a list or an object: its values are next. */
static int
open_nested(struct todo *out, const struct policy_value *v, const char **why)
{
	*out = (struct todo){ v->type == POLICY_LIST ? v->u.items : NULL,
	    v->type == POLICY_LIST ? NULL : v->u.members, v->count };
	if (v->count > 0 && out->items == NULL && out->members == NULL)
		return BAD("items are counted but not given");
	return v->type == POLICY_OBJECT ? check_members(v->u.members, v->count, why) : 0;
}

/* What lies in a list or an object; *left counts down over the whole request. */
static int
check_nested(const struct policy_value *v, size_t *left, const char **why)
{
	struct todo stack[POL_MAX_DEPTH];
	size_t depth = 1;
	int rc = open_nested(&stack[0], v, why);

	while (rc == 0 && depth > 0) {
		struct todo *t = &stack[depth - 1];

		if (t->left == 0) {
			depth--;
			continue;
		}
		t->left--;
		v = t->members != NULL ? &(t->members++)->value : t->items++;
		if ((*left)-- == 0)
			return LONG("more values than the engine takes in one request (4096)");
		if (!is_nested(v))
			rc = check_scalar(v, why);
		else if (depth == POL_MAX_DEPTH)
			return LONG("values nested deeper than the engine takes (8)");
		else
			rc = open_nested(&stack[depth++], v, why);
	}
	return rc;
}

static inline bool
is_simple_value(const struct policy_value *v)
{
	if (v->type == POLICY_STRING)
		return v->u.text.data != NULL && v->u.text.len <= POL_MAX_SCALAR;
	return v->type == POLICY_INT || v->type == POLICY_BOOL;
}

/* A few texts, whole numbers and booleans whose names differ at a glance (by length and
 * ends): nothing is wrong with them. What is not so simple is looked at one by one. */
static inline bool
is_simple(const struct policy_attr *m, size_t n)
{
	const struct policy_attr *end = m + n;
	uint64_t seen = 0;

	for (; m < end; m++) {
		const unsigned char *s = (const unsigned char *)m->name.data;
		size_t last = m->name.len - 1;
		uint64_t looks;

		if (s == NULL || last >= POL_MAX_ID || !is_simple_value(&m->value))
			return false;
		looks = (uint64_t)1 << ((s[0] + 2u * s[last] + 4u * last) & 63);
		if ((seen & looks) != 0)
			return false;
		seen |= looks;
	}
	return true;
}

/* Every value of a bag, one by one. */
static __attribute__((noinline)) int
check_each(const struct policy_attrs *attrs, size_t *left, const char **why)
{
	int rc = check_members(attrs->list, attrs->count, why);

	for (size_t i = 0; rc == 0 && i < attrs->count; i++) {
		const struct policy_value *v = &attrs->list[i].value;

		if ((*left)-- == 0)
			return LONG("more values than the engine takes in one request (4096)");
		rc = is_nested(v) ? check_nested(v, left, why) : check_scalar(v, why);
	}
	return rc;
}

static inline __attribute__((always_inline)) int
check_attrs(const struct policy_attrs *attrs, size_t *left, const char **why)
{
	if (attrs->count == 0)		/* most bags of most requests */
		return 0;
	if (attrs->count > SIMPLE || attrs->count > *left || attrs->list == NULL || !is_simple(attrs->list, attrs->count))
		return check_each(attrs, left, why);
	*left -= attrs->count;
	return 0;
}

static int
check_name(const struct policy_text *t, const char **why)
{
	if (!pol_name_is(t->data, t->len))
		return BAD("a type is [A-Za-z_][A-Za-z0-9_-]*");
	return 0;
}

/* Words that name many or nobody, never one subject. */
static bool
is_reserved(const struct policy_text *t)
{
	static const struct policy_text words[] = {
		POLICY_TEXT("group"), POLICY_TEXT("everyone"), POLICY_TEXT("authenticated"), POLICY_TEXT("anonymous")
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (pol_bytes_equal(t->data, t->len, words[i].data, words[i].len))
			return true;
	}
	return false;
}

/* The subject or the actor. */
static inline int
check_who(const struct policy_text *type, const struct policy_text *id,
    const struct policy_attrs *attrs, size_t *left, const char **why)
{
	if (id->data == NULL) {
		if (type->data != NULL || attrs->count != 0)
			return BAD("a subject or actor without an id");
		return 0;
	}
	if (type->data != NULL && type->len > POL_MAX_TYPE)
		return LONG("a type is longer than 64 bytes");
	if (id->len == 0)
		return BAD("an empty subject id names nobody");
	if (id->len > POL_MAX_ID)
		return LONG("a subject id is longer than 255 bytes");
	return check_attrs(attrs, left, why);
}

static int
check_who_names(const struct policy_text *type, const struct policy_text *id, const char **why)
{
	int rc;

	if (type->data != NULL) {
		rc = check_name(type, why);
		if (rc != 0)
			return rc;
		if (is_reserved(type))
			return BAD("group, everyone, authenticated, anonymous are no subject types");
	}
	if (memchr(id->data, '\0', id->len) != NULL)
		return BAD("NUL in a subject id");
	return 0;
}

static int
check_resource(const struct policy_request *req, size_t *left, const char **why)
{
	if (req->resource_type.data == NULL) {
		if (req->resource_id.data != NULL || req->resource_attributes.count != 0)
			return BAD("a resource without a type");
		return 0;
	}
	if (req->resource_type.len > POL_MAX_TYPE)
		return LONG("a type is longer than 64 bytes");
	if (req->resource_id.data == NULL)
		return BAD("a resource without an id");
	if (req->resource_id.len > POL_MAX_RESOURCE_ID)
		return LONG("a resource id is longer than 1024 bytes");
	return check_attrs(&req->resource_attributes, left, why);
}

static int
check_texts(const struct policy_text *list, size_t n, const char **why)
{
	if (n > POL_MAX_LISTED)
		return LONG("more groups or scopes than the engine takes (256)");
	if (n > 0 && list == NULL)
		return BAD("groups or scopes are counted but not given");
	for (size_t i = 0; i < n; i++) {
		if (list[i].data == NULL)
			return BAD("a group or scope without bytes");
		if (list[i].len > POL_MAX_ID)
			return LONG("a group or scope is longer than 255 bytes");
	}
	return 0;
}

static int
check_token(const struct policy_token *t, size_t *left, const char **why)
{
	static const char *const own[] = { "scopes", "kind", "id" };
	int rc;

	if (t == NULL)
		return 0;
	if ((t->flags & ~POLICY_TOKEN_SCOPED) != 0)
		return BAD("token: unknown flags");
	if ((t->flags & POLICY_TOKEN_SCOPED) == 0 && t->scopes_count != 0)
		return BAD("token: scopes are given, but it is not marked as scoped");
	rc = check_texts(t->scopes, t->scopes_count, why);
	if (rc != 0)
		return rc;
	if (t->kind.data != NULL && t->kind.len > POL_MAX_ID)
		return LONG("token: the kind is longer than 255 bytes");
	if (t->id.data != NULL && t->id.len > POL_MAX_TOKEN_ID)
		return LONG("token: the id is longer than 64 bytes");
	rc = check_attrs(&t->attributes, left, why);
	for (size_t i = 0; rc == 0 && i < t->attributes.count; i++) {
		const struct policy_text *n = &t->attributes.list[i].name;

		for (size_t k = 0; k < sizeof(own) / sizeof(own[0]); k++) {
			if (pol_bytes_equal(n->data, n->len, own[k], strlen(own[k])))
				return BAD("token: scopes, kind and id have their own members");
		}
	}
	return rc;
}

int
pol_request_sizes(const struct policy_request *req, const char **why)
{
	size_t left = POL_MAX_VALUES;
	int rc;

	*why = NULL;
	if ((req->flags & ~POLICY_REQUEST_FLAGS) != 0)
		return BAD("unknown flags");
	if ((req->reserved[0] | req->reserved[1] | req->reserved[2] | req->reserved[3]) != 0)
		return BAD("reserved members must be zero");
	if (req->action.data == NULL)
		return BAD("no action");
	if (req->action.len > POL_MAX_ID)
		return LONG("the action's name is longer than 255 bytes");
	rc = check_who(&req->subject_type, &req->subject_id, &req->subject_attributes, &left, why);
	if (rc == 0)
		rc = check_who(&req->actor_type, &req->actor_id, &req->actor_attributes, &left, why);
	if (rc == 0)
		rc = check_resource(req, &left, why);
	if (rc == 0)
		rc = check_attrs(&req->action_attributes, &left, why);
	if (rc == 0)
		rc = check_attrs(&req->context, &left, why);
	if (rc == 0)
		rc = check_texts(req->groups, req->groups_count, why);
	if (rc == 0)
		rc = check_token(req->token, &left, why);
	return rc;
}

int
pol_request_names(const struct policy_request *req, unsigned known, const char **why)
{
	int rc = 0;

	*why = NULL;
	if ((known & POL_KNOWN_SUBJECT) == 0 && req->subject_id.data != NULL)
		rc = check_who_names(&req->subject_type, &req->subject_id, why);
	if (rc == 0 && req->actor_id.data != NULL)
		rc = check_who_names(&req->actor_type, &req->actor_id, why);
	if (rc == 0 && (known & POL_KNOWN_TYPE) == 0 && req->resource_type.data != NULL)
		rc = check_name(&req->resource_type, why);
	if (rc == 0 && (known & POL_KNOWN_THING) == 0 && req->resource_id.data != NULL &&
	    memchr(req->resource_id.data, '\0', req->resource_id.len) != NULL)
		return BAD("NUL in a resource id");
	return rc;
}
