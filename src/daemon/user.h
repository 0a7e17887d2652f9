/* SPDX-License-Identifier: Apache-2.0 */
/* Root's rights are given up, for good. */
#ifndef POL_DAEMON_USER_H
#define POL_DAEMON_USER_H

#include <policy.h>

/* Becomes `name` (NULL: nobody else), where started as root; elsewhere it must be who we
 * are. 0, or a negative policy_err. */
int pol_user_become(const char *name, struct policy_error *err);

#endif
