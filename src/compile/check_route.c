/* SPDX-License-Identifier: Apache-2.0 */
/* Routes: what they ask can be asked, and every name in them is bound. */
#include "compile/check.h"

#include "compile/ast_route.h"

/* ---- variables ---- */

static struct ast_route_var *
find_var(struct ast_route *r, struct policy_text name, uint32_t *index)
{
	size_t i;

	for (i = 0; i < r->n_vars; i++) {
		*index = (uint32_t)i;
		if (pol_bytes_equal(r->vars[i].name.data, r->vars[i].name.len, name.data, name.len))
			return &r->vars[i];
	}
	return NULL;
}

static int
add_var(struct ast_set *set, struct ast_route *r, const struct pol_node *at, struct ast_route_var var)
{
	uint32_t index;

	if (find_var(r, var.name, &index) != NULL)
		return pol_set_fail(set, at, "{%.*s} is bound twice in this route", POL_SHOW_TEXT(var.name));
	if (r->n_vars == POL_ROUTE_VARS)
		return pol_set_limit(set, at, "a route binds at most %u variables", POL_ROUTE_VARS);
	r->vars[r->n_vars++] = var;
	return 0;
}

static int
bind_vars(struct ast_set *set, struct ast_route *r)
{
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < r->n_segments; i++) {
		const struct ast_segment *g = &r->segments[i];

		if (g->kind != AST_SEGMENT_LITERAL)
			rc = add_var(set, r, r->match, (struct ast_route_var){ g->text,
			    g->kind == AST_SEGMENT_REST ? POL_ROUTE_REST : POL_ROUTE_SEGMENT, (uint32_t)i, g->kind != AST_SEGMENT_ONE });
	}
	for (i = 0; rc == 0 && i < r->n_params; i++) {
		r->params[i].var = r->params[i].is_var ? (uint32_t)r->n_vars : POL_NONE;
		if (r->params[i].is_var)
			rc = add_var(set, r, r->params[i].source, (struct ast_route_var){ r->params[i].value, POL_ROUTE_QUERY, 0, true });
	}
	if (rc == 0 && r->body != NULL)
		rc = add_var(set, r, r->body, (struct ast_route_var){ pol_node_text(r->body), POL_ROUTE_BODY, 0, true });
	return rc;
}

static int
use_var(struct ast_set *set, struct ast_route *r, const struct pol_node *at, struct policy_text name, uint32_t *index)
{
	struct pol_hint h;
	size_t i;

	if (find_var(r, name, index) != NULL)
		return 0;
	pol_hint_init(&h, name);
	for (i = 0; i < r->n_vars; i++)
		pol_hint_offer(&h, r->vars[i].name);
	if (pol_hint_found(&h))
		return pol_set_fail(set, at, "{%.*s} is bound by nothing in this route; did you mean '%.*s'?", POL_SHOW_TEXT(name), POL_SHOW_TEXT(h.best));
	return pol_set_fail(set, at, "{%.*s} is bound by nothing in this route: by no segment, no parameter, no `body`", POL_SHOW_TEXT(name));
}

/* ---- what is asked ---- */

static int
check_attr(struct ast_set *set, const struct ast_type *t, const struct ast_route_attr *a)
{
	static const uint8_t fits[] = {	/* by enum ast_attr_type: bits of enum policy_type */
		[AST_STRING] = 1 << POLICY_STRING | 1 << POLICY_INT, [AST_NUMBER] = 1 << POLICY_INT | 1 << POLICY_DOUBLE,
		[AST_BOOLEAN] = 1 << POLICY_BOOL, [AST_TIME] = 1 << POLICY_STRING, [AST_IP] = 1 << POLICY_STRING, [AST_LIST] = 0,
	};
	const struct policy_text name = pol_node_text(a->name);
	const bool family = t->parent_kind != POL_PARENT_NONE && (POL_TEXT_IS(name, "parent") || POL_TEXT_IS(name, "inherit"));
	size_t i;

	if (POL_TEXT_IS(name, "id") || POL_TEXT_IS(name, "type"))
		return pol_set_fail(set, a->name, "'%.*s' is said by `resource:` itself", POL_SHOW(a->name));
	for (i = 0; i < t->n_attrs; i++) {
		const struct ast_attr *d = &t->attrs[i];

		if (!pol_bytes_equal(d->name->u.text, d->name->count, name.data, name.len))
			continue;
		if (d->from == POL_FROM_STORE)
			return pol_set_fail(set, a->name, "'%.*s' of %.*s is `from: store`: a route is not heard", POL_SHOW(a->name), POL_SHOW(t->name));
		if ((fits[d->type] >> a->value.type & 1) == 0)
			return pol_set_fail(set, a->source, "this is no value for '%.*s', as %.*s declares it", POL_SHOW(a->name), POL_SHOW(t->name));
		return 0;
	}
	if (t->n_attrs == 0 || family || (t->has_owner && pol_bytes_equal(t->owner_attr.data, t->owner_attr.len, name.data, name.len)))
		return 0;
	return pol_set_fail(set, a->name, "%.*s declares no attribute '%.*s'", POL_SHOW(t->name), POL_SHOW(a->name));
}

static int
use_attrs(struct ast_set *set, struct ast_route *r, struct ast_route_attrs *attrs)
{
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < attrs->n; i++) {
		attrs->list[i].var = POL_NONE;
		if (attrs->list[i].is_var)
			rc = use_var(set, r, attrs->list[i].source, attrs->list[i].value.u.text, &attrs->list[i].var);
	}
	return rc;
}

