/* SPDX-License-Identifier: Apache-2.0 */
/* Times and spans of the command line, and times as people and programs read them. */
#ifndef POL_CLI_WHEN_H
#define POL_CLI_WHEN_H

#include "cli/cli.h"

/* RFC 3339 in whole seconds, UTC; empty where there is no such time. */
const char *pol_when_text(char buf[32], int64_t ns);
/* option: its name, for the message. 0 or EX_USAGE when it has said what is wrong; s NULL: *ns is 0. */
int pol_when_time(const struct pol_args *a, int64_t *ns, const char *option, const char *s);
/* 90s, 30m, 12h, 7d, 4w: nanoseconds, from one second to 3650 days. */
int pol_when_span(const struct pol_args *a, int64_t *ns, const char *option, const char *s);
/* The end that --lifetime (from `from`, 0: from now) or --until says; 0: neither. */
int pol_when_end(const struct pol_args *a, int64_t *ns, int64_t from);

#endif
