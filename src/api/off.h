/* SPDX-License-Identifier: Apache-2.0 */
/* The answer of an engine that is switched off. */
#ifndef POL_API_OFF_H
#define POL_API_OFF_H

#include "core/fill.h"

/*
 * The engine is off. The one allow that core/ does not give: lint counts the places
 * that write it, core/decide.c and this one. Inline: it is all there is to do then.
 */
static inline void
pol_fill_off(struct policy_decision *out, uint64_t generation)
{
	out->verdict = POLICY_ALLOW;
	out->reason = POLICY_REASON_DISABLED;
	out->status = 200;
	pol_fill_blank(out, generation);
}

#endif
