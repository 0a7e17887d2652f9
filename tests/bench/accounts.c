/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accounts MODULEDIR [USERS]: what USERS (100,000) users, ten tokens and ten grants each, in
 * a store_sqlite cost: its opening, and decisions by them, beside the same people out of a
 * text, and a hundredth of them out of a store. Every request is about another grant, half
 * of them by another user than who has it. In turn, block by block; the least and the middle
 * block of each, in ns a decision, as lines of JSON as drive.py has them.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <policy_module.h>

#include "load/module.h"

enum { BATCH = 2000, BLOCK = 8192, BLOCKS = 201, MANY = 16, EACH = 10, HUNDREDTH = 100, MODES = 6 };

static const char head[] =
    "policy: 1\nresources: { doc: }\nactions: { read: , write: }\n"
    "roles: { reader: { allow: read }, writer: { includes: reader, allow: write } }\n";

struct asked {
	char who[12], thing[12];
};
struct side {
	struct policy *p;
	struct asked *asked;
	unsigned users, at;
};

static double
now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ---- what is in the store ---- */

struct texts {
	char id[40], owner[40], name[40], on[40], secret[72];
};

/* Ids as long as those that admin makes. */
static struct policy_row
row(struct texts *t, unsigned i, unsigned users)
{
	const uint32_t kind = i < users ? POLICY_ROW_USER : i < users * (1 + EACH) ? POLICY_ROW_GRANT : POLICY_ROW_TOKEN;
	const unsigned k = (i - users) % (users * EACH);
	struct policy_row r = POLICY_ROW_INIT;

	r.kind = kind;
	r.made_ns = INT64_C(1700000000000000000) + i;
	snprintf(t->id, sizeof(t->id), "%c%025u", "?rugt"[kind], kind == POLICY_ROW_USER ? i : k);
	snprintf(t->name, sizeof(t->name), kind == POLICY_ROW_USER ? "n%u" : kind == POLICY_ROW_GRANT ? "writer" : "laptop", i);
	r.id = policy_text(t->id);
	r.name = policy_text(t->name);
	if (kind == POLICY_ROW_USER)
		return r;
	snprintf(t->owner, sizeof(t->owner), "u%025u", k % users);
	r.owner = r.by = policy_text(t->owner);
	if (kind == POLICY_ROW_GRANT) {
		snprintf(t->on, sizeof(t->on), "doc/%u", k / 3);
		r.resource = policy_text(t->on);
		return r;
	}
	snprintf(t->secret, sizeof(t->secret), "%064x", k);
	r.secret = policy_text(t->secret);
	r.type = policy_text("token");
	r.source = policy_text("api_key");
	r.until_ns = INT64_C(4000000000000000000);
	return r;
}

static void
told(void *ctx, enum policy_log_level level, const char *text)
{
	(void)ctx;
	if (level != POLICY_LOG_INFO)
		fprintf(stderr, "accounts: %s\n", text);
}

static int
fill(const char *modules, const char *url, unsigned users)
{
	static struct policy_row rows[BATCH];
	static struct texts texts[BATCH];
	const struct policy_store_args args = { .size = sizeof(args), .url = policy_text(url), .log = told };
	const unsigned all = users * (1 + 2 * EACH);
	struct policy_error err = POLICY_ERROR_INIT;
	const struct policy_store *store;
	void *state = NULL;
	uint64_t since = 0;
	int rc = pol_store_load(&store, modules, "store_sqlite", &err);

	if (rc == 0)
		rc = store->open(&state, &args, &err);
	for (unsigned i = 0; rc == 0 && i < all; ) {
		unsigned n = 0;

		for (; n < BATCH && i < all; n++, i++)
			rows[n] = row(&texts[n], i, users);
		rc = store->apply(state, rows, n, &since, &err);
	}
	if (state != NULL)
		store->close(state);
	if (rc != 0)
		fprintf(stderr, "accounts: %s\n", err.text);
	return rc;
}

/* The same as a text. */
static char *
text_of(unsigned users, size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	if (f == NULL)
		return NULL;
	fprintf(f, "%susers:\n", head);
	for (unsigned i = 0; i < users; i++)
		fprintf(f, "  n%u: { attributes: { uid: \"u%025u\" } }\n", i, i);
	fputs("grants:\n", f);
	for (unsigned k = 0; k < users * EACH; k++)
		fprintf(f, "  - { role: writer, to: n%u, resource: doc/%u }\n", k % users, k / 3);
	return fclose(f) == 0 ? text : NULL;
}

