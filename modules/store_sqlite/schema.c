/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables. A row that is replaced gets a new place at the end, so that the order of
 * places is that of changes, and reading all is one walk through the table.
 *
 * The newest change stands by itself: it must not go back when the row that it wrote is
 * forgotten.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "rows.h"
#include "secret.h"
#include "store_sqlite.h"

#define VERSION 1			/* steps[] leads to it */
#define OURS 1349479539			/* application_id: "Pols" */

_Static_assert(POLICY_ROW_REVOCATION == 1 && POLICY_ROW_USER == 2 && POLICY_ROW_GRANT == 3 &&
    POLICY_ROW_TOKEN == 4 && POLICY_ROW_GONE == 1 && POLICY_ROW_OFF == 2, "the numbers that stand below");

#define WHEN(column, as) \
	"CASE " #column " WHEN 0 THEN NULL ELSE strftime('%Y-%m-%dT%H:%M:%SZ', " #column " / 1000000000, 'unixepoch') END AS " as
#define STATE "CASE WHEN flags & 1 THEN 'deleted' WHEN flags & 2 THEN 'disabled' ELSE 'active' END AS state"

static const char step_1[] =
    "CREATE TABLE policy_head (one INTEGER PRIMARY KEY CHECK (one = 1), change INTEGER NOT NULL) STRICT;"
    "INSERT INTO policy_head VALUES (1, 0);"
    "CREATE TABLE policy_row (seq INTEGER PRIMARY KEY, kind INTEGER NOT NULL, id TEXT NOT NULL,"
    " change INTEGER NOT NULL, flags INTEGER NOT NULL, number INTEGER NOT NULL, until_ns INTEGER NOT NULL,"
    " made_ns INTEGER NOT NULL, from_ns INTEGER NOT NULL, source TEXT, type TEXT, name TEXT, owner TEXT,"
    " org TEXT, made_by TEXT, secret TEXT, resource TEXT, list TEXT, attributes TEXT, UNIQUE (kind, id)) STRICT;"
    "CREATE INDEX policy_row_change ON policy_row (change);"
    "CREATE INDEX policy_row_until ON policy_row (until_ns) WHERE kind IN (1, 4) AND until_ns <> 0;"
    "CREATE VIEW users AS SELECT id AS uid, type, name, org, " STATE ", list AS groups,"
    " secret IS NOT NULL AS has_password, number AS wrong_passwords, attributes, " WHEN(made_ns, "made") ", made_by,"
    " change FROM policy_row WHERE kind = 2;"
    "CREATE VIEW grants AS SELECT id, owner AS uid, name AS role, resource, org, " STATE ", " WHEN(from_ns, "since") ", "
    WHEN(until_ns, "until") ", " WHEN(made_ns, "made") ", made_by, change FROM policy_row WHERE kind = 3;"
    "CREATE VIEW tokens AS SELECT id, owner AS uid, name, type AS kind, source AS step, org, " STATE ","
    " list AS scopes, " WHEN(made_ns, "made") ", " WHEN(from_ns, "issued") ", " WHEN(until_ns, "until") ", made_by,"
    " change FROM policy_row WHERE kind = 4;"
    "CREATE VIEW revocations AS SELECT id AS token, source AS step, " WHEN(made_ns, "made") ", "
    WHEN(until_ns, "kept_until") ", made_by, change FROM policy_row WHERE kind = 1 AND NOT flags & 1;"
    "PRAGMA application_id = 1349479539;";

/* steps[n] leads from version n to n + 1. */
static const char *const steps[VERSION] = { step_1 };

