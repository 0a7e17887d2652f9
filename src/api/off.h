/* SPDX-License-Identifier: Apache-2.0 */
/* The answer of an engine that is switched off. */
#ifndef POL_API_OFF_H
#define POL_API_OFF_H

#include <string.h>

#include "base/sized.h"
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

/* n of them, of whatever size the first says. */
static inline int
pol_fill_off_many(size_t n, struct policy_decision *out)
{
	struct policy_decision room;

	memset(&room, 0, sizeof(room));
	pol_fill_off(&room, 0);
	for (size_t i = 0, step = out->size; i < n; i++) {
		if (step == sizeof(room))
			pol_fill_off(out + i, 0);
		else
			pol_sized_out((char *)out + i * step, &room, sizeof(room));
	}
	return 0;
}

#endif
