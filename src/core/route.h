/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routes: what a request of HTTP is taken for. Of each set of routes there is a machine
 * that reads a path segment by segment: a state is all that the routes can still be, so
 * one look a segment is enough, however many there are. compile/emit_machine.c makes it.
 */
#ifndef POL_CORE_ROUTE_H
#define POL_CORE_ROUTE_H

#include "core/core.h"
#include "core/target.h"

#define POL_ROUTE_VARS 16u		/* names that one route binds */
#define POL_ROUTE_ATTRS 16u		/* attributes of one bag that it says */
#define POL_ROUTE_PARAMS 8u		/* parameters that it wants */
#define POL_ROUTE_BODY_MAX 1048576u	/* bytes of a body that is looked into */

struct pol_route_set {
	struct pol_str name;
	uint32_t start;			/* state */
	uint32_t pad;
};

struct pol_route_state {
	uint32_t edges, n_edges;	/* by literal */
	uint32_t plain, slash;		/* state behind any other segment; behind one with %2F */
	uint32_t candidates, n_candidates;	/* where the path ends here: routes, the most specific first */
};

struct pol_route_edge {
	uint32_t word, state;
};

enum pol_route_from { POL_ROUTE_SEGMENT, POL_ROUTE_REST, POL_ROUTE_QUERY, POL_ROUTE_BODY };
struct pol_route_var {
	uint32_t from;			/* enum pol_route_from */
	uint32_t at;			/* segment; parameter of the request, by the route's */
};

struct pol_route_param {
	struct pol_str key, value;
	uint32_t var;			/* POL_NONE: value is meant */
};

struct pol_route_piece {		/* of an id */
	struct pol_str text;
	uint32_t var;			/* POL_NONE: text is meant */
};

struct pol_route_attr {
	struct pol_str name;
	uint32_t var;			/* POL_NONE: value is meant */
	uint32_t pad;
	struct pol_sval value;		/* no list, no object */
};

struct pol_route {
	uint32_t file, line;
	uint32_t is_public;
	struct pol_str method;		/* of no bytes: any but OPTIONS */
	struct pol_str action;		/* of no bytes: none; then public */
	struct pol_str type;		/* of no bytes: no resource */
	struct pol_str body;		/* the member wanted; of no bytes: none */
	struct pol_span vars;		/* struct pol_route_var, path's, then parameters', then body's */
	struct pol_span params;		/* struct pol_route_param */
	struct pol_span pieces;		/* struct pol_route_piece */
	struct pol_span resource, context;	/* struct pol_route_attr */
};

/* A match, and room for what it stands for; texts lie in the target, in here and in the
 * program. Large: not zeroed as a whole. */
struct pol_routed {
	const struct pol_route *route;
	struct policy_text action;	/* absent: none */
	struct policy_text type, id;	/* absent: none */
	struct policy_attrs resource, context;
	struct policy_attr resource_list[POL_ROUTE_ATTRS], context_list[POL_ROUTE_ATTRS];
	struct policy_text vars[POL_ROUTE_VARS];
	struct pol_params params;
	char body[POL_MAX_RESOURCE_ID], room[POL_MAX_RESOURCE_ID];
};

/*
 * What a target that was read stands for among the routes of `set`. 0: out->route is the
 * route, NULL where there is none. POLICY_ERR_ARG: a parameter that a route wants is there
 * twice, the query or the body is malformed, or the body lacks what the route wants;
 * POLICY_ERR_LIMIT. body: absent where none was received.
 */
int pol_route_find(struct pol_routed *out, const struct pol_program *p, struct policy_text set,
    const struct pol_target *t, struct policy_text body);
/* All of out, of our size. */
void pol_route_tell(struct policy_routed *out, const struct pol_program *p, const struct pol_routed *found);

#endif
