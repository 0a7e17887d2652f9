/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store tells rows; they are gathered first and told in one go, because what it takes
 * to ask for them (a file, a network) is nothing to hold a lock over, and because a set
 * whose opening fails must change nothing.
 *
 * Telling is one writer at a time, under a lock of its own: a reload may have the writers'
 * lock for as long as modules take to open, and a revocation does not wait for that. The
 * lock is held for memory's sake only, so it is a spin; it lies in the wiped memory, and
 * is free in a child, who begins anew: a row told halfway is told again.
 *
 * Whether the store is fresh is counted from before it was asked: what it said then is
 * what was true then. No answer that was late can make it look fresher than it is.
 */
#include "api/store.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <policy_module.h>

#include "api/judge.h"
#include "api/open.h"
#include "api/service.h"
#include "auth/revoked.h"
#include "base/arena.h"
#include "base/err.h"
#include "load/module.h"

#define PACE_NS 1000000000		/* asked once a second, and twice in its `stale` */
#define ROW_TEXT_MAX 255u
#define FORGET_NS (7 * INT64_C(86400000000000))	/* behind its end, a revocation is kept so long */

struct pol_store {
	_Atomic uint32_t held;
	const struct policy_store *store;
	void *state;
	struct pol_store_conf conf;	/* its texts are ours; url may hold a password: never shown */
	const struct policy *p;		/* whose log it is; outlives it */
	uint64_t since;
	int64_t asked;			/* CLOCK_MONOTONIC ns, before what is gathered was asked for */
	bool failing;
	struct pol_buf rows;		/* struct row, each with its texts behind it */
};

struct row {
	int64_t until;
	uint32_t source_len, id_len;
	bool any_source;
};

/* ---- gathering ---- */

/* Sizes first: what it cannot read whole it does not believe. */
static int
gather(void *ctx, const struct policy_row *r)
{
	struct pol_store *st = ctx;
	struct row row;

	if (r == NULL || r->size < sizeof(*r))
		return POLICY_ERR_ABI;
	if (r->kind != POLICY_ROW_REVOCATION)
		return POLICY_ERR_UNSUPPORTED;
	if (r->id.data == NULL || r->id.len == 0 || r->id.len > ROW_TEXT_MAX || r->source.len > ROW_TEXT_MAX)
		return POLICY_ERR_INVALID;
	memset(&row, 0, sizeof(row));
	row.until = r->until_ns;
	row.any_source = r->source.data == NULL;
	row.source_len = row.any_source ? 0 : (uint32_t)r->source.len;
	row.id_len = (uint32_t)r->id.len;
	pol_buf_append(&st->rows, &row, sizeof(row));
	if (row.source_len > 0)
		pol_buf_append(&st->rows, r->source.data, row.source_len);
	pol_buf_append(&st->rows, r->id.data, row.id_len);
	return st->rows.failed ? POLICY_ERR_NOMEM : 0;
}

static const char *
why(int rc, const struct policy_error *err)
{
	if (err->text[0] != '\0')
		return err->text;
	if (rc == POLICY_ERR_UNSUPPORTED)
		return "it has a row of a kind that is not known";
	return rc == POLICY_ERR_INVALID ? "it has a row that makes no sense" : policy_strerror(rc);
}

/* rc as an error code, whatever a store made of it. */
static int
code_of(int rc)
{
	return rc > 0 || rc < POLICY_ERR_UNSUPPORTED ? POLICY_ERR_INTERNAL : rc;
}

/* *since is where the rows gathered end. */
static int
ask(struct pol_store *st, uint64_t *since, struct policy_error *err)
{
	int rc;

	st->asked = pol_service_now();
	*since = st->since;
	rc = code_of(st->store->changes(st->state, since, gather, st, err));
	return rc == 0 && st->rows.failed ? POLICY_ERR_NOMEM : rc;
}

/* ---- open and close ---- */

static void
log_line(void *ctx, enum policy_log_level level, const char *text)
{
	const struct pol_store *st = ctx;

	pol_open_say(st->p, level, "%s: %s", st->store->name, text);
}

