/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of any size, answered on the snapshot in force. */
#ifndef POL_API_ASK_H
#define POL_API_ASK_H

#include <stddef.h>

#include "api/handle.h"

/* Into a decision of our size. p and req may be NULL: refused. witness may be NULL. */
int pol_ask_one(struct policy *p, const struct policy_request *req, struct policy_decision *out,
    const struct pol_witness *witness);
/* The same of any request, where what its credentials stand for is wanted too; judged is
 * begun (pol_judge_init) and ended by who calls. */
struct pol_judged;
int pol_ask_judged(struct policy *p, const struct policy_request *req, struct policy_decision *out,
    const struct pol_witness *witness, struct pol_judged *judged);
/* A request of our size, its token too, on a snapshot that is held. */
int pol_ask_within(struct policy *p, const struct pol_snapshot *s, struct pol_time now, const struct policy_request *req,
    struct policy_decision *out, struct pol_judged *judged);
/*
 * n decisions on one snapshot and one reading of the clock. Both rows step by the
 * size of their first; each of out is known to be a deny of that size. The first
 * error met; then the rest is decided all the same.
 */
int pol_ask_many(struct policy *p, const struct policy_request *req, size_t n, struct policy_decision *out);
int pol_ask_row(struct policy *p, const struct policy_request *req, size_t n, struct policy_decision *out,
    struct pol_judged *judged);

/*
 * n decisions of our size on a snapshot that is held. POL_WHO_MISS: credentials are to be
 * judged outside of it, and what comes behind was not decided.
 */
int pol_ask_on(struct policy *p, const struct pol_snapshot *s, struct pol_time now, struct pol_judged *judged,
    const struct policy_request *req, size_t n, struct policy_decision *out);

#endif
