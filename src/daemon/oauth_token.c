/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 6749, section 4.3: a name and a password for a token, as Swagger's Authorize button
 * asks for it. There are no clients here that would have to say who they are: that button
 * sends an empty client in Authorization, which is not looked at.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "desk.h"
#include "form.h"
#include "oauth.h"

enum { SCOPES = 128, ANSWER_BYTES = 16384 };

/* RFC 6749, 3.3: words with one blank between, as a JSON list; NULL: it is no such thing. */
static json_t *
scopes_of(struct policy_text scope)
{
	json_t *list = json_array();
	const char *s = scope.data, *end = s + scope.len;

	for (size_t n = 0; list != NULL && n < SCOPES; n++) {
		const char *blank = memchr(s, ' ', (size_t)(end - s)), *stop = blank != NULL ? blank : end;

		for (const char *b = s; b < stop; b++)
			if (*b < '!' || *b > '~' || *b == '"' || *b == '\\')
				stop = s;
		if (stop == s || json_array_append_new(list, json_stringn(s, (size_t)(stop - s))) != 0)
			break;
		if (blank == NULL)
			return list;
		s = blank + 1;
	}
	json_decref(list);
	return NULL;
}

/* A refusal of RFC 6749, 5.2. It does not say whether there is such a user. */
static int
refuse(struct pol_call *c, int rc, const json_t *answer, bool scoped)
{
	const char *reason = json_string_value(json_object_get(answer, "reason"));
	static const int proofs[] = { POLICY_REASON_BAD_CREDENTIAL, POLICY_REASON_EXPIRED, POLICY_REASON_REVOKED,
		POLICY_REASON_NO_CREDENTIAL };

	for (size_t i = 0; rc == POLICY_ERR_DENIED && reason != NULL && i < sizeof(proofs) / sizeof(proofs[0]); i++)
		if (strcmp(reason, policy_reason_name(proofs[i])) == 0)
			return pol_oauth_error(c, 400, "invalid_grant", "Name or password is not right");
	if (rc == POLICY_ERR_DENIED)
		return scoped ? pol_oauth_error(c, 400, "invalid_scope", "The scope is not given to this user") :
		    pol_oauth_error(c, 400, "unauthorized_client", "This user is given no token");
	if (rc == POLICY_ERR_INVALID)
		return scoped ? pol_oauth_error(c, 400, "invalid_scope", "There is no such scope, or it is not given") :
		    pol_oauth_error(c, 400, "invalid_request", "No such token can be made");
	return pol_oauth_desk_error(c, rc, answer, NULL);
}

static void
member(struct pol_text *t, const char *name, const char *value, size_t len)
{
	pol_text_str(t, name);
	pol_text_json(t, value, len);
}

/* RFC 6749, 5.1 */
static int
tell(struct pol_call *c, const json_t *made)
{
	const json_t *secret = json_object_get(made, "secret"), *expires = json_object_get(made, "expires_unix"),
	    *scopes = json_object_get(made, "scopes");
	const json_int_t left = json_integer_value(expires) - (json_int_t)time(NULL);
	struct pol_text *t = &c->out, words = { NULL, 0, 0, false };
	json_t *seconds;
	char *text;

	if (!json_is_string(secret))
		return pol_oauth_error(c, 500, "server_error", "The token was made, and cannot be told");
	c->status = 200;
	c->type = "application/json";
	pol_call_add(c, "Pragma", "no-cache");
	for (int i = 0; i < ANSWER_BYTES / 16; i++)	/* what grows leaves copies of itself behind */
		pol_text_str(t, "                ");
	t->len = 0;
	member(t, "{\"access_token\":", json_string_value(secret), json_string_length(secret));
	pol_text_str(t, ",\"token_type\":\"Bearer\"");
	seconds = json_is_integer(expires) ? json_integer(left > 0 ? left : 0) : NULL;
	text = seconds != NULL ? json_dumps(seconds, JSON_ENCODE_ANY) : NULL;
	if (text != NULL) {
		pol_text_str(t, ",\"expires_in\":");
		pol_text_str(t, text);
	}
	free(text);
	json_decref(seconds);
	if (json_is_array(scopes)) {
		for (size_t i = 0; i < json_array_size(scopes); i++) {
			pol_text_str(&words, i == 0 ? "" : " ");
			pol_text_str(&words, json_string_value(json_array_get(scopes, i)));
		}
		member(t, ",\"scope\":", words.data != NULL ? words.data : "", words.len);
	}
	t->failed |= words.failed;
	pol_text_fini(&words);
	pol_text_str(t, "}");
	return 0;
}

static int
ask(struct pol_call *c, struct policy_text name, struct policy_text password, struct policy_text scope)
{
	struct pol_caller as = { .count = 1 };
	json_t *args = json_object(), *answer = NULL, *scopes;
	char *text;
	int rc;

	if (scope.data != NULL) {
		scopes = scopes_of(scope);
		if (scopes == NULL) {
			json_decref(args);
			return pol_oauth_error(c, 400, "invalid_scope", "The scope is malformed");
		}
		json_object_set_new(args, "scopes", scopes);
	}
	as.list[0].kind = policy_text("password");
	as.list[0].name = name;
	as.list[0].data = password;
	text = json_dumps(args, JSON_COMPACT);
	rc = text != NULL ? pol_desk_ask(c, "login", &as, text, &answer) : POLICY_ERR_NOMEM;
	if (rc == 0)
		rc = tell(c, answer);
	else if (rc != POLICY_ERR_AGAIN || !c->nonblock)
		rc = refuse(c, rc, answer, scope.data != NULL);
	free(text);
	json_decref(args);
	json_decref(answer);
	return rc;
}

int
pol_oauth_token(struct pol_call *c)
{
	struct pol_form f;
	struct policy_text grant, name, password;
	const char *wrong = pol_form_read(&f, c);
	int rc;

	grant = pol_form_get(&f, "grant_type");
	name = pol_form_get(&f, "username");
	password = pol_form_get(&f, "password");
	if (wrong != NULL)
		rc = pol_oauth_error(c, 400, "invalid_request", wrong);
	else if (grant.data == NULL)
		rc = pol_oauth_error(c, 400, "invalid_request", "grant_type is missing");
	else if (strcmp(grant.data, "password") != 0)
		rc = pol_oauth_error(c, 400, "unsupported_grant_type", "grant_type must be password");
	else if (name.data == NULL || password.data == NULL)
		rc = pol_oauth_error(c, 400, "invalid_request", "username and password are wanted");
	else
		rc = ask(c, name, password, pol_form_get(&f, "scope"));
	pol_form_fini(&f);
	return rc;
}
