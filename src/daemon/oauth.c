/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of OAuth's endpoints, and how they refuse. Their errors are those of the
 * RFCs, which clients read; none has a text of the request in it, nor of a credential.
 */
#include "oauth.h"

#include <stdio.h>
#include <string.h>

const struct pol_route pol_oauth_routes[] = {
	{ "POST", "/oauth2/token", false, POL_SERVE_MANAGE | POL_SERVE_OAUTH, 0, pol_oauth_token },
	{ "POST", "/oauth2/introspect", false, POL_SERVE_MANAGE | POL_SERVE_OAUTH, POL_MAY_EVALUATE, pol_oauth_introspect },
	{ "POST", "/oauth2/revoke", false, POL_SERVE_MANAGE | POL_SERVE_OAUTH, 0, pol_oauth_revoke },
	{ "GET", "/.well-known/jwks.json", false, POL_SERVE_MANAGE | POL_SERVE_OAUTH, 0, pol_oauth_jwks },
	{ "GET", "/.well-known/oauth-authorization-server", true, POL_SERVE_MANAGE | POL_SERVE_OAUTH, 0, pol_oauth_metadata },
	{ NULL, NULL, false, 0, 0, NULL },
};

int
pol_oauth_error(struct pol_call *c, unsigned status, const char *code, const char *text)
{
	c->status = status;
	c->type = "application/json";
	c->out.len = 0;
	pol_call_add(c, "Pragma", "no-cache");
	pol_text_str(&c->out, "{");
	if (code != NULL) {
		pol_text_str(&c->out, "\"error\":");
		pol_text_json(&c->out, code, strlen(code));
		pol_text_str(&c->out, ",");
	}
	pol_text_str(&c->out, "\"error_description\":");
	pol_text_json(&c->out, text, strlen(text));
	pol_text_str(&c->out, "}");
	return 0;
}

void
pol_oauth_challenge(struct pol_call *c, const char *code, const char *text, const char *scope)
{
	char value[512];
	int n = snprintf(value, sizeof(value), "Bearer realm=\"policy\"");

	if (code != NULL)
		n += snprintf(value + n, sizeof(value) - (size_t)n, ", error=\"%s\"", code);
	if (text != NULL)
		n += snprintf(value + n, sizeof(value) - (size_t)n, ", error_description=\"%s\"", text);
	if (scope != NULL)
		snprintf(value + n, sizeof(value) - (size_t)n, ", scope=\"%s\"", scope);
	pol_call_add(c, "WWW-Authenticate", value);
}

/* RFC 6750, section 3.1; nothing of it is said to who sent no credential. */
static const struct refusal {
	unsigned status;
	const char *code, *text;
} forbidden = { 403, "insufficient_scope", "This caller may not do this" }, refusals[POLICY_REASON__COUNT] = {
	[POLICY_REASON_ERROR] = { 400, "invalid_request", "A credential was sent twice, or in no form that is known" },
	[POLICY_REASON_NO_CREDENTIAL] = { 401, NULL, "A credential is wanted" },
	[POLICY_REASON_BAD_CREDENTIAL] = { 401, "invalid_token", "The credential is not valid" },
	[POLICY_REASON_EXPIRED] = { 401, "invalid_token", "The credential has expired" },
	[POLICY_REASON_REVOKED] = { 401, "invalid_token", "The credential has been revoked" },
	[POLICY_REASON_UNAVAILABLE] = { 503, NULL, "The credential cannot be judged now" },
	[POLICY_REASON_INSUFFICIENT_SCOPE] = { 403, "insufficient_scope", "The credential's scopes do not allow this" },
};

int
pol_oauth_refuse(struct pol_call *c, int reason, const char *scope)
{
	const struct refusal *r = &forbidden;

	if (reason >= 0 && reason < POLICY_REASON__COUNT && refusals[reason].status != 0)
		r = &refusals[reason];
	if (r->status == 503)
		pol_call_add(c, "Retry-After", "1");
	else
		pol_oauth_challenge(c, r->code, r->code != NULL ? r->text : NULL, r->status == 403 ? scope : NULL);
	return pol_oauth_error(c, r->status, r->code != NULL ? r->code : r->status == 503 ? "temporarily_unavailable" : NULL, r->text);
}

