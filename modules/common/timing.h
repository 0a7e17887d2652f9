/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does the time that something takes tell two classes of input apart? Samples of both are
 * taken in random order, the slow tail that others on the machine cause is cut off at one
 * bound for both, and Welch's t is taken of the rest; |t| of 4.5 and more is a difference.
 *
 * A real difference grows with the samples and is there in every round. Noise is not: so
 * the best of a few rounds counts, and a round beyond the bound is shown.
 */
#ifndef POL_COMMON_TIMING_H
#define POL_COMMON_TIMING_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TIMING_ROUNDS = 3 };

static inline int64_t
timing_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static inline int
timing_by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

struct timing_class {
	double n, mean, m2;
};

static inline void
timing_add(struct timing_class *c, double x)
{
	const double d = x - c->mean;

	c->n++;
	c->mean += d / c->n;
	c->m2 += d * (x - c->mean);
}

/* Welch's t of one round of n samples; run(ctx, class) is what is timed, prepare is not. */
static inline double
timing_round(unsigned n, void (*prepare)(void *, int), void (*run)(void *, int), void *ctx)
{
	double *all = malloc(n * sizeof(*all)), *sorted = malloc(n * sizeof(*sorted)), bound, t;
	unsigned char *which = malloc(n);
	struct timing_class c[2] = { { 0, 0, 0 }, { 0, 0, 0 } };
	uint64_t random = (uint64_t)timing_now() | 1;

	if (all == NULL || sorted == NULL || which == NULL)
		abort();
	for (unsigned i = 0; i < n; i++) {
		int64_t start;

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		which[i] = (unsigned char)(random >> 40 & 1);
		prepare(ctx, which[i]);
		start = timing_now();
		run(ctx, which[i]);
		sorted[i] = all[i] = (double)(timing_now() - start);
	}
	qsort(sorted, n, sizeof(*sorted), timing_by_size);
	bound = sorted[n - n / 10 - 1];
	for (unsigned i = n / 100; i < n; i++)		/* the first ones warm the caches */
		if (all[i] <= bound)
			timing_add(&c[which[i]], all[i]);
	t = (c[0].mean - c[1].mean) / sqrt(c[0].m2 / (c[0].n * (c[0].n - 1)) + c[1].m2 / (c[1].n * (c[1].n - 1)) + 1e-12);
	printf("  %.1f ns against %.1f ns, t = %+.2f\n", c[0].mean, c[1].mean, t);
	free(all);
	free(sorted);
	free(which);
	return fabs(t);
}

/* 1: the classes cannot be told apart. `found`: they must be, the measure can tell. */
static inline int
timing_same(const char *what, unsigned n, void (*prepare)(void *, int), void (*run)(void *, int), void *ctx, int found)
{
	double best = found ? 0 : 1e9;

	printf("%s, %u samples:\n", what, n);
	for (int i = 0; i < TIMING_ROUNDS; i++) {
		const double t = timing_round(n, prepare, run, ctx);

		if (found ? t > best : t < best)
			best = t;
		if (found ? best >= 4.5 : best < 4.5)
			break;
	}
	printf("  %s |t| = %.2f: %s\n", found ? "the largest" : "the smallest", best, best < 4.5 ? "the same" : "DIFFERENT");
	return found ? best >= 4.5 : best < 4.5;
}

#endif
