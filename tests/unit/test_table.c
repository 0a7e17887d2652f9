/* SPDX-License-Identifier: Apache-2.0 */
/*
 * People: the dictionaries. Every record is found after building, changing and
 * splitting; what a change replaced is found by its predecessor still.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "people/impl.h"
#include "unit/unit.h"

/* A thing's record, its hash chosen; `role` tells a new one from an old. */
static void
make(struct pol_buf *buf, uint64_t hash, const char *id, uint32_t role)
{
	struct pol_grant_parts g;
	struct pol_thing_parts p = { .hash = hash, .id = policy_text(id), .grants = &g, .n_grants = 1 };
	size_t at;

	memset(&g, 0, sizeof(g));
	g.role = role;
	buf->len = 0;
	CU_ASSERT_EQUAL_FATAL(pol_record_thing(buf, &p, &at), 0);
}

/* The role of the record found; POL_NONE: none is. */
static uint32_t
find(const struct pol_dir *dir, uint64_t hash, const char *id)
{
	struct pol_people w;
	const struct pol_thing *t;

	memset(&w, 0, sizeof(w));
	w.things = *dir;
	t = pol_find_thing(&w, hash, 0, id, strlen(id));
	return t == NULL ? POL_NONE : pol_thing_grants(t).list[0].role;
}

/* Well spread, but the same in every run. */
static uint64_t
spread(uint64_t i)
{
	i = (i + 1) * 0x9e3779b97f4a7c15u;
	return (i ^ i >> 29) * 0xbf58476d1ce4e5b9u;
}

static int
order(const void *a, const void *b)
{
	const struct pol_record *x = *(const struct pol_record *const *)a, *y = *(const struct pol_record *const *)b;

	return (x->hash > y->hash) - (x->hash < y->hash);
}

/* n records, with hashes by `hash_of`, in a dictionary. */
static struct pol_slab *slabs;

static void
build(struct pol_dir *dir, uint32_t n, uint64_t (*hash_of)(uint64_t i))
{
	const struct pol_record **list = calloc(n + 1u, sizeof(*list));
	struct pol_buf *buf = calloc(n + 1u, sizeof(*buf));
	struct pol_maker m;
	uint64_t bytes = 0;
	char id[16];
	int rc = 0;

	CU_ASSERT_FATAL(list != NULL && buf != NULL);
	for (uint32_t i = 0; i < n; i++) {
		snprintf(id, sizeof(id), "t%u", i);
		make(&buf[i], hash_of(i), id, i);
		list[i] = (const void *)buf[i].data;
	}
	qsort(list, n, sizeof(*list), order);
	memset(dir, 0, sizeof(*dir));
	CU_ASSERT_EQUAL_FATAL(pol_table_begin(&m, dir, n, &bytes, &slabs), 0);
	for (uint32_t i = 0; rc == 0 && i < n; i++) {
		rc = pol_table_next(&m, list[i]->hash);
		pol_buf_append(&m.records, list[i], list[i]->bytes);
	}
	CU_ASSERT_EQUAL(pol_table_end(&m, rc), 0);
	CU_ASSERT(bytes >= ((uint64_t)1 << dir->depth) * (sizeof(void *) + sizeof(struct pol_page)) && dir->count == n);
	for (uint32_t i = 0; i < n; i++)
		pol_buf_fini(&buf[i]);
	free(buf);
	free(list);
}

static uint64_t
equal(uint64_t i)
{
	(void)i;
	return 0xfeedfacecafebeefu;
}

/* Same first slot, same tag: only the low bits above the mask and below 24 differ. */
static uint64_t
crowded(uint64_t i)
{
	return 0xfeedfacecafe0001u + (i << 10 & 0xfc00u);
}

static void
every_record_of_a_building_is_found(void)
{
	static const uint32_t sizes[] = { 0, 1, 2, 3, 63, 64, 65, 129, 1000 };
	uint64_t (*const by[])(uint64_t) = { spread, equal, crowded };
	struct pol_dir dir;
	char id[16];

	for (size_t k = 0; k < 3; k++) {
		for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
			int wrong = 0;

			build(&dir, sizes[s], by[k]);
			for (uint32_t i = 0; i < sizes[s]; i++) {
				snprintf(id, sizeof(id), "t%u", i);
				wrong += find(&dir, by[k](i), id) != i;
				wrong += find(&dir, by[k](i), "t") != POL_NONE;
				wrong += find(&dir, by[k](i) ^ (uint64_t)1 << 30, id) != POL_NONE;
			}
			wrong += find(&dir, by[k](0), "none") != POL_NONE;
			CU_ASSERT_EQUAL(wrong, 0);
			pol_table_free(&dir);
			CU_ASSERT_PTR_NULL(dir.places);
		}
	}
}

