/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request and the snapshot that answers it. Neither allocates, nor locks, nor
 * calls the system, nor logs; the host's clock is asked before a snapshot is held,
 * and nothing foreign runs while it is.
 */
#include "api/ask.h"

#include <string.h>
#include <time.h>

#include "api/off.h"
#include "base/sized.h"
#include "core/known.h"

#define LEAST_REQUEST ((uint32_t)sizeof(uint32_t))

/* What a decision may return: any other code is our own mistake. */
static int
filter(int rc)
{
	switch (rc) {
	case 0:
	case POLICY_ERR_ARG:
	case POLICY_ERR_ABI:
	case POLICY_ERR_LIMIT:
	case POLICY_ERR_AGAIN:
	case POLICY_ERR_UNAVAILABLE:
	case POLICY_ERR_UNSUPPORTED:
		return rc;
	default:
		return POLICY_ERR_INTERNAL;
	}
}

/* The host's clock is asked before a snapshot is held: it is foreign code. */
static inline void
read_host_clock(const struct policy *p, struct pol_time *now)
{
	*now = p->clock != NULL ? pol_time_from_ns(p->clock(p->clock_ctx)) : (struct pol_time){ 0, 0 };
}

/* The system's, where some decision of the set depends on it. The vDSO answers: no
 * system call. A tick (some ms) is close enough for windows. */
static inline int
read_clock(const struct policy *p, const struct pol_snapshot *s, struct pol_time *now)
{
	struct timespec ts;

	if (s->timeless || p->clock != NULL)
		return 0;
	if (clock_gettime(CLOCK_REALTIME_COARSE, &ts) != 0)
		return POLICY_ERR_INTERNAL;
	now->sec = ts.tv_sec;
	now->ns = (uint32_t)ts.tv_nsec;
	return 0;
}

/* The credentials' own shape; who they are of is for the stack. */
static int
check_credentials(const struct policy_request *req)
{
	if (req->credentials == NULL || req->subject_id.data != NULL || req->token != NULL)
		return POLICY_ERR_ARG;
	for (size_t i = 0; i < req->credentials_count; i++) {
		if ((req->credentials[i].reserved[0] | req->credentials[i].reserved[1]) != 0)
			return POLICY_ERR_ARG;
	}
	return 0;
}

/* A request with more than a plain one has. True: it is answered, in *rc and out. */
__attribute__((noinline))
static bool
refuse(const struct pol_snapshot *s, const struct policy_request *req, struct policy_decision *out, int *rc)
{
	const char *why;

	*rc = pol_request_sizes(req, &why);
	if (*rc == 0 && req->credentials_count != 0) {
		*rc = check_credentials(req);
		if (*rc == 0) {		/* no step claims it: no module exists */
			pol_fill_bad_credential(out, s->generation);
			return true;
		}
	}
	if (*rc == 0)
		return false;
	*rc = filter(*rc);
	pol_fill_error(out, *rc, s->generation);
	return true;
}

/* One request of our size, its token too, on one snapshot. */
static inline __attribute__((always_inline)) int
decide(const struct pol_snapshot *s, struct pol_time now, const struct policy_request *req,
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
		if (refuse(s, req, out, &rc))
			return rc;
		rc = pol_decide(&s->engine, req, now, NULL, &a, witness, &why);
	}
	if (__builtin_expect(rc != 0, 0)) {
		rc = filter(rc);
		pol_fill_error(out, rc, s->generation);
		return rc;
	}
	pol_fill_answer(out, &s->engine, req, &a, s->generation);
	return 0;
}

/* A request, or its token, of another size than ours. */
__attribute__((noinline))
static int
decide_resized(const struct pol_snapshot *s, struct pol_time now, const void *req, uint32_t size,
    struct policy_decision *out, const struct pol_witness *witness)
{
	struct policy_request room;
	struct policy_token token;
	uint32_t theirs;
	int rc;

	memcpy(&theirs, req, sizeof(theirs));
	rc = theirs == size ? pol_sized_in(&room, sizeof(room), LEAST_REQUEST, req) : POLICY_ERR_ABI;
	if (rc == 0 && room.token != NULL) {
		rc = pol_sized_in(&token, sizeof(token), sizeof(token.size), room.token);
		room.token = &token;
	}
	if (rc == 0)
		return decide(s, now, &room, out, witness);
	pol_fill_error(out, rc, s->generation);
	return rc;
}

/* size: what the request's must be, for they stand in a row. */
static inline __attribute__((always_inline)) int
decide_sized(const struct pol_snapshot *s, struct pol_time now, const void *req, uint32_t size,
    struct policy_decision *out, const struct pol_witness *witness)
{
	const struct policy_request *r = req;

	if (__builtin_expect(size == sizeof(*r) && r->size == size &&
	    (r->token == NULL || r->token->size == sizeof(*r->token)), 1))
		return decide(s, now, r, out, witness);
	return decide_resized(s, now, req, size, out, witness);
}

/* On the snapshot in force. Not inline: an engine that is off shall not pay for the
 * registers it takes. */
