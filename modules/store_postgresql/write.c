/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A change: its rows and its number, or nothing. Rows go out many at a time, without
 * waiting for each, and never so many that both sides wait for the other to read.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rows.h"
#include "secret.h"
#include "store_postgresql.h"

#define AT_ONCE 128

enum { PARAMS = POL_ROWS_ALL + 1 };

void
pol_write_stop(struct pol_pg *s)
{
	struct policy_error err = POLICY_ERROR_INIT;

	if (s->conn == NULL)
		return;
	if (PQpipelineStatus(s->conn) != PQ_PIPELINE_OFF ||
	    (PQtransactionStatus(s->conn) != PQTRANS_IDLE && pol_wire_query(s, "ROLLBACK", NULL, "give up", &err) != 0))
		pol_wire_drop(s);
}

static int
run(struct pol_pg *s, const char *form, PGresult **out, const char *what, struct policy_error *err)
{
	char *sql = pol_schema_text(s, form, err);
	int rc = sql != NULL ? pol_wire_query(s, sql, out, what, err) : POLICY_ERR_NOMEM;

	free(sql);
	return rc;
}

/* With the lock on it, until the transaction ends. */
static int
lock_head(struct pol_pg *s, uint64_t since, uint64_t *head, struct policy_error *err)
{
	PGresult *r = NULL;
	int rc;

	if (s->only_reads)
		return pol_secret_fail(err, POLICY_ERR_UNSUPPORTED, NULL, 0, "the store was opened for reading only");
	rc = run(s, "BEGIN; SELECT change, version, lineage FROM $S.policy_head FOR UPDATE", &r, "begin to write", err);

	if (rc == 0)
		rc = pol_schema_head(s, r, since, head, err);
	PQclear(r);
	return rc;
}

static int
send_row(struct pol_pg *s, const struct policy_row *r, uint64_t change, size_t place)
{
	const int64_t numbers[PARAMS] = {
		r->kind, 0, (int64_t)change, r->flags, r->number, r->until_ns, r->made_ns, r->from_ns,
		[POL_ROWS_ALL] = (int64_t)place,
	};
	char spelt[PARAMS][24];
	const char *values[PARAMS];
	int lengths[PARAMS], formats[PARAMS];

	for (int i = 0; i < PARAMS; i++) {
		const bool is_text = i == 1 || (i >= POL_ROWS_FIRST_TEXT && i < POL_ROWS_ALL);
		const struct policy_text *t = i == 1 ? &r->id : is_text ? pol_rows_get(r, i - POL_ROWS_FIRST_TEXT) : NULL;

		/* the bytes of a text are its binary form */
		formats[i] = is_text;
		if (t != NULL) {
			values[i] = t->data;
			lengths[i] = (int)t->len;
		} else {
			lengths[i] = snprintf(spelt[i], sizeof(spelt[i]), "%" PRId64, numbers[i]);
			values[i] = spelt[i];
		}
	}
	return PQsendQueryPrepared(s->conn, "policy_put", PARAMS, values, lengths, formats, 0);
}

/* The answers up to the mark. */
static int
take_answers(struct pol_pg *s, struct policy_error *err)
{
	const int64_t deadline = pol_secret_now() + POL_PG_WAIT_NS;
	int rc = pol_wire_flush(s, deadline, err), bad = 0;
	bool ended = false;

	while (rc == 0 && !ended) {
		PGresult *r = NULL;

		rc = pol_wire_next(s, &r, deadline, err);
		if (rc != 0 || r == NULL)
			continue;	/* NULL: the end of one row's */
		ended = PQresultStatus(r) == PGRES_PIPELINE_SYNC;
		if (!ended && bad == 0 && PQresultStatus(r) != PGRES_COMMAND_OK)
			bad = pol_wire_fail(r, "write", err);
		PQclear(r);
		if (!ended && pol_wire_lost(s))
			rc = pol_secret_fail(err, POLICY_ERR_UNAVAILABLE, NULL, 0, "the connection was lost");
	}
	return rc != 0 ? rc : bad;
}

static int
send_rows(struct pol_pg *s, const struct policy_row *rows, size_t n, uint64_t change, struct policy_error *err)
{
	int rc = PQenterPipelineMode(s->conn) != 0 ? 0 : POLICY_ERR_INTERNAL;

	for (size_t at = 0; rc == 0 && at < n;) {
		const size_t end = n - at > AT_ONCE ? at + AT_ONCE : n;
		int good = 1;

		for (; good != 0 && at < end; at++)
			good = send_row(s, &rows[at], change, at);
		if (good == 0 || PQpipelineSync(s->conn) == 0)
			rc = pol_secret_fail(err, POLICY_ERR_UNAVAILABLE, NULL, 0, "the connection was lost");
		else
			rc = take_answers(s, err);
	}
	if (s->conn != NULL && PQexitPipelineMode(s->conn) == 0)
		pol_wire_drop(s);
	if (rc == 0 && s->conn == NULL)
		rc = pol_secret_fail(err, POLICY_ERR_UNAVAILABLE, NULL, 0, "the connection was lost");
	return rc;
}

/* The server says COMMIT where it did, and ROLLBACK where it did not. */
static int
commit(struct pol_pg *s, const char *form, struct policy_error *err)
{
	PGresult *r = NULL;
	int rc = run(s, form, &r, "write", err);

	if (rc == 0 && strcmp(PQcmdStatus(r), "COMMIT") != 0)
		rc = pol_secret_fail(err, POLICY_ERR_IO, NULL, 0, "cannot write: the server rolled it back");
	PQclear(r);
	return rc;
}

int
pol_write_rows(struct pol_pg *s, const struct policy_row *rows, size_t n, uint64_t *since, struct policy_error *err)
{
	char form[256];
	uint64_t head = 0;
	int rc = lock_head(s, *since, &head, err);

	if (rc == 0 && head != *since)
		rc = pol_secret_fail(err, POLICY_ERR_AGAIN, NULL, 0, "another wrote meanwhile");
	if (rc == 0)
		rc = send_rows(s, rows, n, head + 1, err);
	snprintf(form, sizeof(form), "UPDATE $S.policy_head SET change = %" PRIu64 "; NOTIFY policy_$S, '%" PRIu64
	    "'; COMMIT", head + 1, head + 1);
	if (rc == 0)
		rc = commit(s, form, err);
	if (rc != 0) {
		pol_write_stop(s);
		return rc;
	}
	*since = head + 1;
	return 0;
}

/* Under the head's lock: a token that is renewed in this moment is not forgotten. */
int
pol_write_forget(struct pol_pg *s, int64_t before, struct policy_error *err)
{
	char form[384];
	PGresult *r = NULL;
	uint64_t head;
	int n = 0, rc = lock_head(s, 0, &head, err);

	snprintf(form, sizeof(form), "DELETE FROM $S.policy_row WHERE ctid = ANY (ARRAY (SELECT ctid FROM $S.policy_row"
	    " WHERE kind IN (1, 4) AND until_ns <> 0 AND until_ns < %" PRId64 " LIMIT 4096))", before);
	if (rc == 0)
		rc = run(s, form, &r, "forget what ended", err);
	if (rc == 0)
		n = atoi(PQcmdTuples(r));
	PQclear(r);
	if (rc == 0)
		rc = commit(s, "COMMIT", err);
	if (rc != 0) {
		pol_write_stop(s);
		return rc;
	}
	return n;
}
