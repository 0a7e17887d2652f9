/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of requests: on one snapshot, the plain ones a few at once. */
#include "api/ask_impl.h"

#include "api/batch.h"
#include "api/clock.h"
#include "api/note.h"
#include "api/off.h"
#include "api/store.h"
#include "api/who.h"

/* The error of the first request that had one is given back; or POL_WHO_MISS, and *missed
 * is the request whose credentials are to be judged first. */
static int
decide_row(struct pol_asking in, const struct pol_snapshot *s, struct pol_time now, const struct policy_request *req,
    uint32_t req_size, size_t n, struct policy_decision *out, uint32_t out_size, size_t *missed)
{
	const bool ours = req_size == sizeof(*req) && out_size == sizeof(*out) && !s->off;
	struct pol_batch b;
	int first = 0, rc;

	b.engine = &s->engine;
	b.n = 0;
	for (size_t i = 0; i < n; i++) {
		if (ours && req[i].size == req_size && pol_request_is_plain(&req[i])) {
			b.req[b.n] = &req[i];
			b.out[b.n] = &out[i];
			if (++b.n == POL_BATCH)
				pol_batch_first(&first, pol_batch_decide(&b, s, now));
			continue;
		}
		pol_batch_first(&first, pol_batch_decide(&b, s, now));	/* those before it */
		rc = pol_ask_nth(in, s, now, (const char *)req + i * req_size, req_size,
		    (char *)out + i * out_size, out_size);
		if (rc == POL_WHO_MISS) {
			*missed = i;
			return rc;
		}
		pol_batch_first(&first, rc);
	}
	pol_batch_first(&first, pol_batch_decide(&b, s, now));
	return first;
}

int
pol_ask_on(struct policy *p, const struct pol_snapshot *s, struct pol_time now, struct pol_judged *judged,
    const struct policy_request *req, size_t n, struct policy_decision *out)
{
	size_t missed;

	return decide_row((struct pol_asking){ p, judged }, s, now, req, sizeof(*req), n, out, sizeof(*out), &missed);
}

/* The row on the snapshot in force. */
static int
ask_row(struct pol_asking by, const struct policy_request *req, uint32_t req_size, size_t n,
    struct policy_decision *out, uint32_t out_size, size_t *missed)
{
	const struct pol_snapshot *s;
	struct pol_time now;
	_Atomic uint32_t *in;
	int rc;

	read_host_clock(by.p, &now);
	s = pol_handle_enter(by.p, &in);
	rc = read_clock(by.p, s, &now);
	if (rc == 0)
		rc = decide_row(by, s, now, req, req_size, n, out, out_size, missed);
	pol_handle_exit(in);
	return rc;
}

/* On what the store says, as one request alone: each, whatever became of the others. What
 * was refused has nothing that could be too old. *missed as above. */
static int
ask_stored_row(struct pol_asking by, const struct policy_request *req, uint32_t req_size, size_t n,
    struct policy_decision *out, uint32_t out_size, size_t *missed)
{
	const int64_t until = pol_store_until(by.p);
	int first = ask_row(by, req, req_size, n, out, out_size, missed);

	for (size_t i = 0; first != POL_WHO_MISS && i < n && until != INT64_MAX; i++) {
		struct policy_decision *d = (void *)((char *)out + i * out_size);
		int rc;

		if (d->verdict != POLICY_ALLOW && (d->reason == POLICY_REASON_ERROR || d->reason == POLICY_REASON_LIMIT))
			continue;
		rc = pol_ask_again(by, until, (const void *)((const char *)req + i * req_size), d, NULL);
		if (rc == POL_WHO_MISS) {
			*missed = i;
			return rc;
		}
		pol_batch_first(&first, rc);
	}
	return first;
}

/* A row whose credentials were not in the cache is begun anew when they are judged: it is
 * decided on one snapshot. */
int
pol_ask_row(struct policy *p, const struct policy_request *req, size_t n, struct policy_decision *out,
    struct pol_judged *judged)
{
	const uint32_t req_size = req->size, out_size = out->size;
	const struct pol_asking by = { p, judged };
	struct policy_request room;
	struct policy_token token;
	size_t missed = 0;
	int rc = ask_stored_row(by, req, req_size, n, out, out_size, &missed);

	if (rc != POL_WHO_MISS)
		return rc;
	rc = pol_ask_take(&room, &token, (const char *)req + missed * req_size, req_size);
	if (rc != 0)
		return rc;
	pol_judge_ask(p, &room, judged);
	return ask_stored_row(by, req, req_size, n, out, out_size, &missed);
}

int
pol_ask_many(struct policy *p, const struct policy_request *req, size_t n, struct policy_decision *out)
{
	const uint32_t off = atomic_load_explicit(&p->off, memory_order_acquire);
	struct pol_judged judged;
	int rc;

	if (off == POL_OFF_YES)
		return pol_fill_off_many(n, out);
	if (off == POL_OFF_AUDITED)
		return pol_note_many(p, req, n, out);
	pol_judge_init(&judged);
	rc = pol_ask_row(p, req, n, out, &judged);
	pol_judge_fini(&judged);
	return rc;
}
