/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An identity is one block of memory: its texts and values lie in its own arrays, so
 * that a module's memory is never looked at after check() has returned. Everything a
 * module says is judged here, once: what a request could not carry, an identity does not.
 */
#include "auth/identity.h"

#include <math.h>
#include <string.h>

#include "base/name.h"
#include "core/core.h"

#define IDENTITY_DEPTH POL_MAX_DEPTH

void
pol_identity_clear(struct policy_identity *id)
{
	static const struct policy_text none = { "", 0 };

	memset((char *)id + sizeof(id->size), 0, offsetof(struct policy_identity, subject_type) - sizeof(id->size));
	id->subject_type = id->subject_id = id->kind = id->token_id = id->step = none;
}

void
pol_identity_wipe(struct policy_identity *id)
{
	explicit_bzero(id->subject_attributes, id->subject_attributes_count * sizeof(id->subject_attributes[0]));
	explicit_bzero(id->token_attributes, id->token_attributes_count * sizeof(id->token_attributes[0]));
	explicit_bzero(id->values, id->values_count * sizeof(id->values[0]));
	explicit_bzero(id->bytes, id->bytes_count);
	pol_identity_clear(id);
}

void
pol_identity_begin(struct pol_filling *f)
{
	memset((char *)f + sizeof(f->id), 0, sizeof(*f) - sizeof(f->id));
	f->id.size = sizeof(f->id);
	f->reason = POLICY_REASON_BAD_CREDENTIAL;
	pol_identity_clear(&f->id);
}

/* ---- appending ---- */

static int
put(struct policy_identity *id, struct policy_text *out, struct policy_text t)
{
	char *at = id->bytes + id->bytes_count;

	/* one byte stays: the NUL of a token id that it does not have, when it is packed */
	if (t.len >= sizeof(id->bytes) - 1 - id->bytes_count)
		return POLICY_ERR_LIMIT;
	if (t.len > 0)
		memcpy(at, t.data, t.len);
	at[t.len] = '\0';
	id->bytes_count += (uint32_t)t.len + 1;
	out->data = at;
	out->len = t.len;
	return 0;
}

/* A name: something, without a NUL. */
int
pol_identity_text(struct policy_identity *id, struct policy_text *out, struct policy_text t, size_t most)
{
	if (t.data == NULL || t.len == 0 || memchr(t.data, '\0', t.len) != NULL)
		return POLICY_ERR_ARG;
	if (t.len > most)
		return POLICY_ERR_LIMIT;
	return put(id, out, t);
}

int
pol_identity_listed(struct policy_identity *id, struct policy_text *list, uint32_t *count, struct policy_text t)
{
	int rc;

	for (uint32_t i = 0; i < *count; i++) {
		if (t.data != NULL && pol_bytes_equal(list[i].data, list[i].len, t.data, t.len))
			return 0;
	}
	if (*count == POLICY_IDENTITY_LISTED)
		return POLICY_ERR_LIMIT;
	rc = pol_identity_text(id, &list[*count], t, POL_MAX_ID);
	if (rc == 0)
		++*count;
	return rc;
}

static int put_value(struct policy_identity *id, struct policy_value *out, const struct policy_value *v, int depth);

/* Members of an object need names; they are attributes, which have no array of their own
 * here: each takes the room of two values. */
static int
put_members(struct policy_identity *id, struct policy_value *out, const struct policy_value *v, int depth)
{
	_Static_assert(sizeof(struct policy_attr) <= 2 * sizeof(struct policy_value), "two values hold an attribute");
	_Static_assert(_Alignof(struct policy_attr) <= _Alignof(struct policy_value), "and lie well for it");
	struct policy_attr *list = (struct policy_attr *)(void *)&id->values[id->values_count];
	int rc = 0;

	if (v->count > (POLICY_IDENTITY_VALUES - id->values_count) / 2 || v->count > POL_MAX_ATTRS)
		return POLICY_ERR_LIMIT;
	id->values_count += 2 * v->count;
	out->u.members = list;
	for (uint32_t i = 0; rc == 0 && i < v->count; i++) {
		rc = pol_identity_text(id, &list[i].name, v->u.members[i].name, POL_MAX_ID);
		for (uint32_t k = 0; rc == 0 && k < i; k++) {
			if (pol_bytes_equal(list[k].name.data, list[k].name.len, list[i].name.data, list[i].name.len))
				rc = POLICY_ERR_ARG;
		}
		if (rc == 0)
			rc = put_value(id, &list[i].value, &v->u.members[i].value, depth + 1);
	}
	return rc;
}

