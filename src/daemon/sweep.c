/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client that sends a byte now and then is never idle. Once a second those are looked for
 * whose head, or whose body, has taken too long altogether, and are cut off.
 */
#include <errno.h>
#include <sys/socket.h>
#include <time.h>

#include "conn.h"
#include "metrics.h"

#define LIMIT 2				/* times the idle time */

void
pol_sweep_add(struct pol_conn *n)
{
	struct pol_sweep *w = &n->on->server->sweep;

	pthread_mutex_lock(&w->lock);
	n->next = w->first;
	n->prev = &w->first;
	if (n->next != NULL)
		n->next->prev = &n->next;
	w->first = n;
	pthread_mutex_unlock(&w->lock);
}

void
pol_sweep_remove(struct pol_conn *n)
{
	struct pol_sweep *w = &n->on->server->sweep;

	pthread_mutex_lock(&w->lock);
	*n->prev = n->next;
	if (n->next != NULL)
		n->next->prev = n->prev;
	pthread_mutex_unlock(&w->lock);
}

static void *
sweep(void *arg)
{
	struct pol_server *s = arg;
	struct pol_sweep *w = &s->sweep;
	const int64_t most = (int64_t)s->conf->idle_s * LIMIT * 1000000000;

	pthread_mutex_lock(&w->lock);
	while (!w->ended) {
		struct timespec at;
		int64_t now = pol_metrics_now();

		for (struct pol_conn *n = w->first; n != NULL; n = n->next) {
			int64_t since = atomic_load_explicit(&n->since_ns, memory_order_relaxed);

			if (since != 0 && now - since > most)
				shutdown(n->fd, SHUT_RDWR);	/* libmicrohttpd sees its end */
		}
		clock_gettime(CLOCK_MONOTONIC, &at);
		at.tv_sec++;
		pthread_cond_timedwait(&w->end, &w->lock, &at);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

int
pol_sweep_start(struct pol_server *s)
{
	pthread_condattr_t a;

	pthread_mutex_init(&s->sweep.lock, NULL);
	pthread_condattr_init(&a);
	pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
	pthread_cond_init(&s->sweep.end, &a);
	pthread_condattr_destroy(&a);
	s->sweep.runs = pthread_create(&s->sweep.thread, NULL, sweep, s) == 0;
	return s->sweep.runs ? 0 : POLICY_ERR_LIMIT;
}

void
pol_sweep_stop(struct pol_server *s)
{
	if (!s->sweep.runs)
		return;
	pthread_mutex_lock(&s->sweep.lock);
	s->sweep.ended = true;
	pthread_cond_signal(&s->sweep.end);
	pthread_mutex_unlock(&s->sweep.lock);
	pthread_join(s->sweep.thread, NULL);
	pthread_cond_destroy(&s->sweep.end);
	pthread_mutex_destroy(&s->sweep.lock);
}