static void
free_store(struct pol_store *st)
{
	char *url = (char *)(uintptr_t)st->conf.url;

	if (st->state != NULL)
		st->store->close(st->state);
	if (url != NULL)
		explicit_bzero(url, strlen(url));
	free(url);
	free((char *)(uintptr_t)st->conf.module);
	free((char *)(uintptr_t)st->conf.at.file);
	pol_buf_fini(&st->rows);
	free(st);
}

static int
copy_conf(struct pol_store *st, const struct pol_store_conf *conf)
{
	st->conf = *conf;
	st->conf.url = strdup(conf->url);
	st->conf.module = strdup(conf->module);
	st->conf.at.file = strdup(conf->at.file != NULL ? conf->at.file : "");
	return st->conf.url != NULL && st->conf.module != NULL && st->conf.at.file != NULL ? 0 : POLICY_ERR_NOMEM;
}

static int
open_it(struct pol_store *st, struct policy_error *err)
{
	const struct policy_store_args args = {
		.size = sizeof(args), .url = policy_text(st->conf.url), .log = log_line, .log_ctx = st,
	};
	struct policy_error said = POLICY_ERROR_INIT;
	void *state = NULL;
	int rc = code_of(st->store->open(&state, &args, &said));

	if (rc != 0)
		return pol_err_set(err, rc, NULL, 0, 0, "%s does not open: %s", st->store->name, why(rc, &said));
	if (state == NULL)
		return pol_err_set(err, POLICY_ERR_INTERNAL, NULL, 0, 0, "%s opens without a state", st->store->name);
	st->state = state;
	rc = ask(st, &st->since, &said);
	if (rc != 0)
		return pol_err_set(err, rc, NULL, 0, 0, "%s cannot be read: %s", st->store->name, why(rc, &said));
	return 0;
}

int
pol_store_open(struct pol_store **out, const struct policy *p, const struct pol_store_conf *conf,
    struct policy_error *err)
{
	struct policy_error own = POLICY_ERROR_INIT;
	struct pol_store *st = calloc(1, sizeof(*st));
	int rc;

	*out = NULL;
	if (st == NULL)
		return pol_err_nomem(err);
	atomic_init(&st->held, 1);
	st->p = p;
	pol_buf_init(&st->rows);
	rc = copy_conf(st, conf);
	if (rc == 0)
		rc = pol_store_load(&st->store, p->module_dir != NULL ? p->module_dir : POL_MODULE_DIR,
		    conf->module, &own);
	if (rc == 0)
		rc = open_it(st, &own);
	if (rc == 0) {
		*out = st;
		return 0;
	}
	free_store(st);
	return pol_err_set(err, rc, conf->at.file, conf->at.line, conf->at.column, "store: %s",
	    own.text[0] != '\0' ? own.text : policy_strerror(rc));
}

int
pol_store_again(struct pol_store **out, const struct policy *p, const struct pol_store *old,
    struct policy_error *err)
{
	return pol_store_open(out, p, &old->conf, err);
}

void
pol_store_drop(struct pol_store *st)
{
	if (st != NULL && atomic_fetch_sub(&st->held, 1) == 1)
		free_store(st);
}

/* ---- in force ---- */

static void
lock_rows(struct policy *p)
{
	uint32_t is_free = 0;

	while (!atomic_compare_exchange_weak(&p->wiped->rows, &is_free, 1)) {
		is_free = 0;
		sched_yield();
	}
}

static void
unlock_rows(struct policy *p)
{
	atomic_store(&p->wiped->rows, 0);
}

struct pol_store *
pol_store_take(struct policy *p)
{
	struct pol_store *st;

	lock_rows(p);
	st = p->store;
	if (st != NULL)
		atomic_fetch_add(&st->held, 1);
	unlock_rows(p);
	return st;
}

struct pol_store *
pol_store_same(struct policy *p, const struct pol_store_conf *conf)
{
	struct pol_store *st = pol_store_take(p);

	if (st != NULL && (strcmp(st->conf.url, conf->url) != 0 || st->conf.stale_ns != conf->stale_ns)) {
		pol_store_drop(st);
		return NULL;
	}
	return st;
}

