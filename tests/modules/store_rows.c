/* SPDX-License-Identifier: Apache-2.0 */
/* The suite of stores: what one process sees of its rows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/modules/store_env.h"

static struct room room, room2;

static struct store
fresh(void)
{
	struct store s;

	if (!check(store_open(&s, env_fresh()) == 0, "a new store opens")) {
		printf("  %s\n", s.err.text);
		exit(store_finish());
	}
	return s;
}

/* All there is, read anew. */
static struct seen
all(struct store *s)
{
	struct store again = *s;
	struct seen seen = { 0 };

	again.since = 0;
	check(store_changes(&again, &seen) == 0, "all is read");
	check(again.since == s->since, "all ends at the newest change");
	return seen;
}

static void
upserts(void)
{
	struct store s = fresh();
	struct seen seen = { 0 };
	struct policy_row r;

	check(store_changes(&s, &seen) == 0 && seen.n == 0 && s.since == 0, "a new store has nothing");
	for (unsigned n = 0; n < 729; n++) {
		char id[32];

		snprintf(id, sizeof(id), "u%u", n % 100);
		row_make(&r, &room, 1 + n % 4, id, n * 7);
		check(store_apply(&s, &r, 1) == 0 && s.since == n + 1, "a row is written as the next change");
		seen = all(&s);
		check(seen.n > 0 && row_same(&seen.rows[seen.n - 1], &r), "the last row comes last, as it was written");
		check(seen.n == (n < 100 ? n + 1 : 100), "a row of the same kind and id is replaced");
		seen_drop(&seen);
	}
	check(store_changes(&s, &seen) == 0 && seen.n == 0, "who wrote it all is told nothing");
	for (uint64_t since = 700; since <= 729; since++) {
		struct store part = s;

		part.since = since;
		check(store_changes(&part, &seen) == 0 && seen.n == 729 - since && part.since == 729,
		    "of what came after a change, each once");
		for (size_t i = 0; i < seen.n; i++)
			check(seen.rows[i].number == (since + i) * 7, "in the order of changes");
		seen_drop(&seen);
	}
	check(env_wrong() == NULL, "nothing is wrong with it");
	store_close(&s);
}

static void
gone_and_several(void)
{
	struct store s = fresh();
	struct policy_row rows[4];
	struct room rooms[4];
	struct seen seen = { 0 };

	for (unsigned i = 0; i < 4; i++)
		row_make(&rows[i], &rooms[i], POLICY_ROW_USER, i % 2 != 0 ? "b" : "a", i);
	check(store_apply(&s, rows, 2) == 0 && s.since == 1, "two rows are one change");
	rows[0].flags |= POLICY_ROW_GONE;
	check(store_apply(&s, rows, 1) == 0 && s.since == 2, "a row is deleted");
	seen = all(&s);
	check(seen.n == 2 && seen.rows[1].flags & POLICY_ROW_GONE && row_same(&seen.rows[1], &rows[0]),
	    "one that is gone is told, whole");
	seen_drop(&seen);
	check(store_apply(&s, rows, 4) == 0 && s.since == 3, "the same row twice in one change");
	seen = all(&s);
	check(seen.n == 2 && row_same(&seen.rows[0], &rows[2]) && row_same(&seen.rows[1], &rows[3]), "the last one counts");
	seen_drop(&seen);
	rows[1].kind = 77;
	check(store_apply(&s, rows + 1, 1) == 0, "a kind that the store does not know");
	seen = all(&s);
	check(seen.n == 3 && seen.rows[2].kind == 77, "is kept, beside the same id of another kind");
	seen_drop(&seen);
	check(store_apply(&s, rows, 0) == POLICY_ERR_ARG && s.since == 4, "a change of nothing is refused");
	check(env_view("users") == 2 && env_view("tokens") == 0 && env_view("grants") == 0 && env_view("revocations") == 0,
	    "an administrator sees them");
	store_close(&s);
}

