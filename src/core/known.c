/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the names of a request stand for. Two steps, so that a batch can take the
 * first for all its requests before the second for any: hashes, which depend on
 * nothing, then look-ups, each of which waits for memory.
 */
#include "core/known.h"

#include "core/find_inline.h"

static const struct policy_text default_type = POLICY_TEXT("user");

static inline const struct policy_text *
type_of(const struct policy_request *req)
{
	return req->subject_type.data != NULL ? &req->subject_type : &default_type;
}

static inline __attribute__((always_inline)) void
hash(struct pol_known *k, const struct pol_engine *e, const struct policy_request *req)
{
	const struct policy_text *type = type_of(req);
	uint64_t seed = e->program->seed;

	if (req->resource_type.data != NULL) {
		k->type_hash = pol_hash(req->resource_type.data, req->resource_type.len, seed);
		k->thing_hash = pol_hash_join(k->type_hash, pol_hash(req->resource_id.data, req->resource_id.len, seed));
	}
	if (req->subject_id.data != NULL) {
		k->who_type_hash = pol_hash(type->data, type->len, seed);
		k->who_hash = pol_hash_join(k->who_type_hash, pol_hash(req->subject_id.data, req->subject_id.len, seed));
	}
}

static inline __attribute__((always_inline)) void
find(struct pol_known *k, const struct pol_engine *e, const struct policy_request *req)
{
	const struct policy_text *type = type_of(req);

	k->type = POL_NONE;
	k->thing = NULL;
	k->who = NULL;
	if (req->resource_type.data != NULL)
		k->type = pol_find_type_inline(e->program, k->type_hash, req->resource_type.data, req->resource_type.len);
	if (k->type != POL_NONE)
		k->thing = pol_find_thing_inline(e->people, k->thing_hash, k->type, req->resource_id.data, req->resource_id.len);
	if (req->subject_id.data != NULL)
		k->who = pol_find_holder_inline(e->people, k->who_hash, type->data, type->len,
		    req->subject_id.data, req->subject_id.len);
	k->action = pol_find_action_inline(e->program, req->action.data, req->action.len);
}

void
pol_known_hash(struct pol_known *k, const struct pol_engine *e, const struct policy_request *req)
{
	hash(k, e, req);
}

void
pol_known_find(struct pol_known *k, const struct pol_engine *e, const struct policy_request *req)
{
	find(k, e, req);
}

int
pol_decide(const struct pol_engine *e, const struct policy_request *req,
    struct pol_time now, const struct policy_text *now_text,
    struct pol_answer *a, const struct pol_witness *w, const char **why)
{
	struct pol_known known;

	hash(&known, e, req);
	find(&known, e, req);
	return pol_decide_known(e, req, &known, now, now_text, a, w, why);
}
