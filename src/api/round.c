/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One round does everything that is due; what wakes the service only says that there may
 * be something. So nothing is lost by waking too often or by several at once, and the
 * thread and policy_service() are the same code.
 *
 * The service holds the stack and the store that it works for, and nothing else: no lock
 * while anything of a module or a store runs. What a reload replaced is let go in the
 * next round; whoever lets go last closes it.
 *
 * The store's descriptor is watched once at a time (EPOLLONESHOT) and anew after each
 * answer: one that stays readable while the store fails, or that lives on in a forked
 * child after its store closed it here, does not keep the service spinning.
 */
#include "api/round.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "api/child.h"
#include "api/logins.h"
#include "api/note.h"
#include "api/open.h"
#include "api/service.h"
#include "api/store.h"
#include "auth/stack.h"

#define MS 1000000
#define SECOND_NS (1000 * (int64_t)MS)
#define OLD_NS (50 * (int64_t)MS)	/* old snapshots that deciders still hold are looked at again */
#define STORE_NS (10 * (int64_t)MS)	/* the store is asked no more often */
#define LEAST_NS ((int64_t)MS)		/* between rounds that only time asks for */
#define PATHS_MAX 4096u			/* all files of as many steps as a set may have */

/* ---- what it works for ---- */

/* The stack in force. */
static struct pol_stack *
hold_stack(struct policy *p)
{
	const struct pol_snapshot *s;
	struct pol_stack *stack;
	_Atomic uint32_t *in;

	s = pol_handle_enter(p, &in);
	stack = s != NULL ? atomic_load_explicit(&s->stack, memory_order_acquire) : NULL;
	if (stack != NULL)
		pol_stack_hold(stack);
	pol_handle_exit(in);
	return stack;
}

void
pol_round_end(struct pol_service *v)
{
	if (v->stack != NULL)
		pol_stack_drop(v->stack);
	pol_store_drop(v->store);
	v->stack = NULL;
	v->store = NULL;
	v->store_fd = -1;
}

static void
watch_stack(struct policy *p, struct pol_service *v, int64_t now)
{
	const char *paths[PATHS_MAX];
	uint32_t n = 0;

	while (v->stack != NULL && n < PATHS_MAX && (paths[n] = pol_stack_watched(v->stack, n)) != NULL)
		n++;
	v->unwatched = pol_watch_set(&v->watch, paths, n, now) != 0;
	if (v->watch.full && !v->said_full)
		pol_open_say(p, POLICY_LOG_WARNING,
		    "inotify has no room for more watches: files are looked at every second");
	v->said_full = v->watch.full;
}

static void
take_stack(struct policy *p, struct pol_service *v, int64_t now)
{
	struct pol_stack *stack = hold_stack(p), *old = v->stack;

	if (stack == old) {
		if (stack != NULL)
			pol_stack_drop(stack);
		if (v->unwatched)
			watch_stack(p, v, now);
		return;
	}
	v->stack = stack;
	watch_stack(p, v, now);
	if (old != NULL)
		pol_stack_drop(old);
}

static void
take_store(struct policy *p, struct pol_service *v)
{
	struct pol_store *store = pol_store_take(p), *old = v->store;

	if (store == old) {
		pol_store_drop(store);
		return;
	}
	if (v->store_fd >= 0)
		epoll_ctl(v->fds[FD_EPOLL], EPOLL_CTL_DEL, v->store_fd, NULL);
	v->store = store;
	v->store_fd = -1;
	v->store_ready = false;
	v->store_asked = 0;
	pol_store_drop(old);
}

/* ---- one round ---- */

static void
drain(struct pol_service *v)
{
	uint64_t n;

	/* both are nonblocking, and either may have nothing to say */
	while (read(v->fds[FD_WAKE], &n, sizeof(n)) > 0)
		;
	while (read(v->fds[FD_TIMER], &n, sizeof(n)) > 0)
		;
}

static void
changed(void *ctx, const char *path)
{
	pol_stack_changed(ctx, path);
}

/* Also where the number is as it was: what is behind it may be another. */
static void
watch_store(struct pol_service *v)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLONESHOT, .data.u32 = 1 };
	int fd = pol_store_fd(v->store);

	if (v->store_fd >= 0 && v->store_fd != fd)
		epoll_ctl(v->fds[FD_EPOLL], EPOLL_CTL_DEL, v->store_fd, NULL);
	v->store_fd = fd;
	if (fd >= 0 && epoll_ctl(v->fds[FD_EPOLL], EPOLL_CTL_MOD, fd, &e) != 0)
		epoll_ctl(v->fds[FD_EPOLL], EPOLL_CTL_ADD, fd, &e);
}

static int
ask_store(struct policy *p, struct pol_service *v, int64_t now, int64_t *next)
{
	int64_t due;
	int n = 0;

	if (v->store == NULL)
		return 0;
	due = v->store_asked + (v->store_ready ? STORE_NS : pol_store_pace(v->store));
	if (now >= due) {
		v->store_ready = false;
		n = pol_store_poll(p, v->store, NULL);
		v->store_asked = now = pol_service_now();
		if (n >= 0)
			pol_store_forget(p, v->store);
		if (n >= 0)
			watch_store(v);
		due = now + pol_store_pace(v->store);
	}
	if (due < *next)
		*next = due;
	return n > 0 ? n : 0;
}

static void
free_old(struct policy *p, int64_t now, int64_t *next)
{
	if (!pol_handle_has_old(p) || !pol_handle_try(p))
		return;			/* a writer is at it: it frees, or wakes us */
	pol_handle_collect(p, 0);
	if (pol_handle_has_old(p) && now + OLD_NS < *next)
		*next = now + OLD_NS;
	pol_handle_unlock(p);
}

static void
arm(struct pol_service *v, int64_t next)
{
	struct itimerspec at;

	memset(&at, 0, sizeof(at));
	if (next != INT64_MAX) {
		at.it_value.tv_sec = next / 1000000000;
		at.it_value.tv_nsec = next % 1000000000;
	}
	timerfd_settime(v->fds[FD_TIMER], TFD_TIMER_ABSTIME, &at, NULL);
}

int
pol_round_run(struct policy *p, struct pol_service *v)
{
	int64_t now, next = INT64_MAX, due;
	int n = 0;

	drain(v);
	if (pol_child_is_lost(p) && pol_child_ready(p, false) != 0)
		next = atomic_load(&p->again);
	now = pol_service_now();
	take_stack(p, v, now);
	take_store(p, v);
	pol_watch_tell(&v->watch, now, &due, changed, v->stack);
	if (due < next)
		next = due;
	if (v->stack != NULL) {
		n += (int)pol_stack_serve(v->stack, now, &due);
		if (due < next)
			next = due;
	}
	n += pol_logins_serve(p);
	n += ask_store(p, v, pol_service_now(), &next);
	now = pol_service_now();
	n += pol_note_serve(p, now, &next);
	free_old(p, now, &next);
	if (v->unwatched && now + SECOND_NS < next)
		next = now + SECOND_NS;
	arm(v, next < now + LEAST_NS ? now + LEAST_NS : next);
	return n;
}

bool
pol_round_wait(struct pol_service *v, int timeout_ms)
{
	struct epoll_event e[8];
	int n = epoll_wait(v->fds[FD_EPOLL], e, 8, timeout_ms);

	for (int i = 0; i < n; i++) {
		if (e[i].data.u32 == 1)
			v->store_ready = true;
	}
	return n >= 0;
}
