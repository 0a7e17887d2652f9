/* SPDX-License-Identifier: Apache-2.0 */
/* A request on the command line. */
#ifndef POL_CLI_ASK_H
#define POL_CLI_ASK_H

#include "cli/cli.h"
#include "cli/request.h"

/* The AuthZEN object for SUBJECT ACTION [TYPE/ID] [ROOT.NAME=VALUE]... and the
 * options. NULL when it has said what is wrong. */
json_t *pol_ask_read(const struct pol_args *a);

#endif
