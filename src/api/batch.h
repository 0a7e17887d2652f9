/* SPDX-License-Identifier: Apache-2.0 */
/* A few plain requests at once: what each waits for in memory is fetched for all before the
 * first needs it. */
#ifndef POL_API_BATCH_H
#define POL_API_BATCH_H

#include "api/handle.h"
#include "core/known.h"

#define POL_BATCH 16u

struct pol_batch {
	const struct pol_engine *engine;
	const struct policy_request *req[POL_BATCH];
	struct policy_decision *out[POL_BATCH];
	struct pol_known known[POL_BATCH];
	struct pol_answer answer[POL_BATCH];
	int rc[POL_BATCH];
	size_t n;
};

/* Decides those that are in it, and empties it. The error of the first that had one. */
int pol_batch_decide(struct pol_batch *b, const struct pol_snapshot *s, struct pol_time now);

static inline void
pol_batch_first(int *first, int rc)
{
	if (*first == 0)
		*first = rc;
}

/* What a decision may return: any other code is our own mistake. */
static inline int
pol_batch_code(int rc)
{
	switch (rc) {
	case 0:
	case POLICY_ERR_ARG:
	case POLICY_ERR_ABI:
	case POLICY_ERR_LIMIT:
	case POLICY_ERR_AGAIN:
	case POLICY_ERR_UNAVAILABLE:
	case POLICY_ERR_UNSUPPORTED:
		return rc;
	default:
		return POLICY_ERR_INTERNAL;
	}
}

#endif
