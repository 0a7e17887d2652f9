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
	rc = pol_request_check(req, &d->why);
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

/* dst has room for most + 1 bytes; the core has checked what is longer. */
static uint32_t
put(char *dst, size_t most, const char *s, size_t len)
{
	if (len > most)
		len = most;
	if (len > 0)
		memcpy(dst, s, len);
	dst[len] = '\0';
	return (uint32_t)len;
}

static uint32_t
status(const struct pol_answer *a)
{
	if (a->verdict == POLICY_ALLOW)
		return 200;
	switch (a->reason) {
	case POLICY_REASON_NO_CREDENTIAL:
	case POLICY_REASON_BAD_CREDENTIAL:
	case POLICY_REASON_EXPIRED:
	case POLICY_REASON_REVOKED:
		return 401;
	case POLICY_REASON_UNAVAILABLE:
		return 503;
	default:
		return 403;
	}
}

static void
fill_rule(const struct pol_program *p, const struct pol_answer *a, struct policy_decision *out)
{
	const struct pol_str *files = POL_AT(p, p->files.off);
	struct pol_str rule, file;

	if (a->entry != POL_NONE) {
		const struct pol_entry *e = (const struct pol_entry *)POL_AT(p, p->entries.off) + a->entry;

		rule = e->rule;
		file = files[e->file];
		out->line = e->line;
	} else if (a->kind != POL_NONE) {
		const struct pol_kind *k = (const struct pol_kind *)POL_AT(p, p->kinds.off) + a->kind;

		rule = k->rule;
		file = files[k->file];
		out->line = k->line;
	} else {
		out->line = out->rule_len = out->file_len = 0;
		out->rule[0] = out->file[0] = '\0';
		return;
	}
	out->rule_len = put(out->rule, sizeof(out->rule) - 1, pol_str_at(p, rule), rule.len);
	out->file_len = put(out->file, sizeof(out->file) - 1, pol_str_at(p, file), file.len);
}

void
pol_decide_fill(const struct pol_engine *e, const struct policy_request *req,
    const struct pol_decided *d, struct policy_decision *out)
{
	struct policy_text type = req->subject_type, token = { NULL, 0 };

	out->verdict = d->answer.verdict;
	out->reason = d->answer.reason;
	out->status = status(&d->answer);
	out->generation = GENERATION;
	out->expires = 0;
	fill_rule(e->program, &d->answer, out);
	out->subject_type_len = out->subject_id_len = out->token_id_len = 0;
	out->subject_type[0] = out->subject_id[0] = out->token_id[0] = '\0';
	if (d->rc != 0)
		return;			/* nobody is named who may not even exist */
	if (req->subject_id.data != NULL) {
		if (type.data == NULL)
			type = policy_text("user");
		out->subject_type_len = put(out->subject_type, POL_MAX_TYPE, type.data, type.len);
		out->subject_id_len = put(out->subject_id, POL_MAX_ID, req->subject_id.data, req->subject_id.len);
	}
	if (req->token != NULL && req->token->id.data != NULL)
		token = req->token->id;
	out->token_id_len = put(out->token_id, POL_MAX_TOKEN_ID, token.data, token.len);
}

int
pol_decide_take(const struct policy_request **req, struct policy_request *room,
    struct policy_token *token_room)
{
	const struct policy_request *in = *req;

	if (in->size != sizeof(*in)) {
		if (pol_take_in(room, sizeof(*room), in) != 0)
			return POLICY_ERR_ABI;
		in = *req = room;
	}
	if (in->token == NULL || in->token->size == sizeof(*in->token))
		return 0;
	if (pol_take_in(token_room, sizeof(*token_room), in->token) != 0)
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

	if (out->size < LEAST)
		return pol_err_set(err, POLICY_ERR_ABI, NULL, 0, 0, "the size of the decision makes no sense");
	out->verdict = POLICY_DENY;
	out->reason = POLICY_REASON_ERROR;
	out->status = 403;
	if (trace != NULL && trace->size < sizeof(*trace))
		return pol_err_set(err, POLICY_ERR_ABI, NULL, 0, 0, "the size of the trace makes no sense");
	if (pol_decide_take(&req, &room, &token) != 0)
		return pol_err_set(err, POLICY_ERR_ABI, NULL, 0, 0, "the size of the request makes no sense");
	if (trace != NULL)
		pol_trace_witness(&witness, trace);
	pol_decide_run(e, req, now, trace != NULL ? &witness : NULL, &got, err);
	pol_decide_fill(e, req, &got, fill);
	if (fill == &d && pol_take_out(out, &d, sizeof(d), LEAST) != 0)
		return POLICY_ERR_ABI;
	return got.rc;
}
