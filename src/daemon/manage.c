/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The management API: an operation is a call at the desk in the name of whoever sent it,
 * and the set decides it; this file knows nobody's rights.
 */
#include "manage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desk.h"
#include "login.h"

/* ---- whoami ---- */

static json_t *
texts(const struct policy_text *list, uint32_t n)
{
	json_t *a = json_array();

	for (uint32_t i = 0; i < n; i++)
		json_array_append_new(a, json_stringn(list[i].data, list[i].len));
	return a;
}

static json_t *
or_null(struct policy_text t)
{
	return t.len != 0 ? json_stringn(t.data, t.len) : json_null();
}

static int
answer_identity(struct pol_call *c, const struct policy_identity *id)
{
	json_t *v;

	if (id->verified == 0 && id->status == 503)
		return pol_manage_refuse(c, POLICY_ERR_UNAVAILABLE, NULL, "the credential cannot be judged now");
	if (id->verified == 0)
		return pol_manage_refuse(c, POLICY_ERR_DENIED, id->status == 403 ? NULL : "bad_credential", "the credential is refused");
	v = json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "type", or_null(id->subject_type), "id", or_null(id->subject_id),
	    "kind", json_stringn(id->kind.data != NULL ? id->kind.data : "", id->kind.len),
	    "step", json_stringn(id->step.data != NULL ? id->step.data : "", id->step.len),
	    "scopes", id->scoped != 0 ? texts(id->scopes, id->scopes_count) : json_null(), "groups", texts(id->groups, id->groups_count),
	    "token_id", or_null(id->token_id), "expires_unix", id->expires > 0 ? json_integer(id->expires / 1000000000) : json_null());
	return pol_manage_say(c, 200, v);
}

/* Who guesses passwords waits here as well. POLICY_ERR_AGAIN: see pol_handler; 1: answered. */
static int
judge_password(struct pol_call *c, const struct pol_caller *w)
{
	unsigned seconds;
	int reason;

	if (!pol_login_is_password(&w->list[0]))
		return 0;
	if (c->nonblock)
		return POLICY_ERR_AGAIN;
	reason = pol_login_judge(c, &w->list[0], &seconds);
	if (reason == POLICY_REASON_RULE)
		return 0;
	if (reason == POLICY_REASON_LIMIT)
		pol_manage_refuse(c, POLICY_ERR_LIMIT, policy_reason_name(reason), "too many were wrong: try again later");
	else if (reason == POLICY_REASON_UNAVAILABLE)
		pol_manage_refuse(c, POLICY_ERR_UNAVAILABLE, NULL, "the credential cannot be judged now");
	else
		pol_manage_refuse(c, POLICY_ERR_DENIED, "bad_credential", "the credential is refused");
	return 1;
}

int
pol_manage_whoami(struct pol_call *c, const struct pol_caller *w)
{
	struct policy_request req = POLICY_REQUEST_INIT;
	struct policy_identity *id;
	int rc = judge_password(c, w);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	id = calloc(1, sizeof(*id));
	if (id == NULL)
		return POLICY_ERR_NOMEM;
	id->size = sizeof(*id);
	req.credentials = w->list;
	req.credentials_count = w->count;
	req.flags = c->nonblock ? POLICY_NONBLOCK : 0;
	req.deadline_ns = c->deadline_ns;
	rc = policy_authenticate(c->policy, &req, id);
	if (rc == 0)
		rc = answer_identity(c, id);
	else if (rc != POLICY_ERR_AGAIN || !c->nonblock)
		rc = pol_manage_refuse(c, rc, NULL, "the credential cannot be judged");
	free(id);
	return rc;
}

int
pol_manage_openapi(struct pol_call *c, const struct pol_caller *w)
{
	(void)w;
	return pol_manage_say(c, 200, pol_manage_describe(c->conf->url));
}

/* ---- an operation ---- */

/* "/v1/users/uid: uid": what is before the blank, then that member. */
static void
locate(struct pol_call *c, const char *location, const json_t *answer)
{
	const char *blank = strchr(location, ' '), *value = json_string_value(json_object_get(answer, blank + 1));
	char text[600];

	if (value == NULL || value[strcspn(value, " %/?#")] != '\0')
		return;
	snprintf(text, sizeof(text), "%.*s%s", (int)(blank - location), location, value);
	pol_call_add(c, "Location", text);
}

