/* SPDX-License-Identifier: Apache-2.0 */
/* Counts what SQLite asks of the system, and dies or fails at one of them. */
#include "modules/store_sqlite/test_layer.h"

#include <signal.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <sqlite3.h>

struct layer layer;

static sqlite3_vfs *below;

struct file {
	sqlite3_file base;
	sqlite3_io_methods methods;	/* what we say we have */
	int is_wal, unsynced;
	sqlite3_file real[];
};

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
	const unsigned long n = atomic_fetch_add(layer.calls, 1) + 1;

	if (layer.mode == KILL_BEFORE && n == layer.at)
		die();
	if ((layer.mode == FAIL_ONCE && n == layer.at) || (layer.mode == FAIL_ON && n >= layer.at))
		return SQLITE_IOERR;
	return layer.mode == FAIL_FULL && n >= layer.at && n < layer.at + 5 ? SQLITE_FULL : SQLITE_OK;
}

static int
behind(int rc)
{
	if (layer.mode == KILL_BEHIND && atomic_load(layer.calls) == layer.at)
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
	if (layer.mode == KILL_HALF && atomic_load(layer.calls) >= layer.at) {
		DOES(f)->xWrite(REAL(f), data, n / 2, offset);
		die();
	}
	own->unsynced = 1;
	if (own->is_wal)
		layer.log_unsynced = 1;
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
		layer.log_unsynced = 0;
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
	if (layer.mode >= FAIL_ONCE)
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
	if (flags & SQLITE_SHM_UNLOCK && layer.mode >= FAIL_ONCE)
		return DOES(f)->xShmLock(REAL(f), offset, n, flags);
	CALL(DOES(f)->xShmLock(REAL(f), offset, n, flags));
}

static void
do_barrier(sqlite3_file *f)
{
	if (layer.mode < FAIL_ONCE)
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

void
layer_put(void)
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
