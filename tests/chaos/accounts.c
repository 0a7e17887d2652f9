/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a store's people are acts on the very next decision: revoked, disabled, deleted,
 * made again, renewed, made void, a password or a role changed; in a thousand orders,
 * against a plain model, on a store in memory and on SQLite.
 * accounts [N]: N orders on SQLite, not a quarter of those in memory.
 */
#include "accounts.h"
#ifndef CHAOS_SANITIZER
#include "heap.h"
#endif

#ifdef CHAOS_SANITIZER
#define ORDERS 150
#else
#define ORDERS 1000
#endif

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
		accounts_password(c);
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

		look(&a, u, i % 32 == 0);	/* so that all is cached before */
		change(&a, u);
		look(&a, u, i % 32 == 0);
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

	chaos_check(accounts_begin(&a, accounts_url, "1s", "") && (a.p = accounts_open(&a, POLICY_NO_THREAD)) != NULL, "the set opens");
	accounts_make(&a, 0);
	chaos_check(accounts_bearer(a.p, c->tokens[0].secret) == 1 && accounts_login(a.p, "n0", c->password) == 1, "good, and cached");
	accounts_memory->fails = POLICY_ERR_IO;
	nanosleep(&nap, NULL);
	chaos_check(accounts_bearer(a.p, c->tokens[0].secret) == -POLICY_REASON_UNAVAILABLE &&
	    accounts_bearer(a.p, c->tokens[1].secret) == -POLICY_REASON_UNAVAILABLE &&
	    accounts_login(a.p, "n0", c->password) == -POLICY_REASON_UNAVAILABLE &&
	    accounts_login(a.p, "nobody", "x") == -POLICY_REASON_UNAVAILABLE, "what needs the store, known or not, is unavailable");
	accounts_memory->fails = 0;
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

int
main(int argc, char **argv)
{
	const unsigned on_disk = argc > 1 ? (unsigned)atoi(argv[1]) : ORDERS / 4;
	char lite[96];

	if (!accounts_room())
		return 1;
	accounts_fresh();
	orders(accounts_url, ORDERS);
	accounts_fresh();
	reasons(accounts_url);
	accounts_fresh();
	stale();
#ifdef CHAOS_SANITIZER
	chaos_skip(1, "counting allocations (a sanitizer has the heap)");
#else
	accounts_fresh();
	nomalloc(accounts_url);
#endif
#ifdef HAVE_SQLITE
	snprintf(lite, sizeof(lite), "sqlite:%s/a.db", accounts_dir);
	orders(lite, on_disk);
#else
	(void)lite;
	(void)on_disk;
	chaos_skip(4, "SQLite (it is not there)");
#endif
	return accounts_end() != 0 || chaos_finish();
}
