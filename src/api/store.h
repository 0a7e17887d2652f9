/* SPDX-License-Identifier: Apache-2.0 */
/* The host's side of a store: what it says is gathered, then told to those who ask. */
#ifndef POL_API_STORE_H
#define POL_API_STORE_H

#include <time.h>

#include "api/handle.h"
#include "api/steps.h"

struct pol_store;

/* Loads store_SCHEME, opens it, gathers all it has. Nothing is told yet. */
int pol_store_open(struct pol_store **out, const struct policy *p, const struct pol_store_conf *conf,
    struct policy_error *err);
/* The same one once more, in a child: `old` is the parent's, and left alone. */
int pol_store_again(struct pol_store **out, const struct policy *p, const struct pol_store *old,
    struct policy_error *err);
/* Under the lock: the store in force, held, if it is one as conf says; else NULL. */
struct pol_store *pol_store_same(struct policy *p, const struct pol_store_conf *conf);
/* Counted: closed by who lets go last. NULL is fine. */
void pol_store_drop(struct pol_store *st);
/* The store in force, held; or NULL. */
struct pol_store *pol_store_take(struct policy *p);

/* Before it is put in force: tells what was gathered. On failure some of it was. */
int pol_store_tell(struct policy *p, struct pol_store *st);
/* Puts st (taken; NULL: none) in force. What an older one said goes on to hold. */
void pol_store_put(struct policy *p, struct pol_store *st);

/* Asks for changes, tells them. How many, or a negative policy_err: what was told before
 * goes on to be good as long as `stale` says. The service alone. */
int pol_store_poll(struct policy *p, struct pol_store *st);
int pol_store_fd(struct pol_store *st);
/* To be polled at least so often, ns. */
int64_t pol_store_pace(const struct pol_store *st);

/* Is what the store said fresh enough? True where there is no store. First this, then
 * look at what is revoked. */
static inline bool
pol_store_is_good(const struct policy *p)
{
	const int64_t until = atomic_load_explicit(&p->store_good, memory_order_acquire);
	struct timespec ts;

	if (until == INT64_MAX)
		return true;
	return clock_gettime(CLOCK_MONOTONIC_COARSE, &ts) == 0 &&
	    (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec < until;
}

#endif
