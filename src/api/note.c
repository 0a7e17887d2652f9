/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A decision is noted behind the snapshot it was made on, for waiting has no place within.
 * Its subject's uid is looked up on the snapshot then in force; where that is another one
 * already, the uid is left out rather than be that of somebody who has the name now.
 *
 * `must`: nothing is written as allowed and handed out as allowed but what is on disk. A
 * note that does not get there in time is followed by a second of the same id, which says
 * that the answer was a deny after all.
 */
#include "api/note.h"

#include <string.h>
#include <time.h>

#include "api/ask.h"
#include "api/child.h"
#include "api/route.h"
#include "api/service.h"
#include "api/who.h"
#include "audit/audit.h"
#include "auth/identity.h"
#include "base/name.h"
#include "base/sized.h"
#include "core/fill.h"
#include "core/known.h"
#include "core/value.h"

#define CHUNK 64u			/* of a row, noted at once */

/* What one call notes with. */
struct noting {
	struct policy *p;
	struct pol_audit *a;
	int64_t start;			/* CLOCK_MONOTONIC */
	int64_t must_ns;		/* 0: nobody waits */
	bool refuse;			/* it must, and the log is known to fail */
};

/* ---- before ---- */

/* A child has to have its own log, and a service that writes it. */
__attribute__((noinline))
static int
ready(struct policy *p, struct pol_audit *a, bool nonblock)
{
	int rc;

	pol_handle_notice(p);
	if (!nonblock)
		pol_handle_lock(p);
	else if (!pol_handle_try(p))
		return POLICY_ERR_AGAIN;
	rc = pol_audit_child(a);
	if (rc == 0)
		rc = pol_service_start(p, NULL);
	pol_handle_unlock(p);
	return rc != 0 ? POLICY_ERR_UNAVAILABLE : 0;
}

static void
wake(void *ctx)
{
	pol_service_wake(ctx);
}

static void
try_again(struct pol_audit *a)
{
	pol_audit_serve(a, pol_service_now(), &(int64_t){ 0 });
}

static int
begin(struct noting *n, struct policy *p, bool nonblock)
{
	struct pol_audit *a = atomic_load_explicit(&p->audit, memory_order_acquire);
	int rc = 0;

	*n = (struct noting){ .p = p, .a = a, .start = pol_service_now(),
	    .must_ns = atomic_load_explicit(&a->must_ns, memory_order_relaxed) };
	if (__builtin_expect(!pol_audit_is_live(a) || atomic_load(&p->wiped->mark) != POL_MARK_LIVE, 0))
		rc = ready(p, a, nonblock);
	if (n->must_ns == 0)
		return 0;		/* a child that has no log yet goes on; what it notes is dropped */
	if (nonblock)
		return POLICY_ERR_AGAIN;
	if (atomic_load(&a->failing) != 0 && (p->flags & POLICY_NO_THREAD) != 0)
		try_again(a);
	n->refuse = rc != 0 || atomic_load(&a->failing) != 0;
	return 0;
}

/* ---- a note ---- */

static struct policy_text
or_absent(struct policy_text t)
{
	return t.len > 0 ? t : (struct policy_text){ NULL, 0 };
}

/* The store's users have the attribute `uid`. */
struct policy_text
pol_note_uid(const struct pol_snapshot *s, struct policy_text type, struct policy_text id)
{
	const uint64_t seed = s->engine.program->seed;
	const uint64_t hash = pol_hash_join(pol_hash(type.data, type.len, seed), pol_hash(id.data, id.len, seed));
	const struct pol_holder *h = pol_find_holder_inline(s->engine.people, hash, type.data, type.len, id.data, id.len);
	const struct pol_holder_more *m;
	const struct pol_sattr *list;

	if (h == NULL || h->more == 0)
		return (struct policy_text){ NULL, 0 };
	m = pol_holder_more(h);
	list = pol_more_attrs(m);
	for (uint32_t i = 0; i < m->n_attrs; i++) {
		if (list[i].name.len == 3 && list[i].value.type == POLICY_STRING && memcmp(pol_str_at(list, list[i].name), "uid", 3) == 0)
			return (struct policy_text){ (const char *)POL_AT(list, list[i].value.u.off), list[i].value.n };
	}
	return (struct policy_text){ NULL, 0 };
}

