/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of the verb bench. */
#ifndef POL_CLI_BENCH_H
#define POL_CLI_BENCH_H

#include "cli/asks.h"
#include "cli/cli.h"
#include "cli/measure.h"

#define POL_BENCH_SLOWEST 5

struct pol_bench {
	const struct pol_args *a;
	struct pol_asks asks;
	int64_t *now_ns;		/* the clock of each request; NULL: the system's for all */

	/* what is asked, and the author's view of the same set */
	struct policy *p;
	struct policy_set *set;
	bool is_text;			/* opened from the text of its dump */
	struct policy_set_info info;
	double load_ms;
	uint64_t rss_kb;

	/* answers */
	size_t allowed, wrong, refused;

	/* times */
	struct pol_timer timer;
	unsigned threads;
	uint64_t decisions, repeats;
	double per_second, min_ns, median_ns;
	double cpu_share;		/* of the threads' time: on a processor */
	struct pol_times single;
	uint32_t *best;			/* of each request's single calls, in ticks */
};

/* ---- bench_open.c: an exit status, what is wrong is said ---- */

int pol_bench_open(struct pol_bench *b);
/* The dump with its fixtures as people and things like any other. NULL: no memory. */
char *pol_bench_hear_fixtures(const char *dump, size_t len, size_t *out_len);
/* RFC 3339 as Unix ns: 0, or -1. */
int pol_bench_time(int64_t *out, const char *s);

/* ---- bench_time.c: an exit status ---- */

/* What the clock of a handle says to the calling thread. */
int64_t pol_bench_clock(void *ctx);
void pol_bench_set_clock(int64_t ns);
int pol_bench_measure(struct pol_bench *b);

/* ---- bench_walk.c ---- */

/* The steps of a request, to be freed as a whole; count and dropped in *t. NULL: no memory. */
struct policy_step *pol_bench_walk(const struct pol_bench *b, const struct pol_asks_one *one,
    struct policy_trace *t, struct policy_decision *d);

struct pol_entry_count {
	char *rule, *file;
	uint32_t line;
	uint64_t n, matched, was_false, unknown;
};
struct pol_profile {
	struct pol_entry_count *list;
	size_t n, room;			/* room is a power of two; sorted once it is finished */
	uint64_t dropped;
};
/* Every request of the bench once, the most evaluated entry first. 0 or EX_OSERR. */
int pol_bench_profile(struct pol_profile *out, const struct pol_bench *b);
void pol_profile_fini(struct pol_profile *p);

/* ---- bench_say.c: an exit status ---- */

int pol_bench_say(const struct pol_bench *b);
int pol_bench_say_json(const struct pol_bench *b);
/* "user:alice read doc/x", in short. */
void pol_bench_name(FILE *f, const struct policy_request *r);
/* The requests whose best single call was longest, by their index. How many. */
size_t pol_bench_slowest(const struct pol_bench *b, size_t out[POL_BENCH_SLOWEST]);

#endif
