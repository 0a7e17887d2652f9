/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot held for long: for seconds, while foreign code runs. No reload waits for it,
 * and no decider is in its way. */
#ifndef POL_API_STAY_H
#define POL_API_STAY_H

#include "api/handle.h"

struct pol_stay {
	const struct pol_snapshot *s;	/* in force when it began; NULL: nothing is loaded */
	uint32_t parity, born;
};

void pol_stay_begin(struct pol_stay *st, struct policy *p);
/* False: this is a child, forked while it was held. What it held is to be touched no more. */
bool pol_stay_is_held(const struct pol_stay *st, const struct policy *p);
void pol_stay_end(struct pol_stay *st, struct policy *p);

#endif
