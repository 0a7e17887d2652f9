/* SPDX-License-Identifier: Apache-2.0 */
/* The suite of stores, on SQLite. Its own tool looks at the file, through this library. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "modules/store_env.h"

static char dir[256], url[600], path[512], copy[600], said[256];
static unsigned number;

const char *
env_begin(void)
{
	const char *top = getenv("top_builddir");

	snprintf(dir, sizeof(dir), "%s/tests.tmp.sqlite.XXXXXX", top != NULL && top[0] == '/' ? top : "/tmp");
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
	snprintf(path, sizeof(path), "%s/%u.db", dir, ++number);
	snprintf(url, sizeof(url), "sqlite:%s", path);
	return url;
}

static int
take(void *ctx, int n, char **values, char **names)
{
	(void)names;
	snprintf(ctx, sizeof(said), "%s", n > 0 && values[0] != NULL ? values[0] : "");
	return 0;
}

static const char *
wrong_with(const char *file)
{
	sqlite3 *db = NULL;
	int rc = sqlite3_open_v2(file, &db, SQLITE_OPEN_READWRITE, NULL);

	said[0] = '\0';
	if (rc == SQLITE_OK) {
		sqlite3_busy_timeout(db, 5000);
		rc = sqlite3_exec(db, "PRAGMA integrity_check", take, said, NULL);
	}
	sqlite3_close(db);
	return rc == SQLITE_OK && strcmp(said, "ok") == 0 ? NULL : rc != SQLITE_OK ? sqlite3_errstr(rc) : said;
}

const char *
env_wrong(void)
{
	return wrong_with(path);
}

const char *
env_copy(const char *at, const char **why)
{
	*why = wrong_with(at);
	snprintf(copy, sizeof(copy), "sqlite:%s", at);
	return copy;
}

long
env_view(const char *name)
{
	char sql[128];
	sqlite3 *db = NULL;
	int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);

	snprintf(sql, sizeof(sql), "SELECT count(*), max(made) FROM %s", name);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, sql, take, said, NULL);
	sqlite3_close(db);
	return rc == SQLITE_OK ? atol(said) : -1;
}

static void
make(const char *name, const char *text, mode_t mode)
{
	char at[512];
	int fd;

	snprintf(at, sizeof(at), "%s/%s", dir, name);
	fd = open(at, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd >= 0 && (write(fd, text, strlen(text)) < 0 || fchmod(fd, mode) != 0))
		abort();
	close(fd);
}

static void
make_db(const char *name, const char *sql)
{
	char at[512];
	sqlite3 *db = NULL;

	snprintf(at, sizeof(at), "%s/%s", dir, name);
	make(name, "", 0600);
	if (sqlite3_open(at, &db) != SQLITE_OK || sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		abort();
	sqlite3_close(db);
}

const struct env_bad *
env_bad(void)
{
	static char urls[20][600];
	static struct env_bad bad[32];
	static const struct {
		const char *name, *says;
	} files[] = {
		{ "text", "file is not a database" }, { "open", "open to others" }, { "group", "open to others" },
		{ "readable", "read it" }, { "link", "not a regular file" }, { "dir", "not a regular file" }, { "fifo", "not a regular file" },
		{ "other", "another program's database" }, { "marked", "another program's database" },
		{ "later", "version 99" }, { "none/x", "No such file" }, { "wide/x", "open to others" }, { "planted", "open to others" },
		{ "..", "must be that of a file" }, { "", "must be that of a file" },
		{ "x?mode=ro", "without ? and #" },
	};
	size_t n = 0;
	char at[512];

	make("text", "this is a long text, and it is certainly no database; hunter2 is in it. "
	    "this is a long text, and it is certainly no database", 0600);
	make("open", "", 0602);
	make("group", "", 0620);
	make("readable", "", 0604);
	make("planted", "", 0600);
	make("planted-wal", "", 0666);
	snprintf(at, sizeof(at), "%s/link", dir);
	if (symlink("text", at) != 0)
		abort();
	snprintf(at, sizeof(at), "%s/dir", dir);
	mkdir(at, 0700);
	snprintf(at, sizeof(at), "%s/fifo", dir);
	mkfifo(at, 0600);
	snprintf(at, sizeof(at), "%s/wide", dir);
	mkdir(at, 0700);
	chmod(at, 01777);
	make_db("other", "CREATE TABLE t (x); INSERT INTO t VALUES ('hunter2')");
	make_db("marked", "PRAGMA application_id = 7; PRAGMA user_version = 1");
	make_db("later", "PRAGMA application_id = 1349479539; PRAGMA user_version = 99");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(urls[n], sizeof(urls[n]), "sqlite:%s/%s", dir, files[i].name);
		bad[n] = (struct env_bad){ urls[n], files[i].says };
		n++;
	}
	bad[n++] = (struct env_bad){ "sqlite:policy.db", "from / on" };
	bad[n++] = (struct env_bad){ "sqlite:", "from / on" };
	bad[n++] = (struct env_bad){ "sqlite:/", "from / on" };
	bad[n++] = (struct env_bad){ "other:/x", "must be sqlite:" };
	bad[n] = (struct env_bad){ NULL, NULL };
	return bad;
}

void
env_end(void)
{
	char command[600];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	if (system(command) != 0)
		printf("%s stays\n", dir);
}
