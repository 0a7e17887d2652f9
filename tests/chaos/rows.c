/* SPDX-License-Identifier: Apache-2.0 */
/*
 * People of a store, through a handle: seen at opening, by polling and by writing; ended,
 * shadowed, made anew; in a child; with allocations that fail; while threads decide.
 */
#include "probed.h"

#include <pthread.h>
#include <policy_module.h>
#include <stdbool.h>
#include <sys/wait.h>

#include "api/store.h"
#include "people/fact.h"

#ifndef CHAOS_SANITIZER
#include "heap.h"
#endif

/* On top of all that is in force here. */
static int
write_rows(struct policy *p, const struct policy_row *rows, size_t n, struct policy_error *err)
{
	return pol_store_write(p, rows, n, pol_store_seen(p), err);
}

static int
sync_rows(struct policy *p, struct policy_error *err)
{
	uint64_t seen;

	return pol_store_sync(p, &seen, err);
}

static struct policy_row
user(const char *uid, const char *name, uint32_t flags)
{
	struct policy_row r = POLICY_ROW_INIT;

	r.kind = POLICY_ROW_USER;
	r.id = policy_text(uid);
	r.name = policy_text(name);
	r.flags = flags;
	return r;
}

static struct policy_row
grant(const char *id, const char *owner, const char *role, const char *on, uint32_t flags)
{
	struct policy_row r = POLICY_ROW_INIT;

	r.kind = POLICY_ROW_GRANT;
	r.id = policy_text(id);
	r.owner = policy_text(owner);
	r.name = policy_text(role);
	r.resource = policy_text(on);
	r.flags = flags;
	return r;
}

static enum policy_reason
may(struct policy *p, const char *who)
{
	struct policy_request req = POLICY_REQUEST_INIT;
	struct policy_decision d = POLICY_DECISION_INIT;

	req.subject_id = policy_text(who);
	req.action = policy_text("read");
	req.resource_type = policy_text("doc");
	req.resource_id = policy_text("1");
	if (policy_decide(p, &req, &d) != 0)
		return POLICY_REASON_ERROR;
	return d.verdict == POLICY_ALLOW ? POLICY_REASON_RULE : (enum policy_reason)d.reason;
}

/* What somebody else, another process as it were, writes. */
static int
elsewhere(const struct policy_row *rows, size_t n)
{
	struct policy *other = open_probed(POLICY_NO_THREAD);
	int rc = other == NULL ? POLICY_ERR_INTERNAL : write_rows(other, rows, n, NULL);

	policy_close(other);
	return rc;
}

static void
begin(void)
{
	memory->n = memory->used = 0;
	make_set("60s");
}