/* ---- opened ---- */

static long
status_kb(const char *key)
{
	char line[128];
	long kb = -1;
	FILE *f = fopen("/proc/self/status", "re");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, key, strlen(key)) == 0)
			kb = strtol(line + strlen(key), NULL, 10);
	}
	if (f != NULL)
		fclose(f);
	return kb;
}

static void
count_progress(void *ctx, enum policy_log_level level, const char *text)
{
	if (level == POLICY_LOG_INFO && strstr(text, "rows read") != NULL)
		++*(unsigned *)ctx;
	told(NULL, level, text);
}

static struct policy *
open_set(const char *modules, const char *text, size_t len, unsigned *lines)
{
	struct policy_limits limits = POLICY_LIMITS_INIT;
	struct policy_options opt = POLICY_OPTIONS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy *p = NULL;

	limits.file_bytes = UINT64_C(1) << 30;
	limits.nodes = 100000000;
	opt.limits = &limits;
	opt.flags = POLICY_NO_THREAD;
	opt.module_dir = modules;
	opt.log = count_progress;
	opt.log_ctx = lines;
	if (policy_open_text(&p, "accounts", text, len, &opt, &err) != 0)
		fprintf(stderr, "accounts: %s:%u: %s\n", err.file, err.line, err.text);
	return p;
}

static struct policy *
open_store(const char *modules, const char *url, unsigned *lines)
{
	char set[1024];

	snprintf(set, sizeof(set), "%sstore: { url: \"%s\", stale: 1h }\n", head, url);
	return open_set(modules, set, strlen(set), lines);
}

/* Says what opening took, of the clock and of processors; the handle. */
static struct policy *
opened(const char *modules, const char *url, unsigned users)
{
	const long before = status_kb("VmRSS:");
	unsigned lines = 0;
	double begin = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	struct policy *p = open_store(modules, url, &lines);
	const long after = status_kb("VmRSS:");

	begin = now(CLOCK_MONOTONIC) - begin;
	cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	if (p != NULL)
		printf("{\"peer\": \"libpolicy\", \"config\": \"open\", \"set\": \"fixed\", \"version\": \"%s\", \"requests\": %u, "
		    "\"repeats\": 1, \"timer\": \"clock_gettime\", \"wrong\": 0, \"load_ms\": %.1f, \"load_cpu_ms\": %.1f, \"rss_kb\": %ld, \"peak_kb\": %ld, "
		    "\"row_bytes\": %.1f, \"progress\": %u}\n", policy_version(), users * (1 + 2 * EACH), begin / 1e6, cpu / 1e6,
		    after - before, status_kb("VmHWM:") - before, (double)(after - before) * 1024 / (users * (1 + 2 * EACH)), lines);
	return p;
}

/* ---- asked ---- */

/* Request i is about grant number i * (an odd number that has no factor with them). */
static struct asked *
make_asked(unsigned users)
{
	const unsigned all = users * EACH;
	struct asked *a = calloc(all, sizeof(*a));

	for (unsigned i = 0; a != NULL && i < all; i++) {
		const unsigned k = (unsigned)((uint64_t)i * 2654435761u % all);
		const unsigned user = i % 2 == 0 ? k % users : (unsigned)((uint64_t)k * 40503u % users);

		snprintf(a[i].who, sizeof(a[i].who), "n%u", user);
		snprintf(a[i].thing, sizeof(a[i].thing), "%u", k / 3);
	}
	return a;
}

static void
fill_request(struct policy_request *r, const struct asked *a)
{
	r->subject_id = (struct policy_text){ a->who, strlen(a->who) };
	r->resource_id = (struct policy_text){ a->thing, strlen(a->thing) };
}

