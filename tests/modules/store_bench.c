/* SPDX-License-Identifier: Apache-2.0 */
/* store_bench [USERS]: how many changes a second, and how long all rows take to read: ten
 * tokens and ten grants to a user. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/modules/store_env.h"

enum { BATCH = 2000 };

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
count(void *ctx, const struct policy_row *r)
{
	(void)r;
	++*(unsigned long *)ctx;
	return 0;
}

/* Row i of all: a user, then his tokens, then his grants. */
static void
make(struct policy_row *r, char text[200], unsigned long i)
{
	const unsigned long user = i / 21, n = i % 21;
	char *owner = text + 48, *secret = text + 96;

	*r = (struct policy_row)POLICY_ROW_INIT;
	snprintf(text, 48, "%08lx-%04lx-4000-8000-00000000", user, n);
	snprintf(owner, 48, "%08lx-0000-4000-8000-00000000", user);
	snprintf(secret, 80, "%016lx%016lx%016lx%016lx", i, i * 7, i * 13, i * 31);
	r->kind = n == 0 ? POLICY_ROW_USER : n <= 10 ? POLICY_ROW_TOKEN : POLICY_ROW_GRANT;
	r->id = policy_text(text);
	r->made_ns = INT64_C(1700000000000000000);
	r->org = policy_text("main");
	r->by = policy_text("00000000-0000-4000-8000-00000000");
	if (n > 0)
		r->owner = policy_text(owner);
	r->name = policy_text(n == 0 ? owner : n <= 10 ? "laptop" : "reader");
	if (n <= 10)
		r->secret = policy_text(secret);
	if (n > 10)
		r->resource = policy_text("project/some-project-or-other");
	else
		r->list = policy_text("read write");
}

int
main(int argc, char **argv)
{
	static struct policy_row rows[BATCH];
	static char texts[BATCH][200];
	const unsigned long all = 21 * (argc > 1 ? strtoul(argv[1], NULL, 10) : 100000);
	unsigned long done = 0, told = 0, small = 0;
	struct store s, other;
	const char *why = env_begin(), *url;
	double begin, took;

	if (why != NULL) {
		printf("%s\n", why);
		return 1;
	}
	url = env_fresh();
	if (store_open(&s, url) != 0)
		return 1;
	begin = now();
	while (done < all) {
		unsigned n = 0;

		for (; n < BATCH && done < all; n++, done++)
			make(&rows[n], texts[n], done);
		if (store_apply(&s, rows, n) != 0) {
			printf("%s\n", s.err.text);
			return 1;
		}
	}
	printf("%s: %lu rows written in %.1f s\n", policy_store_1.name, all, now() - begin);
	begin = now();
	if (store_open(&other, url) != 0 ||
	    policy_store_1.changes(other.state, &other.since, count, &told, &other.err) != 0 || told != all) {
		printf("%s\n", other.err.text);
		return 1;
	}
	printf("%s: %lu rows read in %.2f s\n", policy_store_1.name, told, now() - begin);
	begin = now();
	for (took = 0; took < 3; took = now() - begin, small++) {
		make(&rows[0], texts[0], small * 21);
		if (store_apply(&s, rows, 1) != 0)
			return 1;
	}
	printf("%s: %.0f changes of one row a second\n", policy_store_1.name, (double)small / took);
	begin = now();
	for (unsigned i = 0; i < 10000; i++)
		policy_store_1.changes(s.state, &s.since, count, &told, &s.err);
	printf("%s: %.1f us to hear that nothing changed\n", policy_store_1.name, (now() - begin) * 100);
	store_close(&s);
	store_close(&other);
	env_end();
	return 0;
}
