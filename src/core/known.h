/* SPDX-License-Identifier: Apache-2.0 */
/* What the names of a request stand for; for core/ and for batches of api/. */
#ifndef POL_CORE_KNOWN_H
#define POL_CORE_KNOWN_H

#include "core/core.h"

struct pol_known {
	uint64_t type_hash, thing_hash;	/* of the resource; set where there is one */
	uint64_t who_type_hash, who_hash;	/* of the subject; likewise */
	uint32_t action, type;		/* POL_NONE: not declared */
	const struct pol_thing *thing;	/* NULL: nothing is stored of it */
	const struct pol_holder *who;	/* NULL: not known; a group's record, where a request
					 * names itself so, is refused with the request */
};

/* The sizes of req have been checked (pol_request_sizes). */
void pol_known_hash(struct pol_known *k, const struct pol_engine *e, const struct policy_request *req);
/* After pol_known_hash. */
void pol_known_find(struct pol_known *k, const struct pol_engine *e, const struct policy_request *req);

/* pol_decide() with what is known already. */
int pol_decide_known(const struct pol_engine *e, const struct policy_request *req,
    const struct pol_known *known, struct pol_time now, const struct policy_text *now_text,
    struct pol_answer *a, const struct pol_witness *witness, const char **why);

#endif
