/* SPDX-License-Identifier: Apache-2.0 */
/* What the management API answers: values, and errors that clients of several kinds read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manage.h"

int
pol_manage_fail(struct pol_call *c, unsigned status, const char *code, const char *text)
{
	static const struct { unsigned status; const char *type; } types[] = {
		{ 401, "authentication_error" }, { 403, "permission_error" }, { 404, "not_found_error" }, { 409, "conflict_error" }, { 429, "rate_limit_error" },
		{ 500, "server_error" }, { 501, "server_error" }, { 503, "server_error" }
	};
	const char *type = "invalid_request_error";

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].status == status)
			type = types[i].type;
	c->status = status;
	c->type = NULL;
	c->out.len = 0;
	pol_text_str(&c->out, "{\"detail\":");
	pol_text_json(&c->out, text, strlen(text));
	pol_text_str(&c->out, ",\"message\":");
	pol_text_json(&c->out, text, strlen(text));
	pol_text_str(&c->out, ",\"error\":{\"message\":");
	pol_text_json(&c->out, text, strlen(text));
	pol_text_str(&c->out, ",\"type\":\"");
	pol_text_str(&c->out, type);
	pol_text_str(&c->out, "\",\"code\":\"");
	pol_text_str(&c->out, code);
	pol_text_str(&c->out, "\"}}");
	return 0;
}

static const struct said {
	const char *reason;
	unsigned status;
	const char *code, *challenge, *text;
} reasons[] = {
	{ "no_credential", 401, "no_credential", "Bearer realm=\"policy\"", "a credential is wanted" },
	{ "bad_credential", 401, "invalid_token", "Bearer realm=\"policy\", error=\"invalid_token\"", "the credential is not valid" },
	{ "expired", 401, "invalid_token", "Bearer realm=\"policy\", error=\"invalid_token\"", "the credential has expired" },
	{ "revoked", 401, "invalid_token", "Bearer realm=\"policy\", error=\"invalid_token\"", "the credential is revoked" },
	{ "insufficient_scope", 403, "insufficient_scope", "Bearer realm=\"policy\", error=\"insufficient_scope\"", NULL },
	{ NULL, 403, "access_denied", NULL, NULL }
};

static const struct { int code; unsigned status; const char *name; } codes[] = {
	{ POLICY_ERR_ARG, 400, "invalid_request" }, { POLICY_ERR_LIMIT, 400, "too_long" }, { POLICY_ERR_NOENT, 404, "not_found" },
	{ POLICY_ERR_EXISTS, 409, "exists" }, { POLICY_ERR_INVALID, 422, "invalid" }, { POLICY_ERR_UNSUPPORTED, 501, "unsupported" },
	{ POLICY_ERR_UNAVAILABLE, 503, "unavailable" }, { POLICY_ERR_AGAIN, 503, "unavailable" }
};

int
pol_manage_refuse(struct pol_call *c, int code, const char *reason, const char *text)
{
	const struct said *s = reasons;

	if (code == POLICY_ERR_LIMIT && reason != NULL)	/* a password that is not judged yet */
		return pol_manage_fail(c, 429, "too_many_requests", text);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (codes[i].code != code)
			continue;
		if (codes[i].status == 503)
			pol_call_add(c, "Retry-After", "1");
		return pol_manage_fail(c, codes[i].status, codes[i].name, text);
	}
	if (code != POLICY_ERR_DENIED)
		return pol_manage_fail(c, 500, "server_error", "the request could not be handled");
	while (s->reason != NULL && (reason == NULL || strcmp(s->reason, reason) != 0))
		s++;
	if (s->challenge != NULL)
		pol_call_add(c, "WWW-Authenticate", s->challenge);
	return pol_manage_fail(c, s->status, s->code, s->text != NULL ? s->text : text);
}

int
pol_manage_say(struct pol_call *c, unsigned status, json_t *value)
{
	char *text = value != NULL ? json_dumps(value, JSON_COMPACT) : NULL;

	json_decref(value);
	if (text == NULL)
		return pol_manage_fail(c, 500, "server_error", "out of memory");
	c->status = status;
	pol_text_str(&c->out, text);
	explicit_bzero(text, strlen(text));
	free(text);
	return 0;
}
