/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Actions: their types, what they imply, and which types they can be asked about.
 * Circles are those of written names and aliases; `all` and globs make none.
 */
#include "compile/check.h"

#include <stdlib.h>

#include "compile/check_graph.h"

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static int
resolve_types(struct ast_set *set, struct pol_names *names, struct ast_action *a)
{
	uint32_t type = 0;
	size_t i;
	int rc;

	a->types = POL_NEW_ARRAY(set, a->resource.n, uint32_t);
	if (a->types == NULL)
		return POLICY_ERR_NOMEM;
	names->type_stamp++;
	for (i = 0; i < a->resource.n; i++) {
		rc = pol_check_type(set, names, &type, &a->resource.list[i], pol_node_text(&a->resource.list[i]), "unknown resource type");
		if (rc != 0)
			return rc;
		if (names->type_mark[type] == names->type_stamp)
			continue;
		names->type_mark[type] = names->type_stamp;
		a->types[a->n_types++] = type;
	}
	qsort(a->types, a->n_types, sizeof(*a->types), by_number);
	return 0;
}

/* ---- implies ---- */

struct direct {
	struct pol_acts ***of;		/* by action: implies.n sets */
	uint32_t *queue;		/* of one walk */
	size_t n;
	uint64_t sum;
};

static int
resolve_implies(struct ast_set *set, struct pol_names *names, struct direct *d)
{
	size_t i, j;
	int rc = 0;

	for (i = 0; i < set->actions.n; i++) {
		const struct ast_texts *t = &set->actions.list[i]->implies;

		d->of[i] = POL_NEW_ARRAY(set, t->n, struct pol_acts *);
		if (d->of[i] == NULL)
			return POLICY_ERR_NOMEM;
		for (j = 0; rc == 0 && j < t->n; j++) {
			struct ast_texts one = { &t->list[j], 1 };

			if (POL_NODE_IS(&t->list[j], "all"))
				d->of[i][j] = names->all;
			else
				rc = pol_acts_get(&d->of[i][j], set, names, &one);
		}
		if (rc != 0)
			return rc;
	}
	return 0;
}

static bool
is_written(const struct pol_node *n)
{
	return !POL_NODE_IS(n, "all") && memchr(n->u.text, '*', n->count) == NULL;
}

static const struct pol_node *
name_of(const struct ast_set *set, uint32_t i)
{
	return set->actions.list[i]->name;
}

static int
check_circle(struct ast_set *set, const struct direct *d)
{
	struct pol_graph g;
	size_t i, j, edges = 0;
	int rc;

	for (i = 0; i < set->actions.n; i++)
		edges += set->actions.list[i]->implies.n;
	if (pol_graph_init(&g, (uint32_t)set->actions.n, edges) != 0)
		return pol_set_nomem(set);
	edges = 0;
	for (i = 0; i < set->actions.n; i++) {
		const struct ast_texts *t = &set->actions.list[i]->implies;

		for (j = 0; j < t->n; j++)
			if (is_written(&t->list[j]))
				g.to[edges++] = d->of[i][j]->list[0];
		g.first[i + 1] = edges;
	}
	rc = pol_graph_sort(&g);
	if (rc != 0)
		rc = pol_set_nomem(set);
	else if (g.circle != NULL)
		rc = pol_graph_refuse(set, &g, "action", name_of);
	pol_graph_fini(&g);
	return rc;
}

static void
reach(struct pol_names *names, struct direct *d, uint32_t action)
{
	if (names->mark[action] == names->stamp)
		return;
	names->mark[action] = names->stamp;
	d->queue[d->n++] = action;
}

/* An action whose own walk is over is taken whole; a set of names is opened once. */
static void
spread(struct ast_set *set, struct pol_names *names, struct direct *d, uint32_t x)
{
	const struct ast_action *a = set->actions.list[x];
	size_t i, j;

	for (i = 0; i < a->n_implied; i++)
		reach(names, d, a->implied[i]);
	for (i = 0; a->n_implied == 0 && i < a->implies.n && d->n < set->actions.n; i++) {
		struct pol_acts *acts = d->of[x][i];

		if (acts->stamp == names->stamp)
			continue;
		acts->stamp = names->stamp;
		for (j = 0; j < acts->n; j++)
			reach(names, d, acts->list[j]);
	}
}

static int
close_implied(struct ast_set *set, struct pol_names *names, struct direct *d, struct ast_action *a)
{
	size_t i;

	names->stamp++;
	d->n = 0;
	reach(names, d, a->index);
	for (i = 0; i < d->n && d->n < set->actions.n; i++)
		spread(set, names, d, d->queue[i]);
	d->sum += d->n - 1;
	if (d->sum > POL_CHECK_CLOSURE)
		return pol_set_limit(set, a->name, "what the actions of this set imply sums up to more than %u, here at '%.*s'", POL_CHECK_CLOSURE, POL_SHOW(a->name));
	a->implied = POL_NEW_ARRAY(set, d->n, uint32_t);
	if (a->implied == NULL)
		return POLICY_ERR_NOMEM;
	memcpy(a->implied, d->queue, d->n * sizeof(*d->queue));
	a->n_implied = d->n;
	qsort(a->implied, a->n_implied, sizeof(*a->implied), by_number);
	return 0;
}