static int
put_items(struct policy_identity *id, struct policy_value *out, const struct policy_value *v, int depth)
{
	struct policy_value *list = &id->values[id->values_count];
	int rc = 0;

	if (v->count > POLICY_IDENTITY_VALUES - id->values_count)
		return POLICY_ERR_LIMIT;
	id->values_count += v->count;
	out->u.items = list;
	for (uint32_t i = 0; rc == 0 && i < v->count; i++) {
		/* a request's lists hold single values */
		if (v->u.items[i].type == POLICY_LIST || v->u.items[i].type == POLICY_OBJECT)
			return POLICY_ERR_ARG;
		rc = put_value(id, &list[i], &v->u.items[i], depth);
	}
	return rc;
}

static int
put_value(struct policy_identity *id, struct policy_value *out, const struct policy_value *v, int depth)
{
	*out = *v;
	switch ((enum policy_type)v->type) {
	case POLICY_NULL:
	case POLICY_INT:
	case POLICY_BOOL:
		return 0;
	case POLICY_DOUBLE:
		return isfinite(v->u.real) ? 0 : POLICY_ERR_ARG;
	case POLICY_STRING:
		if (v->u.text.data == NULL && v->u.text.len > 0)
			return POLICY_ERR_ARG;
		return put(id, &out->u.text, v->u.text);
	case POLICY_LIST:
		if (v->u.items == NULL && v->count > 0)
			return POLICY_ERR_ARG;
		return depth < IDENTITY_DEPTH ? put_items(id, out, v, depth) : POLICY_ERR_LIMIT;
	case POLICY_OBJECT:
		if (v->u.members == NULL && v->count > 0)
			return POLICY_ERR_ARG;
		return depth < IDENTITY_DEPTH ? put_members(id, out, v, depth) : POLICY_ERR_LIMIT;
	}
	return POLICY_ERR_ARG;
}

/*
 * The first who says a name is heard: a later step adds, it does not change. In a request
 * the subject's attributes are a member of the token's: they lie one deeper, and the
 * token's have room for one less.
 */
int
pol_identity_attr(struct policy_identity *id, struct policy_attr *list, uint32_t *count,
    struct policy_text name, const struct policy_value *v)
{
	const bool subject = list == id->subject_attributes;
	int rc;

	if (v == NULL)
		return POLICY_ERR_ARG;
	for (uint32_t i = 0; i < *count; i++) {
		if (name.data != NULL && pol_bytes_equal(list[i].name.data, list[i].name.len, name.data, name.len))
			return 0;
	}
	if (*count == POLICY_IDENTITY_ATTRS - (subject ? 0u : 1u))
		return POLICY_ERR_LIMIT;
	rc = pol_identity_text(id, &list[*count].name, name, POL_MAX_ID);
	if (rc == 0)
		rc = put_value(id, &list[*count].value, v, subject ? 1 : 0);
	if (rc == 0)
		++*count;
	return rc;
}

/* ---- what modules are offered ---- */

static struct pol_filling *
filling(struct policy_identity *id)
{
	return (struct pol_filling *)(void *)id;
}

static int
spoil(struct pol_filling *f, int rc)
{
	if (rc != 0 && f->spoilt == 0)
		f->spoilt = rc;
	return rc;
}

/* A subject type that a request could not carry is none. */
static bool
is_type(struct policy_text t)
{
	return pol_name_is(t.data, t.len) && !pol_bytes_equal(t.data, t.len, "group", 5) &&
	    !pol_bytes_equal(t.data, t.len, "everyone", 8) && !pol_bytes_equal(t.data, t.len, "authenticated", 13) &&
	    !pol_bytes_equal(t.data, t.len, "anonymous", 9);
}

static int
set_subject(struct policy_identity *id, struct policy_text type, struct policy_text name)
{
	struct pol_filling *f = filling(id);
	int rc;

	if (type.data == NULL)
		type = f->subject_type;
	if (id->subject_id.len > 0)	/* one check, one subject */
		return spoil(f, POLICY_ERR_ARG);
	if (type.data == NULL || !is_type(type))
		return spoil(f, POLICY_ERR_ARG);
	rc = pol_identity_text(id, &id->subject_type, type, POL_MAX_TYPE);
	if (rc == 0)
		rc = pol_identity_text(id, &id->subject_id, name, POL_MAX_ID);
	return spoil(f, rc);
}

