/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashing a password takes 16 MiB and some ten milliseconds: who sends many must not take
 * all memory and every processor. A child of fork() finds counts of threads that it does
 * not have, and perhaps a mutex that nobody will unlock: it makes a gate of its own.
 */
#include "gate.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct gate {
	pthread_mutex_t mutex;
	pthread_cond_t free;
	pid_t pid;
	unsigned inside, waiting;
	unsigned inside_most, queue_most;
	struct gate *before;		/* of the process we were forked from */
};

static struct gate *
make(const struct gates *g, struct gate *before)
{
	struct gate *gate = calloc(1, sizeof(*gate));
	pthread_condattr_t attr;

	if (gate == NULL)
		return NULL;
	if (pthread_condattr_init(&attr) != 0) {
		free(gate);
		return NULL;
	}
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if (pthread_mutex_init(&gate->mutex, NULL) != 0 || pthread_cond_init(&gate->free, &attr) != 0) {
		free(gate);
		gate = NULL;
	} else {
		gate->pid = getpid();
		gate->inside_most = g->inside;
		gate->queue_most = g->queue;
		gate->before = before;
	}
	pthread_condattr_destroy(&attr);
	return gate;
}

bool
pol_gate_init(struct gates *g, unsigned inside, unsigned queue)
{
	struct gate *gate;

	g->inside = inside;
	g->queue = queue;
	gate = make(g, NULL);
	atomic_store(&g->now, gate);
	return gate != NULL;
}

void
pol_gate_fini(struct gates *g)
{
	struct gate *gate = atomic_exchange(&g->now, NULL);

	while (gate != NULL) {
		struct gate *before = gate->before;

		/* another process's is left as it is: what it holds is nothing but memory */
		if (gate->pid == getpid()) {
			pthread_cond_destroy(&gate->free);
			pthread_mutex_destroy(&gate->mutex);
		}
		free(gate);
		gate = before;
	}
}

/* This process's gate, or NULL. */
static struct gate *
ours(struct gates *g)
{
	struct gate *gate = atomic_load(&g->now), *mine;

	if (gate->pid == getpid())
		return gate;
	mine = make(g, gate);
	if (mine == NULL || atomic_compare_exchange_strong(&g->now, &gate, mine))
		return mine;
	pthread_cond_destroy(&mine->free);
	pthread_mutex_destroy(&mine->mutex);
	free(mine);
	return gate;
}

struct gate *
pol_gate_enter(struct gates *g, int64_t deadline_ns)
{
	const struct timespec until = { deadline_ns / 1000000000, deadline_ns % 1000000000 };
	struct gate *gate = ours(g);
	bool in = true;

	if (gate == NULL)
		return NULL;
	pthread_mutex_lock(&gate->mutex);
	if (gate->inside >= gate->inside_most) {
		in = gate->waiting < gate->queue_most;
		if (in) {
			gate->waiting++;
			while (gate->inside >= gate->inside_most && in)
				in = pthread_cond_timedwait(&gate->free, &gate->mutex, &until) == 0;
			in = gate->inside < gate->inside_most;
			gate->waiting--;
		}
	}
	if (in)
		gate->inside++;
	pthread_mutex_unlock(&gate->mutex);
	return in ? gate : NULL;
}

void
pol_gate_leave(struct gate *gate)
{
	pthread_mutex_lock(&gate->mutex);
	gate->inside--;
	pthread_cond_signal(&gate->free);
	pthread_mutex_unlock(&gate->mutex);
}