/* Many pages in one block: not one of them is freed alone. */
static void
a_large_dictionary_lies_in_blocks(void)
{
	static const struct { uint32_t n; bool in_slab; } rows[] = { { 32767, false }, { 32768, true }, { 100000, true } };
	struct pol_dir dir;
	char id[16];

	for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		int wrong = 0;

		build(&dir, rows[k].n, spread);
		CU_ASSERT_EQUAL(slabs != NULL, rows[k].in_slab);
		for (size_t i = 0; i >> dir.depth == 0; i++)
			wrong += pol_place_page(dir.places[i])->in_slab != rows[k].in_slab;
		for (uint32_t i = 0; i < rows[k].n; i++) {
			snprintf(id, sizeof(id), "t%u", i);
			wrong += find(&dir, spread(i), id) != i;
		}
		CU_ASSERT_EQUAL(wrong, 0);
		pol_table_free(&dir);
		pol_table_free_slabs(slabs);
		slabs = NULL;
	}
}

/* What a change replaced is freed, as retiring does, and what it noted of itself. */
static void
drop(struct pol_change *c)
{
	for (size_t i = 0; i < c->n_dead; i++)
		free(c->dead[i]);
	free(c->dead);
	free(c->made);
}

/* Puts one record, or (role POL_NONE) takes one out. */
static int
put(struct pol_dir *dir, uint64_t hash, const char *id, uint32_t role, const struct pol_record *old, size_t *dead)
{
	struct pol_people_root to;
	struct pol_change c;
	struct pol_buf buf;
	int rc;

	memset(&c, 0, sizeof(c));
	memset(&to, 0, sizeof(to));
	c.to = &to;
	pol_buf_init(&buf);
	if (role != POL_NONE)
		make(&buf, hash, id, role);
	rc = pol_table_put(&c, dir, role != POL_NONE ? (const void *)buf.data : NULL, old);
	*dead = c.n_dead;
	drop(&c);
	pol_buf_fini(&buf);
	return rc;
}

static const struct pol_record *
record(const struct pol_dir *dir, uint64_t hash, const char *id)
{
	struct pol_people w;

	memset(&w, 0, sizeof(w));
	w.things = *dir;
	return (const void *)pol_find_thing(&w, hash, 0, id, strlen(id));
}

enum { PUT = 3000 };

static void
pages_split_as_records_come(void)
{
	int wrong = 0, dead_wrong = 0;
	struct pol_dir dir;
	size_t dead;
	char id[16];

	build(&dir, 0, spread);
	CU_ASSERT_EQUAL(dir.depth, 0);
	for (uint32_t i = 0; i < PUT; i++) {
		snprintf(id, sizeof(id), "t%u", i);
		wrong += put(&dir, spread(i), id, i, NULL, &dead) != 0;
		dead_wrong += dead != 2;		/* the page and the directory */
	}
	CU_ASSERT(dir.depth >= 5 && dir.count == PUT);
	for (uint32_t i = 0; i < PUT; i += 3) {		/* each third anew */
		snprintf(id, sizeof(id), "t%u", i);
		wrong += put(&dir, spread(i), id, i + PUT, record(&dir, spread(i), id), &dead) != 0;
	}
	CU_ASSERT_EQUAL(dir.count, PUT);
	for (uint32_t i = 0; i < PUT; i++) {
		snprintf(id, sizeof(id), "t%u", i);
		wrong += find(&dir, spread(i), id) != (i % 3 == 0 ? i + PUT : i);
	}
	for (uint32_t i = 1; i < PUT; i += 3) {		/* and each second of three out */
		snprintf(id, sizeof(id), "t%u", i);
		wrong += put(&dir, spread(i), id, POL_NONE, record(&dir, spread(i), id), &dead) != 0;
	}
	CU_ASSERT_EQUAL(dir.count, PUT - PUT / 3);
	for (uint32_t i = 0; i < PUT; i++) {
		snprintf(id, sizeof(id), "t%u", i);
		wrong += find(&dir, spread(i), id) != (i % 3 == 0 ? i + PUT : i % 3 == 1 ? POL_NONE : i);
	}
	for (size_t i = 0; i < (size_t)1 << dir.depth; i++)
		wrong += pol_place_page(dir.places[i])->used > 160 || pol_place_page(dir.places[i])->depth > dir.depth;
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(dead_wrong, 0);
	pol_table_free(&dir);
}

/* Two hashes that differ in one bit: splits go on until it parts them, unless the
 * directory would have more places than there are records. */
static void
like_hashes_are_parted_by_the_bit_they_differ_in(void)
{
	static const struct { int bit; uint32_t depth; bool parted; } rows[] = { { 58, 6, true }, { 12, 9, false } };

	for (size_t k = 0; k < 2; k++) {
		uint64_t hash[2] = { 1, 1 | (uint64_t)1 << rows[k].bit };
		struct pol_dir dir;
		int wrong = 0;
		size_t dead;
		char id[16];

		build(&dir, 100, spread);
		for (uint32_t i = 0; i < 300; i++) {
			snprintf(id, sizeof(id), "e%u", i);
			wrong += put(&dir, hash[i % 2], id, i, NULL, &dead) != 0;
		}
		CU_ASSERT(dir.depth == rows[k].depth && dir.count == 400);
		CU_ASSERT_EQUAL(pol_place_page(dir.places[0])->used <= 160, rows[k].parted);
		for (uint32_t i = 0; i < 300; i++) {
			snprintf(id, sizeof(id), "e%u", i);
			wrong += find(&dir, hash[i % 2], id) != i;
			wrong += rows[k].parted && find(&dir, hash[1 - i % 2], id) != POL_NONE;
			snprintf(id, sizeof(id), "t%u", i);
			wrong += i < 100 && find(&dir, spread(i), id) != i;
		}
		CU_ASSERT_EQUAL(wrong, 0);
		pol_table_free(&dir);
	}
}

