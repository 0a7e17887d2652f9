/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_admin.h over a real store module: what each call does, who may give what (a
 * table), and that the last who administers stays, also where two try at once.
 */
#include "admins.h"

#define DAY INT64_C(86400000000000)
#define RACES 1000		/* in memory; a tenth where each write is synced */

static struct as as_root, as_other;
static const struct policy_request *root;

/* ---- one after the other ---- */

static void
users(struct policy *p)
{
	struct policy_user to = POLICY_USER_INIT;
	struct told t = { .n = 0 }, first;
	char uid[80];

	chaos_check(user(p, root, "ann", 0, &t) == 0 && strlen(t.uid) == 26, "a user is made");
	first = t;
	chaos_check(user(p, root, "ann", 0, &t) == POLICY_ERR_EXISTS, "a name is taken");
	chaos_check(user(p, root, "filed", 0, &t) == POLICY_ERR_EXISTS, "a file has the name");
	chaos_check(user(p, root, "noted", 0, &t) == POLICY_ERR_EXISTS, "a file grants something to the name");
	chaos_check(user(p, root, "*", 0, &t) == POLICY_ERR_INVALID, "no name");
	chaos_check(user(p, as_user(&as_other, "ann"), "bob", 0, &t) == POLICY_ERR_DENIED, "who may not makes none");
	chaos_check(sane(policy_user_show(p, root, "ann", told_user, &t, &admins_err)) == 0, "shown");
	snprintf(uid, sizeof(uid), "uid:%s", first.uid);
	chaos_check(sane(policy_user_show(p, root, uid, told_user, &t, &admins_err)) == 0 && strcmp(t.text, "ann") == 0, "by uid");
	chaos_check(sane(policy_user_show(p, root, "zoe", told_user, &t, &admins_err)) == POLICY_ERR_NOENT, "nobody");
	chaos_check(sane(policy_user_show(p, &as_other.req, "ann", told_user, &t, &admins_err)) == 0, "oneself");
	chaos_check(sane(policy_user_show(p, &as_other.req, "root", told_user, &t, &admins_err)) == POLICY_ERR_DENIED, "another");
	t.n = 0;
	chaos_check(sane(policy_user_list(p, &as_other.req, told_user, &t, &admins_err)) == 0 && t.n == 1, "a list of what one may read");
	to.org = policy_text("acme");
	chaos_check(sane(policy_user_change(p, &as_other.req, "ann", POLICY_CHANGE_ORG, &to, &admins_err)) == POLICY_ERR_DENIED,
	    "nobody changes his own org");
	chaos_check(sane(policy_user_change(p, root, "ann", POLICY_CHANGE_ORG, &to, &admins_err)) == 0, "an org");
	to.flags = POLICY_USER_DISABLED;
	chaos_check(sane(policy_user_change(p, root, "ann", POLICY_CHANGE_FLAGS, &to, &admins_err)) == 0, "disabled");
	chaos_check(!may(p, &as_other.req, "users:read", "user", "ann"), "who is disabled may nothing");
	chaos_check(sane(policy_user_delete(p, root, "ann", &admins_err)) == 0, "deleted");
	chaos_check(sane(policy_user_delete(p, root, "ann", &admins_err)) == POLICY_ERR_NOENT, "and gone");
	chaos_check(user(p, root, "ann", 0, &t) == POLICY_ERR_EXISTS, "its name stays taken");
	chaos_check(user(p, root, "ann", POLICY_USER_REUSE, &t) == 0 && strcmp(t.uid, first.uid) != 0, "or is given anew, with another uid");
}

static void
passwords(struct policy *p)
{
	const struct policy_text one = POLICY_TEXT("one password"), two = POLICY_TEXT("another one"), none = { NULL, 0 };
	struct told t = { .n = 0 };

	as_user(&as_other, "ann");
	chaos_check(sane(policy_user_password(p, &as_other.req, "ann", none, one, &admins_err)) == 0, "the first password");
	chaos_check(sane(policy_user_password(p, &as_other.req, "ann", two, two, &admins_err)) == POLICY_ERR_DENIED, "a wrong old one");
	chaos_check(token(p, &as_other.req, NULL, "token", NULL, 0, 0, &t) == 0, "a token before");
	admins_time += DAY / 24;
	chaos_check(sane(policy_user_password(p, &as_other.req, "ann", one, two, &admins_err)) == 0, "the right one");
	chaos_check(sane(policy_token_show(p, root, t.id, NULL, told_token, &t, &admins_err)) == 0 && t.active == 0,
	    "tokens from before end with it");
	chaos_check(user(p, root, "helper", 0, &t) == 0 && grant(p, root, "helper", "manager", NULL, 0, 0, &t) == 0, "one who manages");
	chaos_check(sane(policy_user_password(p, as_user(&as_other, "helper"), "root", none, one, &admins_err)) == POLICY_ERR_DENIED,
	    "another's password is its whole right");
	chaos_check(sane(policy_user_password(p, root, "helper", none, (struct policy_text){ "", 0 }, &admins_err)) == POLICY_ERR_INVALID,
	    "an empty one");
	chaos_check(sane(policy_user_password(p, root, "helper", none, one, &admins_err)) == 0, "with policy:escalate");
}

