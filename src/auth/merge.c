/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two steps that both vouch for a credential can only narrow what it opens: scopes are
 * those of both, the earlier end is the end. Groups are joined, since each bears the name
 * of its step.
 */
#include "auth/merge.h"

#include "auth/identity.h"
#include "base/name.h"
#include "core/core.h"

bool
pol_merge_same_subject(const struct policy_identity *a, const struct policy_identity *b)
{
	return pol_bytes_equal(a->subject_type.data, a->subject_type.len, b->subject_type.data, b->subject_type.len) &&
	    pol_bytes_equal(a->subject_id.data, a->subject_id.len, b->subject_id.data, b->subject_id.len);
}

static int
attributes(struct policy_identity *id, const struct policy_identity *from)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < from->subject_attributes_count; i++)
		rc = pol_identity_attr(id, id->subject_attributes, &id->subject_attributes_count,
		    from->subject_attributes[i].name, &from->subject_attributes[i].value);
	for (uint32_t i = 0; rc == 0 && i < from->token_attributes_count; i++)
		rc = pol_identity_attr(id, id->token_attributes, &id->token_attributes_count,
		    from->token_attributes[i].name, &from->token_attributes[i].value);
	return rc;
}

static int
subject(struct policy_identity *id, const struct policy_identity *from)
{
	int rc = pol_identity_text(id, &id->subject_type, from->subject_type, POL_MAX_TYPE);

	return rc != 0 ? rc : pol_identity_text(id, &id->subject_id, from->subject_id, POL_MAX_ID);
}

/* Keeps of id's scopes those that the other has too. */
static void
narrow(struct policy_identity *id, const struct policy_identity *from)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < id->scopes_count; i++) {
		const struct policy_text t = id->scopes[i];
		bool there = false;

		for (uint32_t k = 0; !there && k < from->scopes_count; k++)
			there = pol_bytes_equal(t.data, t.len, from->scopes[k].data, from->scopes[k].len);
		if (there)
			id->scopes[n++] = t;
	}
	id->scopes_count = n;
}

/* No scopes said is no limit. */
static int
scopes(struct policy_identity *id, const struct policy_identity *from)
{
	int rc = 0;

	if (from->scoped == 0)
		return 0;
	if (id->scoped != 0) {
		narrow(id, from);
		return 0;
	}
	id->scoped = 1;
	for (uint32_t i = 0; rc == 0 && i < from->scopes_count; i++)
		rc = pol_identity_listed(id, id->scopes, &id->scopes_count, from->scopes[i]);
	return rc;
}

/* The earlier of two times, of which zero is none. */
static int64_t
earlier(int64_t a, int64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

/* A revocation names a token by its step and its id, so those two stay together. There is
 * room for one pair: of two, a revocation of the other would not be seen. So it is with
 * kinds: of two, the ceiling of the other would not be heard. */
static int
names(struct policy_identity *id, const struct policy_identity *from)
{
	int rc = 0;

	if (id->token_id.len > 0 && from->token_id.len > 0)
		return POLICY_ERR_LIMIT;
	if (id->kind.len > 0 && from->kind.len > 0 &&
	    !pol_bytes_equal(id->kind.data, id->kind.len, from->kind.data, from->kind.len))
		return POLICY_ERR_LIMIT;
	if (from->kind.len > 0 && id->kind.len == 0)
		rc = pol_identity_text(id, &id->kind, from->kind, POL_MAX_ID);
	if (rc == 0 && (id->step.len == 0 || from->token_id.len > 0))
		rc = pol_identity_text(id, &id->step, from->step, POL_MAX_ID);
	if (rc == 0 && from->token_id.len > 0)
		rc = pol_identity_text(id, &id->token_id, from->token_id, POL_MAX_TOKEN_ID);
	return rc;
}

int
pol_merge_pass(struct policy_identity *id, const struct policy_identity *from)
{
	int rc = 0;

	if (id->subject_id.len > 0 && !pol_merge_same_subject(id, from)) {
		if (id->step.len > 0)
			return POLICY_ERR_ARG;
		pol_identity_clear(id);	/* an optional step spoke of somebody else */
	}
	if (id->subject_id.len == 0)
		rc = subject(id, from);
	if (rc == 0)
		rc = names(id, from);
	for (uint32_t i = 0; rc == 0 && i < from->groups_count; i++)
		rc = pol_identity_listed(id, id->groups, &id->groups_count, from->groups[i]);
	if (rc == 0)
		rc = scopes(id, from);
	if (rc == 0)
		rc = attributes(id, from);
	id->expires = earlier(id->expires, from->expires);
	id->cacheable = earlier(id->cacheable, from->cacheable);
	return rc;
}

int
pol_merge_attributes(struct policy_identity *id, const struct policy_identity *from)
{
	int rc = 0;

	if (id->subject_id.len == 0)
		rc = subject(id, from);
	else if (!pol_merge_same_subject(id, from))
		return 0;
	return rc != 0 ? rc : attributes(id, from);
}
