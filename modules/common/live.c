/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers count themselves into the slot that is in force and look again: if it still is,
 * whoever replaces it sees the count and leaves the slot alone. A writer never waits for
 * readers, so one that vanished in a fork costs a slot and nothing else.
 *
 * A new file may be half a file. What is absent, empty, malformed, without an end of line,
 * or of the wrong mode is looked at again a second later, and believed if it is the same
 * file still: then no list means nobody, and a malformed one leaves what was in force.
 */
#include "live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL
/* How often the file is looked at where no change was told: a link in the path that was
 * turned elsewhere, a file system of another machine. */
#define POLL (10 * SECOND)
#define DOUBT SECOND
#define LEFTOVERS (SECOND / 10)

const void *
pol_live_enter(struct pol_live *l, unsigned *slot)
{
	for (;;) {
		unsigned s = atomic_load(&l->current);

		atomic_fetch_add(&l->readers[s], 1);
		if (atomic_load(&l->current) == s) {
			*slot = s;
			return atomic_load(&l->made[s]);
		}
		atomic_fetch_sub(&l->readers[s], 1);
	}
}

void
pol_live_leave(struct pol_live *l, unsigned slot)
{
	atomic_fetch_sub(&l->readers[slot], 1);
}

void
pol_live_lock(struct pol_live *l)
{
	static const struct timespec pause = { 0, 1000000 };
	const int self = (int)getpid();

	for (;;) {
		int held = 0;

		if (atomic_compare_exchange_strong(&l->writer, &held, self))
			return;
		/* the thread that held it is in the process we were forked from */
		if (held != self && atomic_compare_exchange_strong(&l->writer, &held, self))
			return;
		nanosleep(&pause, NULL);
	}
}

void
pol_live_unlock(struct pol_live *l)
{
	atomic_store(&l->writer, 0);
}

/* Frees what nobody reads any longer; is something left? */
static bool
sweep(struct pol_live *l)
{
	const unsigned current = atomic_load(&l->current);
	bool left = false;

	for (unsigned s = 0; s < POL_LIVE_SLOTS; s++) {
		if (s == current || atomic_load(&l->made[s]) == NULL)
			continue;
		if (atomic_load(&l->readers[s]) != 0)
			left = true;
		else
			l->kind->free(atomic_exchange(&l->made[s], NULL));
	}
	return left;
}

int
pol_live_publish(struct pol_live *l, void *made)
{
	const unsigned current = atomic_load(&l->current);

	sweep(l);
	for (unsigned s = 0; s < POL_LIVE_SLOTS; s++) {
		if (s == current || atomic_load(&l->made[s]) != NULL)
			continue;
		atomic_store(&l->made[s], made);
		atomic_store(&l->current, s);
		sweep(l);
		return 0;
	}
	l->kind->free(made);
	return POLICY_ERR_LIMIT;
}

static void
say(struct pol_live *l, enum policy_log_level level, const struct policy_error *err, const char *so)
{
	char text[2400];
	char line[16] = "";

	if (err->line != 0)
		snprintf(line, sizeof(line), ":%u", (unsigned)err->line);
	snprintf(text, sizeof(text), "%s%s: %s%s", l->path, line, err->text, so);
	l->host->log(l->host, level, text);
}

/* The file as it is now, made: 0, or why not. *half: it may be half a file. */
static int
look(struct pol_live *l, void **made, struct stat *st, bool *half, struct policy_error *err)
{
	struct pol_secret text;
	int rc = pol_secret_read(&text, st, l->path, l->kind->most, err);

	*made = NULL;
	*half = true;
	if (rc == POLICY_ERR_NOENT) {
		rc = l->kind->make(made, l->ctx, NULL, 0, err);
		return rc != 0 ? rc : POLICY_ERR_NOENT;
	}
	if (rc != 0)
		return rc;
	*half = l->kind->lines && (text.len == 0 || text.data[text.len - 1] != '\n');
	rc = l->kind->make(made, l->ctx, text.data, text.len, err);
	pol_secret_drop(&text);
	if (rc != 0 && err->file[0] == '\0')
		snprintf(err->file, sizeof(err->file), "%s", l->path);
	*half = *half || rc != 0;
	return rc;
}

