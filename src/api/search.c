/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Searches: everything that is known is asked for, one by one, by what decides a row of
 * requests, on one snapshot. There is no second reading of the rules that could say
 * something else. What is allowed is gathered, put in order and told at the end: a search
 * that fails has told nothing.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "api/alive.h"
#include "api/ask.h"
#include "api/batch.h"
#include "api/child.h"
#include "api/clock.h"
#include "api/judge.h"
#include "api/seek.h"
#include "api/service.h"
#include "api/stay.h"
#include "api/store.h"
#include "api/who.h"
#include "base/err.h"
#include "base/name.h"
#include "base/sized.h"

#define LEAST_ERROR ((uint32_t)offsetof(struct policy_error, line))
#define STOPPED 2			/* nothing that comes behind could be found; not POL_WHO_MISS */

struct found {
	uint64_t first;			/* its first 8 bytes as a number: most are told apart by it */
	struct policy_text name;
};

struct searching {
	struct policy *p;
	int sought;
	struct policy_request req;	/* of our size, and its token */
	struct policy_token token;
	struct pol_stay stay;
	struct pol_time now;
	struct pol_judged judged;
	struct policy_request row[POL_BATCH];
	struct policy_decision out[POL_BATCH];
	size_t n;			/* of the row in use */
	struct found *list;
	size_t found, room;
	struct policy_error *err;
	int64_t until;			/* what the store said is believed */
	bool told;			/* what it returns is the callback's */
};

/* ---- what is asked ---- */

/* The member of r that candidates are put into. */
static struct policy_text *
place(struct policy_request *r, int sought)
{
	return sought == POLICY_SEEK_SUBJECT ? &r->subject_id : sought == POLICY_SEEK_RESOURCE ? &r->resource_id : &r->action;
}

static struct policy_text
type_of(const struct searching *s)
{
	static const struct policy_text user = POLICY_TEXT("user"), none = { NULL, 0 };

	if (s->sought == POLICY_SEEK_SUBJECT)
		return s->req.subject_type.data != NULL ? s->req.subject_type : user;
	return s->sought == POLICY_SEEK_RESOURCE ? s->req.resource_type : none;
}

/* The shape of what every candidate is asked with. */
static int
check(const struct searching *s)
{
	struct policy_request rest = s->req;
	const char *why = NULL;
	int rc;

	if (s->sought == POLICY_SEEK_SUBJECT && rest.credentials_count != 0)
		return pol_err_set(s->err, POLICY_ERR_ARG, NULL, 0, 0, "credentials say who it is: no subject is left to be sought");
	if (s->sought == POLICY_SEEK_RESOURCE && rest.resource_type.data == NULL)
		return pol_err_set(s->err, POLICY_ERR_ARG, NULL, 0, 0, "resources are sought by their type: it is missing");
	*place(&rest, s->sought) = policy_text("-");
	if (rest.credentials_count != 0) {
		if (rest.subject_id.data != NULL)
			return pol_err_set(s->err, POLICY_ERR_ARG, NULL, 0, 0, "a subject beside credentials");
		rc = pol_judge_shape(rest.credentials, rest.credentials_count);
		if (rc != 0)
			return rc;
		rest.credentials = NULL;
		rest.credentials_count = 0;
		rest.subject_id = policy_text("-");
	}
	rc = pol_batch_code(pol_request_sizes(&rest, &why));
	if (rc == 0)
		rc = pol_batch_code(pol_request_names(&rest, 0, &why));
	return rc != 0 && why != NULL ? pol_err_set(s->err, rc, NULL, 0, 0, "%s", why) : rc;
}

/* ---- candidates, decided ---- */

static int
keep(struct searching *s, struct policy_text name)
{
	struct found *f;
	unsigned char first[8] = { 0 };

	if (s->found == s->room) {
		size_t room = s->room != 0 ? s->room * 2 : 64;
		struct found *list = room <= SIZE_MAX / sizeof(*list) ? realloc(s->list, room * sizeof(*list)) : NULL;

		if (list == NULL)
			return POLICY_ERR_NOMEM;
		s->list = list;
		s->room = room;
	}
	f = &s->list[s->found++];
	memcpy(first, name.data, name.len < sizeof(first) ? name.len : sizeof(first));
	f->first = 0;
	for (size_t i = 0; i < sizeof(first); i++)
		f->first = f->first << 8 | first[i];
	f->name = name;
	return 0;
}

