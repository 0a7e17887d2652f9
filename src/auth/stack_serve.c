/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps' own work, for the service thread. What happens is kept as bits on the step,
 * so that nothing is lost between two rounds and nothing has to wait.
 */
#include "auth/stack_impl.h"

#include "load/module.h"

#define PAUSE INT64_C(10000000)		/* a module that wants to be called at once waits 10 ms */

const char *
pol_stack_watched(const struct pol_stack *s, uint32_t i)
{
	for (uint32_t k = 0; k < s->n; k++) {
		if (i < s->steps[k].n_watched)
			return s->steps[k].watched[i];
		i -= s->steps[k].n_watched;
	}
	return NULL;
}

bool
pol_stack_needs_service(const struct pol_stack *s)
{
	for (uint32_t k = 0; k < s->n; k++) {
		if (POL_HAS(s->steps[k].module, serve))
			return true;
	}
	return false;
}

void
pol_stack_changed(struct pol_stack *s, const char *path)
{
	for (uint32_t k = 0; k < s->n; k++) {
		struct pol_step *step = &s->steps[k];

		for (uint32_t i = 0; i < step->n_watched; i++) {
			if (strcmp(step->watched[i], path) == 0)
				atomic_fetch_or(&step->why, POLICY_SERVE_CHANGED);
		}
	}
}

static int64_t
later(int64_t now, int64_t by)
{
	if (by < 0)
		return INT64_MAX;
	if (by < PAUSE)
		by = PAUSE;
	return now > INT64_MAX - by ? INT64_MAX : now + by;
}

uint32_t
pol_stack_serve(struct pol_stack *s, int64_t now, int64_t *next)
{
	uint32_t served = 0;

	*next = INT64_MAX;
	for (uint32_t k = 0; k < s->n; k++) {
		struct pol_step *step = &s->steps[k];
		unsigned why;

		if (!POL_HAS(step->module, serve))
			continue;
		why = atomic_exchange(&step->why, 0);
		if (step->due <= now)	/* zero at first: soon after open() */
			why |= POLICY_SERVE_TIME;
		if (why != 0) {
			step->due = later(now, step->module->serve(step->state, why));
			served++;
		}
		if (atomic_load(&step->why) != 0)
			*next = now;
		if (step->due < *next)
			*next = step->due;
	}
	return served;
}
