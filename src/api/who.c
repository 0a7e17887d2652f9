/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From credentials to decisions. Each identity that they proved is asked for like a
 * subject that the host asserts, with its groups, its token and that one's scopes; all
 * must be allowed. So a second credential can take away, never add.
 */
#include "api/who.h"

#include <string.h>
#include <time.h>

#include "api/alive.h"
#include "api/store.h"
#include "auth/identity.h"
#include "auth/revoked.h"
#include "core/fill.h"

/* Who is asked for is the credentials' to say, alone. */
static inline int
check(const struct policy_request *req)
{
	if (req->subject_type.data != NULL || req->subject_id.data != NULL || req->token != NULL || req->groups_count != 0)
		return POLICY_ERR_ARG;
	return pol_judge_shape(req->credentials, req->credentials_count);
}

/* The rest of it: what no identity can make good is refused before any module is asked. */
static int
check_rest(const struct policy_request *req)
{
	struct policy_request rest = *req;
	const char *why;

	rest.subject_id = policy_text("-");	/* attributes want somebody whose they are */
	return pol_request_sizes(&rest, &why);
}

static int64_t
in_ns(struct pol_time t)
{
	/* unsigned: the seconds alone of the first moment there is are before it */
	return (int64_t)((uint64_t)t.sec * 1000000000u + t.ns);
}

/* An identity as a host would assert it. */
struct asserted {
	struct policy_request req;
	struct policy_token token;
	struct policy_attr attributes[POLICY_IDENTITY_ATTRS + 1];
};

static struct policy_text
or_absent(struct policy_text t)
{
	return t.len > 0 ? t : (struct policy_text){ NULL, 0 };
}

static void
assert_identity(struct asserted *a, const struct policy_request *req, const struct policy_identity *id)
{
	size_t n = id->token_attributes_count;

	memcpy(a->attributes, id->token_attributes, n * sizeof(a->attributes[0]));
	if (id->subject_attributes_count != 0)
		a->attributes[n++] = (struct policy_attr){ POLICY_TEXT("subject"),
		    { .type = POLICY_OBJECT, .count = id->subject_attributes_count, .u.members = id->subject_attributes } };
	a->token = (struct policy_token){ .size = sizeof(a->token), .flags = id->scoped != 0 ? POLICY_TOKEN_SCOPED : 0,
	    .scopes = id->scopes, .scopes_count = id->scopes_count, .kind = or_absent(id->kind),
	    .id = or_absent(id->token_id), .attributes = { a->attributes, n } };
	a->req = *req;
	a->req.credentials = NULL;
	a->req.credentials_count = 0;
	a->req.subject_type = id->subject_type;
	a->req.subject_id = id->subject_id;
	a->req.groups = id->groups;
	a->req.groups_count = id->groups_count;
	a->req.token = &a->token;
}

enum policy_reason
pol_who_still(const struct policy *p, const struct policy_identity *id, bool stands, int64_t now)
{
	/* first: what the store had told by then is seen by the look below */
	const bool fresh = (id->token_id.len == 0 && !stands) || pol_store_is_good(p);

	if (id->expires != 0 && now >= id->expires)
		return POLICY_REASON_EXPIRED;
	if (pol_revoked_has(p->revoked, id->step, id->token_id))
		return POLICY_REASON_REVOKED;
	return fresh ? POLICY_REASON_RULE : POLICY_REASON_UNAVAILABLE;
}

static int
decide_as(const struct pol_snapshot *s, struct pol_time now, const struct policy_request *req, bool open,
    struct pol_answer *a, const struct pol_witness *witness, const char **why)
{
	if (__builtin_expect(open, 0))
		return pol_decide_open(&s->engine, req, now, a, why);
	return pol_decide(&s->engine, req, now, NULL, a, witness, why);
}

/* Who made the token for somebody else is asked for as one who acts; he must be allowed
 * beside whoever the request says acts. */
__attribute__((noinline))
static int
decide_actor(const struct pol_snapshot *s, struct pol_time now, const struct policy_identity *id, struct asserted *as,
    bool open, struct pol_answer *a, const struct pol_witness *witness, const char **why)
{
	const struct policy_attrs none = { NULL, 0 };
	const enum policy_reason reason = pol_alive_actor(s->engine.people, id, &as->req.actor_type, &as->req.actor_id);

	as->req.actor_attributes = none;
	if (reason == POLICY_REASON_RULE && as->req.actor_id.data != NULL)
		return decide_as(s, now, &as->req, open, a, witness, why);
	*a = (struct pol_answer){ POLICY_DENY, reason != POLICY_REASON_RULE ? reason : POLICY_REASON_ERROR, POL_NONE, POL_NONE };
	return 0;
}

/* Is there one to be asked for? */
static bool
has_actor(const struct pol_snapshot *s, const struct pol_judged *j, const struct policy_identity *id)
{
	struct policy_text type, name;

	return (j->stand.print & POL_ALIVE_ACTOR) != 0 &&
	    (pol_alive_actor(s->engine.people, id, &type, &name) != POLICY_REASON_RULE || name.data != NULL);
}

