/* SPDX-License-Identifier: Apache-2.0 */
/* The time of a decision, as cheaply as may be. */
#ifndef POL_API_CLOCK_H
#define POL_API_CLOCK_H

#include <time.h>

#include "api/handle.h"

/* The host's clock is asked before a snapshot is held: it is foreign code. */
static inline void
read_host_clock(const struct policy *p, struct pol_time *now)
{
	*now = p->clock != NULL ? pol_time_from_ns(p->clock(p->clock_ctx)) : (struct pol_time){ 0, 0 };
}

/* The system's, where some decision of the set depends on it. The vDSO answers: no
 * system call. A tick (some ms) is close enough for windows. */
static inline int
read_clock(const struct policy *p, const struct pol_snapshot *s, struct pol_time *now)
{
	struct timespec ts;

	if (s->timeless || p->clock != NULL)
		return 0;
	if (clock_gettime(CLOCK_REALTIME_COARSE, &ts) != 0)
		return POLICY_ERR_INTERNAL;
	now->sec = ts.tv_sec;
	now->ns = (uint32_t)ts.tv_nsec;
	return 0;
}

#endif