static int
resolve_all(struct ast_set *set, struct pol_names *names, struct direct *d)
{
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < set->actions.n; i++)
		rc = resolve_types(set, names, set->actions.list[i]);
	if (rc == 0)
		rc = resolve_implies(set, names, d);
	if (rc == 0)
		rc = check_circle(set, d);
	for (i = 0; rc == 0 && i < set->actions.n; i++)
		rc = close_implied(set, names, d, set->actions.list[i]);
	return rc;
}

/* ---- which types ---- */

/* Marks types into list; n grows. */
static void
add_types(struct pol_names *names, uint32_t *list, size_t *n, const uint32_t *types, size_t n_types)
{
	size_t i;

	for (i = 0; i < n_types; i++) {
		if (names->type_mark[types[i]] == names->type_stamp)
			continue;
		names->type_mark[types[i]] = names->type_stamp;
		list[(*n)++] = types[i];
	}
}

static int
finish_types(struct ast_set *set, struct pol_acts *acts, const uint32_t *list, size_t n)
{
	acts->typed = true;
	acts->types = POL_NEW_ARRAY(set, n, uint32_t);
	if (acts->types == NULL)
		return POLICY_ERR_NOMEM;
	memcpy(acts->types, list, n * sizeof(*list));
	acts->n_types = n;
	qsort(acts->types, n, sizeof(*acts->types), by_number);
	return 0;
}

/* Of one action and all it implies; not typed when one of them names no type. */
static int
reach_types(struct pol_acts **out, struct ast_set *set, struct pol_names *names, uint32_t action, uint32_t *list)
{
	const struct ast_action *a = set->actions.list[action];
	size_t i, n = 0;

	*out = names->reach[action];
	if (*out != NULL)
		return 0;
	*out = names->reach[action] = POL_NEW(set, struct pol_acts);
	if (*out == NULL)
		return POLICY_ERR_NOMEM;
	names->type_stamp++;
	for (i = 0; i < a->n_implied; i++) {
		const struct ast_action *b = set->actions.list[a->implied[i]];

		if (b->n_types == 0)
			return 0;
		add_types(names, list, &n, b->types, b->n_types);
	}
	return finish_types(set, *out, list, n);
}

int
pol_check_types_of(struct ast_set *set, struct pol_names *names, struct pol_acts *acts)
{
	struct pol_acts *one;
	uint32_t *list;
	size_t i, n = 0;
	int rc = 0;

	if (acts->asked)
		return 0;
	acts->asked = true;
	list = malloc((set->types.n + 1) * sizeof(*list));
	if (list == NULL)
		return pol_set_nomem(set);
	for (i = 0; rc == 0 && i < acts->n; i++) {
		rc = reach_types(&one, set, names, acts->list[i], list);
		if (rc == 0 && !one->typed)
			goto out;
	}
	names->type_stamp++;
	for (i = 0; rc == 0 && i < acts->n; i++)
		add_types(names, list, &n, names->reach[acts->list[i]]->types, names->reach[acts->list[i]]->n_types);
	if (rc == 0)
		rc = finish_types(set, acts, list, n);
out:
	free(list);
	return rc;
}

static int
check_reading(struct ast_set *set, struct pol_names *names, const struct ast_action *a)
{
	const struct ast_texts self = { a->name, 1 };
	struct pol_acts *acts;
	int rc;

	if (!pol_check_reads(&a->conds))
		return 0;
	rc = pol_acts_get(&acts, set, names, &self);
	if (rc == 0)
		rc = pol_check_types_of(set, names, acts);
	if (rc == 0 && acts->typed)
		rc = pol_check_reading(set, names, &a->conds, acts->types, acts->n_types);
	return rc;
}

int
pol_check_actions(struct ast_set *set, struct pol_names *names, struct pol_conds *conds)
{
	struct direct d = { .n = 0 };
	size_t i;
	int rc;

	(void)conds;
	rc = pol_acts_init(set, names);
	if (rc != 0)
		return rc;
	d.of = calloc(set->actions.n + 1, sizeof(*d.of));
	d.queue = malloc((set->actions.n + 1) * sizeof(*d.queue));
	rc = d.of != NULL && d.queue != NULL ? resolve_all(set, names, &d) : pol_set_nomem(set);
	free(d.of);
	free(d.queue);
	for (i = 0; rc == 0 && i < set->actions.n; i++)
		rc = check_reading(set, names, set->actions.list[i]);
	return rc;
}
