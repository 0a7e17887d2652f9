/* SPDX-License-Identifier: Apache-2.0 */
/* What one request and a row of them share. */
#ifndef POL_API_ASK_IMPL_H
#define POL_API_ASK_IMPL_H

#include "api/ask.h"

/* What is asked of, and what is known of the credentials of a row; judged NULL: it is
 * one request alone. */
struct pol_asking {
	struct policy *p;
	struct pol_judged *judged;
};

/* A request, and its token, as ones of our size. */
int pol_ask_take(struct policy_request *room, struct policy_token *token, const void *req, uint32_t size);
/* One of a row, which was found to be of `size` bytes. */
int pol_ask_nth(struct pol_asking in, const struct pol_snapshot *s, struct pol_time now, const void *req, uint32_t req_size,
    void *out, uint32_t size);

/*
 * What a store said of who asks, or acts, is believed as long as its `stale` says: until
 * then, as was read before the decision's snapshot was taken. Looked at behind it, so that
 * who has no store pays for one load. What the store said meanwhile is decided on anew. In
 * a child the store may have to be opened first.
 */
int pol_ask_again(struct pol_asking by, int64_t until, const struct policy_request *req, struct policy_decision *out,
    const struct pol_witness *witness);

#endif
