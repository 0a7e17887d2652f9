/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of `ours`: sets of requests as a host holds them, and the modes. */
#ifndef POL_TESTS_BENCH_OURS_H
#define POL_TESTS_BENCH_OURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <policy.h>

#include <sched.h>

#include "cli/asks.h"
#include "cli/measure.h"

/* What a host has of one request: five texts side by side, in the order of the
 * request's members. Calls, and their texts, lie in the order of use. */
struct call {
	const char *at;
	uint16_t len[5];
	uint8_t absent;			/* a bit for each that is */
};

struct set {
	const char *name;		/* "fixed" or "stream" */
	struct pol_asks asks;
	struct call *calls;
	char *texts;
	size_t n;
	bool has_rest;			/* one has more than five texts */
	uint8_t *yes;			/* what was answered, a byte a request */
	size_t allowed, wrong;
};

struct options {
	const char *dir, *mode, *decisions;
	unsigned cpu;
	size_t requests, repeats;
	double seconds;
};

struct bench {
	struct options o;
	struct policy *p;
	struct pol_timer timer;
	cpu_set_t cpus;			/* that the process may use */
	struct set sets[2];
	size_t n_sets;
	double load_ms, load_cpu_ms;
	uint64_t rss_kb, peak_kb, program_bytes, people_bytes, rules;
};

#define PERCENTS { 1, 5, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9 }
#define N_PERCENTS 11

/* What a mode found about a set. */
struct found {
	size_t repeats, wrong;
	double min_ns, median_ns, p50_ns, p99_ns;
	double percentiles[N_PERCENTS];	/* of single calls; 0: not measured */
	double block_min_ns, block_median_ns;	/* means of what each block of requests took */
	double cpu_share;		/* of the time of the passes: on a processor */
	/* further members, by name; NULL ends them */
	struct { const char *name; double value; } more[8];
};

/* Requests `from` up to `to` of the set once. times NULL: as fast as they go; else each
 * call is timed. The number of allows. */
typedef size_t pass_fn(const struct bench *b, const struct set *s, size_t from, size_t to,
    struct pol_times *times);

struct mode {
	const char *name;
	int (*measure)(struct bench *b, struct set *s, struct found *f, pass_fn *pass);
	pass_fn *pass;
	bool off;			/* on a set that is switched off */
};

/* ---- calls.c ---- */

/* dir/NAME.jsonl. 0, -1 where there is none, else an exit status. */
int calls_read(struct set *s, const char *dir, const char *file, const char *name, size_t most);
/* A copy that shares nothing; 0 or an exit status. */
int calls_copy(struct set *out, const struct set *s);
void calls_fini(struct set *s);
pass_fn pass_one;
pass_fn pass_alone;
pass_fn pass_many16;

/* ---- modes.c ---- */

/* change.c, in the program `change` */
int measure_change(struct bench *b, struct set *s, struct found *f, pass_fn *pass);

const struct mode *mode_find(const char *name);

#endif
