/* SPDX-License-Identifier: Apache-2.0 */
/* What a proxy is answered: the parts of proxy.c and proxy_answer.c. */
#ifndef POL_DAEMON_PROXY_H
#define POL_DAEMON_PROXY_H

#include "call.h"

/* Answers with a decision: status, identity headers, and where it is a deny the error, in the
 * style of the listener. is_key: the client's credential is no JWT. */
void pol_proxy_answer(struct pol_call *c, const struct policy_decision *d, const struct policy_routed *r, bool is_key);
/* A denial as Xinference says it; type, status and body are the call's. r NULL: no route. */
void pol_proxy_xinference(struct pol_call *c, const struct policy_decision *d, const struct policy_routed *r, bool is_key);
/* Credentials that cannot be told apart: 401 with error="invalid_request", for nginx makes a
 * 500 of a 400. */
void pol_proxy_malformed(struct pol_call *c, const char *text);

#endif
