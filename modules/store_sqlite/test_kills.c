/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_kills [KILLS [FAILURES]]: a process that writes dies (kill -9) at the Nth thing that
 * SQLite asks of the system: before it, behind it, or with half of a write done. Then the
 * same with failures: of the system, once and from then on, and of single statements.
 *
 * Nothing acknowledged may be lost, and there is never half of a change. And what was
 * acknowledged was synced: else it would live through a kill, but not without power.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "modules/store_env.h"
#include "modules/store_kills.h"

enum mode { NONE, KILL_BEFORE, KILL_BEHIND, KILL_HALF, FAIL_ONCE, FAIL_ON, FAIL_FULL, STEP_ONCE, STEP_BUSY };

static struct kills *sh;
static enum mode mode;
static unsigned long at;		/* which call */
static sqlite3_vfs *below;

/* ---- a layer between SQLite and the system ---- */

struct file {
	sqlite3_file base;
	sqlite3_io_methods methods;	/* what we say we have */
	int is_wal, unsynced;
	sqlite3_file real[];
};

static int log_unsynced;

#define REAL(f) (((struct file *)(f))->real)
#define DOES(f) (REAL(f)->pMethods)

static void
die(void)
{
	kill(getpid(), SIGKILL);
	pause();
}

/* Before each call: 0, or how it fails. */
static int
before(void)
{
	const unsigned long n = atomic_fetch_add(&sh->calls, 1) + 1;

	if (mode == KILL_BEFORE && n == at)
		die();
	if ((mode == FAIL_ONCE && n == at) || (mode == FAIL_ON && n >= at))
		return SQLITE_IOERR;
	return mode == FAIL_FULL && n >= at && n < at + 5 ? SQLITE_FULL : SQLITE_OK;
}

static int
behind(int rc)
{
	if (mode == KILL_BEHIND && atomic_load(&sh->calls) == at)
		die();
	return rc;
}

#define CALL(expression) do { int rc_ = before(); return rc_ != 0 ? rc_ : behind(expression); } while (0)

static int
do_write(sqlite3_file *f, const void *data, int n, sqlite3_int64 offset)
{
	struct file *own = (struct file *)f;
	int rc = before();

	if (rc != 0)
		return rc;
	if (mode == KILL_HALF && atomic_load(&sh->calls) >= at) {
		DOES(f)->xWrite(REAL(f), data, n / 2, offset);
		die();
	}
	own->unsynced = 1;
	if (own->is_wal)
		log_unsynced = 1;
	return behind(DOES(f)->xWrite(REAL(f), data, n, offset));
}

static int
do_sync(sqlite3_file *f, int flags)
{
	struct file *own = (struct file *)f;
	int rc = before();

	if (rc != 0)
		return rc;
	rc = DOES(f)->xSync(REAL(f), flags);
	if (rc == 0 && own->is_wal)
		log_unsynced = 0;
	return behind(rc);
}

static int
do_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	CALL(DOES(f)->xTruncate(REAL(f), size));
}

static int
do_close(sqlite3_file *f)
{
	return DOES(f)->xClose(REAL(f));
}

static int
do_read(sqlite3_file *f, void *data, int n, sqlite3_int64 offset)
{
	if (mode >= FAIL_ONCE)
		CALL(DOES(f)->xRead(REAL(f), data, n, offset));
	return DOES(f)->xRead(REAL(f), data, n, offset);
}

static int
do_size(sqlite3_file *f, sqlite3_int64 *size)
{
	return DOES(f)->xFileSize(REAL(f), size);
}

static int
do_lock(sqlite3_file *f, int level)
{
	CALL(DOES(f)->xLock(REAL(f), level));
}

static int
do_unlock(sqlite3_file *f, int level)
{
	return DOES(f)->xUnlock(REAL(f), level);
}

static int
do_reserved(sqlite3_file *f, int *out)
{
	return DOES(f)->xCheckReservedLock(REAL(f), out);
}

static int
do_control(sqlite3_file *f, int op, void *arg)
{
	return DOES(f)->xFileControl(REAL(f), op, arg);
}

static int
do_sector(sqlite3_file *f)
{
	return DOES(f)->xSectorSize(REAL(f));
}

static int
do_device(sqlite3_file *f)
{
	return DOES(f)->xDeviceCharacteristics(REAL(f));
}