static int
ask(struct pol_call *c, const struct pol_manage_op *op, const struct pol_caller *w, const json_t *args)
{
	char *text = json_dumps(args, JSON_COMPACT);
	json_t *answer = NULL;
	const char *why;
	int rc;

	if (text == NULL)
		return POLICY_ERR_NOMEM;
	rc = pol_desk_ask(c, op->call, w, text, &answer);
	explicit_bzero(text, strlen(text));
	free(text);
	if (rc == 0 && op->location != NULL)
		locate(c, op->location, answer);
	if (rc == 0 && op->result != NULL && !json_is_null(answer))
		return pol_manage_say(c, op->status, answer);
	why = json_string_value(json_object_get(answer, "text"));
	if (rc == 0)
		c->status = 204;
	else if (rc != POLICY_ERR_AGAIN || !c->nonblock)
		rc = pol_manage_refuse(c, rc, json_string_value(json_object_get(answer, "reason")), why != NULL ? why : policy_strerror(rc));
	json_decref(answer);
	return rc;
}

/* Who logs in is in the body: name and password are no args. */
static void
take_login(struct pol_caller *w, const json_t *args)
{
	const json_t *name = json_object_get(args, "username"), *data = json_object_get(args, "password");

	w->list[0] = (struct policy_credential){ .kind = policy_text("password"),
	    .name = { json_string_value(name), json_string_length(name) }, .data = { json_string_value(data), json_string_length(data) } };
	w->count = 1;
}

static int
run(struct pol_call *c, const struct pol_manage_op *op, struct pol_caller *w)
{
	json_t *args = pol_manage_args(c, op), *name = NULL, *password = NULL;
	int rc = 0;

	if (args == NULL)
		return 0;
	if (op->here != NULL) {
		json_decref(args);
		return op->here(c, w);
	}
	if ((op->flags & POL_MANAGE_SELF) != 0)
		json_object_set_new(args, "secret", json_stringn(w->list[0].data.data, w->list[0].data.len));
	if ((op->flags & POL_MANAGE_OPEN) != 0) {
		name = json_incref(json_object_get(args, "username"));
		password = json_incref(json_object_get(args, "password"));
		if (!json_is_string(name) || !json_is_string(password))
			rc = pol_manage_fail(c, 400, "invalid_request", "username, password: a text is wanted");
		take_login(w, args);
		json_object_del(args, "username");
		json_object_del(args, "password");
	}
	if (c->status == 0)
		rc = ask(c, op, w, args);
	json_decref(name);
	json_decref(password);
	json_decref(args);
	return rc;
}

static int
with_caller(struct pol_call *c, const struct pol_manage_op *op)
{
	struct pol_caller w;
	unsigned bad = 0;
	int rc;

	memset(&w, 0, sizeof(w));
	if ((op->flags & POL_MANAGE_OPEN) == 0)
		bad = pol_caller_read(&w, c, "Authorization");
	if (bad != 0) {
		pol_call_add(c, "WWW-Authenticate", "Bearer realm=\"policy\", error=\"invalid_request\"");
		rc = pol_manage_fail(c, 400, "invalid_request", "a credential was sent twice, or in no form that is known");
	} else if (w.count == 0 && (op->flags & POL_MANAGE_OPEN) == 0) {
		rc = pol_manage_refuse(c, POLICY_ERR_DENIED, "no_credential", "a credential is wanted");
	} else if ((op->flags & POL_MANAGE_SELF) != 0 && w.list[0].name.data != NULL) {
		rc = pol_manage_fail(c, 400, "invalid_request", "a token is wanted, as Bearer");
	} else {
		rc = run(c, op, &w);
	}
	pol_caller_fini(&w);
	return rc;
}

static int
manage(struct pol_call *c)
{
	const struct pol_manage_op *first = pol_manage_ops;
	char allow[128] = "";
	size_t len = 0;

	/* a path that is also a template's is the one that stands before it */
	while (first->method != NULL && !pol_manage_match(c, first->path))
		first++;
	if (first->method == NULL)
		return pol_manage_fail(c, 404, "not_found", "nothing is here");
	for (const struct pol_manage_op *op = first; op->method != NULL; op++) {
		if (strcmp(op->path, first->path) != 0)
			continue;
		if (strcmp(op->method, c->method) == 0)
			return with_caller(c, op);
		if (len + 10 < sizeof(allow))
			len += (size_t)snprintf(allow + len, sizeof(allow) - len, "%s%s", len != 0 ? ", " : "", op->method);
	}
	pol_call_add(c, "Allow", allow);
	return pol_manage_fail(c, 405, "invalid_request", "no such method here");
}

const struct pol_route pol_manage_routes[] = {
	{ "*", "/v1", true, POL_SERVE_MANAGE, 0, manage },
	{ NULL, NULL, false, 0, 0, NULL },
};
