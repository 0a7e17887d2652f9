/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which route wins does not depend on where it stands: segment by segment, then by
 * method, then by parameters. Two of which neither wins are refused.
 */
#include "compile/check.h"

#include <stdlib.h>

#include "compile/ast_route.h"

static int
by_size(size_t a, size_t b)
{
	return a < b ? -1 : a > b;
}

static int
by_path(const struct ast_route *a, const struct ast_route *b)
{
	size_t i;
	int order = 0;

	for (i = 0; order == 0 && i < a->n_segments && i < b->n_segments; i++) {
		const struct ast_segment *x = &a->segments[i], *y = &b->segments[i];

		order = by_size(x->kind, y->kind);
		if (order == 0 && x->kind == AST_SEGMENT_LITERAL)
			order = pol_bytes_cmp(x->text.data, x->text.len, y->text.data, y->text.len);
	}
	return order != 0 ? order : by_size(a->n_segments, b->n_segments);
}

/* Any method comes last. */
static int
by_method(const struct ast_route *a, const struct ast_route *b)
{
	if (a->method.len == 0 || b->method.len == 0)
		return by_size(b->method.len, a->method.len);
	return pol_bytes_cmp(a->method.data, a->method.len, b->method.data, b->method.len);
}

static size_t
literals(const struct ast_route *r)
{
	size_t i, n = 0;

	for (i = 0; i < r->n_params; i++)
		n += !r->params[i].is_var;
	return n;
}

/* A route that wins over another asks for more, or for as much and more exactly. */
static int
by_route(const void *left, const void *right)
{
	const struct ast_route *a = *(struct ast_route *const *)left, *b = *(struct ast_route *const *)right;
	int order = by_path(a, b);

	if (order == 0)
		order = by_method(a, b);
	if (order == 0)
		order = by_size(b->n_params, a->n_params);
	if (order == 0)
		order = by_size(literals(b), literals(a));
	if (order == 0)
		order = by_size(a->source->line, b->source->line);
	return order != 0 ? order : by_size(a->source->column, b->source->column);
}

static const struct ast_route_param *
find_param(const struct ast_route *r, const struct pol_node *key)
{
	size_t i;

	for (i = 0; i < r->n_params; i++)
		if (pol_bytes_equal(r->params[i].key->u.text, r->params[i].key->count, key->u.text, key->count))
			return &r->params[i];
	return NULL;
}

static bool
is_same(const struct ast_route_param *a, const struct ast_route_param *b)
{
	return pol_bytes_equal(a->value.data, a->value.len, b->value.data, b->value.len);
}

/* No request has both: one parameter is wanted with two values. */
static bool
are_apart(const struct ast_route *a, const struct ast_route *b)
{
	size_t i;

	for (i = 0; i < a->n_params; i++) {
		const struct ast_route_param *x = &a->params[i], *y = find_param(b, x->key);

		if (y != NULL && !x->is_var && !y->is_var && !is_same(x, y))
			return true;
	}
	return false;
}

/* Has whoever fits a what b asks for? */
static bool
is_within(const struct ast_route *a, const struct ast_route *b)
{
	size_t i;

	for (i = 0; i < b->n_params; i++) {
		const struct ast_route_param *y = &b->params[i], *x = find_param(a, y->key);

		if (x == NULL || (!y->is_var && (x->is_var || !is_same(x, y))))
			return false;
	}
	return true;
}

static int
check_pair(struct ast_set *set, const struct ast_route *a, const struct ast_route *b)
{
	const struct ast_route *first = a->source->line <= b->source->line ? a : b, *second = first == a ? b : a;
	const bool same = is_within(a, b);

	if (are_apart(a, b) || same != is_within(b, a))
		return 0;
	return pol_set_fail(set, second->match, same ? "'%.*s' is routed twice, first at %s:%u"
	    : "'%.*s' and the route at %s:%u may both be meant by one request, and neither asks for more than the other",
	    POL_SHOW(second->match), set->files[first->source->file], first->source->line);
}

/* Of one path: list[0..n). */
static int
check_path(struct ast_set *set, struct ast_route *const *list, size_t n)
{
	size_t i, j;
	int rc = 0;

	if (n > POL_ROUTE_CANDIDATES_MAX)
		return pol_set_limit(set, list[0]->match, "%zu routes have this path: at most %u are wanted", n, POL_ROUTE_CANDIDATES_MAX);
	for (i = 0; rc == 0 && i < n; i++)
		for (j = i + 1; rc == 0 && j < n && by_method(list[i], list[j]) == 0; j++)
			rc = check_pair(set, list[i], list[j]);
	return rc;
}

int
pol_check_route_ties(struct ast_set *set, const struct ast_routes *routes)
{
	size_t i, end;
	int rc = 0;

	if (routes->n > 1)
		qsort(routes->list, routes->n, sizeof(struct ast_route *), by_route);
	for (i = 0; rc == 0 && i < routes->n; i = end) {
		for (end = i + 1; end < routes->n && by_path(routes->list[i], routes->list[end]) == 0; end++)
			continue;
		rc = check_path(set, routes->list + i, end - i);
	}
	return rc;
}
