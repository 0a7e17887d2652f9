/* SPDX-License-Identifier: Apache-2.0 */
/* What a snapshot knows by name: whoever, or whatever, a search may find. */
#ifndef POL_API_SEEK_H
#define POL_API_SEEK_H

#include "core/core.h"

/* Texts lie in program or people; one name may come more than once. Non-zero stops, and
 * is returned. */
typedef int pol_seek_fn(void *ctx, struct policy_text name);

/* Subjects of a type: whoever is named in text or store, but users that ended; and things
 * of that type. */
int pol_seek_subjects(const struct pol_engine *e, struct policy_text type, pol_seek_fn *fn, void *ctx);
/* Things of a type: those something is stored of or granted on, and those that a pattern
 * of an entry names. */
int pol_seek_things(const struct pol_engine *e, struct policy_text type, pol_seek_fn *fn, void *ctx);
/* Actions by their names, without aliases. */
int pol_seek_actions(const struct pol_engine *e, pol_seek_fn *fn, void *ctx);

/* How many users count, and how many roles were given to one holder each. */
void pol_seek_count(const struct pol_engine *e, uint64_t *users, uint64_t *grants);

#endif
