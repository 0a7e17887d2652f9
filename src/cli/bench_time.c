/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two halves: whole passes, for their times hold nothing but decisions; then single
 * calls, for what is rare in them. A pass is timed in blocks, and of each block the
 * least and the middle time are told: a long pass is always interrupted where the
 * machine has other work. A thread has requests of its own and, where it may choose,
 * a processor.
 */
#include "cli/bench.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS 2.0
#define PASSES_LEAST 5			/* of each kind, however long they take */
#define PASSES_ROOM 512			/* of which the times are kept, the last ones */
#define PASS_NS 20000			/* shorter ones are run several times over */
#define BLOCK 1024u			/* requests: some 100 us */

struct shared {
	struct pol_bench *b;
	unsigned n;
	atomic_uint arrived;
	atomic_bool stop;		/* one is missing: nobody need wait */
	cpu_set_t cpus;
	double half;			/* seconds */
	atomic_uint done;
};

struct worker {
	struct shared *s;
	struct pol_asks asks;
	unsigned nth;
	pthread_t id;
	double *took;			/* ns of each block, PASSES_ROOM of each */
	size_t blocks, n_passes;
	double min_ns, median_ns;	/* a decision */
	uint64_t decisions;
	double seconds, cpu;		/* of the whole passes, and of them on a processor */
	uint64_t whole;			/* decisions in them */
	struct pol_times single;
	uint32_t *best;
};

static _Thread_local int64_t thread_now;

int64_t
pol_bench_clock(void *ctx)
{
	(void)ctx;
	return thread_now;
}

void
pol_bench_set_clock(int64_t ns)
{
	thread_now = ns;
}

static double
seconds_since(uint64_t begin)
{
	return (double)(pol_timer_clock() - begin) / 1e9;
}

/* Waits until all have come here for the nth time. */
static bool
meet(struct shared *s, unsigned nth)
{
	atomic_fetch_add(&s->arrived, 1);
	while (atomic_load(&s->arrived) < s->n * nth) {
		if (atomic_load(&s->stop))
			return false;
		sched_yield();
	}
	return true;
}

static void
pass(struct worker *w, size_t from, size_t to)
{
	const struct pol_bench *b = w->s->b;
	struct policy_decision d = POLICY_DECISION_INIT;
	size_t i;

	for (i = from; i < to; i++) {
		if (b->now_ns != NULL)
			thread_now = b->now_ns[i];
		policy_decide(b->p, &w->asks.list[i].ask.req, &d);
	}
}

static void
pass_single(struct worker *w)
{
	const struct pol_bench *b = w->s->b;
	struct policy_decision d = POLICY_DECISION_INIT;
	uint64_t begin, took;
	size_t i;

	for (i = 0; i < w->asks.n; i++) {
		if (b->now_ns != NULL)
			thread_now = b->now_ns[i];
		begin = pol_timer_begin(&b->timer);
		policy_decide(b->p, &w->asks.list[i].ask.req, &d);
		took = pol_timer_end(&b->timer, begin);
		pol_times_add(&w->single, took);
		if (took < w->best[i])
			w->best[i] = (uint32_t)took;
	}
}

/* All blocks once, each `times` over. */
static void
pass_blocks(struct worker *w, uint64_t times, double *took)
{
	const struct pol_timer *t = &w->s->b->timer;
	size_t from, to;
	uint64_t begin, i;

	for (from = 0; from < w->asks.n; from = to, took += PASSES_ROOM) {
		to = w->asks.n - from > BLOCK ? from + BLOCK : w->asks.n;
		begin = pol_timer_begin(t);
		for (i = 0; i < times; i++)
			pass(w, from, to);
		*took = (double)pol_timer_end(t, begin) * t->tick_ns / (double)times;
	}
}

static bool
whole_passes(struct worker *w)
{
	uint64_t start, took, times = 1, cpu;
	size_t n = 0, k;

	start = pol_timer_clock();
	pass(w, 0, w->asks.n);			/* warms up, and says how long one takes */
	took = pol_timer_clock() - start;
	if (took < PASS_NS)
		times = PASS_NS / (took + 1) + 1;
	if (!meet(w->s, 1))
		return false;
	cpu = pol_measure_cpu_ns();
	start = pol_timer_clock();
	do {
		pass_blocks(w, times, w->took + n++ % PASSES_ROOM);
		w->seconds = seconds_since(start);
	} while (n < PASSES_LEAST || w->seconds < w->s->half);
	w->cpu = (double)(pol_measure_cpu_ns() - cpu) / 1e9;
	w->n_passes = n;
	w->whole = n * times * w->asks.n;
	for (k = 0; k < w->blocks; k++) {
		w->median_ns += pol_measure_median(w->took + k * PASSES_ROOM, n < PASSES_ROOM ? n : PASSES_ROOM);
		w->min_ns += w->took[k * PASSES_ROOM];
	}
	w->median_ns /= (double)w->asks.n;
	w->min_ns /= (double)w->asks.n;
	return true;
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	uint64_t start;
	size_t n;

	pol_measure_pin(&w->s->cpus, w->nth);
	if (!whole_passes(w) || !meet(w->s, 2))
		return NULL;
	start = pol_timer_clock();
	for (n = 0; n < PASSES_LEAST || seconds_since(start) < w->s->half; n++)
		pass_single(w);
	w->decisions = w->whole + n * w->asks.n;
	atomic_fetch_add(&w->s->done, 1);
	return NULL;
}

