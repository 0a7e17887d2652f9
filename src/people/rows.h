/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of a store on their way into people: gathered, checked, packed; then fed to a
 * builder together with a text's people, or put as one single change.
 */
#ifndef POL_PEOPLE_ROWS_H
#define POL_PEOPLE_ROWS_H

#include <policy_module.h>

#include "base/arena.h"
#include "people/people.h"

/* ---- gathered ---- */

struct pol_fact;			/* a row, packed */

struct pol_rows {
	struct pol_arena arena;
	const struct pol_fact **list;
	size_t n, cap;
};

void pol_rows_init(struct pol_rows *rows);
void pol_rows_fini(struct pol_rows *rows);
/* A copy of r, of any kind that the ABI has. POLICY_ERR_ABI: its size; POLICY_ERR_UNSUPPORTED:
 * a kind that is not known; POLICY_ERR_INVALID: no id, or a text that is too long or holds a
 * NUL. */
int pol_rows_add(struct pol_rows *rows, const struct policy_row *r);
/* Its texts point into what was packed. */
void pol_rows_get(const struct pol_rows *rows, size_t i, struct policy_row *out);

/* ---- into people ---- */

/* Told once for each row that counts for nothing, and why. */
typedef void pol_rows_warn(void *ctx, const struct policy_row *row, const char *why);

/* Rows for the people that b builds, beside what a text feeds it, in any order; they are kept
 * until it is done. Of rows with the same kind and id the last one counts. Revocations are
 * left out. */
int pol_builder_rows(struct pol_builder *b, const struct pol_rows *rows);
/* All rows of other people, which must outlive the builder; but not tokens that ended before
 * `ended_ns`. */
int pol_builder_rows_of(struct pol_builder *b, const struct pol_people *w, int64_t ended_ns);
void pol_builder_warn(struct pol_builder *b, pol_rows_warn *warn, void *ctx);

/*
 * All rows as one single change: each replaces the one of its kind and id. A user or a grant
 * that names what the set has not counts for nothing until it names something else. warn may
 * be NULL.
 */
int pol_people_put_rows(struct pol_people_root *from, const struct pol_program *program,
    const struct pol_rows *rows, pol_rows_warn *warn, void *ctx, struct pol_people_root **out);

/* ---- attributes of a user's row ---- */

/*
 * A line each, NAME=VALUE: a text in quotes, with \\, \" and \n inside; a whole number; true or
 * false. Names are as in a set, without a line end or '='; none twice, none `uid` or `org`,
 * which the row has itself.
 */
#define POL_ROWS_ATTRIBUTES 62u
/* Appends to out. POLICY_ERR_INVALID: a value or a name that has no such form. */
int pol_rows_attributes_encode(struct pol_buf *out, const struct policy_attrs *attrs);
/* list: room for POL_ROWS_ATTRIBUTES; room: for as many bytes as the text has, where texts are
 * put. POLICY_ERR_INVALID: it is malformed. */
int pol_rows_attributes_decode(struct policy_text text, struct policy_attr *list, size_t *n, char *room);

#endif
