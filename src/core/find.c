/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Look-ups by name in the frozen tables of a program and in the pages of people.
 * The slot holds the index (or the record's offset), so that what is needed next
 * does not wait for the compare of the text.
 */
#include "core/eval.h"

static inline uint32_t
find(const struct pol_program *p, struct pol_table t, uint64_t hash,
    const char *s, size_t len, const char *rows, size_t row)
{
	const uint64_t *slots = POL_AT(p, t.off);
	uint32_t i = (uint32_t)hash & t.mask;

	for (; slots[i] != 0; i = (i + 1) & t.mask) {
		uint32_t index = (uint32_t)slots[i] - 1;
		struct pol_str name;

		if (slots[i] >> 32 != hash >> 32)
			continue;
		/* every row of a named table begins with its name */
		memcpy(&name, rows + index * row, sizeof(name));
		if (pol_bytes_equal(pol_str_at(p, name), name.len, s, len))
			return index;
	}
	return POL_NONE;
}

#define FIND(p, table, T, type, s, len) \
	find(p, (p)->table, pol_hash(s, len, (p)->seed), s, len, \
	    POL_AT((p), (p)->T.off), sizeof(type))

uint32_t
pol_find_action(const struct pol_program *p, const char *s, size_t len)
{
	uint32_t key = FIND(p, action_names, action_keys, struct pol_key, s, len);

	return key == POL_NONE ? key : POL_ROWS(p, action_keys, struct pol_key)[key].action;
}

uint32_t
pol_find_type(const struct pol_program *p, const char *s, size_t len, uint64_t *hash)
{
	*hash = pol_hash(s, len, p->seed);
	return find(p, p->type_names, *hash, s, len, POL_AT(p, p->types.off), sizeof(struct pol_type));
}

uint32_t
pol_find_role(const struct pol_program *p, const char *s, size_t len)
{
	return FIND(p, role_names, roles, struct pol_role, s, len);
}

uint32_t
pol_find_scope(const struct pol_program *p, const char *s, size_t len)
{
	return FIND(p, scope_names, scopes, struct pol_scope, s, len);
}

uint32_t
pol_find_kind(const struct pol_program *p, const char *s, size_t len)
{
	return FIND(p, kind_names, kinds, struct pol_kind, s, len);
}

/* Equal bytes, fewer than 8. */
static inline bool
same_few(const char *a, const char *b, size_t n)
{
	uint32_t x, y, v, w;

	if (n < 4)
		return n == 0 || (a[0] == b[0] && a[n / 2] == b[n / 2] && a[n - 1] == b[n - 1]);
	memcpy(&x, a, 4);
	memcpy(&y, b, 4);
	memcpy(&v, a + n - 4, 4);
	memcpy(&w, b + n - 4, 4);
	return ((x ^ y) | (v ^ w)) == 0;
}

/* Equal bytes. Names are mostly short: by words, of which the last may overlap, and
 * without a call, which would cost every look-up its registers. */
static inline bool
same(const char *a, size_t an, const char *b, size_t bn)
{
	uint64_t x, y;

	if (an != bn)
		return false;
	if (an < 8)
		return same_few(a, b, an);
	for (size_t i = 0; i < an - 8; i += 8) {
		memcpy(&x, a + i, 8);
		memcpy(&y, b + i, 8);
		if (x != y)
			return false;
	}
	memcpy(&x, a + an - 8, 8);
	memcpy(&y, b + an - 8, 8);
	return x == y;
}

const struct pol_holder *
pol_find_holder(const struct pol_people *w, uint64_t hash, const char *type,
    size_t type_len, const char *name, size_t name_len)
{
	uintptr_t place = pol_dir_place(&w->holders, hash);
	uint32_t i = (uint32_t)hash & pol_place_mask(place);
	const struct pol_holder *h;

	while ((h = pol_place_next(place, hash, &i)) != NULL) {
		if (same(pol_holder_name(h), h->name_len, name, name_len) &&
		    same(h->text, h->type_len, type, type_len))
			return h;
	}
	return NULL;
}

const struct pol_thing *
pol_find_thing(const struct pol_people *w, uint64_t hash, uint32_t type,
    const char *id, size_t id_len)
{
	uintptr_t place = pol_dir_place(&w->things, hash);
	uint32_t i = (uint32_t)hash & pol_place_mask(place);
	const struct pol_thing *t;

	while ((t = pol_place_next(place, hash, &i)) != NULL) {
		if (t->type == type && same(t->id, t->id_len, id, id_len))
			return t;
	}
	return NULL;
}
