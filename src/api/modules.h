/* SPDX-License-Identifier: Apache-2.0 */
/* The modules that a set names, open. */
#ifndef POL_API_MODULES_H
#define POL_API_MODULES_H

#include "api/handle.h"

/* Under the lock: opens the steps of the set for s, which is not yet in force. Nothing is
 * done where it has none. 0, or a negative policy_err with err filled. */
int pol_modules_open(struct policy *p, struct pol_snapshot *s, const struct ast_set *set, struct policy_error *err);

#endif