static bool
make_worker(struct worker *w, struct shared *s, unsigned nth)
{
	w->s = s;
	w->nth = nth;
	w->blocks = (s->b->asks.n + BLOCK - 1) / BLOCK;
	w->took = calloc(w->blocks * PASSES_ROOM, sizeof(*w->took));
	w->best = calloc(s->b->asks.n, sizeof(*w->best));
	if (w->took == NULL || w->best == NULL || pol_asks_copy(&w->asks, &s->b->asks) != 0)
		return false;
	memset(w->best, 0xff, s->b->asks.n * sizeof(*w->best));
	return true;
}

/* A person who waits sees how far it is. */
static void
show_progress(struct shared *s)
{
	const struct timespec nap = { 0, 200000000 };
	struct pol_progress p;
	uint64_t start = pol_timer_clock();

	pol_progress_begin(&p, "measuring");
	while (p.on && atomic_load(&s->done) < s->n) {
		pol_progress_show(&p, (uint64_t)(seconds_since(start) * 1000), (uint64_t)(s->half * 2000));
		nanosleep(&nap, NULL);
	}
	pol_progress_end(&p);
}

static int
run(struct worker *w, struct shared *s)
{
	unsigned started, i;

	for (started = 0; started < s->n; started++)
		if (pthread_create(&w[started].id, NULL, work, &w[started]) != 0)
			break;
	if (started < s->n)
		atomic_store(&s->stop, true);
	else
		show_progress(s);
	for (i = 0; i < started; i++)
		pthread_join(w[i].id, NULL);
	if (started == s->n)
		return 0;
	fprintf(stderr, "policyctl: thread %u of %u could not be started\n", started + 1, s->n);
	return EX_OSERR;
}

static bool
gather(struct pol_bench *b, const struct worker *w)
{
	double *medians = calloc(b->threads, sizeof(*medians));
	size_t i, k;

	b->best = calloc(b->asks.n, sizeof(*b->best));
	if (medians == NULL || b->best == NULL) {
		free(medians);
		return false;
	}
	memset(b->best, 0xff, b->asks.n * sizeof(*b->best));
	for (i = 0; i < b->threads; i++) {
		medians[i] = w[i].median_ns;
		if (i == 0 || w[i].min_ns < b->min_ns)
			b->min_ns = w[i].min_ns;
		b->repeats += w[i].n_passes;
		b->decisions += w[i].decisions;
		b->cpu_share += w[i].cpu / w[i].seconds / b->threads;
		b->per_second += (double)w[i].whole / w[i].seconds;
		pol_times_join(&b->single, &w[i].single);
		for (k = 0; k < b->asks.n; k++)
			if (w[i].best[k] < b->best[k])
				b->best[k] = w[i].best[k];
	}
	b->median_ns = pol_measure_median(medians, b->threads);
	free(medians);
	return true;
}

int
pol_bench_measure(struct pol_bench *b)
{
	struct shared s = { .b = b, .half = (b->a->seconds > 0 ? b->a->seconds : SECONDS) / 2 };
	unsigned n = b->a->threads > 0 ? b->a->threads : 1, i;
	struct worker *w = calloc(n, sizeof(*w));
	bool made = w != NULL;
	int rc = EX_OSERR;

	b->threads = s.n = n;
	CPU_ZERO(&s.cpus);
	sched_getaffinity(0, sizeof(s.cpus), &s.cpus);
	pol_timer_init(&b->timer);
	for (i = 0; i < n && made; i++)
		made = make_worker(&w[i], &s, i);
	if (made)
		rc = run(w, &s);
	if (rc == 0)
		made = gather(b, w);
	if (!made) {
		fprintf(stderr, "policyctl: out of memory\n");
		rc = EX_OSERR;
	}
	for (i = 0; w != NULL && i < n; i++) {
		pol_asks_fini(&w[i].asks);
		free(w[i].took);
		free(w[i].best);
	}
	free(w);
	return rc;
}