__attribute__((noinline))
static int
ask(struct policy *p, const struct policy_request *req, struct policy_decision *out,
    const struct pol_witness *witness)
{
	const struct pol_snapshot *s;
	struct pol_time now;
	_Atomic uint32_t *in;
	int rc;

	pol_fill_deny(out, POLICY_REASON_ERROR, 403);
	read_host_clock(p, &now);
	s = pol_handle_enter(p, &in);
	rc = read_clock(p, s, &now);
	if (rc == 0)
		rc = decide_sized(s, now, req, req->size, out, witness);
	else
		pol_fill_error(out, rc, s->generation);
	pol_handle_exit(in);
	return rc;
}

int
pol_ask_one(struct policy *p, const struct policy_request *req, struct policy_decision *out,
    const struct pol_witness *witness)
{
	if (__builtin_expect(p == NULL || req == NULL, 0)) {
		pol_fill_error(out, POLICY_ERR_ARG, 0);
		return POLICY_ERR_ARG;
	}
	if (__builtin_expect(atomic_load_explicit(&p->off, memory_order_acquire) != 0, 0)) {
		pol_fill_off(out, 0);
		return 0;
	}
	return ask(p, req, out, witness);
}

/* Decision i of the row, which was found to be of `size` bytes. */
static int
decide_nth(const struct pol_snapshot *s, struct pol_time now, const void *req, uint32_t req_size,
    void *out, uint32_t size)
{
	struct policy_decision room;
	int rc;

	if (size == sizeof(room))
		return decide_sized(s, now, req, req_size, out, NULL);
	memset(&room, 0, sizeof(room));
	rc = decide_sized(s, now, req, req_size, &room, NULL);
	pol_sized_out(out, &room, sizeof(room));
	return rc;
}

static int
off_many(size_t n, struct policy_decision *out)
{
	struct policy_decision room;

	memset(&room, 0, sizeof(room));
	pol_fill_off(&room, 0);
	for (size_t i = 0, step = out->size; i < n; i++) {
		if (step == sizeof(room))
			pol_fill_off(out + i, 0);
		else
			pol_sized_out((char *)out + i * step, &room, sizeof(room));
	}
	return 0;
}

/*
 * A few requests at once: what each waits for in memory is fetched for all before the
 * first needs it. Requests that are not plain are decided in their turn.
 */
#define BATCH 16u

struct batch {
	const struct pol_engine *engine;
	const struct policy_request *req[BATCH];
	struct policy_decision *out[BATCH];
	struct pol_known known[BATCH];
	struct pol_answer answer[BATCH];
	int rc[BATCH];
	size_t n;
};

static inline void
keep_first(int *first, int rc)
{
	if (*first == 0)
		*first = rc;
}

static int
decide_batch(struct batch *b, const struct pol_snapshot *s, struct pol_time now)
{
	const char *why;
	int first = 0;

	for (size_t i = 0; i < b->n; i++) {
		pol_known_hash(&b->known[i], b->engine, b->req[i]);
		pol_known_fetch_slots(&b->known[i], b->engine);
	}
	for (size_t i = 0; i < b->n; i++)
		pol_known_fetch_records(&b->known[i], b->engine);
	for (size_t i = 0; i < b->n; i++) {
		pol_known_find(&b->known[i], b->engine, b->req[i]);
		b->rc[i] = pol_decide_plain(b->engine, b->req[i], &b->known[i], now, &b->answer[i], &why);
		pol_fill_fetch(b->engine, &b->answer[i]);
	}
	for (size_t i = 0; i < b->n; i++) {
		int rc = filter(b->rc[i]);

		if (rc == 0)
			pol_fill_answer(b->out[i], b->engine, b->req[i], &b->answer[i], s->generation);
		else
			pol_fill_error(b->out[i], rc, s->generation);
		keep_first(&first, rc);
	}
	b->n = 0;
	return first;
}

/* The error of the first request that had one is given back. */
static int
decide_row(const struct pol_snapshot *s, struct pol_time now, const struct policy_request *req,
    uint32_t req_size, size_t n, struct policy_decision *out, uint32_t out_size)
{
	const bool ours = req_size == sizeof(*req) && out_size == sizeof(*out) && !s->off;
	struct batch b;
	int first = 0;

	b.engine = &s->engine;
	b.n = 0;
	for (size_t i = 0; i < n; i++) {
		if (ours && req[i].size == req_size && pol_request_is_plain(&req[i])) {
			b.req[b.n] = &req[i];
			b.out[b.n] = &out[i];
			if (++b.n == BATCH)
				keep_first(&first, decide_batch(&b, s, now));
			continue;
		}
		keep_first(&first, decide_batch(&b, s, now));	/* those before it */
		keep_first(&first, decide_nth(s, now, (const char *)req + i * req_size, req_size,
		    (char *)out + i * out_size, out_size));
	}
	keep_first(&first, decide_batch(&b, s, now));
	return first;
}

int
pol_ask_many(struct policy *p, const struct policy_request *req, size_t n, struct policy_decision *out)
{
	const uint32_t req_size = req->size, out_size = out->size;
	const struct pol_snapshot *s;
	struct pol_time now;
	_Atomic uint32_t *in;
	int first;

	if (atomic_load_explicit(&p->off, memory_order_acquire) != 0)
		return off_many(n, out);
	read_host_clock(p, &now);
	s = pol_handle_enter(p, &in);
	first = read_clock(p, s, &now);
	if (first == 0)
		first = decide_row(s, now, req, req_size, n, out, out_size);
	pol_handle_exit(in);
	return first;
}
