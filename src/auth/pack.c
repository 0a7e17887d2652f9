/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identities as a row of bytes: for each a head, a shape (counts, types, lengths of
 * texts, in the order in which they are met) and all the texts behind each other, each
 * with its NUL. Where a text lies is the sum of those before it, so nothing points
 * anywhere, and unpacking copies the texts in one piece. Bytes come from our own cache;
 * they are looked at as if they did not.
 */
#include "auth/cache.h"

#include <string.h>

#include "auth/identity.h"

#define DEPTH 8u			/* of objects; lists hold single values */

/* All the same, so that a blob of another kind is not taken for one. */
#define MARK 0x31696c70u

struct head {
	uint32_t mark, bytes;		/* of this identity, the head among them */
	int64_t expires, cacheable;
	uint16_t shape, text;		/* bytes of each */
	uint8_t scoped, groups, scopes, subject_attributes, token_attributes;
	uint8_t pad[7];
};
_Static_assert(sizeof(struct head) == 40, "without holes");
_Static_assert(POLICY_IDENTITY_LISTED <= UINT8_MAX && POLICY_IDENTITY_ATTRS <= UINT8_MAX, "counts fit");
_Static_assert(POLICY_IDENTITY_BYTES <= UINT16_MAX, "lengths fit");

/* ---- to bytes ---- */

/* Room for the largest identity. */
struct out {
	char shape[POLICY_IDENTITY_BYTES], text[POLICY_IDENTITY_BYTES];
	uint32_t shape_len, text_len;
	bool failed;
};

static void
put(struct out *o, const void *data, uint32_t len)
{
	if (len > sizeof(o->shape) - o->shape_len) {
		o->failed = true;
		return;
	}
	memcpy(o->shape + o->shape_len, data, len);
	o->shape_len += len;
}

static void
put16(struct out *o, size_t v)
{
	uint16_t n = (uint16_t)v;

	if (v > UINT16_MAX)
		o->failed = true;
	put(o, &n, sizeof(n));
}

static void
put_text(struct out *o, struct policy_text t)
{
	put16(o, t.len);
	if (t.len >= sizeof(o->text) - o->text_len) {
		o->failed = true;
		return;
	}
	if (t.len > 0)
		memcpy(o->text + o->text_len, t.data, t.len);
	o->text[o->text_len + t.len] = '\0';
	o->text_len += (uint32_t)t.len + 1;
}

static void put_attrs(struct out *o, const struct policy_attr *list, uint32_t n, uint32_t depth);

static void
put_value(struct out *o, const struct policy_value *v, uint32_t depth)
{
	const uint8_t type = (uint8_t)v->type;

	put(o, &type, sizeof(type));
	switch ((enum policy_type)v->type) {
	case POLICY_NULL:
		return;
	case POLICY_STRING:
		put_text(o, v->u.text);
		return;
	case POLICY_INT:
		put(o, &v->u.integer, sizeof(v->u.integer));
		return;
	case POLICY_DOUBLE:
		put(o, &v->u.real, sizeof(v->u.real));
		return;
	case POLICY_BOOL:
		put(o, &v->u.boolean, sizeof(v->u.boolean));
		return;
	case POLICY_LIST:
		put16(o, v->count);
		for (uint32_t i = 0; depth < DEPTH && !o->failed && i < v->count; i++)
			put_value(o, &v->u.items[i], DEPTH);
		o->failed |= depth >= DEPTH;
		return;
	case POLICY_OBJECT:
		put16(o, v->count);
		if (depth < DEPTH)
			put_attrs(o, v->u.members, v->count, depth + 1);
		o->failed |= depth >= DEPTH;
		return;
	}
	o->failed = true;
}

static void
put_attrs(struct out *o, const struct policy_attr *list, uint32_t n, uint32_t depth)
{
	for (uint32_t i = 0; !o->failed && i < n; i++) {
		put_text(o, list[i].name);
		put_value(o, &list[i].value, depth);
	}
}

static void
put_texts(struct out *o, const struct policy_text *list, uint32_t n)
{
	for (uint32_t i = 0; !o->failed && i < n; i++)
		put_text(o, list[i]);
}

