/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decision. Every path begins as a deny; allow is written in one place, at the
 * in allow(). The order of the steps is the language's (doc/policy.yaml.5);
 * among entries that decide, the lowest number is named, whatever the order in
 * which they are met.
 */
#include "core/anchor.h"
#include "core/eval.h"
#include "core/quick.h"

static int
say(struct pol_answer *a, enum policy_reason reason, uint32_t entry)
{
	a->reason = reason;
	a->entry = entry;
	return 0;
}

static inline int
allow(struct pol_answer *a, uint32_t entry)
{
	a->kind = POL_NONE;
	a->verdict = POLICY_ALLOW;
	return say(a, POLICY_REASON_RULE, entry);
}

/* What stands before any entry: is the action known, is it for this type? */
static inline enum policy_reason
known(struct pol_eval *ev)
{
	struct pol_span types;

	if (ev->action == POL_NONE)
		return POLICY_REASON_UNKNOWN_ACTION;
	if (ev->has_resource && ev->p->has_types && ev->type_row == NULL)
		return POLICY_REASON_UNKNOWN_RESOURCE;
	ev->act = pol_action_at(ev->p, ev->action);
	types = ev->act->types;
	if (types.n != 0 && (ev->type_row == NULL ||
	    !pol_match_sorted(POL_AT(ev->p, types.off), types.n, ev->type)))
		return POLICY_REASON_NO_RULE;
	return POLICY_REASON_RULE;
}

/* Roles of which no entry of the asked action is need not be found. */
static uint64_t
wanted(const struct pol_eval *ev)
{
	const struct pol_program *p = ev->p;

	if (p->hears_roles || pol_meet_has_anchors(ev))
		return ~(uint64_t)0;
	return ev->act->sig_allow | ev->act->sig_deny | p->wide_sig_allow | p->wide_sig_deny;
}

/* open: whatever no deny entry denies is allowed. Constant wherever it counts. */
static inline __attribute__((always_inline)) int
answer(struct pol_eval *ev, struct pol_answer *a, bool open)
{
	struct pol_found f = { POL_NONE, POL_NONE, POL_NONE, -1, false, NULL };
	enum policy_reason reason = known(ev);
	int rc;

	if (reason != POLICY_REASON_RULE)
		return say(a, reason, POL_NONE);
	ev->want = wanted(ev);
	if (pol_meet_has_anchors(ev))		/* it comes while roles are found */
		pol_anchor_prefetch(ev->p, ev->known->thing_hash);
	rc = pol_above_find(ev);
	if (rc == 0)
		rc = pol_roles_find(ev, &ev->subject, !ev->for_actor);
	if (rc == 0 && ev->actor.present)
		rc = pol_roles_find(ev, &ev->actor, false);
	if (rc != 0)
		return rc;
	if (ev->actor.present && ev->actor.record != NULL && ev->actor.record->id == POL_HOLDER_ENDED)
		return say(a, POLICY_REASON_REVOKED, POL_NONE);
	if (pol_meet_may_deny(ev))
		pol_meet_all(ev, &f, POL_EFFECT_DENY);
	if (f.deny != POL_NONE)
		return say(a, POLICY_REASON_DENIED, f.deny);
	if (f.unknown != POL_NONE)
		return say(a, POLICY_REASON_CONDITION_ERROR, f.unknown);
	if (open)
		return ev->limit ? POLICY_ERR_LIMIT : allow(a, POL_NONE);
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
	return allow(a, f.allow);
}

static inline void
set_side(struct pol_side *s, const struct policy_text *type, const struct policy_text *id, const struct policy_attrs *sent)
{
	s->n_records = s->n_extra = 0;
	s->said = NULL;
	s->present = id->data != NULL;
	if (!s->present)
		return;
	s->type = pol_known_type(type);
	s->id = *id;
	s->sent = sent;
}

static inline void
set_nobody(struct pol_side *s)
{
	s->n_records = s->n_extra = 0;
	s->said = NULL;
	s->present = false;
}

