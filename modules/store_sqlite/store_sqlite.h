/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of store_sqlite share. */
#ifndef POL_STORE_SQLITE_H
#define POL_STORE_SQLITE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <sqlite3.h>

#include <policy_module.h>

/* How long one waits for another's lock. */
#define POL_SQLITE_WAIT_MS 5000

enum pol_sqlite_sql {
	SQL_DATA_VERSION,
	SQL_VERSION,
	SQL_HEAD,
	SQL_ALL,
	SQL_SINCE,
	SQL_BEGIN,
	SQL_BEGIN_WRITE,
	SQL_PUT,
	SQL_MOVE_HEAD,
	SQL_FORGET,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_COUNT
};

struct pol_sqlite {
	atomic_int inside;		/* a call is under way */
	pid_t pid;			/* whose it is */
	sqlite3 *db;
	sqlite3_file *file;		/* db's own */
	sqlite3_file *log;		/* of its write-ahead log; NULL: not said */
	sqlite3_stmt *sql[SQL_COUNT];
	char *path;
	bool only_reads;
	struct stat seen;		/* of path, when it was opened */
	bool known;			/* the two below are so */
	int64_t data_version;		/* what SQLite counted when newest was read */
	uint64_t newest;
};

/* ---- place.c ---- */

/* The file at `path` as SQLite is to open it: *out (for free()) without links, in
 * directories that nobody else writes. `make`: it is made, empty, 0600; *st is its. */
int pol_place_take(char **out, struct stat *st, const char *path, bool make, struct policy_error *err);
/* Is that file still there? */
bool pol_place_is(const char *path, const struct stat *seen);
/* The directory's entry for path is durable. */
int pol_place_sync(const char *path, struct policy_error *err);

/* ---- schema.c ---- */

/* Settings of a new connection, before anything of the file is believed. */
int pol_schema_harden(struct pol_sqlite *s, struct policy_error *err);
/* Is it ours, and of this version? Made or brought up to it where it is not. */
int pol_schema_open(struct pol_sqlite *s, struct policy_error *err);
int pol_schema_prepare(struct pol_sqlite *s, struct policy_error *err);
/* SQLite's rc as a policy_err, err filled with what could not be done. */
int pol_schema_fail(const struct pol_sqlite *s, int rc, const char *what, struct policy_error *err);
/* Steps sql[which] to its end; *number (or NULL) is its first column. */
int pol_schema_run(struct pol_sqlite *s, enum pol_sqlite_sql which, int64_t *number);
/* A later version must not be read as if it were ours. */
int pol_schema_still(struct pol_sqlite *s, struct policy_error *err);

/* ---- forked.c ---- */

/* Before SQLite is called for *s, and when it was closed. */
int pol_forked_add(struct pol_sqlite *s, struct policy_error *err);
void pol_forked_remove(struct pol_sqlite *s);
/* A call begins and ends. In another process than the one that opened it: a failure. */
int pol_forked_enter(struct pol_sqlite *s, struct policy_error *err);
void pol_forked_leave(struct pol_sqlite *s);

/* ---- read.c ---- */

/* The file at the path is the one that was opened. */
int pol_read_same(const struct pol_sqlite *s, struct policy_error *err);
/* In a transaction: the newest change, which cannot be older than `since`. */
int pol_read_head(struct pol_sqlite *s, uint64_t since, uint64_t *head, struct policy_error *err);
int pol_read_changes(struct pol_sqlite *s, uint64_t *since, policy_row_fn *row, void *ctx, struct policy_error *err);
/* Ends a transaction that failed, where SQLite has not done so. */
void pol_read_stop(struct pol_sqlite *s);

/* ---- reading.c ---- */

/* Opens s->path for reading only; SQLite's rc. */
int pol_reading_connect(struct pol_sqlite *s, int flags);

/* ---- write.c ---- */

int pol_write_rows(struct pol_sqlite *s, const struct policy_row *rows, size_t n, uint64_t *since,
    struct policy_error *err);
/* Some rows, so that others get in between: how many, 0 when none is left. */
int pol_write_forget(struct pol_sqlite *s, int64_t before, struct policy_error *err);

/* ---- backup.c ---- */

int pol_backup(struct pol_sqlite *s, const char *path, struct policy_error *err);

#endif