static void
written_here_and_elsewhere(void)
{
	const struct policy_row both[] = { grant("g1", "u1", "reader", "doc/1", 0), user("u1", "bob", 0) };
	const struct policy_row off[] = { user("u1", "bob", POLICY_ROW_OFF) }, on[] = { user("u1", "bob", 0) };
	const struct policy_row gone[] = { user("u1", "bob", POLICY_ROW_GONE) }, anew[] = { user("u2", "bob", 0) };
	const struct policy_row other[] = { user("u3", "cy", 0), grant("g3", "u3", "reader", "doc", 0), grant("g4", "u3", "none", "doc", 0) };
	struct policy *p;

	begin();
	p = open_probed(POLICY_NO_THREAD);
	if (!chaos_check(p != NULL && may(p, "bob") == POLICY_REASON_NO_RULE, "the set"))
		return;
	chaos_check(write_rows(p, both, 2, NULL) == 0 && may(p, "bob") == POLICY_REASON_RULE, "in force when it is written");
	chaos_check(write_rows(p, off, 1, NULL) == 0 && may(p, "bob") == POLICY_REASON_REVOKED, "disabled");
	chaos_check(policy_reload(p, NULL) == 0 && may(p, "bob") == POLICY_REASON_REVOKED, "over a reload too");
	chaos_check(write_rows(p, on, 1, NULL) == 0 && may(p, "bob") == POLICY_REASON_RULE, "and back");
	chaos_check(policy_reload(p, NULL) == 0 && may(p, "bob") == POLICY_REASON_RULE && memory->opened == memory->closed + 1,
	    "a reload reads no store again");
	chaos_check(write_rows(p, gone, 1, NULL) == 0 && may(p, "bob") == POLICY_REASON_REVOKED, "deleted");
	chaos_check(write_rows(p, anew, 1, NULL) == 0 && may(p, "bob") == POLICY_REASON_NO_RULE, "made anew: nothing of the old one");
	chaos_check(elsewhere(other, 3) == 0 && may(p, "cy") == POLICY_REASON_NO_RULE, "not seen yet");
	chaos_check(write_rows(p, on, 1, NULL) == POLICY_ERR_AGAIN && may(p, "cy") == POLICY_REASON_NO_RULE, "another wrote");
	chaos_check(sync_rows(p, NULL) == 0 && may(p, "cy") == POLICY_REASON_RULE, "caught up");
	memory->apply_fails = 5;
	chaos_check(write_rows(p, both, 2, NULL) == POLICY_ERR_UNAVAILABLE && may(p, "bob") == POLICY_REASON_NO_RULE, "nobody knows");
	memory->apply_fails = 0;
	chaos_check(sync_rows(p, NULL) == 0 && may(p, "bob") == POLICY_REASON_NO_RULE, "u2, made as late, has the name");
	policy_close(p);
	p = open_probed(POLICY_NO_THREAD);
	chaos_check(p != NULL && may(p, "cy") == POLICY_REASON_RULE, "at opening");
	policy_close(p);
}

/* By whoever: alone, beside another, as who acts for another. */
static enum policy_reason
may_for(struct policy *p, const char *who, const char *actor)
{
	struct policy_request req[2] = { POLICY_REQUEST_INIT, POLICY_REQUEST_INIT };
	struct policy_decision d[2] = { POLICY_DECISION_INIT, POLICY_DECISION_INIT };

	req[0].subject_id = policy_text("alice");
	req[0].action = policy_text("read");
	req[0].resource_type = policy_text("doc");
	req[0].resource_id = policy_text("1");
	req[1] = req[0];
	req[1].subject_id = policy_text(who);
	req[1].actor_id = policy_text(actor);
	if (policy_decide_many(p, req, 2, d) != 0 || d[0].verdict != POLICY_ALLOW)
		return POLICY_REASON_ERROR;
	return d[1].verdict == POLICY_ALLOW ? POLICY_REASON_RULE : (enum policy_reason)d[1].reason;
}

/* Behind one that is refused, which is the error that the row has. */
static enum policy_reason
may_behind(struct policy *p, const char *who, int wanted)
{
	static char long_id[300];
	struct policy_request req[2] = { POLICY_REQUEST_INIT, POLICY_REQUEST_INIT };
	struct policy_decision d[2] = { POLICY_DECISION_INIT, POLICY_DECISION_INIT };

	memset(long_id, 'x', sizeof(long_id));
	req[0].action = req[1].action = policy_text("read");
	req[0].resource_type = req[1].resource_type = policy_text("doc");
	req[0].resource_id = req[1].resource_id = policy_text("1");
	if (wanted == POLICY_ERR_LIMIT)
		req[0].subject_id = (struct policy_text){ long_id, sizeof(long_id) };
	else
		req[0].subject_id = policy_text("");
	req[1].subject_id = policy_text(who);
	if (policy_decide_many(p, req, 2, d) != wanted || d[0].verdict == POLICY_ALLOW || d[0].reason == POLICY_REASON_UNAVAILABLE)
		return POLICY_REASON_ERROR;
	return d[1].verdict == POLICY_ALLOW ? POLICY_REASON_RULE : (enum policy_reason)d[1].reason;
}

