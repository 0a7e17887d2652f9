/* SPDX-License-Identifier: Apache-2.0 */
/* The suite of stores, on a PostgreSQL server that test.sh starts: POLICY_TEST_PG is the
 * url of an empty database, with a password. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "modules/store_env.h"

static char base[512], url[600], dir[256], schema[32];
static unsigned number;

const char *
env_begin(void)
{
	const char *said = getenv("POLICY_TEST_PG");

	if (said == NULL)
		return "no PostgreSQL server (POLICY_TEST_PG is not set)";
	snprintf(base, sizeof(base), "%s", said);
	snprintf(dir, sizeof(dir), "/tmp/tests.tmp.pg.XXXXXX");
	return mkdtemp(dir) != NULL ? NULL : "no directory can be made";
}

const char *
env_dir(void)
{
	return dir;
}

const char *
env_fresh(void)
{
	snprintf(schema, sizeof(schema), "s%d_%u", (int)getpid(), ++number);
	snprintf(url, sizeof(url), "%s&schema=%s", base, schema);
	return url;
}

/* The first column of the first row; -1: it failed. */
static long
ask(const char *form, const char *name)
{
	PGconn *c = PQconnectdb(base);
	char sql[1024];
	PGresult *r;
	long n = -1;

	snprintf(sql, sizeof(sql), form, schema, name, schema, schema);
	r = PQexec(c, sql);
	if (PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r) == 1)
		n = atol(PQgetvalue(r, 0, 0));
	else if (PQresultStatus(r) == PGRES_COMMAND_OK)
		n = 0;
	else
		printf("  %s", PQerrorMessage(c));
	PQclear(r);
	PQfinish(c);
	return n;
}

const char *
env_wrong(void)
{
	return ask("SELECT count(*) FROM %1$s.policy_row r, %1$s.policy_head h WHERE r.change > h.change OR r.change < 1"
	    " OR (SELECT count(*) FROM %1$s.policy_head) <> 1", "") == 0 ? NULL : "rows and head do not agree";
}

const char *
env_copy(const char *path, const char **why)
{
	(void)path;
	*why = "there are no copies";
	return NULL;
}

long
env_view(const char *name)
{
	return ask("SELECT count(*) FROM (SELECT * FROM %1$s.%2$s ORDER BY made) v", name);
}

/* The base url, with another text in place of `from`. */
static const char *
other(const char *from, const char *to, const char *end)
{
	static char urls[12][700];
	static unsigned n;
	char *out = urls[n++];
	const char *at = strstr(base, from);

	if (at == NULL)
		abort();
	snprintf(out, sizeof(urls[0]), "%.*s%s%s%s", (int)(at - base), base, to, at + strlen(from), end);
	return out;
}

const struct env_bad *
env_bad(void)
{
	static struct env_bad bad[24];
	size_t n = 0;

	number++;
	schema[0] = '\0';
	ask("CREATE SCHEMA later_v; %s CREATE TABLE later_v.policy_head (change bigint, version int, lineage text);"
	    "INSERT INTO later_v.policy_head VALUES (0, 99, 'x'); CREATE SCHEMA foreign_v;"
	    "CREATE TABLE foreign_v.policy_head (x text)", "");
	ask("CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0", "");
	bad[n++] = (struct env_bad){ "postgresql", "must be postgresql://" };
	bad[n++] = (struct env_bad){ "postgres://u:hunter2@h/d", "must be postgresql://" };
	bad[n++] = (struct env_bad){ "postgresql://u:hunter2%zz@h/d", "none that libpq can read" };
	bad[n++] = (struct env_bad){ "postgresql://u:hunter2@h/d?nosuch=1", "none that libpq can read" };
	bad[n++] = (struct env_bad){ "postgresql://u:hunter2@h/d?schema=Upper", "schema must be" };
	bad[n++] = (struct env_bad){ "postgresql://u:hunter2@h/d?schema=pg_x", "schema must be" };
	bad[n++] = (struct env_bad){ "postgresql://u:hunter2@h/d?schema=a;b", "schema must be" };
	bad[n++] = (struct env_bad){ "postgresql://u:hunter2@h/d?schema=a&schema=b", "two schemas" };
	bad[n++] = (struct env_bad){ "postgresql://u:hunter2@h/d?schema=a&connect_timeout=0", "connect_timeout" };
	bad[n++] = (struct env_bad){ "postgresql://u:hunter2@h/d?connect_timeout=31&schema=a", "connect_timeout" };
	bad[n++] = (struct env_bad){ "postgresql://u:hunter2@127.0.0.1:1/d", "nobody listens there" };
	bad[n++] = (struct env_bad){ "postgresql://u:hunter2@/d?host=/nonexistent", "nobody listens there" };
	bad[n++] = (struct env_bad){ other("secret", "hunter2", ""), "refuses the user or the password" };
	bad[n++] = (struct env_bad){ other("secret", "", ""), "wants a password" };
	bad[n++] = (struct env_bad){ other("/policy?", "/hunter2?", ""), "no such database" };
	bad[n++] = (struct env_bad){ other("/policy?", "/latin?", ""), "encoding is LATIN1" };
	bad[n++] = (struct env_bad){ other("/policy?", "/policy?", "&schema=later_v"), "version 99" };
	bad[n++] = (struct env_bad){ other("/policy?", "/policy?", "&schema=foreign_v"), "not those of a store" };
	bad[n++] = (struct env_bad){ other("/policy?", "/policy?", "&target_session_attrs=standby"), "no connection to the server" };
	bad[n] = (struct env_bad){ NULL, NULL };
	return bad;
}

void
env_end(void)
{
	rmdir(dir);
}
