/* SPDX-License-Identifier: Apache-2.0 */
/* Rows, all of one moment: one transaction that sees what was committed when it began. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "rows.h"
#include "secret.h"
#include "store_postgresql.h"

#define PAGE 4096			/* rows that are asked for at once */

#define HEAD "SELECT change, version, lineage FROM $S.policy_head"

static int64_t
number(const PGresult *r, int i, int column)
{
	return (int64_t)strtoll(PQgetvalue(r, i, column), NULL, 10);
}

static struct policy_text
text(const PGresult *r, int i, int column)
{
	if (PQgetisnull(r, i, column))
		return (struct policy_text){ NULL, 0 };
	return (struct policy_text){ PQgetvalue(r, i, column), (size_t)PQgetlength(r, i, column) };
}

static int
tell(const PGresult *r, policy_row_fn *row, void *ctx, struct policy_error *err)
{
	int rc = 0;

	for (int i = 0; rc >= 0 && i < PQntuples(r); i++) {
		struct policy_row to = POLICY_ROW_INIT;

		to.kind = (uint32_t)number(r, i, 0);
		to.id = text(r, i, 1);
		to.flags = (uint32_t)number(r, i, 3);
		to.number = (uint32_t)number(r, i, 4);
		to.until_ns = number(r, i, 5);
		to.made_ns = number(r, i, 6);
		to.from_ns = number(r, i, 7);
		for (int k = 0; k < POL_ROWS_TEXTS; k++)
			*pol_rows_at(&to, k) = text(r, i, POL_ROWS_FIRST_TEXT + k);
		rc = pol_rows_check(&to, err) != 0 ? POLICY_ERR_INVALID : row(ctx, &to);
	}
	return rc < 0 ? rc : 0;
}

static int
read_head(struct pol_pg *s, const char *form, uint64_t since, uint64_t *head, struct policy_error *err)
{
	char *sql = pol_schema_text(s, form, err);
	PGresult *r = NULL;
	int rc = sql != NULL ? pol_wire_query(s, sql, &r, "read the number of its newest change", err) : POLICY_ERR_NOMEM;

	free(sql);
	if (rc == 0)
		rc = pol_schema_head(s, r, since, head, err);
	PQclear(r);
	return rc;
}

static int
tell_pages(struct pol_pg *s, uint64_t since, policy_row_fn *row, void *ctx, struct policy_error *err)
{
	static const char next[] = "FETCH FORWARD 4096 FROM policy_rows";
	char form[512], *sql;
	PGresult *r = NULL;
	int rc, n = 0;

	_Static_assert(PAGE == 4096, "it stands in the text");
	snprintf(form, sizeof(form), "DECLARE policy_rows NO SCROLL CURSOR FOR SELECT " POL_ROWS_COLUMNS
	    " FROM $S.policy_row WHERE change > %" PRIu64 " ORDER BY change, place; %s", since, next);
	sql = pol_schema_text(s, form, err);
	rc = sql != NULL ? pol_wire_query(s, sql, &r, "read its rows", err) : POLICY_ERR_NOMEM;
	free(sql);
	while (rc == 0) {
		n = PQntuples(r);
		rc = tell(r, row, ctx, err);
		PQclear(r);
		r = NULL;
		if (rc != 0 || n < PAGE)
			break;
		rc = pol_wire_query(s, next, &r, "read its rows", err);
	}
	PQclear(r);
	return rc;
}

static int
read_once(struct pol_pg *s, uint64_t *since, policy_row_fn *row, void *ctx, struct policy_error *err)
{
	uint64_t head = 0;
	int rc = read_head(s, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; " HEAD, *since, &head, err);

	if (rc == 0)
		rc = tell_pages(s, *since, row, ctx, err);
	if (rc == 0)
		rc = pol_wire_query(s, "COMMIT", NULL, "end reading", err);
	if (rc != 0) {
		pol_write_stop(s);
		return rc;
	}
	*since = head;
	return 0;
}

/*
 * The server is asked even where it has notified nobody: that it is silent must not look
 * like news. A notification that came together with an answer that was older is not to be
 * found on the socket any more, so it is looked at here.
 */
int
pol_read_changes(struct pol_pg *s, uint64_t *since, policy_row_fn *row, void *ctx, struct policy_error *err)
{
	uint64_t head = 0;
	int rc;

	pol_wire_hear(s);
	for (int i = 0; i < 8; i++) {
		rc = read_head(s, HEAD, *since, &head, err);
		if (rc == 0 && head > *since)
			rc = read_once(s, since, row, ctx, err);
		if (rc != 0)
			return rc;
		pol_wire_hear(s);
		if (s->told <= *since)
			break;
	}
	return 0;
}
