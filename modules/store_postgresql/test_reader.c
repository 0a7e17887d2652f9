/* SPDX-License-Identifier: Apache-2.0 */
/* A role of the server that has SELECT on two tables and nothing else: it reads the store,
 * and hears of changes. POLICY_TEST_PG is the url of a database, of an administrator. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "modules/store_env.h"

static struct room room;
static const char *admin;

/* The first column of the first row; "" where there is none, NULL where it failed. */
static const char *
ask(const char *sql)
{
	static char said[64];
	PGconn *c = PQconnectdb(admin);
	PGresult *r = PQexec(c, sql);
	const int status = (int)PQresultStatus(r);

	said[0] = '\0';
	if (status == PGRES_TUPLES_OK && PQntuples(r) > 0)
		snprintf(said, sizeof(said), "%s", PQgetvalue(r, 0, 0));
	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
		printf("  %s", PQerrorMessage(c));
	PQclear(r);
	PQfinish(c);
	return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK ? said : NULL;
}

/* form has the schema twice at most. */
static const char *
ask_schema(const char *form, const char *schema)
{
	char sql[512];

	snprintf(sql, sizeof(sql), form, schema, schema);
	return ask(sql);
}

/* The url, of the role `reader`. */
static const char *
readers(const char *url)
{
	static char out[700];
	const char *at = strstr(url, "policy:secret");

	if (at == NULL)
		abort();
	snprintf(out, sizeof(out), "%.*sreader:reader%s", (int)(at - url), url, at + strlen("policy:secret"));
	return out;
}

static void
rights(const char *url, const char *schema)
{
	struct store s;

	check(store_open_reading(&s, readers(url)) == POLICY_ERR_DENIED, "a role without rights is refused");
	check(ask_schema("GRANT USAGE ON SCHEMA %s TO reader", schema) != NULL, "the schema may be used");
	check(store_open_reading(&s, readers(url)) == POLICY_ERR_DENIED, "which is not enough");
	check(ask_schema("GRANT SELECT ON %s.policy_head, %s.policy_row TO reader", schema) != NULL, "two tables be read");
}

/* The notification makes the descriptor readable; nobody waits for the pace. */
static void
hears(struct store *w, struct store *r)
{
	struct seen seen = { 0 };
	struct policy_row row;

	for (unsigned n = 0; n < 50; n++) {
		struct pollfd p = { .fd = policy_store_1.fd(r->state), .events = POLLIN };

		row_make(&row, &room, 1 + n % 4, "x", n);
		check(store_apply(w, &row, 1) == 0, "a change");
		check(p.fd >= 0 && poll(&p, 1, 20000) == 1, "is heard of");
		check(store_changes(r, &seen) == 0 && seen.n == 1 && row_same(&seen.rows[0], &row), "and read, as it was written");
		seen_drop(&seen);
	}
}

int
main(void)
{
	struct store w, r, both;
	struct seen seen = { 0 };
	struct policy_row row;
	const char *url, *schema;

	setvbuf(stdout, NULL, _IOLBF, 0);
	admin = getenv("POLICY_TEST_PG");
	if (env_begin() != NULL) {
		printf("skipped: no PostgreSQL server\n0 passed, 0 failed, 1 skipped\n");
		return 0;
	}
	url = env_fresh();
	schema = strstr(url, "schema=") + strlen("schema=");
	check(ask("CREATE ROLE reader LOGIN PASSWORD 'reader'") != NULL, "a role");
	check(store_open_reading(&r, url) == POLICY_ERR_UNAVAILABLE, "tables that are not there are not made");
	check(strcmp(ask_schema("SELECT count(*) FROM pg_namespace WHERE nspname = '%s'", schema), "0") == 0, "nor is the schema");
	check(store_open(&w, url) == 0, "who may makes them");
	rights(url, schema);
	check(store_open_reading(&r, readers(url)) == 0, "SELECT alone is enough");
	if (r.state == NULL)
		return store_finish();
	hears(&w, &r);
	row_make(&row, &room, POLICY_ROW_USER, "x", 7);
	check(store_apply(&r, &row, 1) == POLICY_ERR_UNSUPPORTED, "who reads does not write");
	check(store_open(&both, readers(url)) == 0 && store_changes(&both, &seen) == 0, "opened as by who may write, it reads");
	seen_drop(&seen);
	check(store_apply(&both, &row, 1) == POLICY_ERR_DENIED, "and the server lets it write nothing");
	store_close(&both);
	check(ask("ALTER ROLE reader SET default_transaction_read_only = on") != NULL, "a role that is read only at the server");
	check(store_open_reading(&both, readers(url)) == 0 && store_changes(&both, &seen) == 0 && seen.n > 0, "reads too");
	seen_drop(&seen);
	store_close(&both);
	store_close(&r);
	store_close(&w);
	env_end();
	return store_finish();
}
