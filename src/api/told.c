/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a store says. Rows are gathered first and put in force in one go, because what it
 * takes to ask for them (a file, a network) is nothing to hold a lock over, because a set
 * whose opening fails must change nothing, and because nobody shall see half of what was
 * written at once.
 *
 * A revocation is told at once, also when the answer broke off behind it: it denies. People
 * are put in force whole or not at all, and then only is their change the newest one seen;
 * so what failed here is told again.
 *
 * The store is called by one thread at a time, under a lock that is taken before the
 * writers', never behind it; a store that is not in force yet is nobody else's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/child.h"
#include "api/judge.h"
#include "api/open.h"
#include "api/service.h"
#include "api/store.h"
#include "auth/revoked.h"
#include "base/err.h"

#define DAY_NS INT64_C(86400000000000)
#define HOUR_NS INT64_C(3600000000000)
#define FORGET_NS (7 * DAY_NS)		/* behind its end, a revocation, and a token, is kept so long */
#define WARNINGS 10			/* at once: then how many more there are */
#define SAY_ROWS 200000u		/* of an answer that is long, how far it is: each so many rows */
#define SAY_NS 1000000000		/* and each second, */
#define SAY_LOOK 1024u			/* as far as a look each so many rows sees */

/* ---- gathering ---- */

/* So that who starts with many rows sees that it goes on. */
static void
say_progress(struct pol_store *st)
{
	const size_t n = st->rows.n;
	char text[24];

	if (n >= 1000000)
		snprintf(text, sizeof(text), "%zu,%03zu,%03zu", n / 1000000, n / 1000 % 1000, n % 1000);
	else if (n >= 1000)
		snprintf(text, sizeof(text), "%zu,%03zu", n / 1000, n % 1000);
	else
		snprintf(text, sizeof(text), "%zu", n);
	pol_open_say(st->p, POLICY_LOG_INFO, "%s:%u:%u: store: %s rows read", st->conf.at.file, st->conf.at.line,
	    st->conf.at.column, text);
	st->said = n;
	st->said_at = pol_service_now();
}

static bool
is_due(const struct pol_store *st)
{
	return st->rows.n - st->said >= SAY_ROWS ||
	    (st->rows.n % SAY_LOOK == 0 && pol_service_now() - st->said_at >= SAY_NS);
}

static int
gather(void *ctx, const struct policy_row *r)
{
	struct pol_store *st = ctx;

	if (st->gathered == 0)
		st->gathered = pol_rows_add(&st->rows, r);
	if (st->gathered == 0 && is_due(st))
		say_progress(st);
	return st->gathered;
}

const char *
pol_store_why(int rc, const struct policy_error *err)
{
	if (err->text[0] != '\0')
		return err->text;
	if (rc == POLICY_ERR_UNSUPPORTED)
		return "it has a row of a kind that is not known";
	return rc == POLICY_ERR_INVALID ? "it has a row that makes no sense" : policy_strerror(rc);
}

int
pol_store_code(int rc)
{
	return rc > 0 || rc < POLICY_ERR_UNSUPPORTED ? POLICY_ERR_INTERNAL : rc;
}

int
pol_store_ask(struct pol_store *st, uint64_t *since, struct policy_error *err)
{
	int rc;

	st->asked = pol_service_now();
	st->said_at = st->asked;
	st->said = 0;
	st->gathered = 0;
	*since = st->since;
	rc = pol_store_code(st->store->changes(st->state, since, gather, st, err));
	if (rc == 0 && st->gathered == 0 && st->said != 0 && st->said != st->rows.n)
		say_progress(st);
	return rc == 0 ? st->gathered : rc;
}

/* ---- in force ---- */

struct warning {
	const struct pol_store *st;
	size_t n;
};

static void
warn(void *ctx, const struct policy_row *row, const char *why)
{
	static const char *const kinds[] = { "row", "revocation", "user", "grant", "token" };
	struct warning *w = ctx;

	if (w->n++ < WARNINGS)
		pol_open_say(w->st->p, POLICY_LOG_WARNING, "%s:%u:%u: store: the %s %.*s%s%.*s counts for nothing: %s",
		    w->st->conf.at.file, w->st->conf.at.line, w->st->conf.at.column, kinds[row->kind], (int)row->id.len,
		    row->id.data, row->name.len != 0 ? ", " : "", (int)row->name.len, row->name.len != 0 ? row->name.data : "", why);
}

static void
warn_more(const struct warning *w)
{
	if (w->n > WARNINGS)
		pol_open_say(w->st->p, POLICY_LOG_WARNING, "%s:%u:%u: store: so do %zu more", w->st->conf.at.file,
		    w->st->conf.at.line, w->st->conf.at.column, w->n - WARNINGS);
}

static int64_t
long_ago(int64_t now)
{
	return now > FORGET_NS ? now - FORGET_NS : 0;
}

int
pol_store_build(struct policy *p, struct pol_store *st, struct pol_builder *b, struct pol_people_root **out)
{
	const struct pol_snapshot *s = atomic_load(&p->now);
	struct warning w = { st, 0 };
	bool fresh;
	int rc = 0;

	pol_store_lock_rows(p);
	fresh = p->store != st;
	pol_store_unlock_rows(p);
	if (st != NULL)
		pol_builder_warn(b, warn, &w);
	if (st != NULL && fresh)
		rc = pol_builder_rows(b, &st->rows);
	else if (st != NULL && s != NULL)
		rc = pol_builder_rows_of(b, pol_people_view(s->people), long_ago(pol_judge_clock(p)));
	if (rc == 0)
		rc = pol_builder_finish(b, out);
	if (st != NULL)
		warn_more(&w);
	return rc;
}