static void
set_said(struct pol_eval *ev)
{
	const struct policy_attrs *t = &ev->token->attributes;

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
static inline __attribute__((always_inline)) int
turn(struct pol_eval *ev, struct pol_answer *a, bool open)
{
	const struct policy_request *req = ev->req;
	int rc;

	*a = (struct pol_answer){ POLICY_DENY, POLICY_REASON_ERROR, POL_NONE, POL_NONE };
	ev->n_numbers = 0;
	if (ev->p->named.n != 0)
		memset(ev->named, 0, ev->p->named.n);
	ev->n_held = 0;
	if (ev->for_actor) {
		ev->token = NULL;
		set_side(&ev->subject, &req->actor_type, &req->actor_id, &req->actor_attributes);
		set_nobody(&ev->actor);
	} else {
		ev->token = req->token;
		set_side(&ev->subject, &req->subject_type, &req->subject_id, &req->subject_attributes);
		if (__builtin_expect(req->actor_id.data != NULL, 0))
			set_side(&ev->actor, &req->actor_type, &req->actor_id, &req->actor_attributes);
		else
			set_nobody(&ev->actor);
		if (ev->token != NULL)
			set_said(ev);
	}
	rc = answer(ev, a, open);
	if (rc == 0 && ev->limit)
		rc = POLICY_ERR_LIMIT;
	if (rc != 0) {
		*a = (struct pol_answer){ POLICY_DENY, POLICY_REASON_ERROR, POL_NONE, POL_NONE };
		return rc;
	}
	tell_anonymous(ev, a);
	return 0;
}

__attribute__((noinline))
static int
actors_turn(struct pol_eval *ev, struct pol_answer *a, bool open)
{
	struct pol_answer other;
	int rc;

	ev->for_actor = true;
	rc = open ? turn(ev, &other, true) : turn(ev, &other, false);
	if (rc != 0 || other.verdict != POLICY_ALLOW)
		*a = other;
	return rc;
}

/* Texts that the set has itself are well formed. A request that names itself after a
 * group is found too: it is not let off the check. */
static inline int
check_names(const struct policy_request *req, const struct pol_known *k, const char **why)
{
	return pol_request_names(req,
	    (k->who != NULL && k->who->id >= POL_HOLDER_SUBJECT ? POL_KNOWN_SUBJECT : 0u) |
	    (k->type != POL_NONE ? POL_KNOWN_TYPE : 0u) | (k->thing != NULL ? POL_KNOWN_THING : 0u), why);
}

static inline __attribute__((always_inline)) int
decide_as(const struct pol_engine *e, const struct policy_request *req,
    const struct pol_known *known, struct pol_time now, const struct policy_text *now_text,
    struct pol_answer *a, const struct pol_witness *w, const char **why, bool open)
{
	struct pol_eval ev;		/* not zeroed as a whole: it is large */
	int rc;

	*a = (struct pol_answer){ POLICY_DENY, POLICY_REASON_ERROR, POL_NONE, POL_NONE };
	if (known->who == NULL || known->who->id < POL_HOLDER_SUBJECT || known->thing == NULL ||
	    req->actor_id.data != NULL) {
		rc = check_names(req, known, why);
		if (rc != 0)
			return rc;
		if (known->who != NULL && known->who->id == POL_HOLDER_ENDED)
			return say(a, POLICY_REASON_REVOKED, POL_NONE);
	}
	ev.engine = e;
	ev.p = e->program;
	ev.w = e->people;
	ev.req = req;
	ev.known = known;
	ev.witness = w;
	ev.why = "a limit of the engine was met";
	ev.now = now;
	ev.now_text = now_text;
	ev.now_len = 0;
	ev.steps = POL_MAX_STEPS;
	ev.limit = ev.for_actor = false;
	ev.words = ev.p->role_words.n != 0 ? POL_AT(ev.p, ev.p->role_words.off) : NULL;
	ev.action = known->action;
	ev.type = known->type;
	ev.type_row = known->type != POL_NONE ? &POL_ROWS(ev.p, types, struct pol_type)[known->type] : NULL;
	ev.thing = known->thing;
	ev.has_resource = req->resource_type.data != NULL;
	rc = req->resource_attributes.count != 0 ? pol_above_check(&ev) : 0;
	if (rc == 0)
		rc = turn(&ev, a, open);
	if (rc == 0 && a->verdict == POLICY_ALLOW && req->actor_id.data != NULL)
		rc = actors_turn(&ev, a, open);
	*why = rc != 0 ? ev.why : NULL;
	return rc;
}

/* Not inline: who has a quick answer shall not pay for the registers it takes. */
__attribute__((noinline))
static int
decide(const struct pol_engine *e, const struct policy_request *req,
    const struct pol_known *known, struct pol_time now, const struct policy_text *now_text,
    struct pol_answer *a, const struct pol_witness *w, const char **why)
{
	return decide_as(e, req, known, now, now_text, a, w, why, false);
}

int
pol_decide_open(const struct pol_engine *e, const struct policy_request *req,
    struct pol_time now, struct pol_answer *a, const char **why)
{
	struct pol_known known;

	pol_known_hash(&known, e, req);
	pol_known_find(&known, e, req);
	return decide_as(e, req, &known, now, NULL, a, NULL, why, true);
}

int
pol_decide_any(struct pol_answer *a)
{
	return allow(a, POL_NONE);
}

/* A quick answer, if there is one. */
static inline bool
quick(const struct pol_engine *e, const struct policy_request *req, const struct pol_known *known,
    struct pol_answer *a)
{
	uint32_t entry;

	*a = (struct pol_answer){ POLICY_DENY, POLICY_REASON_NO_RULE, POL_NONE, POL_NONE };
	if (!pol_quick(e, req, known, &entry))
		return false;
	if (entry != POL_NONE)
		allow(a, entry);
	return true;
}

int
pol_decide_plain(const struct pol_engine *e, const struct policy_request *req,
    const struct pol_known *known, struct pol_time now, struct pol_answer *a, const char **why)
{
	*why = NULL;
	return quick(e, req, known, a) ? 0 : decide(e, req, known, now, NULL, a, NULL, why);
}

int
pol_decide(const struct pol_engine *e, const struct policy_request *req,
    struct pol_time now, const struct policy_text *now_text,
    struct pol_answer *a, const struct pol_witness *w, const char **why)
{
	struct pol_known known;
	struct pol_answer b;
	/* most that come here bring attributes */
	bool plain = (req->subject_attributes.count | req->resource_attributes.count | req->context.count) == 0 &&
	    pol_request_is_plain(req);
	int rc;

	pol_known_hash(&known, e, req);
	pol_known_find(&known, e, req);
	*why = NULL;
	if (plain && w == NULL && quick(e, req, &known, a))
		return 0;
	rc = decide(e, req, &known, now, now_text, a, w, why);
	/* a witness has seen it all: the quick answer, had it been taken, is the same. (One
	 * that has seen too much is no witness: it met a limit that others need not meet.) */
	if (plain && w != NULL && rc != POLICY_ERR_LIMIT && quick(e, req, &known, &b) &&
	    (rc != 0 || b.verdict != a->verdict || b.reason != a->reason || b.entry != a->entry)) {
		*a = (struct pol_answer){ POLICY_DENY, POLICY_REASON_ERROR, POL_NONE, POL_NONE };
		*why = "two ways to one answer differ: this is a mistake of the engine";
		return POLICY_ERR_INTERNAL;
	}
	return rc;
}
