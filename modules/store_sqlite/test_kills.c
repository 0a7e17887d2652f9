/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_kills [KILLS [FAILURES]]: a process that writes dies (kill -9) at the Nth thing that
 * SQLite asks of the system: before it, behind it, or with half of a write done. Then the
 * same with failures: of the system, once and from then on, and of single statements.
 *
 * Nothing acknowledged may be lost, and there is never half of a change. And what was
 * acknowledged was synced: else it would live through a kill, but not without power.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "modules/store_env.h"
#include "modules/store_kills.h"
#include "modules/store_sqlite/test_layer.h"

static struct kills *sh;

/* ---- single statements ---- */

int __real_sqlite3_step(sqlite3_stmt *q);
int __wrap_sqlite3_step(sqlite3_stmt *q);

int
__wrap_sqlite3_step(sqlite3_stmt *q)
{
	if (layer.mode >= STEP_ONCE && atomic_fetch_add(&sh->calls, 1) + 1 == layer.at)
		return layer.mode == STEP_BUSY ? SQLITE_BUSY : SQLITE_IOERR;
	return __real_sqlite3_step(q);
}

/* ---- rounds ---- */

static void
is_synced(struct kills *k)
{
	if (layer.log_unsynced)
		atomic_fetch_add(&k->unsynced, 1);
}

/* One process: how it ended. */
static int
round_of(const char *url)
{
	int status = 0;
	pid_t child;

	atomic_store(&sh->calls, 0);
	fflush(stdout);
	child = fork();
	if (child == 0)
		_exit(kills_write(sh, url, 4, is_synced) == 0 ? 0 : 1);
	waitpid(child, &status, 0);
	return status;
}

struct tally {
	unsigned long hits, ended, lost, files;
};

/* Rounds on one file, the Nth call later each time, until the last call was reached. */
static void
file_of(struct tally *t, enum layer_mode now, unsigned long wanted, const char *what)
{
	struct store keeper = { 0 };
	const char *url = env_fresh(), *why;
	bool reached = true;

	atomic_store(&sh->tried, 0);
	atomic_store(&sh->acked, 0);
	/* in every other one the parent has it open too: nobody who dies is the last */
	if (t->files++ % 2 != 0)
		check(store_open(&keeper, url) == 0, "opens");
	for (layer.at = 1 + t->files / 3; reached && t->hits < wanted; layer.at += 1 + layer.at / 40) {
		int status;

		layer.mode = now;
		status = round_of(url);
		layer.mode = NONE;
		reached = atomic_load(&sh->calls) >= layer.at;
		t->hits += reached;
		t->ended += WIFEXITED(status);
		why = kills_check(sh, url);
		if (why == NULL && t->hits % 8 == 0)
			why = env_wrong();
		if (why == NULL && now >= FAIL_ONCE && !WIFEXITED(status))
			why = "it died of a failure";
		if (why != NULL && t->lost++ < 5)
			printf("%s %d at %lu: %s\n", what, now, layer.at, why);
	}
	check(env_wrong() == NULL, "integrity_check");
	store_close(&keeper);
}

static void
all_of(unsigned long wanted, enum layer_mode from, enum layer_mode to, const char *what)
{
	struct tally t = { 0 };

	for (enum layer_mode now = from; t.hits < wanted; now = now < to ? now + 1 : from)
		file_of(&t, now, wanted, what);
	check(t.lost == 0, "nothing acknowledged is lost, and no half of a change is there");
	check(atomic_load(&sh->unsynced) == 0, "what is acknowledged is synced");
	printf("%lu %s on %lu files, %lu processes went on to their end, %lu lost or half\n", t.hits, what, t.files,
	    t.ended, t.lost);
}

int
main(int argc, char **argv)
{
	const unsigned long kills = argc > 1 ? strtoul(argv[1], NULL, 10) : 250;
	const unsigned long failures = argc > 2 ? strtoul(argv[2], NULL, 10) : 400;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (env_begin() != NULL)
		return 1;
	sh = kills_new();
	sh->tries = 3;
	layer.calls = &sh->calls;
	layer_put();
	all_of(kills, KILL_BEFORE, KILL_HALF, "kills");
	all_of(failures, FAIL_ONCE, STEP_BUSY, "failures");
	check(atomic_load(&sh->failures) > 0, "failures were seen");
	env_end();
	return store_finish();
}