/* Of one decision. What is refused for its credentials, or for the store, is so whatever
 * stands beside it. */
static int
judge(struct searching *s, size_t i, int rc)
{
	const struct policy_decision *d = &s->out[i];

	if (d->verdict == POLICY_ALLOW)
		return keep(s, *place(&s->row[i], s->sought));
	if (d->reason == POLICY_REASON_UNAVAILABLE)
		return POLICY_ERR_UNAVAILABLE;
	if (d->reason == POLICY_REASON_ERROR)
		return rc != 0 && rc != POLICY_ERR_LIMIT ? rc : POLICY_ERR_INTERNAL;
	if (s->req.credentials_count == 0 || d->reason < POLICY_REASON_NO_CREDENTIAL || d->reason > POLICY_REASON_REVOKED)
		return 0;
	s->found = 0;			/* revoked since the first was decided */
	return STOPPED;
}

static int
decide_row(struct searching *s)
{
	const size_t n = s->n;
	int rc;

	if (s->req.deadline_ns != 0 && pol_service_now() >= s->req.deadline_ns)
		return pol_err_set(s->err, POLICY_ERR_LIMIT, NULL, 0, 0, "the deadline came before all was decided");
	for (size_t i = 0; i < n; i++)
		s->out[i].verdict = POLICY_DENY;
	s->n = 0;
	rc = pol_ask_on(s->p, s->stay.s, s->now, &s->judged, s->row, n, s->out);
	if (rc == POL_WHO_MISS)
		return rc;
	if (s->judged.list != NULL && s->judged.rc != 0)
		return s->judged.rc;
	for (size_t i = 0; i < n; i++) {
		int one = judge(s, i, rc);

		if (one != 0)
			return one;
	}
	return 0;
}

static int
candidate(void *ctx, struct policy_text name)
{
	struct searching *s = ctx;

	*place(&s->row[s->n], s->sought) = name;
	return ++s->n < POL_BATCH ? 0 : decide_row(s);
}

/* One more than are known: a request that is refused is refused also where nothing is. */
static int
probe(struct searching *s)
{
	int rc;

	*place(&s->row[s->n++], s->sought) = policy_text("-");
	rc = decide_row(s);
	s->found = 0;
	return rc;
}

static int
decide_all(struct searching *s)
{
	const struct pol_engine *e = &s->stay.s->engine;
	int rc = probe(s);

	if (rc != 0)
		return rc;
	switch (s->sought) {
	case POLICY_SEEK_SUBJECT:
		rc = pol_seek_subjects(e, type_of(s), candidate, s);
		break;
	case POLICY_SEEK_RESOURCE:
		rc = pol_seek_things(e, type_of(s), candidate, s);
		break;
	default:
		rc = pol_seek_actions(e, candidate, s);
		break;
	}
	return rc == 0 && s->n != 0 ? decide_row(s) : rc;
}

/* Behind the decisions, by what was read before the snapshot was taken: a store that is
 * silent for too long may know somebody that nobody here does; and of who asks it may know
 * that he is none any more. */
static bool
is_stale(const struct searching *s)
{
	return !s->stay.s->off && !pol_store_is_before(s->until) && (s->sought == POLICY_SEEK_SUBJECT ||
	    (s->req.credentials_count != 0 ? s->judged.stand.print != 0 || s->judged.list == NULL :
	    pol_alive_needs_store(s->stay.s->engine.people, &s->req)));
}

/* ---- what was found ---- */

static int
order(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return pol_bytes_cmp(x->name.data, x->name.len, y->name.data, y->name.len);
}

static void
sort(struct searching *s)
{
	size_t n = 0;

	if (s->found == 0)
		return;
	qsort(s->list, s->found, sizeof(*s->list), order);
	for (size_t i = 1; i < s->found; i++) {
		if (order(&s->list[n], &s->list[i]) != 0)
			s->list[++n] = s->list[i];
	}
	s->found = n + 1;
}

static int
tell(struct searching *s, policy_found_fn *each, void *ctx)
{
	const struct policy_text type = type_of(s);

	for (size_t i = 0; i < s->found; i++) {
		int rc = each(ctx, type, s->list[i].name);

		if (rc != 0) {
			s->told = true;
			return rc;
		}
		if (!pol_stay_is_held(&s->stay, s->p))
			return pol_err_set(s->err, POLICY_ERR_UNAVAILABLE, NULL, 0, 0, "the process was forked within the search");
	}
	return 0;
}

