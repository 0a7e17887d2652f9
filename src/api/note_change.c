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

static int64_t
time_of(const struct policy *p, const struct pol_audit *a)
{
	return p->clock != NULL ? p->clock(p->clock_ctx) : pol_service_now() + atomic_load(&a->ahead_ns);
}

void
pol_note_identity(struct policy *p, const struct policy_request *req, const struct policy_identity *out, int rc)
{
	struct pol_audit *a = rc != POLICY_ERR_AGAIN ? live(p) : NULL;
	struct pol_audit_place ignored;
	struct pol_note n;

	if (a == NULL)
		return;
	memset(&n, 0, sizeof(n));
	n.event = POL_EVENT_AUTHENTICATION;
	n.latency_ns = -1;
	n.time_ns = time_of(p, a);
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

bool
pol_note_must(struct policy *p)
{
	const struct pol_audit *a = live(p);

	return a != NULL && atomic_load(&a->must_ns) != 0;
}

int
pol_note_change(struct policy *p, struct pol_note *n, bool wait)
{
	struct pol_audit *a = live(p);
	struct pol_audit_place at;
	int64_t must;

	if (a == NULL)
		return 0;
	n->event = POL_EVENT_CHANGE;
	n->latency_ns = -1;
	n->time_ns = time_of(p, a);
	must = atomic_load(&a->must_ns);
	if (!pol_audit_give(a, n, n->withdrawn != 0, &at))
		return must != 0 ? POLICY_ERR_UNAVAILABLE : 0;
	n->id = at.id;
	if (must == 0 || !wait)
		return 0;
	return pol_audit_wait(a, &at, pol_service_now() + must, (p->flags & POLICY_NO_THREAD) == 0 ? wake : NULL, p) ?
	    0 : POLICY_ERR_UNAVAILABLE;
}
