/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One grant added or taken away among all, while the program stays. No public function
 * does that yet, so this is `ours` linked with the hidden ones; of --mode change alone.
 */
#include <stdlib.h>
#include <string.h>

#include "api/handle.h"
#include "ours.h"

#define CHANGES_MOST 20000
#define CHANGES_LEAST 1000

struct change {
	const struct policy_request *req;
	bool add;
};

/* The first role of the set, to the one who asks, on the thing asked about. */
static int
apply(void *ctx, struct pol_people_root *from, const struct pol_program *program, struct pol_people_root **out)
{
	const struct change *c = ctx;
	struct pol_who who = { policy_text("user"), c->req->subject_id };
	struct pol_grant_fact f;
	uint32_t role = 0;
	uint64_t hash;

	if (c->req->subject_type.data != NULL)
		who.type = c->req->subject_type;
	memset(&f, 0, sizeof(f));
	f.roles = &role;
	f.n_roles = 1;
	f.to = &who;
	f.n_to = 1;
	f.has_resource = true;
	f.type = pol_find_type(program, c->req->resource_type.data, c->req->resource_type.len, &hash);
	f.glob = c->req->resource_id;
	if (f.type == POL_NONE)
		return POLICY_ERR_ARG;
	return c->add ? pol_people_add_grant(from, program, &f, out) :
	    pol_people_remove_grant(from, program, &f, out);
}

static bool
is_usable(const struct policy_request *r)
{
	return r->subject_id.data != NULL && r->resource_id.data != NULL && r->resource_id.len > 0 &&
	    memchr(r->resource_id.data, '*', r->resource_id.len) == NULL &&
	    memchr(r->resource_id.data, '\\', r->resource_id.len) == NULL;
}

/* Both ways; what is answered afterwards is what was answered before. */
static bool
add_and_remove(struct bench *b, const struct policy_request *r, double *took)
{
	struct policy_decision before = POLICY_DECISION_INIT, after = POLICY_DECISION_INIT;
	struct change c = { r, true };
	uint64_t begin;
	int rc;

	policy_decide(b->p, r, &before);
	begin = pol_timer_begin(&b->timer);
	rc = pol_handle_change(b->p, apply, &c);
	took[0] = (double)pol_timer_end(&b->timer, begin) * b->timer.tick_ns;
	c.add = false;
	begin = pol_timer_begin(&b->timer);
	if (rc == 0)
		rc = pol_handle_change(b->p, apply, &c);
	took[1] = (double)pol_timer_end(&b->timer, begin) * b->timer.tick_ns;
	policy_decide(b->p, r, &after);
	return rc == 0 && after.verdict == before.verdict && after.generation == before.generation + 2;
}

int
measure_change(struct bench *b, struct set *s, struct found *f, pass_fn *pass)
{
	double *took = calloc(CHANGES_MOST + 1, sizeof(*took));
	uint64_t start = pol_timer_clock();
	size_t n = 0, i;

	(void)pass;
	if (took == NULL)
		return -1;
	for (i = 0; n < CHANGES_MOST; i++) {
		const struct policy_request *r = &s->asks.list[i % s->n].ask.req;

		if (i >= s->n && n == 0)
			break;			/* none of them can be changed */
		if (n >= CHANGES_LEAST && (double)(pol_timer_clock() - start) / 1e9 > b->o.seconds)
			break;
		if (!is_usable(r))
			continue;
		f->wrong += !add_and_remove(b, r, &took[n]);
		n += 2;
	}
	f->repeats = n;
	f->median_ns = f->p50_ns = pol_measure_median(took, n);
	f->min_ns = n > 0 ? took[0] : 0;
	f->p99_ns = n > 0 ? took[n * 99 / 100] : 0;
	f->more[0].name = "median_us";
	f->more[0].value = f->median_ns / 1e3;
	f->more[1].name = "p99_us";
	f->more[1].value = f->p99_ns / 1e3;
	free(took);
	return n > 0 ? 0 : -1;
}