static void
limits(void)
{
	static const struct {
		size_t offset, most;
	} sizes[] = {
		{ offsetof(struct policy_row, id), 255 }, { offsetof(struct policy_row, source), 255 },
		{ offsetof(struct policy_row, type), 255 }, { offsetof(struct policy_row, name), 255 },
		{ offsetof(struct policy_row, owner), 255 }, { offsetof(struct policy_row, org), 255 },
		{ offsetof(struct policy_row, by), 255 }, { offsetof(struct policy_row, secret), 511 },
		{ offsetof(struct policy_row, resource), 1100 }, { offsetof(struct policy_row, list), 8192 },
		{ offsetof(struct policy_row, attributes), 16384 },
	};
	static const char *const bad[] = {
		"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "a\xe2\x82", "\xf0\x9f\x98",
	};
	static const char *const good[] = {
		"\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xe2\x82\xac", "\xed\x9f\xbf", "\xef\xbf\xbf", "\xf0\x9f\x98\x80",
		"\xf4\x8f\xbf\xbf", "\x01\x7f",
	};
	static char big[20000];
	struct store s = fresh();
	struct policy_row r, whole;
	struct seen seen = { 0 };
	uint64_t at;

	memset(big, 'x', sizeof(big));
	row_make(&whole, &room, POLICY_ROW_USER, "u", 5);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct policy_text *t;

		row_make(&r, &room2, POLICY_ROW_USER, "u", 5);
		t = (struct policy_text *)(void *)((char *)&r + sizes[i].offset);
		*t = (struct policy_text){ big, sizes[i].most };
		*(struct policy_text *)(void *)((char *)&whole + sizes[i].offset) = *t;
		check(store_apply(&s, &r, 1) == 0, "a text at its limit is kept");
		at = s.since;
		t->len++;
		check(store_apply(&s, &r, 1) == POLICY_ERR_LIMIT && s.since == at, "one byte more is refused");
		*t = (struct policy_text){ "a\0b", 3 };
		check(store_apply(&s, &r, 1) == POLICY_ERR_INVALID && s.since == at, "a NUL is refused");
		for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
			*t = policy_text(bad[k]);
			check(store_apply(&s, &r, 1) == POLICY_ERR_INVALID && strstr(s.err.text, "UTF-8") != NULL,
			    "what is no UTF-8 is refused");
		}
		for (size_t k = 0; k < sizeof(good) / sizeof(good[0]); k++) {
			*t = policy_text(good[k]);
			check(store_apply(&s, &r, 1) == 0, "every character is kept");
		}
	}
	whole.number = UINT32_MAX;
	whole.flags = UINT32_MAX;
	whole.until_ns = INT64_MAX;
	whole.from_ns = INT64_MIN;
	whole.made_ns = -1;
	check(store_apply(&s, &whole, 1) == 0, "everything at its limit at once");
	seen = all(&s);
	check(seen.n > 0 && row_same(&seen.rows[seen.n - 1], &whole), "and told as it was");
	seen_drop(&seen);
	at = s.since;
	for (int i = 0; i < 4; i++) {
		row_make(&r, &room2, i == 0 ? 0 : i == 1 ? UINT32_MAX : POLICY_ROW_USER, "u", 5);
		if (i == 2)
			r.id = policy_text("");
		if (i == 3)
			r.size = 16;
		check(store_apply(&s, &r, 1) < 0 && s.err.text[0] != '\0', "a row that makes no sense is refused");
	}
	check(s.since == at && env_wrong() == NULL, "and nothing came of it");
	store_close(&s);
}

