/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dictionaries of people: extendible hashing. The high bits of a hash choose a
 * page; a page holds its own slots and records in one block. A change makes a new
 * page (two, when it splits) and a new directory, and shares all other pages, so
 * that it costs a page and not the people.
 */
#include <stdlib.h>

#include "people/impl.h"

#define PAGE_FILL 64			/* records of a page when built */
#define PAGE_MOST 160			/* a page with more is split */
#define MAX_DEPTH 28			/* of a directory; a page of equal hashes grows beyond */
#define PAGE_BYTES ((uint64_t)POL_SLOT_AT << 3)	/* what a slot can point at */

/*
 * Many pages in one block, where a dictionary is large: built so, it lies on pages of
 * memory as large as may be, and a look-up does not wait for their addresses as well.
 * A page that a change replaces stays where it is until the line of people ends.
 */
#define SLAB_BYTES ((size_t)2 << 20)
#define SLAB_FROM 32768u		/* records of a dictionary */
struct pol_slab {
	struct pol_slab *next;
	size_t used;
};

void
pol_table_free_slabs(struct pol_slab *s)
{
	while (s != NULL) {
		struct pol_slab *next = s->next;

		free(s);
		s = next;
	}
}

/* size: a multiple of POL_PAGE_ALIGN. NULL: memory is out. */
static void *
from_slab(struct pol_slab **slabs, size_t size)
{
	struct pol_slab *s = *slabs;

	if (s == NULL || SLAB_BYTES - s->used < size) {
		s = pol_arena_pages(SLAB_BYTES);
		if (s == NULL)
			return NULL;
		s->next = *slabs;
		s->used = POL_PAGE_ALIGN;
		*slabs = s;
	}
	s->used += size;
	return (char *)s + s->used - size;
}

/* An empty page with room for n records of so many bytes in all; NULL: too much, or
 * memory is out. */
static struct pol_page *
new_page(size_t n, size_t bytes, uint32_t depth, struct pol_slab **slabs)
{
	uint32_t slot_bits = 2;
	struct pol_page *page;
	size_t at, room;

	while (((size_t)2 << slot_bits) < n * 3)
		slot_bits++;
	at = sizeof(*page) + (sizeof(uint32_t) << slot_bits);
	if (at + bytes > PAGE_BYTES)
		return NULL;
	bytes += at;
	room = (bytes + POL_PAGE_ALIGN - 1) & ~(size_t)(POL_PAGE_ALIGN - 1);
	if (room > SLAB_BYTES / 16)
		slabs = NULL;
	page = slabs != NULL ? from_slab(slabs, room) : aligned_alloc(POL_PAGE_ALIGN, room);
	if (page == NULL)
		return NULL;
	memset(page, 0, at);
	page->depth = (uint16_t)depth;
	page->in_slab = slabs != NULL;
	page->slot_bits = slot_bits;
	page->bytes = (uint32_t)bytes;
	return page;
}

/* Where the next record of a new page comes. */
static size_t
page_begin(const struct pol_page *page)
{
	return sizeof(*page) + (sizeof(uint32_t) << page->slot_bits);
}

static uintptr_t
place_of(const struct pol_page *page)
{
	return (uintptr_t)page + page->slot_bits;
}

static void
put_slot(struct pol_page *page, const struct pol_record *r)
{
	uint32_t mask = ((uint32_t)1 << page->slot_bits) - 1, i = (uint32_t)r->hash & mask;
	size_t at = (size_t)((const char *)r - (const char *)page);

	while (page->slots[i] != 0)
		i = (i + 1) & mask;
	page->slots[i] = ((uint32_t)r->hash & ~POL_SLOT_AT) | (uint32_t)(at >> 3);
	page->used++;
}

