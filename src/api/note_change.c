/* SPDX-License-Identifier: Apache-2.0 */
/* What is noted beside decisions: credentials that were not good, and changes. */
#include "api/note.h"

#include <string.h>

#include "api/child.h"
#include "api/service.h"
#include "audit/audit.h"

static struct pol_audit *
live(struct policy *p)
{
	struct pol_audit *a = atomic_load_explicit(&p->audit, memory_order_acquire);

	if (a == NULL || atomic_load(&a->on) == 0)
		return NULL;
	pol_handle_notice(p);
	if (!pol_audit_is_live(a)) {
		pol_handle_lock(p);
		if (pol_audit_child(a) == 0)
			pol_service_start(p, NULL);
		pol_handle_unlock(p);
	}
	return a;
}

static void
begin(struct pol_note *n, const struct policy *p, const struct pol_audit *a, enum pol_event event)
{
	memset(n, 0, sizeof(*n));
	n->event = (uint8_t)event;
	n->latency_ns = -1;
	n->time_ns = p->clock != NULL ? p->clock(p->clock_ctx) : pol_service_now() + atomic_load(&a->ahead_ns);
}

void
pol_note_identity(struct policy *p, const struct policy_request *req, const struct policy_identity *out, int rc)
{
	struct pol_audit *a = rc != POLICY_ERR_AGAIN ? live(p) : NULL;
	struct pol_audit_place ignored;
	struct pol_note n;

	if (a == NULL)
		return;
	begin(&n, p, a, POL_EVENT_AUTHENTICATION);
	n.generation = out->generation;
	n.reason = (uint8_t)out->reason;
	n.has_token = 1;
	if (rc == 0 || rc == POLICY_ERR_UNAVAILABLE)
		n.text[POL_NOTE_KIND] = req->credentials[0].kind;
	pol_audit_give(a, &n, false, &ignored);
}

static void
wake(void *ctx)
{
	pol_service_wake(ctx);
}

bool
pol_note_is_good(struct policy *p)
{
	struct pol_audit *a = live(p);
	int64_t ignored;

	if (a == NULL)
		return true;
	if (atomic_load(&a->failing) != 0 && (p->flags & POLICY_NO_THREAD) != 0)
		pol_audit_serve(a, pol_service_now(), &ignored);
	return pol_audit_is_live(a) && (atomic_load(&a->failing) == 0 || atomic_load(&a->must_ns) == 0);
}

static struct policy_text
outcome(int rc)
{
	return rc == 0 ? (struct policy_text)POLICY_TEXT("done") : policy_text(policy_strerror(rc));
}

int
pol_note_change(struct policy *p, const struct pol_note_change *c)
{
	struct pol_audit *a = live(p);
	struct pol_audit_place at;
	struct pol_note n;
	int64_t must;

	if (a == NULL)
		return 0;
	begin(&n, p, a, POL_EVENT_CHANGE);
	if (c->decision != NULL && c->decision->subject_id_len != 0) {
		n.text[POL_NOTE_SUBJECT_TYPE] = (struct policy_text){ c->decision->subject_type, c->decision->subject_type_len };
		n.text[POL_NOTE_SUBJECT] = (struct policy_text){ c->decision->subject_id, c->decision->subject_id_len };
		if (c->decision->token_id_len != 0)
			n.text[POL_NOTE_TOKEN] = (struct policy_text){ c->decision->token_id, c->decision->token_id_len };
		n.generation = c->decision->generation;
	} else if (c->as != NULL && c->as->subject_id.data != NULL) {
		n.text[POL_NOTE_SUBJECT_TYPE] = c->as->subject_type.data != NULL ? c->as->subject_type : (struct policy_text)POLICY_TEXT("user");
		n.text[POL_NOTE_SUBJECT] = c->as->subject_id;
	}
	n.text[POL_NOTE_UID] = c->uid;
	n.text[POL_NOTE_ACTION] = c->action;
	n.text[POL_NOTE_RESOURCE_TYPE] = c->resource_type;
	n.text[POL_NOTE_RESOURCE] = c->resource;
	n.text[POL_NOTE_OUTCOME] = outcome(c->outcome);
	must = atomic_load(&a->must_ns);
	if (!pol_audit_give(a, &n, false, &at))
		return must != 0 ? POLICY_ERR_UNAVAILABLE : 0;
	if (must == 0)
		return 0;
	return pol_audit_wait(a, &at, pol_service_now() + must, (p->flags & POLICY_NO_THREAD) == 0 ? wake : NULL, p) ?
	    0 : POLICY_ERR_UNAVAILABLE;
}
