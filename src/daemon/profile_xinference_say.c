/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers as Xinference gives them: its clients show `detail`, which has to be a text, and
 * fall over where it is missing.
 */
#include "profile_xinference.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

int
pol_xinference_fail(struct pol_call *c, unsigned status, const char *text, const char *scope)
{
	char value[128] = "Bearer";

	if (scope != NULL)
		snprintf(value, sizeof(value), "Bearer scope=\"%s\"", scope);
	c->status = status;
	c->type = "application/json";
	c->out.len = 0;
	pol_text_str(&c->out, "{\"detail\":");
	pol_text_json(&c->out, text, strlen(text));
	pol_text_str(&c->out, "}");
	if (status == 401 || (status == 403 && scope != NULL))
		pol_call_add(c, "WWW-Authenticate", value);
	if (status == 503)
		pol_call_add(c, "Retry-After", "1");
	return 0;
}

int
pol_xinference_say(struct pol_call *c, unsigned status, json_t *body)
{
	const int rc = pol_profile_say(c, body);

	if (rc == 0)
		c->status = status;
	return rc;
}

json_t *
pol_xinference_body(struct pol_call *c)
{
	static const char json[] = "application/json";
	unsigned times = 0;
	const char *type = pol_call_header(c, "Content-Type", &times);
	json_t *body = NULL;

	if (times != 1 || strncasecmp(type, json, sizeof(json) - 1) != 0 || strchr("; \t", type[sizeof(json) - 1]) == NULL) {
		(void)pol_xinference_fail(c, 400, "A body of the type application/json is wanted", NULL);
		return NULL;
	}
	if (c->body != NULL && c->body_len > 0)
		body = json_loadb(c->body, c->body_len, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(body))
		return body;
	json_decref(body);
	(void)pol_xinference_fail(c, 400, "The body is no object of JSON", NULL);
	return NULL;
}

/* ---- at the desk ---- */

static int
reason_of(const json_t *answer)
{
	const char *name = json_string_value(json_object_get(answer, "reason"));

	for (int i = 0; name != NULL && i < POLICY_REASON__COUNT; i++)
		if (strcmp(policy_reason_name(i), name) == 0)
			return i;
	return POLICY_REASON_ERROR;
}

int
pol_xinference_try(struct pol_call *c, const char *call, const struct pol_caller *as, json_t *args, json_t **answer,
    int *reason)
{
	const int rc = pol_profile_try(c, call, as, args, answer);

	*reason = POLICY_REASON_ERROR;
	if (rc != 0) {
		*reason = reason_of(*answer);
		json_decref(*answer);
		*answer = NULL;
	}
	return rc;
}

/* What the desk says in HTTP; the sentence NULL: it depends on what it is about. */
static const struct {
	int code;
	unsigned status;
	const char *text, *user, *key;
} codes[] = {
	{ POLICY_ERR_NOENT, 404, "Not found", "User not found", "API key not found" },
	{ POLICY_ERR_EXISTS, 409, "It exists already", "User already exists", "API key already exists" },
	{ POLICY_ERR_ARG, 400, "What was asked for cannot be", NULL, NULL },
	{ POLICY_ERR_INVALID, 400, "What was asked for cannot be", NULL, NULL },
	{ POLICY_ERR_LIMIT, 400, "What was asked for is too long", NULL, NULL },
	{ POLICY_ERR_UNSUPPORTED, 501, "Nothing is changed here", NULL, NULL },
	{ POLICY_ERR_AGAIN, 503, "It cannot be done now: try again later", NULL, NULL },
	{ POLICY_ERR_UNAVAILABLE, 503, "It cannot be done now: try again later", NULL, NULL },
};

int
pol_xinference_refuse(struct pol_call *c, int rc, int reason, const char *what, const char *scope)
{
	if (rc == POLICY_ERR_DENIED) {
		const bool who = reason >= POLICY_REASON_NO_CREDENTIAL && reason <= POLICY_REASON_REVOKED;

		if (reason == POLICY_REASON_CEILING)
			(void)pol_xinference_fail(c, 403, "API keys can only access model query and inference endpoints", scope);
		else if (reason == POLICY_REASON_UNAVAILABLE)
			(void)pol_xinference_fail(c, 503, "It cannot be decided now whether this is allowed: try again later", NULL);
		else
			(void)pol_xinference_fail(c, who ? 401 : 403, who ? "Could not validate credentials" : "Not enough permissions", scope);
		return 1;
	}
	if (rc == POLICY_ERR_LIMIT && reason == POLICY_REASON_LIMIT) {	/* who guesses passwords waits */
		(void)pol_xinference_fail(c, 429, "Too many passwords were wrong: try again later", NULL);
		return 1;
	}
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (rc == codes[i].code) {
			const char *text = what[0] == 'U' ? codes[i].user : codes[i].key;

			(void)pol_xinference_fail(c, codes[i].status, text != NULL ? text : codes[i].text, NULL);
			return 1;
		}
	(void)pol_xinference_fail(c, 500, "It could not be done", NULL);
	return 1;
}

