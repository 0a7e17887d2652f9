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
