/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entry that came nearest to allowing a request. Nearest is: held, fitting the
 * thing, a condition not true; then held, for other things; then granted here at
 * another time; then granted elsewhere; then not held at all.
 */
#include "author/near.h"

#include <stdlib.h>

static void
step(void *ctx, const struct pol_engine *e, enum policy_stage stage, uint32_t entry,
    enum policy_outcome outcome, uint32_t term, int term_value, bool for_actor)
{
	struct pol_near *x = ctx;
	struct pol_near_seen *more;

	(void)e;
	(void)for_actor;
	if (x->n_seen == x->cap_seen) {
		size_t cap = x->cap_seen * 2 + 64;

		more = realloc(x->seen, cap * sizeof(*more));
		if (more == NULL) {
			x->no_memory = true;
			return;
		}
		x->seen = more;
		x->cap_seen = cap;
	}
	/* an allow is told as "not true": what matters is what its term was */
	if (outcome != POLICY_OUTCOME_MATCHED)
		outcome = term_value == POL_F ? POLICY_OUTCOME_FALSE : POLICY_OUTCOME_UNKNOWN;
	x->seen[x->n_seen++] = (struct pol_near_seen){ entry, term, stage, outcome };
}

void
pol_near_witness(struct pol_near *x, struct pol_witness *out)
{
	out->step = step;
	out->ctx = x;
}

const struct pol_near_seen *
pol_near_seen(const struct pol_near *x, enum policy_stage stage, uint32_t entry)
{
	size_t i;

	for (i = 0; i < x->n_seen; i++)
		if (x->seen[i].stage == stage && x->seen[i].entry == entry)
			return &x->seen[i];
	return NULL;
}

static bool
has(const uint32_t *sorted, size_t n, uint32_t number)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (sorted[mid] < number)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n && sorted[low] == number;
}

bool
pol_near_names(const struct pol_near *x, const struct ast_entry *e)
{
	const uint32_t *impliers;
	uint32_t i, n;

	if (x->action == POL_NONE)
		return false;
	impliers = pol_action_impliers(x->engine->program, &x->action, &n);
	for (i = 0; i < n; i++)
		if (has(e->actions->ids, e->actions->n_ids, impliers[i]))
			return true;
	return false;
}

bool
pol_near_fits(const struct pol_near *x, const struct ast_entry *e)
{
	size_t i;

	for (i = 0; i < e->n_patterns; i++)
		if (x->facts.type != POL_NONE &&
		    pol_held_matches(&e->patterns[i], x->facts.type, x->req->resource_id))
			return true;
	return e->n_patterns == 0;
}

bool
pol_near_own_type(const struct pol_near *x)
{
	const struct ast_action *a;

	if (x->action == POL_NONE)
		return false;
	a = x->set->ast->actions.list[x->action];
	return a->n_types == 0 || has(a->types, a->n_types, x->facts.type);
}

/* How near one entry came; *tie is smaller for what a reader would rather see. */
static enum policy_distance
distance(const struct pol_near *x, const struct ast_entry *e, uint32_t *tie)
{
	enum pol_held how = POL_HELD_YES;
	bool fits = pol_near_fits(x, e) && pol_near_own_type(x);

	if (e->role != POL_NONE)
		how = x->held.roles[e->role].how;
	*tie = (fits ? 0u : 2u) + (has(e->actions->ids, e->actions->n_ids, x->action) ? 0u : 1u);
	switch (how) {
	case POL_HELD_YES:
		return fits ? POLICY_NEAR_CONDITION : POLICY_NEAR_RESOURCE;
	case POL_HELD_WINDOW:
		return POLICY_NEAR_WINDOW;
	case POL_HELD_ELSEWHERE:
		return POLICY_NEAR_ELSEWHERE;
	case POL_HELD_NO:
		break;
	}
	return POLICY_NEAR_ROLE;
}

uint32_t
pol_near_find(struct pol_near *x, enum pol_effect effect)
{
	const struct ast_set *a = x->set->ast;
	uint32_t best = POL_NONE, best_tie = 0, tie;
	enum policy_distance near = POLICY_NEAR_NONE, d;
	size_t i;

	for (i = 0; i < a->entries.n; i++) {
		const struct ast_entry *e = a->entries.list[i];

		if (e->effect != effect || !pol_near_names(x, e))
			continue;
		d = distance(x, e, &tie);
		if (best == POL_NONE || d < near || (d == near && tie < best_tie)) {
			best = (uint32_t)i;
			near = d;
			best_tie = tie;
		}
	}
	x->out->near = near;
	return best;
}