static void
tokens(struct policy *p)
{
	struct policy_credential itself = { .kind = POLICY_TEXT("api_key") };
	struct told t = { .n = 0 }, again;

	as_user(&as_other, "ann");
	admins_time += DAY;
	chaos_check(token(p, &as_other.req, NULL, "token", "docs users:read", 0, POLICY_TOKEN_RENEWABLE, &t) == 0, "a scoped token");
	chaos_check(strlen(t.secret) == 53 && strncmp(t.secret, "pol_", 4) == 0 && t.expires == admins_time + 30 * DAY && t.active,
	    "long, and for 30 days");
	chaos_check(strcmp(t.implied, "docs read users:read write") == 0, t.implied);
	itself.data = policy_text(t.secret);
	chaos_check(sane(policy_token_show(p, NULL, NULL, &itself, told_token, &again, &admins_err)) == 0 && strcmp(again.id, t.id) == 0,
	    "it shows itself");
	admins_time += 20 * DAY;
	chaos_check(sane(policy_token_renew(p, &as_other.req, t.id, 0, told_token, &again, &admins_err)) == 0 &&
	    again.expires == t.expires && strcmp(again.secret, t.secret) != 0, "renewed, to its last day at most");
	chaos_check(sane(policy_token_renew(p, &as_other.req, t.id, admins_time + 11 * DAY, told_token, &again, &admins_err)) ==
	    POLICY_ERR_INVALID, "not beyond");
	chaos_check(sane(policy_token_show(p, NULL, NULL, &itself, told_token, &again, &admins_err)) < 0, "the old secret is nobody's");
	chaos_check(sane(policy_token_revoke(p, &as_other.req, t.id, &admins_err)) == 0, "revoked");
	chaos_check(sane(policy_token_show(p, root, t.id, NULL, told_token, &again, &admins_err)) == 0 && again.active == 0 &&
	    (again.flags & POLICY_TOKEN_REVOKED) != 0, "and told so");
	chaos_check(sane(policy_token_renew(p, root, t.id, 0, told_token, &again, &admins_err)) == POLICY_ERR_INVALID, "and not renewed");
	chaos_check(token(p, &as_other.req, NULL, "token", "nothing", 0, 0, &t) == POLICY_ERR_INVALID, "no such scope");
	chaos_check(token(p, &as_other.req, NULL, "badge", NULL, 0, 0, &t) == POLICY_ERR_INVALID, "no such kind");
	chaos_check(token(p, &as_other.req, NULL, "token", NULL, admins_time + 31 * DAY, 0, &t) == POLICY_ERR_INVALID, "longer than the set says");
	chaos_check(token(p, as_user(&as_other, "filed"), NULL, "token", NULL, 0, 0, &t) == POLICY_ERR_NOENT, "a file's user has none");
}

/* A kind with a ceiling, which yields sessions: as a password has it. */
static void
logins(struct policy *p)
{
	struct told t = { .n = 0 };

	as_token(&as_other, "ann", "", "login", NULL);
	chaos_check(token(p, &as_other.req, NULL, "session", NULL, 0, 0, &t) == 0 && t.active, "what the kind yields");
	chaos_check(token(p, &as_other.req, NULL, "token", NULL, 0, 0, &t) == POLICY_ERR_DENIED, "and no other kind");
	chaos_check(token(p, &as_other.req, NULL, "api_key", NULL, 0, 0, &t) == POLICY_ERR_DENIED, "nor one with bounds of its own");
	chaos_check(token(p, &as_other.req, "guest", "session", NULL, 0, 0, &t) == POLICY_ERR_DENIED, "nor for another");
	chaos_check(token(p, as_token(&as_other, "ann", "", "login", "tokens:create"), NULL, "session", NULL, 0, 0, &t) ==
	    POLICY_ERR_DENIED, "nor more than its scopes");
	chaos_check(token(p, as_token(&as_other, "ann", "", "session", NULL), NULL, "token", NULL, 0, 0, &t) == 0, "a session has no bounds");
	chaos_check(token(p, as_token(&as_other, "ann", "", "api_key", NULL), NULL, "session", NULL, 0, 0, &t) == POLICY_ERR_DENIED,
	    "a kind that yields nothing makes its like");
}

