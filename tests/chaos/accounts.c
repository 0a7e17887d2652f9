/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a store's people are acts on the very next decision: revoked, disabled, deleted,
 * made again, renewed, made void, a password or a role changed; in a thousand orders,
 * against a plain model, on a store in memory and on SQLite. Then in another process, in
 * threads beside a storm of changes, past `stale`, and for who guesses passwords.
 */
#include "accounts.h"
#ifndef CHAOS_SANITIZER
#include "heap.h"
#endif

#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "tests/modules/probe.h"

#ifdef CHAOS_SANITIZER
#define ORDERS 150
#define GUESSES 300
#define STORM 400
#else
#define ORDERS 1000
#define GUESSES 10000
#define STORM 4000
#endif

static struct memory *memory;
static char dir[] = "/tmp/libpolicy-accounts-XXXXXX", lite[96];

/* ---- orders ---- */

static unsigned allows, denies, wrong_allows, wrong_denies;

static void
judge(int is, bool good)
{
	allows += is == 1 && good;
	denies += is != 1 && !good;
	wrong_allows += is == 1 && !good;
	wrong_denies += is != 1 && good;
}

static void
look(struct accounts *a, unsigned u, bool password)
{
	const struct account *c = &a->users[u];

	for (unsigned t = 0; t < TOKENS; t++) {
		judge(accounts_bearer(a->p, c->tokens[t].secret), accounts_is_good(a, u, t));
		if (c->tokens[t].old[0] != '\0')
			judge(accounts_bearer(a->p, c->tokens[t].old), false);
	}
	if (password)
		judge(accounts_login(a->p, c->name, c->password), accounts_logs_in(a, u));
}

/* Time goes on with each. */
static void
change(struct accounts *a, unsigned u)
{
	struct account *c = &a->users[u];
	const unsigned t = accounts_dice(a, TOKENS);
	const int64_t at = atomic_fetch_add(&accounts_clock, 1000) + 1000;
	struct account_token *k = &c->tokens[t];
	char old[sizeof(c->password)];

	switch (c->there ? accounts_dice(a, 11) : 10) {
	case 0: case 1:
		k->gone = !k->gone;
		accounts_token(a, u, t);
		return;
	case 2: case 3:
		c->off = !c->off;
		accounts_user(a, u);
		return;
	case 4: case 5:
		c->role = !c->role;
		accounts_role(a, u);
		return;
	case 6:				/* all that was issued is void; one is renewed */
		c->from = at;
		accounts_user(a, u);
		k->from = at;
		k->gone = false;
		accounts_secret(k);
		accounts_token(a, u, t);
		return;
	case 7:
		k->from = at > c->from ? at : c->from;
		k->gone = false;
		k->until = accounts_dice(a, 2) == 0 ? 0 : at + 2500;
		accounts_secret(k);
		accounts_token(a, u, t);
		return;
	case 8:
		judge(accounts_login(a->p, c->name, c->password), accounts_logs_in(a, u));
		memcpy(old, c->password, sizeof(old));
		c->from = at + 1;
		snprintf(c->password, sizeof(c->password), "pw-%u", accounts_dice(a, 1u << 30));
		accounts_hash(c->hash, "$y$", 0, c->password);
		accounts_user(a, u);
		judge(accounts_login(a->p, c->name, c->password), accounts_logs_in(a, u));
		judge(accounts_login(a->p, c->name, old), false);
		return;
	case 9:
		c->there = false;
		accounts_user(a, u);
		return;
	default:			/* of the same name, and another */
		if (c->there) {
			c->there = false;
			accounts_user(a, u);
			look(a, u, true);
		}
		accounts_make(a, u);
	}
}

static void
orders(const char *url, unsigned n)
{
	static struct accounts a;

	chaos_check(accounts_begin(&a, url, "1h", "") && (a.p = accounts_open(&a, POLICY_NO_THREAD)) != NULL, "the set opens");
	if (a.p == NULL)
		return;
	allows = denies = wrong_allows = wrong_denies = 0;
	for (unsigned u = 0; u < USERS; u++)
		accounts_make(&a, u);
	for (unsigned i = 0; i < n; i++) {
		const unsigned u = accounts_dice(&a, USERS);

		look(&a, u, i % 8 == 0);	/* so that all is cached before */
		change(&a, u);
		look(&a, u, i % 8 == 0);
		look(&a, (u + USERS - 1) % USERS, false);	/* whose token u made */
	}
	printf("    %.10s: %u orders, %u allows, %u denies\n", url, n, allows, denies);
	chaos_check(wrong_allows == 0, "an allow after what took it away");
	chaos_check(wrong_denies == 0, "a deny of what is good");
	chaos_check(allows > n / 4 && denies > n / 4, "both came");
	policy_close(a.p);
}

