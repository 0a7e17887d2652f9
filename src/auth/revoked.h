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
 * begins after it has returned. until: Unix ns, 0: for ever. 0, POLICY_ERR_NOMEM, or
 * POLICY_ERR_ARG: no id. */
int pol_revoked_add(struct pol_revoked *r, struct policy_text step, struct policy_text id, int64_t until);
bool pol_revoked_has(const struct pol_revoked *r, struct policy_text step, struct policy_text id);
uint64_t pol_revoked_count(const struct pol_revoked *r);

/* The engine's clock, for the writer: entries whose `until` has come may be forgotten when
 * the table is built anew. Never told, none is. */
void pol_revoked_now(struct pol_revoked *r, int64_t now);
/*
 * What was replaced is freed in two steps, both by one who sees to it that they do not
 * overlap: leave says what; reclaim frees that, once every look that had begun before
 * leave was called has ended. Neither needs to be called; pol_revoked_free does the rest.
 */
bool pol_revoked_waits(const struct pol_revoked *r);	/* is there any? */
void pol_revoked_leave(struct pol_revoked *r);
void pol_revoked_reclaim(struct pol_revoked *r);

#endif
