/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request of HTTP: its target is read outside of any snapshot, then matched and decided
 * on one. Credentials that the cache has not are judged in between, as for any request,
 * and then it is matched anew. What is taken for nothing is still asked for, as something
 * that no set declares: so who is nobody is told so, and a bad credential is bad.
 */
#include "api/route.h"

#include <string.h>

#include "api/alive.h"
#include "api/ask.h"
#include "api/batch.h"
#include "api/child.h"
#include "api/clock.h"
#include "api/note.h"
#include "api/off.h"
#include "api/store.h"
#include "api/who.h"
#include "base/sized.h"
#include "core/fill.h"
#include "core/route.h"

/* No action has this name. */
#define NO_ACTION "*"

/* What is asked, and its room. */
struct asking {
	struct policy *p;
	const struct pol_snapshot *s;
	struct pol_time now;
	struct pol_judged *judged;
	bool stale;			/* what the store said is too old to be believed */
	struct policy_request req;
	struct policy_attr context[POL_MAX_ATTRS + POL_ROUTE_ATTRS];
	struct pol_routed found;
};

/* ---- what it was taken for ---- */

void
pol_route_told(const struct pol_routing *a, struct policy_request *req)
{
	const struct policy_routed *r = &a->routed;

	*req = a->who;
	if (r->action_len != 0)
		req->action = (struct policy_text){ r->action, r->action_len };
	if (r->resource_type_len == 0)
		return;
	req->resource_type = (struct policy_text){ r->resource_type, r->resource_type_len };
	req->resource_id = (struct policy_text){ r->resource_id, r->resource_id_len };
}

/* ---- the request ---- */

/* The route's word on the context, then what the host says beside it. */
static struct policy_attrs
join_context(struct asking *in, const struct policy_attrs *said)
{
	const struct policy_attrs *own = &in->found.context;
	size_t n = own->count, i, k;

	if (n == 0 || said->count > POL_MAX_ATTRS || (said->count != 0 && said->list == NULL))
		return *said;		/* too many, or malformed: refused as such */
	memcpy(in->context, own->list, n * sizeof(in->context[0]));
	for (i = 0; i < said->count; i++) {
		const struct policy_text *name = &said->list[i].name;

		for (k = 0; k < own->count; k++)
			if (name->data != NULL && pol_bytes_equal(name->data, name->len, own->list[k].name.data, own->list[k].name.len))
				break;
		if (k == own->count)
			in->context[n++] = said->list[i];
	}
	return (struct policy_attrs){ in->context, n };
}

static void
make(struct asking *in, const struct policy_request *who)
{
	const struct pol_routed *f = &in->found;

	in->req = *who;
	in->req.action = f->action.data != NULL ? f->action : policy_text(NO_ACTION);
	in->req.resource_type = f->type;
	in->req.resource_id = f->id;
	in->req.resource_attributes = f->resource;
	in->req.context = join_context(in, &who->context);
}

/* ---- deciding ---- */

/* Of one that names a subject or nobody. */
static int
decide_open(struct asking *in, struct policy_decision *out)
{
	struct pol_answer a;
	const char *why;
	int rc = pol_request_sizes(&in->req, &why);

	if (rc == 0)
		rc = pol_decide_open(&in->s->engine, &in->req, in->now, &a, &why);
	if (rc == 0)
		pol_fill_answer(out, &in->s->engine, &in->req, &a, in->s->generation);
	else
		pol_fill_error(out, rc, in->s->generation);
	return rc;
}

/* Nobody: what anybody may be who leaves out who he is. */
static void
strip(struct policy_request *req)
{
	const struct policy_attrs none = { NULL, 0 };
	const struct policy_text absent = { NULL, 0 };

	req->subject_type = req->subject_id = req->actor_type = req->actor_id = absent;
	req->subject_attributes = req->actor_attributes = none;
	req->groups = NULL;
	req->groups_count = 0;
	req->token = NULL;
	req->credentials = NULL;
	req->credentials_count = 0;
}

