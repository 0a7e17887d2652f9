/* SPDX-License-Identifier: Apache-2.0 */
/* The model: which stacks are refused. */
#include <string.h>

#include "stacks.h"

#define ROWS 0xbu			/* bearer, password, key */

static bool
step_loads(const struct stacks_set *set, const struct stacks_step *s)
{
	const unsigned called = s->kinds != 0 ? s->kinds : stacks_looks_at(s);

	if (s->for_kinds != 0 && s->module_kinds != 0 && (s->for_kinds & ~s->module_kinds) != 0)
		return false;
	if (stacks_is_second(s) && (s->control == STACKS_SUFFICIENT || s->control == STACKS_OPTIONAL))
		return false;
	if (s->map && !stacks_grants(s))
		return false;
	if (s->cache > 0 && (stacks_is_second(s) || (s->flags & (POLICY_MODULE_CACHEABLE | POLICY_MODULE_CACHE_ASKED)) == 0))
		return false;
	/* what the text names has a row, and what a step that grants would call it */
	if (set->rows && (s->kinds & ~ROWS) != 0)
		return false;
	return !set->rows || !stacks_grants(s) || (called & ~ROWS) == 0;
}

static bool
pair_loads(const struct stacks_set *set, unsigned first, unsigned then)
{
	const struct stacks_step *e = &set->steps[first], *s = &set->steps[then];
	const bool must = s->control == STACKS_REQUIRED || s->control == STACKS_REQUISITE || stacks_is_second(s);
	const bool stops = (e->control == STACKS_BINDING || e->control == STACKS_SUFFICIENT) && !stacks_is_second(e);

	if (must && stops && (stacks_looks_at(e) & stacks_looks_at(s)) != 0)
		return false;
	return stacks_is_second(e) || stacks_is_second(s) || stacks_same_source(set, first, then) || (e->shared && s->shared) ||
	    strcmp(stacks_type_of(e), stacks_type_of(s)) != 0;
}

bool
stacks_loads(const struct stacks_set *set)
{
	bool can = false;

	for (unsigned i = 0; i < set->n; i++) {
		bool meets = !stacks_is_second(&set->steps[i]);

		can = can || stacks_grants(&set->steps[i]);
		for (unsigned k = 0; k < set->n; k++)
			meets = meets || (stacks_grants(&set->steps[k]) && (stacks_looks_at(&set->steps[k]) & stacks_looks_at(&set->steps[i])) != 0);
		if (!meets || !step_loads(set, &set->steps[i]))
			return false;
		for (unsigned k = 0; k < i; k++) {
			if (!pair_loads(set, k, i))
				return false;
		}
	}
	return can;
}