static uint32_t
count_attributes(const struct policy_request *req)
{
	return (uint32_t)(req->subject_attributes.count + req->actor_attributes.count + req->action_attributes.count +
	    req->resource_attributes.count + req->context.count +
	    (req->token != NULL ? req->token->attributes.count : 0));
}

/* Whom credentials stood for, the first of them; also where they were refused for what
 * happened since. */
static void
from_credentials(struct pol_note *n, const struct policy_request *req, const struct pol_judged *j,
    struct policy_identity *id)
{
	n->has_token = 1;
	id->size = sizeof(*id);
	if (j == NULL || j->list == NULL || j->len == 0 || j->rc != 0 || !pol_unpack(id, j->packed, j->len, 0)) {
		n->text[POL_NOTE_KIND] = or_absent(req->credentials[0].kind);
		return;
	}
	n->text[POL_NOTE_SUBJECT_TYPE] = or_absent(id->subject_type);
	n->text[POL_NOTE_SUBJECT] = or_absent(id->subject_id);
	n->text[POL_NOTE_TOKEN] = or_absent(id->token_id);
	n->text[POL_NOTE_KIND] = or_absent(id->kind);
	n->scoped = id->scoped != 0;
	n->scopes = id->scopes;
	n->scopes_count = id->scopes_count;
	n->groups = id->groups;
	n->groups_count = id->groups_count;
	n->attributes += id->subject_attributes_count + id->token_attributes_count;
}

static void
from_request(struct pol_note *n, const struct policy_request *req, int rc)
{
	static const struct policy_text user = POLICY_TEXT("user"), none = { NULL, 0 };

	n->text[POL_NOTE_SUBJECT_TYPE] = req->subject_id.data == NULL ? none : req->subject_type.data != NULL ? req->subject_type : user;
	n->text[POL_NOTE_SUBJECT] = req->subject_id;
	n->text[POL_NOTE_ACTOR_TYPE] = req->actor_id.data == NULL ? none : req->actor_type.data != NULL ? req->actor_type : user;
	n->text[POL_NOTE_ACTOR] = req->actor_id;
	n->text[POL_NOTE_ACTION] = req->action;
	n->text[POL_NOTE_RESOURCE_TYPE] = req->resource_type;
	n->text[POL_NOTE_RESOURCE] = req->resource_type.data != NULL ? req->resource_id : none;
	n->attributes = count_attributes(req);
	if (req->token != NULL) {
		n->has_token = 1;
		n->text[POL_NOTE_TOKEN] = req->token->id;
		n->text[POL_NOTE_KIND] = req->token->kind;
	}
	if (rc != 0)
		return;			/* a list that was refused may be anything */
	n->groups = req->groups;
	n->groups_count = (uint32_t)req->groups_count;
	if (req->token != NULL && (req->token->flags & POLICY_TOKEN_SCOPED) != 0) {
		n->scoped = 1;
		n->scopes = req->token->scopes;
		n->scopes_count = (uint32_t)req->token->scopes_count;
	}
}

static int64_t
time_of(const struct noting *n, int64_t monotonic)
{
	return n->p->clock != NULL ? n->p->clock(n->p->clock_ctx) :
	    monotonic + atomic_load_explicit(&n->a->ahead_ns, memory_order_relaxed);
}

