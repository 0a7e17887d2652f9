/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AuthZEN Authorization API 1.0. Its Access Evaluation, and what all of it has in common:
 * https://openid.net/specs/authorization-api-1_0.html, sections 6 and 10.
 */
#include "daemon/authzen.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "daemon/metrics.h"

const char pol_authzen_malformed[] = "malformed: an empty id or name, or a text that cannot be one";

/* `application/json`, in UTF-8 if it says: everything else is a 400, not a 415 (10.1). */
static bool
is_json(const char *type)
{
	static const char json[] = "application/json", charset[] = "charset=";
	size_t n = sizeof(json) - 1;
	bool quoted;

	if (type == NULL || strncasecmp(type, json, n) != 0)
		return false;
	type += n;
	type += strspn(type, " \t");
	if (*type == '\0')
		return true;
	if (*type++ != ';')
		return false;
	type += strspn(type, " \t");
	if (strncasecmp(type, charset, sizeof(charset) - 1) != 0)
		return false;
	type += sizeof(charset) - 1;
	quoted = *type == '"';
	type += quoted;
	if (strncasecmp(type, "utf-8", 5) != 0)
		return false;
	type += 5;
	if (quoted && *type++ != '"')
		return false;
	return type[strspn(type, " \t")] == '\0';
}

int
pol_authzen_body(struct pol_tape *t, struct pol_call *c)
{
	char text[160];
	unsigned count;
	const char *type = pol_call_header(c, "Content-Type", &count), *why;
	size_t at;

	pol_tape_init(t);
	if (count != 1 || !is_json(type)) {
		pol_call_error(c, 400, "Content-Type must be application/json");
		return 1;
	}
	why = pol_tape_read(t, c->body != NULL ? c->body : "", c->body_len, &at);
	if (why == NULL && t->nodes[0].kind != POL_TAPE_OBJECT)
		why = "an object is wanted";
	if (why == NULL)
		return 0;
	snprintf(text, sizeof(text), "bad JSON: %s (byte %zu)", why, at);
	pol_call_error(c, 400, text);
	return 1;
}

size_t
pol_authzen_member(const struct pol_tape *t, const char *name)
{
	const size_t len = strlen(name);
	size_t at = 1;

	for (uint32_t k = t->nodes[0].len; k > 0; k--) {
		const struct pol_tape_node *n = &t->nodes[at];

		if (n->len == len && memcmp(n->u.text, name, len) == 0)
			return n[1].kind != POL_TAPE_NULL ? at + 1 : 0;
		at = pol_tape_next(t, at + 1);
	}
	return 0;
}

/* What a failure of the engine is on the wire. A limit, a store that is down: decisions. */
static int
fail(struct pol_call *c, int rc)
{
	if (rc == POLICY_ERR_ARG)
		return pol_call_error(c, 400, pol_authzen_malformed);
	return rc;
}

int
pol_authzen_single(struct pol_call *c, struct pol_tape *t)
{
	struct policy_decision d = POLICY_DECISION_INIT;
	struct policy_credential credential;
	struct pol_authzen_said said;
	struct policy_request req;
	struct pol_authzen_ask ask;
	const char *wrong;
	int64_t began;
	int rc;

	pol_authzen_ask_init(&ask, &req, &credential, &pol_authzen_decides);
	if (!pol_authzen_ask_read(&ask, t, 0, &pol_authzen_decides))
		return POLICY_ERR_NOMEM;
	wrong = pol_authzen_ask_wrong(&ask);
	if (wrong == NULL)
		wrong = pol_authzen_said_take(&said, &ask);
	if (wrong != NULL)
		return pol_call_error(c, 400, wrong);
	pol_authzen_limits(&req, c);
	began = pol_metrics_now();
	rc = policy_decide(c->policy, &req, &d);
	if (rc != 0 && rc != POLICY_ERR_LIMIT && rc != POLICY_ERR_UNAVAILABLE)
		return fail(c, rc);
	pol_authzen_said_check(&said, &d);
	pol_metrics_decided(&d, 1, pol_metrics_now() - began);
	c->status = 200;
	pol_authzen_say(&c->out, &d, ask.has_credential);
	return 0;
}

static int
evaluation(struct pol_call *c)
{
	struct pol_tape t;
	int rc = 0;

	if (pol_authzen_body(&t, c) == 0)
		rc = pol_authzen_single(c, &t);
	pol_tape_fini(&t);
	return rc;
}

const struct pol_route pol_authzen_routes[] = {
	{ "POST", "/access/v1/evaluation", false, POL_SERVE_AUTHZEN, POL_MAY_EVALUATE, evaluation },
	{ "POST", "/access/v1/evaluations", false, POL_SERVE_AUTHZEN, POL_MAY_EVALUATE, pol_authzen_evaluations },
	{ "POST", "/access/v1/search/subject", false, POL_SERVE_AUTHZEN, POL_MAY_SEARCH, pol_authzen_search_subject },
	{ "POST", "/access/v1/search/resource", false, POL_SERVE_AUTHZEN, POL_MAY_SEARCH, pol_authzen_search_resource },
	{ "POST", "/access/v1/search/action", false, POL_SERVE_AUTHZEN, POL_MAY_SEARCH, pol_authzen_search_action },
	{ "GET", "/.well-known/authzen-configuration", true, POL_SERVE_AUTHZEN, 0, pol_authzen_metadata },
	{ .method = NULL },
};
