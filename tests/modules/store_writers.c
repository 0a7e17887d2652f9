/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The suite of stores: processes that write at once, with readers beside them. What was
 * acknowledged is noted in memory that all of them share, as (change, writer, how often).
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/modules/store_env.h"

enum { WRITERS = 5, READERS = 2, EACH = 60, TOTAL = WRITERS * EACH, KEYS = 7 };

struct shared {
	atomic_uint said[TOTAL + 2];	/* by change: 1 + the row's number */
	atomic_uint twice, failed, bad, done, again;
};

static struct shared *sh;

/* Rows of one change: of a set of keys, all with the same number, which names it. */
static size_t
make(struct policy_row rows[3], struct room rooms[3], unsigned number)
{
	for (unsigned i = 0; i < 3; i++) {
		char id[16];

		snprintf(id, sizeof(id), "k%u", (number + i) % KEYS);
		row_make(&rows[i], &rooms[i], POLICY_ROW_USER, id, number);
	}
	return 3;
}

static void
write_some(const char *url, unsigned who)
{
	static struct room rooms[3];
	struct policy_row rows[3];
	struct store s;

	if (store_open(&s, url) != 0) {
		printf("writer: %s\n", s.err.text);
		atomic_fetch_add(&sh->failed, 1);
		_exit(1);
	}
	for (unsigned i = 0; i < EACH; i++) {
		const unsigned number = who * EACH + i;
		int rc = store_apply_hard(&s, rows, make(rows, rooms, number));

		if (rc < 0 || s.since > TOTAL) {
			printf("writer: %d %s\n", rc, s.err.text);
			atomic_fetch_add(&sh->failed, 1);
			_exit(1);
		}
		atomic_fetch_add(&sh->again, (unsigned)rc);
		if (atomic_exchange(&sh->said[s.since], number + 1) != 0)
			atomic_fetch_add(&sh->twice, 1);
	}
	store_close(&s);
	_exit(0);
}

struct reader {
	uint64_t head;
	unsigned numbers[KEYS];		/* what each key has now, plus one */
	unsigned fresh;
};

static int
hear(void *ctx, const struct policy_row *r)
{
	struct reader *rd = ctx;
	const unsigned key = (unsigned)(r->id.data[1] - '0');

	if (r->id.len != 2 || key >= KEYS || r->number >= TOTAL)
		return POLICY_ERR_INVALID;
	rd->numbers[key] = r->number + 1;
	rd->fresh++;
	return 0;
}

/* The newest change's three keys have its number: no half of it was seen. */
static void
judge_reader(const struct reader *rd)
{
	unsigned number = 0;

	/* it may not be noted yet by who wrote it */
	for (unsigned tries = 0; tries < 5000 && number == 0; tries++) {
		number = atomic_load(&sh->said[rd->head]);
		if (number == 0)
			usleep(1000);
	}
	if (number == 0) {
		atomic_fetch_add(&sh->bad, 1);
		return;
	}
	for (unsigned i = 0; i < 3; i++) {
		if (rd->numbers[(number - 1 + i) % KEYS] != number)
			atomic_fetch_add(&sh->bad, 1);
	}
}

static void
read_all(const char *url)
{
	struct reader rd = { 0 };
	struct store s;

	if (store_open(&s, url) != 0)
		_exit(1);
	while (rd.head < TOTAL && atomic_load(&sh->failed) == 0) {
		int rc;

		rd.fresh = 0;
		rc = policy_store_1.changes(s.state, &s.since, hear, &rd, &s.err);
		if (rc != 0 || s.since < rd.head || (s.since > rd.head) != (rd.fresh > 0)) {
			printf("reader: %d %s\n", rc, s.err.text);
			atomic_fetch_add(&sh->bad, 1);
			_exit(1);
		}
		if (s.since > rd.head) {
			rd.head = s.since;
			judge_reader(&rd);
		}
	}
	store_close(&s);
	_exit(rd.head == TOTAL ? 0 : 1);
}

/* Copies made while others write: each whole, and of one moment. */
static void
copy_some(struct store *s)
{
	char path[512];
	unsigned n = 0;

	if (policy_store_1.backup == NULL)
		return;
	while (atomic_load(&sh->done) == 0 && n < 20) {
		struct reader rd = { 0 };
		struct store c;
		const char *why = NULL, *url;

		snprintf(path, sizeof(path), "%s/copy%u", env_dir(), n++);
		unlink(path);
		check(policy_store_1.backup(s->state, path, &s->err) == 0, "a copy while others write");
		url = env_copy(path, &why);
		check(why == NULL, "nothing is wrong with it");
		if (check(url != NULL && store_open(&c, url) == 0, "it opens")) {
			check(policy_store_1.changes(c.state, &c.since, hear, &rd, &c.err) == 0, "it is read");
			rd.head = c.since;
			if (rd.head > 0)
				judge_reader(&rd);
			store_close(&c);
		}
		unlink(path);
		if (atomic_load(&sh->said[TOTAL]) != 0)
			break;
	}
}

void
suite_writers(void)
{
	const char *url = env_fresh();
	pid_t pids[WRITERS + READERS];
	struct store s;
	struct reader rd = { 0 };

	sh = mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	fflush(stdout);
	/* all at once, and the first of them makes the tables */
	for (unsigned i = 0; i < WRITERS + READERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			if (i < WRITERS)
				write_some(url, i);
			read_all(url);
		}
	}
	if (check(store_open(&s, url) == 0, "opens beside them"))
		copy_some(&s);
	for (unsigned i = 0; i < WRITERS + READERS; i++) {
		int status = -1;

		waitpid(pids[i], &status, 0);
		check(WIFEXITED(status) && WEXITSTATUS(status) == 0, i < WRITERS ? "a writer ends well" : "a reader saw all");
	}
	check(atomic_load(&sh->failed) == 0, "no write failed");
	check(atomic_load(&sh->twice) == 0, "no number of a change was given twice");
	check(atomic_load(&sh->bad) == 0, "no reader saw half of a change, or one out of order");
	for (unsigned i = 1; i <= TOTAL; i++)
		check(atomic_load(&sh->said[i]) != 0, "every change is somebody's: none is missing");
	check(s.state != NULL && policy_store_1.changes(s.state, &s.since, hear, &rd, &s.err) == 0 && s.since == TOTAL && rd.fresh == KEYS, "all is there");
	for (unsigned number = TOTAL; number > TOTAL - 5 && number > 0; number--) {
		unsigned n = atomic_load(&sh->said[number]);

		if (number == TOTAL)
			for (unsigned i = 0; i < 3; i++)
				check(rd.numbers[(n - 1 + i) % KEYS] == n, "the last change is the last");
	}
	check(env_wrong() == NULL, "nothing is wrong with it");
	printf("%d changes by %d processes, %u times told to look again\n", TOTAL, WRITERS, atomic_load(&sh->again));
	store_close(&s);
	munmap(sh, sizeof(*sh));
}