/* Of two requests with different variables no one id is made. */
static int
check_id(struct ast_set *set, struct ast_route *r)
{
	bool has_var = false;
	size_t i, bytes = 0;
	int rc;

	for (i = 0; i < r->n_pieces; i++) {
		struct ast_route_piece *piece = &r->pieces[i];

		piece->var = POL_NONE;
		if (!piece->is_var) {
			bytes += piece->text.len;
			has_var &= memchr(piece->text.data, '/', piece->text.len) == NULL;
			continue;
		}
		rc = use_var(set, r, r->resource, piece->text, &piece->var);
		if (rc != 0)
			return rc;
		if (has_var)
			return pol_set_fail(set, r->resource, "'%.*s': two variables with no slash between: where one ends could not be told", POL_SHOW(r->resource));
		if (r->vars[piece->var].slashed && i + 1 != r->n_pieces)
			return pol_set_fail(set, r->resource, "'%.*s': {%.*s} may hold a slash, so it must come last", POL_SHOW(r->resource), POL_SHOW_TEXT(piece->text));
		has_var = true;
	}
	if (bytes > POL_MAX_RESOURCE_ID)
		return pol_set_limit(set, r->resource, "an id has at most %d bytes", POL_MAX_RESOURCE_ID);
	return 0;
}

static int
check_resource(struct ast_set *set, const struct pol_names *names, struct ast_route *r, const struct ast_action *a)
{
	uint32_t type;
	size_t i;
	int rc = pol_check_type(set, names, &type, r->resource, r->type, "unknown resource type");

	if (rc != 0)
		return rc;
	for (i = 0; i < a->n_types && a->types[i] != type; i++)
		continue;
	if (a->n_types > 0 && i == a->n_types)
		return pol_set_fail(set, r->resource, "'%.*s' is not asked about a %.*s", POL_SHOW(a->name), POL_SHOW_TEXT(r->type));
	for (i = 0; rc == 0 && i < r->with.n; i++)
		rc = check_attr(set, set->types.list[type], &r->with.list[i]);
	return rc != 0 ? rc : check_id(set, r);
}

static int
check_action(struct ast_set *set, const struct pol_names *names, struct ast_route *r)
{
	const struct pol_action_name *a = pol_check_get(&names->actions, pol_node_text(r->action));
	size_t i;

	if (a == NULL)
		return pol_check_unknown(set, &names->actions, r->action, pol_node_text(r->action), "unknown action");
	for (i = 0; i < r->context.n; i++)
		if (POL_NODE_IS(r->context.list[i].name, "time"))
			return pol_set_fail(set, r->context.list[i].name, "`time` of the context is the engine's own");
	if (r->resource != NULL)
		return check_resource(set, names, r, a->action);
	if (a->action->n_types > 0)
		return pol_set_fail(set, r->action, "'%.*s' is asked about a resource: `resource: TYPE/ID` is wanted", POL_SHOW(r->action));
	return r->with.n == 0 ? 0 : pol_set_fail(set, r->with.list[0].name, "`with` says attributes of a resource, and this route names none");
}

static bool
is_body_used(const struct ast_route *r)
{
	const uint32_t body = (uint32_t)r->n_vars - 1;	/* the last */
	size_t i;

	for (i = 0; i < r->n_pieces; i++)
		if (r->pieces[i].var == body)
			return true;
	for (i = 0; i < r->with.n; i++)
		if (r->with.list[i].var == body)
			return true;
	for (i = 0; i < r->context.n; i++)
		if (r->context.list[i].var == body)
			return true;
	return false;
}

static int
check_route(struct ast_set *set, const struct pol_names *names, struct ast_route *r)
{
	int rc = bind_vars(set, r);

	if (rc != 0)
		return rc;
	if (r->action == NULL && !r->is_public)
		return pol_set_fail(set, r->source, "a route has no `action`: what is asked is wanted, or `public: true`");
	if (r->action == NULL && (r->resource != NULL || r->with.n != 0 || r->context.n != 0 || r->body != NULL))
		return pol_set_fail(set, r->source, "this public route has no `action`: nothing is asked, so nothing else may be said");
	if (r->action == NULL)
		return 0;
	rc = check_action(set, names, r);
	if (rc == 0)
		rc = use_attrs(set, r, &r->with);
	if (rc == 0)
		rc = use_attrs(set, r, &r->context);
	if (rc == 0 && r->body != NULL && !is_body_used(r))
		return pol_set_fail(set, r->body, "nobody uses {%.*s} of this `body`: leave it out", POL_SHOW(r->body));
	return rc;
}

int
pol_check_routes(struct ast_set *set, struct pol_names *names, struct pol_conds *conds)
{
	size_t i, j;
	int rc = 0;

	(void)conds;
	if (set->routes.n > POL_ROUTE_SETS_MAX)
		return pol_set_limit(set, set->routes.list[POL_ROUTE_SETS_MAX]->name, "%zu sets of routes: at most %u are wanted",
		    set->routes.n, POL_ROUTE_SETS_MAX);
	for (i = 0; rc == 0 && i < set->routes.n; i++)
		rc = pol_check_declare(set, &names->routes, set->routes.list[i], set->routes.list[i]->name, "set of routes");
	if (rc == 0)
		rc = pol_check_sort(set, (void **)set->routes.list, set->routes.n);
	for (i = 0; rc == 0 && i < set->routes.n; i++) {
		for (j = 0; rc == 0 && j < set->routes.list[i]->n; j++)
			rc = check_route(set, names, set->routes.list[i]->list[j]);
		if (rc == 0)
			rc = pol_check_route_ties(set, set->routes.list[i]);
	}
	return rc;
}
