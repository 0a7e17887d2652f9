/* SPDX-License-Identifier: Apache-2.0 */
/* One step is asked about one credential, and what it answers is judged. */
#ifndef POL_AUTH_ASK_H
#define POL_AUTH_ASK_H

#include "auth/stack_impl.h"

/* A request under judgement: what its steps share. */
struct pol_asking {
	struct pol_stack *stack;
	const struct pol_asked *asked;
	struct policy_credential all[POLICY_CREDENTIALS_MAX];	/* no data is absent */
	size_t which;			/* of them, that is asked about */
	bool passed[POLICY_CREDENTIALS_MAX];	/* by its steps */
	bool taken[POLICY_CREDENTIALS_MAX];	/* by a second factor of another */
	bool took[POLICY_CREDENTIALS_MAX];	/* another, for its second factor */
	struct pol_filling f;		/* what the step at hand says */
	uint64_t mapped[POL_STEP_MAP / 64];	/* rows of its map that its claims hit */
};

struct pol_heard {
	int outcome;			/* enum policy_check_result, but AGAIN */
	enum policy_reason reason;	/* of ERROR and FAIL */
	int64_t until;			/* Unix ns: not to be kept from then on */
};

/* 0, or POLICY_ERR_AGAIN: it would block. After a PASS a->f.id is what the step says,
 * whole: subject, kind where one is said, step, groups of the map, scopes as `unscoped:`
 * has them. */
int pol_ask_step(struct pol_heard *h, struct pol_asking *a, struct pol_step *s);

#endif
