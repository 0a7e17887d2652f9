/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request and the snapshot that answers it. Neither allocates, nor locks, nor
 * calls the system, nor logs; the host's clock is asked before a snapshot is held,
 * and nothing foreign runs while it is. Credentials that the cache has not are judged
 * outside of any: that may do all of it.
 */
#include "api/ask_impl.h"

#include <string.h>

#include "api/alive.h"
#include "api/batch.h"
#include "api/child.h"
#include "api/clock.h"
#include "api/note.h"
#include "api/off.h"
#include "api/store.h"
#include "api/who.h"
#include "base/sized.h"
#include "core/known.h"

#define LEAST_REQUEST ((uint32_t)sizeof(uint32_t))

/* A request with more than a plain one has. True: it is answered, in *rc and out; or left
 * to who leaves the snapshot and asks the modules (POL_WHO_MISS). */
__attribute__((noinline))
static bool
refuse(struct pol_asking in, const struct pol_snapshot *s, struct pol_time now, const struct policy_request *req,
    struct policy_decision *out, const struct pol_witness *witness, int *rc)
{
	const char *why;

	if (req->credentials_count != 0) {
		*rc = pol_who_decide(in.p, s, now, req, in.judged, out, witness);
		return true;
	}
	*rc = pol_batch_code(pol_request_sizes(req, &why));
	if (*rc == 0)
		return false;
	pol_fill_error(out, *rc, s->generation);
	return true;
}

/* One request of our size, its token too, on one snapshot. */
static inline __attribute__((always_inline)) int
decide(struct pol_asking in, const struct pol_snapshot *s, struct pol_time now, const struct policy_request *req,
    struct policy_decision *out, const struct pol_witness *witness)
{
	struct pol_known known;
	struct pol_answer a;
	const char *why;
	int rc;

	if (__builtin_expect(s->off, 0)) {
		pol_fill_off(out, s->generation);
		return 0;
	}
	if (__builtin_expect(pol_request_is_plain(req) && witness == NULL, 1)) {
		pol_known_hash(&known, &s->engine, req);
		pol_known_find(&known, &s->engine, req);
		rc = pol_decide_plain(&s->engine, req, &known, now, &a, &why);
	} else {
		if (refuse(in, s, now, req, out, witness, &rc))
			return rc;
		rc = pol_decide(&s->engine, req, now, NULL, &a, witness, &why);
	}
	if (__builtin_expect(rc != 0, 0)) {
		rc = pol_batch_code(rc);
		pol_fill_error(out, rc, s->generation);
		return rc;
	}
	pol_fill_answer(out, &s->engine, req, &a, s->generation);
	return 0;
}

int
pol_ask_within(struct policy *p, const struct pol_snapshot *s, struct pol_time now, const struct policy_request *req,
    struct policy_decision *out, struct pol_judged *judged)
{
	return decide((struct pol_asking){ p, judged }, s, now, req, out, NULL);
}

int
pol_ask_take(struct policy_request *room, struct policy_token *token, const void *req, uint32_t size)
{
	uint32_t theirs;
	int rc;

	memcpy(&theirs, req, sizeof(theirs));
	rc = theirs == size ? pol_sized_in(room, sizeof(*room), LEAST_REQUEST, req) : POLICY_ERR_ABI;
	if (rc == 0 && room->token != NULL) {
		rc = pol_sized_in(token, sizeof(*token), sizeof(token->size), room->token);
		room->token = token;
	}
	return rc;
}

__attribute__((noinline))
static int
decide_resized(struct pol_asking in, const struct pol_snapshot *s, struct pol_time now, const void *req, uint32_t size,
    struct policy_decision *out, const struct pol_witness *witness)
{
	struct policy_request room;
	struct policy_token token;
	int rc = pol_ask_take(&room, &token, req, size);

	if (rc == 0)
		return decide(in, s, now, &room, out, witness);
	pol_fill_error(out, rc, s->generation);
	return rc;
}

/* size: what the request's must be, for they stand in a row. */
static inline __attribute__((always_inline)) int
decide_sized(struct pol_asking in, const struct pol_snapshot *s, struct pol_time now, const void *req, uint32_t size,
    struct policy_decision *out, const struct pol_witness *witness)
{
	const struct policy_request *r = req;

	if (__builtin_expect(size == sizeof(*r) && r->size == size &&
	    (r->token == NULL || r->token->size == sizeof(*r->token)), 1))
		return decide(in, s, now, r, out, witness);
	return decide_resized(in, s, now, req, size, out, witness);
}

/* On the snapshot in force. */
static inline __attribute__((always_inline)) int
ask_once(struct pol_asking by, const struct policy_request *req, struct policy_decision *out,
    const struct pol_witness *witness)
{
	const struct pol_snapshot *s;
	struct pol_time now;
	_Atomic uint32_t *in;
	int rc;

	read_host_clock(by.p, &now);
	s = pol_handle_enter(by.p, &in);
	rc = read_clock(by.p, s, &now);
	if (rc == 0)
		rc = decide_sized(by, s, now, req, req->size, out, witness);
	else
		pol_fill_error(out, rc, s->generation);
	pol_handle_exit(in);
	return rc;
}

/* By what the store says: until then, as was read before each snapshot; as often as it spoke,
 * or became too old, meanwhile. */
static int
ask_fresh(struct pol_asking by, const struct policy_request *req, struct policy_decision *out, const struct pol_witness *witness,
    bool *fresh)
{
	bool was, is;
	int rc;

	do {
		const int64_t until = pol_store_until(by.p);

		was = pol_store_is_before(until);
		rc = ask_once(by, req, out, witness);
		is = pol_store_is_before(until);
	} while (rc == 0 && !is && (was || pol_store_is_good(by.p)));
	*fresh = is;
	return rc;
}

