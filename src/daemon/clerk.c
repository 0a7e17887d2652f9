/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads of the clerks. A store that hangs holds up the clerk who asked it and nobody
 * else: the keeper's loop never waits for one, and a set that was replaced is closed by
 * whoever used it last.
 */
#include "clerk.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "clerk_call.h"
#include "frame.h"

#define MOST 40				/* clerks, those of fronts that are gone too: a front that dies in a loop */
#define PATIENCE ((int64_t)10 * 1000000000)	/* for the rest of a frame */

struct held {
	struct policy *policy;
	unsigned users;			/* calls under way, and one for being the newest */
};

struct clerk {
	struct pol_clerks *all;
	struct clerk *next, **prev;
	int fd;
};

struct pol_clerks {
	pthread_mutex_t lock;
	pthread_cond_t gone;
	struct held *held;		/* NULL: no set yet */
	struct clerk *first;
	unsigned count;
	bool over;
};

struct pol_clerks *
pol_clerks_new(void)
{
	struct pol_clerks *k = calloc(1, sizeof(*k));
	pthread_condattr_t attr;

	if (k == NULL)
		return NULL;
	pthread_mutex_init(&k->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&k->gone, &attr);
	pthread_condattr_destroy(&attr);
	return k;
}

/* ---- the set ---- */

static struct held *
use(struct pol_clerks *k)
{
	struct held *h;

	pthread_mutex_lock(&k->lock);
	h = k->over ? NULL : k->held;
	if (h != NULL)
		h->users++;
	pthread_mutex_unlock(&k->lock);
	return h;
}

static void
leave(struct pol_clerks *k, struct held *h)
{
	bool last;

	if (h == NULL)
		return;
	pthread_mutex_lock(&k->lock);
	last = --h->users == 0;
	pthread_mutex_unlock(&k->lock);
	if (last) {
		policy_close(h->policy);
		free(h);
	}
}

void
pol_clerks_hold(struct pol_clerks *k, struct policy *policy)
{
	struct held *h = calloc(1, sizeof(*h)), *was;

	if (h != NULL)
		*h = (struct held){ policy, 1 };
	pthread_mutex_lock(&k->lock);
	was = k->held;
	k->held = h;		/* no memory: nothing can be changed, which is an answer too */
	pthread_mutex_unlock(&k->lock);
	leave(k, was);
}

/* ---- work ---- */

/* false: the front is gone, or speaks no more like one of ours. */
static bool
work_once(struct clerk *c)
{
	struct pol_frame f = { .have = 0 };
	struct pol_text out = { NULL, 0, 0, false };
	bool good = pol_frame_wait(c->fd, INT64_MAX) == 1 && pol_frame_get(&f, c->fd, pol_child_now() + PATIENCE) == 1;

	if (good) {
		struct held *h = use(c->all);

		pol_clerk_answer(h != NULL ? h->policy : NULL, f.data, f.len, &out);
		leave(c->all, h);
	}
	pol_frame_fini(&f);
	if (good)
		good = !out.failed && pol_frame_put(c->fd, out.data, out.len, pol_child_now() + PATIENCE) == 0;
	if (out.data != NULL)
		explicit_bzero(out.data, out.room);
	pol_text_fini(&out);
	return good;
}

static void *
work(void *arg)
{
	struct clerk *c = arg;
	struct pol_clerks *k = c->all;

	while (work_once(c))
		;
	pthread_mutex_lock(&k->lock);
	close(c->fd);
	*c->prev = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	free(c);
	if (--k->count == 0)
		pthread_cond_broadcast(&k->gone);
	pthread_mutex_unlock(&k->lock);
	return NULL;
}

/* Signals are the keeper's loop's. */
static int
run(struct clerk *c)
{
	pthread_attr_t attr;
	sigset_t all, old;
	pthread_t thread;
	int rc;

	if (pthread_attr_init(&attr) != 0)
		return -1;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&thread, &attr, work, c);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return rc;
}

int
pol_clerks_start(struct pol_clerks *k)
{
	struct clerk *c = calloc(1, sizeof(*c));
	int ends[2];

	if (c == NULL || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
		free(c);
		return -1;
	}
	*c = (struct clerk){ .all = k, .fd = ends[0] };
	pthread_mutex_lock(&k->lock);
	if (k->over || k->count == MOST || run(c) != 0) {
		close(ends[0]);
		close(ends[1]);
		free(c);
		ends[1] = -1;
	} else {
		c->next = k->first;
		c->prev = &k->first;
		if (c->next != NULL)
			c->next->prev = &c->next;
		k->first = c;
		k->count++;
	}
	pthread_mutex_unlock(&k->lock);
	return ends[1];
}

bool
pol_clerks_end(struct pol_clerks *k, unsigned seconds)
{
	const int64_t end = pol_child_now() + (int64_t)seconds * 1000000000;
	struct timespec until = { (time_t)(end / 1000000000), end % 1000000000 };
	bool gone;

	if (k == NULL)
		return true;
	pthread_mutex_lock(&k->lock);
	k->over = true;
	for (struct clerk *c = k->first; c != NULL; c = c->next)
		shutdown(c->fd, SHUT_RD);	/* what is being done is answered */
	while (k->count != 0 && pthread_cond_timedwait(&k->gone, &k->lock, &until) == 0)
		;
	gone = k->count == 0;
	pthread_mutex_unlock(&k->lock);
	if (!gone)
		return false;
	leave(k, k->held);
	pthread_cond_destroy(&k->gone);
	pthread_mutex_destroy(&k->lock);
	free(k);
	return true;
}
