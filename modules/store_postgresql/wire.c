/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection. Every wait has an end: libpq's own for connecting, ours for answers,
 * after which the connection is dropped, for what it would still say belongs to nobody.
 *
 * What the server and libpq say is not passed on, since it names hosts, users and
 * databases, in whatever language: what it means is told by its code, or by words.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "secret.h"
#include "store_postgresql.h"

#define PAUSE_LEAST INT64_C(100000000)
#define PAUSE_MOST INT64_C(5000000000)

/* ---- what it means ---- */

static const struct {
	const char *state;		/* SQLSTATE, or how it begins */
	int code;
	const char *says;
} states[] = {
	{ "08", POLICY_ERR_UNAVAILABLE, "the connection was lost" },
	{ "25006", POLICY_ERR_IO, "the server is read only" },
	{ "28", POLICY_ERR_UNAVAILABLE, "the server refuses the user or the password" },
	{ "3D000", POLICY_ERR_NOENT, "there is no such database" },
	{ "40", POLICY_ERR_UNAVAILABLE, "the server rolled it back" },
	{ "42501", POLICY_ERR_DENIED, "the server's user may not do that" },
	{ "42", POLICY_ERR_INVALID, "the schema's tables are not those of a store" },
	{ "53100", POLICY_ERR_IO, "the server's disk is full" },
	{ "53", POLICY_ERR_UNAVAILABLE, "the server is out of connections, memory or space" },
	{ "55P03", POLICY_ERR_UNAVAILABLE, "another has held the lock for too long" },
	{ "57014", POLICY_ERR_UNAVAILABLE, "it took too long, or was cancelled" },
	{ "57P", POLICY_ERR_UNAVAILABLE, "the server stops or starts" },
};

int
pol_wire_fail(const PGresult *r, const char *what, struct policy_error *err)
{
	const char *state = r != NULL ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;

	if (state == NULL)
		return pol_secret_fail(err, POLICY_ERR_UNAVAILABLE, NULL, 0, "cannot %s: the connection was lost", what);
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (strncmp(state, states[i].state, strlen(states[i].state)) == 0)
			return pol_secret_fail(err, states[i].code, NULL, 0, "cannot %s: %s (%.5s)", what, states[i].says, state);
	}
	return pol_secret_fail(err, POLICY_ERR_IO, NULL, 0, "cannot %s: the server fails with %.5s", what, state);
}

static const struct {
	const char *word, *says;
} refusals[] = {
	{ "password authentication failed", "it refuses the user or the password" },
	{ "no password supplied", "it wants a password" },
	{ "no pg_hba.conf entry", "it lets nobody in from here" },
	{ "authentication failed", "it refuses the user" },
	{ "role \"", "it has no such user" },
	{ "database \"", "it has no such database" },
	{ "could not translate host name", "its name is not known" },
	{ "timeout expired", "it does not answer in time" },
	{ "Connection refused", "nobody listens there" },
	{ "No such file", "nobody listens there" },
	{ "starting up", "it is starting" },
	{ "shutting down", "it is stopping" },
	{ "too many", "it has too many connections" },
	{ "read-only", "none of the hosts can be written" },
	{ "certificate", "TLS: its certificate is not accepted" },
	{ "SSL", "TLS cannot be agreed on" },
	{ "definition of service", "there is no such service" },
};

static int
refused(struct pol_pg *s, struct policy_error *err)
{
	const char *text = s->conn != NULL ? PQerrorMessage(s->conn) : "", *says = "it cannot be reached";

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if (strstr(text, refusals[i].word) != NULL) {
			says = refusals[i].says;
			break;
		}
	}
	return pol_secret_fail(err, POLICY_ERR_UNAVAILABLE, NULL, 0, "no connection to the server: %s", says);
}

/* ---- connecting ---- */

static void
ignore(void *ctx, const PGresult *r)
{
	(void)ctx;
	(void)r;
}

void
pol_wire_drop(struct pol_pg *s)
{
	PQfinish(s->conn);
	s->conn = NULL;
	pol_forked_remove(s);
}

bool
pol_wire_lost(struct pol_pg *s)
{
	if (s->conn != NULL && PQstatus(s->conn) == CONNECTION_OK)
		return false;
	pol_wire_drop(s);
	return true;
}

/* What stands before `dbname` the url may say otherwise, what stands behind it not. */
static int
reach(struct pol_pg *s, struct policy_error *err)
{
	static const char *const keys[] = {
		"target_session_attrs", "connect_timeout", "tcp_user_timeout", "keepalives_idle", "keepalives_interval",
		"keepalives_count", "fallback_application_name", "dbname", "client_encoding", NULL,
	};
	const char *const values[] = {
		/* one that only reads has to be told of changes too, which no standby does */
		s->only_reads ? "primary" : "read-write", POL_PG_CONNECT_S, "10000", "10", "5", "2", "policy", s->url, "UTF8", NULL,
	};

	s->conn = PQconnectdbParams(keys, values, 1);
	if (s->conn == NULL || PQstatus(s->conn) != CONNECTION_OK)
		return refused(s, err);
	pol_forked_add(s);
	PQsetNoticeReceiver(s->conn, ignore, NULL);
	PQsetErrorVerbosity(s->conn, PQERRORS_SQLSTATE);
	if (PQsetnonblocking(s->conn, 1) != 0)
		return refused(s, err);
	s->told = 0;
	return pol_schema_open(s, err);
}

