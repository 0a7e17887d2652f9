/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POL_LOAD_BUILTIN_H
#define POL_LOAD_BUILTIN_H

#include <policy_module.h>

/* A module that is part of the library, or NULL. */
const struct policy_module *pol_builtin_find(const char *name);

#endif