/* What the store said last is believed so long and no longer; files' people go on. */
static void
too_old(void)
{
	const struct policy_row rows[] = { user("u1", "bob", 0), grant("g1", "u1", "reader", "doc/1", 0) };
	struct policy *p;

	begin();
	make_set("1s");
	p = open_probed(0);
	if (!chaos_check(p != NULL && write_rows(p, rows, 2, NULL) == 0 && may(p, "bob") == POLICY_REASON_RULE, "the set"))
		return;
	chaos_check(may_for(p, "bob", NULL) == POLICY_REASON_RULE && may_for(p, "alice", "bob") == POLICY_REASON_RULE, "while it answers");
	memory->fails = POLICY_ERR_IO;
	COMES_TRUE(may(p, "bob") == POLICY_REASON_UNAVAILABLE, "a user of the store");
	chaos_check(may_for(p, "bob", NULL) == POLICY_REASON_UNAVAILABLE, "in a row");
	chaos_check(may_for(p, "alice", "bob") == POLICY_REASON_UNAVAILABLE, "as who acts");
	chaos_check(may_behind(p, "bob", POLICY_ERR_LIMIT) == POLICY_REASON_UNAVAILABLE &&
	    may_behind(p, "bob", POLICY_ERR_ARG) == POLICY_REASON_UNAVAILABLE, "in a row, behind one that is refused");
	chaos_check(may_behind(p, "alice", POLICY_ERR_LIMIT) == POLICY_REASON_RULE, "who is the file's, there too");
	chaos_check(may(p, "alice") == POLICY_REASON_RULE && may(p, "nobody") == POLICY_REASON_NO_RULE, "who is not the store's");
	memory->fails = 0;
	COMES_TRUE(may(p, "bob") == POLICY_REASON_RULE, "and again");
	policy_close(p);
}

/* alice is the file's. */
static void
shadowed(void)
{
	const struct policy_row rows[] = { user("u9", "alice", POLICY_ROW_OFF), grant("g9", "u9", "reader", "doc/2", 0) };
	struct policy_row row;
	struct policy *p;

	begin();
	p = open_probed(POLICY_NO_THREAD);
	chaos_check(p != NULL && write_rows(p, rows, 2, NULL) == 0 && may(p, "alice") == POLICY_REASON_RULE, "no store takes from a file's");
	chaos_check(pol_fact_user(pol_people_view(atomic_load(&p->now)->people), policy_text(NULL), policy_text("alice"), &row) &&
	    pol_fact_standing(pol_people_view(atomic_load(&p->now)->people), &row) == POL_STANDING_SHADOWED, "and it is told so");
	policy_close(p);
}

static void
children(void)
{
	const struct policy_row rows[] = { user("u1", "bob", 0), grant("g1", "u1", "reader", "doc/1", 0) };
	const struct policy_row off[] = { user("u1", "bob", POLICY_ROW_OFF) };
	struct policy *p;

	begin();
	p = open_probed(POLICY_NO_THREAD);
	if (!chaos_check(p != NULL && write_rows(p, rows, 2, NULL) == 0, "the set"))
		return;
	for (int busy = 0; busy < 2; busy++) {
		int status = -1;
		pid_t pid;

		atomic_store(&p->busy, (uint32_t)busy);
		atomic_fetch_add(&p->wiped->store.drawn, (uint32_t)busy);	/* as if a thread were at it */
		pid = fork();
		if (pid == 0) {
			int bad = may(p, "bob") != POLICY_REASON_RULE;

			bad |= (write_rows(p, off, 1, NULL) != 0) << 1;
			bad |= (may(p, "bob") != POLICY_REASON_REVOKED) << 2;
			_exit(bad);
		}
		atomic_fetch_sub(&p->wiped->store.drawn, (uint32_t)busy);
		atomic_store(&p->busy, 0);
		chaos_check(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0, busy ? "a child of a busy parent" : "a child");
		chaos_check(sync_rows(p, NULL) == 0 && may(p, "bob") == POLICY_REASON_REVOKED, "its parent hears of it");
		chaos_check(write_rows(p, rows, 1, NULL) == 0 && may(p, "bob") == POLICY_REASON_RULE, "and back");
	}
	policy_close(p);
}

