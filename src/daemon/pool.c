/* SPDX-License-Identifier: Apache-2.0 */
/* A place is taken before the connection is put to sleep: once asleep it is in the queue. */
#include "pool.h"

#include <pthread.h>
#include <stdlib.h>

#include <policy.h>

struct pol_pool {
	pthread_mutex_t lock;
	pthread_cond_t work, idle;
	struct pol_job *first, **last;
	unsigned taken, most;		/* places; those that run among them */
	bool closed, ended;
	unsigned threads;
	pthread_t thread[];
};

static void *
serve(void *arg)
{
	struct pol_pool *p = arg;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		struct pol_job *job = p->first;

		if (job != NULL) {
			p->first = job->next;
			if (p->first == NULL)
				p->last = &p->first;
			pthread_mutex_unlock(&p->lock);
			job->run(job);		/* job may be gone */
			pthread_mutex_lock(&p->lock);
			if (--p->taken == 0)
				pthread_cond_broadcast(&p->idle);
		} else if (p->ended) {
			break;
		} else {
			pthread_cond_wait(&p->work, &p->lock);
		}
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

int
pol_pool_new(struct pol_pool **out, unsigned threads, unsigned queued)
{
	struct pol_pool *p = calloc(1, sizeof(*p) + threads * sizeof(p->thread[0]));

	*out = NULL;
	if (p == NULL)
		return POLICY_ERR_NOMEM;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->idle, NULL);
	p->last = &p->first;
	p->most = queued + threads;
	for (; p->threads < threads; p->threads++)
		if (pthread_create(&p->thread[p->threads], NULL, serve, p) != 0) {
			pol_pool_free(p);
			return POLICY_ERR_LIMIT;
		}
	*out = p;
	return 0;
}

bool
pol_pool_reserve(struct pol_pool *p)
{
	bool ok;

	pthread_mutex_lock(&p->lock);
	ok = !p->closed && p->taken < p->most;
	if (ok)
		p->taken++;
	pthread_mutex_unlock(&p->lock);
	return ok;
}

void
pol_pool_put(struct pol_pool *p, struct pol_job *job)
{
	pthread_mutex_lock(&p->lock);
	job->next = NULL;
	*p->last = job;
	p->last = &job->next;
	pthread_cond_signal(&p->work);
	pthread_mutex_unlock(&p->lock);
}

void
pol_pool_drain(struct pol_pool *p)
{
	pthread_mutex_lock(&p->lock);
	p->closed = true;
	while (p->taken != 0)
		pthread_cond_wait(&p->idle, &p->lock);
	pthread_mutex_unlock(&p->lock);
}

void
pol_pool_free(struct pol_pool *p)
{
	if (p == NULL)
		return;
	pol_pool_drain(p);
	pthread_mutex_lock(&p->lock);
	p->ended = true;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->threads; i++)
		pthread_join(p->thread[i], NULL);
	pthread_cond_destroy(&p->idle);
	pthread_cond_destroy(&p->work);
	pthread_mutex_destroy(&p->lock);
	free(p);
}