/* ---- who gives what ---- */

enum { UNSCOPED, SCOPED, KEY, WINDOWED, BY_CLAIM, OTHER, MINTERS };
static const char *const minters[MINTERS] = { "unscoped", "scoped", "api key", "windowed role", "role by the credential", "escalate" };
enum { WIDER, EQUAL, NARROWER, LONGER, FOR_OTHER, ROLE_HELD, ROLE_WIDER, ROLE_SHORT, MINTED };
static const char *const minted[MINTED] = { "unscoped token", "equal scopes", "narrower scopes", "longer life", "for another user",
	"a role held", "a role not held", "a role in a window" };

#define D POLICY_ERR_DENIED
static const int table[MINTERS][MINTED] = {
	/*             wider equal narrower longer other role wider short */
	[UNSCOPED] = { 0, 0, 0, 0, 0, 0, D, 0 },
	[SCOPED] =   { D, 0, 0, D, 0, D, D, D },
	[KEY] =      { D, 0, 0, D, D, D, D, D },	/* of its own kind alone */
	[WINDOWED] = { 0, 0, 0, 0, 0, D, D, 0 },
	[BY_CLAIM] = { 0, 0, 0, 0, 0, D, D, D },
	[OTHER] =    { 0, 0, 0, 0, 0, 0, 0, 0 },
};

static int
mint(struct policy *p, const struct policy_request *as, int minter, int what, struct told *t)
{
	const char *kind = minter == KEY ? "api_key" : "token";
	const int64_t soon = admins_time + DAY;

	switch (what) {
	case WIDER:
		return token(p, as, NULL, minter == KEY ? "token" : kind, NULL, soon, 0, t);
	case EQUAL:
		return token(p, as, NULL, kind, "tokens:create grants:create read", soon, 0, t);
	case NARROWER:
		return token(p, as, NULL, kind, "read", soon, 0, t);
	case LONGER:
		return token(p, as, NULL, kind, "read", admins_time + 10 * DAY, 0, t);
	case FOR_OTHER:
		return token(p, as, "guest", minter == KEY ? "token" : kind, "read", soon, 0, t);
	case ROLE_HELD:
		return grant(p, as, "guest", "reader", NULL, 0, 0, t);
	case ROLE_WIDER:
		return grant(p, as, "guest", "admin", NULL, 0, 0, t);
	default:
		return grant(p, as, "guest", "reader", "doc/a/*", admins_time, soon, t);
	}
}

/* Each minter manages; what he holds beside that, and by what he asks, is his own. */
static const struct policy_request *
minter_as(struct policy *p, struct as *as, int minter)
{
	static char ids[MINTERS][64];
	static const char scopes[] = "tokens:create grants:create read";
	struct told t = { .n = 0 };
	char name[16];
	static char names[MINTERS][16];

	snprintf(name, sizeof(name), "m%d", minter);
	memcpy(names[minter], name, sizeof(name));
	(void)user(p, root, name, 0, &t);
	(void)grant(p, root, name, minter == OTHER ? "admin" : "manager", NULL, 0, 0, &t);
	if (minter == WINDOWED)
		(void)grant(p, root, name, "writer", NULL, admins_time - DAY, admins_time + 5 * DAY, &t);
	else if (minter != BY_CLAIM)
		(void)grant(p, root, name, "writer", NULL, 0, 0, &t);
	as_user(as, names[minter]);
	if (minter == SCOPED || minter == KEY) {
		chaos_check(token(p, &as->req, NULL, minter == KEY ? "api_key" : "token", scopes, admins_time + 2 * DAY, 0, &t) == 0, "a minter's own");
		memcpy(ids[minter], t.id, sizeof(t.id));
		as_token(as, names[minter], ids[minter], minter == KEY ? "api_key" : "token", scopes);
	}
	if (minter == BY_CLAIM) {
		as->groups[0] = policy_text("ops");
		as->req.groups = as->groups;
		as->req.groups_count = 1;
	}
	return &as->req;
}

