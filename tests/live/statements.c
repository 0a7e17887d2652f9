/* SPDX-License-Identifier: Apache-2.0 */
/*
 * statements URL STATES: between a set and its PostgreSQL server stands one who puts, in
 * place of one statement, another that fails there with an SQLSTATE; for each statement
 * that is sent, from the making of the tables on, and for the first STATES of the states
 * below. The call that it happens in says so, and has done nothing; or it has tried again,
 * and done all. What is then done again works. Another handle, which asks the server
 * itself, sees the same, and neither allows what was not granted yet or is revoked.
 */
#include "chaos/admins.h"
#include "between.h"

#define TRIES 100

/* ---- what is done ---- */

static struct told got;
static char token_id[64], secret[128];

static int
do_root(struct policy *p)
{
	return bootstrap(p, "root", &got);
}

static int
do_user(struct policy *p)
{
	struct as as;

	return user(p, as_user(&as, "root"), "ann", POLICY_USER_REUSE, &got);
}

static int
do_grant(struct policy *p)
{
	struct as as;

	return grant(p, as_user(&as, "root"), "ann", "reader", "doc/1", 0, 0, &got);
}

static int
do_token(struct policy *p)
{
	struct as as;
	int rc = token(p, as_user(&as, "root"), "ann", "token", NULL, 0, 0, &got);

	if (rc == 0) {
		memcpy(token_id, got.id, sizeof(token_id));
		memcpy(secret, got.secret, sizeof(secret));
	}
	return rc;
}

/* A user, a grant and two keys: one change. */
static int
do_import(struct policy *p)
{
	const struct policy_text roles[] = { POLICY_TEXT("reader") };
	struct policy_import i = POLICY_IMPORT_INIT;
	struct policy_imported_key keys[2];
	struct as as;

	memset(keys, 0, sizeof(keys));
	for (int k = 0; k < 2; k++) {
		memset(keys[k].sha256, 0x11 * (k + 1), sizeof(keys[k].sha256));
		keys[k].info = (struct policy_token_info)POLICY_TOKEN_INFO_INIT;
		keys[k].info.kind = policy_text("api_key");
	}
	i.user = (struct policy_user)POLICY_USER_INIT;
	i.user.name = policy_text("bob");
	i.user.flags = POLICY_USER_REUSE;
	i.roles = roles;
	i.roles_count = 1;
	i.keys = keys;
	i.keys_count = 2;
	return sane(policy_admin_import(p, as_user(&as, "root"), &i, 1, NULL, NULL, &admins_err));
}

static int
do_revoke(struct policy *p)
{
	struct as as;

	return sane(policy_token_revoke(p, as_user(&as, "root"), token_id, &admins_err));
}

static int
do_delete(struct policy *p)
{
	struct as as;

	return sane(policy_user_delete(p, as_user(&as, "root"), "bob", &admins_err));
}

static int (*const calls[])(struct policy *p) = { do_root, do_user, do_grant, do_token, do_import, do_revoke, do_delete };
enum { CALLS = sizeof(calls) / sizeof(calls[0]) };

/* ---- what is seen ---- */

struct sight {
	int users, grants, tokens, may;
};

static struct sight wanted[CALLS + 1];

static int
opens(struct policy *p)
{
	struct policy_credential c = { .kind = POLICY_TEXT("bearer"), .data = policy_text(secret) };
	struct as as;

	as_user(&as, NULL);
	as.req.credentials = &c;
	as.req.credentials_count = 1;
	return may(p, &as.req, "read", "doc", "1");
}

/* ann, bob, and the token of ann. */
static int
allows(struct policy *p)
{
	struct as as;
	const int ann = may(p, as_user(&as, "ann"), "read", "doc", "1"), bob = may(p, as_user(&as, "bob"), "read", "doc", "1");

	return ann | bob << 1 | (secret[0] != '\0' && opens(p)) << 2;
}

static struct sight
look(struct policy *q)
{
	struct told u = { .n = 0 }, g = { .n = 0 }, t = { .n = 0 };
	struct sight s = { .users = -1 };
	struct as as;
	const struct policy_request *root = as_user(&as, "root");

	if (policy_user_list(q, root, told_user, &u, NULL) == 0 && policy_grant_list(q, root, NULL, told_grant, &g, NULL) == 0 &&
	    policy_token_list(q, root, NULL, told_token, &t, NULL) == 0)
		s = (struct sight){ u.n, g.n, t.n, allows(q) };
	return s;
}

static int
same(const struct sight *a, const struct sight *b)
{
	return a->users == b->users && a->grants == b->grants && a->tokens == b->tokens && a->may == b->may;
}

static struct policy *
open_at(const char *url)
{
	struct policy_options opt = POLICY_OPTIONS_INIT;
	struct policy *p = NULL;
	char text[8192];

	snprintf(text, sizeof(text), "%smodules: [ { use: api_key, kind: [token, api_key], subject: { type: user }, cache: 60s } ]\n"
	    "store: { url: \"%s\" }\n", admins_rules, url);
	opt.flags = POLICY_NO_THREAD;
	opt.module_dir = admins_modules;
	opt.clock = admins_clock;
	admins_err.size = sizeof(admins_err);
	policy_open_text(&p, "set", text, strlen(text), &opt, &admins_err);
	return p;
}

/* ---- one after the other ---- */

static unsigned long seen_failures, half, wrong_allows, stuck;