static bool
is_denied(const struct policy_decision *out)
{
	return out->reason == POLICY_REASON_DENIED || out->reason == POLICY_REASON_CONDITION_ERROR;
}

/* A public route with an action: deny entries are asked for whoever it is, and of who is
 * not to be believed for nobody. */
static int
decide_public(struct asking *in, struct policy_decision *out)
{
	int rc = 0;

	in->judged->open = true;
	pol_fill_deny(out, POLICY_REASON_UNAVAILABLE, pol_fill_status(POLICY_REASON_UNAVAILABLE));
	if (!in->stale && in->req.credentials_count != 0)
		rc = pol_who_decide(in->p, in->s, in->now, &in->req, in->judged, out, NULL);
	else if (!in->stale)
		rc = decide_open(in, out);
	if ((rc != 0 && rc != POLICY_ERR_UNAVAILABLE) || out->verdict == POLICY_ALLOW || (rc == 0 && is_denied(out)))
		return rc;
	strip(&in->req);
	return decide_open(in, out);
}

/* One without: there is nothing that could be denied. */
static int
decide_any(struct asking *in, struct policy_decision *out)
{
	struct pol_answer a;
	const char *why;
	int rc = pol_judge_shape(in->req.credentials, in->req.credentials_count);

	if (in->req.credentials_count != 0)
		strip(&in->req);
	else
		rc = pol_request_sizes(&in->req, &why);
	if (rc == 0)
		rc = pol_decide_any(&a);
	if (rc == 0)
		pol_fill_answer(out, &in->s->engine, &in->req, &a, in->s->generation);
	else
		pol_fill_error(out, rc, in->s->generation);
	return rc;
}

static int
decide_closed(struct asking *in, struct policy_decision *out)
{
	int rc;

	in->judged->open = false;
	if (in->stale) {
		pol_fill_reason(out, POLICY_REASON_UNAVAILABLE, in->s->generation);
		return 0;
	}
	rc = pol_ask_within(in->p, in->s, in->now, &in->req, out, in->judged);
	if (rc == 0 && in->found.route == NULL && out->reason == POLICY_REASON_UNKNOWN_ACTION)
		out->reason = POLICY_REASON_NO_RULE;
	return rc;
}

static int
decide(struct asking *in, struct pol_routing *a, struct policy_decision *out)
{
	const struct pol_program *p = in->s->engine.program;
	static const struct policy_text plain = POLICY_TEXT("default");
	const struct pol_route *r;
	int rc = a->rc;

	in->found.route = NULL;
	if (rc == 0)
		rc = pol_route_find(&in->found, p, a->http.set.data != NULL ? a->http.set : plain, &a->target, a->http.body);
	pol_route_tell(&a->routed, p, &in->found);
	if (rc != 0) {			/* the client's doing, not the host's */
		pol_fill_reason(out, rc == POLICY_ERR_LIMIT ? POLICY_REASON_LIMIT : POLICY_REASON_ERROR, in->s->generation);
		return 0;
	}
	r = in->found.route;
	make(in, &a->who);
	in->stale = pol_store_has(in->p) && !pol_store_is_good(in->p) && in->req.credentials_count == 0 &&
	    pol_alive_needs_store(in->s->engine.people, &in->req);
	if (r == NULL || !r->is_public)
		return decide_closed(in, out);
	rc = r->action.len != 0 ? decide_public(in, out) : decide_any(in, out);
	if (rc == 0 && out->verdict == POLICY_ALLOW)
		pol_fill_place(out, p, r->file, r->line);
	return rc;
}

