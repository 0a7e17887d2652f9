/* SPDX-License-Identifier: Apache-2.0 */
/* Repeated keys: of two values one would be lost silently, perhaps the deny. Hashed
 * where there are many, so that a large mapping costs no square. */
#include "compile/yaml_keys.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/name.h"

static int
twice(struct ast_set *set, const struct pol_node *key, const struct pol_node *first)
{
	return pol_set_fail(set, key, "the key '%.*s' is given twice in one mapping, first at line %u",
	    POL_SHOW(key), first->line);
}

static bool
same_key(const struct pol_node *a, const struct pol_node *b)
{
	return pol_bytes_equal(a->u.text, a->count, b->u.text, b->count);
}

static int
make_room(struct ast_set *set, struct pol_yaml_seen *seen, size_t cap)
{
	if (cap > seen->cap) {
		free(seen->slots);
		seen->cap = 0;
		seen->slots = malloc(cap * sizeof(*seen->slots));
		if (seen->slots == NULL)
			return pol_set_nomem(set);
		seen->cap = cap;
	}
	memset(seen->slots, 0, cap * sizeof(*seen->slots));
	return 0;
}

static int
check_many(struct ast_set *set, const struct pol_node *items, size_t pairs, uint64_t seed, struct pol_yaml_seen *seen)
{
	size_t cap = 64, i, at;

	while (cap < pairs * 2)
		cap *= 2;
	if (make_room(set, seen, cap) != 0)
		return POLICY_ERR_NOMEM;
	for (i = 0; i < pairs; i++) {
		const struct pol_node *k = &items[i * 2];

		at = (size_t)pol_hash(k->u.text, k->count, seed) & (cap - 1);
		for (; seen->slots[at] != 0; at = (at + 1) & (cap - 1)) {
			const struct pol_node *old = &items[(size_t)(seen->slots[at] - 1) * 2];

			if (same_key(k, old))
				return twice(set, k, old);
		}
		seen->slots[at] = (uint32_t)i + 1;
	}
	return 0;
}

int
pol_yaml_keys(struct ast_set *set, const struct pol_node *items, size_t pairs,
    uint64_t seed, struct pol_yaml_seen *seen)
{
	size_t i, j;

	if (pairs > 8)
		return check_many(set, items, pairs, seed, seen);
	for (i = 1; i < pairs; i++)
		for (j = 0; j < i; j++)
			if (same_key(&items[i * 2], &items[j * 2]))
				return twice(set, &items[i * 2], &items[j * 2]);
	return 0;
}

struct pol_yaml_given_slot {
	const char *text;		/* NULL: empty */
	uint32_t len, tag;
};

static int
widen(struct pol_yaml_given *g)
{
	size_t cap = g->slots != NULL ? (g->mask + 1) * 2 : 64, i, at;
	struct pol_yaml_given_slot *slots = calloc(cap, sizeof(*slots));

	if (slots == NULL)
		return POLICY_ERR_NOMEM;
	for (i = 0; g->slots != NULL && i <= g->mask; i++) {
		if (g->slots[i].text == NULL)
			continue;
		for (at = g->slots[i].tag & (cap - 1); slots[at].text != NULL; at = (at + 1) & (cap - 1))
			continue;
		slots[at] = g->slots[i];
	}
	free(g->slots);
	g->slots = slots;
	g->mask = cap - 1;
	return 0;
}

int
pol_yaml_give_key(struct ast_set *set, struct pol_yaml_given *g, const struct pol_node *key, uint64_t seed)
{
	uint32_t tag = (uint32_t)(pol_hash(key->u.text, key->count, seed) >> 32);
	size_t at;

	if ((g->slots == NULL || g->used * 2 > g->mask) && widen(g) != 0)
		return pol_set_nomem(set);
	for (at = tag & g->mask; g->slots[at].text != NULL; at = (at + 1) & g->mask)
		if (g->slots[at].tag == tag && pol_bytes_equal(g->slots[at].text, g->slots[at].len, key->u.text, key->count))
			return POLICY_ERR_INVALID;
	g->slots[at] = (struct pol_yaml_given_slot){ key->u.text, key->count, tag };
	g->used++;
	return 0;
}

void
pol_yaml_give_end(struct pol_yaml_given *g)
{
	free(g->slots);
	*g = (struct pol_yaml_given){ .slots = NULL };
}
