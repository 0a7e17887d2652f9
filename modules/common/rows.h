/* SPDX-License-Identifier: Apache-2.0 */
/* What stores have in common: the columns of a row, and what a row may be. */
#ifndef POL_COMMON_ROWS_H
#define POL_COMMON_ROWS_H

#include <policy_module.h>

/* Texts but for id. `by` is a word of SQL: its column is made_by. */
enum { POL_ROWS_TEXTS = 10 };

struct pol_rows_text {
	size_t offset;			/* in struct policy_row */
	size_t most;			/* bytes */
	const char *column;
};

extern const struct pol_rows_text pol_rows_texts[POL_ROWS_TEXTS];

/* In the order of pol_rows_texts. */
#define POL_ROWS_NUMBERS "kind, id, change, flags, number, until_ns, made_ns, from_ns"
#define POL_ROWS_COLUMNS POL_ROWS_NUMBERS \
	", source, type, name, owner, org, made_by, secret, resource, list, attributes"
enum { POL_ROWS_FIRST_TEXT = 8, POL_ROWS_ALL = POL_ROWS_FIRST_TEXT + POL_ROWS_TEXTS };

static inline const struct policy_text *
pol_rows_get(const struct policy_row *r, int i)
{
	return (const struct policy_text *)(const void *)((const char *)r + pol_rows_texts[i].offset);
}

static inline struct policy_text *
pol_rows_at(struct policy_row *r, int i)
{
	return (struct policy_text *)(void *)((char *)r + pol_rows_texts[i].offset);
}

/* Sizes; texts are UTF-8 without a NUL. 0, or a negative policy_err with err filled: which
 * column, never what stands in it. */
int pol_rows_check(const struct policy_row *r, struct policy_error *err);

#endif
