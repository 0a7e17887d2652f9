/* SPDX-License-Identifier: Apache-2.0 */
/* A user to be made: by whoever may, as the first, or out of another system. */
#ifndef POL_ADMIN_USERS_H
#define POL_ADMIN_USERS_H

#include "admin/call.h"
#include "admin/secret.h"

/* NULL, or why it is none. */
const char *pol_users_bad(const struct policy_user *want);
/* Is its name free? 0 or POLICY_ERR_EXISTS with its sentence. */
int pol_users_free(struct pol_call *c, const struct policy_user *want);
/* The hash of a password to be set, once: a call may be judged again. 0, or a policy_err with its sentence. */
int pol_users_hash(struct pol_call *c, char hash[POL_PASSWORD_HASH], struct policy_text password);
/* Its row, to be written; NULL: see *rc. */
struct policy_row *pol_users_row(struct pol_call *c, const struct policy_user *want, const char *uid, const char *hash,
    int *rc);
/* Would the user administer without the grant `without`, in these groups? Within a snapshot. */
bool pol_users_stays(struct pol_call *c, const struct policy_row *user, struct policy_text without, struct policy_text groups);

#endif