static uint32_t
pack_one(char *buf, uint32_t room, const struct policy_identity *id)
{
	struct out o;
	struct head h = { .mark = MARK, .expires = id->expires, .cacheable = id->cacheable };

	o.shape_len = o.text_len = 0;
	o.failed = id->groups_count > POLICY_IDENTITY_LISTED || id->scopes_count > POLICY_IDENTITY_LISTED ||
	    id->subject_attributes_count > POLICY_IDENTITY_ATTRS || id->token_attributes_count > POLICY_IDENTITY_ATTRS;
	put_text(&o, id->subject_type);
	put_text(&o, id->subject_id);
	put_text(&o, id->kind);
	put_text(&o, id->token_id);
	put_text(&o, id->step);
	put_texts(&o, id->groups, id->groups_count);
	put_texts(&o, id->scopes, id->scopes_count);
	put_attrs(&o, id->subject_attributes, id->subject_attributes_count, 0);
	put_attrs(&o, id->token_attributes, id->token_attributes_count, 0);
	h.bytes = ((uint32_t)sizeof(h) + o.shape_len + o.text_len + 7) & ~7u;
	if (o.failed || h.bytes > room)
		return 0;
	h.shape = (uint16_t)o.shape_len;
	h.text = (uint16_t)o.text_len;
	h.scoped = id->scoped != 0;
	h.groups = (uint8_t)id->groups_count;
	h.scopes = (uint8_t)id->scopes_count;
	h.subject_attributes = (uint8_t)id->subject_attributes_count;
	h.token_attributes = (uint8_t)id->token_attributes_count;
	memset(buf, 0, h.bytes);
	memcpy(buf, &h, sizeof(h));
	memcpy(buf + sizeof(h), o.text, o.text_len);
	memcpy(buf + sizeof(h) + o.text_len, o.shape, o.shape_len);
	return h.bytes;
}

uint32_t
pol_pack(char *buf, uint32_t room, const struct policy_identity *ids, size_t n)
{
	uint32_t len = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t more = pack_one(buf + len, room - len, &ids[i]);

		if (more == 0)
			return 0;
		len += more;
	}
	return len;
}

/* ---- and back ---- */

struct in {
	struct policy_identity *id;
	const char *shape, *shape_end;
	uint32_t text, text_end;	/* places in id->bytes */
	bool failed;
};

static void
get(struct in *in, void *data, size_t len)
{
	if ((size_t)(in->shape_end - in->shape) < len) {
		in->failed = true;
		memset(data, 0, len);
		return;
	}
	memcpy(data, in->shape, len);
	in->shape += len;
}

static uint32_t
get16(struct in *in)
{
	uint16_t n;

	get(in, &n, sizeof(n));
	return n;
}

static inline void
get_text(struct in *in, struct policy_text *t)
{
	uint32_t len = get16(in);

	if (len >= in->text_end - in->text || in->id->bytes[in->text + len] != '\0') {
		in->failed = true;
		*t = (struct policy_text){ "", 0 };
		return;
	}
	*t = (struct policy_text){ in->id->bytes + in->text, len };
	in->text += len + 1;
}

static void get_attrs(struct in *in, struct policy_attr *list, uint32_t n, uint32_t depth);

/* Room for n values, or NULL. */
static struct policy_value *
get_room(struct in *in, uint32_t n)
{
	struct policy_value *v = &in->id->values[in->id->values_count];

	if (n > POLICY_IDENTITY_VALUES - in->id->values_count) {
		in->failed = true;
		return NULL;
	}
	in->id->values_count += n;
	return v;
}

