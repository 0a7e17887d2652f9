/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the rings to the log. Records of several rings are taken in the order of their
 * times, as far as they are there.
 *
 * What `must` promises hangs on `done` alone: it is moved on only behind a flush that
 * brought everything taken so far to the disk. Where the disk itself failed, `lost` comes
 * first: what was taken by then is never called done, for a later flush that succeeds says
 * nothing of what an earlier one was told.
 */
#include "audit/audit.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "audit/line.h"

#define BUSY_NS 5000000			/* records are looked for again so soon where there were any */
#define MANY 512
#define IDLE_NS 50000000

/* ---- deciders ---- */

static inline uint32_t
my_ring(void)
{
	uint64_t self;

#if defined(__x86_64__)
	__asm__("movq %%fs:0, %0" : "=r"(self));
#elif defined(__aarch64__)
	self = (uint64_t)(uintptr_t)__builtin_thread_pointer();
#else
	self = (uint64_t)(uintptr_t)&errno;
#endif
	return (uint32_t)((self * 0x9e3779b97f4a7c15u) >> 58);
}
_Static_assert(POL_RINGS == 64, "six bits");

bool
pol_audit_give(struct pol_audit *a, struct pol_note *n, bool again, struct pol_audit_place *out)
{
	const uint32_t size = pol_note_size(n);
	char *to;

	out->ring = my_ring();
	to = pol_ring_take(a->rings, out->ring, size, &out->at);
	if (to == NULL)
		return false;
	if (!again)
		n->id = (uint64_t)out->ring << 48 | out->at >> 3;
	out->id = n->id;
	pol_note_write(to, n);
	pol_ring_give(to, size);
	return true;
}

static void
sleep_until(struct pol_rings *r, uint32_t turn, int64_t now, int64_t until)
{
	const int64_t left = until - now;
	const struct timespec ts = { left / 1000000000, left % 1000000000 };

	syscall(SYS_futex, &r->turn, FUTEX_WAIT_PRIVATE, turn, &ts, NULL, 0);
}

bool
pol_audit_wait(struct pol_audit *a, const struct pol_audit_place *at, int64_t until,
    void (*wake)(void *ctx), void *ctx)
{
	struct pol_ring *g = &a->rings->ring[at->ring];
	int64_t ignored = 0;

	for (;;) {
		const uint32_t turn = atomic_load(&a->rings->turn);
		int64_t now;

		/* lost first: done goes over it */
		if (atomic_load(&g->lost) >= at->at)
			return false;
		if (atomic_load(&g->done) >= at->at)
			return atomic_load(&g->lost) < at->at;
		if (atomic_load(&a->failing) != 0)
			return false;
		now = pol_log_clock(CLOCK_MONOTONIC);
		if (now >= until)
			return false;
		if (wake == NULL && atomic_load(&a->rings->draining) == 0) {
			pol_audit_serve(a, now, &ignored);
			continue;
		}
		if (wake != NULL && atomic_exchange(&a->rings->asked, 1) == 0)
			wake(ctx);
		sleep_until(a->rings, turn, now, until);
	}
}

/* ---- emptying ---- */

bool
pol_audit_lock(struct pol_audit *a, bool wait)
{
	uint32_t is_free = 0;

	while (!atomic_compare_exchange_strong(&a->rings->draining, &is_free, 1)) {
		if (!wait)
			return false;
		is_free = 0;
		sched_yield();
	}
	return true;
}

static void
told(struct pol_rings *r)
{
	atomic_fetch_add(&r->turn, 1);
	syscall(SYS_futex, &r->turn, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

void
pol_audit_unlock(struct pol_audit *a)
{
	atomic_store(&a->rings->draining, 0);
	told(a->rings);
}

static uint64_t
count_dropped(const struct pol_rings *r)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < POL_RINGS; i++)
		n += atomic_load_explicit(&r->ring[i].dropped, memory_order_relaxed);
	return n;
}

void
pol_audit_count(const struct pol_audit *a, uint64_t *written, uint64_t *dropped)
{
	*written = atomic_load(&a->written);
	*dropped = count_dropped(a->rings);
}

/* What is next in each ring. */
struct heads {
	const char *note[POL_RINGS];
	uint32_t len[POL_RINGS], ring[POL_RINGS];
	int64_t time[POL_RINGS];
	uint32_t n;
};

