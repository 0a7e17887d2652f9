/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where deciders are counted: stripes, who owns them, and what of it a forked child
 * finds. Why counting is enough to free what they held is told in handle.c.
 *
 * A locked instruction costs as much as a look-up, so the thread that owns a stripe
 * counts with plain loads and stores: only it writes there, and a signal handler that
 * decides in its midst leaves the count as it was. What a plain store lacks is the
 * order of counting before looking; the writer brings it: between its exchange of
 * `now` and its first look it has the kernel run a full barrier on every thread of the
 * process (membarrier). A decider's barrier falls either before its count, and then it
 * will load the new snapshot, or after, and then the writer sees the count. Where the
 * kernel has no membarrier no stripe is ever owned; where it fails later (a filter of
 * system calls), stripes are taken back and what was replaced by then waits for close.
 * An owner is a thread pointer: that of a dead thread owns on, until a new thread
 * happens to have it too.
 *
 * Fork. The counters and the writers' lock lie in memory that the kernel zeroes in the
 * child: deciders and writers that were inside are not in the child. The mark beside
 * them reads zero too; one load a decision notices, without a system call. Where a
 * writer of the parent was at work, snapshots that waited are left alone in the child,
 * a leak of few: it may have been freeing them. Where memory cannot be wiped (no
 * MADV_WIPEONFORK, Linux before 4.14) writers compare getpid() and nothing else is
 * done: counters that were not at zero never get there in the child, so that its
 * reloads each wait 100 ms and what they replace is freed by close.
 */
#include "api/handle.h"

#include <linux/membarrier.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Asks the kernel for what pol_seat_fence() needs; 0 where it cannot be had. */
static uint32_t
may_fence(void)
{
	int before = errno;
	long rc = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);

	errno = before;
	return rc == 0;
}

/* No stripe has an owner from now on; what is replaced by then waits for close. */
static void
take_back(struct policy *p)
{
	atomic_store(&p->fenced, 0);
	for (uint32_t i = 0; i < POL_STRIPES; i++)
		atomic_store(&p->wiped->stripes[i].owner, 0);
	p->unfenced = true;
}

void
pol_seat_fence(struct policy *p)
{
	int before = errno;

	if (atomic_load(&p->fenced) == 0 || syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0)
		return;
	errno = before;
	take_back(p);
}

struct pol_seat
pol_seat_take(struct policy *p, struct pol_stripe *stripe, uint64_t self)
{
	uint32_t parity = atomic_load_explicit(&p->parity, memory_order_relaxed) & 1;
	uint64_t nobody = 0;

	/* from the next time on: this time it is counted as all are */
	if (atomic_load_explicit(&stripe->owner, memory_order_relaxed) == 0 && atomic_load(&p->fenced) != 0)
		atomic_compare_exchange_strong(&stripe->owner, &nobody, self);
	atomic_fetch_add_explicit(&stripe->in[parity], 1, memory_order_seq_cst);
	return (struct pol_seat){ &stripe->in[parity], false };
}

/* ---- fork ---- */

static void
start_child(struct policy *p)
{
	if (atomic_load(&p->fenced) != 0 && !may_fence())
		take_back(p);
	atomic_store(&p->wiped->ticket, 0);
	atomic_store(&p->wiped->serving, 0);
	p->covered = NULL;
	if (atomic_load(&p->busy) != 0) {
		/* a writer of the parent's had the list and the people in hand: what they
		 * were like in that moment nobody knows */
		p->waiting = p->last = NULL;
		p->n_waiting = 0;
		p->tainted = true;
	}
	atomic_store(&p->busy, 0);
}

void
pol_seat_wake(struct policy *p)
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
pol_seat_wake_writer(struct policy *p)
{
	if (atomic_load(&p->wiped->mark) != POL_MARK_LIVE)
		pol_seat_wake(p);
	if (atomic_load(&p->pid) != 0)
		wake_by_pid(p);
}

int
pol_seat_init(struct policy *p)
{
	void *page = mmap(NULL, sizeof(*p->wiped), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return POLICY_ERR_NOMEM;
	p->wiped = page;
	if (madvise(page, sizeof(*p->wiped), MADV_WIPEONFORK) != 0)
		atomic_init(&p->pid, (int32_t)getpid());
	atomic_store(&p->wiped->mark, POL_MARK_LIVE);
	atomic_store(&p->fenced, may_fence());
	return 0;
}