static void
get_value(struct in *in, struct policy_value *v, uint32_t depth)
{
	uint8_t type;

	get(in, &type, sizeof(type));
	memset(v, 0, sizeof(*v));
	v->type = type;
	switch ((enum policy_type)type) {
	case POLICY_NULL:
		return;
	case POLICY_STRING:
		get_text(in, &v->u.text);
		return;
	case POLICY_INT:
		get(in, &v->u.integer, sizeof(v->u.integer));
		return;
	case POLICY_DOUBLE:
		get(in, &v->u.real, sizeof(v->u.real));
		return;
	case POLICY_BOOL:
		get(in, &v->u.boolean, sizeof(v->u.boolean));
		return;
	case POLICY_LIST: {
		uint32_t n = get16(in);
		struct policy_value *items = depth < DEPTH ? get_room(in, n) : NULL;

		v->u.items = items;
		in->failed |= items == NULL;
		for (; !in->failed && v->count < n; v->count++)
			get_value(in, &items[v->count], DEPTH);
		return;
	}
	case POLICY_OBJECT: {
		uint32_t n = get16(in);
		struct policy_attr *members = depth < DEPTH && n <= POLICY_IDENTITY_VALUES ?
		    (struct policy_attr *)(void *)get_room(in, 2 * n) : NULL;

		v->u.members = members;
		in->failed |= members == NULL;
		if (!in->failed)
			get_attrs(in, members, n, depth + 1);
		v->count = n;
		return;
	}
	}
	in->failed = true;
}

static void
get_attrs(struct in *in, struct policy_attr *list, uint32_t n, uint32_t depth)
{
	for (uint32_t i = 0; !in->failed && i < n; i++) {
		get_text(in, &list[i].name);
		get_value(in, &list[i].value, depth);
	}
}

static void
get_texts(struct in *in, struct policy_text *list, uint32_t n)
{
	for (uint32_t i = 0; !in->failed && i < n; i++)
		get_text(in, &list[i]);
}

/* The head at `at`; false: what is there is none, or longer than what is there. */
static inline bool
head_at(struct head *h, const char *buf, uint32_t len, uint32_t at)
{
	if (len - at < sizeof(*h))
		return false;
	memcpy(h, buf + at, sizeof(*h));
	return h->mark == MARK && h->bytes <= len - at && h->bytes >= sizeof(*h) + h->shape + h->text;
}

uint32_t
pol_pack_count(const char *buf, uint32_t len)
{
	struct head h;
	uint32_t n = 0;

	for (uint32_t at = 0; at < len; at += h.bytes, n++) {
		if (!head_at(&h, buf, len, at))
			return 0;
	}
	return n;
}

static bool
unpack_one(struct policy_identity *id, const struct head *h, const char *at)
{
	struct in in = { .id = id, .text_end = h->text };

	pol_identity_clear(id);
	if (h->text > sizeof(id->bytes) || h->groups > POLICY_IDENTITY_LISTED || h->scopes > POLICY_IDENTITY_LISTED ||
	    h->subject_attributes > POLICY_IDENTITY_ATTRS || h->token_attributes > POLICY_IDENTITY_ATTRS ||
	    (h->scoped == 0 && h->scopes != 0))
		return false;
	memcpy(id->bytes, at, h->text);
	id->bytes_count = h->text;
	in.shape = at + h->text;
	in.shape_end = in.shape + h->shape;
	get_text(&in, &id->subject_type);
	get_text(&in, &id->subject_id);
	get_text(&in, &id->kind);
	get_text(&in, &id->token_id);
	get_text(&in, &id->step);
	get_texts(&in, id->groups, h->groups);
	get_texts(&in, id->scopes, h->scopes);
	get_attrs(&in, id->subject_attributes, h->subject_attributes, 0);
	get_attrs(&in, id->token_attributes, h->token_attributes, 0);
	if (in.failed || in.shape != in.shape_end || in.text != in.text_end) {
		pol_identity_clear(id);
		return false;
	}
	id->expires = h->expires;
	id->cacheable = h->cacheable;
	id->scoped = h->scoped;
	id->groups_count = h->groups;
	id->scopes_count = h->scopes;
	id->subject_attributes_count = h->subject_attributes;
	id->token_attributes_count = h->token_attributes;
	id->verified = 1;
	id->reason = POLICY_REASON_RULE;
	id->status = 200;
	return true;
}

bool
pol_unpack(struct policy_identity *id, const char *buf, uint32_t len, uint32_t i)
{
	struct head h;
	uint32_t at = 0;

	for (;; i--) {
		if (!head_at(&h, buf, len, at))
			break;
		if (i == 0)
			return unpack_one(id, &h, buf + at + sizeof(h));
		at += h.bytes;
	}
	pol_identity_clear(id);
	return false;
}