static void
conflicts(void)
{
	const char *url = env_fresh();
	struct store a, b;
	struct policy_row r, q;
	struct seen seen = { 0 };

	check(store_open(&a, url) == 0 && store_open(&b, url) == 0, "two have it open");
	row_make(&r, &room, POLICY_ROW_USER, "a", 1);
	row_make(&q, &room2, POLICY_ROW_USER, "b", 2);
	check(store_apply(&a, &r, 1) == 0, "one writes");
	check(store_apply(&b, &q, 1) == POLICY_ERR_AGAIN && b.since == 0, "the other, who has not seen it, has to look again");
	check(store_changes(&b, &seen) == 0 && seen.n == 1 && row_same(&seen.rows[0], &r), "and nothing of his was written");
	seen_drop(&seen);
	check(store_apply(&b, &q, 1) == 0 && b.since == 2, "then he may");
	check(store_changes(&a, &seen) == 0 && seen.n == 1 && a.since == 2, "the first one sees it");
	seen_drop(&seen);
	check(store_changes(&a, &seen) == 0 && seen.n == 0, "once");
	a.since = 7;
	check(store_changes(&a, &seen) < 0 && a.since == 7 && seen.n == 0, "a change that is still to come was not seen: refused");
	check(store_apply(&a, &r, 1) < 0 && a.since == 7, "nor is anything written behind it");
	seen = all(&b);
	check(seen.n == 2, "and nothing was");
	seen_drop(&seen);
	seen.stop_at = 2;
	b.since = 0;
	check(store_changes(&b, &seen) == POLICY_ERR_UNSUPPORTED && b.since == 0, "who is told may stop it");
	seen_drop(&seen);
	b.since = 2;
	check(store_apply(&b, &r, 1) == 0 && b.since == 3, "and go on");
	store_close(&a);
	store_close(&b);
	check(store_open(&a, url) == 0, "it opens again");
	check(store_changes(&a, &seen) == 0 && seen.n == 2 && a.since == 3, "and has all of it");
	seen_drop(&seen);
	store_close(&a);
}

static void
forgetting(void)
{
	static const struct {
		uint32_t kind, flags;
		int64_t until;
		int stays;
	} rows[] = {
		{ POLICY_ROW_REVOCATION, 0, 50, 0 }, { POLICY_ROW_REVOCATION, 0, 100, 1 },
		{ POLICY_ROW_REVOCATION, 0, 0, 1 }, { POLICY_ROW_USER, 0, 50, 1 }, { POLICY_ROW_USER, POLICY_ROW_GONE, 50, 1 },
		{ POLICY_ROW_GRANT, 0, 50, 1 }, { POLICY_ROW_TOKEN, 0, 50, 0 }, { POLICY_ROW_TOKEN, POLICY_ROW_GONE, 99, 0 },
		{ POLICY_ROW_TOKEN, 0, 0, 1 }, { POLICY_ROW_TOKEN, 0, 101, 1 }, { 9, 0, 50, 1 }, { POLICY_ROW_TOKEN, 0, 99, 0 },
	};
	const size_t n = sizeof(rows) / sizeof(rows[0]);
	const char *url = env_fresh();
	struct store s, other;
	struct seen seen = { 0 };
	struct policy_row r;
	unsigned stay = 0;

	check(store_open(&s, url) == 0 && store_open(&other, url) == 0, "opens");
	for (size_t i = 0; i < n; i++) {
		char id[8];

		snprintf(id, sizeof(id), "%zu", i);
		row_make(&r, &room, rows[i].kind, id, (unsigned)i);
		r.until_ns = rows[i].until;
		r.flags = rows[i].flags;
		store_apply(&s, &r, 1);
		stay += (unsigned)rows[i].stays;
	}
	check(store_changes(&other, &seen) == 0 && seen.n == n, "another has read all");
	seen_drop(&seen);
	check(policy_store_1.forget(s.state, 100, &s.err) == 0, "forgets");
	check(store_changes(&other, &seen) == 0 && seen.n == 0 && other.since == n, "which is no change");
	seen = all(&s);
	check(seen.n == stay, "what ended is forgotten, and nothing else");
	for (size_t i = 0; i < seen.n; i++)
		check(rows[seen.rows[i].number].stays, "what stays is what should");
	seen_drop(&seen);
	row_make(&r, &room, POLICY_ROW_USER, "new", 1);
	check(store_apply(&other, &r, 1) == 0 && other.since == n + 1, "changes go on where they were");
	check(store_changes(&s, &seen) == 0 && seen.n == 1, "and are seen");
	seen_drop(&seen);
	store_close(&s);
	store_close(&other);
}