static void
one_call(struct policy *p, struct policy *q, int k, unsigned long n)
{
	struct sight was;
	struct as as;
	char name[24];
	int rc = -1, tries;

	/* what another wrote is read first */
	snprintf(name, sizeof(name), "other%d", k);
	if (k % 3 == 2 && user(q, as_user(&as, "root"), name, 0, &got) != 0)
		stuck++;
	was = k % 3 == 2 ? look(q) : wanted[k];
	for (tries = 0; rc != 0 && tries < TRIES; tries++) {
		struct sight s;

		rc = calls[k](p);
		s = look(q);
		if (n == 0)
			wanted[k + 1] = s;
		if (!same(&s, rc == 0 ? &wanted[k + 1] : &was) && half++ < 5)
			printf("    statement %lu, call %d, %d: %d users, %d grants, %d tokens, allows %d\n", n, k, rc, s.users, s.grants,
			    s.tokens, s.may);
		wrong_allows += ((allows(p) | s.may) & ~wanted[rc == 0 ? k + 1 : k].may) != 0;
		seen_failures += rc != 0;
		if (rc != 0 && tries > 2)
			usleep(10000);
	}
	if (rc != 0 && stuck++ < 5)
		printf("    statement %lu, call %d: %s\n", n, k, admins_err.text);
}

/* What ended long ago is; it is looked for once an hour. What fails then spoils nothing. */
static void
forget(struct policy *p, unsigned long n)
{
	struct as as;
	int rc = -1;

	atomic_store(&all->deletes, 0);
	for (int tries = 0; tries < TRIES && atomic_load(&all->deletes) == 0; tries++) {
		admins_time += INT64_C(80) * 86400 * 1000000000;
		policy_service(p, 100);
	}
	for (int tries = 0; rc != 0 && tries < TRIES; tries++)
		rc = user(p, as_user(&as, "root"), "eve", POLICY_USER_REUSE, &got);
	if (rc != 0 || atomic_load(&all->deletes) == 0) {
		stuck++;
		printf("    statement %lu, behind what forgets: %s\n", n, admins_err.text);
	}
	wrong_allows += (allows(p) & ~wanted[CALLS].may) != 0;
}

/* All of it, with statement n failing; 0: it was sent no more. */
static int
one(const char *base, const char *through, unsigned long n, int state)
{
	static unsigned number;
	struct policy *p = NULL, *q;
	char url[400];

	secret[0] = '\0';
	atomic_store(&all->state, state);
	atomic_store(&all->sent, 0);
	atomic_store(&all->fail_at, n);
	snprintf(url, sizeof(url), "%s&schema=st_%u", through, ++number);
	for (int tries = 0; p == NULL && tries < TRIES; tries++) {
		p = open_at(url);
		seen_failures += p == NULL;
	}
	snprintf(url, sizeof(url), "%s&schema=st_%u", base, number);
	q = open_at(url);
	if (p == NULL || q == NULL) {
		stuck++;
		printf("    statement %lu: %s\n", n, admins_err.text);
	}
	for (int k = 0; p != NULL && q != NULL && k < CALLS; k++)
		one_call(p, q, k, n);
	if (p != NULL && state == 0 && atomic_load(&all->sent) < n)
		forget(p, n);
	policy_close(p);
	policy_close(q);
	return atomic_load(&all->sent) >= n;
}

int
main(int argc, char **argv)
{
	const int n_states = argc > 2 ? atoi(argv[2]) : 1;
	const char *host = argc > 1 ? strstr(argv[1], "host=/") : NULL;
	unsigned long n, tried = 0;
	char through[400];
	pid_t between;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (host == NULL || n_states > (int)(sizeof(states) / sizeof(states[0])) || !admins_begin())
		return !chaos_check(0, "an url with host=/DIRECTORY, and modules to load");
	host += strlen("host=");
	snprintf(server_dir, sizeof(server_dir), "%.*s", (int)strcspn(host, "&"), host);
	snprintf(through, sizeof(through), "%.*s%s%s", (int)(host - argv[1]), argv[1], admins_dir, host + strlen(server_dir));
	between = between_begin(admins_dir);
	chaos_check(between > 0, "one stands between");
	if (between <= 0)
		return chaos_finish();
	one(argv[1], through, 0, 0);
	chaos_check(wanted[2].users == 2 && wanted[3].users == 3 && wanted[3].may == 1 && wanted[5].tokens == wanted[4].tokens + 2 && wanted[5].may == 7 &&
	    wanted[6].may == 3 && wanted[7].may == 1, "without failures all is as it is meant");
	for (int s = 0; s < n_states; s++) {
		for (n = 1; one(argv[1], through, n, s) && stuck < 5; n++)
			;
		tried += n - 1;
	}
	printf("%lu statements failed (%d of each kind of failure:", tried, n_states);
	for (int i = 0; i < 24 && all->kinds[i][0] != '\0'; i++)
		printf(" %s", all->kinds[i]);
	printf("), %lu failures seen, %lu half or lost, %lu wrong allows\n", seen_failures, half, wrong_allows);
	chaos_check(tried > 50ul * (unsigned)n_states && seen_failures > 0, "many were sent");
	chaos_check(half == 0, "a call that failed did nothing, one that did not did all");
	chaos_check(wrong_allows == 0, "nothing is allowed that was not granted, or is revoked");
	chaos_check(stuck == 0, "what is done again works");
	between_end(between, admins_dir);
	admins_end();
	return chaos_finish();
}
