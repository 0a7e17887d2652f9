/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots, held by deciders without a lock and replaced by writers.
 *
 * A decider counts itself in its stripe, under the parity of the day, and then
 * loads `now`; when done it counts itself out of the same counter. A writer puts
 * the new snapshot into `now`; the old one is freed once every counter, of both
 * parities, has been seen at zero after that.
 *
 * Why that is enough. All four operations are seq_cst, so they stand in one order.
 * A decider that got the old snapshot loaded `now` before the writer's exchange,
 * and counted itself in before that; so every later look of the writer's at that
 * counter sees the count, until the decider has counted itself out. A counter is
 * changed by read-modify-write only and nobody counts out who is not in, so zero
 * means that nobody is in; and reading it synchronises with every count-out before
 * (a release sequence of RMWs), so that the decider's last read of the snapshot
 * happens before the free. Counters need not be zero at one moment: a decider stays
 * with the counter it began with.
 *
 * Why it ends. Under steady load the counter of the parity of the day may never be
 * seen at zero. So first those of the other parity are waited for, where only those
 * arrive who read the parity before the last flip and were held up since; then the
 * parity is flipped, and the counters of the day's old parity drain likewise. The
 * flip is never needed for safety: one who read the parity long ago is counted
 * somewhere, and both parities are looked at after the exchange.
 *
 * The wait is a state machine that goes on where it stopped: a reload gives it
 * 100 ms, a single change one look; what is left is for the next writer, or close.
 *
 * Fork. The counters and the lock lie in memory that the kernel zeroes in the child:
 * deciders and writers that were inside are not in the child. The mark beside them reads
 * zero too; one load a decision notices, without a system call. Where a writer of the parent was at
 * work, snapshots that waited are left alone in the child, a leak of few: it may have
 * been freeing them. Where memory cannot be wiped (no MADV_WIPEONFORK,
 * Linux before 4.14) writers compare getpid() and nothing else is done: counters
 * that were not at zero never get there in the child, so that its reloads each wait
 * 100 ms and what they replace is freed by close.
 */
#include "api/handle.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "api/logins.h"
#include "api/service.h"
#include "api/store.h"
#include "audit/audit.h"
#include "auth/cache.h"
#include "auth/revoked.h"
#include "auth/stack.h"

#define WAIT_NS 100000000		/* a reload's patience with deciders */
#define MANY_WAITING 64			/* old snapshots that a single change leaves unwaited */

/* ---- new and free ---- */

int
pol_handle_new(struct policy **out)
{
	struct policy *p = calloc(1, sizeof(*p));
	void *page;

	*out = NULL;
	if (p == NULL)
		return POLICY_ERR_NOMEM;
	page = mmap(NULL, sizeof(*p->wiped), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED) {
		free(p);
		return POLICY_ERR_NOMEM;
	}
	p->wiped = page;
	if (pol_revoked_new(&p->revoked) != 0) {
		munmap(page, sizeof(*p->wiped));
		free(p);
		return POLICY_ERR_NOMEM;
	}
	atomic_init(&p->store_good, INT64_MAX);
	if (madvise(page, sizeof(*p->wiped), MADV_WIPEONFORK) != 0)
		atomic_init(&p->pid, (int32_t)getpid());
	p->births = 1;
	atomic_store(&p->wiped->born, p->births);
	atomic_store(&p->wiped->mark, POL_MARK_LIVE);
	*out = p;
	return 0;
}

static void
drop_stack(struct pol_snapshot *s)
{
	struct pol_stack *stack = atomic_exchange(&s->stack, NULL);

	if (stack != NULL)
		pol_stack_drop(stack);
}

void
pol_handle_unused(struct pol_snapshot *s)
{
	drop_stack(s);
	if (s->succeeded)
		pol_people_retire(s->people);
	else
		pol_people_free(s->people);
	if (--s->code->refs == 0) {
		pol_code_free(s->code->code);
		free(s->code);
	}
	free(s);
}

/* Oldest first: the people of one line must be retired in order. */
static void
free_waiting(struct policy *p, const struct pol_snapshot *up_to)
{
	struct pol_snapshot *s;

	do {
		s = p->waiting;
		p->waiting = s->next;
		p->n_waiting--;
		if (s == p->last)
			p->last = NULL;
		if (s == up_to)
			up_to = NULL;
		pol_handle_unused(s);
	} while (up_to != NULL);
}

void
pol_handle_free(struct policy *p)
{
	struct pol_snapshot *s;

	if (p == NULL)
		return;
	pol_handle_notice(p);
	pol_service_stop(p);
	pol_audit_free(atomic_load(&p->audit));
	if (p->waiting != NULL)
		free_waiting(p, p->last);
	s = atomic_load(&p->now);
	if (s != NULL)
		drop_stack(s);
	if (s != NULL && !p->tainted)
		pol_handle_unused(s);
	pol_store_put(p, NULL);
	pol_service_free(p);		/* last: until they are closed, modules may wake it */
	munmap(p->wiped, sizeof(*p->wiped));
	pol_cache_free(p->cache);
	pol_logins_free(p->logins);
	pol_revoked_free(p->revoked);
	free(p->path);
	free(p->name);
	free(p->text);
	free(p->module_dir);
	free(p->env_name);
	free(p);
}

/* ---- writers ---- */

void
pol_handle_lock(struct policy *p)
{
	pol_handle_notice(p);
	pol_ticket_lock(&p->wiped->writers);
	atomic_store(&p->busy, 1);
}

bool
pol_handle_try(struct policy *p)
{
	pol_handle_notice(p);
	if (!pol_ticket_try(&p->wiped->writers))
		return false;
	atomic_store(&p->busy, 1);
	return true;
}

