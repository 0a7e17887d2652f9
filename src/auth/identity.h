/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identities: emptied, filled through the functions that modules are offered, and
 * packed for the cache. An identity that a call spoilt never becomes a PASS.
 */
#ifndef POL_AUTH_IDENTITY_H
#define POL_AUTH_IDENTITY_H

#include <stdbool.h>

#include <policy_module.h>

/* What stands around the identity that one check() fills: what set functions go by. */
struct pol_filling {
	struct policy_identity id;	/* first: a module is handed its address */
	const char *step;		/* prefix of groups */
	struct policy_text subject_type;	/* where the module names none */
	const struct policy_text *kinds;	/* that set_kind may name */
	size_t n_kinds;
	/* heard of each claim's value, while the module says it; NULL: none is asked for */
	void (*claim)(void *ctx, struct policy_text claim, struct policy_text value);
	void *claim_ctx;
	int spoilt;			/* 0, or the first failure of a set function */
	bool cacheable_said;
	enum policy_reason reason;	/* of a FAIL */
};

/* Empties it: counts and texts, not the 24 KiB. */
void pol_identity_clear(struct policy_identity *id);
/* Before its room is given back: what set functions have put into it is gone. They only
 * append, so that is what is counted. */
void pol_identity_wipe(struct policy_identity *id);
/* For one check; step and the others are set by the caller behind it. */
void pol_identity_begin(struct pol_filling *f);

/* The set functions, put into a host's table. */
void pol_identity_offer(struct policy_host *h);

/* Appends; spoils f on failure (and returns it). For merging too, where id is no filling. */
int pol_identity_text(struct policy_identity *id, struct policy_text *out, struct policy_text t, size_t most);
int pol_identity_listed(struct policy_identity *id, struct policy_text *list, uint32_t *count, struct policy_text t);
int pol_identity_attr(struct policy_identity *id, struct policy_attr *list, uint32_t *count,
    struct policy_text name, const struct policy_value *v);

#endif
