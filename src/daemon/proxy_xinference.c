/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Denials as Xinference's own guard says them, so that its clients and its web page show
 * what they show there: `detail`, and in WWW-Authenticate the scope that the route asks
 * for, which here is its action.
 */
#include <stdio.h>
#include <string.h>

#include "proxy.h"

/* How it is said; `key`: of an API key from version 3 on. */
static const struct said {
	unsigned status;
	const char *text, *key;
} forbidden = { 403, "Not enough permissions", NULL },
    said[POLICY_REASON__COUNT] = {
	[POLICY_REASON_NO_CREDENTIAL] = { 401, "Not authenticated", NULL },
	[POLICY_REASON_BAD_CREDENTIAL] = { 401, "Could not validate credentials", NULL },
	[POLICY_REASON_EXPIRED] = { 401, "Could not validate credentials", "API key has expired" },
	[POLICY_REASON_REVOKED] = { 401, "Could not validate credentials", "API key is disabled" },
	[POLICY_REASON_UNAVAILABLE] = { 503, "It cannot be decided now whether this is allowed: try again later", NULL },
	[POLICY_REASON_CEILING] = { 403, "Not enough permissions", "API keys can only access model query and inference endpoints" },
};

void
pol_proxy_xinference(struct pol_call *c, const struct policy_decision *d, const struct policy_routed *r, bool is_key)
{
	const bool is_new = c->on->style == POL_STYLE_XINFERENCE_3;
	const struct said *s = &forbidden;
	const char *text;
	char value[320] = "Bearer", body[256];

	if (d->reason < POLICY_REASON__COUNT && said[d->reason].text != NULL)
		s = &said[d->reason];
	/* until version 2 who sends nothing is told so, and not what he lacks */
	if (is_new && d->reason == POLICY_REASON_NO_CREDENTIAL)
		s = &said[POLICY_REASON_BAD_CREDENTIAL];
	text = is_new && is_key && s->key != NULL ? s->key : s->text;
	if (r != NULL && r->found != 0 && r->action_len != 0 && s != &said[POLICY_REASON_NO_CREDENTIAL])
		snprintf(value, sizeof(value), "Bearer scope=\"%.*s\"", (int)r->action_len, r->action);
	snprintf(body, sizeof(body), "{\"detail\":\"%s\"}", text);
	c->status = s->status;
	c->type = "application/json";
	pol_text_str(&c->out, body);
	pol_call_add(c, "X-Policy-Error", body);
	if (s->status == 503)
		pol_call_add(c, "Retry-After", "1");
	else
		pol_call_add(c, "WWW-Authenticate", value);
}