/* ---- one by one ---- */

static void
reasons(const char *url)
{
	static struct accounts a;
	struct policy_error err = POLICY_ERROR_INIT;
	struct account *c = &a.users[0];
	char *text;

	chaos_check(accounts_begin(&a, url, "1h", "") && (a.p = accounts_open(&a, POLICY_NO_THREAD)) != NULL, "the set opens");
	for (unsigned u = 0; u < USERS; u++)
		accounts_make(&a, u);
	chaos_check(accounts_bearer(a.p, c->tokens[0].secret) == 1 && accounts_login(a.p, "n0", c->password) == 1, "good");
	c->off = true;
	accounts_user(&a, 0);
	chaos_check(accounts_bearer(a.p, c->tokens[0].secret) == -POLICY_REASON_REVOKED, "disabled is revoked");
	chaos_check(accounts_login(a.p, "n0", c->password) == -POLICY_REASON_BAD_CREDENTIAL, "and for a password no answer of its own");
	c->off = false;
	accounts_user(&a, 0);
	chaos_check(accounts_bearer(a.p, c->tokens[0].secret) == 1, "enabled again");
	/* made by n1, who must be allowed too, beside whoever acts */
	chaos_check(accounts_bearer(a.p, c->tokens[2].secret) == 1 && accounts_with_actor(a.p, c->tokens[2].secret, "n2") == 1, "three are allowed");
	chaos_check(accounts_with_actor(a.p, c->tokens[2].secret, "nobody") == -POLICY_REASON_NO_RULE, "who acts is not");
	a.users[1].role = false;
	accounts_role(&a, 1);
	chaos_check(accounts_bearer(a.p, c->tokens[2].secret) == -POLICY_REASON_NO_RULE && accounts_bearer(a.p, c->tokens[0].secret) == 1, "who made it is not");
	a.users[1].role = true;
	accounts_role(&a, 1);
	a.users[1].off = true;
	accounts_user(&a, 1);
	chaos_check(accounts_bearer(a.p, c->tokens[2].secret) == -POLICY_REASON_REVOKED, "or is disabled");
	a.users[1].there = false;
	accounts_user(&a, 1);
	chaos_check(accounts_bearer(a.p, c->tokens[2].secret) == -POLICY_REASON_REVOKED, "or deleted");
	c->tokens[1].until = atomic_load(&accounts_clock) + SEC;
	accounts_token(&a, 0, 1);
	chaos_check(accounts_bearer(a.p, c->tokens[1].secret) == 1, "a token that ends");
	atomic_fetch_add(&accounts_clock, SEC);
	chaos_check(accounts_bearer(a.p, c->tokens[1].secret) == -POLICY_REASON_EXPIRED, "has ended, in the cache too");
	/* a file names n0: what the store has of him counts for nothing */
	text = a.p->text;
	a.p->text = malloc(a.p->len + 100);
	a.p->len = (size_t)sprintf(a.p->text, "%s\ngrants: [ { role: reader, to: n0 } ]\n", text);
	free(text);
	chaos_check(policy_reload(a.p, &err) == 0, err.text);
	chaos_check(accounts_bearer(a.p, c->tokens[0].secret) == -POLICY_REASON_REVOKED &&
	    accounts_login(a.p, "n0", c->password) == -POLICY_REASON_BAD_CREDENTIAL, "a file's user has no account");
	chaos_check(accounts_bearer(a.p, a.users[2].tokens[0].secret) == 1, "others go on");
	policy_close(a.p);
}

