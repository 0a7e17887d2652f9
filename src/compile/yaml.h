/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POL_COMPILE_YAML_H
#define POL_COMPILE_YAML_H

#include "compile/set.h"

/*
 * One text into a tree in the set's arena: strict, and within the limits (no
 * member 0). `seed` is for the hash that finds repeated keys. `file` is the number
 * of the source, for places. On failure the set's error is filled.
 */
int pol_yaml_read(struct pol_node *root, struct pol_size *size, struct ast_set *set,
    uint16_t file, const char *text, size_t len, const struct policy_limits *limits,
    uint64_t seed);

#endif