/* Under the lock of rows. How many rows there are, or POLICY_ERR_NOMEM. */
static int
tell_revocations(struct policy *p, const struct pol_store *st, int64_t now)
{
	struct policy_row row;

	/* a clock that was a day ahead for a moment must not make a revoked token good again,
	 * for the store tells no row twice */
	if (now > FORGET_NS)
		pol_revoked_now(p->revoked, now - FORGET_NS);
	for (size_t i = 0; i < st->rows.n; i++) {
		pol_rows_get(&st->rows, i, &row);
		if (row.kind == POLICY_ROW_REVOCATION && pol_revoked_add(p->revoked, row.source, row.id, row.until_ns) != 0)
			return POLICY_ERR_NOMEM;
	}
	return st->rows.n < INT32_MAX ? (int)st->rows.n : INT32_MAX;
}

int
pol_store_tell(struct policy *p, struct pol_store *st)
{
	const int64_t now = pol_judge_clock(p);	/* the host's clock, so not under a lock */
	int rc;

	pol_store_lock_rows(p);
	rc = tell_revocations(p, st, now);
	pol_store_unlock_rows(p);
	pol_rows_fini(&st->rows);
	return rc < 0 ? rc : 0;
}

struct adopting {
	struct policy *p;
	struct pol_store *st;
	const struct pol_rows *rows;
	bool in_force;			/* st has to be */
	struct warning warned;
};

static int
put_rows(void *ctx, struct pol_people_root *from, const struct pol_program *program, struct pol_people_root **out)
{
	struct adopting *a = ctx;
	bool other;

	pol_store_lock_rows(a->p);
	other = a->p->store != a->st;
	pol_store_unlock_rows(a->p);
	if (a->in_force && other)	/* a reload took another: these rows are not its */
		return POLICY_ERR_NOENT;
	return pol_people_put_rows(from, program, a->rows, warn, &a->warned, out);
}

static bool
has_people(const struct pol_rows *rows)
{
	struct policy_row row;

	for (size_t i = 0; i < rows->n; i++) {
		pol_rows_get(rows, i, &row);
		if (row.kind != POLICY_ROW_REVOCATION)
			return true;
	}
	return false;
}

int
pol_store_adopt(struct policy *p, struct pol_store *st)
{
	struct adopting a = { p, st, &st->rows, false, { st, 0 } };
	int rc = has_people(&st->rows) ? pol_handle_succeed(p, put_rows, &a) : 0;

	warn_more(&a.warned);
	return rc;
}

int
pol_store_put_rows(struct policy *p, struct pol_store *st, const struct pol_rows *rows)
{
	struct adopting a = { p, st, rows, true, { st, 0 } };
	int rc = has_people(rows) ? pol_handle_change(p, put_rows, &a) : 0;

	warn_more(&a.warned);
	return rc;
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
		    st->conf.at.line, st->conf.at.column, st->store->name, pol_store_why(rc, err));
	else
		pol_open_say(st->p, POLICY_LOG_WARNING, "%s:%u:%u: store: %s answers again", st->conf.at.file,
		    st->conf.at.line, st->conf.at.column, st->store->name);
}

/* Under the store's lock. */
static int
poll_it(struct policy *p, struct pol_store *st, struct policy_error *err)
{
	uint64_t since;
	int64_t now;
	int rc, told;

	rc = pol_store_ask(st, &since, err);
	now = pol_judge_clock(p);
	pol_store_lock_rows(p);
	told = tell_revocations(p, st, now);
	pol_store_unlock_rows(p);
	if (rc == 0 && told < 0)
		rc = told;
	if (rc == 0)
		rc = pol_store_put_rows(p, st, &st->rows);
	pol_rows_fini(&st->rows);
	if (rc == POLICY_ERR_NOENT)
		return 0;
	if (rc == 0) {
		st->since = since;
		pol_store_fresh(p, st);
	}
	say_how(st, rc, err);
	return rc != 0 ? rc : told;
}

int
pol_store_poll(struct policy *p, struct pol_store *st, struct policy_error *err)
{
	struct policy_error own = POLICY_ERROR_INIT;
	int rc;

	pol_handle_notice(p);
	pol_ticket_lock(&p->wiped->store);
	rc = poll_it(p, st, &own);
	pol_ticket_unlock(&p->wiped->store);
	if (rc < 0 && err != NULL)
		pol_err_set(err, rc, NULL, 0, 0, "%s cannot be read: %s", st->store->name, pol_store_why(rc, &own));
	return rc;
}

void
pol_store_forget(struct policy *p, struct pol_store *st)
{
	struct policy_error err = POLICY_ERROR_INIT;
	const int64_t now = pol_judge_clock(p);
	int rc;

	if (pol_handle_only_reads(p))
		return;
	if (st->forgot == 0 || now < st->forgot)	/* not all that are opened at once, at once */
		st->forgot = now;
	if (now - st->forgot < HOUR_NS || !POL_STORE_HAS(st->store, forget) || st->store->apply == NULL)
		return;
	st->forgot = now;
	pol_ticket_lock(&p->wiped->store);
	rc = pol_store_code(st->store->forget(st->state, long_ago(now), &err));
	pol_ticket_unlock(&p->wiped->store);
	if (rc < 0 && !st->forget_failing)
		pol_open_say(st->p, POLICY_LOG_WARNING, "%s:%u:%u: store: %s does not forget what ended: %s", st->conf.at.file,
		    st->conf.at.line, st->conf.at.column, st->store->name, pol_store_why(rc, &err));
	st->forget_failing = rc < 0;
}
