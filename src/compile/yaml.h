/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POL_COMPILE_YAML_H
#define POL_COMPILE_YAML_H

#include "compile/set.h"

struct pol_yaml_source {
	const char *text;
	size_t len;
	uint16_t file;			/* number of the source, for places */
	const struct policy_limits *limits;	/* no member 0 */
	uint64_t seed;			/* of the hash that finds repeated keys */
	bool slowly;			/* by libyaml, however plain it is */
};

/*
 * One text into a tree in the set's arena: strict, and within the limits. On
 * failure the set's error is filled.
 */
int pol_yaml_read(struct pol_node *root, struct pol_size *size, struct ast_set *set,
    const struct pol_yaml_source *source);

#endif
