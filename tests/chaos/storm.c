/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For each module: two threads decide, by good and bad credentials and for an asserted
 * subject, while a third reloads the set (the same steps, other steps, a set that is
 * broken, one that a module refuses), a fourth rewrites the files that the modules watch,
 * and the service thread reads them. Of a pair that is asked in one call the good
 * credential and the asserted subject are allowed one, whichever set is in force; a bad
 * one none. To be run under ThreadSanitizer too.
 */
#include "chaos.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "chaos/real.h"

enum { DECIDERS = 2, ROUNDS = 12, ASKED_LEAST = 40 };
enum { OVERTAKEN = 8 };		/* reloads in one call: nobody can say by which set it was judged */

/* PAM loads and unloads its modules in each thread: of the linker's lock ThreadSanitizer knows nothing. */
#ifdef __SANITIZE_THREAD__
static const bool frail_is_raced = true;
#else
static const bool frail_is_raced = false;
#endif

static const struct real *at;
static struct policy *p;
static char subject[256];
static atomic_bool stop;
static struct {
	atomic_ulong good, bad, asserted;	/* pairs that were answered */
	atomic_ulong unavailable;		/* where that may be */
	atomic_ulong wrong_allow, wrong_deny, mixed, someone_else;
	atomic_ulong reloads, refused, rewrites;
} n;

static void
nap(long us)
{
	const struct timespec t = { 0, us * 1000 };

	nanosleep(&t, NULL);
}

/* Of the pair: 1 the first is allowed, 2 the second, 3 both. */
static unsigned
ask_pair(struct policy_request req[2], struct policy_decision d[2])
{
	static const struct policy_decision init = POLICY_DECISION_INIT;

	d[0] = d[1] = init;
	req[0].action = policy_text("a");
	req[1].action = policy_text("b");
	policy_decide_many(p, req, 2, d);
	if (d[0].generation != d[1].generation)
		atomic_fetch_add(&n.mixed, 1);
	return (d[0].verdict == POLICY_ALLOW ? 1u : 0u) + (d[1].verdict == POLICY_ALLOW ? 2u : 0u);
}

static void
complain(const char *what, unsigned got, const struct policy_decision *d)
{
	printf("    %s: %s: %u, %s and %s\n", at->name, what, got, policy_reason_name((int)d[0].reason),
	    policy_reason_name((int)d[1].reason));
}

/* ---- who decides ---- */

static void
ask_asserted(void)
{
	struct policy_request req[2] = { POLICY_REQUEST_INIT, POLICY_REQUEST_INIT };
	struct policy_decision d[2];
	unsigned got;

	req[0].subject_id = req[1].subject_id = policy_text("ann");
	got = ask_pair(req, d);
	atomic_fetch_add(&n.asserted, 1);
	if (got == 1 || got == 2)
		return;
	atomic_fetch_add(got == 3 ? &n.wrong_allow : &n.wrong_deny, 1);
	complain("an asserted subject", got, d);
}

static void
ask_good(unsigned who)
{
	struct policy_request req[2] = { POLICY_REQUEST_INIT, POLICY_REQUEST_INIT };
	struct policy_decision d[2];
	const uint64_t before = policy_generation(p);
	struct real_ask a;
	bool may;
	unsigned got;

	real_good(at, who, &a);
	req[0].credentials = req[1].credentials = a.list;
	req[0].credentials_count = req[1].credentials_count = a.count;
	got = ask_pair(req, d);
	may = at->may_wait || policy_generation(p) - before >= OVERTAKEN;
	if (got == 0 && may && d[0].reason == POLICY_REASON_UNAVAILABLE) {
		atomic_fetch_add(&n.unavailable, 1);
		return;
	}
	atomic_fetch_add(&n.good, 1);
	if (got == 0 || got == 3) {
		atomic_fetch_add(got == 3 ? &n.wrong_allow : &n.wrong_deny, 1);
		complain("a good credential", got, d);
	} else if (!at->code && strcmp(d[got - 1].subject_id, subject) != 0) {
		atomic_fetch_add(&n.someone_else, 1);
	}
}

static void
ask_bad(unsigned who, unsigned i)
{
	struct policy_request req[2] = { POLICY_REQUEST_INIT, POLICY_REQUEST_INIT };
	struct policy_decision d[2];
	struct real_ask a;
	unsigned got;

	real_bad(at, who, i, &a);
	req[0].credentials = req[1].credentials = a.list;
	req[0].credentials_count = req[1].credentials_count = a.count;
	got = ask_pair(req, d);
	atomic_fetch_add(&n.bad, 1);
	if (got != 0) {
		atomic_fetch_add(&n.wrong_allow, 1);
		complain("a bad credential", got, d);
	}
}

