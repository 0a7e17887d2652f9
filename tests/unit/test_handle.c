/* SPDX-License-Identifier: Apache-2.0 */
/* src/api/handle.c: snapshots held, replaced, freed; single changes; fork. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "api/handle.h"
#include "unit/unit.h"

static const char set[] =
    "policy: 1\n"
    "resources: { doc: }\n"
    "actions: { read: { resource: doc } }\n"
    "roles: { reader: { allow: read } }\n"
    "grants: [ { role: reader, to: alice, resource: doc/1 } ]\n";

/* Stands before libc's, so that a kernel without MADV_WIPEONFORK can be played. */
static int no_wipe;

int madvise(void *at, size_t len, int advice);

__attribute__((visibility("default")))
int
madvise(void *at, size_t len, int advice)
{
	if (no_wipe) {
		errno = EINVAL;
		return -1;
	}
	return (int)syscall(SYS_madvise, at, len, advice);
}

static struct policy *
open_set(void)
{
	struct policy *p = NULL;

	CU_ASSERT_EQUAL_FATAL(policy_open_text(&p, "n", set, sizeof(set) - 1, NULL, NULL), 0);
	return p;
}

static int
may_read(struct policy *p, const char *who, const char *doc)
{
	struct policy_request r = POLICY_REQUEST_INIT;
	struct policy_decision d = POLICY_DECISION_INIT;

	r.subject_id = policy_text(who);
	r.action = policy_text("read");
	r.resource_type = policy_text("doc");
	r.resource_id = policy_text(doc);
	return policy_decide(p, &r, &d) == 0 && d.verdict == POLICY_ALLOW;
}

struct grant {
	const char *who, *doc;
	bool add;
	int64_t until;			/* seconds; 0: for ever */
};

static int
change(void *ctx, struct pol_people_root *from, const struct pol_program *program, struct pol_people_root **out)
{
	const struct grant *g = ctx;
	struct pol_who who = { policy_text("user"), policy_text(g->who) };
	uint32_t role = pol_find_role(program, "reader", 6);
	uint64_t hash;
	struct pol_grant_fact f;

	memset(&f, 0, sizeof(f));
	f.roles = &role;
	f.n_roles = 1;
	f.to = &who;
	f.n_to = 1;
	f.has_resource = true;
	f.type = pol_find_type(program, "doc", 3, &hash);
	f.glob = policy_text(g->doc);
	f.has_until = g->until != 0;
	f.until.sec = g->until;
	return g->add ? pol_people_add_grant(from, program, &f, out) :
	    pol_people_remove_grant(from, program, &f, out);
}

