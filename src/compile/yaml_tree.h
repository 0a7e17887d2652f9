/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of YAML into a tree, whoever reads them: what is strict about our YAML,
 * and every limit, is here.
 */
#ifndef POL_COMPILE_YAML_TREE_H
#define POL_COMPILE_YAML_TREE_H

#include "compile/yaml.h"
#include "compile/yaml_keys.h"

/* A place in the text, from 1, columns in characters. */
struct pol_tree_at {
	uint32_t line, column;
};

struct pol_tree_scalar {
	const char *text;
	size_t len;
	struct pol_tree_at at;
	bool plain, exact;		/* as in struct pol_node */
};

struct pol_tree_frame {
	bool map;
	size_t first;			/* its children on the stack */
	struct pol_tree_at at;
};

/* Short texts in sets of a few: two that come by turns must not drive each other out. */
#define POL_TREE_CACHED 64u
#define POL_TREE_WAYS 4u

struct pol_tree {
	struct ast_set *set;
	const struct policy_limits *limits;
	struct pol_size *size;
	uint64_t seed;
	uint16_t file;
	struct pol_node *stack;
	size_t n, cap;
	struct pol_tree_frame *frames;
	size_t depth, frames_cap;
	struct pol_yaml_seen seen_keys;
	const struct pol_yaml_taker *taker;
	const struct pol_yaml_source *source;
	size_t told;			/* bytes */
	bool giving;			/* the items of the section that is open */
	struct pol_arena items;		/* one of them */
	struct pol_arena_mark no_item;
	char *room;			/* texts are packed: most are short */
	size_t room_left;
	struct policy_text cached[POL_TREE_CACHED][POL_TREE_WAYS];	/* keys come again and again */
	unsigned oldest;		/* of a set, roughly */
};

/* Each is 0 or fills the set's error. */
int pol_tree_begin(struct pol_tree *t, struct pol_tree_at at, bool map);
int pol_tree_end(struct pol_tree *t);
int pol_tree_scalar(struct pol_tree *t, const struct pol_tree_scalar *s);
/* So many bytes were read: tells of it now and then. */
static inline void
pol_tree_tell(struct pol_tree *t, size_t bytes)
{
	if (bytes - t->told < POL_YAML_TELL || t->source->progress == NULL)
		return;
	t->told = bytes;
	t->source->progress(t->source->progress_ctx, bytes);
}

int pol_tree_fail(struct pol_tree *t, struct pol_tree_at at, const char *what);
void pol_tree_fini(struct pol_tree *t);

#endif
