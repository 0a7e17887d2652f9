/* SPDX-License-Identifier: Apache-2.0 */
/* What several steps say of one credential becomes one identity. */
#ifndef POL_AUTH_MERGE_H
#define POL_AUTH_MERGE_H

#include <stdbool.h>

#include <policy_module.h>

/*
 * A step vouches: from has subject, kind and step. 0; POLICY_ERR_LIMIT: no room, as for
 * a second token id, which could then not be revoked;
 * POLICY_ERR_ARG: an earlier step vouched for somebody else.
 */
int pol_merge_pass(struct policy_identity *id, const struct policy_identity *from);
/* A step adds attributes and vouches for nothing. What it says of somebody else is not
 * heard. 0 or POLICY_ERR_LIMIT. */
int pol_merge_attributes(struct policy_identity *id, const struct policy_identity *from);

bool pol_merge_same_subject(const struct policy_identity *a, const struct policy_identity *b);

#endif
