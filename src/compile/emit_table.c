/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hash tables, made last: where a seed gives a long probe, another is drawn
 * and they are made again. A slot is taken from whoever is nearer to its own
 * first slot (Robin Hood), which keeps the longest probe short and is still
 * linear probing to those who look up.
 */
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "compile/emit.h"

struct table {
	struct pol_table *head;
	struct pol_span *rows;
	size_t size;			/* of a row, which begins with its name */
};
#define TABLES 4

uint64_t
pol_emit_table_room(uint64_t n)
{
	uint64_t slots = 2;

	while (slots * 2 < n * 3)
		slots *= 2;
	return slots;
}

uint32_t
pol_emit_table_put(uint64_t *slots, uint32_t mask, uint64_t slot)
{
	uint32_t at = (uint32_t)(slot >> 32) & mask, far = 0, longest = 0;

	for (; slots[at] != 0; at = (at + 1) & mask, far++) {
		uint64_t other = slots[at];
		uint32_t theirs = (at - (uint32_t)(other >> 32)) & mask;

		if (theirs >= far)
			continue;
		if (far > longest)
			longest = far;
		slots[at] = slot;
		slot = other;
		far = theirs;
	}
	slots[at] = slot;
	return far > longest ? far : longest;
}

static uint64_t
hash_text(const struct pol_program *p, struct pol_str s, uint64_t seed)
{
	return pol_hash((const char *)p + s.off, s.len, seed);
}

static uint64_t *
slots_of(struct pol_program *p, struct pol_table t)
{
	return (uint64_t *)(void *)((char *)p + t.off);
}

/* Fills one table; how far the farthest row is from its first slot. */
static uint32_t
fill(struct pol_program *p, const struct table *t, uint64_t seed)
{
	uint32_t i, far, longest = 0;

	memset(slots_of(p, *t->head), 0, ((size_t)t->head->mask + 1) * sizeof(uint64_t));
	for (i = 0; i < t->rows->n; i++) {
		struct pol_str name;

		if (t->size != 0)
			memcpy(&name, (char *)p + t->rows->off + i * t->size, sizeof(name));
		else
			name = pol_action_key(p, i);
		far = pol_emit_table_put(slots_of(p, *t->head), t->head->mask,
		    hash_text(p, name, seed) >> 32 << 32 | (i + 1));
		if (far > longest)
			longest = far;
	}
	return longest;
}

/* size 0: the names of actions, which are no rows. */
static void
list_tables(struct pol_program *p, struct table out[TABLES])
{
	out[0] = (struct table){ &p->type_names, &p->types, sizeof(struct pol_type) };
	out[1] = (struct table){ &p->scope_names, &p->scopes, sizeof(struct pol_scope) };
	out[2] = (struct table){ &p->kind_names, &p->kinds, sizeof(struct pol_kind) };
	out[3] = (struct table){ &p->action_names, &p->action_keys, 0 };
}

uint64_t
pol_emit_table_layout(struct pol_emit *e, uint64_t at)
{
	struct table tables[TABLES];
	uint32_t i;

	list_tables(&e->head, tables);
	for (i = 0; i < TABLES; i++) {
		uint64_t slots = pol_emit_table_room(tables[i].rows->n);

		tables[i].head->mask = (uint32_t)(slots - 1);
		tables[i].head->off = (uint32_t)at;
		at += slots * sizeof(uint64_t);
	}
	return at;
}

static struct pol_type *
types_of(struct pol_program *p)
{
	return (struct pol_type *)(void *)((char *)p + p->types.off);
}

/* Parents that are a type's default know their hash too. */
static void
hash_types(struct pol_emit *e, struct pol_program *p)
{
	struct pol_type *types = types_of(p);
	uint32_t i, k;

	pol_emit_anchor_types(e, types);
	for (i = 0; i < p->types.n; i++) {
		struct pol_parent *up = (struct pol_parent *)(void *)((char *)p + types[i].default_parents.off);

		types[i].hash = e->type_hash[i];
		for (k = 0; k < types[i].default_parents.n; k++)
			up[k].hash = pol_hash_join(e->type_hash[up[k].type], hash_text(p, up[k].id, e->head.seed));
	}
}

int
pol_emit_table(struct pol_emit *e, struct pol_program *p, bool fixed)
{
	struct table tables[TABLES];
	uint64_t seed = e->head.seed;
	uint32_t i, turn;
	int rc = 0;

	list_tables(p, tables);
	for (turn = 1; rc == 0; turn++) {
		uint32_t longest = e->longest;

		for (i = 0; i < TABLES; i++) {
			uint32_t far = fill(p, &tables[i], seed);

			if (far > longest)
				longest = far;
		}
		if (longest <= EMIT_PROBE || fixed || turn == EMIT_SEEDS)
			break;
		rc = pol_hash_seed(&seed);
		if (rc != 0)
			return pol_err_set(e->err, rc, NULL, 0, 0, "no random bytes from the kernel");
		rc = pol_emit_anchor_hash(e, seed);
	}
	p->seed = e->head.seed;
	if (rc == 0)
		hash_types(e, p);
	return rc;
}
