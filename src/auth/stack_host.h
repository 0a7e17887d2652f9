/* SPDX-License-Identifier: Apache-2.0 */
/* What the stack offers a step beside the functions that fill an identity. */
#ifndef POL_AUTH_STACK_HOST_H
#define POL_AUTH_STACK_HOST_H

#include "auth/stack_impl.h"

void pol_stack_host(struct pol_step *s);

#endif
