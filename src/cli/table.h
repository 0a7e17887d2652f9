/* SPDX-License-Identifier: Apache-2.0 */
/* Rows in columns, for people: aligned, and on a terminal no wider than it is. */
#ifndef POL_CLI_TABLE_H
#define POL_CLI_TABLE_H

#include "cli/cli.h"

#define POL_TABLE_COLUMNS 8

struct pol_table {
	const char *heads[POL_TABLE_COLUMNS + 1];	/* NULL at the end */
	unsigned keep;			/* bit i: column i is never cut, since it is copied by hand */
	size_t columns, n, room;	/* n: cells */
	char **cells;
	bool failed;
};

/* The next cell, row after row. Text from elsewhere is made harmless; nothing is shown as "-". */
void pol_table_cell(struct pol_table *t, const char *s, size_t len);
void pol_table_text(struct pol_table *t, struct policy_text s);
/* As RFC 3339 has it; 0: none. */
void pol_table_time(struct pol_table *t, int64_t ns);
void pol_table_list(struct pol_table *t, const struct policy_text *list, size_t n);
/* Prints and frees it. 0 or EX_OSERR. */
int pol_table_end(struct pol_table *t);

#endif
