/* SPDX-License-Identifier: Apache-2.0 */
/* What core/ offers: look up, check a request, decide. No allocation, no lock,
 * no system call, no recursion; every array here is of fixed size. */
#ifndef POL_CORE_CORE_H
#define POL_CORE_CORE_H

#include <stdbool.h>

#include <policy.h>

#include "core/people.h"
#include "core/program.h"

/* Limits of a request, each with the reason limit when met. */
#define POL_MAX_TYPE 64
#define POL_MAX_ID 255			/* subject, actor, action name, scope, kind, group */
#define POL_MAX_RESOURCE_ID 1024
#define POL_MAX_TOKEN_ID 64
#define POL_MAX_RULE 399		/* id 128, or file 255 : line */
#define POL_MAX_FILE 255
#define POL_MAX_ATTRS 64		/* in one bag or object */
#define POL_MAX_LISTED 256		/* groups, scopes */
#define POL_MAX_VALUES 4096		/* values in all of a request */
#define POL_MAX_DEPTH 8			/* of an object */
#define POL_MAX_SCALAR 65536		/* bytes of a text value */
#define POL_MAX_ANCESTORS 256		/* things above a thing, itself among them */

/* What a decision is made on: program, people, and the foreign code they need. */
struct pol_engine {
	const struct pol_program *program;
	const struct pol_people *people;
	uint64_t quick_types;		/* bits of types that quick.c may be asked about */
	pol_regex_fn *regex;
	const void *regex_ctx;
};

/* Puts people into an engine that has its program: the only way to do it. */
void pol_engine_people(struct pol_engine *e, const struct pol_people *w);

/* The witness of policy_trace(); see policy.h. step is called in order. */
struct pol_witness {
	void (*step)(void *ctx, const struct pol_engine *e, enum policy_stage stage,
	    uint32_t entry,		/* number, or kind for a ceiling's own condition */
	    enum policy_outcome outcome,
	    uint32_t term,		/* the first that was not true, or POL_NONE */
	    int term_value,		/* POL_F, POL_E */
	    bool for_actor);
	void *ctx;
};

/* In a witness: `entry` is a kind, its own conditions failed. */
#define POL_WITNESS_KIND 0x80000000u

/* Kleene. */
enum { POL_F = 0, POL_T = 1, POL_E = 2 };

struct pol_answer {
	enum policy_verdict verdict;
	enum policy_reason reason;
	uint32_t entry;			/* that is named; POL_NONE */
	uint32_t kind;			/* credential row that is named; POL_NONE */
};

/*
 * The shape of a request, whatever the set: 0, POLICY_ERR_ARG or POLICY_ERR_LIMIT,
 * with a sentence in *why (static). In two halves: everything but the bytes of types
 * and ids, which may be long in coming; and those, where `known` tells which of them
 * the set has itself, so that they are well formed.
 */
int pol_request_sizes(const struct policy_request *req, const char **why);
/*
 * True: nothing is there beside subject, action and resource, and their sizes are
 * right, so that pol_request_sizes would answer 0. Most requests are such.
 */
static inline bool
pol_request_is_plain(const struct policy_request *req)
{
	return ((req->flags & ~POLICY_REQUEST_FLAGS) | req->reserved[0] | req->reserved[1] | req->reserved[2] |
	    req->reserved[3] | req->subject_attributes.count | req->groups_count | req->actor_attributes.count |
	    req->action_attributes.count | req->resource_attributes.count | req->context.count |
	    req->credentials_count | (uintptr_t)req->token | (uintptr_t)req->actor_id.data |
	    (uintptr_t)req->actor_type.data) == 0 &&
	    req->action.data != NULL && req->action.len <= POL_MAX_ID &&
	    req->subject_id.data != NULL && req->subject_id.len - 1 < POL_MAX_ID &&
	    (req->subject_type.data == NULL || req->subject_type.len <= POL_MAX_TYPE) &&
	    req->resource_type.data != NULL && req->resource_type.len <= POL_MAX_TYPE &&
	    req->resource_id.data != NULL && req->resource_id.len <= POL_MAX_RESOURCE_ID;
}

enum { POL_KNOWN_SUBJECT = 1, POL_KNOWN_TYPE = 2, POL_KNOWN_THING = 4 };
int pol_request_names(const struct policy_request *req, unsigned known, const char **why);

/*
 * Decides a request of checked sizes at `now`; its names are checked on the way.
 * now_text: what context.time reads as, or NULL to format it. 0, or POLICY_ERR_ARG
 * (malformed names, a `parent` or `inherit` of the wrong shape), POLICY_ERR_LIMIT, with
 * a witness POLICY_ERR_INTERNAL (the quick answer is another); then a is a deny. witness may be NULL. The credentials
 * of req are not looked at.
 */
int pol_decide(const struct pol_engine *e, const struct policy_request *req,
    struct pol_time now, const struct policy_text *now_text,
    struct pol_answer *a, const struct pol_witness *witness, const char **why);

/* The same where anybody may what no deny entry denies: true, or not to be evaluated. */
int pol_decide_open(const struct pol_engine *e, const struct policy_request *req,
    struct pol_time now, struct pol_answer *a, const char **why);
/* Of what names no action, so that no entry can deny it: anybody may. */
int pol_decide_any(struct pol_answer *a);

/* Look-ups by name; POL_NONE or NULL when there is none. */
uint32_t pol_find_action(const struct pol_program *p, const char *s, size_t len);
uint32_t pol_find_type(const struct pol_program *p, const char *s, size_t len, uint64_t *hash);
uint32_t pol_find_role(const struct pol_program *p, const char *s, size_t len);
uint32_t pol_find_scope(const struct pol_program *p, const char *s, size_t len);
uint32_t pol_find_kind(const struct pol_program *p, const char *s, size_t len);
const struct pol_holder *pol_find_holder(const struct pol_people *w, uint64_t hash,
    const char *type, size_t type_len, const char *name, size_t name_len);
const struct pol_thing *pol_find_thing(const struct pol_people *w, uint64_t hash,
    uint32_t type, const char *id, size_t id_len);

#endif
