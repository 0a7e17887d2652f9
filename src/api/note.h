/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions that are recorded: made like any other, then noted, and where the set says
 * `must`, given out when the note is on disk. */
#ifndef POL_API_NOTE_H
#define POL_API_NOTE_H

#include "api/handle.h"
#include "compile/compile.h"

struct pol_witness;

/* Of a handle whose set has `audit:`: pol_ask_one() and pol_ask_many(). */
int pol_note_one(struct policy *p, const struct policy_request *req, struct policy_decision *out,
    const struct pol_witness *witness);
int pol_note_many(struct policy *p, const struct policy_request *req, size_t n, struct policy_decision *out);
/* Credentials that policy_authenticate() judged: those that are not good are noted. */
void pol_note_identity(struct policy *p, const struct policy_request *req, const struct policy_identity *out, int rc);

/*
 * A change to who there is, or the refusal of one: who asked (of req only who is read),
 * what ("users:create"), of what resource, and how it ended (0 or a policy_err). Where the
 * set says `must`, 0 only once that is on disk; else POLICY_ERR_UNAVAILABLE. A handle
 * without audit: 0, and nothing happens. pol_note_is_good: before a change, for one that
 * cannot be recorded is not to be made.
 */
struct pol_note_change {
	const struct policy_request *as;	/* NULL: nobody, as in the first user's making */
	const struct policy_decision *decision;	/* of the right to it; NULL: none was made */
	struct policy_text action, resource_type, resource, uid;	/* uid: of whose it is */
	int outcome;
};
int pol_note_change(struct policy *p, const struct pol_note_change *c);
bool pol_note_is_good(struct policy *p);

/* Under the lock: the set's log, staged; put in force; or let go. */
int pol_note_open(struct policy *p, struct pol_snapshot *s, const struct ast_set *set, struct policy_error *err);
void pol_note_put(struct policy *p);
void pol_note_drop(struct policy *p);
/* In a child, under the lock. */
void pol_note_child(struct policy *p);
/* In a round: what there is to write. */
int pol_note_serve(struct policy *p, int64_t now, int64_t *next);

#endif
