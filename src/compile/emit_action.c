/* SPDX-License-Identifier: Apache-2.0 */
/* Actions: names and aliases, types, limits, and who implies them. */
#include <string.h>

#include "compile/emit.h"

static int
add_key(struct pol_emit *e, const struct pol_node *name)
{
	uint32_t off;
	int rc = pol_emit_text_new(e, name, EMIT_NAME_MAX, "name of an action", &off);

	return rc != 0 ? rc : pol_emit_text_row(e, EMIT_KEYS, &off, sizeof(off), NULL);
}

/* One behind the other: names, then aliases, then where the last ends. */
static int
emit_keys(struct pol_emit *e)
{
	uint32_t i, k, end, n = (uint32_t)e->set->actions.n;
	int rc = 0;

	for (i = 0; rc == 0 && i < n; i++)
		rc = add_key(e, e->set->actions.list[i]->name);
	for (i = 0; rc == 0 && i < n; i++) {
		const struct ast_texts *aliases = &e->set->actions.list[i]->aliases;

		for (k = 0; rc == 0 && k < aliases->n; k++) {
			rc = add_key(e, &aliases->list[k]);
			if (rc == 0)
				rc = pol_emit_text_row(e, EMIT_ALIASES, &i, sizeof(i), NULL);
		}
	}
	end = (uint32_t)e->blob.len;
	return rc != 0 ? rc : pol_emit_text_row(e, EMIT_KEYS, &end, sizeof(end), NULL);
}

/* Actions are mostly for the types of their neighbours. */
static int
emit_types(struct pol_emit *e, const struct ast_action *a, struct pol_span *out)
{
	const uint32_t *last = POL_AT(e->blob.data, e->last_types.off);

	if (a->n_types == 0 || e->last_types.n != a->n_types ||
	    memcmp(last, a->types, a->n_types * sizeof(*last)) != 0) {
		int rc = pol_emit_text_u32(e, a->types, a->n_types, out);

		if (a->n_types != 0)
			e->last_types = *out;
		return rc;
	}
	*out = e->last_types;
	return 0;
}

static int
emit_action(struct pol_emit *e, const struct ast_action *a, uint32_t index)
{
	struct pol_action *row = &e->actions[index];
	uint32_t unless;
	int rc = emit_types(e, a, &row->types);

	if (rc == 0)
		rc = pol_emit_cond(e, &a->conds, &row->held, &unless);
	if (rc == 0 && unless != 0) {
		row->asked.n = unless;
		row->asked.first = row->held.first + row->held.n - unless;
	}
	return rc;
}

/*
 * Who implies each action: itself, then those that bind their holder to nothing,
 * then the rest: the first that holds is soon found. An action that none else
 * implies has no list.
 */
static int
emit_impliers(struct pol_emit *e)
{
	size_t i, k, n = e->set->actions.n;
	uint32_t *first = pol_arena_array(&e->arena, n + 1, sizeof(*first)), *list;
	int rc = 0, turn;

	if (first == NULL)
		return pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	for (i = 0; i < n; i++)
		for (k = 0; k < e->set->actions.list[i]->n_implied; k++)
			first[e->set->actions.list[i]->implied[k] + 1]++;
	for (i = 0; i < n; i++)
		first[i + 1] += first[i];
	list = pol_arena_array(&e->arena, first[n], sizeof(*list));
	if (list == NULL)
		return pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	for (i = 0; i < n; i++) {
		e->actions[i].impliers.n = first[i + 1] - first[i];
		list[first[i]++] = (uint32_t)i;
	}
	for (turn = 0; turn < 2; turn++)
		for (i = 0; i < n; i++) {
			const struct ast_action *a = e->set->actions.list[i];

			if ((e->actions[i].held.n != 0) != (turn == 1))
				continue;
			for (k = 0; k < a->n_implied; k++)
				if (a->implied[k] != i)
					list[first[a->implied[k]]++] = (uint32_t)i;
		}
	for (i = 0, k = 0; rc == 0 && i < n; i++) {
		rc = pol_emit_text_u32(e, list + k, e->actions[i].impliers.n == 1 ? 0 :
		    e->actions[i].impliers.n, &e->actions[i].impliers);
		k = first[i];
	}
	return rc;
}

int
pol_emit_action(struct pol_emit *e)
{
	size_t i, n = e->set->actions.n;
	int rc = 0;

	e->actions = pol_arena_array(&e->arena, n, sizeof(*e->actions));
	if (e->actions == NULL)
		return pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	rc = emit_keys(e);
	for (i = 0; rc == 0 && i < n; i++)
		rc = emit_action(e, e->set->actions.list[i], (uint32_t)i);
	return rc != 0 ? rc : emit_impliers(e);
}
