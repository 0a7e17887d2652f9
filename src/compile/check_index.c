/* SPDX-License-Identifier: Apache-2.0 */
/* Open addressing at most two thirds full, with a seed that no file's author knows. */
#include "compile/check_index.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/name.h"

static uint64_t
hash_of(const struct pol_index *x, struct policy_text a, struct policy_text b)
{
	return pol_hash_join(pol_hash(a.data, a.len, x->seed), pol_hash(b.data, b.len, x->seed));
}

static size_t
find(const struct pol_index *x, uint64_t hash, struct policy_text a, struct policy_text b)
{
	struct policy_text c, d;
	size_t at;

	for (at = (size_t)hash & x->mask; x->slots[at].value != NULL; at = (at + 1) & x->mask) {
		if (x->slots[at].hash != hash)
			continue;
		x->key(x->slots[at].value, &c, &d);
		if (pol_bytes_equal(a.data, a.len, c.data, c.len) && pol_bytes_equal(b.data, b.len, d.data, d.len))
			break;
	}
	return at;
}

static int
widen(struct pol_index *x, size_t cap)
{
	size_t i, at;
	struct pol_index_slot *slots = calloc(cap, sizeof(*slots));

	if (slots == NULL)
		return POLICY_ERR_NOMEM;
	for (i = 0; x->slots != NULL && i <= x->mask; i++) {
		if (x->slots[i].value == NULL)
			continue;
		for (at = (size_t)x->slots[i].hash & (cap - 1); slots[at].value != NULL; at = (at + 1) & (cap - 1))
			continue;
		slots[at] = x->slots[i];
	}
	free(x->slots);
	x->slots = slots;
	x->mask = cap - 1;
	return 0;
}

void
pol_index_fini(struct pol_index *x)
{
	free(x->slots);
	x->slots = NULL;
	x->used = 0;
}

int
pol_index_room(struct pol_index *x, size_t n)
{
	size_t cap = 16;

	while (n * 3 >= (cap - 1) * 2)
		cap *= 2;
	return x->slots != NULL && cap <= x->mask + 1 ? 0 : widen(x, cap);
}

void *
pol_index_get(const struct pol_index *x, struct policy_text a, struct policy_text b)
{
	return x->slots == NULL ? NULL : x->slots[find(x, hash_of(x, a, b), a, b)].value;
}

int
pol_index_add(void **old, struct pol_index *x, void *value)
{
	struct policy_text a, b;
	uint64_t hash;
	size_t at;

	*old = NULL;
	if (x->slots == NULL || x->used * 3 >= x->mask * 2)
		if (widen(x, x->slots ? (x->mask + 1) * 2 : 16) != 0)
			return POLICY_ERR_NOMEM;
	x->key(value, &a, &b);
	hash = hash_of(x, a, b);
	at = find(x, hash, a, b);
	*old = x->slots[at].value;
	if (*old != NULL)
		return 0;
	x->slots[at].hash = hash;
	x->slots[at].value = value;
	x->used++;
	return 0;
}