static int
add_group(struct policy_identity *id, struct policy_text group)
{
	struct pol_filling *f = filling(id);
	char text[POL_MAX_ID + 1];
	size_t n = strlen(f->step);

	if (group.data == NULL || group.len == 0)
		return spoil(f, POLICY_ERR_ARG);
	if (n >= POL_MAX_ID || group.len > POL_MAX_ID - 1 - n)
		return spoil(f, POLICY_ERR_LIMIT);
	memcpy(text, f->step, n);
	text[n] = '/';
	memcpy(text + n + 1, group.data, group.len);
	return spoil(f, pol_identity_listed(id, id->groups, &id->groups_count,
	    (struct policy_text){ text, n + 1 + group.len }));
}

static int
set_scoped(struct policy_identity *id)
{
	id->scoped = 1;
	return 0;
}

static int
add_scope(struct policy_identity *id, struct policy_text scope)
{
	id->scoped = 1;
	return spoil(filling(id), pol_identity_listed(id, id->scopes, &id->scopes_count, scope));
}

static int
set_token_id(struct policy_identity *id, struct policy_text token_id)
{
	return spoil(filling(id), pol_identity_text(id, &id->token_id, token_id, POL_MAX_TOKEN_ID));
}

static int
set_kind(struct policy_identity *id, struct policy_text kind)
{
	struct pol_filling *f = filling(id);

	for (size_t i = 0; kind.data != NULL && i < f->n_kinds; i++) {
		if (pol_bytes_equal(f->kinds[i].data, f->kinds[i].len, kind.data, kind.len))
			return spoil(f, pol_identity_text(id, &id->kind, kind, POL_MAX_ID));
	}
	return spoil(f, POLICY_ERR_ARG);
}

static int
set_expires(struct policy_identity *id, int64_t ns)
{
	if (ns < 0)
		return spoil(filling(id), POLICY_ERR_ARG);
	id->expires = ns;
	return 0;
}

static int
set_cacheable(struct policy_identity *id, int64_t ns)
{
	id->cacheable = ns;
	filling(id)->cacheable_said = true;
	return 0;
}

static int
add_subject_attribute(struct policy_identity *id, struct policy_text name, const struct policy_value *v)
{
	return spoil(filling(id), pol_identity_attr(id, id->subject_attributes,
	    &id->subject_attributes_count, name, v));
}

/* Names that a token's attributes may not have: the engine fills them itself. */
static bool
is_own_name(struct policy_text name)
{
	static const char *const own[] = { "scopes", "kind", "id", "subject" };

	for (size_t i = 0; name.data != NULL && i < sizeof(own) / sizeof(own[0]); i++) {
		if (pol_bytes_equal(name.data, name.len, own[i], strlen(own[i])))
			return true;
	}
	return false;
}

static int
add_token_attribute(struct policy_identity *id, struct policy_text name, const struct policy_value *v)
{
	if (is_own_name(name))
		return spoil(filling(id), POLICY_ERR_ARG);
	return spoil(filling(id), pol_identity_attr(id, id->token_attributes,
	    &id->token_attributes_count, name, v));
}

static int
add_claim(struct policy_identity *id, struct policy_text claim, struct policy_text value)
{
	struct pol_filling *f = filling(id);

	if (claim.data == NULL || value.data == NULL)
		return spoil(f, POLICY_ERR_ARG);
	if (f->claim != NULL)
		f->claim(f->claim_ctx, claim, value);
	return 0;
}

static int
set_reason(struct policy_identity *id, enum policy_reason reason)
{
	struct pol_filling *f = filling(id);

	if (reason != POLICY_REASON_BAD_CREDENTIAL && reason != POLICY_REASON_EXPIRED &&
	    reason != POLICY_REASON_REVOKED)
		return spoil(f, POLICY_ERR_ARG);
	f->reason = reason;
	return 0;
}

void
pol_identity_offer(struct policy_host *h)
{
	h->set_subject = set_subject;
	h->add_group = add_group;
	h->add_scope = add_scope;
	h->set_scoped = set_scoped;
	h->set_token_id = set_token_id;
	h->set_kind = set_kind;
	h->set_expires = set_expires;
	h->set_cacheable = set_cacheable;
	h->add_subject_attribute = add_subject_attribute;
	h->add_token_attribute = add_token_attribute;
	h->add_claim = add_claim;
	h->set_reason = set_reason;
}
