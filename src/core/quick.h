/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POL_CORE_QUICK_H
#define POL_CORE_QUICK_H

#include "core/known.h"

/*
 * True: the request, a plain one (pol_request_is_plain), is answered; *entry is the
 * entry that allows it, or POL_NONE: no rule. False: it is no ordinary question, ask
 * decide.c; nothing is known yet, not even that its names are well formed.
 */
bool pol_quick(const struct pol_engine *e, const struct policy_request *req,
    const struct pol_known *k, uint32_t *entry);

#endif