static int
grant(struct policy *p, const char *who, const char *doc, bool add)
{
	struct grant g = { who, doc, add, 0 };

	return pol_handle_change(p, change, &g);
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
an_old_snapshot_is_freed_at_once(void)
{
	struct policy *p = open_set();

	for (int i = 0; i < 10; i++) {
		CU_ASSERT_EQUAL(policy_reload(p, NULL), 0);
		CU_ASSERT_EQUAL(p->n_waiting, 0);
		CU_ASSERT_PTR_NULL(p->waiting);
	}
	CU_ASSERT_EQUAL(policy_generation(p), 11);
	policy_close(p);
}

static void
a_held_snapshot_outlives_its_reload(void)
{
	struct policy *p = open_set();
	_Atomic uint32_t *in;
	const struct pol_snapshot *s = pol_handle_enter(p, &in);
	double begin;

	for (unsigned i = 1; i <= 3; i++) {
		begin = seconds();
		CU_ASSERT_EQUAL(policy_reload(p, NULL), 0);
		begin = seconds() - begin;
		CU_ASSERT(begin >= 0.1 && begin < 2);	/* 100 ms, then it goes on without */
		CU_ASSERT_EQUAL(p->n_waiting, i);
		CU_ASSERT_EQUAL(s->generation, 1);
		CU_ASSERT_PTR_NOT_NULL(s->engine.program);
		CU_ASSERT_EQUAL(may_read(p, "alice", "1"), 1);
		CU_ASSERT_EQUAL(policy_generation(p), i + 1);
	}
	pol_handle_exit(in);
	CU_ASSERT_EQUAL(policy_reload(p, NULL), 0);
	CU_ASSERT_EQUAL(p->n_waiting, 0);
	(void)pol_handle_enter(p, &in);
	CU_ASSERT_EQUAL(policy_reload(p, NULL), 0);
	pol_handle_exit(in);
	policy_close(p);			/* frees what waits */
}

/* One who read the parity long ago and counts himself in late is waited for too. */
static void
either_parity_is_waited_for(void)
{
	for (uint32_t parity = 0; parity < 2; parity++) {
		struct policy *p = open_set();
		_Atomic uint32_t *in = &pol_handle_stripe(p)->in[parity];

		atomic_fetch_add(in, 1);
		CU_ASSERT_EQUAL(policy_reload(p, NULL), 0);
		CU_ASSERT_EQUAL(p->n_waiting, 1);
		atomic_fetch_sub(in, 1);
		CU_ASSERT_EQUAL(policy_reload(p, NULL), 0);
		CU_ASSERT_EQUAL(p->n_waiting, 0);
		policy_close(p);
	}
}

static void
a_single_change_makes_a_generation(void)
{
	struct policy *p = open_set();

	CU_ASSERT_EQUAL(may_read(p, "bob", "1"), 0);
	CU_ASSERT_EQUAL(grant(p, "bob", "1", true), 0);
	CU_ASSERT_EQUAL(policy_generation(p), 2);
	CU_ASSERT_EQUAL(may_read(p, "bob", "1"), 1);
	CU_ASSERT_EQUAL(may_read(p, "alice", "1"), 1);
	CU_ASSERT_EQUAL(grant(p, "alice", "1", false), 0);
	CU_ASSERT_EQUAL(may_read(p, "alice", "1"), 0);
	CU_ASSERT_EQUAL(p->n_waiting, 0);
	/* one that fails changes nothing */
	CU_ASSERT_EQUAL(grant(p, "alice", "1", false), POLICY_ERR_NOENT);
	CU_ASSERT_EQUAL(policy_generation(p), 3);
	CU_ASSERT_EQUAL(may_read(p, "bob", "1"), 1);
	/* the text again, without what was changed */
	CU_ASSERT_EQUAL(policy_reload(p, NULL), 0);
	CU_ASSERT_EQUAL(may_read(p, "bob", "1"), 0);
	CU_ASSERT_EQUAL(may_read(p, "alice", "1"), 1);
	policy_close(p);
}

/* A set without windows is decided without a clock, until one comes. */
static void
a_window_that_comes_by_a_change_is_heard(void)
{
	struct policy *p = open_set();
	struct grant gone = { "wanda", "7", true, 1 }, lasting = { "wanda", "8", true, (int64_t)1 << 40 };

	CU_ASSERT(atomic_load(&p->now)->timeless);
	CU_ASSERT_EQUAL(pol_handle_change(p, change, &gone), 0);
	CU_ASSERT(!atomic_load(&p->now)->timeless);
	CU_ASSERT_EQUAL(pol_handle_change(p, change, &lasting), 0);
	CU_ASSERT(!may_read(p, "wanda", "7"));
	CU_ASSERT(may_read(p, "wanda", "8"));
	policy_close(p);
}

static void
a_single_change_waits_for_nobody(void)
{
	struct policy *p = open_set();
	_Atomic uint32_t *in;
	char doc[16];
	double begin;

	(void)pol_handle_enter(p, &in);
	begin = seconds();
	for (int i = 0; i < 40; i++) {
		snprintf(doc, sizeof(doc), "%d", i);
		CU_ASSERT_EQUAL(grant(p, "bob", doc, true), 0);
	}
	CU_ASSERT(seconds() - begin < 1);
	CU_ASSERT_EQUAL(p->n_waiting, 40);
	CU_ASSERT_EQUAL(may_read(p, "bob", "39"), 1);
	pol_handle_exit(in);
	CU_ASSERT_EQUAL(grant(p, "bob", "39", false), 0);
	CU_ASSERT_EQUAL(p->n_waiting, 0);
	CU_ASSERT_EQUAL(may_read(p, "bob", "39"), 0);
	CU_ASSERT_EQUAL(may_read(p, "bob", "38"), 1);
	(void)pol_handle_enter(p, &in);		/* left waiting across a reload, and close */
	CU_ASSERT_EQUAL(grant(p, "bob", "40", true), 0);
	CU_ASSERT_EQUAL(policy_reload(p, NULL), 0);
	CU_ASSERT_EQUAL(grant(p, "bob", "41", true), 0);
	CU_ASSERT_EQUAL(p->n_waiting, 3);
	pol_handle_exit(in);
	policy_close(p);
}

static void
nothing_loaded_cannot_be_changed(void)
{
	struct policy_options o = POLICY_OPTIONS_INIT;
	struct policy *p;

	o.flags = POLICY_FORCE_OFF;
	CU_ASSERT_EQUAL_FATAL(policy_open_text(&p, "n", set, sizeof(set) - 1, &o, NULL), 0);
	CU_ASSERT_EQUAL(grant(p, "bob", "1", true), POLICY_ERR_UNAVAILABLE);
	policy_close(p);
}

static void
who_is_switched_off_midway_is_told_so(void)
{
	struct policy *p = open_set();

	/* the snapshot says off, the handle not yet: the order of pol_handle_swap */
	p->now->off = true;
	CU_ASSERT_EQUAL(may_read(p, "mallory", "1"), 1);
	CU_ASSERT_EQUAL(policy_is_enabled(p), 1);
	p->now->off = false;
	policy_close(p);
}

/* ---- fork ---- */

/* Runs `body` in a child; its result is the exit status, 99 when it hangs. */
static int
in_child(int (*body)(struct policy *), struct policy *p)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		alarm(20);
		_exit(body(p));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 98;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

#define TRY(n, holds) do { if (!(holds)) return (n); } while (0)

static int
child_goes_on(struct policy *p)
{
	double begin;

	TRY(1, atomic_load(&p->wiped->mark) == POL_MARK_CHILD);
	TRY(2, may_read(p, "alice", "1") == 1);
	TRY(3, atomic_load(&p->wiped->mark) == POL_MARK_LIVE);
	begin = seconds();
	TRY(4, policy_reload(p, NULL) == 0);
	TRY(5, seconds() - begin < 0.09);
	TRY(6, p->n_waiting == 0);
	TRY(7, may_read(p, "alice", "1") == 1 && may_read(p, "bob", "1") == 0);
	TRY(8, grant(p, "bob", "1", true) == 0 && may_read(p, "bob", "1") == 1);
	policy_close(p);
	return 0;
}

static int
child_closes(struct policy *p)
{
	policy_close(p);
	return 0;
}

static void
a_child_does_not_wait_for_the_parents_deciders(void)
{
	struct policy *p = open_set();
	_Atomic uint32_t *in;

	CU_ASSERT_EQUAL(in_child(child_goes_on, p), 0);
	(void)pol_handle_enter(p, &in);
	CU_ASSERT_EQUAL(grant(p, "bob", "9", true), 0);	/* something waits */
	CU_ASSERT_EQUAL(grant(p, "bob", "9", false), 0);
	CU_ASSERT_EQUAL(in_child(child_goes_on, p), 0);
	CU_ASSERT_EQUAL(in_child(child_closes, p), 0);
	pol_handle_exit(in);
	CU_ASSERT_EQUAL(atomic_load(in), 0);
	CU_ASSERT_EQUAL(may_read(p, "alice", "1"), 1);
	policy_close(p);
}

static int
child_of_a_writer(struct policy *p)
{
	TRY(1, may_read(p, "alice", "1") == 1);
	/* whose the people are nobody knows: a copy of them is changed */
	TRY(2, grant(p, "bob", "1", true) == 0);
	TRY(6, may_read(p, "bob", "1") == 1 && may_read(p, "alice", "1") == 1);
	TRY(7, grant(p, "bob", "1", false) == 0 && may_read(p, "bob", "1") != 1);
	TRY(3, policy_reload(p, NULL) == 0);
	TRY(4, may_read(p, "alice", "1") == 1);
	TRY(5, grant(p, "bob", "1", true) == 0);
	TRY(6, may_read(p, "bob", "1") == 1);
	policy_close(p);
	return 0;
}

static void
a_lock_held_by_the_parent_is_no_lock_in_the_child(void)
{
	struct policy *p = open_set();

	pol_handle_lock(p);
	CU_ASSERT_EQUAL(in_child(child_of_a_writer, p), 0);
	CU_ASSERT_EQUAL(in_child(child_closes, p), 0);
	pol_handle_unlock(p);
	CU_ASSERT_EQUAL(grant(p, "bob", "1", true), 0);
	policy_close(p);
}

static int
grandchild(struct policy *p)
{
	TRY(1, may_read(p, "alice", "1") == 1);
	return in_child(child_goes_on, p);
}

static void *
first_call(void *ctx)
{
	struct policy *p = ctx;
	uintptr_t bad = 0;

	for (int i = 0; i < 200; i++) {
		bad |= may_read(p, "alice", "1") != 1;
		bad |= i % 50 == 0 && policy_reload(p, NULL) != 0;
	}
	return (void *)bad;
}

static int
child_of_threads(struct policy *p)
{
	pthread_t t[4];
	void *bad, *all = NULL;

	for (int i = 0; i < 4; i++)
		TRY(1, pthread_create(&t[i], NULL, first_call, p) == 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], &bad);
		if (bad != NULL)
			all = bad;
	}
	TRY(2, all == NULL);
	policy_close(p);
	return 0;
}

