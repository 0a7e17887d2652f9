/* SPDX-License-Identifier: Apache-2.0 */
/* "did you mean": the one name that is nearest to a misspelt one. */
#ifndef POL_COMPILE_PARSE_HINT_H
#define POL_COMPILE_PARSE_HINT_H

#include <stdbool.h>

#include <policy.h>

/* Edits that a slip of the hand makes in a name of five letters or more. */
#define POL_HINT_EDITS 2u

struct pol_hint {
	struct policy_text wanted, best;
	unsigned distance;
	bool several;			/* as near as the best: none is told */
};

void pol_hint_init(struct pol_hint *h, struct policy_text wanted);
void pol_hint_offer(struct pol_hint *h, struct policy_text name);
bool pol_hint_found(const struct pol_hint *h);

#endif
