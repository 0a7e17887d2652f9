/* SPDX-License-Identifier: Apache-2.0 */
/* OAuth 2.0: the errors of RFC 6750 and RFC 6749, and what its endpoints share. */
#ifndef POL_DAEMON_OAUTH_H
#define POL_DAEMON_OAUTH_H

#include <jansson.h>

#include "call.h"

/* RFC 6749, section 5.2: {"error": code, "error_description": text}. code NULL: none is said. */
int pol_oauth_error(struct pol_call *c, unsigned status, const char *code, const char *text);
/* RFC 6750, section 3: WWW-Authenticate; of code, text and scope those that are not NULL. */
void pol_oauth_challenge(struct pol_call *c, const char *code, const char *text, const char *scope);
/* A caller that is refused, for a reason of libpolicy's: both of them. scope: what he had to
 * have; of POLICY_REASON_ERROR: what he sent is malformed. */
int pol_oauth_refuse(struct pol_call *c, int reason, const char *scope);
/* What the desk answered, where that is no result: rc and its answer. */
int pol_oauth_desk_error(struct pol_call *c, int rc, const json_t *answer, const char *scope);

/* Whose is this token? 0: see `who`. POLICY_ERR_AGAIN: only where c->nonblock;
 * POLICY_ERR_UNAVAILABLE. `hint`: the kind it may be of, absent: none. *as is the credential
 * that was judged last, and its texts are the token's. */
int pol_oauth_judge(struct pol_call *c, struct policy_text token, struct policy_text hint, struct policy_identity *who,
    struct pol_caller *as);

/* The handlers; token: RFC 6749, section 4.3, for profiles that serve it elsewhere, too. */
pol_handler pol_oauth_token, pol_oauth_introspect, pol_oauth_revoke, pol_oauth_metadata, pol_oauth_jwks;

#endif
