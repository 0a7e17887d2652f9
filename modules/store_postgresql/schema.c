/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables. policy_head has one row: the newest change. Who writes locks it until his
 * transaction ends, so that changes are numbered in the order in which they are committed,
 * and no number is seen before all that are smaller.
 *
 * Every name is written with its schema, and nothing is looked up anywhere else but among
 * the server's own: who may make things in another schema cannot get in between.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "secret.h"
#include "store_postgresql.h"

#define VERSION 1			/* steps[] leads to it */

_Static_assert(POLICY_ROW_REVOCATION == 1 && POLICY_ROW_USER == 2 && POLICY_ROW_GRANT == 3 &&
    POLICY_ROW_TOKEN == 4 && POLICY_ROW_GONE == 1 && POLICY_ROW_OFF == 2, "the numbers that stand below");

#define WHEN(column, as) "to_timestamp(NULLIF(" #column ", 0) / 1000000000.0) AS " as
#define STATE "CASE WHEN flags & 1 <> 0 THEN 'deleted' WHEN flags & 2 <> 0 THEN 'disabled' ELSE 'active' END AS state"

static const char step_1[] =
    "CREATE SCHEMA IF NOT EXISTS $S;"
    "CREATE TABLE $S.policy_head (one integer PRIMARY KEY CHECK (one = 1), change bigint NOT NULL,"
    " version integer NOT NULL, lineage text NOT NULL);"
    "INSERT INTO $S.policy_head VALUES (1, 0, 0, gen_random_uuid()::text);"
    "CREATE TABLE $S.policy_row (kind bigint NOT NULL, id text COLLATE \"C\" NOT NULL, change bigint NOT NULL,"
    " place bigint NOT NULL, flags bigint NOT NULL, number bigint NOT NULL, until_ns bigint NOT NULL,"
    " made_ns bigint NOT NULL, from_ns bigint NOT NULL, source text, type text, name text, owner text, org text,"
    " made_by text, secret text, resource text, list text, attributes text, PRIMARY KEY (kind, id));"
    "CREATE INDEX policy_row_change ON $S.policy_row (change, place);"
    "CREATE INDEX policy_row_until ON $S.policy_row (until_ns) WHERE kind IN (1, 4) AND until_ns <> 0;"
    "CREATE VIEW $S.users AS SELECT id AS uid, type, name, org, " STATE ", list AS groups,"
    " secret IS NOT NULL AS has_password, number AS wrong_passwords, attributes, " WHEN(made_ns, "made") ", made_by,"
    " change FROM $S.policy_row WHERE kind = 2;"
    "CREATE VIEW $S.grants AS SELECT id, owner AS uid, name AS role, resource, org, " STATE ", "
    WHEN(from_ns, "since") ", " WHEN(until_ns, "until") ", " WHEN(made_ns, "made") ", made_by,"
    " change FROM $S.policy_row WHERE kind = 3;"
    "CREATE VIEW $S.tokens AS SELECT id, owner AS uid, name, type AS kind, source AS step, org, " STATE ","
    " list AS scopes, " WHEN(made_ns, "made") ", " WHEN(from_ns, "issued") ", " WHEN(until_ns, "until") ", made_by,"
    " change FROM $S.policy_row WHERE kind = 4;"
    "CREATE VIEW $S.revocations AS SELECT id AS token, source AS step, " WHEN(made_ns, "made") ", "
    WHEN(until_ns, "kept_until") ", made_by, change FROM $S.policy_row WHERE kind = 1 AND flags & 1 = 0;";

/* steps[n] leads from version n to n + 1; the first one makes what `version` stands in. */
static const char *const steps[VERSION] = { step_1 };

static const char settings[] =
    "SELECT set_config('search_path', 'pg_catalog, pg_temp', false),"
    " set_config('statement_timeout', '" POL_PG_STATEMENT_MS "', false),"
    " set_config('lock_timeout', '" POL_PG_LOCK_MS "', false),"
    " set_config('idle_in_transaction_session_timeout', '" POL_PG_STATEMENT_MS "', false),"
    " set_config('default_transaction_isolation', 'read committed', false),"
    " set_config('synchronous_commit', CASE WHEN current_setting('synchronous_commit') IN ('off', 'local')"
    " THEN 'on' ELSE current_setting('synchronous_commit') END, false);"
    "SELECT current_setting('server_encoding')";

static const char put[] =
    "PREPARE policy_put (bigint, text, bigint, bigint, bigint, bigint, bigint, bigint, text, text, text, text, text,"
    " text, text, text, text, text, bigint) AS INSERT INTO $S.policy_row (kind, id, change, flags, number, until_ns,"
    " made_ns, from_ns, source, type, name, owner, org, made_by, secret, resource, list, attributes, place)"
    " VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19)"
    " ON CONFLICT (kind, id) DO UPDATE SET change = excluded.change, flags = excluded.flags,"
    " number = excluded.number, until_ns = excluded.until_ns, made_ns = excluded.made_ns,"
    " from_ns = excluded.from_ns, source = excluded.source, type = excluded.type, name = excluded.name,"
    " owner = excluded.owner, org = excluded.org, made_by = excluded.made_by, secret = excluded.secret,"
    " resource = excluded.resource, list = excluded.list, attributes = excluded.attributes, place = excluded.place";

static const char listen_to[] = "LISTEN policy_$S";
static const char reads[] = "SELECT set_config('default_transaction_read_only', 'on', false)";