static void
children_of_children_and_threads_of_children(void)
{
	struct policy *p = open_set();

	CU_ASSERT_EQUAL(in_child(grandchild, p), 0);
	pol_handle_lock(p);
	for (int i = 0; i < 20; i++)
		CU_ASSERT_EQUAL(in_child(child_of_threads, p), 0);
	pol_handle_unlock(p);
	policy_close(p);
}

static int
child_without_wiping(struct policy *p)
{
	TRY(1, may_read(p, "alice", "1") == 1);
	TRY(2, policy_reload(p, NULL) == 0);
	TRY(3, p->n_waiting == 1);		/* the parent's count never ends here */
	TRY(4, policy_reload(p, NULL) == 0 && p->n_waiting == 2);
	TRY(5, may_read(p, "alice", "1") == 1);
	TRY(6, atomic_load(&p->pid) == (int32_t)getpid());
	policy_close(p);
	return 0;
}

static void
without_wiping_writers_ask_for_the_process(void)
{
	struct policy *p;
	_Atomic uint32_t *in;

	no_wipe = 1;
	p = open_set();
	no_wipe = 0;
	CU_ASSERT_EQUAL(atomic_load(&p->pid), (int32_t)getpid());
	(void)pol_handle_enter(p, &in);
	CU_ASSERT_EQUAL(in_child(child_without_wiping, p), 0);
	pol_handle_exit(in);
	pol_handle_lock(p);
	CU_ASSERT_EQUAL(in_child(child_of_a_writer, p), 0);
	CU_ASSERT_EQUAL(in_child(child_of_threads, p), 0);
	pol_handle_unlock(p);
	policy_close(p);
}

CU_TestInfo suite_handle[] = {
	{ "an old snapshot is freed at once", an_old_snapshot_is_freed_at_once },
	{ "a held snapshot outlives its reload", a_held_snapshot_outlives_its_reload },
	{ "either parity is waited for", either_parity_is_waited_for },
	{ "a single change makes a generation", a_single_change_makes_a_generation },
	{ "a window that comes by a change is heard", a_window_that_comes_by_a_change_is_heard },
	{ "a single change waits for nobody", a_single_change_waits_for_nobody },
	{ "nothing loaded cannot be changed", nothing_loaded_cannot_be_changed },
	{ "who is switched off midway is told so", who_is_switched_off_midway_is_told_so },
	{ "a child does not wait for the parent's deciders", a_child_does_not_wait_for_the_parents_deciders },
	{ "a lock held by the parent is no lock in the child", a_lock_held_by_the_parent_is_no_lock_in_the_child },
	{ "children of children, and threads of children", children_of_children_and_threads_of_children },
	{ "without wiping, writers ask for the process", without_wiping_writers_ask_for_the_process },
	CU_TEST_INFO_NULL
};
