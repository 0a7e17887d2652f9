/* SPDX-License-Identifier: Apache-2.0 */
/* Rows in columns, for people: aligned, and on a terminal no wider than it is. */
#ifndef POL_CLI_COLUMNS_H
#define POL_CLI_COLUMNS_H

#include "cli/cli.h"

#define POL_COLUMNS_MOST 8

struct pol_columns {
	const char *heads[POL_COLUMNS_MOST + 1];	/* NULL at the end */
	unsigned keep;			/* bit i: column i is never cut, since it is copied by hand */
	size_t columns, n, room;	/* n: cells */
	char **cells;
	bool failed;
};

/* The next cell, row after row. Text from elsewhere is made harmless; nothing is shown as "-". */
void pol_columns_cell(struct pol_columns *t, const char *s, size_t len);
void pol_columns_text(struct pol_columns *t, struct policy_text s);
/* As RFC 3339 has it; 0: none. */
void pol_columns_time(struct pol_columns *t, int64_t ns);
void pol_columns_list(struct pol_columns *t, const struct policy_text *list, size_t n);
/* Prints and frees it. 0 or EX_OSERR. */
int pol_columns_end(struct pol_columns *t);

#endif