/* ---- a search ---- */

/* On the snapshot in force, which stays held. */
static int
look(struct searching *s)
{
	int rc;

	read_host_clock(s->p, &s->now);
	s->until = pol_store_until(s->p);
	pol_stay_begin(&s->stay, s->p);
	s->found = s->n = 0;
	if (s->stay.s == NULL)
		return 0;		/* forced off: nothing is known */
	rc = read_clock(s->p, s->stay.s, &s->now);
	if (rc == 0)
		rc = decide_all(s);
	if (rc == STOPPED)
		rc = 0;
	if (rc == 0 && is_stale(s))
		rc = POLICY_ERR_UNAVAILABLE;
	return rc;
}

static int
run(struct searching *s, policy_found_fn *each, void *ctx)
{
	int rc = look(s);

	if (rc == POL_WHO_MISS) {
		pol_stay_end(&s->stay, s->p);
		pol_judge_ask(s->p, &s->req, &s->judged);
		rc = look(s);
	}
	if (rc == POLICY_ERR_UNAVAILABLE && pol_store_is_good(s->p)) {	/* it spoke meanwhile */
		pol_stay_end(&s->stay, s->p);
		rc = look(s);
	}
	if (rc == 0) {
		sort(s);
		rc = tell(s, each, ctx);
	} else if (rc == POL_WHO_MISS) {
		rc = POLICY_ERR_UNAVAILABLE;
	}
	pol_stay_end(&s->stay, s->p);
	return rc;
}

static int
begin(struct searching *s, struct policy *p, int sought, const struct policy_request *req)
{
	int rc = pol_sized_in(&s->req, sizeof(s->req), sizeof(req->size), req);

	if (rc == 0 && s->req.token != NULL) {
		rc = pol_sized_in(&s->token, sizeof(s->token), sizeof(s->token.size), s->req.token);
		s->token.size = sizeof(s->token);
		s->req.token = &s->token;
	}
	if (rc != 0)
		return rc;
	s->req.size = sizeof(s->req);
	s->p = p;
	s->sought = sought;
	rc = check(s);
	for (size_t i = 0; i < POL_BATCH; i++) {
		s->row[i] = s->req;
		s->out[i].size = sizeof(s->out[i]);
	}
	if (rc == 0 && !pol_store_is_good(p))
		pol_child_opens(p, &s->req);
	return rc;
}

static int
search(struct policy *p, int sought, const struct policy_request *req, policy_found_fn *each, void *ctx,
    struct policy_error *err, bool *told)
{
	struct searching *s;
	int rc;

	if (p == NULL || req == NULL || each == NULL)
		return pol_err_set(err, POLICY_ERR_ARG, NULL, 0, 0, "an argument is missing");
	if (sought < POLICY_SEEK_SUBJECT || sought > POLICY_SEEK_ACTION)
		return pol_err_set(err, POLICY_ERR_ARG, NULL, 0, 0, "a subject, a resource or an action may be sought");
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return POLICY_ERR_NOMEM;
	s->err = err;
	pol_judge_init(&s->judged);
	rc = begin(s, p, sought, req);
	if (rc == 0)
		rc = run(s, each, ctx);
	*told = s->told;
	pol_judge_fini(&s->judged);
	free(s->list);
	free(s);
	return rc;
}

/* ---- the door ---- */

/* What a search of our own may return. */
static int
filter(int rc)
{
	return rc == POLICY_ERR_NOMEM ? rc : pol_batch_code(rc);
}

int
policy_search(struct policy *p, int sought, const struct policy_request *req, policy_found_fn *each, void *ctx,
    struct policy_error *err)
{
	struct policy_error ours;
	bool told = false;
	int rc;

	if (err != NULL && pol_sized_check(err, sizeof(*err), LEAST_ERROR) != 0)
		return POLICY_ERR_ABI;
	memset(&ours, 0, sizeof(ours));
	ours.size = sizeof(ours);
	rc = search(p, sought, req, each, ctx, &ours, &told);
	if (!told)
		rc = filter(rc);
	if (rc != 0 && !told) {
		pol_err_set(&ours, rc, NULL, 0, 0, "%s", policy_strerror(rc));
		ours.code = rc;
	}
	if (err != NULL)
		pol_sized_out(err, &ours, sizeof(ours));
	return rc;
}
