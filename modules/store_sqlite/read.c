/* SPDX-License-Identifier: Apache-2.0 */
/* Rows, all of one moment: one transaction of SQLite, which no writer waits for. */
#include <inttypes.h>

#include "rows.h"
#include "secret.h"
#include "store_sqlite.h"

int
pol_read_same(const struct pol_sqlite *s, struct policy_error *err)
{
	if (pol_place_is(s->path, &s->seen))
		return 0;
	return pol_secret_fail(err, POLICY_ERR_UNSAFE, NULL, 0,
	    "%s is not the file any more that was opened: restart what uses it", s->path);
}

static void
get_row(struct policy_row *r, sqlite3_stmt *q)
{
	struct policy_text *t;

	*r = (struct policy_row)POLICY_ROW_INIT;
	r->kind = (uint32_t)sqlite3_column_int64(q, 0);
	r->id.data = (const char *)sqlite3_column_text(q, 1);
	r->id.len = (size_t)sqlite3_column_bytes(q, 1);
	r->flags = (uint32_t)sqlite3_column_int64(q, 3);
	r->number = (uint32_t)sqlite3_column_int64(q, 4);
	r->until_ns = sqlite3_column_int64(q, 5);
	r->made_ns = sqlite3_column_int64(q, 6);
	r->from_ns = sqlite3_column_int64(q, 7);
	for (int i = 0; i < POL_ROWS_TEXTS; i++) {
		t = pol_rows_at(r, i);
		t->data = (const char *)sqlite3_column_text(q, POL_ROWS_FIRST_TEXT + i);
		t->len = t->data != NULL ? (size_t)sqlite3_column_bytes(q, POL_ROWS_FIRST_TEXT + i) : 0;
	}
}

/* A NULL that stands for memory that ran out must not be taken for an absent text. */
static bool
is_whole(const struct policy_row *r, sqlite3_stmt *q)
{
	if (r->id.data == NULL)
		return false;
	for (int i = 0; i < POL_ROWS_TEXTS; i++) {
		if (pol_rows_get(r, i)->data == NULL &&
		    sqlite3_column_type(q, POL_ROWS_FIRST_TEXT + i) != SQLITE_NULL)
			return false;
	}
	return true;
}

static int
tell(struct pol_sqlite *s, uint64_t since, policy_row_fn *row, void *ctx, struct policy_error *err)
{
	sqlite3_stmt *q = s->sql[since == 0 ? SQL_ALL : SQL_SINCE];
	struct policy_row r;
	int sql = SQLITE_OK, rc = 0;

	if (since != 0)
		sql = sqlite3_bind_int64(q, 1, (int64_t)since);
	while (sql == SQLITE_OK && rc >= 0) {
		sql = sqlite3_step(q);
		if (sql != SQLITE_ROW)
			break;
		sql = SQLITE_OK;
		get_row(&r, q);
		if (!is_whole(&r, q))
			sql = SQLITE_NOMEM;
		else if (pol_rows_check(&r, err) != 0)
			rc = POLICY_ERR_INVALID;
		else
			rc = row(ctx, &r);
	}
	sqlite3_reset(q);
	if (rc < 0)
		return rc;
	return sql == SQLITE_DONE ? 0 : pol_schema_fail(s, sql, "read its rows", err);
}

/* In a transaction: the newest change, which cannot be older than what was seen. */
int
pol_read_head(struct pol_sqlite *s, uint64_t since, uint64_t *head, struct policy_error *err)
{
	int64_t number = 0;
	int sql = pol_schema_run(s, SQL_HEAD, &number);

	if (sql != SQLITE_OK)
		return pol_schema_fail(s, sql, "read the number of its newest change", err);
	*head = (uint64_t)number;
	if (number < 0 || *head < since)
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0,
		    "%s went back: its newest change is %" PRId64 ", but %" PRIu64 " was seen: restart what uses it",
		    s->path, number, since);
	return 0;
}

void
pol_read_stop(struct pol_sqlite *s)
{
	if (sqlite3_get_autocommit(s->db) == 0)
		pol_schema_run(s, SQL_ROLLBACK, NULL);
}

int
pol_read_changes(struct pol_sqlite *s, uint64_t *since, policy_row_fn *row, void *ctx, struct policy_error *err)
{
	uint64_t head = 0;
	int sql = pol_schema_run(s, SQL_BEGIN, NULL), rc;

	if (sql != SQLITE_OK)
		return pol_schema_fail(s, sql, "begin to read", err);
	rc = pol_schema_still(s, err);
	if (rc == 0)
		rc = pol_read_head(s, *since, &head, err);
	if (rc == 0 && head > *since)
		rc = tell(s, *since, row, ctx, err);
	if (rc == 0 && (sql = pol_schema_run(s, SQL_COMMIT, NULL)) != SQLITE_OK)
		rc = pol_schema_fail(s, sql, "end reading", err);
	if (rc != 0) {
		pol_read_stop(s);
		return rc;
	}
	*since = s->newest = head;
	return 0;
}
