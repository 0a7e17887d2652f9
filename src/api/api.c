/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door: every function that policy.h exports. Each makes a deny of what it was
 * handed, checks its arguments, brings structs to our size, calls one thing, and
 * lets out only listed error codes. The path of a decision neither allocates, nor
 * locks, nor calls the system, nor logs.
 */
#include <stddef.h>
#include <string.h>

#include "api/ask.h"
#include "api/note.h"
#include "api/route.h"
#include "api/who.h"
#include "auth/identity.h"
#include "core/fill.h"
#include "api/open.h"
#include "api/service.h"
#include "api/store.h"
#include "base/sized.h"
#include "base/err.h"

/* The least that makes sense: up to where a deny can be read, or the code. */
#define LEAST_DECISION ((uint32_t)offsetof(struct policy_decision, generation))
#define LEAST_ROUTED ((uint32_t)offsetof(struct policy_routed, is_public))
#define LEAST_ERROR ((uint32_t)offsetof(struct policy_error, line))

/* What loading may return: any other code is our own mistake. */
static int
filter(int rc)
{
	switch (rc) {
	case 0:
	case POLICY_ERR_ARG:
	case POLICY_ERR_ABI:
	case POLICY_ERR_NOMEM:
	case POLICY_ERR_LIMIT:
	case POLICY_ERR_INVALID:
	case POLICY_ERR_IO:
	case POLICY_ERR_NOENT:
	case POLICY_ERR_UNSAFE:
	case POLICY_ERR_UNSUPPORTED:
		return rc;
	default:
		return POLICY_ERR_INTERNAL;
	}
}

/* ---- opening ---- */

/* The caller's error, emptied, as one of our size: itself or room. NULL stays NULL. */
static int
take_error(struct policy_error **ours, struct policy_error *theirs, struct policy_error *room)
{
	*ours = theirs;
	if (theirs == NULL)
		return 0;
	if (theirs->size != sizeof(*theirs)) {
		if (pol_sized_check(theirs, sizeof(*theirs), LEAST_ERROR) != 0)
			return POLICY_ERR_ABI;
		*ours = room;
	}
	memset((char *)*ours + sizeof(uint32_t), 0, sizeof(**ours) - sizeof(uint32_t));
	return 0;
}

static int
give_error(int rc, struct policy_error *theirs, struct policy_error *ours)
{
	rc = filter(rc);
	if (theirs == NULL)
		return rc;
	if (rc != 0 && ours->code == 0)
		pol_err_set(ours, rc, NULL, 0, 0, "%s", policy_strerror(rc));
	ours->code = rc;
	if (ours != theirs)
		pol_sized_out(theirs, ours, sizeof(*ours));
	return rc;
}

static int
open_origin(struct policy **out, const struct pol_origin *from,
    const struct policy_options *opt, struct policy_error *err)
{
	struct policy_error room, *ours;

	if (out == NULL)
		return POLICY_ERR_ARG;
	*out = NULL;
	if (take_error(&ours, err, &room) != 0)
		return POLICY_ERR_ABI;
	if (from->is_text && (from->name == NULL || (from->text == NULL && from->len > 0)))
		return give_error(pol_err_set(ours, POLICY_ERR_ARG, NULL, 0, 0,
		    "a name and a text are wanted"), err, ours);
	return give_error(pol_open_new(out, from, opt, ours), err, ours);
}

int
policy_open(struct policy **out, const char *path, const struct policy_options *opt,
    struct policy_error *err)
{
	struct pol_origin from = { .path = path };

	return open_origin(out, &from, opt, err);
}

int
policy_open_text(struct policy **out, const char *name, const char *text, size_t len,
    const struct policy_options *opt, struct policy_error *err)
{
	struct pol_origin from = { .name = name, .text = text, .len = len, .is_text = true };

	return open_origin(out, &from, opt, err);
}

int
policy_reload(struct policy *p, struct policy_error *err)
{
	struct policy_error room, *ours;

	if (take_error(&ours, err, &room) != 0)
		return POLICY_ERR_ABI;
	if (p == NULL)
		return give_error(pol_err_set(ours, POLICY_ERR_ARG, NULL, 0, 0, "no handle"), err, ours);
	return give_error(pol_open_again(p, ours), err, ours);
}