/* On the snapshot in force. */
static int
ask_once(struct policy *p, struct pol_routing *a, struct policy_decision *out, struct pol_judged *judged)
{
	struct asking in;		/* not zeroed: it is large */
	_Atomic uint32_t *held;
	int rc;

	in.p = p;
	in.judged = judged;
	read_host_clock(p, &in.now);
	in.s = pol_handle_enter(p, &held);
	rc = read_clock(p, in.s, &in.now);
	if (rc != 0)
		pol_fill_error(out, rc, in.s->generation);
	else if (in.s->off)
		pol_fill_off(out, in.s->generation);
	else
		rc = decide(&in, a, out);
	pol_handle_exit(held);
	return rc;
}

/* What the store said is believed until then, as was read before the snapshot was taken; what
 * it said meanwhile is decided on anew, as ask.c does. */
static int
ask_fresh(struct policy *p, struct pol_routing *a, struct policy_decision *out, struct pol_judged *judged)
{
	bool was, is;
	int rc;

	do {
		const int64_t until = pol_store_until(p);

		was = pol_store_is_before(until);
		rc = ask_once(p, a, out, judged);
		is = pol_store_is_before(until);
	} while (rc == 0 && !is && (was || pol_store_is_good(p)));
	return rc;
}

int
pol_route_ask(struct policy *p, struct pol_routing *a, struct policy_decision *out, struct pol_judged *judged)
{
	int rc;

	pol_fill_deny(out, POLICY_REASON_ERROR, 403);
	if (pol_store_has(p) && !pol_store_is_good(p))
		(void)pol_child_opens(p, &a->who);
	rc = ask_fresh(p, a, out, judged);
	if (rc == POL_WHO_MISS) {
		pol_judge_ask(p, &a->who, judged);
		rc = ask_fresh(p, a, out, judged);
	}
	if (rc == POL_WHO_MISS) {	/* it was judged, and is nothing to be asked again */
		rc = POLICY_ERR_INTERNAL;
		pol_fill_error(out, rc, 0);
	}
	return pol_batch_code(rc);
}

/* ---- the door's ---- */

/* Action and resource are the route's alone. */
static int
take(struct pol_routing *a, const struct policy_http *http, const struct policy_request *who)
{
	const struct policy_request *w = &a->who;
	const uint64_t *const r = a->http.reserved;
	int rc = pol_sized_in(&a->http, sizeof(a->http), sizeof(http->size), http);

	if (rc == 0)
		rc = pol_sized_in(&a->who, sizeof(a->who), sizeof(who->size), who);
	if (rc == 0 && w->token != NULL) {
		rc = pol_sized_in(&a->token, sizeof(a->token), sizeof(a->token.size), w->token);
		a->who.token = &a->token;
	}
	if (rc != 0)
		return rc;
	if (a->http.flags != 0 || (r[0] | r[1] | r[2] | r[3]) != 0 || w->action.data != NULL || w->action_attributes.count != 0 ||
	    w->resource_type.data != NULL || w->resource_id.data != NULL || w->resource_attributes.count != 0)
		return POLICY_ERR_ARG;
	a->rc = pol_target_read(&a->target, a->http.method, a->http.target);
	return 0;
}

int
pol_route_one(struct policy *p, struct pol_routing *a, const struct policy_http *http, const struct policy_request *who,
    struct policy_decision *out)
{
	struct pol_judged judged;
	uint32_t off;
	int rc = p != NULL && http != NULL && who != NULL ? take(a, http, who) : POLICY_ERR_ARG;

	memset(&a->routed, 0, sizeof(a->routed));
	if (rc != 0) {
		pol_fill_error(out, rc, 0);
		return rc;
	}
	off = atomic_load_explicit(&p->off, memory_order_acquire);
	if (off == POL_OFF_YES) {
		pol_fill_off(out, 0);
		return 0;
	}
	if (off == POL_OFF_AUDITED)
		return pol_note_routed(p, a, out);
	pol_judge_init(&judged);
	rc = pol_route_ask(p, a, out, &judged);
	pol_judge_fini(&judged);
	return rc;
}