static atomic_int stop, wrong;

/* bob and cy are written as one: both may, or neither. */
static void *
decide(void *arg)
{
	while (atomic_load(&stop) == 0) {
		enum policy_reason r = may(arg, "bob");

		if (r != POLICY_REASON_RULE && r != POLICY_REASON_REVOKED)
			atomic_fetch_add(&wrong, 1);
		if (may(arg, "alice") != POLICY_REASON_RULE)
			atomic_fetch_add(&wrong, 1);
	}
	return NULL;
}

static void
while_threads_decide(void)
{
	struct policy_row rows[] = { user("u1", "bob", 0), grant("g1", "u1", "reader", "doc/1", 0), grant("g2", "u1", "reader", "doc/2", 0) };
	pthread_t threads[3];
	struct policy *p;
	int failed = 0;

	begin();
	p = open_probed(0);
	if (!chaos_check(p != NULL && write_rows(p, rows, 2, NULL) == 0, "the set"))
		return;
	for (int i = 0; i < 3; i++)
		failed += pthread_create(&threads[i], NULL, decide, p) != 0;
	for (int i = 0; i < 2000; i++) {
		rows[0].flags = i % 2 == 0 ? POLICY_ROW_OFF : 0;
		rows[2].flags = i % 3 == 0 ? POLICY_ROW_GONE : 0;
		rows[1].until_ns = i % 5 == 0 ? INT64_MAX : 0;
		failed += write_rows(p, rows, 3, NULL) != 0;
		if (i % 500 == 0)
			failed += policy_reload(p, NULL) != 0;
	}
	atomic_store(&stop, 1);
	for (int i = 0; i < 3; i++)
		failed += pthread_join(threads[i], NULL) != 0;
	chaos_check(failed == 0 && wrong == 0 && may(p, "bob") == POLICY_REASON_RULE, "2000 changes while threads decide");
	policy_close(p);
}

#ifndef CHAOS_SANITIZER

enum { FORKS = 100 };

static void *
write_on(void *arg)
{
	struct policy_row rows[] = { user("u1", "bob", 0), grant("g1", "u1", "reader", "doc/1", 0) };

	for (unsigned i = 0; atomic_load(&stop) == 0; i++) {
		rows[0].flags = i % 2 == 0 ? POLICY_ROW_OFF : 0;
		if (write_rows(arg, rows, 2, NULL) != 0 && sync_rows(arg, NULL) != 0)
			atomic_fetch_add(&wrong, 1);
	}
	return NULL;
}

/* What it does is a bit each; 64: its parent was busy when it was forked. */
static int
child(struct policy *p, const char *uid, const char *name)
{
	const struct policy_row rows[] = { user(uid, name, 0), grant(name, uid, "reader", "doc/1", 0) };
	int rc = POLICY_ERR_AGAIN, bad, busy;

	alarm(30);			/* ends one that hangs */
	pol_handle_notice(p);
	busy = p->tainted ? 64 : 0;
	bad = may(p, "alice") != POLICY_REASON_RULE;
	for (int i = 0; i < 10000 && rc == POLICY_ERR_AGAIN; i++) {
		rc = write_rows(p, rows, 2, NULL);
		if (rc == POLICY_ERR_AGAIN && sync_rows(p, NULL) != 0)
			bad |= 2;
	}
	bad |= (rc != 0) << 2 | (may(p, name) != POLICY_REASON_RULE) << 3;
	for (int i = 0; i < 20; i++) {	/* what the parent goes on to write */
		const enum policy_reason r = may(p, "bob");

		bad |= (r != POLICY_REASON_RULE && r != POLICY_REASON_REVOKED) << 4;
		bad |= (sync_rows(p, NULL) != 0) << 5;
	}
	return bad | busy;
}

