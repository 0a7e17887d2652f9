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

/* One that is revoked is no longer shown. */
static int
add(struct pol_call *c, json_t *list, const json_t *k)
{
	(void)c;
	if (!json_is_false(json_object_get(k, "revoked")))
		return 0;
	return json_array_append_new(list, key(k)) == 0 ? 0 : POLICY_ERR_NOMEM;
}

static const struct pol_xinference_kind keys = { .scope = scope, .path = path, .what = "Key", .id = "id", .before = "",
    .list = "token_list", .remove = "token_revoke", .type = "key", .any = "mine", .only = "api_key", .add = add };

static int
list_keys(struct pol_call *c, const struct pol_caller *as)
{
	return pol_xinference_list(c, as, &keys);
}

int
pol_xinference_keys(struct pol_call *c)
{
	return pol_xinference_handle(c, scope, list_keys);
}

/* ---- make ---- */

static bool
is_for_all(const json_t *permissions)
{
	const json_t *p;
	size_t i;

	json_array_foreach(permissions, i, p) {
		const char *type = pol_profile_text(p, "permission_type");

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
	const char *end = pol_profile_text(body, "expires_at");
	char who[POL_XINFERENCE_ID];
	json_t *want;

	if (pol_profile_text(body, "name") == NULL) {
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

static int
make_key(struct pol_call *c, const struct pol_caller *as)
{
	json_t *body = pol_xinference_body(c), *want = body != NULL ? want_key(c, body) : NULL, *made = NULL;
	int rc = 0;

	if (want != NULL)
		rc = pol_xinference_ask(c, "token_create", as, want, &made, "Key", scope);
	if (made != NULL)
		rc = pol_xinference_say(c, 201, json_pack("{s:O,s:O,s:O,s:O}", "id", json_object_get(made, "id"), "key",
		    json_object_get(made, "secret"), "prefix", json_object_get(made, "begins"), "name", json_object_get(made, "name")));
	json_decref(made);
	json_decref(body);
	return rc;
}

int
pol_xinference_key_create(struct pol_call *c)
{
	return pol_xinference_handle(c, scope, make_key);
}

/* ---- one ---- */

static int
show_key(struct pol_call *c, const struct pol_caller *as)
{
	char id[POL_XINFERENCE_ID];
	json_t *k;
	const char *rest;
	int rc;

	if (!pol_xinference_id(c, path, "", id, &rest))
		return 1;
	if (strcmp(rest, "/reveal") == 0)
		return pol_xinference_fail(c, 410, "A key is shown once, when it is made: nobody keeps it", NULL);
	if (rest[0] != '\0' && strcmp(rest, "/permissions") != 0)
		return pol_xinference_fail(c, 404, "Not Found", NULL);
	rc = pol_xinference_ask(c, "token_show", as, json_pack("{s:s}", "id", id), &k, "Key", scope);
	if (rc != 0)
		return rc;
	rc = pol_xinference_say(c, 200, rest[0] == '\0' ? key(k) : all_models(json_object_get(k, "id")));
	json_decref(k);
	return rc;
}

int
pol_xinference_key(struct pol_call *c)
{
	return pol_xinference_handle(c, scope, show_key);
}

static int
remove_key(struct pol_call *c, const struct pol_caller *as)
{
	return pol_xinference_remove(c, as, &keys);
}

int
pol_xinference_key_delete(struct pol_call *c)
{
	return pol_xinference_handle(c, scope, remove_key);
}
