/* SPDX-License-Identifier: Apache-2.0 */
/* The token of who is logged in: $XDG_STATE_HOME/policy/token, ~/.local/state without it. */
#ifndef POL_CLI_KEPT_H
#define POL_CLI_KEPT_H

#include "cli/prompt.h"

/* Each: 0, or an exit status when it has said what is wrong. */

/* 0 with nothing in it: none is kept. One that others could read or replace is refused. */
int pol_kept_read(struct pol_line *out, const struct pol_args *a);
/* In one step, 0600 in a directory of 0700. */
int pol_kept_write(const struct pol_args *a, struct policy_text token);
int pol_kept_remove(const struct pol_args *a);

#endif