static void
stale(void)
{
	static struct accounts a;
	const struct timespec nap = { 1, 300000000 };
	struct account *c = &a.users[0];
	char url[64];

	snprintf(url, sizeof(url), "memory:%p", (void *)memory);
	chaos_check(accounts_begin(&a, url, "1s", "") && (a.p = accounts_open(&a, POLICY_NO_THREAD)) != NULL, "the set opens");
	accounts_make(&a, 0);
	chaos_check(accounts_bearer(a.p, c->tokens[0].secret) == 1 && accounts_login(a.p, "n0", c->password) == 1, "good, and cached");
	memory->fails = POLICY_ERR_IO;
	nanosleep(&nap, NULL);
	chaos_check(accounts_bearer(a.p, c->tokens[0].secret) == -POLICY_REASON_UNAVAILABLE &&
	    accounts_bearer(a.p, c->tokens[1].secret) == -POLICY_REASON_UNAVAILABLE &&
	    accounts_login(a.p, "n0", c->password) == -POLICY_REASON_UNAVAILABLE &&
	    accounts_login(a.p, "nobody", "x") == -POLICY_REASON_UNAVAILABLE, "what needs the store, known or not, is unavailable");
	memory->fails = 0;
	policy_service(a.p, 0);
	chaos_check(accounts_bearer(a.p, c->tokens[0].secret) == 1 && accounts_login(a.p, "n0", c->password) == 1, "until it answers again");
	policy_close(a.p);
}

#ifndef CHAOS_SANITIZER
/* Also in the first decision behind a change. */
static void
nomalloc(const char *url)
{
	static struct accounts a;
	long calls = 0;
	int good = 0;

	chaos_check(accounts_begin(&a, url, "1h", "") && (a.p = accounts_open(&a, POLICY_NO_THREAD)) != NULL, "the set opens");
	accounts_make(&a, 0);
	accounts_make(&a, 1);
	for (unsigned t = 0; t < TOKENS; t++)
		accounts_bearer(a.p, a.users[0].tokens[t].secret);
	for (int i = 0; i < 100; i++) {
		a.users[1].from++;
		accounts_user(&a, 1);
		heap_calls = 0;
		heap_on = 1;
		for (unsigned t = 0; t < TOKENS; t++)
			good += accounts_bearer(a.p, a.users[0].tokens[t].secret) == 1;
		heap_on = 0;
		calls += heap_calls;
	}
	chaos_check(good == 300 && calls == 0, "a cached decision allocates nothing, whatever changed");
	policy_close(a.p);
}
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
	chaos_check(a.p != NULL, "the set opens");
	accounts_make(&a, 0);
	for (unsigned i = 1; i <= ROUNDS; i++) {
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
	struct guesser g[2];
	pthread_t threads[2];
	struct account *c = &a.users[0];
	long before;

	chaos_check(accounts_begin(&a, url, "1h", "") && (a.p = accounts_open(&a, POLICY_NO_THREAD)) != NULL, "the set opens");
	accounts_make(&a, 0);
	accounts_hash(c->hash, "$6$", 5000, c->password);
	accounts_user(&a, 0);
	g[0] = (struct guesser){ .a = &a, .n = GUESSES / 10, .serves = true };
	guess(&g[0]);			/* so that all memory there will be is there */
	before = pages();
	for (int i = 0; i < 2; i++) {
		g[i] = (struct guesser){ .a = &a, .n = GUESSES / 2, .passed = g[0].passed, .serves = i == 0 };
		pthread_create(&threads[i], NULL, guess, &g[i]);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	chaos_check(g[0].passed + g[1].passed == 0, "no guess was right");
	chaos_check(pages() < before + 2048, "memory is as it was");
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

static void
fresh(void)
{
	memset(memory, 0, offsetof(struct memory, rows));
	memory->fd = -1;
}

int
main(void)
{
	char url[64];

	memory = mmap(NULL, sizeof(*memory), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED || mkdtemp(dir) == NULL)
		return 1;
	snprintf(url, sizeof(url), "memory:%p", (void *)memory);
	snprintf(lite, sizeof(lite), "sqlite:%s/a.db", dir);
	fresh();
	orders(url, ORDERS);
	fresh();
	reasons(url);
	fresh();
	stale();
#ifdef CHAOS_SANITIZER
	chaos_skip(1, "counting allocations (a sanitizer has the heap)");
#else
	fresh();
	nomalloc(url);
#endif
	fresh();
	storm(url);
	fresh();
	guesses(url);
#ifdef HAVE_SQLITE
	elsewhere(lite);
	snprintf(lite, sizeof(lite), "sqlite:%s/b.db", dir);
	orders(lite, ORDERS / 4);
#else
	chaos_skip(5, "SQLite (it is not there)");
#endif
	snprintf(url, sizeof(url), "rm -rf %s", dir);
	return system(url) != 0 || chaos_finish();
}
