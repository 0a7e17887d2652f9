/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads decide while others reload. The file is one of two sets whose mixture
 * would allow: `left` allows the first of two requests, `right` the second. A pair
 * asked in one call has exactly one allow; and once a reload has returned, no later
 * answer is the old set's.
 */
#include "chaos.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { DECIDERS = 4, RELOADS = 400, SECONDS = 5 };

static const char left[] = "policy: 1\nactions: [a, b]\nroles: { r: { allow: a } }\nauthenticated: { roles: r }\n";
static const char right[] = "policy: 1\nactions: [a, b]\nroles: { r: { allow: b } }\nauthenticated: { roles: r }\n";

static char dir[] = "/tmp/libpolicy-chaos-XXXXXX", name[64], fresh[64];
static struct policy *p;
static atomic_int stop;
static atomic_ulong pairs, mixed, backwards;

static int
put(const char *text)
{
	FILE *f = fopen(fresh, "w");

	return f != NULL && fputs(text, f) >= 0 && fclose(f) == 0 && chmod(fresh, 0644) == 0 && rename(fresh, name) == 0;
}

/* Which of the pair is allowed: 1 the first, 2 the second, 0 none, 3 both. */
static unsigned
ask_pair(uint64_t *generation)
{
	struct policy_request req[2] = { POLICY_REQUEST_INIT, POLICY_REQUEST_INIT };
	struct policy_decision d[2] = { POLICY_DECISION_INIT, POLICY_DECISION_INIT };

	req[0].subject_id = req[1].subject_id = policy_text("ann");
	req[0].action = policy_text("a");
	req[1].action = policy_text("b");
	if (policy_decide_many(p, req, 2, d) != 0 || d[0].generation != d[1].generation)
		return 3;
	*generation = d[0].generation;
	return (d[0].verdict == POLICY_ALLOW ? 1u : 0u) + (d[1].verdict == POLICY_ALLOW ? 2u : 0u);
}

static void *
decider(void *arg)
{
	uint64_t last = 0, generation = 0;

	(void)arg;
	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		unsigned got = ask_pair(&generation);

		if (got != 1 && got != 2)
			atomic_fetch_add(&mixed, 1);
		if (generation < last)
			atomic_fetch_add(&backwards, 1);
		last = generation;
		atomic_fetch_add_explicit(&pairs, 1, memory_order_relaxed);
	}
	return NULL;
}

/* Reloads. A directory that the main thread changes meanwhile may be refused by
 * another one (`busy`): the old set stays, which is all or nothing. */
static int
reload(int busy)
{
	struct policy_error err = POLICY_ERROR_INIT;
	int rc = policy_reload(p, &err);

	if (rc == 0 || (busy && rc == POLICY_ERR_IO))
		return 1;
	printf("    %d %s:%u:%u: %s\n", err.code, err.file, err.line, err.column, err.text);
	return 0;
}

/* Reloads beside the main thread, whatever file is there. */
static void *
reloader(void *arg)
{
	while (!atomic_load_explicit(&stop, memory_order_relaxed))
		if (!reload(1))
			atomic_fetch_add((atomic_ulong *)arg, 1);
	return NULL;
}

static void
storm(void)
{
	pthread_t t[DECIDERS + 1];
	atomic_ulong refused = 0;
	uint64_t generation = 0;
	unsigned long old = 0, failed = 0;
	time_t end = time(NULL) + SECONDS;
	int i, n;

	for (i = 0; i < DECIDERS; i++)
		pthread_create(&t[i], NULL, decider, NULL);
	pthread_create(&t[DECIDERS], NULL, reloader, &refused);
	for (n = 0; n < RELOADS && time(NULL) < end; n++) {
		if (!put(n % 2 ? left : right) || !reload(0))
			failed++;
		else if (ask_pair(&generation) != (n % 2 ? 1u : 2u))
			old++;
	}
	atomic_store(&stop, 1);
	for (i = 0; i <= DECIDERS; i++)
		pthread_join(t[i], NULL);
	chaos_check(failed == 0 && refused == 0, "a reload failed");
	chaos_check(old == 0, "an answer of the old set after reload had returned");
	chaos_check(mixed == 0, "a pair was answered by two sets");
	chaos_check(backwards == 0, "the generation went backwards in one thread");
	chaos_check(pairs > 0 && n > 1, "nobody decided, or nobody reloaded");
	printf("%d reloads, %lu pairs\n", n, (unsigned long)pairs);
}

int
main(void)
{
	struct policy_error err = POLICY_ERROR_INIT;

	if (!chaos_check(mkdtemp(dir) != NULL, "no scratch directory"))
		return chaos_finish();
	snprintf(name, sizeof(name), "%s/set.yaml", dir);
	snprintf(fresh, sizeof(fresh), "%s/set.new", dir);
	if (chaos_check(put(left) && policy_open(&p, dir, NULL, &err) == 0, "the set does not open")) {
		storm();
		policy_close(p);
	} else {
		printf("    %s:%u:%u: %s\n", err.file, err.line, err.column, err.text);
	}
	unlink(name);
	unlink(fresh);
	rmdir(dir);
	return chaos_finish();
}
