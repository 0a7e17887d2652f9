/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the front half share: failures, lists, sizes of what was read. */
#ifndef POL_COMPILE_SET_H
#define POL_COMPILE_SET_H

#include "compile/ast.h"

/* How much one file was, to hold it against `limits:` that come with it. */
struct pol_size {
	uint64_t bytes, nodes, scalar;
	uint64_t depth;
	uint32_t scalar_line, scalar_column;	/* of the longest text */
	uint32_t depth_line, depth_column;	/* of the deepest node */
	bool plain;			/* libyaml was not needed */
};

/* Each fills the set's error unless one is there, and returns its code. A text
 * of the set is shown with %.*s and POL_SHOW: cut where it is long. Control
 * bytes are shown as '?'. at NULL: no place. */
int pol_set_fail(struct ast_set *set, const struct pol_node *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int pol_set_limit(struct ast_set *set, const struct pol_node *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int pol_set_nomem(struct ast_set *set);
/* A warning, when someone listens. */
void pol_set_warn(const struct ast_set *set, const struct pol_node *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* At most 64 bytes, and never the half of a character. */
int pol_set_show(const char *data, size_t len);
#define POL_SHOW(n) pol_set_show((n)->u.text, (n)->count), (n)->u.text
#define POL_SHOW_TEXT(t) pol_set_show((t).data, (t).len), (t).data

static inline struct policy_text
pol_node_text(const struct pol_node *n)
{
	struct policy_text t = { n->u.text, n->count };

	return t;
}

#define POL_TEXT_IS(t, word) pol_bytes_equal((t).data, (t).len, word, sizeof(word) - 1)
#define POL_NODE_IS(n, word) pol_bytes_equal((n)->u.text, (n)->count, word, sizeof(word) - 1)

/* Room for one more pointer in the array that the pointer `list` points to. */
int pol_set_grow(void *list, size_t *cap);
#define AST_LIST_ADD(set, l, item) \
	((l)->n < (l)->cap || pol_set_grow(&(l)->list, &(l)->cap) == 0 ? \
	    ((l)->list[(l)->n++] = (item), 0) : pol_set_nomem(set))

/* What was added to the set since `before`, a copy of it, is gone; but its lists keep
 * their room and the arena what it holds, so that conditions parsed stay so. */
void pol_set_back(struct ast_set *set, const struct ast_set *before);

/* One object in the set's arena, zeroed, or NULL with the failure set. */
void *pol_set_alloc(struct ast_set *set, size_t n, size_t size);
#define POL_NEW(set, type) ((type *)pol_set_alloc(set, 1, sizeof(type)))
#define POL_NEW_ARRAY(set, n, type) ((type *)pol_set_alloc(set, n, sizeof(type)))

#endif
