/* SPDX-License-Identifier: Apache-2.0 */
/* Sound, and most likely not what was meant. Asked only when someone listens. */
#ifndef POL_COMPILE_WARN_H
#define POL_COMPILE_WARN_H

#include "compile/check.h"

pol_check_fn pol_warn;

/* warn_deny.c, warn_glob.c: steps of it */
pol_check_fn pol_warn_deny, pol_warn_globs;

#endif
