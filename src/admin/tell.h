/* SPDX-License-Identifier: Apache-2.0 */
/* Rows as policy_admin.h tells them. Outside of a snapshot: the callback is foreign. */
#ifndef POL_ADMIN_TELL_H
#define POL_ADMIN_TELL_H

#include "admin/call.h"

/* fn NULL: nobody is told. What fn returns where negative; 1: it wants no more. */
int pol_tell_user(struct pol_call *c, const struct policy_row *user, policy_user_fn *fn, void *ctx);
int pol_tell_grant(struct pol_call *c, const struct policy_row *grant, const struct policy_row *owner, policy_grant_fn *fn,
    void *ctx);
/* secret: of one that was just made; data NULL: none. */
int pol_tell_token(struct pol_call *c, const struct policy_row *token, const struct policy_row *owner,
    struct policy_text secret, policy_token_fn *fn, void *ctx);

/* What scopes allow, by name: themselves, and each declared scope and action that they imply.
 * Sorted, each once. NULL: no memory. Within a snapshot. */
struct policy_text *pol_tell_implied(struct pol_call *c, const struct policy_text *scopes, size_t n, size_t *n_out);

/* Orders rows: those of one owner together, the older first. */
int pol_tell_by_owner(const void *a, const void *b);
/* All rows of a kind that are there, copied, in order by `cmp`; NULL: see *rc. */
struct policy_row *pol_tell_gather(struct pol_call *c, uint32_t kind, struct policy_text owner,
    int (*cmp)(const void *, const void *), size_t *n, int *rc);

#endif
