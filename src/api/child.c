/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a child has of its parent: copies of descriptors that share their state with the
 * parent's (an epoll set, an inotify queue, a connection with a half-sent question), and
 * memory that threads had in hand which do not exist here. Of all that only two things
 * are done: the service's descriptors are closed, which the parent does not notice, and
 * the steps and the store are opened again from their settings. Never are the parent's
 * closed or freed: a module's close() may say goodbye on a connection that the parent
 * still talks on. What they hold in memory is lost to the child, once a fork.
 *
 * Opening waits until somebody needs it: a child that only asserts subjects, or that
 * executes another program, opens nothing.
 *
 * `lost` says that something is still to be opened; it is left set until all of it is
 * there, so that a step which could not be opened is never taken for one that is not.
 */
#include "api/child.h"

#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "api/logins.h"
#include "api/open.h"
#include "api/service.h"
#include "api/store.h"
#include "auth/revoked.h"
#include "auth/stack.h"

#define AGAIN_NS 1000000000

/* ---- what was the parent's ---- */

static void
orphan_stack(struct policy *p, struct pol_snapshot *s)
{
	struct pol_stack *stack = s != NULL ? atomic_exchange(&s->stack, NULL) : NULL;

	if (stack == NULL)
		return;
	p->parents_stack = stack;
	p->parents_code = s->code;
}

/* The store of the set in force, as that tells it: a writer may have put the one in place,
 * and not yet the other. */
static void
orphan_store(struct policy *p)
{
	const struct pol_snapshot *s = atomic_load(&p->now);

	if (s != NULL)
		p->parents_store = s->store;
	p->store = p->staged = NULL;
	p->staged_audit = NULL;
	if (p->parents_store != NULL)
		atomic_store(&p->store_good, 0);
}

static void
orphan_all(struct policy *p)
{
	struct pol_service *v = atomic_exchange(&p->service, NULL);

	for (struct pol_snapshot *s = p->waiting; s != NULL; s = s->next)
		atomic_store(&s->stack, NULL);
	orphan_stack(p, atomic_load(&p->now));
	orphan_store(p);
	pol_logins_orphan(p);
	if (v != NULL) {
		pol_service_abandon(v);
		p->had_service = true;
	}
	if (p->had_service || p->parents_stack != NULL || p->parents_store != NULL)
		atomic_store(&p->lost, 1);
	atomic_store(&p->again, 0);
}

/* ---- in the first call ---- */

static void
start_child(struct policy *p)
{
	memset(&p->wiped->writers, 0, sizeof(p->wiped->writers));
	memset(&p->wiped->store, 0, sizeof(p->wiped->store));
	atomic_store(&p->wiped->rows, 0);
	atomic_store(&p->wiped->logins, 0);
	atomic_store(&p->wiped->born, ++p->births);
	p->covered = NULL;
	p->draining = false;
	if (atomic_load(&p->busy) != 0) {
		/* a writer of the parent's had the list and the people in hand: what they
		 * were like in that moment nobody knows */
		p->waiting = p->last = NULL;
		p->n_waiting = 0;
		p->tainted = true;
	}
	orphan_all(p);
	atomic_store(&p->busy, 0);
}

void
pol_handle_wake(struct policy *p)
{
	uint32_t seen = POL_MARK_CHILD;

	/* two threads of the child may come here at once */
	if (atomic_compare_exchange_strong(&p->wiped->mark, &seen, POL_MARK_WAKING)) {
		start_child(p);
		atomic_store(&p->wiped->mark, POL_MARK_LIVE);
		return;
	}
	while (atomic_load(&p->wiped->mark) != POL_MARK_LIVE)
		sched_yield();
}

/* The fallback: by process number, writers only. */
static void
wake_by_pid(struct policy *p)
{
	int32_t pid = (int32_t)getpid(), seen = atomic_load(&p->pid);

	while (seen != pid) {
		if (seen != -1 && atomic_compare_exchange_strong(&p->pid, &seen, -1)) {
			start_child(p);
			atomic_store(&p->pid, pid);
			return;
		}
		sched_yield();
		seen = atomic_load(&p->pid);
	}
}

