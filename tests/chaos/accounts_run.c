/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store's people while others are at work: threads that decide beside a storm of changes,
 * another process that has to hear of each, and who guesses passwords (10,000 of them by
 * POLICY_GUESSES=10000).
 */
#include "accounts.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>

#ifdef CHAOS_SANITIZER
#define GUESSES 300
#define STORM 400
#else
#define GUESSES 2000
#define STORM 4000
#endif

/* ---- threads ---- */

struct storm {
	struct accounts a;
	_Atomic unsigned stop, asked, allowed, after;
	_Atomic(const char *) dead;	/* revoked, and that was acknowledged */
	_Atomic(const char *) live;
};

static void *
decide_on(void *arg)
{
	struct storm *s = arg;

	while (atomic_load(&s->stop) == 0) {
		const char *dead = atomic_load(&s->dead), *live = atomic_load(&s->live);

		if (dead != NULL && accounts_bearer(s->a.p, dead) == 1)
			atomic_fetch_add(&s->after, 1);
		if (live != NULL)
			atomic_fetch_add(&s->allowed, accounts_bearer(s->a.p, live) == 1);
		atomic_fetch_add(&s->asked, 1);
	}
	return NULL;
}

static void
storm(const char *url)
{
	static struct storm s;
	static char secrets[STORM][64];
	pthread_t threads[2];

	chaos_check(accounts_begin(&s.a, url, "1h", "") && (s.a.p = accounts_open(&s.a, 0)) != NULL, "the set opens");
	for (unsigned u = 0; u < USERS; u++)
		accounts_make(&s.a, u);
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, decide_on, &s);
	for (unsigned i = 0; i < STORM; i++) {
		struct account *c = &s.a.users[i % USERS];
		struct account_token *k = &c->tokens[0];

		memcpy(secrets[i], k->secret, sizeof(secrets[i]));
		atomic_store(&s.live, secrets[i]);
		sched_yield();
		switch (i / USERS % 3) {
		case 0:
			k->gone = true;
			accounts_token(&s.a, i % USERS, 0);
			break;
		case 1:
			accounts_secret(k);
			accounts_token(&s.a, i % USERS, 0);
			break;
		default:
			c->from++;
			accounts_user(&s.a, i % USERS);
		}
		atomic_store(&s.dead, secrets[i]);
		sched_yield();
		k->gone = false;
		k->from = c->from;
		accounts_secret(k);
		accounts_token(&s.a, i % USERS, 0);
	}
	atomic_store(&s.stop, 1);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	printf("    %u changes, %u rounds beside them, %u allowed\n", 2 * STORM, s.asked, s.allowed);
	chaos_check(s.after == 0, "an allow after a revocation was acknowledged");
	chaos_check(s.allowed > 0, "and allows before");
	policy_close(s.a.p);
}

/* ---- another process ---- */

struct other {
	_Atomic unsigned round, seen, ready, again;
	_Atomic int64_t at;
	char secret[64];
};

static int64_t
monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * SEC + t.tv_nsec;
}

static void
nap_ms(int ms)
{
	const struct timespec t = { 0, ms * 1000000L };

	nanosleep(&t, NULL);
}

static void
watch(const struct accounts *a, struct other *o)
{
	struct policy *p = accounts_open(a, 0);
	unsigned round = 0;

	while (p != NULL && round != ~0u) {
		const unsigned now = atomic_load(&o->round);

		if (now == round || now % 2 != 0) {	/* odd: not yet to be told apart */
			nap_ms(1);
			round = now == ~0u ? now : round;
			continue;
		}
		while (accounts_bearer(p, o->secret) != 1 && atomic_load(&o->round) == now)
			nap_ms(1);
		atomic_store(&o->ready, now);
		while (accounts_bearer(p, o->secret) == 1 && atomic_load(&o->round) == now)
			nap_ms(1);
		atomic_store(&o->at, monotonic());
		for (int i = 0; i < 20; i++)
			atomic_fetch_add(&o->again, accounts_bearer(p, o->secret) == 1);
		atomic_store(&o->seen, now);
		round = now;
	}
	policy_close(p);
}

static bool
comes(const _Atomic unsigned *what, unsigned wanted)
{
	for (int i = 0; i < 20000 && atomic_load(what) != wanted; i++)
		nap_ms(1);
	return atomic_load(what) == wanted;
}