char *
pol_schema_text(const struct pol_pg *s, const char *form, struct policy_error *err)
{
	const size_t name = strlen(s->schema);
	size_t len = strlen(form) + 1;
	char *out, *to;

	for (const char *p = strstr(form, "$S"); p != NULL; p = strstr(p + 2, "$S"))
		len += name;
	out = to = malloc(len);
	if (out == NULL) {
		pol_secret_fail(err, POLICY_ERR_NOMEM, NULL, 0, "out of memory");
		return NULL;
	}
	for (; *form != '\0'; form++) {
		if (form[0] == '$' && form[1] == 'S') {
			memcpy(to, s->schema, name);
			to += name;
			form++;
		} else {
			*to++ = *form;
		}
	}
	*to = '\0';
	return out;
}

static int
query(struct pol_pg *s, const char *form, PGresult **out, const char *what, struct policy_error *err)
{
	char *sql = pol_schema_text(s, form, err);
	int rc = sql != NULL ? pol_wire_query(s, sql, out, what, err) : POLICY_ERR_NOMEM;

	free(sql);
	return rc;
}

static int
later(const char *version, struct policy_error *err)
{
	return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0,
	    "the schema has tables of version %.20s, but this module knows versions up to %d: a newer one made them",
	    version, VERSION);
}

/* *version 0: there are none. */
static int
read_version(struct pol_pg *s, long *version, struct policy_error *err)
{
	PGresult *r = NULL;
	/* of the catalog itself: what to_regclass() remembers was so before we waited */
	int rc = query(s, "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
	    " WHERE n.nspname = '$S' AND c.relname = 'policy_head'", &r, "look for its tables", err);

	*version = 0;
	if (rc != 0 || PQntuples(r) != 1) {
		PQclear(r);
		return rc;
	}
	PQclear(r);
	rc = query(s, "SELECT version FROM $S.policy_head", &r, "read the version of its tables", err);
	if (rc != 0)
		return rc;
	*version = PQntuples(r) == 1 ? strtol(PQgetvalue(r, 0, 0), NULL, 10) : -1;
	if (*version > VERSION)
		rc = later(PQgetvalue(r, 0, 0), err);
	else if (*version < 1)
		rc = pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0, "the schema's tables are not those of a store");
	PQclear(r);
	return rc;
}

/* In one transaction, by one at a time: what another made meanwhile is seen, and left. */
static int
migrate(struct pol_pg *s, struct policy_error *err)
{
	char mark[96];
	long version = 0;
	int rc = pol_wire_query(s, "BEGIN; SELECT pg_advisory_xact_lock(1349479539)", NULL, "begin to make its tables", err);

	if (rc == 0)
		rc = read_version(s, &version, err);
	for (; rc == 0 && version < VERSION; version++)
		rc = query(s, steps[version], NULL, "make its tables", err);
	snprintf(mark, sizeof(mark), "UPDATE $S.policy_head SET version = %d", VERSION);
	if (rc == 0)
		rc = query(s, mark, NULL, "make its tables", err);
	if (rc == 0)
		rc = pol_wire_query(s, "COMMIT", NULL, "make its tables", err);
	if (rc != 0)
		pol_write_stop(s);
	return rc;
}

int
pol_schema_open(struct pol_pg *s, struct policy_error *err)
{
	PGresult *r = NULL;
	long version;
	int rc = query(s, settings, &r, "set up a connection", err);

	if (rc != 0)
		return rc;
	if (strcmp(PQgetvalue(r, 0, 0), "UTF8") != 0)
		rc = pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0, "the database's encoding is %.20s, but must be UTF8",
		    PQgetvalue(r, 0, 0));
	PQclear(r);
	if (rc == 0 && s->only_reads)
		rc = query(s, reads, NULL, "set up a connection", err);
	if (rc == 0)
		rc = read_version(s, &version, err);
	if (rc == 0 && version < VERSION)
		rc = s->only_reads ? pol_secret_fail(err, POLICY_ERR_UNAVAILABLE, NULL, 0,
		    "the schema has no tables yet, or older ones: who may write it has to open it first") : migrate(s, err);
	if (rc == 0 && !s->only_reads)
		rc = query(s, put, NULL, "use its tables", err);
	return rc == 0 ? query(s, listen_to, NULL, "listen for changes", err) : rc;
}

int
pol_schema_head(struct pol_pg *s, const PGresult *r, uint64_t since, uint64_t *head, struct policy_error *err)
{
	const char *lineage;

	if (PQntuples(r) != 1 || PQnfields(r) != 3)
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0, "the schema's tables are not those of a store");
	if (strtol(PQgetvalue(r, 0, 1), NULL, 10) != VERSION)
		return later(PQgetvalue(r, 0, 1), err);
	lineage = PQgetvalue(r, 0, 2);
	if (s->lineage[0] == '\0')
		snprintf(s->lineage, sizeof(s->lineage), "%s", lineage);
	if (strcmp(s->lineage, lineage) != 0)
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0,
		    "the server has another store than the one that was opened: restart what uses it");
	*head = strtoull(PQgetvalue(r, 0, 0), NULL, 10);
	if (*head < since)
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0, "the store went back: its newest change is %"
		    PRIu64 ", but %" PRIu64 " was seen: restart what uses it", *head, since);
	return 0;
}
