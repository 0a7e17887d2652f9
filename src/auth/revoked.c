/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open addressing over pointers to entries that never change. A writer puts an entry into
 * an empty slot, or another in its place, with one store; when the table is three
 * quarters full it is built anew, twice as large or without what has ended, and one store
 * puts it in place. What was replaced is kept until nobody can be looking at it: who
 * calls knows when that is (pol_revoked_leave), else pol_revoked_free. Pointers are loaded
 * and stored seq_cst, like the counters of readers by which a caller will know.
 *
 * A hash finds the slot; the step and the id are compared, byte by byte. The hash is
 * SipHash under a random key: ids come from tokens, which others may have made.
 */
#include "auth/revoked.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define LEAST 64u

struct entry {
	struct entry *next;		/* only of those that left */
	int64_t until;
	uint64_t hash;
	uint32_t step_len, id_len;	/* step_len ANY: whichever step */
	char bytes[];
};
#define ANY UINT32_MAX

struct table {
	struct table *next;		/* only of those that left */
	uint64_t mask, used;
	_Atomic(struct entry *) slots[];
};

struct gone {
	_Atomic(struct entry *) entries;
	_Atomic(struct table *) tables;
};

struct pol_revoked {
	_Atomic(struct table *) table;
	_Atomic uint64_t count;
	_Atomic int64_t now;		/* what ended by then may be forgotten */
	uint64_t key[2];
	struct gone left, leaving;
};

/* ---- memory ---- */

static struct table *
new_table(uint64_t slots)
{
	struct table *t = calloc(1, sizeof(*t) + slots * sizeof(t->slots[0]));

	if (t != NULL)
		t->mask = slots - 1;
	return t;
}

static void
leave_entry(struct pol_revoked *r, struct entry *e)
{
	struct entry *first = atomic_load(&r->left.entries);

	do
		e->next = first;
	while (!atomic_compare_exchange_weak(&r->left.entries, &first, e));
}

static void
leave_table(struct pol_revoked *r, struct table *t)
{
	struct table *first = atomic_load(&r->left.tables);

	do
		t->next = first;
	while (!atomic_compare_exchange_weak(&r->left.tables, &first, t));
}

static void
free_gone(struct gone *g)
{
	struct entry *e = atomic_exchange(&g->entries, NULL), *after;
	struct table *t = atomic_exchange(&g->tables, NULL), *behind;

	for (; e != NULL; e = after) {
		after = e->next;
		free(e);
	}
	for (; t != NULL; t = behind) {
		behind = t->next;
		free(t);
	}
}

int
pol_revoked_new(struct pol_revoked **out)
{
	struct pol_revoked *r = calloc(1, sizeof(*r));
	struct table *t = new_table(LEAST);
	int rc = r != NULL && t != NULL ? 0 : POLICY_ERR_NOMEM;

	*out = NULL;
	for (size_t i = 0; rc == 0 && i < 2; i++)
		rc = pol_hash_seed(&r->key[i]);
	if (rc != 0) {
		free(r);
		free(t);
		return rc;
	}
	atomic_store(&r->table, t);
	atomic_store(&r->now, INT64_MIN);
	*out = r;
	return 0;
}

void
pol_revoked_free(struct pol_revoked *r)
{
	struct table *t;

	if (r == NULL)
		return;
	t = atomic_load(&r->table);
	for (uint64_t i = 0; i <= t->mask; i++)
		free(atomic_load_explicit(&t->slots[i], memory_order_relaxed));
	free(t);
	free_gone(&r->left);
	free_gone(&r->leaving);
	free(r);
}

static bool
has_gone(const struct gone *g)
{
	return atomic_load(&g->entries) != NULL || atomic_load(&g->tables) != NULL;
}

bool
pol_revoked_waits(const struct pol_revoked *r)
{
	return has_gone(&r->left) || has_gone(&r->leaving);
}

void
pol_revoked_leave(struct pol_revoked *r)
{
	if (has_gone(&r->leaving))
		return;
	atomic_store(&r->leaving.entries, atomic_exchange(&r->left.entries, NULL));
	atomic_store(&r->leaving.tables, atomic_exchange(&r->left.tables, NULL));
}

void
pol_revoked_reclaim(struct pol_revoked *r)
{
	free_gone(&r->leaving);
}

/* ---- looking ---- */

static uint64_t
hash_of(const struct pol_revoked *r, uint32_t step_len, const char *step, struct policy_text id)
{
	uint64_t h = pol_siphash(id.data, id.len, r->key), two[2];

	if (step_len == ANY)
		return h;
	two[0] = h;
	two[1] = pol_siphash(step, step_len, r->key) + 1;
	return pol_siphash(two, sizeof(two), r->key);
}

static bool
is(const struct entry *e, uint64_t hash, uint32_t step_len, const char *step, struct policy_text id)
{
	uint32_t n = step_len == ANY ? 0 : step_len;

	return e->hash == hash && e->step_len == step_len && e->id_len == id.len &&
	    (n == 0 || memcmp(e->bytes, step, n) == 0) && memcmp(e->bytes + n, id.data, id.len) == 0;
}

