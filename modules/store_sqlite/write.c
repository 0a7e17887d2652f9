/* SPDX-License-Identifier: Apache-2.0 */
/* A change: its rows and its number, or nothing. The writer has the lock from the start. */
#include "rows.h"
#include "secret.h"
#include "store_sqlite.h"

static int
bind_text(sqlite3_stmt *q, int at, struct policy_text t)
{
	return t.data == NULL ? sqlite3_bind_null(q, at) : sqlite3_bind_text(q, at, t.data, (int)t.len, SQLITE_STATIC);
}

static int
put(struct pol_sqlite *s, const struct policy_row *r, uint64_t change)
{
	const int64_t numbers[POL_ROWS_FIRST_TEXT] = {
		r->kind, 0, (int64_t)change, r->flags, r->number, r->until_ns, r->made_ns, r->from_ns,
	};
	sqlite3_stmt *q = s->sql[SQL_PUT];
	int rc = bind_text(q, 2, r->id);

	for (int i = 0; rc == SQLITE_OK && i < POL_ROWS_FIRST_TEXT; i++) {
		if (i != 1)
			rc = sqlite3_bind_int64(q, i + 1, numbers[i]);
	}
	for (int i = 0; rc == SQLITE_OK && i < POL_ROWS_TEXTS; i++)
		rc = bind_text(q, POL_ROWS_FIRST_TEXT + i + 1, *pol_rows_get(r, i));
	if (rc == SQLITE_OK)
		rc = pol_schema_run(s, SQL_PUT, NULL);
	sqlite3_clear_bindings(q);
	return rc;
}

static int
write_rows(struct pol_sqlite *s, const struct policy_row *rows, size_t n, uint64_t change)
{
	int rc = SQLITE_OK;

	for (size_t i = 0; rc == SQLITE_OK && i < n; i++)
		rc = put(s, &rows[i], change);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(s->sql[SQL_MOVE_HEAD], 1, (int64_t)change);
	if (rc == SQLITE_OK)
		rc = pol_schema_run(s, SQL_MOVE_HEAD, NULL);
	if (rc == SQLITE_OK && sqlite3_changes(s->db) != 1)
		rc = SQLITE_CORRUPT;
	return rc;
}

static int
begin_write(struct pol_sqlite *s, struct policy_error *err)
{
	int sql, rc = pol_read_same(s, err);

	if (rc != 0)
		return rc;
	if (s->only_reads)
		return pol_secret_fail(err, POLICY_ERR_UNSUPPORTED, NULL, 0, "%s was opened for reading only", s->path);
	if (sqlite3_db_readonly(s->db, "main") != 0)
		return pol_secret_fail(err, POLICY_ERR_IO, NULL, 0, "%s cannot be written by this process", s->path);
	sql = pol_schema_run(s, SQL_BEGIN_WRITE, NULL);
	return sql == SQLITE_OK ? 0 : pol_schema_fail(s, sql, "begin to write", err);
}

int
pol_write_rows(struct pol_sqlite *s, const struct policy_row *rows, size_t n, uint64_t *since, struct policy_error *err)
{
	uint64_t head = 0;
	int sql, rc = begin_write(s, err);

	if (rc != 0)
		return rc;
	rc = pol_schema_still(s, err);
	if (rc == 0)
		rc = pol_read_head(s, *since, &head, err);
	if (rc == 0 && head != *since)
		rc = pol_secret_fail(err, POLICY_ERR_AGAIN, NULL, 0, "another wrote meanwhile");
	if (rc == 0) {
		sql = write_rows(s, rows, n, head + 1);
		if (sql == SQLITE_OK)
			sql = pol_schema_run(s, SQL_COMMIT, NULL);
		if (sql != SQLITE_OK)
			rc = pol_schema_fail(s, sql, "write", err);
	}
	if (rc != 0) {
		pol_read_stop(s);
		return rc;
	}
	*since = s->newest = head + 1;
	return 0;
}

int
pol_write_forget(struct pol_sqlite *s, int64_t before, struct policy_error *err)
{
	int sql, rc = begin_write(s, err);

	if (rc != 0)
		return rc;
	rc = pol_schema_still(s, err);
	if (rc != 0) {
		pol_read_stop(s);
		return rc;
	}
	sql = sqlite3_bind_int64(s->sql[SQL_FORGET], 1, before);
	if (sql == SQLITE_OK)
		sql = pol_schema_run(s, SQL_FORGET, NULL);
	if (sql == SQLITE_OK) {
		rc = sqlite3_changes(s->db);
		sql = pol_schema_run(s, SQL_COMMIT, NULL);
	}
	if (sql != SQLITE_OK) {
		rc = pol_schema_fail(s, sql, "forget what ended", err);
		pol_read_stop(s);
	}
	return rc;
}
