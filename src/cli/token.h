/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a token. */
#ifndef POL_CLI_TOKEN_H
#define POL_CLI_TOKEN_H

#include "cli/account.h"

/* active, revoked, expired or void */
const char *pol_token_state(const struct policy_token_info *t);
/* Members of an object that is open: those of RFC 7662, and ours. */
void pol_token_json(struct pol_json *j, const struct policy_token_info *t);
void pol_token_say(FILE *f, const struct policy_token_info *t);

#endif
