/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /v1/admin/keys: tokens of the kind api_key. A key is told once, when it is made. It is for
 * all that its owner may within the ceiling of its kind: one for a single model is that of a
 * user who may no more.
 */
#include "profile_xinference.h"

#include <stdio.h>
#include <string.h>

static const char scope[] = "keys:create", path[] = "/v1/admin/keys/";

static json_t *
all_models(const json_t *id)
{
	return json_pack("[{s:O,s:O,s:s,s:n}]", "id", id, "api_key_id", id, "permission_type", "all", "permission_value");
}

static json_t *
key(const json_t *k)
{
	const json_t *id = json_object_get(k, "id"), *name = json_object_get(k, "name");

	return json_pack("{s:O,s:O,s:O,s:O,s:O,s:n,s:O,s:O,s:o,s:o}", "id", id, "user_id", json_object_get(k, "user_id"),
	    "owner_username", json_object_get(k, "who"), "key_prefix", json_object_get(k, "begins"), "name", name, "description",
	    "enabled", json_object_get(k, "active"), "expires_at", json_object_get(k, "expires"), "model_permissions", all_models(id),
	    "created_at", pol_xinference_time(k, "created"));
}

static bool
begin(struct pol_call *c, struct pol_caller *as)
{
	return pol_xinference_is_advanced(c) && pol_xinference_caller(c, as, scope);
}

int
pol_xinference_keys(struct pol_call *c)
{
	json_t *list, *page, *k, *want = json_pack("{s:s}", "kind", "api_key");
	struct pol_caller as;
	const char *next = "";
	size_t i;
	int rc = 0;

	if (c->nonblock || !begin(c, &as)) {
		json_decref(want);
		return c->nonblock ? POLICY_ERR_AGAIN : 0;
	}
	list = json_array();
	rc = pol_xinference_guard(c, &as, scope, "key", "mine");
	while (rc == 0 && next != NULL) {
		rc = pol_xinference_ask(c, "token_list", &as, want, &page, "Key", scope);
		want = NULL;
		if (rc != 0)
			break;
		json_array_foreach(json_object_get(page, "items"), i, k)
			if (json_is_false(json_object_get(k, "revoked")) && json_array_append_new(list, key(k)) != 0)
				rc = POLICY_ERR_NOMEM;
		next = pol_xinference_text(page, "next");
		if (next != NULL)
			want = json_pack("{s:s,s:s}", "kind", "api_key", "cursor", next);
		json_decref(page);
	}
	pol_caller_fini(&as);
	json_decref(want);
	if (rc == 0)
		return pol_xinference_say(c, 200, list);
	json_decref(list);
	return rc == 1 ? 0 : rc;
}

/* ---- make ---- */

static bool
is_for_all(const json_t *permissions)
{
	const json_t *p;
	size_t i;

	json_array_foreach(permissions, i, p) {
		const char *type = pol_xinference_text(p, "permission_type");

		if (type == NULL || strcmp(type, "all") != 0)
			return false;
	}
	return permissions == NULL || json_is_null(permissions) || json_is_array(permissions);
}

/* A time without a zone is in UTC. */
static json_t *
ends(const char *s)
{
	const char *t = strchr(s, 'T');
	char text[64];

	if (strlen(s) > 40)
		return json_string(s);
	snprintf(text, sizeof(text), "%s%s", s, t != NULL && strpbrk(t, "Zz+-") == NULL ? "Z" : "");
	return json_string(text);
}

static json_t *
want_key(struct pol_call *c, const json_t *body)
{
	const json_t *owner = json_object_get(body, "owner");
	const char *end = pol_xinference_text(body, "expires_at");
	char who[POL_XINFERENCE_ID];
	json_t *want;

	if (pol_xinference_text(body, "name") == NULL) {
		(void)pol_xinference_fail(c, 400, "name is wanted, a text", NULL);
		return NULL;
	}
	if (!is_for_all(json_object_get(body, "model_permissions"))) {
		(void)pol_xinference_fail(c, 400, "A key for single models is one of a user who may use no others: make such a user", NULL);
		return NULL;
	}
	if (owner != NULL && !json_is_null(owner) && (!json_is_string(owner) || json_string_length(owner) > 64)) {
		(void)pol_xinference_fail(c, 400, "owner is to be the id of a user", NULL);
		return NULL;
	}
	want = json_pack("{s:s,s:O}", "kind", "api_key", "name", json_object_get(body, "name"));
	if (want != NULL && json_is_string(owner)) {
		snprintf(who, sizeof(who), "uid:%s", json_string_value(owner));
		json_object_set_new(want, "who", json_string(who));
	}
	if (want != NULL && end != NULL)
		json_object_set_new(want, "expires", ends(end));
	return want;
}

int
pol_xinference_key_create(struct pol_call *c)
{
	json_t *body, *want, *made = NULL;
	struct pol_caller as;
	int rc = 0;

	if (c->nonblock)
		return POLICY_ERR_AGAIN;
	if (!begin(c, &as))
		return 0;
	body = pol_xinference_body(c);
	want = body != NULL ? want_key(c, body) : NULL;
	if (want != NULL)
		rc = pol_xinference_ask(c, "token_create", &as, want, &made, "Key", scope);
	if (made != NULL)
		rc = pol_xinference_say(c, 201, json_pack("{s:O,s:O,s:O,s:O}", "id", json_object_get(made, "id"), "key",
		    json_object_get(made, "secret"), "prefix", json_object_get(made, "begins"), "name", json_object_get(made, "name")));
	json_decref(made);
	json_decref(body);
	pol_caller_fini(&as);
	return rc == 1 ? 0 : rc;
}

/* ---- one ---- */

int
pol_xinference_key(struct pol_call *c)
{
	char id[POL_XINFERENCE_ID];
	struct pol_caller as;
	json_t *k = NULL;
	const char *rest;
	int rc = 0;

	if (c->nonblock)
		return POLICY_ERR_AGAIN;
	if (!begin(c, &as))
		return 0;
	if (pol_xinference_id(c, path, "", id, &rest)) {
		if (strcmp(rest, "/reveal") == 0)
			rc = pol_xinference_fail(c, 410, "A key is shown once, when it is made: nobody keeps it", NULL);
		else if (rest[0] != '\0' && strcmp(rest, "/permissions") != 0)
			rc = pol_xinference_fail(c, 404, "Not Found", NULL);
		else
			rc = pol_xinference_ask(c, "token_show", &as, json_pack("{s:s}", "id", id), &k, "Key", scope);
	}
	if (k != NULL)
		rc = pol_xinference_say(c, 200, rest[0] == '\0' ? key(k) : all_models(json_object_get(k, "id")));
	json_decref(k);
	pol_caller_fini(&as);
	return rc == 1 ? 0 : rc;
}

int
pol_xinference_key_delete(struct pol_call *c)
{
	char id[POL_XINFERENCE_ID];
	struct pol_caller as;
	json_t *answer;
	const char *rest;
	int rc = 1;

	if (c->nonblock)
		return POLICY_ERR_AGAIN;
	if (!begin(c, &as))
		return 0;
	if (pol_xinference_id(c, path, "", id, &rest)) {
		if (rest[0] != '\0')
			(void)pol_xinference_fail(c, 404, "Not Found", NULL);
		else
			rc = pol_xinference_ask(c, "token_revoke", &as, json_pack("{s:s}", "id", id), &answer, "Key", scope);
	}
	if (rc == 0) {
		json_decref(answer);
		rc = pol_xinference_say(c, 200, json_pack("{s:b}", "ok", 1));
	}
	pol_caller_fini(&as);
	return rc == 1 ? 0 : rc;
}
