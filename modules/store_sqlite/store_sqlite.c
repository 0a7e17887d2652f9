/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store in a file, by SQLite: write-ahead log, synchronous = FULL, so that what apply()
 * says was written survives the loss of power. Any number of processes read and write it.
 *
 * The file is the one that was opened, or nothing is said any more: when another is renamed
 * over it, what was told of the old one cannot be taken back.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rows.h"
#include "secret.h"
#include "store_sqlite.h"

#define SCHEME "sqlite:"

/* ---- open and close ---- */

static void
drop(struct pol_sqlite *s)
{
	for (int i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(s->sql[i]);
	sqlite3_close(s->db);
	pol_forked_remove(s);
	free(s->path);
	free(s);
}

/* Made where it is not there: by whom of several does not matter. */
static int
place(struct pol_sqlite *s, const char *path, struct policy_error *err)
{
	int rc = pol_place_take(&s->path, &s->seen, path, false, err);

	if (rc != POLICY_ERR_NOENT || s->only_reads)
		return rc;
	rc = pol_place_take(&s->path, &s->seen, path, true, err);
	if (rc == POLICY_ERR_EXISTS)
		return pol_place_take(&s->path, &s->seen, path, false, err);
	return rc == 0 ? pol_place_sync(s->path, err) : rc;
}

static int
connect_to(struct pol_sqlite *s, struct policy_error *err)
{
	const int flags = SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
	int rc = s->only_reads ? pol_reading_connect(s, flags) :
	    sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE | flags, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_file_control(s->db, "main", SQLITE_FCNTL_FILE_POINTER, &s->file);
	if (rc != SQLITE_OK)
		return pol_schema_fail(s, rc, "open it", err);
	rc = pol_schema_harden(s, err);
	if (rc == 0)
		rc = pol_schema_open(s, err);
	if (rc == 0)
		rc = pol_schema_prepare(s, err);
	if (rc == 0 && sqlite3_file_control(s->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &s->log) != SQLITE_OK)
		s->log = NULL;
	if (rc == 0 && !pol_place_is(s->path, &s->seen))
		rc = pol_secret_fail(err, POLICY_ERR_UNSAFE, NULL, 0, "%s was replaced while it was opened", s->path);
	return rc;
}

static int
read_url(char **path, struct policy_text url, struct policy_error *err)
{
	const size_t n = strlen(SCHEME);

	*path = NULL;
	if (url.len <= n + 1 || memcmp(url.data, SCHEME "/", n + 1) != 0 || memchr(url.data, '\0', url.len) != NULL ||
	    memchr(url.data, '?', url.len) != NULL || memchr(url.data, '#', url.len) != NULL)
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0,
		    "the url must be sqlite: and a path from / on, without ? and #");
	*path = strndup(url.data + n, url.len - n);
	return *path != NULL ? 0 : pol_secret_fail(err, POLICY_ERR_NOMEM, NULL, 0, "out of memory");
}

static int
sqlite_open(void **state, const struct policy_store_args *args, struct policy_error *err)
{
	struct pol_sqlite *s = NULL;
	char *path;
	int rc = read_url(&path, args->url, err);

	if (rc != 0)
		return rc;
	if (sqlite3_threadsafe() == 0)
		rc = pol_secret_fail(err, POLICY_ERR_UNSUPPORTED, NULL, 0, "this SQLite was built without threads");
	if (rc == 0) {
		s = calloc(1, sizeof(*s));
		if (s == NULL)
			rc = pol_secret_fail(err, POLICY_ERR_NOMEM, NULL, 0, "out of memory");
	}
	if (rc == 0) {
		s->only_reads = (args->flags & POLICY_STORE_READ_ONLY) != 0;
		rc = place(s, path, err);
	}
	free(path);
	if (rc == 0)
		rc = pol_forked_add(s, err);
	if (rc == 0)
		rc = connect_to(s, err);
	if (rc != 0) {
		if (s != NULL)
			drop(s);
		return rc;
	}
	pol_forked_leave(s);
	*state = s;
	return 0;
}

static void
sqlite_close(void *state)
{
	struct pol_sqlite *s = state;
	struct policy_error err = POLICY_ERROR_INIT;

	/* a connection of the parent's is left alone */
	if (pol_forked_enter(s, &err) == 0)
		drop(s);
}

/* ---- calls ---- */

static int
sqlite_changes(void *state, uint64_t *since, policy_row_fn *row, void *ctx, struct policy_error *err)
{
	struct pol_sqlite *s = state;
	int64_t version = 0;
	int sql, rc = pol_forked_enter(s, err);

	if (rc != 0)
		return rc;
	rc = pol_read_same(s, err);
	/* before the rows: what is written behind it is seen the next time */
	if (rc == 0 && (sql = pol_schema_run(s, SQL_DATA_VERSION, &version)) != SQLITE_OK)
		rc = pol_schema_fail(s, sql, "ask whether it changed", err);
	if (rc == 0 && !(s->known && s->data_version == version && s->newest == *since)) {
		rc = pol_read_changes(s, since, row, ctx, err);
		s->known = rc == 0;
		s->data_version = version;
	}
	pol_forked_leave(s);
	return rc;
}

static int
sqlite_apply(void *state, const struct policy_row *rows, size_t n, uint64_t *since, struct policy_error *err)
{
	struct pol_sqlite *s = state;
	int rc = 0;

	if (n == 0)
		return pol_secret_fail(err, POLICY_ERR_ARG, NULL, 0, "a change has no rows");
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = pol_rows_check(&rows[i], err);
	if (rc == 0)
		rc = pol_forked_enter(s, err);
	if (rc != 0)
		return rc;
	rc = pol_write_rows(s, rows, n, since, err);
	/* what came of a failure is not known */
	if (rc != 0 && rc != POLICY_ERR_AGAIN)
		s->known = false;
	pol_forked_leave(s);
	return rc;
}

static int
sqlite_forget(void *state, int64_t before_ns, struct policy_error *err)
{
	struct pol_sqlite *s = state;
	int rc = pol_forked_enter(s, err);

	if (rc != 0)
		return rc;
	do {
		rc = pol_write_forget(s, before_ns, err);
	} while (rc > 0);
	pol_forked_leave(s);
	return rc;
}

static int
sqlite_backup(void *state, const char *path, struct policy_error *err)
{
	struct pol_sqlite *s = state;
	int rc = pol_forked_enter(s, err);

	if (rc != 0)
		return rc;
	rc = pol_read_same(s, err);
	if (rc == 0)
		rc = pol_backup(s, path, err);
	pol_forked_leave(s);
	return rc;
}

static int
sqlite_fd(void *state)
{
	(void)state;
	return -1;
}

const struct policy_store policy_store_1 = {
	.size = sizeof(struct policy_store),
	.abi = POLICY_MODULE_ABI,
	.name = "store_sqlite",
	.version = "1.0",
	.flags = POLICY_STORE_HEEDS_READ_ONLY,
	.pace_ms = 200,
	.open = sqlite_open,
	.changes = sqlite_changes,
	.apply = sqlite_apply,
	.fd = sqlite_fd,
	.close = sqlite_close,
	.forget = sqlite_forget,
	.backup = sqlite_backup,
};