int
policy_sync(struct policy *p, struct policy_error *err)
{
	struct policy_error room, *ours;
	uint64_t seen;

	if (take_error(&ours, err, &room) != 0)
		return POLICY_ERR_ABI;
	if (p == NULL)
		return give_error(pol_err_set(ours, POLICY_ERR_ARG, NULL, 0, 0, "no handle"), err, ours);
	return give_error(pol_store_sync(p, &seen, ours), err, ours);
}

void
policy_close(struct policy *p)
{
	pol_handle_free(p);
}

uint64_t
policy_generation(const struct policy *p)
{
	const struct pol_snapshot *s;
	_Atomic uint32_t *in;
	uint64_t generation;

	if (p == NULL)
		return 0;
	/* the handle is ours and never const; what is counted lies behind it anyway */
	s = pol_handle_enter((struct policy *)(uintptr_t)p, &in);
	generation = s != NULL ? s->generation : 0;
	pol_handle_exit(in);
	return generation;
}

/* No handle: on, for who asks may leave out the question when it is off. */
int
policy_is_enabled(const struct policy *p)
{
	return p == NULL || atomic_load_explicit(&p->off, memory_order_acquire) != POL_OFF_YES;
}

/* ---- deciding ---- */

/* Whatever of a decision there is room for reads as a deny; then its size is judged. */
static int
take_decision(struct policy_decision *out)
{
	if (out->size >= LEAST_DECISION)
		pol_fill_deny(out, POLICY_REASON_ERROR, 403);
	else if (out->size >= offsetof(struct policy_decision, reason))
		out->verdict = POLICY_DENY;
	return pol_sized_check(out, sizeof(*out), LEAST_DECISION);
}

/* A decision of another size: made in one of ours, zeroed so that no byte of the
 * stack gets out. */
__attribute__((noinline))
static int
decide_resized(struct policy *p, const struct policy_request *req, struct policy_decision *out,
    const struct pol_witness *witness)
{
	struct policy_decision room;
	int rc = take_decision(out);

	if (rc != 0)
		return rc;
	memset(&room, 0, sizeof(room));
	rc = pol_ask_one(p, req, &room, witness);
	pol_sized_out(out, &room, sizeof(room));
	return rc;
}

static inline int
decide(struct policy *p, const struct policy_request *req, struct policy_decision *out,
    const struct pol_witness *witness)
{
	if (__builtin_expect(out->size != sizeof(*out), 0))
		return decide_resized(p, req, out, witness);
	return pol_ask_one(p, req, out, witness);
}

int
policy_decide(struct policy *p, const struct policy_request *req, struct policy_decision *out)
{
	return out != NULL ? decide(p, req, out, NULL) : POLICY_ERR_ARG;
}

/*
 * Makes denies of a row before the first of them is decided, whatever sizes stand in
 * it: only the bytes that its first element answers for are written.
 */
static int
take_row(struct policy_decision *out, size_t n)
{
	const uint32_t step = out->size;
	int rc = take_decision(out);

	if (step > POL_SIZED_MOST)
		return rc;
	/* no version of the struct is of such a size, and the next would be misaligned */
	if (step < LEAST_DECISION || step % _Alignof(struct policy_decision) != 0)
		return POLICY_ERR_ABI;
	for (size_t i = 1; i < n; i++) {
		struct policy_decision *d = (struct policy_decision *)(void *)((char *)out + i * step);

		pol_fill_deny(d, POLICY_REASON_ERROR, 403);
		if (d->size != step || pol_sized_check(d, sizeof(*d), LEAST_DECISION) != 0)
			rc = POLICY_ERR_ABI;
	}
	return rc;
}

int
policy_decide_many(struct policy *p, const struct policy_request *req, size_t n,
    struct policy_decision *out)
{
	int rc;

	if (n == 0)
		return p != NULL ? 0 : POLICY_ERR_ARG;
	if (out == NULL)
		return POLICY_ERR_ARG;
	rc = take_row(out, n);
	if (rc != 0)
		return rc;
	return p != NULL && req != NULL ? pol_ask_many(p, req, n, out) : POLICY_ERR_ARG;
}

int
policy_decide_http(struct policy *p, const struct policy_http *http, const struct policy_request *who,
    struct policy_decision *out, struct policy_routed *routed)
{
	struct policy_decision room;
	struct pol_routing asked;
	int rc;

