/* SPDX-License-Identifier: Apache-2.0 */
/* What metrics.c counts and metrics_write.c tells. */
#ifndef POL_DAEMON_METRICS_WRITE_H
#define POL_DAEMON_METRICS_WRITE_H

#include <stdatomic.h>

#include "metrics.h"

enum {
	POL_METRICS_STRIPES = 16, POL_METRICS_BUCKETS = 12, POL_METRICS_CODES = 20,
	POL_METRICS_ROUTES = 192		/* the first is that of requests which are no route's */
};

typedef _Atomic uint64_t pol_count;

struct pol_histogram {
	pol_count in[POL_METRICS_BUCKETS + 1];
	pol_count sum_ns;
};

struct pol_counts {
	_Alignas(128) pol_count decisions[2][POLICY_REASON__COUNT];
	struct pol_histogram decision, request;
	pol_count auth[POL_METRICS_METHODS][POLICY_REASON__COUNT];
	pol_count delayed[2];
	pol_count requests[POL_METRICS_ROUTES][POL_METRICS_CODES];
};

extern const int64_t pol_metrics_decision_ns[POL_METRICS_BUCKETS];
extern const int64_t pol_metrics_request_ns[POL_METRICS_BUCKETS];
extern const unsigned pol_metrics_codes[POL_METRICS_CODES];	/* the last is 0: any other */

/* The sum over all stripes of the counter at `offset` of struct pol_counts. */
uint64_t pol_metrics_sum(size_t offset);
/* The number of a route, which stands for it in `requests`; 0: none, or one too many. */
size_t pol_metrics_index(const struct pol_route *route);
/* Its row; NULL: behind the last. index 0 has none: ask from 1 on. */
const struct pol_route *pol_metrics_route(size_t index);

#endif
