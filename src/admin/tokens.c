/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a credential may make: compared by structure with what it is itself. Its scopes, as
 * written; the ceiling of its kind, which only the same kind has; its end; and whoever
 * must be allowed beside its owner.
 */
#include "admin/tokens.h"

#include <string.h>

int
pol_tokens_known(struct pol_call *c, struct policy_text kind, const struct policy_text *scopes, size_t n)
{
	const struct pol_program *p;
	struct policy_text bad = { NULL, 0 };
	bool bad_kind;
	int rc = pol_call_hold(c);

	if (rc != 0)
		return rc;
	p = c->e->program;
	bad_kind = p->has_credentials != 0 && pol_find_kind(p, kind.data, kind.len) == POL_NONE;
	for (size_t i = 0; i < n && bad.data == NULL; i++) {
		if (pol_find_scope(p, scopes[i].data, scopes[i].len) == POL_NONE &&
		    pol_find_action(p, scopes[i].data, scopes[i].len) == POL_NONE)
			bad = scopes[i];
	}
	pol_call_release(c);
	if (bad_kind)
		return pol_call_fail(c, POLICY_ERR_INVALID, "the set's credentials: have no kind '%.*s'", (int)kind.len, kind.data);
	return bad.data == NULL ? 0 : pol_call_fail(c, POLICY_ERR_INVALID, "the set has no scope and no action '%.*s'", (int)bad.len, bad.data);
}

/* ---- no more than the caller's own ---- */

static bool
has(const struct policy_text *list, size_t n, struct policy_text t)
{
	for (size_t i = 0; i < n; i++) {
		if (pol_bytes_equal(list[i].data, list[i].len, t.data, t.len))
			return true;
	}
	return false;
}

/* Is `made` out of reach of a credential of the kind `by`? One that has bounds makes its like,
 * and what the set says that it is changed for. */
static bool
is_bounded(const struct pol_program *p, struct policy_text by, struct policy_text made, bool own)
{
	const uint32_t n = pol_find_kind(p, by.data, by.len);
	const struct pol_kind *k = (const struct pol_kind *)POL_AT(p, p->kinds.off) + (n != POL_NONE ? n : 0);

	if (pol_bytes_equal(by.data, by.len, made.data, made.len))
		return false;
	if (n == POL_NONE)
		return p->has_credentials != 0;
	if (own && k->yields.len != 0 && pol_bytes_equal(POL_AT(p, k->yields.off), k->yields.len, made.data, made.len))
		return false;
	return k->has_ceiling != 0 || k->cond.n != 0;
}

/* Is there a kind among the caller's whose bounds the other one might lack? */
static int
same_bounds(struct pol_call *c, struct policy_text kind, bool own, bool *same)
{
	const struct pol_caller *by = c->a->caller;
	int rc = pol_call_hold(c);

	if (rc != 0)
		return rc;
	*same = true;
	for (size_t i = 0; i < by->n_kinds; i++) {
		if (is_bounded(c->e->program, by->kinds[i], kind, own))
			*same = false;
	}
	pol_call_release(c);
	return 0;
}

/* When the caller's own credential ends; 0: never, or nobody knows. */
static int64_t
own_end(const struct pol_call *c)
{
	int64_t end = c->a->caller->expires_ns;

	if (c->has_token && c->token.until_ns != 0 && (end == 0 || c->token.until_ns < end))
		end = c->token.until_ns;
	return end;
}

/* NULL, or in what it exceeds the caller's own. */
static const char *
exceeds(struct pol_call *c, struct pol_tokens_want *want, int *rc)
{
	const struct pol_caller *by = c->a->caller;
	const int64_t end = own_end(c);
	bool same = false;

	if (by->several)
		return "a token is made with one credential";
	if (by->scoped && !want->scoped)
		return "a scoped credential makes no token without scopes";
	for (size_t i = 0; by->scoped && i < want->n_scopes; i++) {
		if (!has(by->scopes, by->n_scopes, want->scopes[i]))
			return "the token would have a scope that the credential it is asked with has not";
	}
	*rc = same_bounds(c, want->kind, pol_call_is_self(c, want->owner), &same);
	if (*rc != 0 || !same)
		return "the token would be of another kind than the credential it is asked with, which has a ceiling";
	if (end != 0 && want->until_ns > end && !want->itself) {
		if (want->until_said)
			return "the token would outlive the one it is asked with";
		want->until_ns = end;
	}
	return NULL;
}

int
pol_tokens_may(struct pol_call *c, struct pol_tokens_want *want, bool *actor, struct policy_text *by)
{
	const bool bound = c->has_token && (c->token.flags & POLICY_ROW_ACTOR) != 0;
	const bool own = pol_call_is_self(c, want->owner);
	const char *what;
	int rc = 0, may;

	*actor = false;
	*by = pol_call_by(c);
	if (by->data == NULL)
		return pol_call_nomem(c);
	what = exceeds(c, want, &rc);
	if (rc == 0 && what != NULL)
		rc = pol_call_escalate(c, what);
	if (rc != 0 || (own && !bound))
		return rc;
	if (own) {			/* who must be allowed with this one, must be with that one */
		*actor = true;
		*by = c->token.by;
		return 0;
	}
	may = pol_call_may(c, "policy:escalate", &(struct pol_admin_on){ .type = POLICY_TEXT("user"), .id = POLICY_TEXT("") });
	if (may <= 0)
		return may;
	if (bound || !c->has_self)	/* one of the two could not be named */
		return pol_call_fail(c, POLICY_ERR_DENIED, "%s makes a token for another user only with policy:escalate",
		    bound ? "a token that was made by somebody else" : "who is no user of the store");
	*actor = true;
	return 0;
}

/* ---- find ---- */

struct pol_admin_on
pol_tokens_on(const struct policy_row *token, const struct policy_row *owner)
{
	return (struct pol_admin_on){ .type = POLICY_TEXT("token"), .id = token->id, .user_id = token->owner,
	    .owner = owner->name, .org = owner->org, .kind = token->type };
}

int
pol_tokens_find(struct pol_call *c, const char *id, struct policy_row *token, struct policy_row *owner,
    struct pol_admin_on *on)
{
	bool found;
	int rc = pol_call_hold(c);

	memset(token, 0, sizeof(*token));
	token->size = sizeof(*token);
	memset(on, 0, sizeof(*on));
	on->type = policy_text("token");
	on->id = policy_text(id);
	if (rc != 0)
		return rc;
	found = pol_fact_find(c->e->people, POLICY_ROW_TOKEN, policy_text(id), token);
	if (found)
		rc = pol_call_keep(c, token);
	pol_call_release(c);
	if (rc != 0)
		return pol_call_nomem(c);
	if (!found)
		return POLICY_ERR_NOENT;
	(void)pol_call_owner(c, token->owner, owner);
	*on = pol_tokens_on(token, owner);
	return 0;
}