/* Its slot, or the empty one where it would be. There always is one: see add. */
static _Atomic(struct entry *) *
find(struct table *t, uint64_t hash, uint32_t step_len, const char *step, struct policy_text id)
{
	for (uint64_t i = hash & t->mask;; i = (i + 1) & t->mask) {
		const struct entry *e = atomic_load(&t->slots[i]);

		if (e == NULL || is(e, hash, step_len, step, id))
			return &t->slots[i];
	}
}

static bool
has(const struct pol_revoked *r, struct table *t, uint32_t step_len, const char *step, struct policy_text id)
{
	uint64_t hash = hash_of(r, step_len, step, id);

	return atomic_load(find(t, hash, step_len, step, id)) != NULL;
}

bool
pol_revoked_has(const struct pol_revoked *r, struct policy_text step, struct policy_text id)
{
	struct table *t;

	/* most engines have none, and most credentials that are asked about are good */
	if (id.len == 0 || atomic_load_explicit(&r->count, memory_order_acquire) == 0)
		return false;
	t = atomic_load(&r->table);
	return has(r, t, ANY, NULL, id) || (step.len > 0 && has(r, t, (uint32_t)step.len, step.data, id));
}

uint64_t
pol_revoked_count(const struct pol_revoked *r)
{
	return atomic_load_explicit(&r->count, memory_order_acquire);
}

/* ---- writing ---- */

static bool
is_over(const struct entry *e, int64_t now)
{
	return e->until != 0 && e->until <= now;
}

/* A larger table, or the same size without what is over. Nothing changes on failure. */
static int
rebuild(struct pol_revoked *r)
{
	struct table *old = atomic_load(&r->table), *t;
	const int64_t now = atomic_load(&r->now);
	uint64_t live = 0, slots = LEAST;

	for (uint64_t i = 0; i <= old->mask; i++) {
		const struct entry *e = atomic_load(&old->slots[i]);

		live += e != NULL && !is_over(e, now);
	}
	while (slots / 2 < live + 1)
		slots *= 2;
	t = new_table(slots);
	if (t == NULL)
		return POLICY_ERR_NOMEM;
	for (uint64_t i = 0; i <= old->mask; i++) {
		struct entry *e = atomic_load(&old->slots[i]);
		uint64_t at;

		if (e == NULL || is_over(e, now))
			continue;
		for (at = e->hash & t->mask; atomic_load(&t->slots[at]) != NULL; at = (at + 1) & t->mask)
			;
		atomic_store(&t->slots[at], e);
	}
	t->used = live;
	atomic_store(&r->table, t);
	atomic_store(&r->count, live);
	for (uint64_t i = 0; i <= old->mask; i++) {
		struct entry *e = atomic_load(&old->slots[i]);

		if (e != NULL && is_over(e, now))
			leave_entry(r, e);
	}
	leave_table(r, old);
	return 0;
}

static struct entry *
new_entry(uint64_t hash, uint32_t step_len, const char *step, struct policy_text id, int64_t until)
{
	uint32_t n = step_len == ANY ? 0 : step_len;
	struct entry *e = malloc(sizeof(*e) + n + id.len);

	if (e == NULL)
		return NULL;
	*e = (struct entry){ NULL, until, hash, step_len, (uint32_t)id.len };
	if (n > 0)
		memcpy(e->bytes, step, n);
	memcpy(e->bytes + n, id.data, id.len);
	return e;
}

int
pol_revoked_add(struct pol_revoked *r, struct policy_text step, struct policy_text id, int64_t until)
{
	const uint32_t step_len = step.data == NULL || step.len == 0 ? ANY : (uint32_t)step.len;
	_Atomic(struct entry *) *at;
	struct entry *e, *old;
	struct table *t;
	uint64_t hash;

	if (id.data == NULL || id.len == 0 || id.len > UINT16_MAX || step.len > UINT16_MAX)
		return POLICY_ERR_ARG;
	hash = hash_of(r, step_len, step.data, id);
	t = atomic_load(&r->table);
	at = find(t, hash, step_len, step.data, id);
	old = atomic_load(at);
	if (old != NULL && (old->until == 0 || (until != 0 && until <= old->until)))
		return 0;
	if (old == NULL && (t->used + 1) * 4 > (t->mask + 1) * 3) {
		if (rebuild(r) != 0)
			return POLICY_ERR_NOMEM;
		t = atomic_load(&r->table);
		at = find(t, hash, step_len, step.data, id);
	}
	e = new_entry(hash, step_len, step.data, id, until);
	if (e == NULL)
		return POLICY_ERR_NOMEM;
	if (old != NULL) {
		atomic_store(at, e);
		leave_entry(r, old);
		return 0;
	}
	/* first the counts: a child forked between two lines must not have it, uncounted */
	t->used++;
	atomic_fetch_add(&r->count, 1);
	atomic_store(at, e);
	return 0;
}

void
pol_revoked_now(struct pol_revoked *r, int64_t now)
{
	atomic_store(&r->now, now);
}