static void
copying(void)
{
	struct store s = fresh(), c;
	struct policy_row r;
	struct seen seen = { 0 };
	const char *url, *why = NULL;
	char path[512];
	struct stat st;

	if (policy_store_1.backup == NULL) {
		store_close(&s);
		return;
	}
	for (unsigned i = 0; i < 50; i++) {
		char id[8];

		snprintf(id, sizeof(id), "%u", i);
		row_make(&r, &room, 1 + i % 4, id, i);
		store_apply(&s, &r, 1);
	}
	snprintf(path, sizeof(path), "%s/copy", env_dir());
	unlink(path);
	check(policy_store_1.backup(s.state, path, &s.err) == 0, "a copy is made");
	check(lstat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 07777) == 0600, "0600");
	check(policy_store_1.backup(s.state, path, &s.err) == POLICY_ERR_EXISTS, "never over a file that is there");
	check(lstat(path, &st) == 0 && st.st_size > 0, "which stays");
	check(policy_store_1.backup(s.state, "/nonexistent/copy", &s.err) < 0, "nor where there is no directory");
	check(policy_store_1.backup(s.state, "copy", &s.err) < 0, "nor at a path that hangs on where we are");
	url = env_copy(path, &why);
	check(why == NULL, why != NULL ? why : "nothing is wrong with it");
	if (check(url != NULL && store_open(&c, url) == 0, "the copy opens")) {
		struct seen was = all(&s);

		check(store_changes(&c, &seen) == 0 && c.since == s.since && seen.n == was.n, "and has as many rows");
		for (size_t i = 0; i < seen.n && i < was.n; i++)
			check(row_same(&seen.rows[i], &was.rows[i]), "the same ones");
		check(store_apply(&c, &r, 1) == 0, "it is written on");
		seen_drop(&seen);
		seen_drop(&was);
		store_close(&c);
	}
	check(store_apply(&s, &r, 1) == 0, "and so is what it was copied from");
	unlink(path);
	store_close(&s);
}

static void
refused(void)
{
	for (const struct env_bad *b = env_bad(); b->url != NULL; b++) {
		struct store s;
		int rc = store_open(&s, b->url);

		if (!check(rc < 0 && s.state == NULL && strstr(s.err.text, b->says) != NULL, "open() refuses, and says what is wrong"))
			printf("  %s: wanted \"%s\", got %d \"%s\"\n", b->url, b->says, rc, s.err.text);
		check(strstr(s.err.text, "hunter2") == NULL && strstr(s.err.file, "hunter2") == NULL, "no password in what it says");
		store_close(&s);
	}
}

/* In a child: what was the parent's is not used, and another is opened. */
static int
as_child(struct store *s, const char *url)
{
	struct store own;
	struct seen seen = { 0 };
	struct policy_row r;
	int bad = 0;

	row_make(&r, &room, POLICY_ROW_USER, "child", 1);
	bad |= store_changes(s, &seen) != POLICY_ERR_UNAVAILABLE;
	bad |= (store_apply(s, &r, 1) != POLICY_ERR_UNAVAILABLE) << 1;
	policy_store_1.close(s->state);
	bad |= (store_open(&own, url) != 0) << 2;
	if (own.state == NULL)
		return bad;
	bad |= (store_changes(&own, &seen) != 0) << 3;
	bad |= (store_apply(&own, &r, 1) != 0) << 4;
	store_close(&own);
	return bad;
}

static void
forks(void)
{
	const char *url = env_fresh();
	struct store s;
	struct seen seen = { 0 };
	struct policy_row r;

	check(store_open(&s, url) == 0, "opens");
	row_make(&r, &room, POLICY_ROW_USER, "parent", 1);
	for (unsigned i = 0; i < 20; i++) {
		int status = -1;
		pid_t child;

		check(store_apply(&s, &r, 1) == 0, "the parent writes");
		child = fork();
		if (child == 0)
			_exit(as_child(&s, url));
		waitpid(child, &status, 0);
		check(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a child opens its own");
		check(store_changes(&s, &seen) == 0 && seen.n == 1, "the parent sees what it wrote");
		seen_drop(&seen);
	}
	check(s.since == 40 && env_wrong() == NULL, "nothing was lost");
	store_close(&s);
}

void
suite_rows(void)
{
	check(policy_store_1.size == sizeof(struct policy_store) && policy_store_1.abi == POLICY_MODULE_ABI, "the handshake");
	upserts();
	gone_and_several();
	limits();
	conflicts();
	forgetting();
	copying();
	refused();
	forks();
}
