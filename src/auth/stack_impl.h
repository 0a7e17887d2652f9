/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the stack share: the steps as they are when open. */
#ifndef POL_AUTH_STACK_IMPL_H
#define POL_AUTH_STACK_IMPL_H

#include <stdatomic.h>
#include <string.h>

#include "auth/control.h"
#include "auth/stack.h"

#define POL_STEP_TIMEOUT INT64_C(5000000000)	/* where the step says none */
#define POL_STEP_CACHE INT64_C(30000000000)	/* likewise, counted from the look-up */
#define POL_STEP_WATCHED 64			/* files of one step */
#define POL_STEP_SOURCE 255
#define POL_STEP_MAP 1024			/* rows of one step's map */

/* What a module is handed as struct policy_host_step. */
struct pol_step {
	struct policy_host host;
	struct pol_stack *stack;
	const struct pol_step_conf *conf;
	const struct policy_module *module;
	void *state;
	struct policy_text subject_type;	/* of its subjects, where the module names none */
	const char *source;		/* as the module says, or (the very pointer) conf->name */
	const char *watched[POL_STEP_WATCHED];
	uint32_t n_watched;
	bool opening;			/* open() is under way: watch and source may be called */
	atomic_uint why;		/* POLICY_SERVE_ bits that serve() has yet to hear */
	int64_t due;			/* of serve(); the service's alone */
};

struct pol_stack {
	struct pol_stack_conf conf;
	atomic_uint held;
	bool abandoned;			/* the parent's, in a child */
	struct pol_stack *parents;	/* that one, in the child's; its memory ends with it */
	uint64_t serial;
	bool has_second;		/* some step is a second factor */
	uint32_t n;			/* steps that are open */
	struct pol_step *steps;
};

static inline bool
pol_step_is_second(const struct pol_step *s)
{
	return (s->module->flags & POLICY_MODULE_SECOND_FACTOR) != 0;
}

/* Is it a step whose PASS makes something good? */
static inline bool
pol_step_grants(const struct pol_step *s)
{
	return s->conf->control != POL_OPTIONAL && !pol_step_is_second(s);
}

/* A source that nobody named is nobody else's, though another's be called like the step. */
static inline bool
pol_step_same_source(const struct pol_step *a, const struct pol_step *b)
{
	return a == b || (a->source != a->conf->name && b->source != b->conf->name && strcmp(a->source, b->source) == 0);
}

/* The rules that a stack must keep: of each step and of all together before any is opened,
 * and of whose people they are once all are. 0, or a negative policy_err with err filled. */
int pol_stack_check_step(const struct pol_step *s, struct policy_error *err);
int pol_stack_check(const struct pol_stack *st, const struct pol_program *program, struct policy_error *err);
int pol_stack_check_people(const struct pol_stack *st, struct policy_error *err);

#endif