static void
matrix(struct policy *p)
{
	struct told t = { .n = 0 };
	struct as as;
	char what[256];

	chaos_check(user(p, root, "guest", 0, &t) == 0, "a guest");
	for (int m = 0; m < MINTERS; m++) {
		const struct policy_request *by = minter_as(p, &as, m);

		for (int w = 0; w < MINTED; w++) {
			const int rc = mint(p, by, m, w, &t);

			snprintf(what, sizeof(what), "%s makes %s: %d, wanted %d (%.100s)", minters[m], minted[w], rc, table[m][w], admins_err.text);
			chaos_check(rc == table[m][w], what);
			if (w == FOR_OTHER && rc == 0)
				chaos_check(((t.flags & POLICY_TOKEN_ACTOR) != 0) == (m != OTHER), "whose maker has to be allowed too");
		}
	}
	/* what is held on a part is given on that part alone */
	chaos_check(user(p, root, "part", 0, &t) == 0 && grant(p, root, "part", "manager", NULL, 0, 0, &t) == 0 &&
	    grant(p, root, "part", "writer", "doc/a/**", 0, 0, &t) == 0, "one who holds a part");
	as_user(&as, "part");
	chaos_check(grant(p, &as.req, "guest", "reader", "doc/a/b", 0, 0, &t) == 0, "a thing in it");
	chaos_check(grant(p, &as.req, "guest", "reader", "doc/a/*/c", 0, 0, &t) == 0, "a pattern in it");
	chaos_check(grant(p, &as.req, "guest", "reader", "doc/*/b", 0, 0, &t) == D, "a pattern that reaches out");
	chaos_check(grant(p, &as.req, "guest", "reader", "doc", 0, 0, &t) == D, "all of the type");
	chaos_check(grant(p, &as.req, "guest", "reader", NULL, 0, 0, &t) == D, "everywhere");
	chaos_check(grant(p, &as.req, "guest", "reader", "page/1", 0, 0, &t) == POLICY_ERR_INVALID, "no such type");
	chaos_check(grant(p, &as.req, "guest", "king", NULL, 0, 0, &t) == POLICY_ERR_INVALID, "no such role");
}

/* ---- the last ---- */

static void
last(struct policy *p)
{
	const struct policy_text chiefs[] = { POLICY_TEXT("chiefs") };
	struct policy_user to = POLICY_USER_INIT;
	struct told t = { .n = 0 }, g = { .n = 0 };
	struct as as;

	chaos_check(bootstrap(p, "second", &t) == POLICY_ERR_INVALID, "there is a first one");
	chaos_check(sane(policy_user_delete(p, root, "root", &admins_err)) == POLICY_ERR_INVALID, "not deleted");
	to.flags = POLICY_USER_DISABLED;
	chaos_check(sane(policy_user_change(p, root, "root", POLICY_CHANGE_FLAGS, &to, &admins_err)) == POLICY_ERR_INVALID, "not disabled");
	chaos_check(grant(p, root, "root", "barred", NULL, 0, 0, &g) == POLICY_ERR_INVALID, "not barred");
	chaos_check(sane(policy_grant_list(p, root, "root", told_grant, &g, &admins_err)) == 0 && strcmp(g.text, "admin") == 0, "its grant");
	chaos_check(sane(policy_grant_remove(p, root, g.id, &admins_err)) == POLICY_ERR_INVALID, "not stripped");
	chaos_check(user(p, root, "second", 0, &t) == 0 && grant(p, root, "second", "admin", NULL, 0, admins_time + DAY, &t) == 0, "one for a day");
	chaos_check(sane(policy_grant_remove(p, root, g.id, &admins_err)) == POLICY_ERR_INVALID, "who counts for none");
	to.groups = chiefs;
	to.groups_count = 1;
	chaos_check(sane(policy_user_change(p, root, "second", POLICY_CHANGE_GROUPS, &to, &admins_err)) == 0, "one by his group");
	chaos_check(sane(policy_grant_remove(p, root, g.id, &admins_err)) == 0, "the first may go");
	to.groups_count = 0;
	as_user(&as, "second");
	chaos_check(sane(policy_user_change(p, &as.req, "second", POLICY_CHANGE_GROUPS, &to, &admins_err)) == POLICY_ERR_INVALID, "the group's stays");
	chaos_check(grant(p, &as.req, "root", "admin", NULL, 0, 0, &t) == 0, "the first again");
	chaos_check(sane(policy_user_delete(p, root, "second", &admins_err)) == 0, "the second may go");
}

