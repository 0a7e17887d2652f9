/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The work beside deciding: files that modules watch, steps that want to be served, the
 * store, what is recorded, old snapshots. By a thread of the handle's own, or by policy_service().
 */
#ifndef POL_API_SERVICE_H
#define POL_API_SERVICE_H

#include "api/handle.h"

struct pol_service;
struct pol_stack;

/* Has this set such work? store may be NULL, stack too. */
bool pol_service_is_wanted(const struct pol_stack *stack, const struct pol_store *store, bool audited);
/* Under the lock, or while nobody else has p: the descriptors are there from now on, and
 * the thread, unless POLICY_NO_THREAD. Nothing to do where they are. */
int pol_service_start(struct policy *p, struct policy_error *err);
/* It looks at everything soon. Never blocks; from any thread. No service: nothing. */
void pol_service_wake(struct policy *p);

/* policy_service() and policy_fd(). */
int pol_service_run(struct policy *p, int timeout_ms);
int pol_service_fd(struct policy *p);

/* When closing: first no thread runs any more and nothing is held, then, when nobody can
 * wake it any more, it is gone. */
void pol_service_stop(struct policy *p);
void pol_service_free(struct policy *p);
/* In a child: closes this process's copies of the parent's descriptors, no more. */
void pol_service_abandon(struct pol_service *v);

int64_t pol_service_now(void);		/* CLOCK_MONOTONIC ns */

#endif
