/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a store, put into people that are there; for the two files that do. */
#ifndef POL_PEOPLE_ROWS_CHANGE_H
#define POL_PEOPLE_ROWS_CHANGE_H

#include "people/packed.h"

struct rows_change {
	struct pol_change c;
	const struct pol_program *program;
	pol_rows_warn *warn;
	void *ctx;
};

#define VIEW(x) (&(x)->c.to->view)

static inline uint64_t
hash_of(const struct rows_change *x, const struct pol_fact *f)
{
	return pol_fact_hash(VIEW(x)->seed, f->kind, pol_fact_text(f, POL_TEXT_ID));
}

/* rows_holder.c: a user's record, under `number`, instead of h, which has its name; NULL:
 * none has. What h has of its own stays where it is this user's. */
int pol_rows_holder(struct rows_change *x, const struct pol_fact *f, const struct pol_holder *h, uint32_t number);

#endif
