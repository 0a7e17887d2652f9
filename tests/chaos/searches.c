/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Searches while sets are replaced, processes are forked and a store changes or is silent:
 * what a search finds is of one set, what it holds is freed when it has ended, and no reload
 * waits for it.
 */
#include "child.h"

#include <pthread.h>
#include <stdatomic.h>

#include <policy_module.h>

#include "api/handle.h"
#include "api/store.h"

enum { SEARCHERS = 3, USERS = 200, RELOADS = 300, SECONDS = 4 };

static char set_path[64], set_fresh[64];

/* People whose names begin so, and who alone may. */
static int
put_set(char initial)
{
	FILE *f = fopen(set_fresh, "we");

	if (f == NULL)
		return 0;
	fprintf(f, "policy: 1\nactions: [go, stay]\nroles: { r: { allow: go } }\nusers:\n");
	for (int i = 0; i < USERS; i++)
		fprintf(f, "  %c%03d: { roles: r }\n  x%c%d:\n", initial, i, initial, i);
	return fclose(f) == 0 && chmod(set_fresh, 0644) == 0 && rename(set_fresh, set_path) == 0;
}

struct seen {
	struct policy *p;
	unsigned n, wrong;
	char initial;
	int (*within)(struct seen *s);	/* once, at the first that is found */
	void *what;
};

static int
see(void *ctx, struct policy_text type, struct policy_text id)
{
	struct seen *s = ctx;

	if (s->n == 0)
		s->initial = id.data[0];
	s->wrong += id.len != 4 || id.data[0] != s->initial || type.len != 4;
	return s->n++ == 0 && s->within != NULL ? s->within(s) : 0;
}

static int
search(struct seen *s)
{
	struct policy_request req = POLICY_REQUEST_INIT;

	s->n = s->wrong = 0;
	req.action = policy_text("go");
	return policy_search(s->p, POLICY_SEEK_SUBJECT, &req, see, s, NULL);
}

static bool
is_whole(struct policy *p, int (*within)(struct seen *s), void *what)
{
	struct seen s = { .p = p, .within = within, .what = what };

	return search(&s) == 0 && s.n == USERS && s.wrong == 0;
}

/* ---- beside reloads ---- */

static atomic_int stop;
static atomic_ulong searches, mixed;

static int
now_and_then(struct seen *s)
{
	(void)s;
	if (atomic_load(&searches) % 7 == 0)
		nap(1);
	return 0;
}

static void *
searcher(void *p)
{
	struct policy_status status = POLICY_STATUS_INIT;

	while (!atomic_load(&stop)) {
		if (!is_whole(p, now_and_then, NULL) || policy_get_status(p, &status) != 0 || status.users != 2 * USERS)
			atomic_fetch_add(&mixed, 1);
		atomic_fetch_add(&searches, 1);
	}
	return NULL;
}

static void *
decider(void *p)
{
	struct policy_request req = POLICY_REQUEST_INIT;
	struct policy_decision d = POLICY_DECISION_INIT;

	req.subject_id = policy_text("a001");
	req.action = policy_text("go");
	while (!atomic_load(&stop)) {
		if (policy_decide(p, &req, &d) != 0)
			atomic_fetch_add(&mixed, 1);
	}
	return NULL;
}

static void
storm(void)
{
	pthread_t t[SEARCHERS + 1];
	struct policy *p = NULL;
	time_t end = time(NULL) + SECONDS;
	unsigned failed = 0;
	int n;

	if (!chaos_check(put_set('a') && policy_open(&p, set_path, NULL, NULL) == 0, "the set does not open"))
		return;
	for (int i = 0; i <= SEARCHERS; i++)
		pthread_create(&t[i], NULL, i < SEARCHERS ? searcher : decider, p);
	for (n = 0; n < RELOADS && time(NULL) < end; n++)
		failed += !put_set(n % 2 ? 'a' : 'b') || policy_reload(p, NULL) != 0;
	atomic_store(&stop, 1);
	for (int i = 0; i <= SEARCHERS; i++)
		pthread_join(t[i], NULL);
	chaos_check(failed == 0, "a reload failed");
	chaos_check(mixed == 0, "a search was answered by two sets");
	chaos_check(searches > 0 && n > 1, "nobody searched, or nobody reloaded");
	chaos_check(put_set('a') && policy_reload(p, NULL) == 0 && p->n_waiting == 0, "what was replaced is freed");
	printf("%d reloads, %lu searches\n", n, (unsigned long)searches);
	policy_close(p);
}

/* ---- what is held ---- */

static int
reloads_within(struct seen *s)
{
	struct policy *p = s->p;

	chaos_check(put_set('b') && policy_reload(p, NULL) == 0 && p->n_waiting == 1, "a reload does not free what is held");
	chaos_check(policy_reload(p, NULL) == 0 && p->n_waiting == 2, "nor does the next");
	chaos_check(is_whole(p, NULL, NULL), "a search within a search");
	return 0;
}

