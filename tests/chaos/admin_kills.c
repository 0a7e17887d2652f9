/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin_kills [KILLS]: a process dies (kill -9) in a call of policy_admin.h, on SQLite, at the
 * Nth thing that SQLite asks of the system: before it, behind it, or with half of a write
 * done; N from the call's first to the last of closing. In every other round another process
 * has the store open, so that who dies is not the last. Behind each: the file is whole; what
 * was there is there; of the call there are all rows or none, the same in number and kind
 * as where nobody died; and all of them, and in force, where it had returned 0.
 */
#include "admin_calls.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include <sqlite3.h>

#include "modules/store_sqlite/test_layer.h"

#define ROWS 8192
#define KINDS 12
#define CHANGES 4

/* What one call wrote: of each of its changes, how many rows of which kind. */
struct wrote {
	unsigned changes, rows[CHANGES][KINDS];
};

struct row {
	char key[72];			/* kind and id */
	uint64_t change, hash;
};

static struct shared {
	atomic_ulong calls;
	int acked, rc, passed;
	char wrong[200];
	struct about about;
	struct wrote wrote;
	size_t n;
	struct row rows[ROWS];
} *sh;

static struct row now[ROWS];

/* ---- the rows, as they lie in the file ---- */

static size_t
read_rows(struct row *rows, const char **wrong)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *q = NULL;
	size_t n = 0;

	*wrong = "the rows cannot be read";
	if (sqlite3_open_v2(admins_url + strlen("sqlite:"), &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW)
		*wrong = strcmp((const char *)sqlite3_column_text(q, 0), "ok") == 0 ? NULL : "integrity_check";
	sqlite3_finalize(q);
	q = NULL;
	if (*wrong == NULL && sqlite3_prepare_v2(db, "SELECT kind || (CASE WHEN flags & 1 THEN '-' ELSE '+' END) || id,"
	    " change, * FROM policy_row ORDER BY kind, id", -1, &q, NULL) != SQLITE_OK)
		*wrong = "the rows cannot be read";
	while (*wrong == NULL && sqlite3_step(q) == SQLITE_ROW) {
		struct row *r = &rows[n++];

		if (n == ROWS)
			abort();
		snprintf(r->key, sizeof(r->key), "%s", (const char *)sqlite3_column_text(q, 0));
		r->change = (uint64_t)sqlite3_column_int64(q, 1);
		r->hash = 1469598103934665603u;
		for (int i = 2; i < sqlite3_column_count(q); i++) {
			const unsigned char *s = sqlite3_column_text(q, i);

			for (; s != NULL && *s != 0; s++)
				r->hash = (r->hash ^ *s) * 1099511628211u;
			r->hash = (r->hash ^ (s == NULL ? 511u : 256u)) * 1099511628211u;
		}
	}
	sqlite3_finalize(q);
	sqlite3_close(db);
	return n;
}

static uint64_t
newest(const struct row *rows, size_t n)
{
	uint64_t most = 0;

	for (size_t i = 0; i < n; i++)
		most = rows[i].change > most ? rows[i].change : most;
	return most;
}

/* Without the sign between them. */
static int
same_row(const struct row *a, const struct row *b)
{
	return a->key[0] == b->key[0] && strcmp(a->key + 2, b->key + 2) == 0;
}

/* Both are in the order of their keys. NULL: what was there is there, or was written anew. */
static const char *
compare(const struct row *rows, size_t n, struct wrote *out)
{
	const uint64_t head = newest(sh->rows, sh->n);
	size_t at = 0;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < n; i++) {
		const struct row *r = &rows[i], *was = at < sh->n && same_row(r, &sh->rows[at]) ? &sh->rows[at] : NULL;

		at += was != NULL;
		if (r->change <= head && (was == NULL || was->change != r->change || was->hash != r->hash))
			return "a row is not as it was";
		if (r->change <= head)
			continue;
		if (r->change - head > CHANGES)
			return "more changes than a call has";
		out->rows[r->change - head - 1][(r->key[0] - '0') * 2 + (r->key[1] == '-')]++;
		if (r->change - head > out->changes)
			out->changes = (unsigned)(r->change - head);
	}
	return at == sh->n ? NULL : "a row is lost";
}

/* ---- processes ---- */

static int
in_child(void (*what)(const struct call *c), const struct call *c)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		what(c);
		_exit(0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid ? status : -1;
}

static void
ready(const struct call *c)
{
	struct policy *p = admins_open();
	const char *wrong = NULL;

	if (p == NULL || (c->make != do_bootstrap && calls_ready(p) != 0))
		wrong = admins_err.text;
	policy_close(p);
	if (wrong == NULL)
		sh->n = read_rows(sh->rows, &wrong);
	if (wrong != NULL)
		snprintf(sh->wrong, sizeof(sh->wrong), "not made ready: %.150s", wrong);
}

static void
dies(const struct call *c)
{
	const enum layer_mode mode = layer.mode;
	struct policy *p;

	layer.mode = NONE;
	p = admins_open();
	atomic_store(&sh->calls, 0);
	layer.mode = mode;
	sh->rc = p != NULL ? c->make(p) : -99;
	sh->acked = sh->rc == 0;
	if (sh->acked && layer.log_unsynced)
		snprintf(sh->wrong, sizeof(sh->wrong), "it was acknowledged before it was synced");
	policy_close(p);
}

