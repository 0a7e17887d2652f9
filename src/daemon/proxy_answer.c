/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers to proxies. What is said of the client's identity is said always, also where
 * there is none: a header that is missing is one that a client could have sent itself.
 *
 * The error is one JSON object that clients of several interfaces read, each its own
 * member: `detail` (FastAPI), `error` (OpenAI, Anthropic), `message` (integrate.ai,
 * TorchServe, which reads `code` and `type` too). It goes into a header as well, for
 * nginx drops the body of what auth_request asks. It never holds text of the request.
 */
#include <stdio.h>
#include <string.h>

#include "proxy.h"

/* Why: the word and the sentence that a client sees. How the set is written is not his to know. */
static const struct said {
	const char *code, *challenge, *text;
} forbidden = { "forbidden", NULL, "Not enough permissions" }, said[POLICY_REASON__COUNT] = {
	[POLICY_REASON_NO_CREDENTIAL] = { "no_credential", NULL,
	    "Not authenticated: no credential was sent, and this needs one (Authorization: Bearer TOKEN)" },
	[POLICY_REASON_BAD_CREDENTIAL] = { "bad_credential", "invalid_token", "The credential is not valid" },
	[POLICY_REASON_EXPIRED] = { "expired", "invalid_token", "The credential has expired" },
	[POLICY_REASON_REVOKED] = { "revoked", "invalid_token", "The credential has been revoked" },
	[POLICY_REASON_UNAVAILABLE] = { "unavailable", NULL,
	    "It cannot be decided now whether this is allowed: try again later" },
	[POLICY_REASON_INSUFFICIENT_SCOPE] = { "insufficient_scope", "insufficient_scope",
	    "The token's scopes do not allow this" },
	[POLICY_REASON_CEILING] = { "ceiling", NULL, "A credential of this kind does not allow this" },
};

static const struct status {
	unsigned status;
	const char *type;
} types[] = {
	{ 401, "authentication_error" },
	{ 403, "permission_error" },
	{ 503, "api_error" },
};

enum { TEXT = 3 * (64 + 1 + 255) + 1 };	/* a type and an id, each byte escaped */

/* Visible ASCII but for what escapes and what ends a value in a list; the rest as %XX. So two
 * identities never read the same. Returns the end. */
static char *
escape(char *to, const char *from, size_t len, const char *also)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++) {
		const unsigned char b = (unsigned char)from[i];

		if (b > ' ' && b < 0x7f && strchr("%\"\\,;", b) == NULL && strchr(also, b) == NULL) {
			*to++ = (char)b;
		} else {
			*to++ = '%';
			*to++ = hex[b >> 4];
			*to++ = hex[b & 15];
		}
	}
	*to = '\0';
	return to;
}

/* Empty is sent as a blank, which is nothing to who receives it: libmicrohttpd sends no empty value. */
static void
tell(struct pol_call *c, const char *name, const char *value)
{
	pol_call_add(c, name, value[0] == '\0' ? " " : value);
}

/* A user is one of the type `user`: a service of the same name is somebody else. */
static void
identify(struct pol_call *c, const struct policy_decision *d)
{
	const bool user = strcmp(d->subject_type, "user") == 0;
	char text[TEXT], *end = text;

	escape(text, d->subject_id, user ? d->subject_id_len : 0, "");
	tell(c, "X-Policy-User", text);
	text[0] = '\0';
	if (d->subject_id_len != 0) {
		end = escape(text, d->subject_type, d->subject_type_len, ":");
		*end++ = ':';
		escape(end, d->subject_id, d->subject_id_len, "");
	}
	tell(c, "X-Policy-Subject", text);
	escape(text, d->token_id, d->token_id_len, "");
	tell(c, "X-Policy-Token-Id", text);
	pol_call_add(c, "X-Policy-Reason", policy_reason_name((int)d->reason));
}

static void
challenge(struct pol_call *c, unsigned status, const char *error, const char *text)
{
	char value[256];

	if (status != 401 && error == NULL)
		return;
	if (error == NULL)
		strcpy(value, "Bearer realm=\"policy\"");
	else
		snprintf(value, sizeof(value), "Bearer realm=\"policy\", error=\"%s\", error_description=\"%s\"",
		    error, text);
	pol_call_add(c, "WWW-Authenticate", value);
}

static void
fail(struct pol_call *c, unsigned status, const struct said *s)
{
	const char *type = types[1].type;
	char body[768];
	int n;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].status == status)
			type = types[i].type;
	n = snprintf(body, sizeof(body),
	    "{\"detail\": \"%s\", \"message\": \"%s\", \"type\": \"error\", \"code\": %u, "
	    "\"error\": {\"message\": \"%s\", \"type\": \"%s\", \"param\": null, \"code\": \"%s\"}}",
	    s->text, s->text, status, s->text, type, s->code);
	c->status = status;
	c->type = "application/json";
	if (n > 0 && (size_t)n < sizeof(body)) {
		pol_call_add(c, "X-Policy-Error", body);
		pol_text_add(&c->out, body, (size_t)n);
	}
	challenge(c, status, s->challenge, s->text);
	if (status == 503)
		pol_call_add(c, "Retry-After", "1");
}

void
pol_proxy_malformed(struct pol_call *c, const char *text)
{
	const struct said s = { "invalid_request", "invalid_request", text };
	struct policy_decision nobody = POLICY_DECISION_INIT;

	identify(c, &nobody);
	nobody.reason = POLICY_REASON_BAD_CREDENTIAL;
	if (c->on->style != POL_STYLE_COMMON)
		pol_proxy_xinference(c, &nobody, NULL, false);
	else
		fail(c, 401, &s);
}

void
pol_proxy_answer(struct pol_call *c, const struct policy_decision *d, const struct policy_routed *r, bool is_key)
{
	const struct said *s = &forbidden;

	identify(c, d);
	if (d->verdict == POLICY_ALLOW) {
		c->status = 200;
		return;
	}
	if (c->on->style != POL_STYLE_COMMON) {
		pol_proxy_xinference(c, d, r, is_key);
		return;
	}
	if (d->reason < POLICY_REASON__COUNT && said[d->reason].code != NULL)
		s = &said[d->reason];
	/* Anything but what a proxy knows for a deny is none it could take for a yes. */
	fail(c, d->status == 401 || d->status == 503 ? d->status : 403, s);
}
