/* SPDX-License-Identifier: Apache-2.0 */
/* policy_authenticate(): the credentials alone. Of several the first's identity is told,
 * and never more than all of them have. */
#include "api/who.h"

#include "api/alive.h"
#include "api/note.h"
#include "api/store.h"
#include "auth/identity.h"
#include "base/name.h"
#include "core/fill.h"

static int
refuse(struct policy_identity *out, enum policy_reason reason, uint64_t generation)
{
	pol_identity_clear(out);
	out->reason = reason;
	out->status = reason == POLICY_REASON_DISABLED ? 401 : pol_fill_status(reason);
	out->generation = generation;
	return 0;
}

static int
fail(struct policy_identity *out, int rc, uint64_t generation)
{
	struct policy_decision d;

	pol_fill_error(&d, rc, generation);
	refuse(out, d.reason, generation);
	return rc;
}

static bool
has_scope(const struct policy_identity *id, struct policy_text scope)
{
	for (uint32_t i = 0; i < id->scopes_count; i++) {
		if (pol_bytes_equal(id->scopes[i].data, id->scopes[i].len, scope.data, scope.len))
			return true;
	}
	return false;
}

/* Those scopes that both have; the earlier end. */
static int
narrow(struct policy_identity *out, const struct policy_identity *other)
{
	uint32_t n = 0;
	int rc = 0;

	if (other->expires != 0 && (out->expires == 0 || other->expires < out->expires))
		out->expires = other->expires;
	if (other->scoped == 0)
		return 0;
	if (out->scoped == 0) {
		out->scoped = 1;
		for (uint32_t i = 0; rc == 0 && i < other->scopes_count; i++)
			rc = pol_identity_listed(out, out->scopes, &out->scopes_count, other->scopes[i]);
		return rc;
	}
	for (uint32_t i = 0; i < out->scopes_count; i++) {
		if (has_scope(other, out->scopes[i]))
			out->scopes[n++] = out->scopes[i];
	}
	out->scopes_count = n;
	return 0;
}

/* A user of the set or of its store by what is never given again: what is his is kept by it. */
static void
tell_uid(const struct pol_snapshot *s, struct policy_identity *out)
{
	const struct policy_value uid = { .type = POLICY_STRING, .u.text = pol_note_uid(s, out->subject_type, out->subject_id) };

	if (uid.u.text.data != NULL)	/* where there is no room for it, it is not told */
		(void)pol_identity_attr(out, out->subject_attributes, &out->subject_attributes_count, policy_text("uid"), &uid);
}

/* What was judged, on the snapshot now in force. */
static int
tell(const struct policy *p, const struct pol_snapshot *s, int64_t now, const struct pol_judged *j,
    struct policy_identity *out)
{
	const uint32_t n = pol_pack_count(j->packed, j->len);
	struct policy_identity other;
	int rc = n != 0 ? 0 : POLICY_ERR_INTERNAL;

	other.size = sizeof(other);
	for (uint32_t i = 0; rc == 0 && i < n; i++) {
		struct policy_identity *id = i == 0 ? out : &other;
		struct policy_text maker[2];
		enum policy_reason reason;

		if (!pol_unpack(id, j->packed, j->len, i))
			return fail(out, POLICY_ERR_INTERNAL, s->generation);
		reason = pol_who_still(p, id, j->stand.print != 0, now);
		if (reason == POLICY_REASON_RULE && (j->stand.print & POL_ALIVE_ACTOR) != 0)
			reason = pol_alive_actor(s->engine.people, id, &maker[0], &maker[1]);
		if (reason != POLICY_REASON_RULE)
			return refuse(out, reason, s->generation);
		if (i > 0)
			rc = narrow(out, id);
	}
	if (rc != 0)
		return fail(out, rc, s->generation);
	tell_uid(s, out);
	out->generation = s->generation;
	return 0;
}

/* One try, within a snapshot. */
static int
authenticate(struct policy *p, const struct pol_snapshot *s, int64_t now, const struct policy_request *req,
    struct pol_judged *j, struct policy_identity *out)
{
	if (s == NULL || s->off)
		return refuse(out, POLICY_REASON_DISABLED, s != NULL ? s->generation : 0);
	enum policy_reason reason = POLICY_REASON_RULE;

	if (j->list == NULL && !pol_judge_look(p, s, req, now, j))
		return POL_WHO_MISS;
	if (j->rc == 0 && j->reason == POLICY_REASON_RULE && j->len != 0 && !pol_judge_alive(p, s, now, j, &reason))
		return POL_WHO_MISS;
	if (j->rc != 0)
		return fail(out, j->rc, s->generation);
	if (reason != POLICY_REASON_RULE)
		return refuse(out, reason, s->generation);
	if (j->reason != POLICY_REASON_RULE)
		return refuse(out, j->reason, s->generation);
	return tell(p, s, now, j, out);
}

int
pol_who_authenticate(struct policy *p, const struct policy_request *req, struct policy_identity *out)
{
	int rc = (req->flags & ~POLICY_REQUEST_FLAGS) != 0 ? POLICY_ERR_ARG : pol_judge_shape(req->credentials, req->credentials_count);
	const struct pol_snapshot *s;
	struct pol_judged j;
	_Atomic uint32_t *in;
	int64_t now, until;

	if (rc != 0)
		return fail(out, rc, 0);
	pol_judge_init(&j);
	do {
		now = pol_judge_clock(p);
		until = pol_store_until(p);
		s = pol_handle_enter(p, &in);
		rc = authenticate(p, s, now, req, &j, out);
		pol_handle_exit(in);
		if (rc == POL_WHO_MISS)
			pol_judge_ask(p, req, &j);
		/* once: then something is judged; or on what a store said meanwhile */
	} while (rc == POL_WHO_MISS || (rc == 0 && !pol_store_is_before(until) && pol_store_is_good(p)));
	pol_judge_fini(&j);
	return rc;
}
