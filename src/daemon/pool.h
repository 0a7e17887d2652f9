/* SPDX-License-Identifier: Apache-2.0 */
/* Threads where a module may wait, and the bounded queue before them. */
#ifndef POL_DAEMON_POOL_H
#define POL_DAEMON_POOL_H

#include <stdbool.h>

struct pol_pool;

struct pol_job {
	void (*run)(struct pol_job *job);
	struct pol_job *next;
};

/* Starts the threads. 0 or a negative policy_err. */
int pol_pool_new(struct pol_pool **out, unsigned threads, unsigned queued);
/* Takes a place in the queue; false: it is full, or the pool is about to end. */
bool pol_pool_reserve(struct pol_pool *p);
/* Queues the job, for a place that was taken. */
void pol_pool_put(struct pol_pool *p, struct pol_job *job);
/* No place any more; returns when all jobs are done. */
void pol_pool_drain(struct pol_pool *p);
/* Drains, ends the threads. NULL is fine. */
void pol_pool_free(struct pol_pool *p);

#endif
