/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store in a PostgreSQL server, for several hosts. A change is pushed to all who listen,
 * over the connection that the store keeps; when that is lost it is made anew, after a
 * pause that grows, by whoever calls next.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "rows.h"
#include "secret.h"
#include "store_postgresql.h"

static void
drop(struct pol_pg *s)
{
	if (s->conn != NULL)
		pol_wire_drop(s);
	if (s->url != NULL)
		explicit_bzero(s->url, strlen(s->url));
	free(s->url);
	free(s);
}

static void
say_nothing(void *ctx, enum policy_log_level level, const char *text)
{
	(void)ctx;
	(void)level;
	(void)text;
}

static int
pg_open(void **state, const struct policy_store_args *args, struct policy_error *err)
{
	struct pol_pg *s;
	int rc;

	pol_forked_part();
	if (getauxval(AT_SECURE) != 0)
		return pol_secret_fail(err, POLICY_ERR_UNSUPPORTED, NULL, 0,
		    "a program with more rights than its caller has no store of this kind: libpq reads the environment");
	if (PQisthreadsafe() == 0)
		return pol_secret_fail(err, POLICY_ERR_UNSUPPORTED, NULL, 0, "this libpq was built without threads");
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return pol_secret_fail(err, POLICY_ERR_NOMEM, NULL, 0, "out of memory");
	s->pid = getpid();
	s->only_reads = (args->flags & POLICY_STORE_READ_ONLY) != 0;
	s->log = args->log != NULL ? args->log : say_nothing;
	s->log_ctx = args->log_ctx;
	rc = pol_url_read(s, args->url, err);
	if (rc == 0)
		rc = pol_wire_ready(s, err);
	if (rc != 0) {
		drop(s);
		return rc;
	}
	*state = s;
	return 0;
}

static int
enter(const struct pol_pg *s, struct policy_error *err)
{
	if (s->pid == getpid())
		return 0;
	return pol_secret_fail(err, POLICY_ERR_UNAVAILABLE, NULL, 0,
	    "the store was opened by the process that this one was forked from: it must be opened anew");
}

static void
pg_close(void *state)
{
	struct pol_pg *s = state;
	struct policy_error err = POLICY_ERROR_INIT;

	/* the parent talks on on a connection of its own */
	if (enter(s, &err) == 0)
		drop(s);
}

static int
pg_changes(void *state, uint64_t *since, policy_row_fn *row, void *ctx, struct policy_error *err)
{
	struct pol_pg *s = state;
	const bool had = s->conn != NULL;
	int rc = enter(s, err);

	if (rc == 0)
		rc = pol_wire_ready(s, err);
	if (rc != 0)
		return rc;
	rc = pol_read_changes(s, since, row, ctx, err);
	/* it had been lost before: rows that come twice do no harm */
	if (rc != 0 && had && pol_wire_lost(s) && pol_wire_ready(s, err) == 0)
		rc = pol_read_changes(s, since, row, ctx, err);
	return rc;
}

static int
pg_apply(void *state, const struct policy_row *rows, size_t n, uint64_t *since, struct policy_error *err)
{
	struct pol_pg *s = state;
	int rc = enter(s, err);

	if (rc == 0 && n == 0)
		rc = pol_secret_fail(err, POLICY_ERR_ARG, NULL, 0, "a change has no rows");
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = pol_rows_check(&rows[i], err);
	if (rc == 0)
		rc = pol_wire_ready(s, err);
	if (rc != 0)
		return rc;
	rc = pol_write_rows(s, rows, n, since, err);
	pol_wire_hear(s);
	return rc;
}

static int
pg_forget(void *state, int64_t before_ns, struct policy_error *err)
{
	struct pol_pg *s = state;
	int rc = enter(s, err);

	if (rc == 0)
		rc = pol_wire_ready(s, err);
	if (rc != 0)
		return rc;
	do {
		rc = pol_write_forget(s, before_ns, err);
	} while (rc > 0);
	return rc;
}

static int
pg_fd(void *state)
{
	struct pol_pg *s = state;

	return s->pid == getpid() && s->conn != NULL ? PQsocket(s->conn) : -1;
}

const struct policy_store policy_store_1 = {
	.size = sizeof(struct policy_store),
	.abi = POLICY_MODULE_ABI,
	.name = "store_postgresql",
	.version = "1.0",
	.flags = POLICY_STORE_HEEDS_READ_ONLY,
	.open = pg_open,
	.changes = pg_changes,
	.apply = pg_apply,
	.fd = pg_fd,
	.close = pg_close,
	.forget = pg_forget,
};
