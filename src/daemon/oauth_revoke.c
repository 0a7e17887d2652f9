/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 7009. Whoever has a token may end it: where the request has no credential it is the
 * token itself that asks. Where it has one, that one is judged first, whatever the token is,
 * and must be allowed tokens:revoke of it.
 */
#include <stdlib.h>
#include <string.h>

#include "desk.h"
#include "form.h"
#include "login.h"
#include "oauth.h"

static int
done(struct pol_call *c)
{
	c->status = 200;	/* 2.2: of an unknown one, too */
	return 0;
}

/* 0: the caller is who he says; 1: it was answered. */
static int
judge_caller(struct pol_call *c, const struct pol_caller *as)
{
	struct policy_request req = POLICY_REQUEST_INIT;
	struct policy_identity who = POLICY_IDENTITY_INIT;
	unsigned seconds;
	int reason, rc;

	if (pol_login_is_password(&as->list[0])) {
		reason = pol_login_judge(c, &as->list[0], &seconds);
	} else {
		req.credentials = as->list;
		req.credentials_count = as->count;
		req.deadline_ns = c->deadline_ns;
		rc = policy_authenticate(c->policy, &req, &who);
		reason = rc == 0 && who.verified ? POLICY_REASON_RULE : rc != 0 && rc != POLICY_ERR_ARG && rc != POLICY_ERR_LIMIT ?
		    POLICY_REASON_UNAVAILABLE : rc == 0 && who.reason != POLICY_REASON_RULE ? (int)who.reason : POLICY_REASON_BAD_CREDENTIAL;
	}
	if (reason == POLICY_REASON_RULE)
		return 0;
	if (reason == POLICY_REASON_LIMIT)
		pol_oauth_error(c, 429, "temporarily_unavailable", "Too many passwords were wrong: try again later");
	else
		pol_oauth_refuse(c, reason, NULL);
	return 1;
}

static int
end(struct pol_call *c, const struct pol_caller *as, const struct policy_identity *who)
{
	json_t *args = json_object(), *answer = NULL;
	char *text = NULL;
	int rc = POLICY_ERR_NOENT;

	json_object_set_new(args, "id", json_stringn(who->token_id.data, who->token_id.len));
	if (who->token_id.len != 0 && json_object_size(args) != 0) {
		text = json_dumps(args, JSON_COMPACT);
		rc = text != NULL ? pol_desk_ask(c, "token_revoke", as, text, &answer) : POLICY_ERR_NOMEM;
	}
	if (rc == 0)
		done(c);
	else if (rc == POLICY_ERR_NOENT)	/* 2.2.1: it is good, and not ours to end */
		pol_oauth_error(c, 400, "unsupported_token_type", "Tokens of this kind are not ended here");
	else
		pol_oauth_desk_error(c, rc, answer, "tokens:revoke");
	free(text);
	json_decref(args);
	json_decref(answer);
	return 0;
}

static int
revoke(struct pol_call *c, struct policy_text token, struct policy_text hint)
{
	struct pol_caller caller, itself;
	struct policy_identity who;
	int rc = 0;

	if (pol_caller_read(&caller, c, "Authorization") != 0) {
		pol_oauth_refuse(c, POLICY_REASON_ERROR, NULL);
	} else if (caller.count == 0 || judge_caller(c, &caller) == 0) {
		rc = pol_oauth_judge(c, token, hint, &who, &itself);
		if (rc == POLICY_ERR_UNAVAILABLE)
			rc = pol_oauth_refuse(c, POLICY_REASON_UNAVAILABLE, NULL);
		else if (rc == 0 && !who.verified)
			done(c);
		else if (rc == 0)
			rc = end(c, caller.count != 0 ? &caller : &itself, &who);
	}
	pol_caller_fini(&caller);
	return rc;
}

int
pol_oauth_revoke(struct pol_call *c)
{
	struct pol_form f;
	const char *wrong;
	struct policy_text token;
	int rc;

	if (c->nonblock)
		return POLICY_ERR_AGAIN;
	wrong = pol_form_read(&f, c);
	token = pol_form_get(&f, "token");
	if (wrong == NULL && token.data == NULL)
		wrong = "token is missing";
	if (wrong != NULL)
		rc = pol_oauth_error(c, 400, "invalid_request", wrong);
	else
		rc = revoke(c, token, pol_form_get(&f, "token_type_hint"));
	pol_form_fini(&f);
	return rc;
}