int
pol_wire_ready(struct pol_pg *s, struct policy_error *err)
{
	int64_t now;
	int rc;

	if (!pol_wire_lost(s))
		return 0;
	now = pol_secret_now();
	if (now < s->not_before)
		return pol_secret_fail(err, POLICY_ERR_UNAVAILABLE, NULL, 0, "no connection to the server: tried again soon");
	rc = reach(s, err);
	if (rc == 0) {
		if (s->pause > 0)
			s->log(s->log_ctx, POLICY_LOG_WARNING, "connected to the server again");
		s->pause = 0;
		return 0;
	}
	pol_wire_drop(s);
	s->pause = s->pause == 0 ? PAUSE_LEAST : s->pause < PAUSE_MOST / 2 ? 2 * s->pause : PAUSE_MOST;
	/* several who lost the same server do not come back in step */
	s->not_before = pol_secret_now() + s->pause / 2 + (int64_t)((uint64_t)(now ^ s->pid * 7919) % (uint64_t)(s->pause / 2));
	return rc;
}

/* ---- asking ---- */

static int
lost(struct pol_pg *s, const char *why, struct policy_error *err)
{
	pol_wire_drop(s);
	return pol_secret_fail(err, POLICY_ERR_UNAVAILABLE, NULL, 0, "%s", why);
}

static int
wait_for(struct pol_pg *s, bool write, int64_t deadline, struct policy_error *err)
{
	struct pollfd p = { .fd = PQsocket(s->conn), .events = (short)(POLLIN | (write ? POLLOUT : 0)) };
	const int64_t left = deadline - pol_secret_now();
	int n;

	if (left <= 0)
		return lost(s, "the server does not answer in time", err);
	n = poll(&p, 1, (int)(left / 1000000) + 1);
	if (n < 0 && errno != EINTR)
		return lost(s, "the server cannot be waited for", err);
	if (n > 0 && (p.revents & (POLLIN | POLLERR | POLLHUP)) && PQconsumeInput(s->conn) == 0)
		return lost(s, "the connection was lost", err);
	return 0;
}

int
pol_wire_flush(struct pol_pg *s, int64_t deadline, struct policy_error *err)
{
	for (;;) {
		const int left = PQflush(s->conn);

		if (left <= 0)
			return left == 0 ? 0 : lost(s, "the connection was lost", err);
		if (wait_for(s, true, deadline, err) != 0)
			return err->code;
	}
}

int
pol_wire_next(struct pol_pg *s, PGresult **out, int64_t deadline, struct policy_error *err)
{
	while (PQisBusy(s->conn)) {
		if (wait_for(s, false, deadline, err) != 0)
			return err->code;
	}
	*out = PQgetResult(s->conn);
	return 0;
}

static bool
is_good(const PGresult *r)
{
	return PQresultStatus(r) == PGRES_COMMAND_OK || PQresultStatus(r) == PGRES_TUPLES_OK;
}

/* All results, the last good one kept, the first bad one told. */
static int
collect(struct pol_pg *s, PGresult **last, const char *what, struct policy_error *err)
{
	const int64_t deadline = pol_secret_now() + POL_PG_WAIT_NS;
	PGresult *r = NULL;
	int rc = pol_wire_flush(s, deadline, err), bad = 0;

	while (rc == 0 && (rc = pol_wire_next(s, &r, deadline, err)) == 0 && r != NULL) {
		if (bad == 0 && !is_good(r))
			bad = pol_wire_fail(r, what, err);
		PQclear(*last);
		*last = r;
	}
	return rc != 0 ? rc : bad;
}

int
pol_wire_query(struct pol_pg *s, const char *sql, PGresult **out, const char *what, struct policy_error *err)
{
	PGresult *last = NULL;
	int rc;

	if (s->conn == NULL || PQsendQuery(s->conn, sql) == 0)
		return lost(s, "the connection was lost", err);
	rc = collect(s, &last, what, err);
	if (rc == 0 && last == NULL)
		rc = lost(s, "the server gave no answer", err);
	if (rc != 0 || out == NULL) {
		PQclear(last);
		last = NULL;
	}
	if (out != NULL)
		*out = last;
	return rc;
}

void
pol_wire_hear(struct pol_pg *s)
{
	PGnotify *n;

	if (s->conn == NULL || PQconsumeInput(s->conn) == 0)
		return;
	while ((n = PQnotifies(s->conn)) != NULL) {
		const uint64_t change = strtoull(n->extra, NULL, 10);

		if (change > s->told)
			s->told = change;
		PQfreemem(n);
	}
}
