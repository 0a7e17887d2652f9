/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets from who types them, from standard input or from a file: one line each. */
#ifndef POL_CLI_PROMPT_H
#define POL_CLI_PROMPT_H

#include "cli/cli.h"

#define POL_SECRET_MOST 8192

struct pol_line {
	size_t len;
	char data[POL_SECRET_MOST + 2];	/* a NUL behind it */
};

/* Each: 0, or an exit status when it has said what is wrong; then out is wiped. */

/* At the terminal, nothing shown of it. The terminal is left as it was, whatever signal comes. */
int pol_prompt_ask(struct pol_line *out, const struct pol_args *a, const char *prompt);
/* Twice, and both the same. */
int pol_prompt_new(struct pol_line *out, const struct pol_args *a);
/* The one line of a file; "-": the next line of standard input. */
int pol_prompt_file(struct pol_line *out, const struct pol_args *a, const char *file);
void pol_prompt_wipe(struct pol_line *l);

#endif
