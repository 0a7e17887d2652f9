/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the names of a request stand for, in steps, so that a batch can take each for
 * all its requests before the next for any: hashes, which depend on nothing, then
 * look-ups, each of which waits for memory. Inline: they are a third of a decision.
 * For decide.c, and for batches of api/.
 */
#ifndef POL_CORE_KNOWN_H
#define POL_CORE_KNOWN_H

#include "core/anchor.h"
#include "core/find_inline.h"

struct pol_known {
	uint64_t type_hash, thing_hash;	/* of the resource; set where there is one */
	uint64_t who_type_hash, who_hash;	/* of the subject; likewise */
	uint32_t action, type;		/* POL_NONE: not declared */
	const struct pol_thing *thing;	/* NULL: nothing is stored of it */
	const struct pol_holder *who;	/* NULL: not known; a group's record, where a request
					 * names itself so, is refused with the request */
};

/* A text that is absent stands for this type of subject. */
static inline struct policy_text
pol_known_type(const struct policy_text *type)
{
	return type->data != NULL ? *type : (struct policy_text)POLICY_TEXT("user");
}

/* The sizes of req have been checked (pol_request_sizes). */
static POL_INLINE void
pol_known_hash(struct pol_known *k, const struct pol_engine *e, const struct policy_request *req)
{
	struct policy_text type = pol_known_type(&req->subject_type);
	uint64_t seed = e->program->seed;

	if (req->resource_type.data != NULL) {
		k->type_hash = pol_hash(req->resource_type.data, req->resource_type.len, seed);
		k->thing_hash = pol_hash_join(k->type_hash, pol_hash(req->resource_id.data, req->resource_id.len, seed));
	}
	if (req->subject_id.data != NULL) {
		k->who_type_hash = pol_hash(type.data, type.len, seed);
		k->who_hash = pol_hash_join(k->who_type_hash, pol_hash(req->subject_id.data, req->subject_id.len, seed));
	}
}

/* After pol_known_hash. */
static POL_INLINE void
pol_known_find(struct pol_known *k, const struct pol_engine *e, const struct policy_request *req)
{
	struct policy_text type = pol_known_type(&req->subject_type);

	k->type = POL_NONE;
	k->thing = NULL;
	k->who = NULL;
	if (req->resource_type.data != NULL) {
		if (e->program->anchors.n != 0)		/* read last of all, and the farthest away */
			pol_anchor_prefetch_slot(e->program, k->thing_hash);
		k->type = pol_find_type_inline(e->program, k->type_hash, req->resource_type.data, req->resource_type.len);
		if (k->type != POL_NONE)
			k->thing = pol_find_thing_inline(e->people, k->thing_hash, k->type,
			    req->resource_id.data, req->resource_id.len);
	}
	if (req->subject_id.data != NULL)
		k->who = pol_find_holder_inline(e->people, k->who_hash, type.data, type.len,
		    req->subject_id.data, req->subject_id.len);
	k->action = pol_find_action_inline(e->program, req->action.data, req->action.len);
}

/* For many requests: after their hashes the slots, after the slots the records that a
 * look-up will read are fetched; then none of them waits. */
static inline void
pol_known_fetch_slots(const struct pol_known *k, const struct pol_engine *e)
{
	pol_dir_fetch_slot(&e->people->holders, k->who_hash);
	pol_dir_fetch_slot(&e->people->things, k->thing_hash);
	if (e->program->anchors.n != 0)
		pol_anchor_prefetch_slot(e->program, k->thing_hash);
}

static inline void
pol_known_fetch_records(const struct pol_known *k, const struct pol_engine *e)
{
	pol_dir_fetch_record(&e->people->holders, k->who_hash);
	pol_dir_fetch_record(&e->people->things, k->thing_hash);
	if (e->program->anchors.n != 0)
		pol_anchor_prefetch(e->program, k->thing_hash);
}

/* pol_decide() of a plain request (pol_request_is_plain), with what is known of it. */
int pol_decide_plain(const struct pol_engine *e, const struct policy_request *req,
    const struct pol_known *known, struct pol_time now, struct pol_answer *a, const char **why);

#endif