static double
block(struct side *s, bool many, unsigned *allowed)
{
	struct policy_request r[MANY];
	struct policy_decision d[MANY];
	const unsigned n = many ? MANY : 1;
	double begin;

	for (unsigned i = 0; i < MANY; i++) {
		r[i] = (struct policy_request)POLICY_REQUEST_INIT;
		d[i] = (struct policy_decision)POLICY_DECISION_INIT;
		r[i].action = policy_text("write");
		r[i].resource_type = policy_text("doc");
	}
	begin = now(CLOCK_MONOTONIC);
	for (unsigned i = 0; i < BLOCK; i += n) {
		for (unsigned k = 0; k < n; k++) {
			fill_request(&r[k], &s->asked[s->at]);
			s->at = s->at + 1 == s->users * EACH ? 0 : s->at + 1;
		}
		if (many)
			policy_decide_many(s->p, r, MANY, d);
		else
			policy_decide(s->p, r, d);
		for (unsigned k = 0; k < n; k++)
			*allowed += d[k].verdict == POLICY_ALLOW;
	}
	return (now(CLOCK_MONOTONIC) - begin) / BLOCK;
}

static int
by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Small store, text, store; one by one, then in batches. */
static int
measure(struct side s[3])
{
	static const char *const names[3] = { "small", "text", "store" };
	static double took[MODES][BLOCKS];
	unsigned allowed[MODES] = { 0 };

	for (int b = 0; b < BLOCKS; b++) {
		for (int m = 0; m < MODES; m++) {
			block(&s[m % 3], m >= 3, &allowed[m]);	/* it finds the caches as itself leaves them */
			took[m][b] = block(&s[m % 3], m >= 3, &allowed[m]);
		}
	}
	printf("{\"peer\": \"libpolicy\", \"config\": \"decide\", \"set\": \"fixed\", \"version\": \"%s\", \"requests\": %u, "
	    "\"repeats\": %d, \"timer\": \"clock_gettime\", \"wrong\": %d", policy_version(), s[2].users * EACH, BLOCKS,
	    allowed[1] != allowed[2] || allowed[0] < BLOCK * BLOCKS);
	for (int m = 0; m < MODES; m++) {
		qsort(took[m], BLOCKS, sizeof(took[m][0]), by_size);
		printf(", \"%s%s_min_ns\": %.1f, \"%s%s_median_ns\": %.1f", m < 3 ? "" : "many_", names[m % 3], took[m][0],
		    m < 3 ? "" : "many_", names[m % 3], took[m][BLOCKS / 2]);
	}
	printf(", \"min_ns\": %.1f, \"median_ns\": %.1f", took[2][0], took[2][BLOCKS / 2]);
	for (int m = 0; m < 2; m++)
		printf(", \"%s_ratio\": %.3f, \"%s_min_ratio\": %.3f", names[m], took[2][BLOCKS / 2] / took[m][BLOCKS / 2], names[m],
		    took[2][0] / took[m][0]);
	puts("}");
	return allowed[1] != allowed[2];
}

static int
all(const char *modules, const char *dir, unsigned users)
{
	char url[128], small_url[128];
	struct side s[3] = { { .users = users / HUNDREDTH }, { .users = users }, { .users = users } };
	unsigned lines = 0;
	size_t len = 0;
	char *text;
	int rc;

	snprintf(url, sizeof(url), "sqlite:%s/large.db", dir);
	snprintf(small_url, sizeof(small_url), "sqlite:%s/small.db", dir);
	rc = fill(modules, url, users);
	if (rc == 0)
		rc = fill(modules, small_url, s[0].users);
	if (rc != 0)
		return rc;
	s[2].p = opened(modules, url, users);
	s[0].p = open_store(modules, small_url, &lines);
	text = text_of(users, &len);
	s[1].p = text != NULL ? open_set(modules, text, len, &lines) : NULL;
	free(text);
	for (int i = 0; i < 3; i++) {
		s[i].asked = make_asked(s[i].users);
		if (s[i].asked == NULL || s[i].p == NULL)
			rc = 1;
	}
	if (rc == 0)
		rc = measure(s);
	for (int i = 0; i < 3; i++) {
		free(s[i].asked);
		policy_close(s[i].p);
	}
	return rc;
}

int
main(int argc, char **argv)
{
	const unsigned users = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 100000;
	char dir[] = "/tmp/libpolicy-accounts-XXXXXX", command[64];
	int rc;

	if (argc < 2 || argc > 3 || users < HUNDREDTH || users > 1000000 || mkdtemp(dir) == NULL) {
		fputs("usage: accounts MODULEDIR [USERS], 100 to 1000000\n", stderr);
		return EX_USAGE;
	}
	rc = all(argv[1], dir, users);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) != 0 || rc != 0 ? EX_SOFTWARE : 0;
}
