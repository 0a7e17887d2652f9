/* SPDX-License-Identifier: Apache-2.0 */
/* The modes: what is run, how often, and what is said of it. */
#include "ours.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PASSES_MOST 8192
#define BLOCK 1024u			/* requests that are timed at once; some 100 us */
#define PASSES_LEAST 5
#define LEAST_SECONDS 0.3		/* of passes, where they may take as long */
#define WINDOW 0.2			/* seconds of one count of decisions */
#define WINDOWS 7

static double
seconds_since(uint64_t begin)
{
	return (double)(pol_timer_clock() - begin) / 1e9;
}

/* More passes wanted, after n of them? */
static bool
is_wanted(const struct bench *b, size_t n, uint64_t begin)
{
	double took = seconds_since(begin);

	if (n < PASSES_LEAST)
		return true;
	return n < PASSES_MOST && took < b->o.seconds && (n < b->o.repeats || took < LEAST_SECONDS);
}

/* One pass, each block timed: ns of block k to took[k * PASSES_MOST]. The sum. */
static double
pass_blocks(struct bench *b, struct set *s, struct found *f, pass_fn *pass, double *took)
{
	size_t from, to, yes = 0, k;
	double sum = 0;

	for (from = k = 0; from < s->n; from = to, k++) {
		uint64_t begin = pol_timer_begin(&b->timer);

		to = s->n - from > BLOCK ? from + BLOCK : s->n;
		yes += pass(b, s, from, to, NULL);
		took[k * PASSES_MOST] = (double)pol_timer_end(&b->timer, begin) * b->timer.tick_ns;
		sum += took[k * PASSES_MOST];
	}
	f->wrong += yes != s->allowed;
	return sum;
}

/*
 * A long pass on a machine that is shared is always interrupted, a block seldom: what is
 * told of blocks is the least, and the middle one, of each over all passes, as if a
 * pass were made of them. On a quiet machine they are those of the passes.
 */
static int
measure_whole(struct bench *b, struct set *s, struct found *f, pass_fn *pass)
{
	size_t blocks = (s->n + BLOCK - 1) / BLOCK, n, k;
	double *took = calloc((blocks + 1) * PASSES_MOST, sizeof(*took)), *whole = took + blocks * PASSES_MOST;
	uint64_t start, cpu;

	if (took == NULL)
		return -1;
	pass(b, s, 0, s->n, NULL);
	pass(b, s, 0, s->n, NULL);
	start = pol_timer_clock();
	cpu = pol_measure_cpu_ns();
	for (n = 0; is_wanted(b, n, start); n++)
		whole[n] = pass_blocks(b, s, f, pass, took + n) / (double)s->n;
	f->cpu_share = (double)(pol_measure_cpu_ns() - cpu) / (double)(pol_timer_clock() - start);
	f->repeats = n;
	f->median_ns = pol_measure_median(whole, n);
	f->min_ns = whole[0];
	for (k = 0; k < blocks; k++) {
		f->block_median_ns += pol_measure_median(took + k * PASSES_MOST, n) / (double)s->n;
		f->block_min_ns += took[k * PASSES_MOST] / (double)s->n;
	}
	free(took);
	return 0;
}

static double
share_ns(const struct bench *b, const struct pol_times *t, double share)
{
	return (double)pol_times_share(t, share) * b->timer.tick_ns;
}

static void
take_percentiles(const struct bench *b, struct found *f, const struct pol_times *times)
{
	static const double percents[N_PERCENTS] = PERCENTS;

	for (size_t i = 0; i < N_PERCENTS; i++)
		f->percentiles[i] = share_ns(b, times, percents[i] / 100);
	f->p50_ns = share_ns(b, times, 0.5);
	f->p99_ns = share_ns(b, times, 0.99);
}

static int
measure(struct bench *b, struct set *s, struct found *f, pass_fn *pass)
{
	struct pol_times *times = calloc(1, sizeof(*times));
	uint64_t start;
	size_t n;

	if (times == NULL || measure_whole(b, s, f, pass) != 0) {
		free(times);
		return -1;
	}
	start = pol_timer_clock();
	for (n = 0; is_wanted(b, n, start); n++)
		f->wrong += pass(b, s, 0, s->n, times) != s->allowed;
	take_percentiles(b, f, times);
	free(times);
	return 0;
}

static void
more(struct found *f, const char *name, double value)
{
	size_t i = 0;

	while (f->more[i].name != NULL)
		i++;
	f->more[i].name = name;
	f->more[i].value = value;
}

/* ---- threads ---- */

struct worker {
	const struct bench *b;
	struct set set;			/* its own copy */
	pass_fn *pass;
	pthread_barrier_t *go;
	unsigned nth;
	double per_second, per_cpu_second;
	size_t wrong;
};

static void *
work(void *arg)
{
	struct worker *w = arg;
	uint64_t begin, cpu;
	double took;
	size_t n = 0;

	pol_measure_pin(&w->b->cpus, w->b->o.cpu + w->nth);
	w->pass(w->b, &w->set, 0, w->set.n, NULL);
	pthread_barrier_wait(w->go);
	begin = pol_timer_clock();
	cpu = pol_measure_cpu_ns();
	do {
		w->wrong += w->pass(w->b, &w->set, 0, w->set.n, NULL) != w->set.allowed;
		n += w->set.n;
		took = seconds_since(begin);
	} while (took < WINDOW);
	w->per_second = (double)n / took;
	w->per_cpu_second = (double)n * 1e9 / (double)(pol_measure_cpu_ns() - cpu);
	return NULL;
}

