/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Explains one request: decides it with a witness, finds out what came nearest,
 * and says it as a colleague would. Slow and allocating, and never what decides.
 */
#include "author/near.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

static const struct {
	enum policy_reason reason;
	pol_why_fn *say;
} reasons[] = {
	{ POLICY_REASON_RULE, pol_why_allowed },
	{ POLICY_REASON_NO_CREDENTIAL, pol_why_anonymous },
	{ POLICY_REASON_BAD_CREDENTIAL, pol_why_credential },
	{ POLICY_REASON_DENIED, pol_why_denied },
	{ POLICY_REASON_CONDITION_ERROR, pol_why_denied },
	{ POLICY_REASON_NO_RULE, pol_why_no_rule },
	{ POLICY_REASON_UNKNOWN_ACTION, pol_why_unknown_action },
	{ POLICY_REASON_UNKNOWN_RESOURCE, pol_why_unknown_resource },
	{ POLICY_REASON_INSUFFICIENT_SCOPE, pol_why_scope },
	{ POLICY_REASON_CEILING, pol_why_ceiling },
};

/* "alice may not read doc/1: " */
static void
say_head(struct pol_near *x, const struct policy_request *asked)
{
	struct pol_buf *b = &x->text;

	if (x->req != asked) {
		pol_say_subject(b, x->req->subject_type, x->req->subject_id);
		pol_buf_printf(b, ", who acts for ");
		pol_say_subject(b, asked->subject_type, asked->subject_id);
		pol_buf_printf(b, ",");
	} else {
		pol_say_subject(b, asked->subject_type, asked->subject_id);
	}
	pol_buf_printf(b, " may%s ", x->got.answer.verdict == POLICY_ALLOW ? "" : " not");
	pol_say_text(b, asked->action);
	if (asked->resource_type.data != NULL) {
		pol_buf_printf(b, " ");
		pol_say_resource(b, asked);
	}
	pol_buf_printf(b, ": ");
}

static void
say_all(struct pol_near *x, const struct policy_request *asked)
{
	size_t i;

	if (x->got.rc != 0) {
		pol_buf_printf(&x->text, "the request is refused: %s", x->got.why);
		return;
	}
	say_head(x, asked);
	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].reason == x->got.answer.reason)
			reasons[i].say(x);
}

static int
decide(struct pol_near *x, const char *now)
{
	struct pol_witness w;

	x->n_seen = 0;
	pol_near_witness(x, &w);
	return pol_decide_run(x->engine, x->req, now, &w, &x->got, NULL);
}

/* The actor's turn, as a request of its own: without token and groups. */
static void
as_actor(struct policy_request *out, const struct policy_request *req)
{
	static const struct policy_text none = { NULL, 0 };

	*out = *req;
	out->subject_type = req->actor_type;
	out->subject_id = req->actor_id;
	out->subject_attributes = req->actor_attributes;
	out->actor_type = out->actor_id = none;
	out->actor_attributes = (struct policy_attrs){ NULL, 0 };
	out->groups = NULL;
	out->groups_count = 0;
	out->token = NULL;
}

/* A deny may be the actor's alone: then it is the actor's case that is explained. */
static void
whose(struct pol_near *x, struct policy_request *room, const char *now)
{
	struct policy_request alone = *x->req;
	struct pol_decided got;

	if (x->got.rc != 0 || x->got.answer.verdict == POLICY_ALLOW || x->req->actor_id.data == NULL)
		return;
	alone.actor_type = alone.actor_id = (struct policy_text){ NULL, 0 };
	alone.actor_attributes = (struct policy_attrs){ NULL, 0 };
	(void)pol_decide_run(x->engine, &alone, now, NULL, &got, NULL);
	if (got.answer.verdict != POLICY_ALLOW)
		return;
	as_actor(room, x->req);
	x->req = room;
	(void)decide(x, now);
}

static int
look(struct pol_near *x, struct policy_request *room, const char *now)
{
	x->engine = x->fixtures ? &x->set->full : &x->set->own;
	(void)decide(x, now);
	pol_decide_fill(x->engine, x->req, &x->got, &x->out->decision);
	if (x->got.rc != 0)
		return x->got.rc;
	whose(x, room, now);
	x->now_text = x->got.now_text;
	if (now == NULL)
		x->now_text = (struct policy_text){ x->now_room, pol_time_format(x->now_room, x->got.now) };
	x->action = pol_find_action(x->engine->program, x->req->action.data, x->req->action.len);
	pol_told_init(&x->facts, x->set, x->fixtures, x->req, x->now_text);
	return pol_held_find(&x->held, x->set, x->fixtures, x->req, x->got.now);
}

static int
explain(struct policy_set *set, const struct policy_request *req, const char *now,
    struct policy_explanation *out, struct policy_error *err)
{
	struct pol_near x = { .set = set, .req = req, .out = out, .fixtures = set->fixtures };
	struct policy_request room;
	int rc;

	pol_arena_init(&x.held.arena);
	pol_buf_init(&x.text);
	rc = look(&x, &room, now);
	if (rc == 0 || rc == x.got.rc) {
		say_all(&x, req);
		if (x.text.len > 0 && x.text.data[x.text.len - 1] != '?')
			pol_buf_printf(&x.text, ".");
		pol_say_into(out->text, sizeof(out->text), x.text.data, x.text.len);
	}
	if (rc == 0 && (x.no_memory || x.text.failed))
		rc = POLICY_ERR_NOMEM;
	if (rc != 0)
		pol_err_set(err, rc, NULL, 0, 0, "%s",
		    x.got.rc != 0 && x.got.why != NULL ? x.got.why : policy_strerror(rc));
	pol_held_fini(&x.held);
	pol_buf_fini(&x.text);
	free(x.seen);
	return rc;
}

int
policy_set_explain(struct policy_set *set, const struct policy_request *req,
    const char *now, struct policy_explanation *out, struct policy_error *err)
{
	struct policy_explanation e = POLICY_EXPLANATION_INIT;
	struct policy_request room;
	struct policy_token token;
	int rc;

	if (out->size < sizeof(uint32_t) * 2)
		return pol_err_set(err, POLICY_ERR_ABI, NULL, 0, 0, "the size of the explanation makes no sense");
	rc = pol_decide_take(&req, &room, &token);
	if (rc != 0)
		return pol_err_set(err, rc, NULL, 0, 0, "the size of the request makes no sense");
	rc = explain(set, req, now, &e, err);
	pol_sized_out(out, &e, sizeof(e));
	return rc;
}