	if (out == NULL)
		return POLICY_ERR_ARG;
	rc = take_decision(out);
	if (routed != NULL && pol_sized_check(routed, sizeof(*routed), LEAST_ROUTED) != 0)
		rc = POLICY_ERR_ABI;
	else if (routed != NULL)
		memset((char *)routed + sizeof(routed->size), 0,
		    (routed->size < sizeof(*routed) ? routed->size : sizeof(*routed)) - sizeof(routed->size));
	if (rc != 0)
		return rc;
	memset(&room, 0, sizeof(room));
	rc = pol_route_one(p, &asked, http, who, &room);
	pol_sized_out(out, &room, sizeof(room));
	if (routed != NULL)
		pol_sized_out(routed, &asked.routed, sizeof(asked.routed));
	return rc;
}

int
policy_trace(struct policy *p, const struct policy_request *req, struct policy_decision *out,
    struct policy_trace *trace)
{
	struct pol_witness witness;
	int rc;

	if (out == NULL)
		return POLICY_ERR_ARG;
	rc = take_decision(out);
	if (rc != 0)
		return rc;
	if (trace == NULL)
		return POLICY_ERR_ARG;
	/* a trace has nothing that could be left out */
	if (pol_sized_check(trace, sizeof(*trace), sizeof(*trace)) != 0)
		return POLICY_ERR_ABI;
	if (trace->room != 0 && trace->steps == NULL)
		return POLICY_ERR_ARG;
	pol_fill_witness(&witness, trace);
	return decide(p, req, out, &witness);
}

int
policy_authenticate(struct policy *p, const struct policy_request *req, struct policy_identity *out)
{
	struct policy_request room;
	int rc;

	if (out == NULL)
		return POLICY_ERR_ARG;
	if (out->size != sizeof(*out))	/* its texts point into it: there is no other size */
		return POLICY_ERR_ABI;
	pol_identity_clear(out);
	out->status = 403;
	if (p == NULL || req == NULL)
		return POLICY_ERR_ARG;
	rc = pol_sized_in(&room, sizeof(room), sizeof(req->size), req);
	if (rc != 0)
		return rc;
	rc = pol_who_authenticate(p, &room, out);
	if (atomic_load_explicit(&p->off, memory_order_acquire) == POL_OFF_AUDITED && out->verified == 0)
		pol_note_identity(p, &room, out, rc);
	return rc;
}

/* ---- service ---- */

int
policy_service(struct policy *p, int timeout_ms)
{
	return p != NULL ? pol_service_run(p, timeout_ms) : POLICY_ERR_ARG;
}

int
policy_fd(const struct policy *p)
{
	/* the handle is ours and never const; a child has to make it first */
	return p != NULL ? pol_service_fd((struct policy *)(uintptr_t)p) : -1;
}

/* ---- words ---- */

const char *
policy_strerror(int code)
{
	static const char *const texts[] = {	/* in the order of enum policy_err */
		"no error",
		"internal error",
		"a malformed argument or request",
		"the size of a structure makes no sense",
		"out of memory",
		"a limit of size or count was met",
		"the policy set is refused",
		"a file could not be read",
		"no such file or directory",
		"owner or mode of a file or directory is unsafe",
		"the call would block",
		"a store or module could not answer",
		"not supported by this build",
		"the policy set denies it",
		"the name is taken"
	};

	_Static_assert(sizeof(texts) / sizeof(texts[0]) == 1 - POLICY_ERR_EXISTS, "a text for each code");
	return code <= 0 && code >= POLICY_ERR_EXISTS ? texts[-code] : "unknown error code";
}

const char *
policy_reason_name(int reason)
{
	static const char *const names[] = {	/* in the order of enum policy_reason */
		"error", "rule", "disabled", "no_credential", "bad_credential", "expired",
		"revoked", "unavailable", "denied", "condition_error", "no_rule",
		"unknown_action", "unknown_resource", "insufficient_scope", "ceiling", "limit"
	};

	_Static_assert(sizeof(names) / sizeof(names[0]) == POLICY_REASON__COUNT, "a name for each reason");
	return reason >= 0 && reason < POLICY_REASON__COUNT ? names[reason] : "unknown";
}

const char *
policy_version(void)
{
	return POL_VERSION;
}
