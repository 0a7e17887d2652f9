/* SPDX-License-Identifier: Apache-2.0 */
/* The claims of a token that is made. */
#ifndef JWT_PAYLOAD_H
#define JWT_PAYLOAD_H

#include <jansson.h>

#include "conf.h"

/* NULL: no memory, or a text is not UTF-8. out has its end and its id. */
json_t *jwt_payload(const struct jwt_conf *c, const struct policy_issue *want, const struct policy_issued *out);

#endif