int
pol_ask_again(struct pol_asking by, int64_t until, const struct policy_request *req, struct policy_decision *out,
    const struct pol_witness *witness)
{
	struct policy_decision answer;
	struct policy_request room;
	struct policy_token token;
	const struct pol_snapshot *s;
	_Atomic uint32_t *in;
	bool good, old, fresh = false;
	int rc;

	if (pol_store_is_before(until))
		return 0;
	rc = pol_ask_take(&room, &token, req, req->size);
	if (rc != 0)
		return rc;
	good = pol_store_is_good(by.p);
	s = pol_handle_enter(by.p, &in);
	old = !s->off && room.credentials_count == 0 && pol_alive_needs_store(s->engine.people, &room);
	memset(&answer, 0, sizeof(answer));
	pol_fill_reason(&answer, POLICY_REASON_UNAVAILABLE, s->generation);
	pol_handle_exit(in);
	/* of credentials only their judging tells whether they need the store: asked once more */
	if (!good && !old && room.credentials_count == 0)
		return 0;
	if (good || room.credentials_count != 0 || (pol_child_opens(by.p, &room) && pol_store_is_good(by.p)))
		rc = ask_fresh(by, &room, &answer, witness, &fresh);
	if (rc == 0 && old && !fresh)
		pol_fill_reason(&answer, POLICY_REASON_UNAVAILABLE, answer.generation);
	if (rc != POL_WHO_MISS)
		pol_sized_out(out, &answer, sizeof(answer));
	return rc;
}

__attribute__((noinline))
static int
ask_stored(struct pol_asking by, const struct policy_request *req, struct policy_decision *out,
    const struct pol_witness *witness)
{
	const int64_t until = pol_store_until(by.p);
	int rc = ask_once(by, req, out, witness);

	return rc == 0 ? pol_ask_again(by, until, req, out, witness) : rc;
}

/* Its credentials were not in the cache. What is judged is left to who frees it. */
static int
ask_modules(struct policy *p, const struct policy_request *req, struct policy_decision *out,
    const struct pol_witness *witness, struct pol_judged *judged)
{
	struct policy_request room;
	struct policy_token token;
	int rc = pol_ask_take(&room, &token, req, req->size);

	if (rc != 0)
		return rc;		/* it was of a good size a moment ago: the caller's doing */
	pol_judge_ask(p, &room, judged);
	return pol_store_has(p) ? ask_stored((struct pol_asking){ p, judged }, req, out, witness) :
	    ask_once((struct pol_asking){ p, judged }, req, out, witness);
}

__attribute__((noinline))
static int
ask_missed(struct policy *p, const struct policy_request *req, struct policy_decision *out,
    const struct pol_witness *witness)
{
	struct pol_judged judged;
	int rc;

	pol_judge_init(&judged);
	rc = ask_modules(p, req, out, witness, &judged);
	pol_judge_fini(&judged);
	return rc;
}

int
pol_ask_judged(struct policy *p, const struct policy_request *req, struct policy_decision *out,
    const struct pol_witness *witness, struct pol_judged *judged)
{
	int rc;

	pol_fill_deny(out, POLICY_REASON_ERROR, 403);
	rc = pol_store_has(p) ? ask_stored((struct pol_asking){ p, judged }, req, out, witness) :
	    ask_once((struct pol_asking){ p, judged }, req, out, witness);
	return rc == POL_WHO_MISS ? ask_modules(p, req, out, witness, judged) : rc;
}

/* Not inline: an engine that is off shall not pay for the registers it takes. */
__attribute__((noinline))
static int
ask(struct policy *p, const struct policy_request *req, struct policy_decision *out,
    const struct pol_witness *witness)
{
	int rc;

	pol_fill_deny(out, POLICY_REASON_ERROR, 403);
	rc = __builtin_expect(pol_store_has(p), 0) ? ask_stored((struct pol_asking){ p, NULL }, req, out, witness) :
	    ask_once((struct pol_asking){ p, NULL }, req, out, witness);
	return __builtin_expect(rc == POL_WHO_MISS, 0) ? ask_missed(p, req, out, witness) : rc;
}

int
pol_ask_one(struct policy *p, const struct policy_request *req, struct policy_decision *out,
    const struct pol_witness *witness)
{
	if (__builtin_expect(p == NULL || req == NULL, 0)) {
		pol_fill_error(out, POLICY_ERR_ARG, 0);
		return POLICY_ERR_ARG;
	}
	if (__builtin_expect(atomic_load_explicit(&p->off, memory_order_acquire) != POL_OFF_NO, 0)) {
		if (atomic_load_explicit(&p->off, memory_order_acquire) != POL_OFF_YES)
			return pol_note_one(p, req, out, witness);
		pol_fill_off(out, 0);
		return 0;
	}
	return ask(p, req, out, witness);
}

int
pol_ask_nth(struct pol_asking in, const struct pol_snapshot *s, struct pol_time now, const void *req, uint32_t req_size,
    void *out, uint32_t size)
{
	struct policy_decision room;
	int rc;

	if (size == sizeof(room))
		return decide_sized(in, s, now, req, req_size, out, NULL);
	memset(&room, 0, sizeof(room));
	rc = decide_sized(in, s, now, req, req_size, &room, NULL);
	pol_sized_out(out, &room, sizeof(room));
	return rc;
}
