/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an identity stands on in the store, and whether that is still there: the row of its
 * token and of who owns that, or of the user that it names.
 */
#ifndef POL_API_ALIVE_H
#define POL_API_ALIVE_H

#include <policy_module.h>

#include "people/people.h"

struct pol_alive {
	/* Of what may not change without the credential being judged anew; of several
	 * identities, of all. 0: they stand on nothing in the store. */
	uint64_t print;
	int64_t until;			/* Unix ns: a token of them ends; INT64_MAX: none does */
};

#define POL_ALIVE_INIT { .until = INT64_MAX }
#define POL_ALIVE_ACTOR 1u		/* a bit of print: who made a token must be allowed too */

/* Adds what id stands on. POLICY_REASON_RULE: it is alive at `now`. */
enum policy_reason pol_alive_look(struct pol_alive *a, const struct pol_people *w, const struct policy_identity *id,
    int64_t now);
/* Who made the token of id. POLICY_REASON_RULE: nobody else has to be allowed (type and name
 * stay absent), or he who is named; they point into w. */
enum policy_reason pol_alive_actor(const struct pol_people *w, const struct policy_identity *id,
    struct policy_text *type, struct policy_text *name);

/* Is who asks, or who acts for him, a user of the store? Then what is known of him is as old
 * as what the store said last. */
bool pol_alive_needs_store(const struct pol_people *w, const struct policy_request *req);

#endif
