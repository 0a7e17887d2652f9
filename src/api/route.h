/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of HTTP: what they are taken for and the decision, on one snapshot. */
#ifndef POL_API_ROUTE_H
#define POL_API_ROUTE_H

#include "api/handle.h"
#include "core/target.h"

struct pol_judged;

/* One of them, all of our sizes. Large: not zeroed as a whole. */
struct pol_routing {
	struct policy_http http;
	struct policy_request who;	/* as the host gave it */
	struct policy_token token;
	int rc;				/* of reading the target */
	struct pol_target target;
	struct policy_routed routed;	/* what it was taken for, by the last snapshot asked */
};

/* Into a decision of our size, and a->routed. p, http and who may be NULL: refused. */
int pol_route_one(struct policy *p, struct pol_routing *a, const struct policy_http *http, const struct policy_request *who,
    struct policy_decision *out);
/* The same of one that was read, of an engine that is on, whoever records it; judged is
 * begun (pol_judge_init) and ended by who calls. */
int pol_route_ask(struct policy *p, struct pol_routing *a, struct policy_decision *out, struct pol_judged *judged);
/* What was asked, for who records it: texts in a. */
void pol_route_told(const struct pol_routing *a, struct policy_request *req);

#endif