static void
elsewhere(const char *url)
{
	enum { ROUNDS = 25 };
	static struct accounts a;
	struct other *o = mmap(NULL, sizeof(*o), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	double worst = 0, sum = 0;
	unsigned good = 0;
	pid_t pid;

	chaos_check(o != MAP_FAILED && accounts_begin(&a, url, "60s", ""), "room");
	pid = fork();
	if (pid == 0) {
		watch(&a, o);
		_exit(0);
	}
	a.p = accounts_open(&a, POLICY_NO_THREAD);
	if (chaos_check(a.p != NULL, "the set opens"))
		accounts_make(&a, 0);
	for (unsigned i = 1; a.p != NULL && i <= ROUNDS; i++) {
		struct account_token *k = &a.users[0].tokens[0];
		int64_t begin;

		k->gone = false;
		accounts_secret(k);
		accounts_token(&a, 0, 0);
		memcpy(o->secret, k->secret, sizeof(o->secret));
		atomic_store(&o->round, 2 * i);
		if (!comes(&o->ready, 2 * i))
			break;
		k->gone = true;
		accounts_token(&a, 0, 0);
		begin = monotonic();
		if (!comes(&o->seen, 2 * i))
			break;
		good++;
		begin = atomic_load(&o->at) - begin;
		sum += (double)begin;
		if ((double)begin > worst)
			worst = (double)begin;
	}
	atomic_store(&o->round, ~0u);
	waitpid(pid, NULL, 0);
	printf("    %.10s: seen by another process, %u times: mean %.0f ms, p100 %.0f ms\n", url, good, good > 0 ? sum / good / 1e6 : 0, worst / 1e6);
	chaos_check(good == ROUNDS, "each is seen, and soon");
	chaos_check(o->again == 0, "and stays so");
	policy_close(a.p);
	munmap(o, sizeof(*o));
}

/* ---- guessing ---- */

static long
pages(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	long all, resident = 0;

	if (f == NULL || fscanf(f, "%ld %ld", &all, &resident) != 2)
		resident = 0;
	if (f != NULL)
		fclose(f);
	return resident;
}

struct guesser {
	struct accounts *a;
	unsigned n, passed;
	bool serves;
};

static void *
guess(void *arg)
{
	struct guesser *g = arg;
	char text[32];

	for (unsigned i = 0; i < g->n; i++) {
		snprintf(text, sizeof(text), "guess-%u", i);
		g->passed += accounts_login(g->a->p, i % 4 == 3 ? "nobody" : "n0", text) == 1;
		if (g->serves && i % 100 == 0)
			policy_service(g->a->p, 0);
	}
	return NULL;
}

static void
guesses(const char *url)
{
	static struct accounts a;
	const char *said = getenv("POLICY_GUESSES");
	const unsigned n = said != NULL ? (unsigned)strtoul(said, NULL, 10) : GUESSES;
	struct guesser g[2];
	pthread_t threads[2];
	struct account *c = &a.users[0];
	long before;

	chaos_check(accounts_begin(&a, url, "1h", "") && (a.p = accounts_open(&a, POLICY_NO_THREAD)) != NULL, "the set opens");
	accounts_make(&a, 0);
	accounts_hash(c->hash, "$6$", 5000, c->password);
	accounts_user(&a, 0);
	g[0] = (struct guesser){ .a = &a, .n = n / 10, .serves = true };
	guess(&g[0]);			/* so that all memory there will be is there */
	before = pages();
	for (int i = 0; i < 2; i++) {
		g[i] = (struct guesser){ .a = &a, .n = n / 2, .passed = g[0].passed, .serves = i == 0 };
		pthread_create(&threads[i], NULL, guess, &g[i]);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	chaos_check(g[0].passed + g[1].passed == 0, "no guess was right");
#ifdef CHAOS_SANITIZER
	(void)before;
	chaos_skip(1, "memory is as it was (a sanitizer keeps what was freed)");
#else
	chaos_check(pages() < before + 2048, "memory is as it was");
#endif
	chaos_check(accounts_login(a.p, "n0", c->password) == -POLICY_REASON_BAD_CREDENTIAL, "the right one has to wait");
	chaos_check(accounts_bearer(a.p, c->tokens[0].secret) == 1, "a token has not");
	atomic_fetch_add(&accounts_clock, 60 * SEC);
	chaos_check(accounts_login(a.p, "n0", c->password) == 1, "a minute, and no more");
	policy_service(a.p, 0);
	chaos_check(accounts_login(a.p, "n0", c->password) == 1, "what was wrong is forgotten");
	policy_close(a.p);
	/* what was written: in another handle, the row of it wrong is gone and the hash is today's */
	a.p = accounts_open(&a, POLICY_NO_THREAD);
	for (int i = 0; i < 6; i++)
		chaos_check(accounts_login(a.p, "n0", "wrong") == -POLICY_REASON_BAD_CREDENTIAL, "wrong");
	policy_service(a.p, 0);
	chaos_check(accounts_login(a.p, "n0", c->password) == -POLICY_REASON_BAD_CREDENTIAL, "six wrong ones make a second");
	policy_close(a.p);
	a.p = accounts_open(&a, POLICY_NO_THREAD);
	chaos_check(accounts_login(a.p, "n0", c->password) == -POLICY_REASON_BAD_CREDENTIAL, "which the store remembers");
	atomic_fetch_add(&accounts_clock, SEC);
	chaos_check(accounts_login(a.p, "n0", c->password) == 1, "and no longer");
	policy_close(a.p);
}

int
main(void)
{
	char lite[96];

	if (!accounts_room())
		return 1;
	accounts_fresh();
	storm(accounts_url);
	accounts_fresh();
	guesses(accounts_url);
#ifdef HAVE_SQLITE
	snprintf(lite, sizeof(lite), "sqlite:%s/a.db", accounts_dir);
	elsewhere(lite);
#else
	(void)lite;
	chaos_skip(3, "SQLite (it is not there)");
#endif
	return accounts_end() != 0 || chaos_finish();
}
