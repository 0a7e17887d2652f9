/* SPDX-License-Identifier: Apache-2.0 */
/* Depth first with a stack of our own: a million roles may stand in one chain. */
#include "compile/check_graph.h"

#include <stdlib.h>
#include <string.h>

#include <policy.h>

#include "compile/set.h"

int
pol_graph_init(struct pol_graph *g, uint32_t n, size_t edges)
{
	memset(g, 0, sizeof(*g));
	g->n = n;
	g->first = calloc((size_t)n + 1, sizeof(*g->first));
	g->to = calloc(edges + 1, sizeof(*g->to));
	g->order = calloc((size_t)n + 1, sizeof(*g->order));
	if (g->first != NULL && g->to != NULL && g->order != NULL)
		return 0;
	pol_graph_fini(g);
	return POLICY_ERR_NOMEM;
}

void
pol_graph_fini(struct pol_graph *g)
{
	free(g->first);
	free(g->to);
	free(g->order);
	free(g->circle);
	memset(g, 0, sizeof(*g));
}

struct step {
	uint32_t node;
	size_t edge;			/* the next one to follow */
};

struct walk {
	struct pol_graph *g;
	unsigned char *state;		/* 1: on the stack, 2: done */
	struct step *stack;
	size_t depth;
	uint32_t done;
};

static int
found_circle(struct walk *w, uint32_t node)
{
	size_t from = w->depth, i;

	while (w->stack[from - 1].node != node)
		from--;
	w->g->circle = calloc(w->depth - from + 2, sizeof(*w->g->circle));
	if (w->g->circle == NULL)
		return POLICY_ERR_NOMEM;
	for (i = from - 1; i < w->depth; i++)
		w->g->circle[w->g->n_circle++] = w->stack[i].node;
	w->g->circle[w->g->n_circle++] = node;
	return 0;
}

static void
enter(struct walk *w, uint32_t node)
{
	w->state[node] = 1;
	w->stack[w->depth].node = node;
	w->stack[w->depth].edge = w->g->first[node];
	w->depth++;
}

static int
visit(struct walk *w, uint32_t node)
{
	struct pol_graph *g = w->g;

	enter(w, node);
	while (w->depth > 0) {
		struct step *s = &w->stack[w->depth - 1];

		if (s->edge == g->first[s->node + 1]) {
			w->state[s->node] = 2;
			g->order[w->done++] = s->node;
			w->depth--;
			continue;
		}
		node = g->to[s->edge++];
		if (w->state[node] == 1)
			return found_circle(w, node);
		if (w->state[node] == 0)
			enter(w, node);
	}
	return 0;
}

int
pol_graph_sort(struct pol_graph *g)
{
	struct walk w = { .g = g };
	uint32_t i;
	int rc = 0;

	w.state = calloc((size_t)g->n + 1, 1);
	w.stack = calloc((size_t)g->n + 1, sizeof(*w.stack));
	if (w.state == NULL || w.stack == NULL)
		rc = POLICY_ERR_NOMEM;
	for (i = 0; rc == 0 && i < g->n && g->circle == NULL; i++)
		if (w.state[i] == 0)
			rc = visit(&w, i);
	free(w.state);
	free(w.stack);
	return rc;
}

int
pol_graph_refuse(struct ast_set *set, const struct pol_graph *g, const char *what, pol_graph_name_fn *name)
{
	char text[512];
	size_t n = 0;

	for (size_t i = 0; i < g->n_circle; i++) {
		const struct pol_node *x = name(set, g->circle[i]);

		if (n + x->count + 5 > sizeof(text))
			break;
		if (i > 0) {
			memcpy(text + n, " -> ", 4);
			n += 4;
		}
		memcpy(text + n, x->u.text, x->count);
		n += x->count;
	}
	return pol_set_fail(set, name(set, g->circle[0]), "%s cycle: %.*s", what, (int)n, text);
}
