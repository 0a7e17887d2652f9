/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests with credentials: whose they are, and a decision for each of those. First the
 * cache is asked, within the snapshot; what is not there is judged by the set's modules,
 * outside of any; then the snapshot in force decides.
 */
#ifndef POL_API_WHO_H
#define POL_API_WHO_H

#include "api/judge.h"

/* Not in the cache: leave the snapshot, call pol_judge_ask, enter again. */
#define POL_WHO_MISS 1

/*
 * Within the snapshot s. Decides req, of our size and with credentials; `now` is that of
 * the set, or zero where s is timeless. j: what was judged already, or is found now; of
 * another list it is refused. NULL: nothing, and it is not asked for again. 0, a negative
 * policy_err, or POL_WHO_MISS: out is as it was.
 */
int pol_who_decide(struct policy *p, const struct pol_snapshot *s, struct pol_time now,
    const struct policy_request *req, struct pol_judged *j, struct policy_decision *out,
    const struct pol_witness *witness);
/* What may have happened since it was judged: POLICY_REASON_RULE where nothing has. stands:
 * on something in the store. */
enum policy_reason pol_who_still(const struct policy *p, const struct policy_identity *id, bool stands, int64_t now);

/* policy_authenticate(), of a request of our size; out is emptied. */
int pol_who_authenticate(struct policy *p, const struct policy_request *req, struct policy_identity *out);

#endif
