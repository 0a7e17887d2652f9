/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token whose jti (of a bare one: hash) the store has is good as long as its row is. One that it has not is
 * another issuer's, or (`registered: true`) one that somebody made with our key, and bad.
 * Of a user whom the store has, those issued before he was made, or before all that he had
 * was made void, are bad; `iat` is in whole seconds, so that one of the same second is too.
 */
#include "row.h"

#include <string.h>

static bool
is_same(struct policy_text a, struct policy_text b)
{
	return a.data != NULL && b.data != NULL && a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

static enum policy_check_result
fail(const struct policy_host *h, struct policy_identity *id, enum policy_reason reason)
{
	(void)h->set_reason(id, reason);
	return POLICY_CHECK_FAIL;
}

/* It has the ceiling of the kind that it was made as. */
static bool
name_kind(const struct jwt_conf *c, const struct policy_host *h, struct policy_identity *id, struct policy_text sent,
    struct policy_text kind)
{
	for (size_t i = 0; i < c->kinds.n; i++) {
		if (is_same(c->kinds.list[i], kind))
			return h->set_kind(id, kind) == 0;
	}
	return c->kinds.n == 0 && (!c->ceilings || is_same(sent, kind));
}

static enum policy_check_result
judge_token(const struct jwt_conf *c, const struct policy_host *h, const struct policy_call *call, int64_t expires,
    const struct policy_account *token, const struct policy_account *user, struct policy_identity *id)
{
	if (((token->flags | user->flags) & POLICY_ROW_GONE) != 0 || (user->flags & POLICY_ROW_OFF) != 0 ||
	    token->from_ns < user->from_ns || token->secret.len != 0 || !is_same(user->name, id->subject_id))
		return fail(h, id, POLICY_REASON_REVOKED);
	if (token->until_ns != 0 && call->now_ns >= token->until_ns)
		return fail(h, id, POLICY_REASON_EXPIRED);
	if (!name_kind(c, h, id, call->credential->kind, token->type))
		return POLICY_CHECK_FAIL;
	if (token->until_ns != 0 && (expires == 0 || token->until_ns < expires))
		h->set_expires(id, token->until_ns);
	if ((token->flags & POLICY_ROW_SCOPED) != 0)
		h->set_scoped(id);
	return POLICY_CHECK_PASS;
}

/* One that the store does not have. */
static enum policy_check_result
judge_user(const struct jwt_conf *c, const struct policy_host *h, const struct jwt_value *payload,
    struct policy_account *user, struct policy_identity *id)
{
	int64_t issued, since;

	if (h->find_user(h, c->type, id->subject_id, user) != 0)
		return POLICY_CHECK_PASS;	/* whether a store has to be there is the library's to judge */
	since = user->from_ns > user->made_ns ? user->from_ns : user->made_ns;
	if ((user->flags & POLICY_ROW_OFF) != 0 || (since > 0 && (!jwt_claims_issued(payload, &issued) || issued < since)))
		return fail(h, id, POLICY_REASON_REVOKED);
	return POLICY_CHECK_PASS;
}

enum policy_check_result
jwt_row_judge(const struct jwt_conf *c, const struct policy_host *h, const struct jwt_value *payload,
    struct policy_text name, const struct policy_call *call, int64_t expires, struct policy_identity *id)
{
	struct policy_account token, user;	/* not emptied: 24 KiB */
	int rc = POLICY_ERR_NOENT;

	token.size = user.size = sizeof(token);
	if (name.len > 0)
		rc = h->find_token_id(h, name, &token, &user);
	if (rc == 0)
		return judge_token(c, h, call, expires, &token, &user, id);
	if (c->registered && rc == POLICY_ERR_NOENT)
		return fail(h, id, POLICY_REASON_REVOKED);
	if (c->registered || (rc != POLICY_ERR_NOENT && rc != POLICY_ERR_UNAVAILABLE))
		return POLICY_CHECK_ERROR;
	return judge_user(c, h, payload, &user, id);
}
