/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A copy, by SQLite's online backup in one step: it reads one moment of the log, while
 * others go on writing behind it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "secret.h"
#include "store_sqlite.h"

static int
copy(struct pol_sqlite *s, sqlite3 *to)
{
	sqlite3_backup *b;
	int rc, end;

	sqlite3_busy_timeout(to, POL_SQLITE_WAIT_MS);
	rc = sqlite3_exec(to, "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY", NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return rc;
	b = sqlite3_backup_init(to, "main", s->db, "main");
	if (b == NULL)
		return sqlite3_extended_errcode(to);
	rc = sqlite3_backup_step(b, -1);
	end = sqlite3_backup_finish(b);
	return rc == SQLITE_DONE ? end : rc;
}

static void
remove_all(const char *path)
{
	static const char *const ends[] = { "", "-journal", "-wal", "-shm" };
	char name[4096 + 16];

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		unlink(name);
	}
}

int
pol_backup(struct pol_sqlite *s, const char *path, struct policy_error *err)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX |
	    SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
	sqlite3 *to = NULL;
	struct stat st;
	char *whole;
	int sql, rc = pol_place_take(&whole, &st, path, true, err);

	if (rc != 0)
		return rc;
	sql = sqlite3_open_v2(whole, &to, flags, NULL);
	if (sql == SQLITE_OK)
		sql = copy(s, to);
	if (sqlite3_close(to) != SQLITE_OK && sql == SQLITE_OK)
		sql = SQLITE_IOERR;
	if (sql != SQLITE_OK)
		rc = pol_schema_fail(s, sql, "copy it", err);
	else
		rc = pol_place_sync(whole, err);
	if (rc != 0)
		remove_all(whole);
	free(whole);
	return rc;
}
