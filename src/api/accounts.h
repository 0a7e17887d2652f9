/* SPDX-License-Identifier: Apache-2.0 */
/* What modules may ask of the store: users and tokens, copied out of the snapshot in force. */
#ifndef POL_API_ACCOUNTS_H
#define POL_API_ACCOUNTS_H

#include "auth/stack.h"

/* ctx of its functions is the handle. */
extern const struct pol_stack_store pol_accounts_store;

#endif
