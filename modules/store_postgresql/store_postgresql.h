/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of store_postgresql share. */
#ifndef POL_STORE_POSTGRESQL_H
#define POL_STORE_POSTGRESQL_H

#include <stdbool.h>
#include <sys/types.h>

#include <libpq-fe.h>

#include <policy_module.h>

/* How long the server may take: to let us in (each address), to do one statement, to give
 * a lock; and how long we wait for it to say so. */
#define POL_PG_CONNECT_S "5"
#define POL_PG_CONNECT_MOST_S 30
#define POL_PG_STATEMENT_MS "10000"
#define POL_PG_LOCK_MS "5000"
#define POL_PG_WAIT_NS INT64_C(15000000000)

enum { POL_PG_SCHEMA_MOST = 40, POL_PG_LINEAGE = 40 };

struct pol_pg {
	pid_t pid;			/* whose it is */
	bool only_reads;
	PGconn *conn;			/* NULL: to be made */
	unsigned slot;			/* forked.c: where its socket is listed, from 1; 0: nowhere */
	char *url;			/* without `schema=`; may hold a password: never shown */
	char schema[POL_PG_SCHEMA_MOST + 1];
	char lineage[POL_PG_LINEAGE];	/* which store it is; "" before the first connection */
	int64_t not_before;		/* CLOCK_MONOTONIC: the next try to connect */
	int64_t pause;			/* and how long it was waited for this one */
	uint64_t told;			/* the newest change that a notification named */
	void (*log)(void *log_ctx, enum policy_log_level level, const char *text);
	void *log_ctx;
};

/* ---- url.c ---- */

int pol_url_read(struct pol_pg *s, struct policy_text url, struct policy_error *err);

/* ---- wire.c ---- */

/* Connects where there is no connection and the time for a try has come. */
int pol_wire_ready(struct pol_pg *s, struct policy_error *err);
void pol_wire_drop(struct pol_pg *s);
/* Is the connection lost? Then it is dropped. */
bool pol_wire_lost(struct pol_pg *s);
/* One or more statements; *out (or NULL) is the last one's result, for PQclear(). */
int pol_wire_query(struct pol_pg *s, const char *sql, PGresult **out, const char *what, struct policy_error *err);
/* What was sent is on its way, or an answer is there to be got. */
int pol_wire_flush(struct pol_pg *s, int64_t deadline, struct policy_error *err);
/* The next result; *out NULL: there is no other one. */
int pol_wire_next(struct pol_pg *s, PGresult **out, int64_t deadline, struct policy_error *err);
/* What a result that is no success means. */
int pol_wire_fail(const PGresult *r, const char *what, struct policy_error *err);
/* Takes what the server said unasked. */
void pol_wire_hear(struct pol_pg *s);

/* ---- forked.c ---- */

/* Lists the socket of a new connection. */
void pol_forked_add(struct pol_pg *s);
/* After the connection was dropped. */
void pol_forked_remove(struct pol_pg *s);
/* Closes what was inherited of another process' connections. */
void pol_forked_part(void);

/* ---- schema.c ---- */

/* Of a new connection: settings, tables, what is listened to. */
int pol_schema_open(struct pol_pg *s, struct policy_error *err);
/* A text of SQL; every $S in it is the schema. For free(), or NULL with err filled. */
char *pol_schema_text(const struct pol_pg *s, const char *form, struct policy_error *err);
/* From the result of `SELECT change, version, lineage`. */
int pol_schema_head(struct pol_pg *s, const PGresult *r, uint64_t since, uint64_t *head, struct policy_error *err);

/* ---- read.c, write.c ---- */

int pol_read_changes(struct pol_pg *s, uint64_t *since, policy_row_fn *row, void *ctx, struct policy_error *err);
int pol_write_rows(struct pol_pg *s, const struct policy_row *rows, size_t n, uint64_t *since,
    struct policy_error *err);
int pol_write_forget(struct pol_pg *s, int64_t before, struct policy_error *err);
/* Ends a transaction that failed, and the connection where that fails. */
void pol_write_stop(struct pol_pg *s);

#endif