/* One decision of out's, of our size; latency of this and those with it. */
static bool
give(struct noting *n, const struct policy_request *req, const struct pol_judged *j, const struct policy_decision *out,
    int rc, int64_t now, size_t among, struct pol_audit_place *at)
{
	struct pol_note note;
	struct policy_identity id;	/* filled where there are credentials */
	const struct pol_snapshot *s;
	_Atomic uint32_t *in;
	bool given;

	memset(&note, 0, sizeof(note));
	note.time_ns = time_of(n, now);
	note.latency_ns = (now - n->start) / (int64_t)among;
	note.generation = out->generation;
	note.event = POL_EVENT_DECISION;
	note.allowed = out->verdict == POLICY_ALLOW;
	note.reason = (uint8_t)out->reason;
	note.text[POL_NOTE_RULE] = or_absent((struct policy_text){ out->rule, out->rule_len });
	from_request(&note, req, rc);
	if (req->credentials_count != 0 && req->credentials != NULL)
		from_credentials(&note, req, j, &id);
	s = pol_handle_enter(n->p, &in);
	if (note.text[POL_NOTE_SUBJECT].data != NULL && s != NULL && s->generation == note.generation &&
	    note.text[POL_NOTE_SUBJECT].len <= POL_MAX_ID)
		note.text[POL_NOTE_UID] = pol_note_uid(s, note.text[POL_NOTE_SUBJECT_TYPE], note.text[POL_NOTE_SUBJECT]);
	given = pol_audit_give(n->a, &note, false, at);
	pol_handle_exit(in);
	return given;
}

/* Behind one that did not get to the disk in time. */
static void
withdraw(struct noting *n, const struct pol_audit_place *at, uint64_t generation)
{
	const int64_t now = pol_service_now();
	struct pol_audit_place ignored;
	struct pol_note note = { .id = at->id };

	note.time_ns = time_of(n, now);
	note.latency_ns = now - n->start;
	note.generation = generation;
	note.event = POL_EVENT_DECISION;
	note.reason = POLICY_REASON_UNAVAILABLE;
	note.withdrawn = 1;
	pol_audit_give(n->a, &note, true, &ignored);
}

static bool
is_on_disk(struct noting *n, const struct pol_audit_place *at)
{
	return pol_audit_wait(n->a, at, pol_service_now() + n->must_ns,
	    (n->p->flags & POLICY_NO_THREAD) == 0 ? wake : NULL, n->p);
}

static inline bool
is_wanted(const struct noting *n, uint32_t verdict, int rc)
{
	/* where it was not decided there is nothing to note */
	return rc != POLICY_ERR_AGAIN &&
	    (verdict != POLICY_ALLOW || atomic_load_explicit(&n->a->deny_only, memory_order_relaxed) == 0);
}

/* ---- one decision ---- */

/* As one of our size; what makes no sense reads as nothing. */
static void
take(struct policy_request *room, struct policy_token *token, const void *req)
{
	if (pol_sized_in(room, sizeof(*room), sizeof(room->size), req) != 0)
		*room = (struct policy_request)POLICY_REQUEST_INIT;
	if (room->token == NULL)
		return;
	if (pol_sized_in(token, sizeof(*token), sizeof(token->size), room->token) != 0)
		*token = (struct policy_token)POLICY_TOKEN_INIT;
	room->token = token;
}

static bool
says_nonblock(const struct policy_request *req)
{
	return req->size >= offsetof(struct policy_request, subject_type) && (req->flags & POLICY_NONBLOCK) != 0;
}

/* What is asked: a request, or one of HTTP. */
static int
note_one(struct policy *p, bool nonblock, const struct policy_request *req, struct pol_routing *a, struct policy_decision *out,
    const struct pol_witness *witness)
{
	struct pol_audit_place at;
	struct policy_request room;
	struct policy_token token;
	struct pol_judged judged;
	struct noting n;
	bool given;
	int rc = begin(&n, p, nonblock);

	if (rc != 0) {
		pol_fill_error(out, rc, 0);
		return rc;
	}
	pol_judge_init(&judged);
	rc = a != NULL ? pol_route_ask(p, a, out, &judged) : pol_ask_judged(p, req, out, witness, &judged);
	if (n.refuse && out->verdict == POLICY_ALLOW)
		pol_fill_reason(out, POLICY_REASON_UNAVAILABLE, out->generation);
	if (is_wanted(&n, out->verdict, rc)) {
		a != NULL ? pol_route_told(a, &room) : take(&room, &token, req);
		given = give(&n, &room, &judged, out, rc, pol_service_now(), 1, &at);
		if (n.must_ns != 0 && !n.refuse && (!given || !is_on_disk(&n, &at)) && out->verdict == POLICY_ALLOW) {
			if (given)
				withdraw(&n, &at, out->generation);
			pol_fill_reason(out, POLICY_REASON_UNAVAILABLE, out->generation);
		}
	}
	pol_judge_fini(&judged);
	return rc;
}

