/* SPDX-License-Identifier: Apache-2.0 */
/* What a proxy is answered: the parts of proxy.c and proxy_answer.c. */
#ifndef POL_DAEMON_PROXY_H
#define POL_DAEMON_PROXY_H

#include "call.h"

/* Answers with a decision: status, identity headers, and where it is a deny the error. */
void pol_proxy_answer(struct pol_call *c, const struct policy_decision *d);
/* Credentials that cannot be told apart: 401 with error="invalid_request", for nginx makes a
 * 500 of a 400. */
void pol_proxy_malformed(struct pol_call *c, const char *text);

#endif
