/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service as a thread, and as what policy_service() does. Its descriptors are there
 * from the first set that needs it until the handle is closed: they never change, so that
 * they can be used without a lock, and be closed by a forked child.
 */
#include "api/service.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "api/child.h"
#include "api/round.h"
#include "auth/stack.h"
#include "base/err.h"

#define MS 1000000

int64_t
pol_service_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* ---- the thread ---- */

static void *
run_thread(void *arg)
{
	const struct timespec second = { 1, 0 };
	struct policy *p = arg;
	struct pol_service *v = atomic_load(&p->service);

	while (atomic_load(&v->stop) == 0) {
		/* somebody closed what is ours: the work is done all the same, if slowly */
		if (!pol_round_wait(v, -1) && errno != EINTR)
			nanosleep(&second, NULL);
		if (atomic_load(&v->stop) == 0)
			pol_round_run(p, v);
	}
	return NULL;
}

/* ---- start and stop ---- */

bool
pol_service_is_wanted(const struct pol_stack *stack, const struct pol_store *store, bool audited)
{
	return audited || store != NULL || (stack != NULL &&
	    (pol_stack_needs_service(stack) || pol_stack_watched(stack, 0) != NULL));
}

void
pol_service_wake(struct policy *p)
{
	struct pol_service *v = atomic_load(&p->service);
	const uint64_t one = 1;
	int saved = errno;

	/* EAGAIN: it has been woken so often that it is awake */
	if (v != NULL && write(v->fds[FD_WAKE], &one, sizeof(one)) < 0)
		errno = saved;
}

static void
close_all(struct pol_service *v)
{
	for (int i = 0; i < FD_COUNT; i++) {
		if (v->fds[i] >= 0)
			close(v->fds[i]);
	}
	pol_watch_fini(&v->watch);
}

static int
add(struct pol_service *v, int fd)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u32 = 0 };

	return fd < 0 ? -1 : epoll_ctl(v->fds[FD_EPOLL], EPOLL_CTL_ADD, fd, &e);
}

static int
new_service(struct pol_service **out)
{
	struct pol_service *v = calloc(1, sizeof(*v));

	if (v == NULL)
		return -1;
	v->store_fd = -1;
	v->fds[FD_EPOLL] = epoll_create1(EPOLL_CLOEXEC);
	v->fds[FD_WAKE] = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);	/* there is a first round to do */
	v->fds[FD_TIMER] = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	v->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	pol_watch_init(&v->watch, v->inotify);
	v->watch.full = v->inotify < 0;
	/* without inotify files are looked at; without the others there is no service */
	if (v->fds[FD_EPOLL] < 0 || add(v, v->fds[FD_WAKE]) != 0 || add(v, v->fds[FD_TIMER]) != 0 ||
	    (v->inotify >= 0 && add(v, v->inotify) != 0)) {
		close_all(v);
		free(v);
		return -1;
	}
	*out = v;
	return 0;
}

/* No signal of the host's is ever delivered there. */
static int
start_thread(struct policy *p, struct pol_service *v)
{
	sigset_t all, old;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&v->thread, NULL, run_thread, p);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc != 0)
		return -1;
	v->has_thread = true;
	pthread_setname_np(v->thread, "policy");
	return 0;
}

int
pol_service_start(struct policy *p, struct policy_error *err)
{
	struct pol_service *v = atomic_load(&p->service);

	if (v == NULL && new_service(&v) != 0)
		return pol_err_set(err, POLICY_ERR_LIMIT, NULL, 0, 0,
		    "the service cannot be set up: no descriptor or memory is left");
	atomic_store(&p->service, v);	/* before the thread: it looks there */
	if ((p->flags & POLICY_NO_THREAD) == 0 && !v->has_thread && start_thread(p, v) != 0)
		return pol_err_set(err, POLICY_ERR_LIMIT, NULL, 0, 0, "the service thread cannot be started");
	return 0;
}

void
pol_service_stop(struct policy *p)
{
	struct pol_service *v = atomic_load(&p->service);

	if (v == NULL)
		return;
	atomic_store(&v->stop, 1);
	pol_service_wake(p);
	if (v->has_thread)
		pthread_join(v->thread, NULL);
	v->has_thread = false;
	pol_round_end(v);
}

void
pol_service_free(struct policy *p)
{
	struct pol_service *v = atomic_exchange(&p->service, NULL);

	if (v == NULL)
		return;
	close_all(v);
	free(v);
}

/* ---- without a thread ---- */

static int
run_until(struct policy *p, struct pol_service *v, int timeout_ms)
{
	const int64_t until = pol_service_now() + (int64_t)timeout_ms * MS;
	int n = 0, left = timeout_ms;

	for (;;) {
		if (!pol_round_wait(v, left))
			return errno == EINTR ? 0 : POLICY_ERR_INTERNAL;
		n = pol_round_run(p, v);
		if (timeout_ms > 0)
			left = (int)((until - pol_service_now() + MS - 1) / MS);
		if (n > 0 || timeout_ms == 0 || (timeout_ms > 0 && left <= 0))
			return n;
	}
}

int
pol_service_run(struct policy *p, int timeout_ms)
{
	struct pol_service *v;
	int n;

	pol_handle_notice(p);
	if (pol_child_is_lost(p))
		pol_child_ready(p, false);	/* where it fails there is the log, and the next time */
	v = atomic_load(&p->service);
	if (v == NULL)
		return 0;
	if ((p->flags & POLICY_NO_THREAD) == 0 || atomic_exchange(&v->in_use, 1) != 0)
		return POLICY_ERR_ARG;
	n = run_until(p, v, timeout_ms);
	atomic_store(&v->in_use, 0);
	return n;
}

int
pol_service_fd(struct policy *p)
{
	struct pol_service *v;

	pol_handle_notice(p);
	if (pol_child_is_lost(p)) {
		pol_handle_lock(p);
		pol_child_serve(p);
		pol_handle_unlock(p);
	}
	v = atomic_load(&p->service);
	return v == NULL || (p->flags & POLICY_NO_THREAD) == 0 ? -1 : v->fds[FD_EPOLL];
}

/* ---- in a child ---- */

/* Only what still is what it was: a host may have closed everything and opened its own. */
static void
close_copy(_Atomic int *at, const char *kind)
{
	char link[64], name[64];
	int fd = atomic_exchange(at, -1);
	ssize_t len;

	if (fd < 0)
		return;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, name, sizeof(name) - 1);
	if (len < 0)
		return;			/* closed, or no /proc: then it stays open, unused */
	name[len] = '\0';
	if (strstr(name, kind) != NULL)
		close(fd);
}

void
pol_service_abandon(struct pol_service *v)
{
	close_copy(&v->fds[FD_EPOLL], "[eventpoll]");
	close_copy(&v->fds[FD_WAKE], "[eventfd]");
	close_copy(&v->fds[FD_TIMER], "[timerfd]");
	close_copy(&v->inotify, "inotify");
}