static const char *const texts[SQL_COUNT] = {
	[SQL_DATA_VERSION] = "PRAGMA data_version",
	[SQL_VERSION] = "PRAGMA user_version",
	[SQL_HEAD] = "SELECT change FROM policy_head",
	[SQL_ALL] = "SELECT " POL_ROWS_COLUMNS " FROM policy_row ORDER BY seq",
	[SQL_SINCE] = "SELECT " POL_ROWS_COLUMNS " FROM policy_row INDEXED BY policy_row_change WHERE change > ?1"
	    " ORDER BY change, seq",
	[SQL_BEGIN] = "BEGIN",
	[SQL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
	[SQL_PUT] = "INSERT OR REPLACE INTO policy_row (" POL_ROWS_COLUMNS ")"
	    " VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18)",
	[SQL_MOVE_HEAD] = "UPDATE policy_head SET change = ?1",
	[SQL_FORGET] = ("DELETE FROM policy_row WHERE seq IN (SELECT seq FROM policy_row INDEXED BY policy_row_until"
	    " WHERE kind IN (1, 4) AND until_ns <> 0 AND until_ns < ?1 LIMIT 4096)"),
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
};

int
pol_schema_fail(const struct pol_sqlite *s, int rc, const char *what, struct policy_error *err)
{
	int code = POLICY_ERR_IO;

	switch (rc & 0xff) {
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
		/* what stands beside it is made and kept by those who write */
		if (s->only_reads && s->db != NULL && (sqlite3_system_errno(s->db) == EACCES || sqlite3_system_errno(s->db) == EPERM))
			return pol_secret_fail(err, POLICY_ERR_IO, NULL, 0,
			    "%s: cannot %s: this process may not read it, or what stands beside it", s->path, what);
		if (s->only_reads)
			return pol_secret_fail(err, POLICY_ERR_UNAVAILABLE, NULL, 0,
			    "%s: cannot %s: who writes it is not there, or keeps its log from us (SQLite's %d)", s->path, what, rc);
		break;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		code = POLICY_ERR_UNAVAILABLE;
		break;
	case SQLITE_NOMEM:
		code = POLICY_ERR_NOMEM;
		break;
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
	case SQLITE_SCHEMA:
	case SQLITE_ERROR:
		code = POLICY_ERR_INVALID;
		break;
	default:
		break;
	}
	return pol_secret_fail(err, code, NULL, 0, "%s: cannot %s: %s (SQLite's %d)", s->path, what,
	    sqlite3_errstr(rc), rc);
}

/* The first column of the first row. */
static int
ask(sqlite3 *db, const char *sql, int64_t *number)
{
	sqlite3_stmt *q = NULL;
	int rc = sqlite3_prepare_v3(db, sql, -1, 0, &q, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(q);
	if (rc == SQLITE_ROW) {
		*number = sqlite3_column_int64(q, 0);
		rc = SQLITE_OK;
	} else if (rc == SQLITE_DONE) {
		rc = SQLITE_CORRUPT;
	}
	sqlite3_finalize(q);
	return rc;
}

int
pol_schema_harden(struct pol_sqlite *s, struct policy_error *err)
{
	static const struct {
		int what, value;
	} settings[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
		{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
		{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
		{ SQLITE_DBCONFIG_DQS_DDL, 0 },
		{ SQLITE_DBCONFIG_DQS_DML, 0 },
	};
	int rc = SQLITE_OK;

	for (size_t i = 0; rc == SQLITE_OK && i < sizeof(settings) / sizeof(settings[0]); i++)
		rc = sqlite3_db_config(s->db, settings[i].what, settings[i].value, NULL);
	sqlite3_limit(s->db, SQLITE_LIMIT_ATTACHED, 0);
	if (rc == SQLITE_OK)
		rc = sqlite3_busy_timeout(s->db, POL_SQLITE_WAIT_MS);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(s->db, "PRAGMA synchronous = FULL; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;"
		    "PRAGMA cell_size_check = ON; PRAGMA secure_delete = ON; PRAGMA journal_size_limit = 16777216",
		    NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : pol_schema_fail(s, rc, "set up a connection", err);
}

struct marks {
	int64_t ours, version, things;
};

static int
look(struct pol_sqlite *s, struct marks *m, struct policy_error *err)
{
	int rc = ask(s->db, "PRAGMA application_id", &m->ours);

	if (rc == SQLITE_OK)
		rc = ask(s->db, "PRAGMA user_version", &m->version);
	if (rc == SQLITE_OK)
		rc = ask(s->db, "SELECT count(*) FROM sqlite_schema", &m->things);
	return rc == SQLITE_OK ? 0 : pol_schema_fail(s, rc, "read it", err);
}

static int
later(const struct pol_sqlite *s, int64_t version, struct policy_error *err)
{
	return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0,
	    "%s has tables of version %" PRId64 ", but this module knows versions up to %d: a newer one made them",
	    s->path, version, VERSION);
}

static int
judge(const struct pol_sqlite *s, const struct marks *m, struct policy_error *err)
{
	if (m->ours == 0 && m->version == 0 && m->things == 0)
		return 0;
	if (m->ours != OURS || m->version < 1)
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0,
		    "%s is another program's database (application_id %" PRId64 "), but must be ours or not be there",
		    s->path, m->ours);
	return m->version > VERSION ? later(s, m->version, err) : 0;
}

/* In one transaction: what another made meanwhile is seen, and left. */
static int
migrate(struct pol_sqlite *s, struct policy_error *err)
{
	struct marks m = { -1, -1, -1 };
	char mark[64];
	int rc = sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	if (rc != SQLITE_OK)
		return pol_schema_fail(s, rc, "begin to make its tables", err);
	rc = look(s, &m, err);
	if (rc == 0)
		rc = judge(s, &m, err);
	if (rc == 0) {
		int sql = SQLITE_OK;

		for (int64_t v = m.version; sql == SQLITE_OK && v < VERSION; v++)
			sql = sqlite3_exec(s->db, steps[v], NULL, NULL, NULL);
		snprintf(mark, sizeof(mark), "PRAGMA user_version = %d", VERSION);
		if (sql == SQLITE_OK)
			sql = sqlite3_exec(s->db, mark, NULL, NULL, NULL);
		if (sql == SQLITE_OK)
			sql = sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL);
		if (sql != SQLITE_OK)
			rc = pol_schema_fail(s, sql, "make its tables", err);
	}
	if (rc != 0 && sqlite3_get_autocommit(s->db) == 0)
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

/* SQLite does not wait for the lock that this needs, so we do. */
static int
keep_a_log(struct pol_sqlite *s, struct policy_error *err)
{
	sqlite3_stmt *q = NULL;
	bool is_wal = false;
	int rc = SQLITE_BUSY;

	for (int waited = 0; (rc & 0xff) == SQLITE_BUSY && waited < POL_SQLITE_WAIT_MS; waited += 10) {
		rc = sqlite3_prepare_v3(s->db, "PRAGMA journal_mode = WAL", -1, 0, &q, NULL);
		if (rc == SQLITE_OK)
			rc = sqlite3_step(q);
		if (rc == SQLITE_ROW) {
			const char *mode = (const char *)sqlite3_column_text(q, 0);

			is_wal = mode != NULL && sqlite3_stricmp(mode, "wal") == 0;
			rc = SQLITE_OK;
		}
		sqlite3_finalize(q);
		if ((rc & 0xff) == SQLITE_BUSY)
			sqlite3_sleep(10);
	}
	if (rc != SQLITE_OK)
		return pol_schema_fail(s, rc, "switch to a write-ahead log", err);
	if (!is_wal && sqlite3_db_readonly(s->db, "main") == 0)
		return pol_secret_fail(err, POLICY_ERR_IO, NULL, 0, "%s: no write-ahead log can be kept beside it", s->path);
	return 0;
}

int
pol_schema_open(struct pol_sqlite *s, struct policy_error *err)
{
	struct marks m = { -1, -1, -1 };
	int rc = look(s, &m, err);

	if (rc == 0)
		rc = judge(s, &m, err);
	if (rc == 0 && s->only_reads)
		return m.version == VERSION ? 0 : pol_secret_fail(err, POLICY_ERR_UNAVAILABLE, NULL, 0,
		    "%s has no tables yet, or older ones: who may write it has to open it first", s->path);
	if (rc == 0)
		rc = keep_a_log(s, err);
	if (rc == 0 && m.version < VERSION)
		rc = migrate(s, err);
	return rc;
}

int
pol_schema_prepare(struct pol_sqlite *s, struct policy_error *err)
{
	for (int i = 0; i < SQL_COUNT; i++) {
		int rc;

		if (s->only_reads && i >= SQL_BEGIN_WRITE && i <= SQL_FORGET)
			continue;
		rc = sqlite3_prepare_v3(s->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &s->sql[i], NULL);
		if (rc != SQLITE_OK)
			return pol_schema_fail(s, rc, "use its tables", err);
	}
	return 0;
}

int
pol_schema_run(struct pol_sqlite *s, enum pol_sqlite_sql which, int64_t *number)
{
	sqlite3_stmt *q = s->sql[which];
	int rc = sqlite3_step(q), end;

	if (rc == SQLITE_ROW && number != NULL) {
		*number = sqlite3_column_int64(q, 0);
		rc = SQLITE_OK;
	} else if (rc == SQLITE_DONE) {
		rc = number != NULL ? SQLITE_CORRUPT : SQLITE_OK;
	}
	end = sqlite3_reset(q);
	return rc != SQLITE_OK ? rc : end;
}

int
pol_schema_still(struct pol_sqlite *s, struct policy_error *err)
{
	int64_t version = 0;
	int rc = pol_schema_run(s, SQL_VERSION, &version);

	if (rc != SQLITE_OK)
		return pol_schema_fail(s, rc, "read its version", err);
	return version == VERSION ? 0 : later(s, version, err);
}
