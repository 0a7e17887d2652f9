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
	uint32_t i = (uint32_t)(hash >> 32) & t.mask;

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
	uint64_t hash = pol_hash(s, len, p->seed);
	const uint64_t *slots = POL_AT(p, p->action_names.off);
	uint32_t mask = p->action_names.mask, i = (uint32_t)(hash >> 32) & mask;

	for (; slots[i] != 0; i = (i + 1) & mask) {
		uint32_t key = (uint32_t)slots[i] - 1;
		struct pol_str name;

		if (slots[i] >> 32 != hash >> 32)
			continue;
		name = pol_action_key(p, key);
		if (pol_bytes_equal(pol_str_at(p, name), name.len, s, len))
			return key < p->actions.n ? key : POL_ROWS(p, aliases, uint32_t)[key - p->actions.n];
	}
	return POL_NONE;
}

uint32_t
pol_find_type(const struct pol_program *p, const char *s, size_t len, uint64_t *hash)
{
	*hash = pol_hash(s, len, p->seed);
	return find(p, p->type_names, *hash, s, len, POL_AT(p, p->types.off), sizeof(struct pol_type));
}

/* By halves: roles are sought by name when something is loaded or granted, not when
 * deciding. */
uint32_t
pol_find_role(const struct pol_program *p, const char *s, size_t len)
{
	uint32_t low = 0, high = p->roles.n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		struct pol_str name = pol_role_name(p, mid);
		int order = pol_bytes_cmp(pol_str_at(p, name), name.len, s, len);

		if (order == 0)
			return mid;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return POL_NONE;
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

/* The next record of the page whose tag fits, from slot *i; NULL: no more. */
static inline const void *
probe(const struct pol_page *page, uint64_t hash, uint32_t *i)
{
	for (;; *i = (*i + 1) & page->mask) {
		uint64_t slot = page->slots[*i];

		if (slot == 0)
			return NULL;
		if ((uint32_t)(slot >> 32) == (uint32_t)(hash >> 16)) {
			*i = (*i + 1) & page->mask;
			return (const char *)page + ((slot & 0xffffffffu) << 3);
		}
	}
}

static inline const struct pol_page *
page_of(const struct pol_dir *d, uint64_t hash)
{
	return d->pages[d->depth == 0 ? 0 : hash >> (64 - d->depth)];
}

const struct pol_holder *
pol_find_holder(const struct pol_people *w, uint64_t hash, const char *type,
    size_t type_len, const char *name, size_t name_len)
{
	const struct pol_page *page = page_of(&w->holders, hash);
	uint32_t i = (uint32_t)hash & page->mask;
	const struct pol_holder *h;

	while ((h = probe(page, hash, &i)) != NULL) {
		if (pol_bytes_equal(pol_str_at(h, h->name), h->name.len, name, name_len) &&
		    pol_bytes_equal(pol_str_at(h, h->type), h->type.len, type, type_len))
			return h;
	}
	return NULL;
}

const struct pol_thing *
pol_find_thing(const struct pol_people *w, uint64_t hash, uint32_t type,
    const char *id, size_t id_len)
{
	const struct pol_page *page = page_of(&w->things, hash);
	uint32_t i = (uint32_t)hash & page->mask;
	const struct pol_thing *t;

	while ((t = probe(page, hash, &i)) != NULL) {
		if (t->type == type && pol_bytes_equal(pol_str_at(t, t->id), t->id.len, id, id_len))
			return t;
	}
	return NULL;
}