void
pol_handle_unlock(struct policy *p)
{
	atomic_store(&p->busy, 0);
	pol_ticket_unlock(&p->wiped->writers);
}

/* Puts people into a snapshot that has its program. */
static void
settle(struct pol_snapshot *s, struct pol_people_root *people)
{
	s->people = people;
	pol_engine_people(&s->engine, pol_people_view(people));
	s->timeless = s->engine.program->hears_time == 0 && s->engine.people->has_windows == 0;
}

int
pol_handle_snapshot(struct pol_snapshot **out, struct pol_code *code, struct pol_people_root *people)
{
	struct pol_snapshot *s = calloc(1, sizeof(*s));
	struct pol_shared_code *shared = calloc(1, sizeof(*shared));

	*out = NULL;
	if (s == NULL || shared == NULL) {
		free(s);
		free(shared);
		pol_people_free(people);
		pol_code_free(code);
		return POLICY_ERR_NOMEM;
	}
	shared->code = code;
	shared->refs = 1;
	s->code = shared;
	pol_code_engine(code, &s->engine);
	settle(s, people);
	*out = s;
	return 0;
}

void
pol_handle_swap(struct policy *p, struct pol_snapshot *s)
{
	struct pol_snapshot *old;
	bool tainted = p->tainted;

	s->generation = ++p->generation;
	/* `off` is never ahead of the snapshot, not even for a child forked between two
	 * lines: who comes too late for it is told by the snapshot itself. That decisions are
	 * recorded is said as long as either set wants it */
	if (!s->off)
		atomic_store(&p->off, s->audited || atomic_load(&p->off) == POL_OFF_AUDITED ? POL_OFF_AUDITED : POL_OFF_NO);
	old = atomic_exchange(&p->now, s);
	atomic_store(&p->off, s->off ? POL_OFF_YES : s->audited ? POL_OFF_AUDITED : POL_OFF_NO);
	p->tainted = false;
	if (old == NULL || tainted)	/* nobody frees what a parent's writer had in hand */
		return;
	old->next = NULL;
	if (p->last != NULL)
		p->last->next = old;
	else
		p->waiting = old;
	p->last = old;
	p->n_waiting++;
}

/* Has each stripe been seen at zero under the parity that is not the day's, and does
 * nobody stay under it? */
static bool
is_drained(struct policy *p)
{
	uint32_t parity = (atomic_load(&p->parity) & 1) ^ 1;

	for (; p->stripe < POL_STRIPES; p->stripe++) {
		if (atomic_load(&p->wiped->stripes[p->stripe].in[parity]) != 0)
			return false;
	}
	if (atomic_load(&p->wiped->staying[parity]) != 0)
		return false;
	p->stripe = 0;
	return true;
}

bool
pol_handle_has_old(const struct policy *p)
{
	return p->n_waiting != 0 || pol_revoked_waits(p->revoked);
}

/* One look. True: nothing waits any more. */
static bool
look(struct policy *p)
{
	while (pol_handle_has_old(p)) {
		if (!p->draining) {
			p->draining = true;
			p->covered = p->last;
			p->phase = p->stripe = 0;
			pol_revoked_leave(p->revoked);
		}
		if (!is_drained(p))
			return false;
		if (p->phase++ == 0) {
			atomic_fetch_xor(&p->parity, 1);
			continue;
		}
		if (p->covered != NULL)
			free_waiting(p, p->covered);
		pol_revoked_reclaim(p->revoked);
		p->covered = NULL;
		p->draining = false;
	}
	return true;
}

static int64_t
monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

void
pol_handle_collect(struct policy *p, int64_t wait_ns)
{
	const struct timespec nap = { 0, 50000 };
	int64_t until = 0;
	unsigned tries = 0;

	while (!look(p)) {
		if (p->stripe == POL_STRIPES)
			return;		/* who stays may do so for seconds */
		if (until == 0)
			until = monotonic() + wait_ns;
		if (wait_ns == 0 || monotonic() >= until)
			return;
		/* a decision takes a microsecond, unless its thread was put aside */
		if (tries++ < 20)
			sched_yield();
		else
			nanosleep(&nap, NULL);
	}
}

int
pol_handle_succeed(struct policy *p, pol_handle_change_fn *change, void *ctx)
{
	struct pol_snapshot *old = atomic_load(&p->now), *s;
	struct pol_people_root *people = NULL, *own = NULL;
	int rc = 0;

	if (old == NULL)
		return POLICY_ERR_UNAVAILABLE;
	s = calloc(1, sizeof(*s));	/* first: behind the change nothing may fail */
	if (s == NULL)
		return POLICY_ERR_NOMEM;
	if (p->tainted)			/* a parent's writer had them in hand */
		rc = pol_people_copy(old->people, &own);
	if (rc == 0)
		rc = change(ctx, own != NULL ? own : old->people, old->engine.program, &people);
	if (rc != 0) {
		pol_people_free(own);
		free(s);
		return rc;
	}
	pol_people_retire(own);		/* nobody ever saw it */
	*s = *old;
	s->code->refs++;
	if (atomic_load(&s->stack) != NULL)
		pol_stack_hold(atomic_load(&s->stack));
	settle(s, people);
	s->succeeded = false;
	s->next = NULL;
	old->succeeded = true;
	pol_handle_swap(p, s);
	return 0;
}

int
pol_handle_change(struct policy *p, pol_handle_change_fn *change, void *ctx)
{
	int rc;

	pol_handle_lock(p);
	rc = pol_handle_succeed(p, change, ctx);
	if (rc == 0)
		pol_handle_collect(p, p->n_waiting > MANY_WAITING ? WAIT_NS : 0);
	pol_handle_unlock(p);
	return rc;
}
