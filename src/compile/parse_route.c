/* SPDX-License-Identifier: Apache-2.0 */
/* routes: as written: SET: [ { match:, query:, body:, action:, resource:, with:, context:, public: } ] */
#include "compile/parse.h"

#include "compile/ast_route.h"

static int
route_match(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_route *r = out;
	int rc = pol_parse_text(p, value, "match");

	(void)key;
	r->match = value;
	return rc != 0 ? rc : pol_parse_route_match(p, r, value);
}

/* Of a variable its name, else the bytes as they stand: 010 is no number here. */
static int
read_param(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_route *r = out;
	struct ast_route_param *param = &r->params[r->n_params++];
	struct policy_text name;
	int rc;

	if (key->count == 0)
		return pol_set_fail(p->set, key, "a parameter without a name stands under query");
	if (value->kind != POL_NODE_SCALAR)
		return pol_set_fail(p->set, value, "%s was found under query: a text or {NAME} is wanted", pol_parse_kind(value));
	rc = pol_parse_route_var(p, &name, value);
	*param = (struct ast_route_param){ .key = key, .source = value, .is_var = name.data != NULL,
	    .value = name.data != NULL ? name : pol_node_text(value) };
	return rc;
}

static int
route_query(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_route *r = out;

	(void)key;
	if (value->kind == POL_NODE_MAP && value->count > POL_ROUTE_PARAMS)
		return pol_set_limit(p->set, value, "a route asks for at most %u parameters", POL_ROUTE_PARAMS);
	r->params = POL_NEW_ARRAY(p->set, POL_ROUTE_PARAMS, struct ast_route_param);
	if (r->params == NULL)
		return POLICY_ERR_NOMEM;
	return pol_parse_each(p, value, "query", read_param, r);
}

static int
read_attr(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_route_attrs *attrs = out;
	struct ast_route_attr *a = &attrs->list[attrs->n++];
	struct policy_text name = { NULL, 0 };
	int rc;

	if (value->kind != POL_NODE_SCALAR)
		return pol_set_fail(p->set, value, "%s was found here: a text, a number, true, false or {NAME} is wanted", pol_parse_kind(value));
	rc = pol_value_typed(p->set, &a->value, value);
	if (rc == 0 && a->value.type == POLICY_STRING)
		rc = pol_parse_route_var(p, &name, value);
	a->name = key;
	a->source = value;
	a->is_var = name.data != NULL;
	if (a->is_var)
		a->value.u.text = name;
	return rc;
}

static int
read_attrs(struct pol_parse *p, struct ast_route_attrs *out, const struct pol_node *value, const char *where)
{
	if (value->kind == POL_NODE_MAP && value->count > POL_ROUTE_ATTRS)
		return pol_set_limit(p->set, value, "%s of a route has at most %u attributes", where, POL_ROUTE_ATTRS);
	out->list = POL_NEW_ARRAY(p->set, POL_ROUTE_ATTRS, struct ast_route_attr);
	if (out->list == NULL)
		return POLICY_ERR_NOMEM;
	return pol_parse_each(p, value, where, read_attr, out);
}

static int
route_with(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return read_attrs(p, &((struct ast_route *)out)->with, value, "with");
}

static int
route_context(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return read_attrs(p, &((struct ast_route *)out)->context, value, "context");
}

static int
route_action(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	((struct ast_route *)out)->action = value;
	return pol_parse_text(p, value, "action");
}

static int
route_resource(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_route *r = out;
	int rc = pol_parse_text(p, value, "resource");

	(void)key;
	r->resource = value;
	return rc != 0 ? rc : pol_parse_route_resource(p, r, value);
}

static int
route_body(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	int rc = pol_parse_text(p, value, "body");

	(void)key;
	((struct ast_route *)out)->body = value;
	if (rc == 0 && (!pol_name_is(value->u.text, value->count) || value->count > POL_ROUTE_NAME_MAX))
		return pol_set_fail(p->set, value, "'%.*s' is no name of a member here: [A-Za-z_][A-Za-z0-9_-]* is wanted, at most %u bytes",
		    POL_SHOW(value), POL_ROUTE_NAME_MAX);
	return rc;
}

static int
route_public(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return pol_parse_bool(p, &((struct ast_route *)out)->is_public, value, "public");
}

static const struct pol_key_row route_keys[] = {
	{ "match", route_match }, { "query", route_query }, { "body", route_body }, { "action", route_action },
	{ "resource", route_resource }, { "with", route_with }, { "context", route_context }, { "public", route_public },
};

static int
read_route(struct pol_parse *p, struct ast_route **out, const struct pol_node *n)
{
	struct ast_route *r;
	int rc;

	if (n->kind != POL_NODE_MAP)
		return pol_set_fail(p->set, n, "%s was found in routes: a mapping { match:, action: } is wanted", pol_parse_kind(n));
	*out = r = POL_NEW(p->set, struct ast_route);
	if (r == NULL)
		return POLICY_ERR_NOMEM;
	r->source = n;
	rc = POL_PARSE_KEYS(p, n, "a route", route_keys, r);
	if (rc == 0 && r->match == NULL)
		return pol_set_fail(p->set, n, "a route has no `match`: METHOD /PATH is wanted");
	return rc;
}

static int
read_set(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_routes *set;
	size_t i;
	int rc = 0;

	(void)out;
	if (!pol_name_is(key->u.text, key->count) || key->count > POL_ROUTE_NAME_MAX)
		return pol_set_fail(p->set, key, "'%.*s' is no name of a set of routes: [A-Za-z_][A-Za-z0-9_-]* is wanted, at most %u bytes",
		    POL_SHOW(key), POL_ROUTE_NAME_MAX);
	if (value->kind != POL_NODE_SEQ)
		return pol_set_fail(p->set, value, "%s was found as a set of routes: a list is wanted, of { match:, action: }", pol_parse_kind(value));
	if (value->count > POL_ROUTES_MAX)
		return pol_set_limit(p->set, value, "%u routes stand in one set: at most %u are wanted", value->count, POL_ROUTES_MAX);
	set = POL_NEW(p->set, struct ast_routes);
	if (set == NULL)
		return POLICY_ERR_NOMEM;
	set->name = key;
	set->n = value->count;
	set->list = POL_NEW_ARRAY(p->set, set->n, struct ast_route *);
	if (set->list == NULL)
		return POLICY_ERR_NOMEM;
	for (i = 0; rc == 0 && i < set->n; i++)
		rc = read_route(p, &set->list[i], &value->u.items[i]);
	return rc != 0 ? rc : AST_LIST_ADD(p->set, &p->set->routes, set);
}

int
pol_parse_routes(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return pol_parse_each(p, value, "routes", read_set, out);
}