/* The row at *at, which is moved behind it; false: there is no whole one. */
static bool
next_row(const struct pol_store *st, size_t *at, struct policy_row *out)
{
	const char *text = st->rows.data + *at + sizeof(struct row);
	struct row row;

	if (st->rows.len - *at < sizeof(row))
		return false;
	memcpy(&row, st->rows.data + *at, sizeof(row));
	if (st->rows.len - *at - sizeof(row) < (size_t)row.source_len + row.id_len)
		return false;		/* memory ran out behind it */
	out->source = (struct policy_text){ row.any_source ? NULL : text, row.source_len };
	out->id = (struct policy_text){ text + row.source_len, row.id_len };
	out->until_ns = row.until;
	*at += sizeof(row) + row.source_len + row.id_len;
	return true;
}

/* Under the lock of rows. How many, or POLICY_ERR_NOMEM. */
static int
tell_gathered(struct policy *p, const struct pol_store *st, int64_t now)
{
	struct policy_row row;
	int n = 0;

	/* a clock that was a day ahead for a moment must not make a revoked token good again,
	 * for the store tells no row twice */
	if (now > FORGET_NS)
		pol_revoked_now(p->revoked, now - FORGET_NS);
	for (size_t at = 0; st->rows.data != NULL && next_row(st, &at, &row);) {
		if (pol_revoked_add(p->revoked, row.source, row.id, row.until_ns) != 0)
			return POLICY_ERR_NOMEM;
		if (n < INT32_MAX)
			n++;
	}
	return n;
}

int
pol_store_tell(struct policy *p, struct pol_store *st)
{
	const int64_t now = pol_judge_clock(p);	/* the host's clock, so not under a lock */
	int rc;

	lock_rows(p);
	rc = tell_gathered(p, st, now);
	unlock_rows(p);
	pol_buf_fini(&st->rows);
	return rc < 0 ? rc : 0;
}

static int64_t
good_until(const struct pol_store *st)
{
	return st->asked < INT64_MAX - st->conf.stale_ns - 1 ? st->asked + st->conf.stale_ns : INT64_MAX - 1;
}

void
pol_store_put(struct policy *p, struct pol_store *st)
{
	struct pol_store *old;

	lock_rows(p);
	old = p->store;
	p->store = st;
	if (st != old)
		atomic_store(&p->store_good, st != NULL ? good_until(st) : INT64_MAX);
	unlock_rows(p);
	pol_store_drop(old);
}

/* ---- polling ---- */

/* A failure is said once, and so is its end. */
static void
say_how(struct pol_store *st, int rc, const struct policy_error *err)
{
	if ((rc != 0) == st->failing)
		return;
	st->failing = rc != 0;
	if (rc != 0)
		pol_open_say(st->p, POLICY_LOG_ERROR, "%s:%u:%u: store: %s cannot be read: %s", st->conf.at.file,
		    st->conf.at.line, st->conf.at.column, st->store->name, why(rc, err));
	else
		pol_open_say(st->p, POLICY_LOG_WARNING, "%s:%u:%u: store: %s answers again", st->conf.at.file,
		    st->conf.at.line, st->conf.at.column, st->store->name);
}

int
pol_store_poll(struct policy *p, struct pol_store *st)
{
	struct policy_error err = POLICY_ERROR_INIT;
	uint64_t since;
	int64_t now;
	int rc, told;

	st->rows.len = 0;
	st->rows.failed = 0;
	rc = ask(st, &since, &err);
	now = pol_judge_clock(p);
	lock_rows(p);
	/* what came before a failure is true all the same: it denies, so it is told */
	told = tell_gathered(p, st, now);
	if (rc == 0 && told < 0)
		rc = told;
	if (rc == 0 && p->store == st)
		atomic_store(&p->store_good, good_until(st));
	unlock_rows(p);
	if (rc == 0)
		st->since = since;
	if (st->rows.cap > 65536)
		pol_buf_fini(&st->rows);
	say_how(st, rc, &err);
	return rc != 0 ? rc : told;
}

int
pol_store_fd(struct pol_store *st)
{
	return st->store->fd != NULL ? st->store->fd(st->state) : -1;
}

int64_t
pol_store_pace(const struct pol_store *st)
{
	return st->conf.stale_ns / 2 < PACE_NS ? st->conf.stale_ns / 2 + 1 : PACE_NS;
}
