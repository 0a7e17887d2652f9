/* SPDX-License-Identifier: Apache-2.0 */
/* Names to what they stand for. Keys are read from the values: nothing is copied. */
#ifndef POL_COMPILE_CHECK_INDEX_H
#define POL_COMPILE_CHECK_INDEX_H

#include <policy.h>

/* The one or two texts that a value is found by. */
typedef void pol_index_key_fn(const void *value, struct policy_text *a, struct policy_text *b);

struct pol_index_slot {
	uint64_t hash;
	void *value;			/* NULL: empty */
};

struct pol_index {
	pol_index_key_fn *key;
	struct pol_index_slot *slots;
	size_t mask, used;
	uint64_t seed;
};

void pol_index_fini(struct pol_index *x);
/* Room for n values in all, so that adding them moves none. */
int pol_index_room(struct pol_index *x, size_t n);
void *pol_index_get(const struct pol_index *x, struct policy_text a, struct policy_text b);
/* 0, or POLICY_ERR_NOMEM. *old: what has the key already, and stays; NULL: none had. */
int pol_index_add(void **old, struct pol_index *x, void *value);

#endif