void
pol_handle_notice(struct policy *p)
{
	if (atomic_load(&p->wiped->mark) != POL_MARK_LIVE)
		pol_handle_wake(p);
	if (atomic_load(&p->pid) != 0)
		wake_by_pid(p);
}

void
pol_child_done(struct policy *p)
{
	p->parents_stack = NULL;
	p->parents_store = NULL;
	p->had_service = false;
	atomic_store(&p->lost, 0);
}

/* ---- opening ---- */

static int
open_stack(struct policy *p, struct policy_error *err)
{
	struct pol_snapshot *s = atomic_load(&p->now);
	struct pol_stack *stack;
	int rc;

	/* a child of ours that forked while it reloaded has another set now */
	if (p->parents_stack == NULL || s == NULL || s->code != p->parents_code)
		return 0;
	rc = pol_stack_again(&stack, p->parents_stack, s->engine.program, err);
	if (rc != 0)
		return rc;
	atomic_store(&s->stack, stack);
	p->parents_stack = NULL;
	return 0;
}

/* What came since the parent asked; what it was told is in the people. */
static int
open_store(struct policy *p, struct policy_error *err)
{
	struct pol_snapshot *s = atomic_load(&p->now);
	struct pol_store *st;
	int rc;

	if (p->parents_store == NULL || s == NULL)
		return 0;
	rc = pol_store_again(&st, p, p->parents_store, err);
	if (rc != 0)
		return rc;
	rc = pol_store_adopt(p, st);
	if (rc == 0)
		rc = pol_store_tell(p, st);
	if (rc != 0) {
		pol_store_drop(st);
		return rc;
	}
	p->parents_store = NULL;
	s->store = st;
	pol_store_put(p, st);
	return 0;
}

static int
open_all(struct policy *p, bool thread)
{
	struct policy_error err = POLICY_ERROR_INIT;
	int rc = 0;

	if (thread || p->had_service)
		rc = pol_service_start(p, &err);
	if (rc == 0)
		rc = open_stack(p, &err);
	if (rc == 0)
		rc = open_store(p, &err);
	if (rc == 0) {
		pol_child_done(p);
		pol_service_wake(p);
		return 0;
	}
	pol_open_say(p, POLICY_LOG_ERROR, "in a forked process, the set's modules cannot be opened: %s:%u:%u: %s",
	    err.file, err.line, err.column, err.text[0] != '\0' ? err.text : policy_strerror(rc));
	atomic_store(&p->again, pol_service_now() + AGAIN_NS);
	return POLICY_ERR_UNAVAILABLE;
}

/* One that may not wait lets the service do it. */
static int
ready_later(struct policy *p)
{
	struct policy_error err = POLICY_ERROR_INIT;

	if (pol_handle_try(p)) {
		if (pol_child_is_lost(p) && pol_service_start(p, &err) == 0)
			pol_service_wake(p);
		pol_handle_unlock(p);
	}
	return POLICY_ERR_AGAIN;
}

int
pol_child_ready(struct policy *p, bool nonblock)
{
	int rc = 0;

	pol_handle_notice(p);
	if (!pol_child_is_lost(p))
		return 0;
	if (pol_service_now() < atomic_load(&p->again))
		return POLICY_ERR_UNAVAILABLE;
	if (nonblock)
		return ready_later(p);
	pol_handle_lock(p);
	if (pol_child_is_lost(p))	/* else another was faster */
		rc = pol_service_now() < atomic_load(&p->again) ? POLICY_ERR_UNAVAILABLE : open_all(p, false);
	pol_handle_unlock(p);
	return rc;
}

bool
pol_child_opens(struct policy *p, const struct policy_request *req)
{
	return pol_child_is_lost(p) && pol_child_ready(p, (req->flags & POLICY_NONBLOCK) != 0) == 0;
}

int
pol_child_serve(struct policy *p)
{
	return p->had_service ? pol_service_start(p, NULL) : 0;
}
