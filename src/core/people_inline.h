/* SPDX-License-Identifier: Apache-2.0 */
/* Included by people.h only: how its pages and records are read. */
#ifndef POL_CORE_PEOPLE_INLINE_H
#define POL_CORE_PEOPLE_INLINE_H

#include <stdbool.h>
#include <stddef.h>

/* ---- pages ---- */

static inline uintptr_t
pol_dir_place(const struct pol_dir *d, uint64_t hash)
{
	return d->places[hash >> 1 >> (63 - d->depth)];
}

static inline const struct pol_page *
pol_place_page(uintptr_t place)
{
	return (const struct pol_page *)(place & ~(uintptr_t)(POL_PAGE_ALIGN - 1));
}

static inline uint32_t
pol_place_mask(uintptr_t place)
{
	return (uint32_t)(((uint64_t)1 << (place % POL_PAGE_ALIGN)) - 1);
}

/* The next record of a place whose slot fits, from slot *i; NULL: no more. */
static inline const void *
pol_place_next(uintptr_t place, uint64_t hash, uint32_t *i)
{
	const struct pol_page *page = pol_place_page(place);
	uint32_t mask = pol_place_mask(place), k = *i;

	for (;; k = (k + 1) & mask) {
		uint32_t slot = page->slots[k];

		if (slot == 0)
			return NULL;
		if ((slot ^ (uint32_t)hash) <= POL_SLOT_AT) {
			*i = (k + 1) & mask;
			return (const char *)page + ((uint64_t)(slot & POL_SLOT_AT) << 3);
		}
	}
}

/*
 * For many look-ups at once: first each hash's slot is fetched, then, when it is
 * there, the record that it leads to; then the look-up itself waits for neither.
 * Always inline: functions that do nothing else count as doing nothing, and calls
 * of them are left out.
 */
static inline __attribute__((always_inline)) void
pol_dir_fetch_slot(const struct pol_dir *d, uint64_t hash)
{
	uintptr_t place = pol_dir_place(d, hash);

	__builtin_prefetch(&pol_place_page(place)->slots[(uint32_t)hash & pol_place_mask(place)]);
}

static inline __attribute__((always_inline)) void
pol_dir_fetch_record(const struct pol_dir *d, uint64_t hash)
{
	uintptr_t place = pol_dir_place(d, hash);
	uint32_t i = (uint32_t)hash & pol_place_mask(place);
	const char *r = (const char *)pol_place_next(place, hash, &i);

	if (r != NULL) {		/* a small one may lie over two lines */
		__builtin_prefetch(r);
		__builtin_prefetch(r + 40);
	}
}

/* Nobody, or nothing, is in it: not worth a hash. */
static inline bool
pol_dir_is_empty(const struct pol_dir *d)
{
	return d->count == 0;
}

/* ---- holders ---- */

static inline const char *
pol_holder_name(const struct pol_holder *h)
{
	return h->text + h->type_len;
}

/* Never NULL. */
static inline const struct pol_holder_more *
pol_holder_more(const struct pol_holder *h)
{
	static const struct pol_holder_more nothing;

	return h->more == 0 ? &nothing : (const struct pol_holder_more *)POL_AT(h, h->more);
}

static inline const uint64_t *
pol_more_words(const struct pol_holder_more *m)
{
	return (const uint64_t *)(m + 1);
}

static inline const uint32_t *
pol_more_listed(const struct pol_holder_more *m)
{
	return (const uint32_t *)(pol_more_words(m) + m->n_words);
}

static inline const uint32_t *
pol_more_roles(const struct pol_holder_more *m)
{
	return pol_more_listed(m) + m->n_listed;
}

static inline const uint32_t *
pol_more_own(const struct pol_holder_more *m)
{
	return pol_more_roles(m) + m->n_roles;
}

static inline const struct pol_timed *
pol_more_timed(const struct pol_holder_more *m)
{
	size_t words = (size_t)m->n_listed + m->n_roles + m->n_own;

	return (const struct pol_timed *)POL_AT(pol_more_listed(m), (words + (words & 1)) * sizeof(uint32_t));
}

static inline const struct pol_sattr *
pol_more_attrs(const struct pol_holder_more *m)
{
	return (const struct pol_sattr *)(pol_more_timed(m) + m->n_timed);
}

/* Bits (& 63) of itself and the groups it is in. */
static inline uint64_t
pol_holder_sig(const struct pol_holder *h)
{
	return pol_holder_more(h)->groups_sig | (uint64_t)1 << (h->id & 63);
}

/* Is x in a sorted list? No branch depends on what is in it. */
static inline bool
pol_sorted_has(const uint32_t *list, uint32_t n, uint32_t x)
{
	if (n == 0)
		return false;
	while (n > 1) {
		uint32_t half = n / 2;

		list = list[half] <= x ? list + half : list;
		n -= half;
	}
	return *list == x;
}

/* Is it `holder`, or in that group? */
static inline bool
pol_holder_in(const struct pol_holder *h, uint32_t holder)
{
	const struct pol_holder_more *m;

	if (h->id == holder)
		return true;
	if (h->more == 0 || holder >= POL_HOLDER_SUBJECT)
		return false;
	m = (const struct pol_holder_more *)POL_AT(h, h->more);
	if (holder >> 6 < m->n_words)
		return pol_more_words(m)[holder >> 6] >> (holder & 63) & 1;
	return pol_sorted_has(pol_more_listed(m), m->n_listed, holder);
}

/* The groups it is in, in order: the next, from *at on, which begins as 0; POL_NONE: no more. */
static inline uint32_t
pol_more_next_group(const struct pol_holder_more *m, uint32_t *at)
{
	uint32_t end = m->n_words * 64;

	while (*at < end) {
		uint64_t left = pol_more_words(m)[*at >> 6] >> (*at & 63);

		if (left != 0) {
			*at += (uint32_t)__builtin_ctzll(left) + 1;
			return *at - 1;
		}
		*at = (*at | 63) + 1;
	}
	return *at - end < m->n_listed ? pol_more_listed(m)[(*at)++ - end] : POL_NONE;
}

/* ---- things ---- */

static inline const struct pol_thing_more *
pol_thing_more(const struct pol_thing *t)
{
	static const struct pol_thing_more nothing;

	return t->more == 0 ? &nothing : (const struct pol_thing_more *)POL_AT(t, t->more);
}

static inline struct pol_grants
pol_thing_grants(const struct pol_thing *t)
{
	struct pol_grants g;

	g.list = (const struct pol_grant *)POL_AT(t, (offsetof(struct pol_thing, id) + t->id_len + 3) & ~(size_t)3);
	g.n = t->n_grants;
	g.window_of = NULL;
	g.windows = NULL;
	g.sig = ~(uint64_t)0;
	if (t->more != 0) {
		const struct pol_thing_more *m = (const struct pol_thing_more *)POL_AT(t, t->more);

		g.sig = m->sig;
		if (m->window_of != 0) {
			g.window_of = (const uint32_t *)POL_AT(t, m->window_of);
			g.windows = (const struct pol_window *)POL_AT(t, m->windows);
		}
	}
	return g;
}

static inline struct pol_grants
pol_type_whole(const struct pol_type_grants *t)
{
	struct pol_grants g;

	g.list = (const struct pol_grant *)POL_AT(t, t->whole.off);
	g.n = t->whole.n;
	g.window_of = t->window_of == 0 ? NULL : (const uint32_t *)POL_AT(t, t->window_of);
	g.windows = (const struct pol_window *)POL_AT(t, t->windows);
	g.sig = t->sig;
	return g;
}

#endif
