/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may only read: a process of another user, without a right to write file, log, index
 * of the log or directory, beside one who writes, checkpoints, goes, comes and is killed.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "modules/store_env.h"

enum { NOBODY = 65534, KILLS = 60 };

static struct {
	atomic_ulong acked;		/* changes that were acknowledged */
	atomic_ulong seen;		/* by who reads */
	atomic_ulong away;		/* how often it was told that nobody is there */
	atomic_int stop;
	unsigned failed;
} *sh;
static struct room room;

/* From here on: nobody, who may write nothing of it. */
static int
become_nobody(const char *url)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char beside[700];

	if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
		return 1;
	for (int i = 0; i < 3; i++) {
		snprintf(beside, sizeof(beside), "%s%s", url + 7, ends[i]);
		if (access(beside, W_OK) == 0)
			return 2;
	}
	return access(env_dir(), W_OK) == 0 ? 3 : 0;
}

/* In a child, as nobody. 0: all was well. */
static int
as_nobody(int (*fn)(const char *), const char *url)
{
	int status = -1;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		int rc = become_nobody(url);

		_exit(rc != 0 ? rc : fn(url));
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
}

static void
write_one(struct store *s)
{
	struct policy_row r;
	char id[16];

	snprintf(id, sizeof(id), "u%u", (unsigned)(s->since % 40));
	row_make(&r, &room, POLICY_ROW_USER, id, (unsigned)s->since);
	if (check(store_apply_hard(s, &r, 1) >= 0, "writes"))
		atomic_store(&sh->acked, s->since);
}

static void
truncate_log(const char *url)
{
	sqlite3 *db = NULL;

	check(sqlite3_open_v2(url + 7, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK, "opens");
	sqlite3_busy_timeout(db, 5000);
	check(sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL) == SQLITE_OK, "checkpoints");
	sqlite3_close(db);
}

/* A new store that a group may read. */
static const char *
fresh(struct store *w)
{
	const char *url = env_fresh();

	check(store_open(w, url) == 0, "opens");
	store_close(w);
	check(chown(url + 7, 0, NOBODY) == 0 && chmod(url + 7, 0640) == 0 && chmod(env_dir(), 0755) == 0, "a group may read");
	check(store_open(w, url) == 0, "opens");
	write_one(w);
	return url;
}

/* ---- nobody there ---- */

static int
is_away(const char *url)
{
	struct store s;
	int rc = store_open_reading(&s, url);

	return rc == POLICY_ERR_UNAVAILABLE && strstr(s.err.text, "who writes it is not there") != NULL ? 0 : 10;
}

static int
is_there(const char *url)
{
	struct store s;
	struct seen seen = { 0 };

	if (store_open_reading(&s, url) != 0)
		return 11;
	if (store_changes(&s, &seen) != 0 || seen.n == 0 || s.since != atomic_load(&sh->acked))
		return 12;
	if (policy_store_1.forget(s.state, INT64_MAX, &s.err) != POLICY_ERR_UNSUPPORTED)
		return 13;
	store_close(&s);
	return 0;
}

static void
away(void)
{
	struct store w;
	const char *url = fresh(&w);

	check(as_nobody(is_there, url) == 0, "beside who writes it is read");
	truncate_log(url);
	check(as_nobody(is_there, url) == 0, "also when the log was emptied");
	store_close(&w);
	check(as_nobody(is_away, url) == 0, "where nobody has it open it cannot be read, and that is said");
	check(store_open(&w, url) == 0, "who writes comes again");
	check(as_nobody(is_there, url) == 0, "then it is");
	store_close(&w);
}

/* ---- reading all the time ---- */