int
pol_live_open(struct pol_live *l, const struct pol_live_kind *kind, void *ctx, char *path,
    const struct policy_host *host, struct policy_error *err)
{
	void *made = NULL;
	bool half;
	int rc;

	memset(l, 0, sizeof(*l));
	l->kind = kind;
	l->ctx = ctx;
	l->path = path;
	l->host = host;
	rc = host->watch(host, path);
	if (rc != 0)
		return pol_secret_fail(err, rc, path, 0, "cannot be watched for changes");
	for (unsigned tries = 0; tries < 5; tries++) {
		rc = look(l, &made, &l->seen, &half, err);
		if (rc != POLICY_ERR_AGAIN)
			break;
		nanosleep(&(struct timespec){ 0, 20000000 }, NULL);
	}
	if (rc == POLICY_ERR_NOENT && kind->absent_ok) {
		say(l, POLICY_LOG_ERROR, err, "; nobody passes");
		rc = 0;
	}
	if (rc != 0) {
		if (made != NULL)
			kind->free(made);
		return rc;
	}
	atomic_store(&l->made[0], made);
	return 0;
}

void
pol_live_close(struct pol_live *l)
{
	for (unsigned s = 0; s < POL_LIVE_SLOTS; s++) {
		void *made = atomic_exchange(&l->made[s], NULL);

		if (made != NULL)
			l->kind->free(made);
	}
	free(l->path);
	l->path = NULL;
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	    a->st_mode == b->st_mode && a->st_uid == b->st_uid &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	    a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* What was read is believed. */
static void
settle(struct pol_live *l, void *made, int rc, const struct stat *st, struct policy_error *err)
{
	l->in_doubt = false;
	l->seen = *st;
	if (rc == 0 || rc == POLICY_ERR_NOENT) {
		if (rc == 0)
			snprintf(err->text, sizeof(err->text), "was read anew");
		err->line = 0;
		if (pol_live_publish(l, made) == 0) {
			say(l, rc == 0 ? POLICY_LOG_INFO : POLICY_LOG_ERROR, err, rc == 0 ? "" : "; nobody passes");
			return;
		}
		snprintf(err->text, sizeof(err->text), "cannot be taken while so many read older ones");
		rc = POLICY_ERR_AGAIN;
	}
	say(l, POLICY_LOG_ERROR, err, "; what was read before stays in force");
	/* what may pass is tried again at the next look, what the file itself is at fault of is not */
	if (rc == POLICY_ERR_NOMEM || rc == POLICY_ERR_IO || rc == POLICY_ERR_AGAIN)
		memset(&l->seen, 0xff, sizeof(l->seen));
}

/* The same doubtful file as a while ago? Else the while begins. */
static bool
believed(struct pol_live *l, const struct stat *st)
{
	const int64_t now = pol_secret_now();

	if (!l->in_doubt || !same_file(st, &l->doubted)) {
		l->in_doubt = true;
		l->doubted = *st;
		l->doubt_until = now + DOUBT;
		return false;
	}
	return now >= l->doubt_until;
}

int64_t
pol_live_serve(struct pol_live *l, uint32_t why)
{
	struct policy_error err = POLICY_ERROR_INIT;
	struct stat st;
	void *made = NULL;
	bool half, left;
	int rc;

	(void)why;		/* a look costs one stat(), and is never wrong */
	pol_live_lock(l);
	memset(&st, 0, sizeof(st));
	if (stat(l->path, &st) != 0)
		memset(&st, 0, sizeof(st));
	if (l->in_doubt || !same_file(&st, &l->seen)) {
		memset(&st, 0, sizeof(st));
		rc = look(l, &made, &st, &half, &err);
		if (half && !believed(l, &st)) {
			if (made != NULL)
				l->kind->free(made);
		} else {
			settle(l, made, rc, &st, &err);
		}
	}
	left = sweep(l);
	pol_live_unlock(l);
	return l->in_doubt ? DOUBT : left ? LEFTOVERS : POLL;
}
