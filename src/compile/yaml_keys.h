/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POL_COMPILE_YAML_KEYS_H
#define POL_COMPILE_YAML_KEYS_H

#include "compile/set.h"

/* Room that serves one mapping after the other; zeroed at first, slots freed at last. */
struct pol_yaml_seen {
	uint32_t *slots;		/* index + 1 by hash */
	size_t cap;
};

/* Refuses a key that is repeated. items: key, value, key, value... */
int pol_yaml_keys(struct ast_set *set, const struct pol_node *items, size_t pairs,
    uint64_t seed, struct pol_yaml_seen *seen);
#endif
