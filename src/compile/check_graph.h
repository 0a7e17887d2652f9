/* SPDX-License-Identifier: Apache-2.0 */
/* Who points at whom: roles that include, actions that imply, conditions that call. */
#ifndef POL_COMPILE_CHECK_GRAPH_H
#define POL_COMPILE_CHECK_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#include "compile/ast.h"

/* Edges of node i: to[first[i]] .. to[first[i + 1]]. */
struct pol_graph {
	uint32_t n;
	size_t *first;			/* n + 1 */
	uint32_t *to;
	uint32_t *order;		/* of the n nodes, each behind all it points at */
	uint32_t *circle;		/* if there is one: its nodes, the first again at the end */
	size_t n_circle;
};

/* Room for n nodes and `edges` edges; first, to are the caller's to fill. */
int pol_graph_init(struct pol_graph *g, uint32_t n, size_t edges);
void pol_graph_fini(struct pol_graph *g);
/* Fills order, or circle. 0 or POLICY_ERR_NOMEM. */
int pol_graph_sort(struct pol_graph *g);
/* The name of node i. */
typedef const struct pol_node *pol_graph_name_fn(const struct ast_set *set, uint32_t i);
/* Refuses the set for the circle found: "WHAT cycle: a -> b -> a". */
int pol_graph_refuse(struct ast_set *set, const struct pol_graph *g, const char *what, pol_graph_name_fn *name);

#endif
