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

static void
put_slot(struct pol_page *page, const struct pol_record *r, uint64_t at)
{
	uint32_t i = (uint32_t)r->hash & page->mask;

	while (page->slots[i] != 0)
		i = (i + 1) & page->mask;
	page->slots[i] = (uint64_t)(uint32_t)(r->hash >> 16) << 32 | at >> 3;
}

/* A page of these records. */
static struct pol_page *
make_page(const struct pol_record *const *list, size_t n, uint32_t depth)
{
	size_t slots = 4, bytes = 0, at;
	struct pol_page *page;

	while (slots * 2 < n * 3)
		slots *= 2;
	for (size_t i = 0; i < n; i++)
		bytes += list[i]->bytes;
	at = sizeof(*page) + slots * sizeof(uint64_t);
	if (at + bytes > UINT32_MAX)
		return NULL;
	page = malloc(at + bytes);
	if (page == NULL)
		return NULL;
	memset(page, 0, at);
	page->depth = depth;
	page->mask = (uint32_t)slots - 1;
	page->used = (uint32_t)n;
	page->bytes = (uint32_t)(at + bytes);
	for (size_t i = 0; i < n; i++) {
		memcpy((char *)page + at, list[i], list[i]->bytes);
		put_slot(page, list[i], at);
		at += list[i]->bytes;
	}
	return page;
}

static uint64_t
page_index(uint64_t hash, uint32_t depth)
{
	return depth == 0 ? 0 : hash >> (64 - depth);
}

int
pol_table_build(struct pol_dir *out, const struct pol_record **sorted, size_t n, uint64_t *bytes)
{
	const struct pol_page **pages;
	uint32_t depth = 0;
	size_t from = 0, count;

	out->pages = NULL;
	while (depth < MAX_DEPTH && n >> depth > PAGE_FILL)
		depth++;
	count = (size_t)1 << depth;
	pages = calloc(count, sizeof(*pages));
	if (pages == NULL)
		return POLICY_ERR_NOMEM;
	out->pages = pages;
	out->depth = depth;
	out->count = n;
	*bytes += count * sizeof(*pages);
	for (size_t i = 0; i < count; i++) {
		size_t to = from;

		while (to < n && page_index(sorted[to]->hash, depth) == i)
			to++;
		pages[i] = make_page(sorted + from, to - from, depth);
		if (pages[i] == NULL) {
			pol_table_free(out);
			return POLICY_ERR_NOMEM;
		}
		*bytes += pages[i]->bytes;
		from = to;
	}
	return 0;
}

void
pol_table_free(struct pol_dir *dir)
{
	size_t count = (size_t)1 << dir->depth;

	for (size_t i = 0; dir->pages != NULL && i < count; ) {
		const struct pol_page *page = dir->pages[i];

		/* a page less deep than the directory stands there several times */
		i += page != NULL ? (size_t)1 << (dir->depth - page->depth) : 1;
		free((void *)(uintptr_t)page);
	}
	free((void *)(uintptr_t)dir->pages);
	dir->pages = NULL;
}

/* The records of a page with `record` (or nothing) instead of `old`; the new count. */
static size_t
gather(const struct pol_page *page, const struct pol_record *record, const struct pol_record *old,
    const struct pol_record **list)
{
	size_t n = 0;

	for (uint32_t i = 0; i <= page->mask; i++) {
		const struct pol_record *r;

		if (page->slots[i] == 0)
			continue;
		r = POL_AT(page, (page->slots[i] & 0xffffffffu) << 3);
		if (r != old)
			list[n++] = r;
	}
	if (record != NULL)
		list[n++] = record;
	return n;
}

/* The directory, twice as deep where `deeper`. */
static int
copy_dir(struct pol_change *c, struct pol_dir *dir, bool deeper, const struct pol_page ***out)
{
	size_t count = (size_t)1 << dir->depth, times = deeper ? 2 : 1;
	const struct pol_page **pages = malloc(count * times * sizeof(*pages));
	int rc = pol_change_made(c, pages);

	if (rc != 0)
		return rc;
	for (size_t i = 0; i < count * times; i++)
		pages[i] = dir->pages[i / times];
	c->to->bytes += (times - 1) * count * sizeof(*pages);
	pol_change_dead(c, dir->pages);
	dir->pages = pages;
	dir->depth += deeper ? 1 : 0;
	*out = pages;
	return 0;
}

static void
point(const struct pol_page **pages, uint32_t dir_depth, const struct pol_page *page, uint64_t hash)
{
	size_t n = (size_t)1 << (dir_depth - page->depth);
	size_t first = (size_t)page_index(hash, page->depth) << (dir_depth - page->depth);

	for (size_t i = 0; i < n; i++)
		pages[first + i] = page;
}

/* Two pages of the next depth; the bit that parts them is the depth-th from the top. */
static int
split(struct pol_change *c, struct pol_dir *dir, const struct pol_record **list, size_t n, uint32_t depth)
{
	const struct pol_page **pages, *half[2];
	uint64_t bit = (uint64_t)1 << (63 - depth), hash = list[0]->hash & ~bit;
	const struct pol_record **low = malloc(n * sizeof(*low)), **high = malloc(n * sizeof(*high));
	size_t n_low = 0, n_high = 0;
	int rc = low == NULL || high == NULL ? POLICY_ERR_NOMEM :
	    copy_dir(c, dir, depth == dir->depth, &pages);

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
		point(pages, dir->depth, half[0], hash);
		point(pages, dir->depth, half[1], hash | bit);
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
	const struct pol_page *page = dir->pages[page_index(hash, dir->depth)], **pages, *made;
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
			rc = copy_dir(c, dir, false, &pages);
		if (rc == 0)
			point(pages, dir->depth, made, hash);
		if (rc == 0)
			c->to->bytes += made->bytes;
	}
	free(list);
	if (rc != 0)
		return rc;
	c->to->bytes -= page->bytes;
	pol_change_dead(c, page);
	dir->count += old == NULL;
	dir->count -= record == NULL;
	return 0;
}
