/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters in stripes: a thread adds to one of sixteen copies, so that two of them seldom
 * write one cache line, and whoever reads adds them up.
 */
#include "metrics.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "metrics_write.h"

static struct pol_counts stripes[POL_METRICS_STRIPES];

static struct pol_counts *
mine(void)
{
	static atomic_uint next;
	static _Thread_local struct pol_counts *own;

	if (own == NULL)
		own = &stripes[atomic_fetch_add_explicit(&next, 1, memory_order_relaxed) % POL_METRICS_STRIPES];
	return own;
}

static void
add(pol_count *c, uint64_t n)
{
	atomic_fetch_add_explicit(c, n, memory_order_relaxed);
}

int64_t
pol_metrics_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Upper bounds in ns. */
const int64_t pol_metrics_decision_ns[POL_METRICS_BUCKETS] = {
	500, 1000, 2500, 5000, 10000, 25000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000
};
const int64_t pol_metrics_request_ns[POL_METRICS_BUCKETS] = {
	50000, 100000, 250000, 500000, 1000000, 2500000, 10000000, 50000000, 250000000, 1000000000, 5000000000, 30000000000
};

static void
observe(struct pol_histogram *h, const int64_t bounds[POL_METRICS_BUCKETS], int64_t ns, uint64_t n)
{
	size_t i = 0;

	if (ns < 0)
		ns = 0;
	while (i < POL_METRICS_BUCKETS && ns > bounds[i])
		i++;
	add(&h->in[i], n);
	add(&h->sum_ns, (uint64_t)ns * n);
}

const unsigned pol_metrics_codes[POL_METRICS_CODES] = {
	200, 204, 400, 401, 403, 404, 405, 408, 411, 413, 414, 415, 417, 429, 431, 500, 501, 503, 505, 0
};

void
pol_metrics_request(const struct pol_route *route, unsigned status, int64_t ns)
{
	struct pol_counts *m = mine();
	size_t r = pol_metrics_index(route), c = 0;

	while (pol_metrics_codes[c] != 0 && pol_metrics_codes[c] != status)
		c++;
	add(&m->requests[r][c], 1);
	observe(&m->request, pol_metrics_request_ns, ns, 1);
}

void
pol_metrics_decided(const struct policy_decision *d, size_t n, int64_t ns)
{
	struct pol_counts *m = mine();

	if (n == 0)
		return;
	for (size_t i = 0; i < n; i++) {
		const struct policy_decision *one =
		    (const struct policy_decision *)(const void *)((const char *)d + i * d->size);
		uint32_t reason = one->reason < POLICY_REASON__COUNT ? one->reason : POLICY_REASON_ERROR;

		add(&m->decisions[one->verdict == POLICY_ALLOW][reason], 1);
	}
	observe(&m->decision, pol_metrics_decision_ns, ns / (int64_t)n, n);
}

void
pol_metrics_auth(enum pol_metrics_method method, int reason)
{
	if (reason < 0 || reason >= POLICY_REASON__COUNT)
		reason = POLICY_REASON_ERROR;
	add(&mine()->auth[method < POL_METRICS_METHODS ? method : POL_METRICS_OTHER][reason], 1);
}

void
pol_metrics_delayed(unsigned by)
{
	add(&mine()->delayed[by & 1], 1);
}

uint64_t
pol_metrics_sum(size_t offset)
{
	uint64_t n = 0;

	for (size_t i = 0; i < POL_METRICS_STRIPES; i++) {
		pol_count *c = (pol_count *)(void *)((char *)&stripes[i] + offset);

		n += atomic_load_explicit(c, memory_order_relaxed);
	}
	return n;
}