int
pol_oauth_desk_error(struct pol_call *c, int rc, const json_t *answer, const char *scope)
{
	const char *reason = json_string_value(json_object_get(answer, "reason"));

	switch (rc) {
	case POLICY_ERR_DENIED:
		for (int i = 0; reason != NULL && i < POLICY_REASON__COUNT; i++)
			if (i != POLICY_REASON_ERROR && strcmp(policy_reason_name(i), reason) == 0)
				return pol_oauth_refuse(c, i, scope);
		return pol_oauth_refuse(c, POLICY_REASON_DENIED, scope);
	case POLICY_ERR_LIMIT:
		if (json_object_get(answer, "retry_after") != NULL)
			return pol_oauth_error(c, 429, "temporarily_unavailable", "Too many passwords were wrong: try again later");
		return pol_oauth_error(c, 400, "invalid_request", "What was asked for is too long");
	case POLICY_ERR_UNSUPPORTED:
		return pol_oauth_error(c, 501, "temporarily_unavailable", "Nothing is changed here: there is no keeper, or no store");
	case POLICY_ERR_UNAVAILABLE:
		return pol_oauth_refuse(c, POLICY_REASON_UNAVAILABLE, NULL);
	default:
		return pol_oauth_error(c, 500, "server_error", "The request could not be handled");
	}
}

/* ---- whose a token is ---- */

static bool
is_kind(struct policy_text t)
{
	static const char *const never[] = { "password", "peer", "totp", "access_token", "refresh_token" };	/* no kinds of tokens */

	if (t.len == 0 || t.len > 64)
		return false;
	for (size_t i = 0; i < t.len; i++)
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789_", t.data[i]) == NULL)
			return false;
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (t.len == strlen(never[i]) && memcmp(t.data, never[i], t.len) == 0)
			return false;
	return true;
}

static bool
is_same(struct policy_text a, struct policy_text b)
{
	return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

static int
judge(struct pol_call *c, const struct pol_caller *as, struct policy_identity *who)
{
	struct policy_request req = POLICY_REQUEST_INIT;
	int rc;

	req.credentials = as->list;
	req.credentials_count = 1;
	req.flags = c->nonblock ? POLICY_NONBLOCK : 0;
	req.deadline_ns = c->deadline_ns;
	*who = (struct policy_identity)POLICY_IDENTITY_INIT;
	rc = policy_authenticate(c->policy, &req, who);
	if (rc == POLICY_ERR_AGAIN && c->nonblock)
		return rc;
	if ((rc == 0 && !who->verified && who->reason == POLICY_REASON_UNAVAILABLE) || (rc != 0 && rc != POLICY_ERR_ARG && rc != POLICY_ERR_LIMIT))
		return POLICY_ERR_UNAVAILABLE;
	return 0;
}

/* RFC 7662, 2.1: where the hint does not find it, all kinds are looked at. One that is known
 * and no longer good is not looked for among the others. */
int
pol_oauth_judge(struct pol_call *c, struct policy_text token, struct policy_text hint, struct policy_identity *who,
    struct pol_caller *as)
{
	struct policy_text kinds[3] = { hint, POLICY_TEXT("bearer"), POLICY_TEXT("api_key") };
	int rc = 0;

	memset(as->list, 0, sizeof(as->list));
	as->bytes[0] = '\0';
	as->count = 1;
	as->list[0].data = token;
	*who = (struct policy_identity)POLICY_IDENTITY_INIT;
	for (size_t i = 0; i < 3 && rc == 0 && !who->verified; i++) {
		if (!is_kind(kinds[i]) || (i > 0 && is_same(kinds[i], hint)))
			continue;
		if (who->reason != POLICY_REASON_ERROR && who->reason != POLICY_REASON_BAD_CREDENTIAL)
			break;
		as->list[0].kind = kinds[i];
		rc = judge(c, as, who);
	}
	return rc;
}