static int
reads_on(const char *url)
{
	struct seen seen = { 0 };
	struct store s;
	int rc;

	while ((rc = store_open_reading(&s, url)) == POLICY_ERR_UNAVAILABLE && atomic_load(&sh->stop) == 0)
		atomic_fetch_add(&sh->away, 1);
	if (rc != 0)
		return 20;
	while (atomic_load(&sh->stop) == 0 || s.since < atomic_load(&sh->acked)) {
		const unsigned long acked = atomic_load(&sh->acked);
		const uint64_t had = s.since;

		rc = store_changes(&s, &seen);
		if (rc == POLICY_ERR_UNAVAILABLE)
			atomic_fetch_add(&sh->away, 1);
		else if (rc != 0)
			printf("  %d %s\n", rc, s.err.text);
		if (rc != 0 && rc != POLICY_ERR_UNAVAILABLE)
			return 21;
		/* what was acknowledged before it was asked for is there, whole and in order */
		if (rc == 0 && (s.since < acked || s.since < had || seen.n > s.since - had ||
		    (seen.n > 0 && seen.rows[seen.n - 1].number != s.since - 1)))
			return 22;
		seen_drop(&seen);
		atomic_store(&sh->seen, s.since);
		if (rc != 0)
			usleep(1000);
	}
	store_close(&s);
	return 0;
}

static pid_t
start_reader(const char *url)
{
	pid_t child;

	atomic_store(&sh->stop, 0);
	atomic_store(&sh->away, 0);
	atomic_store(&sh->seen, 0);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		alarm(120);
		_exit(become_nobody(url) != 0 ? 1 : reads_on(url));
	}
	return child;
}

static void
end_reader(pid_t child, const char *what)
{
	int status = -1;

	atomic_store(&sh->stop, 1);
	waitpid(child, &status, 0);
	if (!check(WIFEXITED(status) && WEXITSTATUS(status) == 0 && atomic_load(&sh->seen) == atomic_load(&sh->acked), what))
		printf("  status %x, %lu of %lu\n", (unsigned)status, atomic_load(&sh->seen), atomic_load(&sh->acked));
}

static void
checkpoints(void)
{
	struct store w;
	const char *url = fresh(&w);
	pid_t reader = start_reader(url);

	for (unsigned i = 0; i < 1500; i++) {
		write_one(&w);
		if (i % 30 == 29)
			truncate_log(url);
	}
	end_reader(reader, "beside 1500 changes and 50 checkpoints, all is read");
	store_close(&w);
	check(env_wrong() == NULL, "nothing is wrong with it");
}

static void
comes_and_goes(void)
{
	struct store w;
	const char *url = fresh(&w);
	pid_t reader = start_reader(url);
	struct seen seen = { 0 };

	for (unsigned i = 0; i < 100; i++) {
		write_one(&w);
		store_close(&w);
		check(store_open(&w, url) == 0 && store_changes(&w, &seen) == 0, "comes again");
		seen_drop(&seen);
	}
	end_reader(reader, "who writes goes and comes 100 times: all is read");
	printf("100 times away: %lu times told so\n", atomic_load(&sh->away));
	store_close(&w);
}

/* Killed while it writes, over and over; what it acknowledged is read. */
static void
kills(void)
{
	struct store w;
	const char *url = fresh(&w);
	pid_t reader = start_reader(url);
	struct seen seen = { 0 };

	while (atomic_load(&sh->seen) == 0)
		usleep(1000);
	store_close(&w);
	for (unsigned i = 0; i < KILLS; i++) {
		const unsigned long before = atomic_load(&sh->acked);
		pid_t writer = fork();

		if (writer == 0) {
			if (store_open(&w, url) != 0 || store_changes(&w, &seen) != 0)
				_exit(1);
			for (;;)
				write_one(&w);
		}
		while (atomic_load(&sh->acked) < before + 1 + i % 7)
			usleep(300);
		kill(writer, SIGKILL);
		waitpid(writer, NULL, 0);
	}
	/* one that was written and not acknowledged is read too */
	check(store_open(&w, url) == 0 && store_changes(&w, &seen) == 0, "opens");
	seen_drop(&seen);
	write_one(&w);
	end_reader(reader, "killed over and over while it writes: all is read");
	printf("%d kills, %lu changes, %lu times told that nobody is there\n", KILLS, atomic_load(&sh->acked), atomic_load(&sh->away));
	store_close(&w);
	check(env_wrong() == NULL, "nothing is wrong with it");
}

int
main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (geteuid() != 0) {
		printf("skipped: another user's store (not root)\n0 passed, 0 failed, 1 skipped\n");
		return 0;
	}
	sh = mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (sh == MAP_FAILED || env_begin() != NULL)
		return 1;
	away();
	checkpoints();
	comes_and_goes();
	kills();
	env_end();
	return store_finish();
}
