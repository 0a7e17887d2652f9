/* SPDX-License-Identifier: Apache-2.0 */
/*
 * modules:, store: and audit: of a checked set, as auth and audit want them. Texts are copied: the set
 * may go, and what was made of it opens the same steps again after a fork.
 */
#ifndef POL_API_STEPS_H
#define POL_API_STEPS_H

#include "audit/audit.h"
#include "auth/stack.h"
#include "compile/compile.h"

/* Where facts beside the text come from. */
struct pol_store_conf {
	const char *url;		/* NULL: the set has no store */
	const char *module;		/* store_SCHEME */
	int64_t stale_ns;		/* facts older than that are none */
	struct pol_place at;		/* of the section */
};

/*
 * Begins out->arena and fills steps and n; the other members stay as they are. A set
 * without `modules:` has none. 0 or POLICY_ERR_NOMEM; then the arena holds nothing.
 */
int pol_steps_conf(struct pol_stack_conf *out, const struct ast_set *set, struct policy_error *err);

/* Its texts lie in the arena. 0 or POLICY_ERR_NOMEM. */
int pol_steps_store(struct pol_store_conf *out, struct pol_arena *arena, const struct ast_set *set,
    struct policy_error *err);

/* The same; a set without `audit:` has neither file nor syslog. */
int pol_steps_audit(struct pol_audit_conf *out, struct pol_place *at, struct pol_arena *arena,
    const struct ast_set *set, struct policy_error *err);

#endif
