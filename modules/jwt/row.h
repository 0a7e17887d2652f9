/* SPDX-License-Identifier: Apache-2.0 */
/* A verified token beside what the set's store has of it, or of its subject. */
#ifndef JWT_ROW_H
#define JWT_ROW_H

#include "claims.h"

/* PASS, with what the row has filled in; FAIL and its reason; ERROR: the store cannot be
 * asked, and has to be. name: by which the store knows it, if at all. expires: as the token says. */
enum policy_check_result jwt_row_judge(const struct jwt_conf *c, const struct policy_host *h,
    const struct jwt_value *payload, struct policy_text name, const struct policy_call *call, int64_t expires, struct policy_identity *id);

#endif