static bool
look(struct pol_audit *a, struct heads *h, uint32_t k, uint32_t ring)
{
	struct pol_note_lists lists;
	struct pol_note note;

	h->ring[k] = ring;
	h->note[k] = pol_ring_next(a->rings, ring, &h->len[k]);
	if (h->note[k] == NULL)
		return false;
	pol_note_read(&note, &lists, h->note[k], h->len[k]);
	h->time[k] = note.time_ns;
	return true;
}

static void
look_all(struct pol_audit *a, struct heads *h)
{
	h->n = 0;
	for (uint32_t i = 0; i < POL_RINGS; i++) {
		if (look(a, h, h->n, i))
			h->n++;
	}
}

/* Records into the log's buffer, until it is full or no more are there. */
static int
take(struct pol_audit *a, struct heads *h)
{
	int n = 0;

	while (h->n > 0 && pol_log_has_room(a->log)) {
		uint32_t first = 0;

		for (uint32_t k = 1; k < h->n; k++)
			first = h->time[k] < h->time[first] ? k : first;
		pol_log_note(a->log, h->note[first], h->len[first]);
		pol_ring_skip(a->rings, h->ring[first]);
		n++;
		if (look(a, h, first, h->ring[first]))
			continue;
		h->n--;
		h->note[first] = h->note[h->n];
		h->len[first] = h->len[h->n];
		h->ring[first] = h->ring[h->n];
		h->time[first] = h->time[h->n];
	}
	return n;
}

/* What was taken so far is on disk, or (lost) will never be said to be. */
static void
settle(struct pol_audit *a, bool lost)
{
	for (uint32_t i = 0; i < POL_RINGS; i++) {
		struct pol_ring *g = &a->rings->ring[i];

		atomic_store(lost ? &g->lost : &g->done, atomic_load_explicit(&g->head, memory_order_relaxed));
	}
}

static int
flush(struct pol_audit *a)
{
	bool unsure;
	const int rc = pol_log_flush(a->log, atomic_load(&a->must_ns) != 0, &unsure);

	/* the first head before anybody is told: a log whose process was killed has one */
	if (rc == 0)
		pol_log_head(a->log, false);
	if (rc == 0)
		settle(a, false);
	else if (unsure)
		settle(a, true);
	return rc;
}

/* One buffer full: how many records, or a negative policy_err. */
static int
some(struct pol_audit *a)
{
	const uint64_t dropped = count_dropped(a->rings);
	struct heads h;
	int rc, n = 0;

	look_all(a, &h);
	if (h.n == 0 && dropped == a->dropped && !pol_log_waits(a->log) && !a->log->unsynced)
		return 0;
	rc = pol_log_ready(a->log);
	if (rc != 0)
		return rc;
	if (dropped != a->dropped && pol_log_has_room(a->log)) {
		pol_log_dropped(a->log, dropped - a->dropped);
		a->dropped = dropped;
	}
	n = take(a, &h);
	a->unflushed += (uint64_t)n;
	rc = flush(a);
	if (rc == 0) {
		atomic_fetch_add(&a->written, a->unflushed);
		a->unflushed = 0;
	}
	return rc != 0 ? rc : n;
}

/* Under the lock. */
int
pol_audit_drain(struct pol_audit *a)
{
	int n, sum = 0;

	/* what comes while this goes on is for the next round: the service has more to do */
	for (int rounds = 0; rounds < 128; rounds++) {
		n = some(a);
		atomic_store(&a->failing, n < 0);
		if (n < 0)
			return n;
		sum += n;
		if (n > 0 && atomic_load(&a->must_ns) != 0)
			told(a->rings);
		if (n == 0)
			break;
	}
	pol_log_head(a->log, false);	/* what was written since the last second */
	return sum;
}

int
pol_audit_serve(struct pol_audit *a, int64_t now, int64_t *next)
{
	int n = 0;

	*next = now + IDLE_NS;
	if (!pol_audit_is_live(a) || !pol_audit_lock(a, false))
		return 0;
	atomic_store(&a->rings->asked, 0);	/* who asks from now on is not seen by this round */
	atomic_store(&a->ahead_ns, pol_log_clock(CLOCK_REALTIME) - pol_log_clock(CLOCK_MONOTONIC));
	if (a->log != NULL)
		n = pol_audit_drain(a);
	else
		*next = INT64_MAX;
	pol_audit_unlock(a);
	if (n > 0)			/* so many at once: there may be as many again */
		*next = n > MANY ? now : now + BUSY_NS;
	return n > 0 ? n : 0;
}