/* Decisions a second of the first n workers together; and of each second that they
 * were on a processor, which tells what they cost each other on a shared machine. */
static double
rate(struct worker *w, unsigned n, double *per_cpu)
{
	pthread_barrier_t go;
	pthread_t t[2];
	double sum = 0;
	unsigned i;

	*per_cpu = 0;
	pthread_barrier_init(&go, NULL, n);
	for (i = 0; i < n; i++) {
		w[i].go = &go;
		if (pthread_create(&t[i], NULL, work, &w[i]) != 0) {
			fprintf(stderr, "ours: no thread\n");
			exit(1);
		}
	}
	for (i = 0; i < n; i++) {
		pthread_join(t[i], NULL);
		sum += w[i].per_second;
		*per_cpu += w[i].per_cpu_second;
	}
	pthread_barrier_destroy(&go);
	return sum;
}

static int
measure_threads(struct bench *b, struct set *s, struct found *f, pass_fn *pass)
{
	double one[WINDOWS], two[WINDOWS], ratio[WINDOWS], cpu_ratio[WINDOWS], cpu_one, cpu_two;
	struct worker w[2] = { { .b = b, .pass = pass }, { .b = b, .pass = pass, .nth = 1 } };
	int rc = measure(b, s, f, pass), i;

	for (i = 0; i < 2 && rc == 0; i++)
		rc = calls_copy(&w[i].set, s);
	for (i = 0; i < WINDOWS && rc == 0; i++) {
		one[i] = rate(w, 1, &cpu_one);
		two[i] = rate(w, 2, &cpu_two);
		ratio[i] = two[i] / one[i];
		cpu_ratio[i] = cpu_two / cpu_one;
	}
	f->wrong += w[0].wrong + w[1].wrong;
	calls_fini(&w[0].set);
	calls_fini(&w[1].set);
	if (rc != 0)
		return rc;
	more(f, "per_second_1", pol_measure_median(one, WINDOWS));
	more(f, "per_second_2", pol_measure_median(two, WINDOWS));
	more(f, "ratio", pol_measure_median(ratio, WINDOWS));
	more(f, "ratio_most", ratio[WINDOWS - 1]);
	more(f, "cpu_ratio", pol_measure_median(cpu_ratio, WINDOWS));
	return 0;
}

/* ---- a reload meanwhile ---- */

struct reloader {
	const struct bench *b;
	atomic_int stop;
	_Atomic size_t n;		/* reloads that are done */
	double ms[64];
	int rc;
};

static void *
reload(void *arg)
{
	struct reloader *r = arg;
	struct policy_error err = POLICY_ERROR_INIT;

	pol_measure_pin(&r->b->cpus, r->b->o.cpu + 1);
	while (!atomic_load(&r->stop) && r->rc == 0) {
		uint64_t begin = pol_timer_clock();

		r->rc = policy_reload(r->b->p, &err);
		r->ms[r->n % 64] = seconds_since(begin) * 1e3;
		atomic_fetch_add(&r->n, 1);
	}
	if (r->rc != 0)
		fprintf(stderr, "ours: reload: %s:%u: %s\n", err.file, err.line, err.text);
	return NULL;
}

static int
measure_reload(struct bench *b, struct set *s, struct found *f, pass_fn *pass)
{
	struct pol_times *times = calloc(1, sizeof(*times));
	struct reloader r = { .b = b };
	double quiet = 0;
	uint64_t start;
	pthread_t t;
	size_t n;

	if (times == NULL || measure(b, s, f, pass) != 0 || pthread_create(&t, NULL, reload, &r) != 0) {
		free(times);
		return -1;
	}
	quiet = f->p99_ns;
	start = pol_timer_clock();
	for (n = 0; atomic_load(&r.n) < 2 || is_wanted(b, n, start); n++)
		f->wrong += pass(b, s, 0, s->n, times) != s->allowed;
	atomic_store(&r.stop, 1);
	pthread_join(t, NULL);
	more(f, "quiet_p50_ns", f->p50_ns);
	more(f, "quiet_p99_ns", quiet);
	take_percentiles(b, f, times);
	more(f, "ratio", quiet > 0 ? f->p99_ns / quiet : 0);
	more(f, "reloads", (double)r.n);
	more(f, "reload_ms", pol_measure_median(r.ms, r.n < 64 ? r.n : 64));
	free(times);
	return r.rc;
}

static const struct mode modes[] = {
	{ "one", measure, pass_one, false },
	{ "cold", measure, pass_one, false },
	{ "alone", measure, pass_alone, false },
	{ "many16", measure, pass_many16, false },
	{ "threads2", measure_threads, pass_one, false },
	{ "threads2-many16", measure_threads, pass_many16, false },
	{ "reload", measure_reload, pass_one, false },
	{ "off", measure, pass_one, true },
#ifdef WITH_CHANGE
	{ "change", measure_change, pass_one, false },
#endif
};

const struct mode *
mode_find(const char *name)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(modes[i].name, name) == 0)
			return &modes[i];
	return NULL;
}
