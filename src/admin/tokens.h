/* SPDX-License-Identifier: Apache-2.0 */
/* A token never confers more than the credential that asked for it. */
#ifndef POL_ADMIN_TOKENS_H
#define POL_ADMIN_TOKENS_H

#include "admin/call.h"
#include "admin/secret.h"

/* What a token would confer. */
struct pol_tokens_want {
	const struct policy_row *owner;
	struct policy_text kind;
	bool scoped;
	const struct policy_text *scopes;
	size_t n_scopes;
	int64_t until_ns;
	bool until_said;		/* else it is brought down to what may be */
	bool itself;			/* it is the one that asks, made anew */
};

/* Does the set know kind and scopes? Else POLICY_ERR_INVALID with its sentence. */
int pol_tokens_known(struct pol_call *c, struct policy_text kind, const struct policy_text *scopes, size_t n);
/*
 * May the caller make it? What exceeds his own needs policy:escalate. *actor: only while
 * he who is named by *by is allowed too.
 */
int pol_tokens_may(struct pol_call *c, struct pol_tokens_want *want, bool *actor, struct policy_text *by);
/* Its resource, for a decision. */
struct pol_admin_on pol_tokens_on(const struct policy_row *token, const struct policy_row *owner);
/* The token of that id, revoked ones too, and its owner; or POLICY_ERR_NOENT, and on is what
 * was asked for. */
int pol_tokens_find(struct pol_call *c, const char *id, struct policy_row *token, struct policy_row *owner,
    struct pol_admin_on *on);

#endif
