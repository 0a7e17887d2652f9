/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standard input by the line, answers by the line: answer i is to line i, whatever
 * line i is.
 */
#ifndef POL_CLI_LINES_H
#define POL_CLI_LINES_H

#include "cli/cli.h"

#define POL_LINE_MOST (1u << 20)	/* bytes of one line */

struct pol_lines {
	/* Answers a line by appending to out. line is no text: it has no NUL behind it. */
	void (*take)(void *ctx, const char *line, size_t len);
	/* Answers one that is longer than POL_LINE_MOST. */
	void (*too_long)(void *ctx);
	void *ctx;
	const char *what;		/* shown with the progress */
	bool wipe;			/* lines hold secrets: they are wiped behind the answer */

	struct pol_json out;
	struct pol_progress progress;
	uint64_t line;			/* of the line that is taken, from 1 */
	int status;			/* a failure that ends it all */
	char *buf;
	size_t have;
	bool skipping;			/* the rest of a line that was too long */
};

/* Until the input ends. The exit status: 0 when every line was answered. */
int pol_lines_run(struct pol_lines *l);

#endif
