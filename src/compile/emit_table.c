/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hash tables, made last: where a seed gives a long probe, another is drawn
 * and they are made again. A slot is taken from whoever is nearer to its own
 * first slot (Robin Hood), which keeps the longest probe short and is still
 * linear probing to those who look up.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "compile/emit.h"

struct table {
	struct pol_table *head;
	enum emit_table rows;
	size_t size;			/* of a row, which begins with its name */
};
#define TABLES 6

struct maker {
	struct pol_emit *e;
	struct table table[TABLES];
	uint32_t *home;			/* by slot: the first slot of who is there */
	uint64_t seed;
};

static uint32_t
count(const struct maker *m, const struct table *t)
{
	return (uint32_t)(m->e->table[t->rows].len / t->size);
}

static uint64_t
hash_text(const struct maker *m, struct pol_str s)
{
	return pol_hash(m->e->blob.data + s.off, s.len, m->seed);
}

static uint64_t
hash_row(const struct maker *m, const struct table *t, uint32_t i)
{
	const char *row = m->e->table[t->rows].data + i * t->size;
	const struct pol_type *types = (const void *)m->e->table[EMIT_TYPES].data;
	struct pol_anchor a;
	struct pol_str name;

	if (t->rows == EMIT_ANCHORS) {
		memcpy(&a, row, sizeof(a));
		return pol_hash_join(types[a.type].hash, hash_text(m, a.id));
	}
	memcpy(&name, row, sizeof(name));
	return hash_text(m, name);
}

/* Fills one table; how far the farthest row is from its first slot. */
static uint32_t
fill(struct maker *m, const struct table *t)
{
	uint64_t *slots = (uint64_t *)(void *)(m->e->blob.data + t->head->off);
	uint32_t i, n = count(m, t), mask = t->head->mask, longest = 0;

	memset(slots, 0, ((size_t)mask + 1) * sizeof(*slots));
	for (i = 0; i < n; i++) {
		uint64_t hash = hash_row(m, t, i), slot = hash >> 32 << 32 | (i + 1);
		uint32_t home = (uint32_t)hash & mask, at = home;

		for (; slots[at] != 0; at = (at + 1) & mask) {
			uint32_t theirs = m->home[at];
			uint64_t other = slots[at];

			if (((at - theirs) & mask) >= ((at - home) & mask))
				continue;
			if (((at - home) & mask) > longest)
				longest = (at - home) & mask;
			slots[at] = slot;
			m->home[at] = home;
			slot = other;
			home = theirs;
		}
		slots[at] = slot;
		m->home[at] = home;
		if (((at - home) & mask) > longest)
			longest = (at - home) & mask;
	}
	return longest;
}

/* Room for all tables, at most two thirds full, with one slot empty at least. */
static int
make_room(struct maker *m)
{
	uint32_t i, most = 0;
	int rc = 0;

	for (i = 0; rc == 0 && i < TABLES; i++) {
		struct table *t = &m->table[i];
		uint64_t slots = 2;

		while (slots * 2 < (uint64_t)count(m, t) * 3)
			slots *= 2;
		if (slots * sizeof(uint64_t) > UINT32_MAX)
			return pol_emit_text_rc(m->e, POLICY_ERR_LIMIT);
		t->head->mask = (uint32_t)slots - 1;
		if (t->head->mask > most)
			most = t->head->mask;
		rc = pol_emit_text_block(m->e, NULL, slots * sizeof(uint64_t), 8, &t->head->off);
	}
	if (rc != 0)
		return rc;
	m->home = malloc(((size_t)most + 1) * sizeof(*m->home));
	return m->home == NULL ? pol_emit_text_rc(m->e, POLICY_ERR_NOMEM) : 0;
}

static uint32_t
fill_all(struct maker *m)
{
	struct pol_type *types = (struct pol_type *)(void *)m->e->table[EMIT_TYPES].data;
	uint32_t i, longest = 0;

	for (i = 0; i < m->e->set->types.n; i++)
		types[i].hash = hash_text(m, types[i].name);
	for (i = 0; i < TABLES; i++) {
		uint32_t far = fill(m, &m->table[i]);

		if (far > longest)
			longest = far;
	}
	return longest;
}

/* Parents that are a type's default know their hash too. */
static void
hash_parents(struct maker *m)
{
	struct pol_type *types = (struct pol_type *)(void *)m->e->table[EMIT_TYPES].data;
	size_t i;
	uint32_t k;

	for (i = 0; i < m->e->set->types.n; i++) {
		struct pol_parent *p = (struct pol_parent *)(void *)
		    (m->e->blob.data + types[i].default_parents.off);

		for (k = 0; k < types[i].default_parents.n; k++)
			p[k].hash = pol_hash_join(types[p[k].type].hash, hash_text(m, p[k].id));
	}
}

int
pol_emit_table(struct pol_emit *e, bool fixed)
{
	struct pol_program *h = &e->head;
	struct maker m = { e, {
		{ &h->type_names, EMIT_TYPES, sizeof(struct pol_type) },
		{ &h->action_names, EMIT_KEYS, sizeof(struct pol_key) },
		{ &h->role_names, EMIT_ROLES, sizeof(struct pol_role) },
		{ &h->scope_names, EMIT_SCOPES, sizeof(struct pol_scope) },
		{ &h->kind_names, EMIT_KINDS, sizeof(struct pol_kind) },
		{ &h->anchor_ids, EMIT_ANCHORS, sizeof(struct pol_anchor) },
	}, NULL, h->seed };
	int rc = make_room(&m), turn;

	for (turn = 1; rc == 0; turn++) {
		if (fill_all(&m) <= EMIT_PROBE || fixed || turn == EMIT_SEEDS)
			break;
		rc = pol_hash_seed(&m.seed);
		if (rc != 0)
			pol_err_set(e->err, rc, NULL, 0, 0, "no random bytes from the kernel");
	}
	free(m.home);
	if (rc != 0)
		return rc;
	h->seed = m.seed;
	hash_parents(&m);
	return 0;
}
