/* SPDX-License-Identifier: Apache-2.0 */
/* A forked child: what the parent had open is left alone, and opened anew when needed. */
#ifndef POL_API_CHILD_H
#define POL_API_CHILD_H

#include "api/handle.h"

/*
 * Before a credential is judged, and never while a snapshot is held: a child's steps and
 * store are open, its service runs. 0, also where nothing was lost. POLICY_ERR_UNAVAILABLE:
 * they could not be opened; tried again at most once a second. POLICY_ERR_AGAIN: nonblock,
 * and opening takes time; it goes on in the service.
 */
int pol_child_ready(struct policy *p, bool nonblock);
/* Outside of a snapshot: was what req needs still to be opened, and is open now? */
bool pol_child_opens(struct policy *p, const struct policy_request *req);
/* Under the lock: a set was loaded, so nothing of the parent's is wanted any more. */
void pol_child_done(struct policy *p);
/* Under the lock, for policy_fd(): the service alone. */
int pol_child_serve(struct policy *p);

/* One load where nothing is to be done: all but a child's first calls. */
static inline bool
pol_child_is_lost(const struct policy *p)
{
	return __builtin_expect(atomic_load_explicit(&p->lost, memory_order_acquire) != 0, 0);
}

#endif
