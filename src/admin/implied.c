/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What scopes imply: each action that they allow without a condition or a pattern, and
 * each declared scope that allows nothing beyond those. A scope that the set does not
 * declare is the action of the same name.
 */
#include <stdlib.h>
#include <string.h>

#include "admin/tell.h"

struct implied {
	const struct pol_program *p;
	uint8_t *has;			/* by action */
	uint32_t n_actions;
};

static const struct pol_entry *
entry(const struct pol_program *p, const struct pol_scope *s, uint32_t i)
{
	const uint32_t *items = (const uint32_t *)POL_AT(p, p->items.off) + s->first;

	return (const struct pol_entry *)POL_AT(p, p->entries.off) + (items[i] & POL_ITEM_NUMBER);
}

static const struct pol_scope *
scope_at(const struct pol_program *p, uint32_t i)
{
	return (const struct pol_scope *)POL_AT(p, p->scopes.off) + i;
}

/* The actions that the scope names, marked. */
static void
mark(struct implied *m, struct policy_text scope)
{
	uint32_t s = pol_find_scope(m->p, scope.data, scope.len);

	if (s == POL_NONE) {
		s = pol_find_action(m->p, scope.data, scope.len);
		if (s != POL_NONE)
			m->has[s] = 1;
		return;
	}
	for (uint32_t i = 0; i < scope_at(m->p, s)->n; i++) {
		const struct pol_body *body = pol_body_of(m->p, entry(m->p, scope_at(m->p, s), i));
		const uint32_t *acts = POL_AT(m->p, body->actions.off);

		for (uint32_t k = 0; body->cond.n == 0 && body->patterns.n == 0 && k < body->actions.n; k++)
			m->has[acts[k]] = 1;
	}
}

/* Those that they imply too: 2, so that each is told from what it was told by. */
static void
close_over(struct implied *m)
{
	for (uint32_t a = 0; a < m->n_actions; a++) {
		uint32_t n;
		const uint32_t *impliers = pol_action_impliers(m->p, &a, &n);

		for (uint32_t i = 0; i < n; i++) {
			if (m->has[impliers[i]] == 1 && m->has[a] == 0)
				m->has[a] = 2;
		}
	}
}

/* Whatever it allows, and where: the scopes allow it. */
static bool
is_covered(const struct implied *m, const struct pol_scope *s)
{
	for (uint32_t i = 0; i < s->n; i++) {
		const struct pol_body *body = pol_body_of(m->p, entry(m->p, s, i));
		const uint32_t *acts = POL_AT(m->p, body->actions.off);

		for (uint32_t k = 0; k < body->actions.n; k++) {
			if (m->has[acts[k]] == 0)
				return false;
		}
	}
	return s->n > 0;
}

static int
by_bytes(const void *a, const void *b)
{
	const struct policy_text *x = a, *y = b;

	return pol_bytes_cmp(x->data, x->len, y->data, y->len);
}

struct policy_text *
pol_tell_implied(struct pol_call *c, const struct policy_text *scopes, size_t n, size_t *n_out)
{
	struct implied m = { .p = c->e->program, .n_actions = c->e->program->actions.n };
	struct policy_text *out;
	size_t k = 0, most = n + m.n_actions + m.p->scopes.n + 1;

	*n_out = 0;
	m.has = pol_arena_alloc(&c->arena, m.n_actions + 1);
	out = pol_arena_array(&c->arena, most, sizeof(*out));
	if (m.has == NULL || out == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		mark(&m, scopes[i]);
		out[k++] = scopes[i];
	}
	close_over(&m);
	for (uint32_t a = 0; a < m.n_actions; a++) {
		const struct pol_str s = pol_action_key(m.p, a);

		if (m.has[a] != 0 && pol_find_scope(m.p, pol_str_at(m.p, s), s.len) == POL_NONE)
			out[k++] = (struct policy_text){ pol_str_at(m.p, s), s.len };
	}
	for (uint32_t i = 0; i < m.p->scopes.n; i++) {
		const struct pol_str s = scope_at(m.p, i)->name;

		if (is_covered(&m, scope_at(m.p, i)))
			out[k++] = (struct policy_text){ pol_str_at(m.p, s), s.len };
	}
	qsort(out, k, sizeof(*out), by_bytes);
	for (size_t i = 0; i < k; i++) {
		if (i > 0 && by_bytes(&out[i], &out[*n_out - 1]) == 0)
			continue;
		out[(*n_out)++] = out[i];
	}
	for (size_t i = 0; i < *n_out; i++) {	/* a program may go with its snapshot */
		out[i] = pol_call_text(c, out[i]);
		if (out[i].data == NULL)
			return NULL;
	}
	return out;
}