static void
held_and_freed(void)
{
	struct policy *p = NULL;
	struct seen s = { .n = 0 };

	if (!chaos_check(put_set('a') && policy_open(&p, set_path, NULL, NULL) == 0, "the set does not open"))
		return;
	s.p = p;
	s.within = reloads_within;
	chaos_check(search(&s) == 0 && s.n == USERS && s.wrong == 0 && s.initial == 'a', "the search goes on with what it holds");
	chaos_check(p->n_waiting == 0, "and then it is freed");
	policy_close(p);
}

/* ---- and forked ---- */

static int
forks_within(struct seen *s)
{
	struct policy *p = s->p;
	pid_t *pid = s->what;

	*pid = fork();
	if (*pid == 0) {
		alarm(CHILD_SECONDS);
		/* what the search held is nobody's here: it may be freed */
		HOLDS(policy_reload(p, NULL) == 0 && policy_reload(p, NULL) == 0 && p->n_waiting == 0);
		HOLDS(is_whole(p, NULL, NULL));
	}
	return 0;
}

static int
forks_at_once(struct seen *s)
{
	*(pid_t *)s->what = fork();
	return 0;
}

static void
forked_within(int (*within)(struct seen *s), const char *what)
{
	struct policy *p = NULL;
	struct seen s = { .n = 0 };
	pid_t pid = -1;
	int rc;

	if (!chaos_check(put_set('a') && policy_open(&p, set_path, NULL, NULL) == 0, "the set does not open"))
		return;
	s.p = p;
	s.within = within;
	s.what = &pid;
	bad = 0;
	rc = search(&s);
	if (pid == 0) {
		HOLDS(rc == POLICY_ERR_UNAVAILABLE && s.n == 1);
		HOLDS(is_whole(p, NULL, NULL) && policy_reload(p, NULL) == 0 && p->n_waiting == 0);
		policy_close(p);
		_exit(bad);
	}
	chaos_check(rc == 0 && s.n == USERS && s.wrong == 0, "the parent's search");
	chaos_check(status_of(pid) == 0, what);
	chaos_check(policy_reload(p, NULL) == 0 && p->n_waiting == 0, "the parent frees");
	policy_close(p);
}

static atomic_int inside;

static int
stays_within(struct seen *s)
{
	(void)s;
	atomic_store(&inside, 1);
	while (atomic_load(&inside) != 2)
		nap(1);
	return 0;
}

static void *
stays(void *p)
{
	return (void *)(uintptr_t)is_whole(p, stays_within, NULL);
}

#ifndef CHAOS_SANITIZER
static void
in_child(struct policy *p)
{
	HOLDS(policy_reload(p, NULL) == 0 && p->n_waiting == 0);
	HOLDS(is_whole(p, NULL, NULL));
}
#endif

static void
forked_beside(void)
{
	struct policy *p = NULL;
	void *whole = NULL;
	pthread_t t;

	if (!chaos_check(put_set('a') && policy_open(&p, set_path, NULL, NULL) == 0, "the set does not open"))
		return;
	pthread_create(&t, NULL, stays, p);
	while (atomic_load(&inside) != 1)
		nap(1);
#ifdef CHAOS_SANITIZER
	chaos_skip(1, "a child beside another thread (a sanitizer's allocator)");
#else
	chaos_check(run_child(p, in_child) == 0, "who stays in the parent does not stay in the child");
#endif
	chaos_check(policy_reload(p, NULL) == 0 && p->n_waiting == 1, "he does in the parent");
	atomic_store(&inside, 2);
	pthread_join(t, &whole);
	chaos_check(whole != NULL && p->n_waiting == 0, "until he ends");
	policy_close(p);
}

/* ---- of a store ---- */

static char names[256];

static int
name(void *ctx, struct policy_text type, struct policy_text id)
{
	(void)ctx;
	(void)type;
	snprintf(names + strlen(names), sizeof(names) - strlen(names), "%.*s ", (int)id.len, id.data);
	return 0;
}

static const char *
who(struct policy *p)
{
	struct policy_request req = POLICY_REQUEST_INIT;
	int rc;

	names[0] = '\0';
	req.action = policy_text("read");
	req.resource_type = policy_text("doc");
	req.resource_id = policy_text("1");
	rc = policy_search(p, POLICY_SEEK_SUBJECT, &req, name, NULL, NULL);
	if (rc != 0)
		snprintf(names, sizeof(names), "%d", rc);
	return names;
}

static const char *
what(struct policy *p, const char *subject, const char *bearer, uint32_t flags)
{
	struct policy_credential c = { .kind = POLICY_TEXT("bearer") };
	struct policy_request req = POLICY_REQUEST_INIT;
	int rc;

	names[0] = '\0';
	c.data = policy_text(bearer);
	req.flags = flags;
	req.credentials = bearer != NULL ? &c : NULL;
	req.credentials_count = bearer != NULL;
	req.subject_id = policy_text(subject);
	req.action = policy_text("read");
	req.resource_type = policy_text("doc");
	rc = policy_search(p, POLICY_SEEK_RESOURCE, &req, name, NULL, NULL);
	if (rc != 0)
		snprintf(names, sizeof(names), "%d", rc);
	return names;
}

