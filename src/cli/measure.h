/* SPDX-License-Identifier: Apache-2.0 */
/* Times of single calls and of many, and the memory of the process. */
#ifndef POL_CLI_MEASURE_H
#define POL_CLI_MEASURE_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

/* The processor's counter where it runs at one pace whatever the processor does,
 * else clock_gettime. */
struct pol_timer {
	bool tsc;
	double tick_ns;
	uint64_t cost;			/* ticks between a begin and its end */
	uint64_t step;			/* ticks by which it advances at once */
	const char *name;		/* "rdtsc" or "clock_gettime" */
};

/* Takes some 50 ms: the counter's pace and the timer's cost are measured. */
void pol_timer_init(struct pol_timer *t);

static inline uint64_t
pol_timer_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Nothing before it is still under way, nothing behind it has begun. */
static inline void
pol_timer_fence(void)
{
#if defined(__x86_64__)
	_mm_lfence();
#elif defined(__aarch64__)
	__asm__ volatile("dsb nshld\n\tisb" ::: "memory");
#endif
}

static inline uint64_t
pol_timer_begin(const struct pol_timer *t)
{
#if defined(__x86_64__)
	uint64_t at;

	if (t->tsc) {
		_mm_lfence();
		at = __rdtsc();
		_mm_lfence();
		return at;
	}
#endif
	(void)t;
	return pol_timer_clock();
}

/* Ticks since `begin`, the timer's own taken off. */
static inline uint64_t
pol_timer_end(const struct pol_timer *t, uint64_t begin)
{
	uint64_t took;

#if defined(__x86_64__)
	unsigned where;

	if (t->tsc) {
		took = __rdtscp(&where) - begin;
		_mm_lfence();
		return took > t->cost ? took - t->cost : 0;
	}
#endif
	took = pol_timer_clock() - begin;
	return took > t->cost ? took - t->cost : 0;
}

/* ---- how often each time was seen ---- */

/* Times in ticks: exact below 128, then 64 steps from one power of two to the next
 * (within 1.6 %). Small, so that counting does not empty the caches. */
#define POL_TIMES_STEPS 64u
#define POL_TIMES_ROOM (POL_TIMES_STEPS * 60)
struct pol_times {
	uint64_t n, most;
	uint32_t seen[POL_TIMES_ROOM];
};

void pol_times_add(struct pol_times *t, uint64_t ticks);
void pol_times_join(struct pol_times *t, const struct pol_times *other);
/* The time, in ticks, that this share (0 to 1) of them did not pass. */
uint64_t pol_times_share(const struct pol_times *t, double share);

/* The middle of n numbers, which it sorts. 0 of none. */
double pol_measure_median(double *list, size_t n);

/* ---- the process ---- */

struct pol_memory {
	uint64_t rss_kb, peak_kb;	/* 0 where the system does not say */
};
void pol_measure_memory(struct pol_memory *out);
/* From here on the peak is that of what follows, where the system can do so. */
void pol_measure_forget_peak(void);
/* Time that the calling thread has been on a processor: beside a clock's it says how
 * much of a shared machine was had. */
uint64_t pol_measure_cpu_ns(void);
/* Ties the calling thread to the nth processor of a set (sched_getaffinity of a thread
 * that is not tied yet), round and round. The processor, or -1. */
int pol_measure_pin(const cpu_set_t *may, unsigned nth);

#endif
