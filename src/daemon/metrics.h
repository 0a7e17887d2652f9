/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is counted, and told as text for Prometheus. Any thread at any time; nothing here
 * locks or waits. The counts are the process's: it serves one set.
 */
#ifndef POL_DAEMON_METRICS_H
#define POL_DAEMON_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include <policy.h>

#include "call.h"

/* CLOCK_MONOTONIC, in ns. */
int64_t pol_metrics_now(void);
/* A request was answered with `status`, ns after its head was read. route NULL: it is no
 * route's. */
void pol_metrics_request(const struct pol_route *route, unsigned status, int64_t ns);
/* n decisions, which took ns together; their structs are `size` bytes each. */
void pol_metrics_decided(const struct policy_decision *d, size_t n, int64_t ns);

/* How a caller, or whoever a proxy asks for, was told apart. */
enum pol_metrics_method { POL_METRICS_PEER, POL_METRICS_BEARER, POL_METRICS_PASSWORD, POL_METRICS_OTHER, POL_METRICS_METHODS };

/* Who a credential is was judged: `reason` where it is not good, or is not enough;
 * POLICY_REASON_RULE where it is. */
void pol_metrics_auth(enum pol_metrics_method method, int reason);
/* A login that has to wait, for whose guesses: enum pol_penalty_by. */
void pol_metrics_delayed(unsigned by);
/* Opens what of /proc is told; before the process is shut in. */
void pol_metrics_open(void);
/* Everything, as text/plain; version=0.0.4. */
void pol_metrics_write(struct pol_text *t, struct policy *p);

#endif