int
pol_note_one(struct policy *p, const struct policy_request *req, struct policy_decision *out,
    const struct pol_witness *witness)
{
	return note_one(p, says_nonblock(req), req, NULL, out, witness);
}

int
pol_note_routed(struct policy *p, struct pol_routing *a, struct policy_decision *out)
{
	return note_one(p, (a->who.flags & POLICY_NONBLOCK) != 0, NULL, a, out, NULL);
}

/* ---- a row ---- */

struct row {
	const char *req;
	char *out;
	uint32_t req_size, out_size;
	size_t n;
	int64_t now;
	int rc;
	struct pol_judged judged;
};

static struct policy_decision *
nth(const struct row *r, size_t i)
{
	return (struct policy_decision *)(void *)(r->out + i * r->out_size);
}

/* Decisions [from, to) of the row, and what is there of their places. */
static void
note_chunk(struct noting *n, struct row *r, size_t from, size_t to)
{
	struct pol_audit_place at[CHUNK];
	bool given[CHUNK] = { false }, good;
	struct policy_request room;
	struct policy_token token;
	struct policy_decision d;
	size_t last = CHUNK;

	for (size_t i = from; i < to; i++) {
		struct policy_decision *out = nth(r, i);

		if (n->refuse && out->verdict == POLICY_ALLOW)
			pol_fill_deny(out, POLICY_REASON_UNAVAILABLE, pol_fill_status(POLICY_REASON_UNAVAILABLE));
		if (!is_wanted(n, out->verdict, 0))
			continue;
		take(&room, &token, r->req + i * r->req_size);
		memset(&d, 0, offsetof(struct policy_decision, rule) + 1);
		memcpy(&d, out, r->out_size < sizeof(d) ? r->out_size : sizeof(d));
		if (r->out_size < offsetof(struct policy_decision, file))
			d.rule_len = 0;
		given[i - from] = give(n, &room, &r->judged, &d, d.reason == POLICY_REASON_ERROR || d.reason == POLICY_REASON_LIMIT ? r->rc : 0,
		    r->now, r->n, &at[i - from]);
		if (given[i - from])
			last = i - from;
	}
	if (n->must_ns == 0 || n->refuse)
		return;
	/* the last is in the ring behind the others: all are of this thread's */
	good = last != CHUNK && is_on_disk(n, &at[last]);
	for (size_t i = from; i < to; i++) {
		struct policy_decision *out = nth(r, i);

		if ((good && given[i - from]) || out->verdict != POLICY_ALLOW)
			continue;
		pol_fill_deny(out, POLICY_REASON_UNAVAILABLE, pol_fill_status(POLICY_REASON_UNAVAILABLE));
		if (given[i - from])
			withdraw(n, &at[i - from], 0);
	}
}

int
pol_note_many(struct policy *p, const struct policy_request *req, size_t count, struct policy_decision *out)
{
	struct row r = { .req = (const char *)req, .out = (char *)out, .req_size = req->size, .out_size = out->size, .n = count };
	struct noting n;
	int rc = begin(&n, p, says_nonblock(req));

	if (rc != 0)
		return rc;
	pol_judge_init(&r.judged);
	rc = pol_ask_row(p, req, count, out, &r.judged);
	r.now = pol_service_now();
	r.rc = rc;
	for (size_t i = 0; rc != POLICY_ERR_AGAIN && i < count; i += CHUNK)
		note_chunk(&n, &r, i, count - i < CHUNK ? count : i + CHUNK);
	pol_judge_fini(&r.judged);
	return rc;
}
