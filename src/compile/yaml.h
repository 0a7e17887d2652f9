/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POL_COMPILE_YAML_H
#define POL_COMPILE_YAML_H

#include "compile/set.h"

/*
 * Who takes a tree in pieces: section by section of the root, and those it wants
 * item by item (a pair of a mapping; of a list a value, and key NULL). An item is
 * gone when the call returns, but for the texts of its scalars; a section whose
 * items were taken comes without them. Each call returns 0 or a code. Repeated keys
 * of items are the taker's to find.
 */
struct pol_yaml_taker {
	bool (*wants)(void *ctx, const struct pol_node *section, bool map);
	int (*item)(void *ctx, const struct pol_node *section, const struct pol_node *key, const struct pol_node *value);
	int (*section)(void *ctx, const struct pol_node *pair);	/* key and value; they stay */
	int (*root)(void *ctx, const struct pol_node *root);	/* at last, sections without their items */
	void (*again)(void *ctx);	/* forget what you took: the whole tree comes */
	void *ctx;
};

#define POL_YAML_TELL (1u << 20)

struct pol_yaml_source {
	const char *text;
	size_t len;
	uint16_t file;			/* number of the source, for places */
	const struct policy_limits *limits;	/* no member 0 */
	uint64_t seed;			/* of the hash that finds repeated keys */
	bool slowly;			/* by libyaml, however plain it is */
	void (*progress)(void *ctx, uint64_t bytes);	/* read, once a MiB; NULL: not told */
	void *progress_ctx;
	const struct pol_yaml_taker *taker;	/* of a plain text; NULL: the tree is wanted whole */
};

/*
 * One text into a tree in the set's arena: strict, and within the limits. On
 * failure the set's error is filled. size->plain tells who a taker has to do with.
 */
int pol_yaml_read(struct pol_node *root, struct pol_size *size, struct ast_set *set,
    const struct pol_yaml_source *source);

#endif
