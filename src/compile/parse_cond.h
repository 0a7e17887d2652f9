/* SPDX-License-Identifier: Apache-2.0 */
/* Condition texts of a set, each parsed once: a million entries share few. */
#ifndef POL_COMPILE_PARSE_COND_H
#define POL_COMPILE_PARSE_COND_H

#include "compile/check_index.h"
#include "compile/set.h"

/* What check needs to know of one condition text. */
struct pol_cond_info {
	const struct pol_node *source;	/* where it stands first */
	struct ast_expr *expr;
	struct pol_cond_info *next;
	struct policy_text *reads;	/* check: paths of resource.NAME, each NAME once, through
					 * named conditions */
	size_t n_reads;
	bool own;			/* check: it says `own`, through named conditions */
	bool known;			/* check: the three above are filled */
	bool warned;			/* once is enough */
};

struct pol_conds {
	struct pol_index index;
	struct pol_cond_info *first, **last;
};

pol_index_key_fn pol_conds_key;
int pol_conds_get(struct pol_conds *c, struct ast_cond *out, struct ast_set *set, const struct pol_node *source);
/* A word of the language: no condition is called so. */
bool pol_conds_is_word(struct policy_text t);

#endif