static void
what_a_put_replaces_stays_until_it_is_freed(void)
{
	struct pol_people_root to;
	struct pol_change c;
	struct pol_dir old, dir;
	struct pol_buf buf;

	build(&old, 100, spread);
	dir = old;
	memset(&c, 0, sizeof(c));
	memset(&to, 0, sizeof(to));
	c.to = &to;
	pol_buf_init(&buf);
	make(&buf, spread(5), "t5", 555);
	CU_ASSERT_EQUAL(pol_table_put(&c, &dir, (const void *)buf.data, record(&old, spread(5), "t5")), 0);
	make(&buf, spread(7), "t7", 777);		/* and once more in the same change */
	CU_ASSERT_EQUAL(pol_table_put(&c, &dir, (const void *)buf.data, record(&dir, spread(7), "t7")), 0);
	CU_ASSERT(find(&dir, spread(5), "t5") == 555 && find(&dir, spread(7), "t7") == 777);
	CU_ASSERT(find(&old, spread(5), "t5") == 5 && find(&old, spread(7), "t7") == 7);
	CU_ASSERT(c.n_dead >= 2 && c.n_dead <= 3 && c.n_made >= 2);
	drop(&c);
	pol_table_free(&dir);
	pol_buf_fini(&buf);
}

/* What fetches ahead reads nothing that is not there. */
static void
many_are_fetched_ahead_of_their_look_up(void)
{
	static const uint32_t sizes[] = { 0, 1, 1000 };
	struct pol_dir dir;

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		build(&dir, sizes[s], spread);
		CU_ASSERT_EQUAL(pol_dir_is_empty(&dir), sizes[s] == 0);
		for (uint32_t i = 0; i < sizes[s] + 10; i++)
			pol_dir_fetch_slot(&dir, spread(i));
		for (uint32_t i = 0; i < sizes[s] + 10; i++)
			pol_dir_fetch_record(&dir, spread(i));
		CU_ASSERT_EQUAL(find(&dir, spread(0), "t0"), sizes[s] == 0 ? POL_NONE : 0);
		pol_table_free(&dir);
	}
}

static uint64_t
high_half(uint64_t i)
{
	return spread(i) << 32;
}

static uint64_t
few_values(uint64_t i)
{
	return spread(i % 5);
}

static uint64_t
like_holders(uint64_t i)
{
	return (uint64_t)POL_HOLDER_SUBJECT << 32 | (spread(i) % 700) << 32 | i % 3;
}

static uint64_t
downwards(uint64_t i)
{
	return 100000 - i;
}

static void
keys_are_sorted_and_equal_ones_stay_in_order(void)
{
	uint64_t (*const by[])(uint64_t) = { spread, equal, crowded, high_half, few_values, like_holders, downwards };
	static const uint32_t sizes[] = { 0, 1, 2, 32, 33, 100, 5000 };
	struct pol_sort_key *keys = calloc(5000, sizeof(*keys));

	CU_ASSERT_PTR_NOT_NULL_FATAL(keys);
	for (size_t k = 0; k < sizeof(by) / sizeof(by[0]); k++) {
		for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
			int wrong = 0;

			for (uint32_t i = 0; i < sizes[s]; i++)
				keys[i] = (struct pol_sort_key){ by[k](i), i, i + 1 };
			CU_ASSERT_EQUAL(pol_keys_sort(keys, sizes[s]), 0);
			for (uint32_t i = 0; i < sizes[s]; i++) {
				wrong += keys[i].key != by[k](keys[i].row) || keys[i].kind != keys[i].row + 1;
				wrong += i > 0 && keys[i - 1].key > keys[i].key;
				wrong += i > 0 && keys[i - 1].key == keys[i].key && keys[i - 1].row >= keys[i].row;
			}
			CU_ASSERT_EQUAL(wrong, 0);
		}
	}
	free(keys);
}

CU_TestInfo suite_table[] = {
	{ "every record of a building is found", every_record_of_a_building_is_found },
	{ "a large dictionary lies in blocks", a_large_dictionary_lies_in_blocks },
	{ "pages split as records come", pages_split_as_records_come },
	{ "like hashes are parted by the bit they differ in", like_hashes_are_parted_by_the_bit_they_differ_in },
	{ "what a put replaces stays until it is freed", what_a_put_replaces_stays_until_it_is_freed },
	{ "many are fetched ahead of their look-up", many_are_fetched_ahead_of_their_look_up },
	{ "keys are sorted and equal ones stay in order", keys_are_sorted_and_equal_ones_stay_in_order },
	CU_TEST_INFO_NULL
};
