/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper's side of the desk: clerks, each a thread with one socket to a front. A clerk
 * takes every byte for an attacker's. It does what a caller's credentials allow, by
 * policy_admin.h, and knows nobody else: who has the front can do no more than those whose
 * credentials pass through it.
 *
 * A call is {"call": NAME, "wait_ms": N, "credentials": [{"kind", "name", "data"}],
 * "args": {...}}; what is answered is {"code": 0, "changed": true, "result": ...} or {"code": -13, "error":
 * "DENIED", "text": "...", "reason": "..."}. Calls and their args: clerk_table.c.
 */
#ifndef POL_DAEMON_CLERK_H
#define POL_DAEMON_CLERK_H

#include <stdbool.h>
#include <stddef.h>

#include <policy.h>

struct pol_clerks;

/* NULL: no memory. */
struct pol_clerks *pol_clerks_new(void);
/* The set that calls are made on from now on; it is the clerks' from here on, and the one
 * before is closed when the last call on it has ended. Does not wait. */
void pol_clerks_hold(struct pol_clerks *k, struct policy *policy);
/* A clerk starts to work: the front's end of its socket, close-on-exec, or -1. It ends
 * when that is closed everywhere. */
int pol_clerks_start(struct pol_clerks *k);
/* No call begins any more. True: none is under way, and the set is closed; false: some are
 * after that time, and only the end of the process ends them. k is gone in either case. */
bool pol_clerks_end(struct pol_clerks *k, unsigned seconds);

#endif
