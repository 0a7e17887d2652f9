/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A counter that stops or changes its pace is no clock: it is used only where the
 * processor says that it does neither. Its pace is taken from the system's clock.
 */
#include "cli/measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#define PACE_NS 10000000		/* how long the pace is watched, five times */
#define COST_TRIES 2000

static int
order(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double
pol_measure_median(double *list, size_t n)
{
	if (n == 0)
		return 0;
	qsort(list, n, sizeof(*list), order);
	return n % 2 != 0 ? list[n / 2] : (list[n / 2 - 1] + list[n / 2]) / 2;
}

#if defined(__x86_64__)
static bool
is_steady(void)
{
	unsigned a, b, c, d;

	/* invariant TSC, and rdtscp */
	return __get_cpuid(0x80000007, &a, &b, &c, &d) != 0 && (d & 1u << 8) != 0 &&
	    __get_cpuid(0x80000001, &a, &b, &c, &d) != 0 && (d & 1u << 27) != 0;
}

static double
watch_pace(void)
{
	uint64_t t0 = pol_timer_clock(), c0 = __rdtsc(), t1, c1;

	do {
		t1 = pol_timer_clock();
		c1 = __rdtsc();
	} while (t1 - t0 < PACE_NS);
	return c1 > c0 ? (double)(t1 - t0) / (double)(c1 - c0) : 0;
}
#endif

/* The counter of some processors advances by many ticks at a time: what divides all
 * differences. */
static uint64_t
watch_step(const struct pol_timer *t)
{
	uint64_t step = 0, last = pol_timer_begin(t), now, rest;

	for (unsigned i = 0; i < COST_TRIES; i++, last = now) {
		now = pol_timer_begin(t);
		for (uint64_t a = now - last; a != 0; a = rest) {
			rest = step % a;
			step = a;
		}
	}
	return step;
}

/* The mean without the rare and long: where steps are coarse the middle one is off by
 * up to a step. */
static uint64_t
mean_of_most(double *list, size_t n)
{
	double sum = 0;
	size_t i;

	pol_measure_median(list, n);
	for (i = 0; i < n * 9 / 10; i++)
		sum += list[i];
	return (uint64_t)(sum / (double)(n * 9 / 10) + 0.5);
}

void
pol_timer_init(struct pol_timer *t)
{
	double tries[COST_TRIES];
	size_t i;

	*t = (struct pol_timer){ .tick_ns = 1, .name = "clock_gettime" };
#if defined(__x86_64__)
	if (is_steady()) {
		for (i = 0; i < 5; i++)
			tries[i] = watch_pace();
		t->tick_ns = pol_measure_median(tries, 5);
		t->tsc = t->tick_ns > 0;
	}
	if (t->tsc)
		t->name = "rdtsc";
	else
		t->tick_ns = 1;
#endif
	for (i = 0; i < COST_TRIES; i++) {
		uint64_t begin = pol_timer_begin(t);

		tries[i] = (double)pol_timer_end(t, begin);
	}
	t->cost = mean_of_most(tries, COST_TRIES);
	t->step = watch_step(t);
}

/* ---- times ---- */

static size_t
place(uint64_t ticks)
{
	unsigned over;
	size_t at;

	if (ticks < 2 * POL_TIMES_STEPS)
		return ticks;
	over = 57u - (unsigned)__builtin_clzll(ticks);	/* so that 64 to 127 are left */
	at = over * POL_TIMES_STEPS + (size_t)(ticks >> over);
	return at < POL_TIMES_ROOM ? at : POL_TIMES_ROOM - 1;
}

/* The middle of what is counted there. */
static uint64_t
ticks_of(size_t at)
{
	size_t over = at / POL_TIMES_STEPS;

	if (over < 2)
		return at;
	over--;
	return ((uint64_t)(at - over * POL_TIMES_STEPS) << over) + (UINT64_C(1) << over) / 2;
}

void
pol_times_add(struct pol_times *t, uint64_t ticks)
{
	t->n++;
	if (ticks > t->most)
		t->most = ticks;
	t->seen[place(ticks)]++;
}

void
pol_times_join(struct pol_times *t, const struct pol_times *other)
{
	t->n += other->n;
	if (other->most > t->most)
		t->most = other->most;
	for (size_t i = 0; i < POL_TIMES_ROOM; i++)
		t->seen[i] += other->seen[i];
}

uint64_t
pol_times_share(const struct pol_times *t, double share)
{
	uint64_t wanted = (uint64_t)((double)t->n * share), sum = 0;

	for (size_t i = 0; i < POL_TIMES_ROOM; i++) {
		sum += t->seen[i];
		if (sum > wanted)
			return ticks_of(i) < t->most ? ticks_of(i) : t->most;
	}
	return t->most;
}

/* ---- the process ---- */

void
pol_measure_memory(struct pol_memory *out)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[128];

	*out = (struct pol_memory){ 0, 0 };
	if (f == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "VmRSS:", 6) == 0)
			out->rss_kb = strtoull(line + 6, NULL, 10);
		else if (strncmp(line, "VmHWM:", 6) == 0)
			out->peak_kb = strtoull(line + 6, NULL, 10);
	}
	fclose(f);
}

void
pol_measure_forget_peak(void)
{
	FILE *f = fopen("/proc/self/clear_refs", "we");

	if (f == NULL)
		return;
	fputs("5", f);
	fclose(f);
}

uint64_t
pol_measure_cpu_ns(void)
{
	struct timespec ts = { 0, 0 };

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

int
pol_measure_pin(const cpu_set_t *may, unsigned nth)
{
	cpu_set_t one;
	size_t cpu;

	if (CPU_COUNT(may) == 0)
		return -1;
	nth %= (unsigned)CPU_COUNT(may);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, may) && nth-- == 0)
			break;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	return sched_setaffinity(0, sizeof(one), &one) == 0 ? (int)cpu : -1;
}
