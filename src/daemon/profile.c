/* SPDX-License-Identifier: Apache-2.0 */
#include "profile.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "desk.h"

/* ---- errors ---- */

static const struct {
	unsigned status;
	const char *type;
} types[] = {
	{ 400, "invalid_request_error" }, { 401, "authentication_error" }, { 403, "permission_error" },
	{ 404, "not_found_error" }, { 409, "conflict_error" }, { 429, "rate_limit_error" },
};

static const char *
type_of(unsigned status)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].status == status)
			return types[i].type;
	return "api_error";
}

static void
member(struct pol_text *t, const char *before, const char *text)
{
	pol_text_str(t, before);
	pol_text_json(t, text, strlen(text));
}

int
pol_profile_fail(struct pol_call *c, const char *also, unsigned status, const char *code, const char *text)
{
	static const char *const bad[] = { "bad_credential", "expired", "revoked" };
	const char *challenge = status == 401 ? "Bearer realm=\"policy\"" : NULL;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (status == 401 && strcmp(code, bad[i]) == 0)
			challenge = "Bearer realm=\"policy\", error=\"invalid_token\"";
	if (status == 403 && strcmp(code, "insufficient_scope") == 0)
		challenge = "Bearer realm=\"policy\", error=\"insufficient_scope\"";
	c->status = status;
	c->type = "application/json";
	c->out.len = 0;
	member(&c->out, "{\"detail\":", text);
	member(&c->out, ",\"message\":", text);
	if (also != NULL) {
		member(&c->out, ",", also);
		member(&c->out, ":", text);
	}
	member(&c->out, ",\"error\":{\"message\":", text);
	member(&c->out, ",\"type\":", type_of(status));
	member(&c->out, ",\"param\":null,\"code\":", code);
	pol_text_str(&c->out, "}}");
	if (challenge != NULL)
		pol_call_add(c, "WWW-Authenticate", challenge);
	if (status == 503)
		pol_call_add(c, "Retry-After", "1");
	return 0;
}

/* What the desk says in HTTP. A reason is one of policy_reason_name(). */
static const struct {
	const char *reason;
	unsigned status;
	const char *text;
} reasons[] = {
	{ "no_credential", 401, "Not authenticated: no credential was sent, and this needs one" },
	{ "bad_credential", 401, "The credential is not valid" },
	{ "expired", 401, "The credential has expired" },
	{ "revoked", 401, "The credential has been revoked" },
	{ "unavailable", 503, "It cannot be decided now whether this is allowed: try again later" },
	{ "insufficient_scope", 403, "The token's scopes do not allow this" },
	{ "ceiling", 403, "A credential of this kind does not allow this" },
};

static const struct {
	int code;
	unsigned status;
	const char *word;
} codes[] = {
	{ POLICY_ERR_ARG, 400, "invalid_request" }, { POLICY_ERR_INVALID, 400, "invalid_request" },
	{ POLICY_ERR_LIMIT, 400, "invalid_request" }, { POLICY_ERR_NOENT, 404, "not_found" },
	{ POLICY_ERR_EXISTS, 409, "exists" }, { POLICY_ERR_UNSUPPORTED, 501, "unsupported" },
	{ POLICY_ERR_UNAVAILABLE, 503, "unavailable" }, { POLICY_ERR_AGAIN, 503, "unavailable" },
};

static const char *
or_empty(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s != NULL ? s : "";
}

void
pol_profile_refused(struct pol_call *c, const char *also, int rc, const json_t *answer)
{
	const char *reason = or_empty(answer, "reason"), *text = or_empty(answer, "text");

	if (rc == POLICY_ERR_LIMIT && json_object_get(answer, "retry_after") != NULL) {
		pol_profile_fail(c, also, 429, "rate_limited", "Too many passwords were wrong: try again later");
		return;
	}
	for (size_t i = 0; rc == POLICY_ERR_DENIED && i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (strcmp(reason, reasons[i].reason) == 0) {
			pol_profile_fail(c, also, reasons[i].status, reason, reasons[i].text);
			return;
		}
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (rc == codes[i].code) {
			pol_profile_fail(c, also, codes[i].status, codes[i].word, text[0] != '\0' ? text : "It cannot be done");
			return;
		}
	if (rc == POLICY_ERR_DENIED)
		pol_profile_fail(c, also, 403, "forbidden", "Not enough permissions");
	else
		pol_profile_fail(c, also, 500, "internal", "It could not be done");
}

/* ---- what was asked ---- */

static bool
is_json(const struct pol_call *c)
{
	static const char json[] = "application/json";
	unsigned times = 0;
	const char *type = pol_call_header(c, "Content-Type", &times);

	return times == 1 && strncasecmp(type, json, sizeof(json) - 1) == 0 && strchr("; \t", type[sizeof(json) - 1]) != NULL &&
	    pol_call_header(c, "Content-Encoding", NULL) == NULL;
}

json_t *
pol_profile_body(struct pol_call *c, const char *also)
{
	json_t *body = NULL;

	if (!is_json(c)) {
		pol_profile_fail(c, also, 415, "invalid_request", "A body of the type application/json is wanted");
		return NULL;
	}
	if (c->body != NULL && c->body_len > 0)
		body = json_loadb(c->body, c->body_len, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(body))
		return body;
	json_decref(body);
	pol_profile_fail(c, also, 400, "invalid_request", "The body is no object in JSON");
	return NULL;
}

const char *
pol_profile_text(const json_t *body, const char *name)
{
	const char *s = json_string_value(json_object_get(body, name));

	return s != NULL && s[0] != '\0' ? s : NULL;
}

bool
pol_profile_caller(struct pol_call *c, const char *also, struct pol_caller *w)
{
	if (pol_caller_read(w, c, "Authorization") == 0)
		return true;
	pol_caller_fini(w);
	pol_profile_fail(c, also, 400, "invalid_request", "A credential was sent twice, or in no form that is known");
	return false;
}

/* ---- at the desk ---- */

int
pol_profile_try(struct pol_call *c, const char *call, const struct pol_caller *as, json_t *args, json_t **answer)
{
	char *text = args != NULL ? json_dumps(args, JSON_COMPACT) : NULL;
	int rc = POLICY_ERR_NOMEM;

	*answer = NULL;
	json_decref(args);
	if (text == NULL)
		return rc;
	rc = pol_desk_ask(c, call, as, text, answer);
	explicit_bzero(text, strlen(text));
	free(text);
	return rc;
}

int
pol_profile_ask(struct pol_call *c, const char *also, const char *call, const struct pol_caller *as, json_t *args,
    json_t **answer)
{
	int rc = pol_profile_try(c, call, as, args, answer);

	if (rc == 0 || (rc == POLICY_ERR_AGAIN && c->nonblock))
		return rc;
	pol_profile_refused(c, also, rc, *answer);
	json_decref(*answer);
	*answer = NULL;
	return 1;
}

int
pol_profile_say(struct pol_call *c, json_t *body)
{
	char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;

	json_decref(body);
	if (text == NULL)
		return POLICY_ERR_NOMEM;
	c->status = 200;
	pol_text_str(&c->out, text);
	explicit_bzero(text, strlen(text));
	free(text);
	return 0;
}
