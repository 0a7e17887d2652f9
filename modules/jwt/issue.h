/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens made: where the settings have `sign_with`. */
#ifndef JWT_ISSUE_H
#define JWT_ISSUE_H

#include "conf.h"

struct jwt_issuer;

/* conf outlives it. The file is a private JWK (its alg may be left out where the curve
 * tells it), or, beside secret_file, a secret like it. */
int jwt_issuer_new(struct jwt_issuer **out, const struct jwt_conf *conf, struct policy_error *err);
void jwt_issuer_free(struct jwt_issuer *i);	/* NULL is fine */

/* As a module's issue(): iss, aud (the first), sub, iat, exp, jti (as it is asked for, else
 * 128 random bits), scope where it has scopes. A bare one: the claim of the subject, its scopes
 * as a list, exp; token_id is then the hash of what is signed. */
int jwt_issuer_sign(struct jwt_issuer *i, const struct policy_issue *want, struct policy_issued *out,
    struct policy_error *err);

#endif
