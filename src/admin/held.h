/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody holds, told by structure and never by evaluating: for who gives, and for
 * who must not be the last to go. All within a snapshot. What a credential says of its
 * subject (groups, claims) is not counted: it may be gone with the next one.
 */
#ifndef POL_ADMIN_HELD_H
#define POL_ADMIN_HELD_H

#include "core/core.h"

struct pol_held_who {
	struct policy_text type, id;
};

/* A role, where and when. */
struct pol_held_grant {
	uint32_t role;
	uint32_t type;			/* POL_NONE: everywhere */
	struct policy_text glob;	/* data NULL: the whole type */
	struct pol_window window;
};

/* From 0 to 0 is always. */
struct pol_window pol_held_window(int64_t from_ns, int64_t until_ns);

/* Does every text that the glob `asked` matches match `held` too? A false may be wrong. */
bool pol_held_covers(struct policy_text held, struct policy_text asked);
/* Does `who` hold all of it, whatever else may be true? */
bool pol_held_role(const struct pol_engine *e, const struct pol_held_who *who, const struct pol_held_grant *g);
/* Is `who` in a declared group, by what is known of him? */
bool pol_held_group(const struct pol_engine *e, const struct pol_held_who *who, struct policy_text group);
/* POL_NONE: no such group is declared. Else its holder number. */
uint32_t pol_held_group_number(const struct pol_engine *e, struct policy_text group);

/* ---- administrators: an unconditional right to policy:escalate ---- */

/* Does the role give it? With `loose` also where a condition stands before it. */
bool pol_held_gives(const struct pol_engine *e, uint32_t role, bool loose);
/* May the role take it away? */
bool pol_held_denies(const struct pol_engine *e, uint32_t role);
/* Everywhere and always, and enabled. */
bool pol_held_is_admin(const struct pol_engine *e, const struct pol_held_who *who, int64_t now);
/* Is there one beside `but` (NULL: nobody is left out)? */
bool pol_held_has_admin(const struct pol_engine *e, const struct pol_held_who *but, int64_t now);
/* Might there be one, by any role whatever, of whoever is not disabled or deleted? */
bool pol_held_may_have_admin(const struct pol_engine *e);

#endif