int
pol_xinference_ask(struct pol_call *c, const char *call, const struct pol_caller *as, json_t *args, json_t **answer,
    const char *what, const char *scope)
{
	int reason, rc = pol_xinference_try(c, call, as, args, answer, &reason);

	if (rc == 0 || (rc == POLICY_ERR_AGAIN && c->nonblock))
		return rc;
	return pol_xinference_refuse(c, rc, reason, what, scope);
}

int
pol_xinference_guard(struct pol_call *c, const struct pol_caller *as, const char *action, const char *type, const char *id)
{
	struct policy_request req = POLICY_REQUEST_INIT;
	struct policy_decision d = POLICY_DECISION_INIT;
	int rc;

	req.credentials = as->list;
	req.credentials_count = as->count;
	req.action = policy_text(action);
	req.resource_type = policy_text(type);
	req.resource_id = policy_text(id);
	req.deadline_ns = c->deadline_ns;
	rc = policy_decide(c->policy, &req, &d);
	if (rc == 0 && d.verdict == POLICY_ALLOW)
		return 0;
	return pol_xinference_refuse(c, rc != 0 ? rc : POLICY_ERR_DENIED, (int)d.reason, "User", action);
}

void
pol_xinference_bearer(struct pol_caller *w, const char *token)
{
	memset(w, 0, sizeof(*w));
	w->list[0].kind = policy_text("bearer");
	w->list[0].data = policy_text(token);
	w->count = 1;
}

bool
pol_xinference_caller(struct pol_call *c, struct pol_caller *w, const char *scope)
{
	if (pol_caller_read(w, c, "Authorization") == 0 && w->count == 1 && w->list[0].name.data == NULL)
		return true;
	pol_caller_fini(w);
	(void)pol_xinference_fail(c, 401, "Could not validate credentials", scope);
	return false;
}

/* ---- handlers of version 3 ---- */

int
pol_xinference_handle(struct pol_call *c, const char *scope, pol_xinference_part *part)
{
	struct pol_caller as;
	int rc;

	if (!pol_xinference_is_advanced(c))
		return 0;
	if (c->nonblock)
		return POLICY_ERR_AGAIN;
	if (!pol_xinference_caller(c, &as, scope))
		return 0;
	rc = part(c, &as);
	pol_caller_fini(&as);
	return rc == 1 ? 0 : rc;
}

int
pol_xinference_list(struct pol_call *c, const struct pol_caller *as, const struct pol_xinference_kind *of)
{
	json_t *list = json_array(), *page, *item, *want = json_pack("{s:s*}", "kind", of->only);
	const char *next = "";
	size_t i;
	int rc = pol_xinference_guard(c, as, of->scope, of->type, of->any);

	while (rc == 0 && next != NULL) {
		rc = pol_xinference_ask(c, of->list, as, want, &page, of->what, of->scope);
		want = NULL;
		if (rc != 0)
			break;
		json_array_foreach(json_object_get(page, "items"), i, item)
			if (rc == 0)
				rc = of->add(c, list, item);
		next = pol_profile_text(page, "next");
		if (next != NULL)
			want = json_pack("{s:s*,s:s}", "kind", of->only, "cursor", next);
		json_decref(page);
	}
	json_decref(want);
	if (rc == 0)
		return pol_xinference_say(c, 200, list);
	json_decref(list);
	return rc;
}

int
pol_xinference_remove(struct pol_call *c, const struct pol_caller *as, const struct pol_xinference_kind *of)
{
	char id[POL_XINFERENCE_ID];
	const char *rest;
	json_t *answer;
	int rc;

	if (!pol_xinference_id(c, of->path, of->before, id, &rest))
		return 1;
	if (rest[0] != '\0')
		return pol_xinference_fail(c, 404, "Not Found", NULL);
	rc = pol_xinference_ask(c, of->remove, as, json_pack("{s:s}", of->id, id), &answer, of->what, of->scope);
	if (rc != 0)
		return rc;
	json_decref(answer);
	return pol_xinference_say(c, 200, json_pack("{s:b}", "ok", 1));
}
