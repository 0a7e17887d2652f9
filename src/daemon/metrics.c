/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics.h"

#include <time.h>

int64_t
pol_metrics_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void
pol_metrics_request(const struct pol_route *route, unsigned status, int64_t ns)
{
	(void)route, (void)status, (void)ns;
}

void
pol_metrics_decided(const struct policy_decision *d, size_t n, int64_t ns)
{
	(void)d, (void)n, (void)ns;
}

void
pol_metrics_auth(enum pol_metrics_method method, int reason)
{
	(void)method, (void)reason;
}
