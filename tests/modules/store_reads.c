/* SPDX-License-Identifier: Apache-2.0 */
/* The suite of stores: one that is opened for reading only, beside one who writes. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/modules/store_env.h"

static struct room room, room2;

static void
nothing_there(void)
{
	const char *url = env_fresh();
	struct store w, r;
	struct seen seen = { 0 };
	int rc = store_open_reading(&r, url);

	check(rc == POLICY_ERR_UNAVAILABLE || rc == POLICY_ERR_NOENT, "one that is not there is not made");
	check(r.state == NULL && r.err.text[0] != '\0', "which is said");
	rc = store_open_reading(&r, url);
	check(rc == POLICY_ERR_UNAVAILABLE || rc == POLICY_ERR_NOENT, "nor was it made by being asked for");
	check(store_open(&w, url) == 0 && store_changes(&w, &seen) == 0 && seen.n == 0, "who writes makes it");
	check(store_open_reading(&r, url) == 0 && store_changes(&r, &seen) == 0 && seen.n == 0 && r.since == 0,
	    "then it opens, and is empty");
	store_close(&r);
	store_close(&w);
}

/* Every row and every order that a reader who may write is told, and nothing it could write. */
static void
beside_a_writer(void)
{
	const char *url = env_fresh();
	struct store w, r, late;
	struct seen seen = { 0 }, whole = { 0 };
	struct policy_row row, other;

	check(store_open(&w, url) == 0 && store_open_reading(&r, url) == 0, "one writes, one reads");
	row_make(&other, &room2, POLICY_ROW_USER, "other", 1);
	for (unsigned n = 0; n < 400; n++) {
		char id[16];

		snprintf(id, sizeof(id), "u%u", n % 50);
		row_make(&row, &room, 1 + n % 4, id, n * 7);
		check(store_apply(&w, &row, 1) == 0, "written");
		check(store_changes(&r, &seen) == 0 && seen.n == 1 && row_same(&seen.rows[0], &row) && r.since == n + 1,
		    "and read at once, as it was written");
		seen_drop(&seen);
		if (n % 100 != 0)
			continue;
		check(store_apply(&r, &other, 1) == POLICY_ERR_UNSUPPORTED && strstr(r.err.text, "reading only") != NULL,
		    "who reads does not write");
		check(policy_store_1.forget(r.state, INT64_MAX, &r.err) == POLICY_ERR_UNSUPPORTED, "and lets nothing be forgotten");
	}
	check(store_changes(&r, &seen) == 0 && seen.n == 0, "who has read it all is told nothing");
	seen.stop_at = 3;
	r.since = 0;
	check(store_changes(&r, &seen) == POLICY_ERR_UNSUPPORTED && r.since == 0, "who is told may stop it");
	seen_drop(&seen);
	seen.stop_at = 0;
	check(store_open_reading(&late, url) == 0 && store_changes(&late, &seen) == 0 && late.since == 400, "one who comes late");
	w.since = 0;
	check(store_changes(&w, &whole) == 0 && whole.n == seen.n, "is told as much");
	for (size_t i = 0; i < seen.n && i < whole.n; i++)
		check(row_same(&seen.rows[i], &whole.rows[i]), "of the same, in the same order");
	seen_drop(&seen);
	seen_drop(&whole);
	late.since = 4000;
	check(store_changes(&late, &seen) < 0 && seen.n == 0, "a change that is still to come was not seen: refused");
	check(env_wrong() == NULL, "nothing is wrong with it");
	store_close(&late);
	store_close(&r);
	store_close(&w);
}

/* Who writes goes and comes: what is told goes on where it was. */
static void
writer_comes_and_goes(void)
{
	const char *url = env_fresh();
	struct store w, r;
	struct seen seen = { 0 };
	struct policy_row row;

	check(store_open(&w, url) == 0 && store_open_reading(&r, url) == 0, "opens");
	for (unsigned n = 0; n < 20; n++) {
		int rc;

		row_make(&row, &room, POLICY_ROW_USER, "u", n);
		check(store_apply_hard(&w, &row, 1) >= 0, "writes");
		if (n % 2 == 0)
			check(store_changes(&r, &seen) == 0 && seen.n == 1, "is read");
		seen_drop(&seen);
		store_close(&w);
		rc = store_changes(&r, &seen);
		check(rc == 0 ? seen.n == n % 2 : rc == POLICY_ERR_UNAVAILABLE, "beside nobody: as it was left, or not to be had");
		seen_drop(&seen);
		check(store_open(&w, url) == 0, "comes again");
		check(store_changes(&r, &seen) == 0 && r.since == n + 1, "and it is read again");
		seen_drop(&seen);
	}
	check(env_wrong() == NULL, "nothing is wrong with it");
	store_close(&r);
	store_close(&w);
}

/* In a child: its own, for reading only too. */
static int
as_child(struct store *parents, const char *url)
{
	struct store own;
	struct seen seen = { 0 };
	struct policy_row row;
	int bad = 0;

	row_make(&row, &room, POLICY_ROW_USER, "child", 1);
	bad |= store_changes(parents, &seen) != POLICY_ERR_UNAVAILABLE;
	policy_store_1.close(parents->state);
	bad |= (store_open_reading(&own, url) != 0) << 1;
	if (own.state == NULL)
		return bad;
	bad |= (store_changes(&own, &seen) != 0 || seen.n != 1) << 2;
	bad |= (store_apply(&own, &row, 1) != POLICY_ERR_UNSUPPORTED) << 3;
	store_close(&own);
	return bad;
}

static void
forks(void)
{
	const char *url = env_fresh();
	struct store w, r;
	struct seen seen = { 0 };
	struct policy_row row;

	check(store_open(&w, url) == 0 && store_open_reading(&r, url) == 0, "opens");
	row_make(&row, &room, POLICY_ROW_USER, "parent", 1);
	for (unsigned i = 0; i < 10; i++) {
		int status = -1;
		pid_t child;

		check(store_apply(&w, &row, 1) == 0, "the parent writes");
		child = fork();
		if (child == 0)
			_exit(as_child(&r, url));
		waitpid(child, &status, 0);
		if (!check(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a child has its own, and only reads"))
			printf("  %x\n", (unsigned)status);
		check(store_changes(&r, &seen) == 0 && seen.n == 1, "the parent reads on");
		seen_drop(&seen);
	}
	store_close(&r);
	store_close(&w);
}

void
suite_reads(void)
{
	check((policy_store_1.flags & POLICY_STORE_HEEDS_READ_ONLY) != 0, "it knows how to be read only");
	nothing_there();
	beside_a_writer();
	writer_comes_and_goes();
	forks();
}
