/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passwords that come in requests: all of them are judged here, so that who guesses waits
 * (penalty.h), and nobody else does.
 */
#ifndef POL_DAEMON_LOGIN_H
#define POL_DAEMON_LOGIN_H

#include "call.h"
#include "penalty.h"

/* Where a request comes from: the uid at the other end, or the address; where the listener
 * says `forwarded: true`, the last element of X-Forwarded-For. */
void pol_login_source(struct pol_source *out, const struct pol_call *c);
/* May a password of `account` be judged now? 0, and after() follows. Else the seconds until
 * it may: Retry-After was added, and the answer is a 429. */
unsigned pol_login_before(struct pol_call *c, struct policy_text account);
void pol_login_after(struct pol_call *c, struct policy_text account, enum pol_penalty_outcome outcome);
bool pol_login_is_password(const struct policy_credential *k);

/* One password, whole: POLICY_REASON_RULE, it is good; POLICY_REASON_LIMIT, not before
 * *seconds; any other: why not. It waits. */
int pol_login_judge(struct pol_call *c, const struct policy_credential *k, unsigned *seconds);

#endif
