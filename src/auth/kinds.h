/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of kinds of credentials: those of a step's `for:`, or its module's, or any. */
#ifndef POL_AUTH_KINDS_H
#define POL_AUTH_KINDS_H

#include "auth/stack_impl.h"

/* The kind of place i, absent behind the last. Not for a step that looks at any. */
struct policy_text pol_kinds_at(const struct pol_step *s, uint32_t i);
bool pol_kinds_any(const struct pol_step *s);
bool pol_kinds_has(const struct pol_step *s, struct policy_text kind);

enum pol_kinds_share { POL_SHARE_NONE, POL_SHARE_SOME, POL_SHARE_ALL };

/* How much of what b looks at does a look at too? SOME: *kind is one of them. */
enum pol_kinds_share pol_kinds_share(const struct pol_step *a, const struct pol_step *b, struct policy_text *kind);

#endif