/* A page of these records. */
static struct pol_page *
make_page(const struct pol_record *const *list, size_t n, uint32_t depth)
{
	size_t bytes = 0, at;
	struct pol_page *page;

	for (size_t i = 0; i < n; i++)
		bytes += list[i]->bytes;
	page = new_page(n, bytes, depth, NULL);
	at = page == NULL ? 0 : page_begin(page);
	for (size_t i = 0; page != NULL && i < n; i++) {
		struct pol_record *r = (struct pol_record *)(void *)((char *)page + at);

		memcpy(r, list[i], list[i]->bytes);
		put_slot(page, r);
		at += r->bytes;
	}
	return page;
}

static uint64_t
place_index(uint64_t hash, uint32_t depth)
{
	return hash >> 1 >> (63 - depth);
}

int
pol_table_begin(struct pol_maker *m, struct pol_dir *dir, size_t n, uint64_t *bytes, struct pol_slab **slabs)
{
	uint32_t depth = 0;
	uintptr_t *places;

	memset(m, 0, sizeof(*m));
	pol_buf_init(&m->records);
	while (depth < MAX_DEPTH && n >> depth > PAGE_FILL)
		depth++;
	places = calloc((size_t)1 << depth, sizeof(*places));
	if (places == NULL)
		return POLICY_ERR_NOMEM;
	dir->places = m->places = places;
	dir->depth = depth;
	m->dir = dir;
	m->bytes = bytes;
	m->slabs = n >= SLAB_FROM ? slabs : NULL;
	*bytes += sizeof(*places) << depth;
	return 0;
}

/* Makes the page at hand of the records that are there. */
static int
flush(struct pol_maker *m)
{
	struct pol_page *page = new_page(m->n, m->records.len, m->dir->depth, m->slabs);
	size_t at;

	if (page == NULL)
		return m->records.len > PAGE_BYTES / 2 ? POLICY_ERR_LIMIT : POLICY_ERR_NOMEM;
	at = page_begin(page);
	if (m->n != 0)
		memcpy((char *)page + at, m->records.data, m->records.len);
	for (size_t i = 0; i < m->n; i++) {
		const struct pol_record *r = (const struct pol_record *)POL_AT(page, at);

		put_slot(page, r);
		at += r->bytes;
	}
	m->places[m->place++] = place_of(page);
	*m->bytes += page->bytes;
	m->records.len = m->n = 0;
	return 0;
}

int
pol_table_next(struct pol_maker *m, uint64_t hash)
{
	uint64_t place = place_index(hash, m->dir->depth);
	int rc = 0;

	while (rc == 0 && m->place < place)
		rc = flush(m);
	m->n++;
	m->dir->count++;
	return rc;
}

int
pol_table_end(struct pol_maker *m, int rc)
{
	while (rc == 0 && m->place >> m->dir->depth == 0)
		rc = flush(m);
	pol_buf_fini(&m->records);
	return rc;
}

void
pol_table_free(struct pol_dir *dir)
{
	size_t count = (size_t)1 << dir->depth;

	for (size_t i = 0; dir->places != NULL && i < count; ) {
		const struct pol_page *page = pol_place_page(dir->places[i]);

		/* a page less deep than the directory stands there several times */
		i += page != NULL ? (size_t)1 << (dir->depth - page->depth) : 1;
		if (page != NULL && !page->in_slab)
			free((void *)(uintptr_t)page);
	}
	free((void *)(uintptr_t)dir->places);
	dir->places = NULL;
}

/* The records of a page with `record` (or nothing) instead of `old`; the new count. */
static size_t
gather(const struct pol_page *page, const struct pol_record *record, const struct pol_record *old,
    const struct pol_record **list)
{
	size_t n = 0;

	for (size_t i = 0; i >> page->slot_bits == 0; i++) {
		const struct pol_record *r;

		if (page->slots[i] == 0)
			continue;
		r = POL_AT(page, (size_t)(page->slots[i] & POL_SLOT_AT) << 3);
		if (r != old)
			list[n++] = r;
	}
	if (record != NULL)
		list[n++] = record;
	return n;
}

