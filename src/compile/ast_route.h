/* SPDX-License-Identifier: Apache-2.0 */
/* The section `routes:` as written. */
#ifndef POL_COMPILE_AST_ROUTE_H
#define POL_COMPILE_AST_ROUTE_H

#include "compile/ast.h"
#include "core/route.h"

/* Of one policy set: sets of routes; of one of those: routes. */
#define POL_ROUTE_SETS_MAX 64u
#define POL_ROUTES_MAX 4096u
/* Segments of one route. */
#define POL_ROUTE_SEGMENTS_MAX 32u
/* Routes that one path may come down to, over all methods and parameters. */
#define POL_ROUTE_CANDIDATES_MAX 256u
/* Bytes of the name of a set, of a variable, of a member of a body. */
#define POL_ROUTE_NAME_MAX 64u
/* States of the machine of all sets, and what they hold: routes that overlap in many
 * ways would ask for any number of them. */
#define POL_ROUTE_STATES_MAX 65536u
#define POL_ROUTE_PLACES_MAX 1048576u

/* In the order in which they win. */
enum ast_segment_kind { AST_SEGMENT_LITERAL, AST_SEGMENT_ONE, AST_SEGMENT_SLASH, AST_SEGMENT_REST };

struct ast_segment {
	enum ast_segment_kind kind;
	struct policy_text text;	/* LITERAL: decoded; else the variable's name */
};

struct ast_route_param {
	const struct pol_node *key, *source;
	struct policy_text value;	/* a text, or a variable's name */
	bool is_var;
	uint32_t var;			/* check */
};

struct ast_route_attr {
	const struct pol_node *name, *source;
	struct policy_value value;	/* of a text that is a variable: its name */
	bool is_var;
	uint32_t var;			/* check */
};
struct ast_route_attrs {
	struct ast_route_attr *list;
	size_t n;
};

struct ast_route_piece {
	struct policy_text text;	/* or a variable's name */
	bool is_var;
	uint32_t var;			/* check */
};

struct ast_route_var {
	struct policy_text name;
	enum pol_route_from from;
	uint32_t at;
	bool slashed;			/* what it stands for may hold a slash */
};

struct ast_route {
	const struct pol_node *source, *match;	/* match NULL: not said */
	const struct pol_node *action, *resource, *body;	/* NULL: not said */
	bool is_public;
	struct policy_text method;	/* of no bytes: any but OPTIONS */
	struct ast_segment *segments;
	size_t n_segments;
	struct ast_route_param *params;
	size_t n_params;
	struct ast_route_attrs with, context;
	struct policy_text type;	/* of resource, before the slash */
	struct ast_route_piece *pieces;	/* of resource, behind it */
	size_t n_pieces;
	struct ast_route_var vars[POL_ROUTE_VARS];	/* check: path's, parameters', body's */
	size_t n_vars;
	uint32_t index;			/* emit */
};

struct ast_routes {
	const struct pol_node *name;
	struct ast_route **list;	/* check: in the order in which they win, path by path */
	size_t n;
};

#endif
