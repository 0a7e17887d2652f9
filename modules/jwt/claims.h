/* SPDX-License-Identifier: Apache-2.0 */
/* What a token says, once its signature is good: is it valid now and here, and whose is it? */
#ifndef JWT_CLAIMS_H
#define JWT_CLAIMS_H

#include "conf.h"
#include "json.h"

/* Is `iss` of this payload, yet unverified, another issuer's name? Absent or no text: no. */
bool jwt_claims_foreign(const struct jwt_conf *c, const struct jwt_value *payload);
/* Is `typ` (absent: none) one of those that are taken? */
bool jwt_claims_typ(const struct jwt_conf *c, struct policy_text typ);
/* Times, issuer, audience. PASS, or FAIL with *reason; *expires: Unix ns, leeway within. */
enum policy_check_result jwt_claims_judge(const struct jwt_conf *c, const struct jwt_value *payload, int64_t now,
    int64_t *expires, enum policy_reason *reason);
/* When it says that it was issued, Unix ns; false: it does not. */
bool jwt_claims_issued(const struct jwt_value *payload, int64_t *issued);
/* Subject, groups, scopes, attributes, and what `map:` looks at. FAIL: it says something
 * that is of the wrong type, or more than an identity holds. */
enum policy_check_result jwt_claims_fill(const struct jwt_conf *c, const struct policy_host *h,
    const struct jwt_value *payload, struct policy_identity *id);

#endif