/* The directory, twice as deep where `deeper`. */
static int
copy_dir(struct pol_change *c, struct pol_dir *dir, bool deeper, uintptr_t **out)
{
	size_t count = (size_t)1 << dir->depth, times = deeper ? 2 : 1;
	uintptr_t *places;
	int rc;

	/* one of this same change nobody else sees yet */
	if (!deeper && pol_change_is_made(c, dir->places)) {
		*out = (uintptr_t *)(uintptr_t)dir->places;
		return 0;
	}
	places = malloc(count * times * sizeof(*places));
	rc = pol_change_made(c, places);
	if (rc != 0)
		return rc;
	if (deeper) {
		for (size_t i = 0; i < count * 2; i++)
			places[i] = dir->places[i / 2];
	} else {
		memcpy(places, dir->places, count * sizeof(*places));
	}
	c->to->bytes += (times - 1) * count * sizeof(*places);
	pol_change_dead(c, dir->places);
	dir->places = places;
	dir->depth += deeper ? 1 : 0;
	*out = places;
	return 0;
}

static void
point(uintptr_t *places, uint32_t dir_depth, const struct pol_page *page, uint64_t hash)
{
	size_t n = (size_t)1 << (dir_depth - page->depth);
	size_t first = (size_t)place_index(hash, page->depth) << (dir_depth - page->depth);

	for (size_t i = 0; i < n; i++)
		places[first + i] = place_of(page);
}

/* Two pages of the next depth; the bit that parts them is the depth-th from the top. */
static int
split(struct pol_change *c, struct pol_dir *dir, const struct pol_record **list, size_t n, uint32_t depth)
{
	const struct pol_page *half[2];
	uintptr_t *places;
	uint64_t bit = (uint64_t)1 << (63 - depth), hash = list[0]->hash & ~bit;
	const struct pol_record **low = malloc(n * sizeof(*low)), **high = malloc(n * sizeof(*high));
	size_t n_low = 0, n_high = 0;
	int rc = low == NULL || high == NULL ? POLICY_ERR_NOMEM :
	    copy_dir(c, dir, depth == dir->depth, &places);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		if (list[i]->hash & bit)
			high[n_high++] = list[i];
		else
			low[n_low++] = list[i];
	}
	if (rc == 0) {
		half[0] = make_page(low, n_low, depth + 1);
		rc = pol_change_made(c, (void *)(uintptr_t)half[0]);
	}
	if (rc == 0) {
		half[1] = make_page(high, n_high, depth + 1);
		rc = pol_change_made(c, (void *)(uintptr_t)half[1]);
	}
	if (rc == 0) {
		point(places, dir->depth, half[0], hash);
		point(places, dir->depth, half[1], hash | bit);
		c->to->bytes += half[0]->bytes + half[1]->bytes;
	}
	free(low);
	free(high);
	return rc;
}

int
pol_table_put(struct pol_change *c, struct pol_dir *dir, const struct pol_record *record, const struct pol_record *old)
{
	uint64_t hash = record != NULL ? record->hash : old->hash;
	const struct pol_page *page = pol_place_page(pol_dir_place(dir, hash)), *made;
	uintptr_t *places;
	const struct pol_record **list = malloc((page->used + 1u) * sizeof(*list));
	size_t n;
	int rc;

	if (list == NULL)
		return POLICY_ERR_NOMEM;
	n = gather(page, record, old, list);
	/* a directory is not doubled beyond one place a record: hashes that agree in
	 * very many bits make a page long, not the directory */
	if (n > PAGE_MOST && page->depth < MAX_DEPTH &&
	    (page->depth < dir->depth || (uint64_t)1 << dir->depth <= dir->count)) {
		rc = split(c, dir, list, n, page->depth);
	} else {
		made = make_page(list, n, page->depth);
		rc = pol_change_made(c, (void *)(uintptr_t)made);
		if (rc == 0)
			rc = copy_dir(c, dir, false, &places);
		if (rc == 0)
			point(places, dir->depth, made, hash);
		if (rc == 0)
			c->to->bytes += made->bytes;
	}
	free(list);
	if (rc != 0)
		return rc;
	c->to->bytes -= page->bytes;
	if (!page->in_slab)
		pol_change_dead(c, page);
	dir->count += old == NULL;
	dir->count -= record == NULL;
	return 0;
}
