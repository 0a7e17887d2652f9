/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Look-ups by name in the frozen tables of a program and in the pages of people.
 * The slot holds the index (or the record's offset), so that what is needed next
 * does not wait for the compare of the text. Inline for known.h, where they are
 * half of a decision; find.c has them as functions for everyone else.
 */
#ifndef POL_CORE_FIND_INLINE_H
#define POL_CORE_FIND_INLINE_H

#include "base/hash.h"
#include "base/name.h"
#include "core/core.h"

/* The compiler counts callers; here each is worth it. */
#define POL_INLINE inline __attribute__((always_inline))

static POL_INLINE uint32_t
pol_find_row(const struct pol_program *p, struct pol_table t, uint64_t hash,
    const char *s, size_t len, const char *rows, size_t row)
{
	const uint64_t *slots = POL_AT(p, t.off);
	uint32_t i = (uint32_t)(hash >> 32) & t.mask;

	for (; slots[i] != 0; i = (i + 1) & t.mask) {
		uint32_t index = (uint32_t)slots[i] - 1;
		struct pol_str name;

		if (slots[i] >> 32 != hash >> 32)
			continue;
		/* every row of a named table begins with its name */
		memcpy(&name, rows + index * row, sizeof(name));
		if (name.len == len && pol_bytes_same(pol_str_at(p, name), s, len))
			return index;
	}
	return POL_NONE;
}

#define POL_FIND_ROW(p, hash, table, T, type, s, len) \
	pol_find_row(p, (p)->table, hash, s, len, POL_AT((p), (p)->T.off), sizeof(type))

static POL_INLINE uint32_t
pol_find_action_inline(const struct pol_program *p, const char *s, size_t len)
{
	uint64_t hash = pol_hash(s, len, p->seed);
	const uint64_t *slots = POL_AT(p, p->action_names.off);
	uint32_t mask = p->action_names.mask, i = (uint32_t)(hash >> 32) & mask;

	for (; slots[i] != 0; i = (i + 1) & mask) {
		uint32_t key = (uint32_t)slots[i] - 1;
		struct pol_str name;

		if (slots[i] >> 32 != hash >> 32)
			continue;
		name = pol_action_key(p, key);
		if (name.len == len && pol_bytes_same(pol_str_at(p, name), s, len))
			return key < p->actions.n ? key :
			    ((const uint32_t *)POL_AT(p, p->aliases.off))[key - p->actions.n];
	}
	return POL_NONE;
}

static POL_INLINE uint32_t
pol_find_type_inline(const struct pol_program *p, uint64_t hash, const char *s, size_t len)
{
	return POL_FIND_ROW(p, hash, type_names, types, struct pol_type, s, len);
}

static POL_INLINE const struct pol_holder *
pol_find_holder_inline(const struct pol_people *w, uint64_t hash, const char *type,
    size_t type_len, const char *name, size_t name_len)
{
	uintptr_t place = pol_dir_place(&w->holders, hash);
	uint32_t i = (uint32_t)hash & pol_place_mask(place);
	const struct pol_holder *h;

	while ((h = pol_place_next(place, hash, &i)) != NULL) {
		if (h->name_len == name_len && h->type_len == type_len &&
		    pol_bytes_same(pol_holder_name(h), name, name_len) &&
		    pol_bytes_same(h->text, type, type_len))
			return h;
	}
	return NULL;
}

static POL_INLINE const struct pol_thing *
pol_find_thing_inline(const struct pol_people *w, uint64_t hash, uint32_t type,
    const char *id, size_t id_len)
{
	uintptr_t place = pol_dir_place(&w->things, hash);
	uint32_t i = (uint32_t)hash & pol_place_mask(place);
	const struct pol_thing *t;

	while ((t = pol_place_next(place, hash, &i)) != NULL) {
		if (t->type == type && t->id_len == id_len && pol_bytes_same(t->id, id, id_len))
			return t;
	}
	return NULL;
}

#endif