struct racer {
	struct policy *p;
	const char *as, *victim;
	pthread_barrier_t *barrier;
	int rc;
};

static void *
run_racer(void *ctx)
{
	struct policy_error err = POLICY_ERROR_INIT;
	struct racer *r = ctx;
	struct as as;

	pthread_barrier_wait(r->barrier);
	r->rc = policy_user_delete(r->p, as_user(&as, r->as), r->victim, &err);
	return NULL;
}

/* Two, each by a handle of its own, delete each other: one of them stays. */
static void
races(int sqlite, int n)
{
	struct policy *p = NULL, *other = NULL;
	unsigned both = 0, none = 0, odd = 0, left = 0;

	for (int i = 0; i < n; i++) {
		struct policy_request req;
		struct told t = { .n = 0 };
		struct as as;
		pthread_barrier_t barrier;
		pthread_t thread;
		struct racer a, b;

		if (i % 100 == 0) {
			(void)admins_fresh(sqlite);
			policy_close(p);
			policy_close(other);
			p = admins_open();
			other = admins_open();
		}
		if (i % 100 == 0 && bootstrap(p, "one", &t) != 0)
			odd++;
		req = *as_user(&as, may(p, as_user(&as, "one"), "policy:escalate", "user", "") ? "one" : "two");
		if (user(p, &req, strcmp(req.subject_id.data, "one") == 0 ? "two" : "one", POLICY_USER_REUSE, &t) != 0 ||
		    grant(p, &req, strcmp(req.subject_id.data, "one") == 0 ? "two" : "one", "admin", NULL, 0, 0, &t) != 0)
			odd++;
		pthread_barrier_init(&barrier, NULL, 2);
		a = (struct racer){ p, "one", "two", &barrier, 1 };
		b = (struct racer){ other, "two", "one", &barrier, 1 };
		if (pthread_create(&thread, NULL, run_racer, &b) != 0)
			abort();
		run_racer(&a);
		pthread_join(thread, NULL);
		pthread_barrier_destroy(&barrier);
		both += a.rc == 0 && b.rc == 0;
		none += a.rc != 0 && b.rc != 0;
		(void)sane(policy_user_list(p, as_user(&as, "nobody"), told_user, &t, &admins_err));	/* p catches up */
		left += (unsigned)may(p, as_user(&as, "one"), "policy:escalate", "user", "") + (unsigned)may(p, as_user(&as, "two"), "policy:escalate", "user", "");
	}
	policy_close(p);
	policy_close(other);
	if (!chaos_check(both == 0 && none == 0 && odd == 0 && left == (unsigned)n, "of two who delete each other one is left"))
		printf("    both %u, none %u, odd %u, left %u\n", both, none, odd, left);
}

static void
without(void)
{
	struct policy_options opt = POLICY_OPTIONS_INIT;
	struct told t = { .n = 0 };
	struct policy *p = NULL;

	if (!chaos_check(policy_open_text(&p, "set", admins_rules, sizeof(admins_rules) - 1, &opt, &admins_err) == 0, "a set without a store"))
		return;
	chaos_check(user(p, root, "x", 0, &t) == POLICY_ERR_UNSUPPORTED, "has no users to manage");
	chaos_check(sane(policy_user_list(p, NULL, told_user, &t, &admins_err)) == POLICY_ERR_ARG, "nobody asks");
	policy_close(p);
}

static void
all(int sqlite)
{
	struct told t = { .n = 0 };
	struct policy *p = admins_open();

	if (!chaos_check(p != NULL, "the set opens"))
		return;
	chaos_check(bootstrap(p, "root", &t) == 0, "the first user");
	users(p);
	passwords(p);
	tokens(p);
	logins(p);
	matrix(p);
	policy_close(p);
	(void)admins_fresh(sqlite);
	p = admins_open();
	chaos_check(bootstrap(p, "root", &t) == 0, "the first user of an empty store");
	last(p);
	policy_close(p);
	races(sqlite, sqlite ? RACES / 10 : RACES);
}

int
main(void)
{
	admins_err.size = sizeof(admins_err);
	if (!chaos_check(admins_begin(), "shared memory, and modules to load"))
		return chaos_finish();
	root = as_user(&as_root, "root");
	for (int sqlite = 0; sqlite < 2; sqlite++) {
		if (admins_fresh(sqlite))
			all(sqlite);
		else
			chaos_skip(1, "the same on SQLite (no such module)");
	}
	without();
	admins_end();
	return chaos_finish();
}
