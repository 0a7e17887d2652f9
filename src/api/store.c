/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store of a set: opened, held, closed; which one is in force.
 *
 * Whether it is fresh is counted from before it was asked: what it said then is what was
 * true then. No answer that was late can make it look fresher than it is.
 *
 * Which one is in force, and its revocations, change under a lock of their own: a reload may
 * have the writers' lock for as long as modules take to open, and a revocation does not wait
 * for that. It is held for memory's sake only, so it is a spin; it lies in the wiped memory,
 * and is free in a child, who begins anew: a row told halfway is told again.
 */
#include "api/store.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "api/open.h"
#include "base/err.h"
#include "load/module.h"

#define PACE_NS 1000000000		/* asked once a second, and twice in its `stale` */
#define PACE_LEAST_NS 10000000

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
	pol_rows_fini(&st->rows);
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
	const bool reads = pol_handle_only_reads(st->p);
	const struct policy_store_args args = {
		.size = sizeof(args), .flags = reads ? POLICY_STORE_READ_ONLY : 0, .url = policy_text(st->conf.url),
		.log = log_line, .log_ctx = st,
	};
	struct policy_error said = POLICY_ERROR_INIT;
	void *state = NULL;
	int rc;

	if (reads && st->store->apply != NULL && (st->store->flags & POLICY_STORE_HEEDS_READ_ONLY) == 0)
		return pol_err_set(err, POLICY_ERR_UNSUPPORTED, NULL, 0, 0,
		    "%s does not know how to be opened for reading only (POLICY_READ_ONLY)", st->store->name);
	rc = pol_store_code(st->store->open(&state, &args, &said));
	if (rc != 0)
		return pol_err_set(err, rc, NULL, 0, 0, "%s does not open: %s", st->store->name, pol_store_why(rc, &said));
	if (state == NULL)
		return pol_err_set(err, POLICY_ERR_INTERNAL, NULL, 0, 0, "%s opens without a state", st->store->name);
	st->state = state;
	rc = pol_store_ask(st, &st->since, &said);
	if (rc != 0)
		return pol_err_set(err, rc, NULL, 0, 0, "%s cannot be read: %s", st->store->name, pol_store_why(rc, &said));
	return 0;
}

static int
open_since(struct pol_store **out, const struct policy *p, const struct pol_store_conf *conf, uint64_t since,
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
	st->since = since;
	pol_rows_init(&st->rows);
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
pol_store_open(struct pol_store **out, const struct policy *p, const struct pol_store_conf *conf,
    struct policy_error *err)
{
	return open_since(out, p, conf, 0, err);
}

int
pol_store_again(struct pol_store **out, const struct policy *p, const struct pol_store *old,
    struct policy_error *err)
{
	return open_since(out, p, &old->conf, p->tainted ? 0 : old->since, err);
}

void
pol_store_drop(struct pol_store *st)
{
	if (st != NULL && atomic_fetch_sub(&st->held, 1) == 1)
		free_store(st);
}

/* ---- in force ---- */

void
pol_store_lock_rows(struct policy *p)
{
	uint32_t is_free = 0;

	while (!atomic_compare_exchange_weak(&p->wiped->rows, &is_free, 1)) {
		is_free = 0;
		sched_yield();
	}
}

void
pol_store_unlock_rows(struct policy *p)
{
	atomic_store(&p->wiped->rows, 0);
}

struct pol_store *
pol_store_take(struct policy *p)
{
	struct pol_store *st;

	pol_store_lock_rows(p);
	st = p->store;
	if (st != NULL)
		atomic_fetch_add(&st->held, 1);
	pol_store_unlock_rows(p);
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

static int64_t
good_until(const struct pol_store *st)
{
	return st->asked < INT64_MAX - st->conf.stale_ns - 1 ? st->asked + st->conf.stale_ns : INT64_MAX - 1;
}

void
pol_store_put(struct policy *p, struct pol_store *st)
{
	struct pol_store *old;

	pol_store_lock_rows(p);
	old = p->store;
	p->store = st;
	if (st != NULL)
		atomic_store(&p->store_stale, st->conf.stale_ns);
	if (st != old)
		atomic_store(&p->store_good, st != NULL ? good_until(st) : INT64_MAX);
	pol_store_unlock_rows(p);
	pol_store_drop(old);
}

void
pol_store_fresh(struct policy *p, const struct pol_store *st)
{
	pol_store_lock_rows(p);
	if (p->store == st)
		atomic_store(&p->store_good, good_until(st));
	pol_store_unlock_rows(p);
}

int
pol_store_fd(struct pol_store *st)
{
	return st->store->fd != NULL ? st->store->fd(st->state) : -1;
}

int64_t
pol_store_pace(const struct pol_store *st)
{
	int64_t pace = st->store->pace_ms == 0 ? PACE_NS : (int64_t)st->store->pace_ms * 1000000;

	if (pace < PACE_LEAST_NS)
		pace = PACE_LEAST_NS;
	return st->conf.stale_ns / 2 < pace ? st->conf.stale_ns / 2 + 1 : pace;
}