static void
looks(const struct call *c)
{
	const char *wrong = NULL;
	struct policy *p;
	size_t n;

	layer.mode = NONE;
	if (sh->about.number % 2 == 0)	/* who mends the file is once the store, once not */
		n = read_rows(now, &wrong);
	p = admins_open();
	sh->passed = p != NULL && c->done(p);
	policy_close(p);
	n = read_rows(now, &wrong);
	if (wrong == NULL)
		wrong = p != NULL ? compare(now, n, &sh->wrote) : admins_err.text;
	if (wrong != NULL)
		snprintf(sh->wrong, sizeof(sh->wrong), "%.190s", wrong);
}

static pid_t
keep(void)
{
	int ends[2];
	char byte;
	pid_t pid = pipe(ends) == 0 ? fork() : -1;

	if (pid == 0) {
		layer.mode = NONE;
		if (admins_open() == NULL || write(ends[1], "k", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ends[1]);
	chaos_check(pid > 0 && read(ends[0], &byte, 1) == 1, "another process has it open");
	close(ends[0]);
	return pid;
}

static void
end_keeper(pid_t pid)
{
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

/* ---- rounds ---- */

static struct wrote whole[CALLS];
static unsigned long kills, ended, acked, undone, wrong_ones;

/* The call was made, or not: both as a whole. */
static const char *
judge(const struct wrote *all, int died)
{
	const struct wrote *w = &sh->wrote;

	if (sh->wrong[0] != '\0')
		return sh->wrong;
	if (w->changes > all->changes || memcmp(w->rows, all->rows, w->changes * sizeof(w->rows[0])) != 0)
		return "half of a change is there";
	if (sh->acked && w->changes != all->changes)
		return "it was acknowledged, and is lost";
	if (!died && !sh->acked)
		return "it failed, though nobody died";
	return sh->passed == (w->changes == all->changes) ? NULL : "its rows are there and it is not in force, or the other way round";
}

/* 1: the process died in it. */
static int
one(size_t i, enum layer_mode mode, unsigned long at, int kept)
{
	const struct call *c = &calls[i];
	const char *wrong;
	int status;
	pid_t keeper = 0;

	sh->wrong[0] = '\0';
	sh->acked = sh->passed = 0;
	layer.mode = NONE;
	if (c->make == do_bootstrap || sh->n > ROWS / 3)
		(void)admins_fresh(1);
	status = in_child(ready, c);
	if (kept)
		keeper = keep();
	layer.at = at;
	layer.mode = mode;
	if (status == 0)
		status = in_child(dies, c);
	layer.mode = NONE;
	if (in_child(looks, c) != 0)
		snprintf(sh->wrong, sizeof(sh->wrong), "who looks at it died");
	end_keeper(keeper);
	if (mode == NONE)
		whole[i] = sh->wrote;
	wrong = judge(&whole[i], WIFSIGNALED(status));
	if (wrong == NULL && !(WIFEXITED(status) && WEXITSTATUS(status) == 0) && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL))
		wrong = "it died of something else";
	if (wrong != NULL && wrong_ones++ < 5)
		printf("%s, %d at %lu: %s (%d)\n", c->name, (int)mode, at, wrong, sh->rc);
	acked += (unsigned long)(WIFSIGNALED(status) && sh->acked);
	undone += sh->wrote.changes == 0;
	return WIFSIGNALED(status);
}

/* One call, killed at each point, or where few are wanted at each `step`th. */
static void
all_points(size_t i, enum layer_mode mode, unsigned long first, unsigned long step, int kept)
{
	for (unsigned long at = first; one(i, mode, at, kept); at += step + at / 60)
		kills++;
	ended++;
}

int
main(int argc, char **argv)
{
	const unsigned long wanted = argc > 1 ? strtoul(argv[1], NULL, 10) : 100;

	admins_err.size = sizeof(admins_err);
	sh = mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (access("/dev/shm", W_OK) == 0)	/* a kill is a kill there too, and takes less time */
		snprintf(admins_dir, sizeof(admins_dir), "/dev/shm/pol-admins-XXXXXX");
	if (!chaos_check(admins_begin() && sh != MAP_FAILED, "shared memory, and modules to load"))
		return chaos_finish();
	about = &sh->about;
	root = as_user(&as_root, "root");
	(void)admins_fresh(1);
	layer.calls = &sh->calls;
	layer_put();
	for (size_t i = 0; i < CALLS; i++) {
		one(i, NONE, 0, 0);
		chaos_check(whole[i].changes >= 1 && sh->passed, calls[i].name);
	}
	for (unsigned round = 0; kills < wanted; round++) {
		for (size_t i = 0; i < CALLS && wrong_ones < 20; i++) {
			for (int mode = KILL_BEFORE; mode <= KILL_HALF; mode++)
				all_points(i, (enum layer_mode)mode, 1 + round, wanted < 2000 ? 25 : 1, (int)(round + i) % 2);
		}
		if (!chaos_check(wrong_ones == 0, "nothing acknowledged is lost, no half of a call is there"))
			break;
	}
	printf("%lu kills in %zu calls, %lu calls went on to their end; %lu had been acknowledged, of %lu nothing was there, "
	    "%lu lost or half\n", kills, CALLS, ended, acked, undone, wrong_ones);
	admins_end();
	return chaos_finish();
}