/* A parent that writes all the time forks; what either writes the other adopts. */
static void
forks(void)
{
	struct policy_row rows[] = { user("u1", "bob", 0), grant("g1", "u1", "reader", "doc/1", 0) };
	char uid[16], name[16];
	int bad = 0, busy = 0;
	pthread_t writer;
	struct policy *p;

	begin();
	atomic_store(&stop, 0);
	p = open_probed(POLICY_NO_THREAD);
	if (!chaos_check(p != NULL && write_rows(p, rows, 2, NULL) == 0 && pthread_create(&writer, NULL, write_on, p) == 0, "the set"))
		return;
	for (int i = 0; i < FORKS; i++) {
		int status = -1;
		pid_t pid;

		snprintf(uid, sizeof(uid), "w%d", i);
		snprintf(name, sizeof(name), "c%d", i);
		pid = fork();
		if (pid == 0)
			_exit(child(p, uid, name));
		if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || (WEXITSTATUS(status) & 63) != 0)
			bad++;
		else
			busy += WEXITSTATUS(status) != 0;
	}
	atomic_store(&stop, 1);
	chaos_check(pthread_join(writer, NULL) == 0 && bad == 0 && wrong == 0, "children of a parent that writes");
	chaos_check(sync_rows(p, NULL) == 0 && memory->foreign == 0, "it hears of them");
	for (int i = 0; i < FORKS; i++) {
		snprintf(name, sizeof(name), "c%d", i);
		bad += may(p, name) != POLICY_REASON_RULE;
	}
	chaos_check(bad == 0, "what each child wrote is in force in the parent");
	printf("    %d forks, %d while the people were being changed\n", FORKS, busy);
	policy_close(p);
}

/* Each allocation of a write fails once, alone and with all that follow. */
static void
allocations_fail(void)
{
	const struct policy_row rows[] = { user("u1", "bob", 0), grant("g1", "u1", "reader", "doc/1", 0), grant("g2", "u1", "reader", NULL, 0) };
	const struct policy_row back[] = { grant("g1", "u1", "reader", "doc/1", POLICY_ROW_GONE), grant("g2", "u1", "reader", NULL, POLICY_ROW_GONE),
		user("u1", "bob", POLICY_ROW_GONE) };
	struct policy *p;
	int bad = 0;

	begin();
	p = open_probed(POLICY_NO_THREAD);
	if (!chaos_check(p != NULL, "the set"))
		return;
	for (int i = 0; i < 4; i++) {
		for (long n = 1; ; n++) {
			const enum policy_reason before = may(p, "bob");
			int rc;

			heap_fail = n;
			heap_failed = 0;
			heap_for_good = i / 2;
			heap_on = 1;
			rc = write_rows(p, i % 2 == 0 ? rows : back, 3, NULL);
			heap_on = 0;
			if (rc == 0)
				break;
			bad += may(p, "bob") != before;
			heap_on = 1;
			heap_fail = n;
			heap_failed = 0;
			rc = sync_rows(p, NULL);
			heap_on = 0;
			heap_fail = 0;
			bad += rc != 0 && may(p, "bob") != before;
			bad += sync_rows(p, NULL) != 0;
			bad += n > 500;
			if (may(p, "bob") != before || bad > 20)
				break;		/* it was written, and is in force now */
		}
		heap_fail = 0;
		bad += write_rows(p, i % 2 == 0 ? rows : back, 3, NULL) != 0;
		bad += may(p, "bob") != (i % 2 == 0 ? POLICY_REASON_RULE : POLICY_REASON_REVOKED);
	}
	chaos_check(bad == 0, "half of a write");
	policy_close(p);
}

#endif

int
main(void)
{
	if (chaos_check(begin_probed(), "no scratch directory, or no modules")) {
		written_here_and_elsewhere();
		too_old();
		shadowed();
		children();
		while_threads_decide();
#ifdef CHAOS_SANITIZER
		chaos_skip(2, "forks beside a thread that allocates, failing allocations (a sanitizer has an allocator of its own)");
#else
		forks();
		allocations_fail();
#endif
	}
	end_probed();
	return chaos_finish();
}