/* Identity i. out is written by the first, by each that is denied, and on failure. */
static int
decide_one(const struct policy *p, const struct pol_snapshot *s, struct pol_time now, const struct policy_request *req,
    const struct pol_judged *j, const struct policy_identity *id, bool first, struct policy_decision *out,
    const struct pol_witness *witness)
{
	enum policy_reason reason = pol_who_still(p, id, j->stand.print != 0, in_ns(now));
	struct asserted as;
	struct pol_answer a;
	const char *why;
	int rc;

	assert_identity(&as, req, id);
	if (reason == POLICY_REASON_RULE && !pol_store_is_good(p) && pol_alive_needs_store(s->engine.people, &as.req))
		reason = POLICY_REASON_UNAVAILABLE;
	rc = pol_request_sizes(&as.req, &why);
	if (rc == 0 && reason != POLICY_REASON_RULE) {
		pol_fill_reason(out, reason, s->generation);
		return 0;
	}
	if (rc == 0)
		rc = decide_as(s, now, &as.req, j->open, &a, witness, &why);
	if (rc == 0 && a.verdict == POLICY_ALLOW && __builtin_expect(has_actor(s, j, id), 0))
		rc = decide_actor(s, now, id, &as, j->open, &a, witness, &why);
	if (rc != 0)
		pol_fill_error(out, rc, s->generation);
	else if (first || a.verdict != POLICY_ALLOW)
		pol_fill_answer(out, &s->engine, &as.req, &a, s->generation);
	return rc;
}

/* All of them, until one is denied. */
static int
decide_all(const struct policy *p, const struct pol_snapshot *s, struct pol_time now, const struct policy_request *req,
    const struct pol_judged *j, struct policy_decision *out, const struct pol_witness *witness)
{
	const uint32_t n = pol_pack_count(j->packed, j->len);
	struct policy_identity id;	/* not emptied: that would cost more than all the rest */
	int64_t expires = 0;

	id.size = sizeof(id);
	pol_fill_reason(out, POLICY_REASON_ERROR, s->generation);
	if (n == 0)
		return POLICY_ERR_INTERNAL;
	for (uint32_t i = 0; i < n; i++) {
		int rc = POLICY_ERR_INTERNAL;

		if (pol_unpack(&id, j->packed, j->len, i))
			rc = decide_one(p, s, now, req, j, &id, i == 0, out, witness);
		else
			pol_fill_error(out, rc, s->generation);
		if (rc != 0)
			return rc;
		if (id.expires != 0 && (expires == 0 || id.expires < expires))
			expires = id.expires;
		if (out->verdict != POLICY_ALLOW)
			break;
	}
	out->expires = expires;
	return 0;
}

/* A set that does not hear the time had it not read. */
static int
read_time(const struct policy *p, const struct pol_snapshot *s, struct pol_time *now)
{
	struct timespec ts;

	if (!s->timeless || p->clock != NULL)
		return 0;
	if (clock_gettime(CLOCK_REALTIME_COARSE, &ts) != 0)
		return POLICY_ERR_INTERNAL;
	*now = (struct pol_time){ ts.tv_sec, (uint32_t)ts.tv_nsec };
	return 0;
}

/* What is known of them, or found now. False: they are to be judged. */
static inline bool
look(struct policy *p, const struct pol_snapshot *s, int64_t now, const struct policy_request *req,
    struct pol_judged *j, enum policy_reason *alive)
{
	if (j->list == NULL && !pol_judge_look(p, s, req, now, j))
		return false;
	return j->rc != 0 || j->reason != POLICY_REASON_RULE || j->len == 0 || pol_judge_alive(p, s, now, j, alive);
}

/* With room for what is found. */
static int
decide(struct policy *p, const struct pol_snapshot *s, struct pol_time now, const struct policy_request *req,
    struct pol_judged *j, struct policy_decision *out, const struct pol_witness *witness)
{
	enum policy_reason alive = POLICY_REASON_RULE;
	int rc = check(req);

	if (rc == 0)
		rc = read_time(p, s, &now);
	if (rc == 0 && !look(p, s, in_ns(now), req, j, &alive)) {
		rc = check_rest(req);
		if (rc == 0)
			return POL_WHO_MISS;
	}
	if (rc == 0 && (j->list != req->credentials || j->n != req->credentials_count))
		rc = POLICY_ERR_ARG;
	if (rc == 0)
		rc = j->rc;
	if (rc == 0 && j->reason == POLICY_REASON_RULE && alive == POLICY_REASON_RULE)
		return decide_all(p, s, now, req, j, out, witness);
	if (rc == 0)
		rc = check_rest(req);
	if (rc == 0)
		pol_fill_reason(out, j->reason != POLICY_REASON_RULE ? j->reason : alive, s->generation);
	else
		pol_fill_error(out, rc, s->generation);
	return rc;
}

int
pol_who_decide(struct policy *p, const struct pol_snapshot *s, struct pol_time now,
    const struct policy_request *req, struct pol_judged *j, struct policy_decision *out,
    const struct pol_witness *witness)
{
	struct pol_judged own;

	if (j != NULL)
		return decide(p, s, now, req, j, out, witness);
	pol_judge_init(&own);
	return decide(p, s, now, req, &own, out, witness);
}
