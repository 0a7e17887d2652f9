/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One decision on a set: the engine's own code, with a clock that may be set. What
 * a host's handle adds (credentials, the on/off switch, generations) is not here.
 */
#include "author/author.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

#include "base/err.h"

/* The snapshot of a set is its first and only one. */
#define GENERATION 1

static int
refuse(struct pol_decided *d, struct policy_error *err, int rc, const char *why)
{
	d->rc = rc;
	d->why = why;
	d->answer.verdict = POLICY_DENY;
	d->answer.reason = rc == POLICY_ERR_LIMIT ? POLICY_REASON_LIMIT : POLICY_REASON_ERROR;
	d->answer.entry = d->answer.kind = POL_NONE;
	return pol_err_set(err, rc, NULL, 0, 0, "%s", why);
}

static int
read_clock(struct pol_time *out)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_REALTIME, &ts) != 0)
		return POLICY_ERR_INTERNAL;
	out->sec = ts.tv_sec;
	out->ns = (uint32_t)ts.tv_nsec;
	return 0;
}

int
pol_decide_run(const struct pol_engine *e, const struct policy_request *req,
    const char *now, const struct pol_witness *witness, struct pol_decided *d,
    struct policy_error *err)
{
	int rc;

	memset(d, 0, sizeof(*d));
	rc = pol_request_sizes(req, &d->why);
	if (rc != 0)
		return refuse(d, err, rc, d->why);
	d->answer = (struct pol_answer){ POLICY_DENY, POLICY_REASON_BAD_CREDENTIAL, POL_NONE, POL_NONE };
	if (req->credentials_count > 0) {
		if (req->credentials == NULL || req->subject_id.data != NULL || req->token != NULL)
			return refuse(d, err, POLICY_ERR_ARG, "a subject is asserted or has credentials, never both");
		return 0;		/* no step claims them: a set has no modules */
	}
	d->now_text = policy_text(now);
	if (now == NULL) {
		if (read_clock(&d->now) != 0)
			return refuse(d, err, POLICY_ERR_INTERNAL, "the clock could not be read");
	} else if (pol_time_parse(&d->now, now, d->now_text.len) != 0) {
		return refuse(d, err, POLICY_ERR_ARG,
		    "now: not a time: RFC 3339 with an offset is wanted");
	}
	rc = pol_decide(e, req, d->now, now != NULL ? &d->now_text : NULL, &d->answer, witness, &d->why);
	if (rc != 0)
		return refuse(d, err, rc, d->why != NULL ? d->why : "no decision could be reached");
	return 0;
}

void
pol_decide_fill(const struct pol_engine *e, const struct policy_request *req,
    const struct pol_decided *d, struct policy_decision *out)
{
	if (d->rc != 0)
		pol_fill_error(out, d->rc, GENERATION);	/* nobody is named who may not even exist */
	else
		pol_fill_answer(out, e, req, &d->answer, GENERATION);
}

int
pol_decide_take(const struct policy_request **req, struct policy_request *room,
    struct policy_token *token_room)
{
	const struct policy_request *in = *req;

	if (in->size != sizeof(*in)) {
		if (pol_sized_in(room, sizeof(*room), sizeof(room->size), in) != 0)
			return POLICY_ERR_ABI;
		in = *req = room;
	}
	if (in->token == NULL || in->token->size == sizeof(*in->token))
		return 0;
	if (pol_sized_in(token_room, sizeof(*token_room), sizeof(token_room->size), in->token) != 0)
		return POLICY_ERR_ABI;
	if (in != room)
		*room = *in;
	room->token = token_room;
	*req = room;
	return 0;
}

#define LEAST offsetof(struct policy_decision, generation)

int
policy_set_decide(struct policy_set *set, const struct policy_request *req,
    const char *now, struct policy_decision *out, struct policy_trace *trace,
    struct policy_error *err)
{
	const struct pol_engine *e = set->fixtures ? &set->full : &set->own;
	struct policy_request room;
	struct policy_token token;
	struct policy_decision d, *fill = out->size == sizeof(d) ? out : &d;
	struct pol_decided got;
	struct pol_witness witness;

	if (pol_sized_check(out, sizeof(*out), LEAST) != 0)
		return pol_err_set(err, POLICY_ERR_ABI, NULL, 0, 0, "the size of the decision makes no sense");
	pol_fill_deny(out, POLICY_REASON_ERROR, 403);
	if (trace != NULL && trace->size < sizeof(*trace))
		return pol_err_set(err, POLICY_ERR_ABI, NULL, 0, 0, "the size of the trace makes no sense");
	if (pol_decide_take(&req, &room, &token) != 0)
		return pol_err_set(err, POLICY_ERR_ABI, NULL, 0, 0, "the size of the request makes no sense");
	if (trace != NULL)
		pol_fill_witness(&witness, trace);
	pol_decide_run(e, req, now, trace != NULL ? &witness : NULL, &got, err);
	pol_decide_fill(e, req, &got, fill);
	if (fill == &d)
		pol_sized_out(out, &d, sizeof(d));
	return got.rc;
}
