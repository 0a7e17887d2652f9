/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a store told, row by row, kept beside the holders and things that were made of
 * it, in a dictionary of its own (pol_people.facts) that deciders' core never reads: for
 * who judges tokens and passwords, and for who manages users. Read without a lock by who
 * holds the snapshot; texts of what is found point into it.
 *
 * A row is found by its kind and id; a user also by type and name, a token also by its
 * secret, grants by their owner. A deleted user stays, with its flag and nothing but id,
 * type and name. Revocations are not among them.
 */
#ifndef POL_PEOPLE_FACT_H
#define POL_PEOPLE_FACT_H

#include <policy_module.h>

#include "people/people.h"

bool pol_fact_find(const struct pol_people *w, uint32_t kind, struct policy_text id, struct policy_row *out);
/* type absent: "user". The one that has the name now; else the one that had it last (GONE):
 * of several the one made last. */
bool pol_fact_user(const struct pol_people *w, struct policy_text type, struct policy_text name, struct policy_row *out);
/* sha256: 64 small hex digits. Compared whole, in constant time. */
bool pol_fact_token(const struct pol_people *w, struct policy_text sha256, struct policy_row *out);

enum pol_standing {
	POL_STANDING_GOOD = 1,		/* it has the name, and is neither disabled nor deleted */
	POL_STANDING_ENDED,		/* disabled, deleted, or its name is another's */
	POL_STANDING_SHADOWED		/* a text names it: what the store says of it counts for nothing */
};
enum pol_standing pol_fact_standing(const struct pol_people *w, const struct policy_row *user);

/* All rows of a kind (0: of all), in no order; GONE ones too. Non-zero of fn stops, and is
 * returned. */
typedef int pol_fact_fn(void *ctx, const struct policy_row *row);
int pol_fact_each(const struct pol_people *w, uint32_t kind, pol_fact_fn *fn, void *ctx);
/* The grants of the user `uid` that are not GONE. */
int pol_fact_grants(const struct pol_people *w, struct policy_text uid, pol_fact_fn *fn, void *ctx);
/* How many there are. */
uint64_t pol_fact_count(const struct pol_people *w);

#endif