static int
do_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
	CALL(DOES(f)->xShmMap(REAL(f), page, size, extend, out));
}

static int
do_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
	/* giving a lock back does not fail */
	if (flags & SQLITE_SHM_UNLOCK && mode >= FAIL_ONCE)
		return DOES(f)->xShmLock(REAL(f), offset, n, flags);
	CALL(DOES(f)->xShmLock(REAL(f), offset, n, flags));
}

static void
do_barrier(sqlite3_file *f)
{
	if (mode < FAIL_ONCE)
		before();
	DOES(f)->xShmBarrier(REAL(f));
}

static int
do_unmap(sqlite3_file *f, int remove)
{
	return DOES(f)->xShmUnmap(REAL(f), remove);
}

static int
do_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
	static const sqlite3_io_methods methods = {
		2, do_close, do_read, do_write, do_truncate, do_sync, do_size, do_lock, do_unlock, do_reserved, do_control,
		do_sector, do_device, do_map, do_shm_lock, do_barrier, do_unmap, NULL, NULL,
	};
	struct file *own = (struct file *)f;
	int rc = before();

	(void)vfs;
	memset(own, 0, sizeof(*own));
	if (rc != 0)
		return SQLITE_CANTOPEN;
	rc = below->xOpen(below, name, own->real, flags, out);
	own->is_wal = (flags & SQLITE_OPEN_WAL) != 0;
	if (rc == SQLITE_OK) {
		own->methods = methods;
		own->base.pMethods = &own->methods;
	}
	return behind(rc);
}

static int
do_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	(void)vfs;
	CALL(below->xDelete(below, name, sync));
}

static void
put_between(void)
{
	static sqlite3_vfs between;

	below = sqlite3_vfs_find(NULL);
	between = *below;
	between.zName = "between";
	between.szOsFile = (int)sizeof(struct file) + below->szOsFile;
	between.xOpen = do_open;
	between.xDelete = do_delete;
	sqlite3_vfs_register(&between, 1);
}

/* ---- single statements ---- */

int __real_sqlite3_step(sqlite3_stmt *q);
int __wrap_sqlite3_step(sqlite3_stmt *q);

int
__wrap_sqlite3_step(sqlite3_stmt *q)
{
	if (mode >= STEP_ONCE && atomic_fetch_add(&sh->calls, 1) + 1 == at)
		return mode == STEP_BUSY ? SQLITE_BUSY : SQLITE_IOERR;
	return __real_sqlite3_step(q);
}

/* ---- rounds ---- */

static void
is_synced(struct kills *k)
{
	if (log_unsynced)
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
file_of(struct tally *t, enum mode now, unsigned long wanted, const char *what)
{
	struct store keeper = { 0 };
	const char *url = env_fresh(), *why;
	bool reached = true;

	atomic_store(&sh->tried, 0);
	atomic_store(&sh->acked, 0);
	/* in every other one the parent has it open too: nobody who dies is the last */
	if (t->files++ % 2 != 0)
		check(store_open(&keeper, url) == 0, "opens");
	for (at = 1 + t->files / 3; reached && t->hits < wanted; at += 1 + at / 40) {
		int status;

		mode = now;
		status = round_of(url);
		mode = NONE;
		reached = atomic_load(&sh->calls) >= at;
		t->hits += reached;
		t->ended += WIFEXITED(status);
		why = kills_check(sh, url);
		if (why == NULL && t->hits % 8 == 0)
			why = env_wrong();
		if (why == NULL && now >= FAIL_ONCE && !WIFEXITED(status))
			why = "it died of a failure";
		if (why != NULL && t->lost++ < 5)
			printf("%s %d at %lu: %s\n", what, now, at, why);
	}
	check(env_wrong() == NULL, "integrity_check");
	store_close(&keeper);
}

static void
all_of(unsigned long wanted, enum mode from, enum mode to, const char *what)
{
	struct tally t = { 0 };

	for (enum mode now = from; t.hits < wanted; now = now < to ? now + 1 : from)
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
	put_between();
	all_of(kills, KILL_BEFORE, KILL_HALF, "kills");
	all_of(failures, FAIL_ONCE, STEP_BUSY, "failures");
	check(atomic_load(&sh->failures) > 0, "failures were seen");
	env_end();
	return store_finish();
}
