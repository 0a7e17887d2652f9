/* SPDX-License-Identifier: Apache-2.0 */
/* `with:` of a step, held against the table of keys that its module has. */
#ifndef POL_AUTH_WITH_H
#define POL_AUTH_WITH_H

#include "auth/stack.h"

/*
 * *out: the object that open() is handed, in the arena: its members in the order in which
 * they were written. 0, or a negative policy_err with err filled at the key's own place.
 */
int pol_with_judge(struct policy_value *out, struct pol_arena *arena, const struct pol_step_conf *step,
    const struct policy_module_key *keys, struct policy_error *err);

#endif
