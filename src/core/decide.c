/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decision. Every path begins as a deny; allow is written in one place, at the
 * end of answer(). The order of the steps is the language's (doc/policy.yaml.5);
 * among entries that decide, the lowest number is named, whatever the order in
 * which they are met.
 */
#include "core/eval.h"

static int
say(struct pol_answer *a, enum policy_reason reason, uint32_t entry)
{
	a->reason = reason;
	a->entry = entry;
	return 0;
}

/* What stands before any entry: is the action known, is it for this type? */
static enum policy_reason
known(struct pol_eval *ev)
{
	const struct policy_request *req = ev->req;
	const struct pol_action *a;

	ev->action = pol_find_action(ev->p, req->action.data, req->action.len);
	if (ev->action == POL_NONE)
		return POLICY_REASON_UNKNOWN_ACTION;
	if (ev->has_resource && ev->p->has_types && ev->type_row == NULL)
		return POLICY_REASON_UNKNOWN_RESOURCE;
	a = pol_action_at(ev->p, ev->action);
	if (a->types.n != 0 && (ev->type_row == NULL ||
	    !pol_match_sorted(POL_AT(ev->p, a->types.off), a->types.n, ev->type)))
		return POLICY_REASON_NO_RULE;
	return POLICY_REASON_RULE;
}

static int
answer(struct pol_eval *ev, struct pol_answer *a)
{
	struct pol_found f = { POL_NONE, POL_NONE, POL_NONE, -1, false, NULL };
	enum policy_reason reason = known(ev);
	int rc;

	if (reason != POLICY_REASON_RULE)
		return say(a, reason, POL_NONE);
	rc = pol_above_find(ev);
	if (rc == 0)
		rc = pol_roles_find(ev, &ev->subject, !ev->for_actor);
	if (rc == 0 && ev->actor.present)
		rc = pol_roles_find(ev, &ev->actor, false);
	if (rc != 0)
		return rc;
	pol_meet_all(ev, &f, POL_EFFECT_DENY);
	if (f.deny != POL_NONE)
		return say(a, POLICY_REASON_DENIED, f.deny);
	if (f.unknown != POL_NONE)
		return say(a, POLICY_REASON_CONDITION_ERROR, f.unknown);
	pol_meet_all(ev, &f, POL_EFFECT_ALLOW);
	if (f.allow == POL_NONE)
		return say(a, POLICY_REASON_NO_RULE, POL_NONE);
	if (ev->token != NULL) {
		if ((ev->token->flags & POLICY_TOKEN_SCOPED) && !pol_meet_scopes(ev, &f))
			return say(a, POLICY_REASON_INSUFFICIENT_SCOPE, POL_NONE);
		if (ev->p->has_credentials && !pol_meet_ceiling(ev, &f, &a->kind))
			return say(a, POLICY_REASON_CEILING, POL_NONE);
	}
	if (ev->limit)			/* some answer above rests on a list cut short */
		return POLICY_ERR_LIMIT;
	a->kind = POL_NONE;
	say(a, POLICY_REASON_RULE, f.allow);
	a->verdict = POLICY_ALLOW;
	return 0;
}

static const struct policy_text default_type = POLICY_TEXT("user");

static void
set_side(struct pol_side *s, const struct policy_text *type, const struct policy_text *id, const struct policy_attrs *sent)
{
	s->present = id != NULL && id->data != NULL;
	s->n_records = s->n_extra = 0;
	s->said = NULL;
	if (!s->present)
		return;
	s->type = type->data != NULL ? *type : default_type;
	s->id = *id;
	s->sent = sent;
}

static void
set_said(struct pol_eval *ev)
{
	const struct policy_attrs *t;

	if (ev->token == NULL)
		return;
	t = &ev->token->attributes;
	for (size_t i = 0; i < t->count; i++) {
		if (t->list[i].value.type == POLICY_OBJECT &&
		    pol_bytes_equal(t->list[i].name.data, t->list[i].name.len, "subject", 7))
			ev->subject.said = &t->list[i].value;
	}
}

/* Nobody is logged in: every deny but a deny entry's is told as no_credential. */
static void
tell_anonymous(const struct pol_eval *ev, struct pol_answer *a)
{
	if (ev->subject.present || a->verdict == POLICY_ALLOW ||
	    a->reason == POLICY_REASON_DENIED || a->reason == POLICY_REASON_CONDITION_ERROR)
		return;
	a->reason = POLICY_REASON_NO_CREDENTIAL;
	a->entry = a->kind = POL_NONE;
}

/* One turn: the subject's, or the actor's own (without token, groups or actor). */
static int
turn(struct pol_eval *ev, struct pol_answer *a)
{
	const struct policy_request *req = ev->req;
	int rc;

	*a = (struct pol_answer){ POLICY_DENY, POLICY_REASON_ERROR, POL_NONE, POL_NONE };
	ev->n_above = ev->n_numbers = 0;
	ev->thing = NULL;
	memset(ev->named, 0, ev->p->named.n);
	memset(ev->held, 0, sizeof(ev->held));
	if (ev->for_actor) {
		ev->token = NULL;
		set_side(&ev->subject, &req->actor_type, &req->actor_id, &req->actor_attributes);
		set_side(&ev->actor, NULL, NULL, NULL);
	} else {
		ev->token = req->token;
		set_side(&ev->subject, &req->subject_type, &req->subject_id, &req->subject_attributes);
		set_side(&ev->actor, &req->actor_type, &req->actor_id, &req->actor_attributes);
		set_said(ev);
	}
	rc = answer(ev, a);
	if (rc == 0 && ev->limit)
		rc = POLICY_ERR_LIMIT;
	if (rc != 0) {
		*a = (struct pol_answer){ POLICY_DENY, POLICY_REASON_ERROR, POL_NONE, POL_NONE };
		return rc;
	}
	tell_anonymous(ev, a);
	return 0;
}

static void
set_resource(struct pol_eval *ev)
{
	const struct policy_request *req = ev->req;

	ev->type = POL_NONE;
	ev->type_row = NULL;
	ev->has_resource = req->resource_type.data != NULL;
	if (!ev->has_resource)
		return;
	ev->type = pol_find_type(ev->p, req->resource_type.data, req->resource_type.len, &ev->type_hash);
	if (ev->type != POL_NONE)
		ev->type_row = &POL_ROWS(ev->p, types, struct pol_type)[ev->type];
}

int
pol_decide(const struct pol_engine *e, const struct policy_request *req,
    struct pol_time now, const struct policy_text *now_text,
    struct pol_answer *a, const struct pol_witness *w, const char **why)
{
	struct pol_answer other;
	struct pol_eval ev;		/* not zeroed as a whole: it is large */
	int rc;

	*a = (struct pol_answer){ POLICY_DENY, POLICY_REASON_ERROR, POL_NONE, POL_NONE };
	ev.engine = e;
	ev.p = e->program;
	ev.w = e->people;
	ev.req = req;
	ev.witness = w;
	ev.why = "a limit of the engine was met";
	ev.now = now;
	ev.now_text = now_text;
	ev.now_len = 0;
	ev.steps = POL_MAX_STEPS;
	ev.limit = ev.for_actor = false;
	set_resource(&ev);
	rc = pol_above_check(&ev);
	if (rc == 0)
		rc = turn(&ev, a);
	if (rc == 0 && a->verdict == POLICY_ALLOW && req->actor_id.data != NULL) {
		ev.for_actor = true;
		rc = turn(&ev, &other);
		if (rc != 0 || other.verdict != POLICY_ALLOW)
			*a = other;
	}
	*why = rc != 0 ? ev.why : NULL;
	return rc;
}
