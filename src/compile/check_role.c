/* SPDX-License-Identifier: Apache-2.0 */
/* Roles: what they include exists, makes no circle, and is closed over. */
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
find_role(struct ast_set *set, const struct pol_names *names, uint32_t *out, const struct pol_node *n)
{
	const struct ast_role *r = pol_check_get(&names->roles, pol_node_text(n));

	if (r == NULL)
		return pol_check_unknown(set, &names->roles, n, pol_node_text(n), "unknown role");
	*out = r->index;
	return 0;
}

int
pol_check_role_ids(struct ast_set *set, const struct pol_names *names, uint32_t **out,
    const struct ast_texts *roles)
{
	size_t i;
	int rc = 0;

	*out = POL_NEW_ARRAY(set, roles->n, uint32_t);
	if (*out == NULL)
		return POLICY_ERR_NOMEM;
	for (i = 0; rc == 0 && i < roles->n; i++)
		rc = find_role(set, names, &(*out)[i], &roles->list[i]);
	return rc;
}

/* Parts stand in the order of files: their edges are counted, then put by role. */
static int
fill_graph(struct ast_set *set, const struct pol_names *names, struct pol_graph *g)
{
	size_t i, j, edges = 0;
	uint32_t role = 0;
	int rc;

	for (i = 0; i < set->parts.n; i++)
		edges += set->parts.list[i]->includes.n;
	if (pol_graph_init(g, (uint32_t)set->roles.n, edges) != 0)
		return pol_set_nomem(set);
	for (i = 0; i < set->parts.n; i++)
		g->first[set->parts.list[i]->role + 1] += set->parts.list[i]->includes.n;
	for (i = 0; i < set->roles.n; i++)
		g->first[i + 1] += g->first[i];
	for (i = set->parts.n; i-- > 0;) {
		const struct ast_role_part *p = set->parts.list[i];

		for (j = p->includes.n; j-- > 0;) {
			rc = find_role(set, names, &role, &p->includes.list[j]);
			if (rc != 0)
				return rc;
			g->to[--g->first[p->role + 1]] = role;
		}
	}
	/* each end has moved down to its begin: put them back */
	for (i = 0; i < set->roles.n; i++)
		g->first[i] = g->first[i + 1];
	g->first[set->roles.n] = edges;
	return 0;
}

static const struct pol_node *
name_of(const struct ast_set *set, uint32_t i)
{
	return set->roles.list[i]->name;
}

struct closing {
	uint32_t *mark, *list;
	size_t n;
	uint64_t sum;
};

static void
take(struct closing *c, uint32_t role, uint32_t for_role)
{
	if (c->mark[role] == for_role + 1)
		return;
	c->mark[role] = for_role + 1;
	c->list[c->n++] = role;
}

static int
close_role(struct ast_set *set, const struct pol_graph *g, struct closing *c, uint32_t x)
{
	struct ast_role *r = set->roles.list[x];
	uint32_t *closure;
	size_t i, j;

	c->n = 0;
	take(c, x, x);
	for (i = g->first[x]; i < g->first[x + 1]; i++) {
		const struct ast_role *in = set->roles.list[g->to[i]];

		for (j = 0; j < in->n_closure; j++)
			take(c, in->closure[j], x);
	}
	c->sum += c->n - 1;
	if (c->sum > POL_CHECK_CLOSURE)
		return pol_set_limit(set, r->name, "what the roles of this set include sums up to more than %u, here at '%.*s'", POL_CHECK_CLOSURE, POL_SHOW(r->name));
	r->n_closure = (uint32_t)c->n;
	r->closure = &r->index;
	if (c->n == 1)
		return 0;
	closure = POL_NEW_ARRAY(set, c->n, uint32_t);
	if (closure == NULL)
		return POLICY_ERR_NOMEM;
	memcpy(closure, c->list, c->n * sizeof(*c->list));
	qsort(closure, c->n, sizeof(*closure), by_number);
	r->closure = closure;
	return 0;
}

static int
close_roles(struct ast_set *set, const struct pol_graph *g)
{
	struct closing c = { .n = 0 };
	uint32_t i;
	int rc = 0;

	c.mark = calloc((size_t)g->n + 1, sizeof(*c.mark));
	c.list = calloc((size_t)g->n + 1, sizeof(*c.list));
	if (c.mark == NULL || c.list == NULL)
		rc = pol_set_nomem(set);
	for (i = 0; rc == 0 && i < g->n; i++)
		rc = close_role(set, g, &c, g->order[i]);
	free(c.mark);
	free(c.list);
	return rc;
}

int
pol_check_roles(struct ast_set *set, struct pol_names *names, struct pol_conds *conds)
{
	struct pol_graph g;
	size_t i;
	int rc;

	(void)conds;
	memset(&g, 0, sizeof(g));
	rc = fill_graph(set, names, &g);
	if (rc == 0 && pol_graph_sort(&g) != 0)
		rc = pol_set_nomem(set);
	if (rc == 0)
		rc = g.circle != NULL ? pol_graph_refuse(set, &g, "role", name_of) : close_roles(set, &g);
	pol_graph_fini(&g);
	for (i = 0; rc == 0 && i < set->everyone.n; i++)
		rc = find_role(set, names, &set->everyone.list[i]->id, set->everyone.list[i]->role);
	return rc;
}