static struct policy_row
row(uint32_t kind, const char *id, const char *named, const char *owner, const char *on, uint32_t flags)
{
	struct policy_row r = POLICY_ROW_INIT;

	r.kind = kind;
	r.id = policy_text(id);
	r.name = policy_text(named);
	r.owner = policy_text(owner);
	r.resource = policy_text(on);
	r.flags = flags;
	return r;
}

#define IS(text, wanted) chaos_check(strcmp(text, wanted) == 0, wanted[0] != '\0' ? wanted : "(nothing)")

static void
stored(void)
{
	const struct policy_row rows[] = {
		row(POLICY_ROW_USER, "u1", "bob", NULL, NULL, 0), row(POLICY_ROW_GRANT, "g1", "reader", "u1", "doc/1", 0),
		row(POLICY_ROW_USER, "u2", "cy", NULL, NULL, 0), row(POLICY_ROW_GRANT, "g2", "reader", "u2", "doc", 0),
		row(POLICY_ROW_USER, "u3", "dan", NULL, NULL, 0), row(POLICY_ROW_GRANT, "g3", "reader", "u3", "doc/3", 0) };
	const struct policy_row off = row(POLICY_ROW_USER, "u1", "bob", NULL, NULL, POLICY_ROW_OFF);
	const struct policy_row gone = row(POLICY_ROW_USER, "u2", "cy", NULL, NULL, POLICY_ROW_GONE);
	struct policy_status status = POLICY_STATUS_INIT;
	struct policy *p;

	make_set("60s");
	p = open_probed(POLICY_NO_THREAD);
	if (!chaos_check(p != NULL && pol_store_write(p, rows, 6, pol_store_seen(p), NULL) == 0, "the set"))
		return;
	IS(who(p), "alice bob cy ");
	IS(what(p, "cy", NULL, 0), "1 3 ");
	IS(what(p, "bob", NULL, 0), "1 ");
	IS(what(p, "dan", NULL, 0), "3 ");
	chaos_check(policy_get_status(p, &status) == 0 && status.users == 3 && status.grants == 4 && status.tokens == 0 &&
	    status.store_stale_ns == INT64_C(60000000000) && status.store_age_ns >= 0 && status.store_age_ns < status.store_stale_ns,
	    "how it does");
	chaos_check(pol_store_write(p, &off, 1, pol_store_seen(p), NULL) == 0, "disabled");
	IS(who(p), "alice cy ");
	IS(what(p, "bob", NULL, 0), "");
	chaos_check(pol_store_write(p, &gone, 1, pol_store_seen(p), NULL) == 0, "deleted");
	IS(who(p), "alice ");
	chaos_check(policy_get_status(p, &status) == 0 && status.users == 1, "who counts");
	policy_close(p);
}

static void
silent(void)
{
	struct policy *p;

	make_set("1s");
	p = open_probed(0);
	if (!chaos_check(p != NULL, "the set"))
		return;
	IS(who(p), "alice ");
	memory->fails = POLICY_ERR_IO;
	COMES_TRUE(atoi(who(p)) == POLICY_ERR_UNAVAILABLE, "nobody knows who there is");
	IS(what(p, "alice", NULL, 0), "1 ");
	memory->fails = 0;
	COMES_TRUE(strcmp(who(p), "alice ") == 0, "and again");
	policy_close(p);
}

/* ---- with credentials ---- */

static void
with_credentials(void)
{
	struct policy_request req = POLICY_REQUEST_INIT;
	struct policy_credential c = { .kind = POLICY_TEXT("bearer"), .data = POLICY_TEXT("one") };
	struct policy *p;
	unsigned checked;

	memory->n = memory->used = 0;
	make_set(NULL);
	p = open_probed(0);
	if (!chaos_check(p != NULL, "the set"))
		return;
	checked = probe->checked;
	IS(what(p, NULL, "one", 0), "1 ");
	chaos_check(probe->checked == checked + 1, "judged once");
	IS(what(p, NULL, "one", POLICY_NONBLOCK), "1 ");
	IS(what(p, NULL, "two", 0), "");
	chaos_check(atoi(what(p, "alice", "one", 0)) == POLICY_ERR_ARG, "a subject beside them");
	req.credentials = &c;
	req.credentials_count = 1;
	req.action = policy_text("read");
	chaos_check(policy_search(p, POLICY_SEEK_SUBJECT, &req, name, NULL, NULL) == POLICY_ERR_ARG, "whose they are is no question");
	policy_close(p);
}

int
main(void)
{
	if (!chaos_check(begin_probed(), "cannot begin"))
		return chaos_finish();
	begin_children();
	snprintf(set_path, sizeof(set_path), "%s/set.yaml", probed_dir);
	snprintf(set_fresh, sizeof(set_fresh), "%s/set.new", probed_dir);
	held_and_freed();
	forked_within(forks_within, "a child that reloads within the search it was forked in");
	forked_within(forks_at_once, "a child that was forked within a search");
	forked_beside();
	stored();
	silent();
	with_credentials();
	storm();
	unlink(set_path);
	unlink(set_fresh);
	end_probed();
	return chaos_finish();
}
