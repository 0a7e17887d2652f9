/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions that are recorded: made like any other, then noted, and where the set says
 * `must`, given out when the note is on disk. */
#ifndef POL_API_NOTE_H
#define POL_API_NOTE_H

#include "api/handle.h"
#include "compile/compile.h"

struct pol_note;
struct pol_witness;

/* Of a handle whose set has `audit:`: pol_ask_one() and pol_ask_many(). */
int pol_note_one(struct policy *p, const struct policy_request *req, struct policy_decision *out,
    const struct pol_witness *witness);
int pol_note_many(struct policy *p, const struct policy_request *req, size_t n, struct policy_decision *out);
/* A request of HTTP, likewise: pol_route_one(). */
struct pol_routing;
int pol_note_routed(struct policy *p, struct pol_routing *a, struct policy_decision *out);
/* Credentials that policy_authenticate() judged: those that are not good are noted. */
void pol_note_identity(struct policy *p, const struct policy_request *req, const struct policy_identity *out, int rc);

/*
 * A change to who there is, or the refusal of one; event, time and id are filled in, but the
 * id of one that withdraws another. Where the set
 * says `must` and wait is true, 0 only once that is on disk; else POLICY_ERR_UNAVAILABLE. A
 * handle without audit: 0, and nothing happens.
 */
int pol_note_change(struct policy *p, struct pol_note *n, bool wait);
/* Does the set say `must`? */
bool pol_note_must(struct policy *p);
/* False: it does, and what would be noted now could not be. */
bool pol_note_is_good(struct policy *p);
/* The attribute `uid` of a user of the store; absent: none. The snapshot is held. */
struct policy_text pol_note_uid(const struct pol_snapshot *s, struct policy_text type, struct policy_text id);

/* Under the lock: the set's log, staged; put in force; or let go. */
int pol_note_open(struct policy *p, struct pol_snapshot *s, const struct ast_set *set, struct policy_error *err);
void pol_note_put(struct policy *p);
void pol_note_drop(struct policy *p);
/* In a child, under the lock. */
void pol_note_child(struct policy *p);
/* In a round: what there is to write. */
int pol_note_serve(struct policy *p, int64_t now, int64_t *next);

#endif