static void *
decider(void *arg)
{
	const unsigned who = *(const unsigned *)arg;

	for (unsigned i = 0; i < ASKED_LEAST || !atomic_load_explicit(&stop, memory_order_relaxed); i++) {
		ask_good(who);
		ask_bad(who, i);
		ask_asserted();
	}
	return NULL;
}

/* ---- who changes what they decide by ---- */

static void *
rewriter(void *arg)
{
	for (unsigned i = 0; !atomic_load_explicit(&stop, memory_order_relaxed); i++) {
		if (!real_put_files(at, i % 2 == 0))
			atomic_fetch_add((atomic_uint *)arg, 1);
		atomic_fetch_add(&n.rewrites, 1);
		nap(3000);
	}
	return NULL;
}

/* Once reload() has returned, the set is the one that lay there. */
static bool
reload(enum real_set which)
{
	struct policy_request req[2] = { POLICY_REQUEST_INIT, POLICY_REQUEST_INIT };
	const bool bad = which == REAL_BROKEN || which == REAL_REFUSED;
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy_decision d[2];
	const uint64_t before = policy_generation(p);
	static unsigned in_force;
	int rc;

	if (!real_put_set(at, which))
		return false;
	rc = policy_reload(p, &err);
	atomic_fetch_add(bad ? &n.refused : &n.reloads, 1);
	if (!bad)
		in_force = which == REAL_LEFT ? 1 : 2;
	req[0].subject_id = req[1].subject_id = policy_text("ann");
	if ((rc != 0) == bad && (policy_generation(p) == before) == bad && ask_pair(req, d) == in_force)
		return true;
	printf("    %s: set %d: %d %s:%u: %s\n", at->name, (int)which, rc, err.file, err.line, err.text);
	return false;
}

static unsigned
reload_all(void)
{
	static const enum real_set sets[] = { REAL_LEFT, REAL_RIGHT, REAL_BROKEN, REAL_REFUSED, REAL_RIGHT, REAL_LEFT };
	unsigned wrong = 0;

	for (int i = 0; i < ROUNDS; i++) {
		for (size_t k = 0; k < sizeof(sets) / sizeof(sets[0]); k++) {
			wrong += !reload(sets[k]);
			nap(1000);
		}
	}
	return wrong;
}

static bool
begin(const struct real *r)
{
	struct policy_request req = POLICY_REQUEST_INIT;
	struct policy_decision d = POLICY_DECISION_INIT;
	struct real_ask a;

	at = r;
	if (!real_put_files(r, false) || !real_put_set(r, REAL_LEFT) || !real_open(&p, r, 0))
		return false;
	real_good(r, 2, &a);
	req.credentials = a.list;
	req.credentials_count = a.count;
	req.action = policy_text("a");
	policy_decide(p, &req, &d);
	strcpy(subject, d.subject_id);
	return d.verdict == POLICY_ALLOW;
}

static void
of_module(const struct real *r)
{
	static const unsigned who[DECIDERS] = { 0, 1 };
	pthread_t t[DECIDERS + 1];
	atomic_uint unwritten = 0;
	unsigned wrong;

	memset(&n, 0, sizeof(n));
	atomic_store(&stop, false);
	if (!chaos_check(begin(r), "the set opens, and the good credential is good"))
		return;
	for (int i = 0; i < DECIDERS; i++)
		pthread_create(&t[i], NULL, decider, (void *)(uintptr_t)&who[i]);
	pthread_create(&t[DECIDERS], NULL, rewriter, &unwritten);
	wrong = reload_all();
	atomic_store(&stop, true);
	for (int i = 0; i <= DECIDERS; i++)
		pthread_join(t[i], NULL);
	policy_close(p);
	chaos_check(wrong == 0 && unwritten == 0, "a reload that was not the one asked for");
	chaos_check(n.wrong_allow == 0, "a wrong allow");
	chaos_check(n.wrong_deny == 0, "a good credential, or an asserted subject, denied");
	chaos_check(n.mixed == 0 && n.someone_else == 0, "a pair answered by two sets, or for another subject");
	chaos_check(n.good > 0 && n.bad > 0 && n.asserted > 0, "nobody was answered");
	printf("%s: %lu good, %lu bad, %lu asserted, %lu unavailable; %lu reloads, %lu refused, %lu rewrites\n", r->name,
	    (unsigned long)n.good, (unsigned long)n.bad, (unsigned long)n.asserted, (unsigned long)n.unavailable,
	    (unsigned long)n.reloads, (unsigned long)n.refused, (unsigned long)n.rewrites);
}

int
main(void)
{
	if (!chaos_check(real_begin(), "no scratch directory, or no modules"))
		return chaos_finish();
	for (unsigned i = 0; i < real_count; i++) {
		if (real_list[i].frail && frail_is_raced)
			chaos_skip(1, real_list[i].name);
		else if (real_there_is(&real_list[i]))
			of_module(&real_list[i]);
		else
			chaos_skip(1, real_list[i].name);
	}
	real_end();
	return chaos_finish();
}
