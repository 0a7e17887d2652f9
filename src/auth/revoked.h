/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens that are no longer good. One writer at a time; readers neither lock nor wait. */
#ifndef POL_AUTH_REVOKED_H
#define POL_AUTH_REVOKED_H

#include <stdbool.h>

#include <policy.h>

struct pol_revoked;

int pol_revoked_new(struct pol_revoked **out);
void pol_revoked_free(struct pol_revoked *r);
/* The token `id` that came through the step `step` (absent: any). Seen by every look that
 * begins after it has returned. until: Unix ns, 0: for ever. 0 or POLICY_ERR_NOMEM. */
int pol_revoked_add(struct pol_revoked *r, struct policy_text step, struct policy_text id, int64_t until);
bool pol_revoked_has(const struct pol_revoked *r, struct policy_text step, struct policy_text id);
uint64_t pol_revoked_count(const struct pol_revoked *r);

#endif
