/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /v1/admin/users: users of the store. A permission is a role of that name, granted
 * everywhere; what a user may is told as the set sees it, so with what his groups and other
 * roles give him.
 */
#include "profile_xinference.h"

#include <stdio.h>
#include <string.h>

static const char scope[] = "users:manage", path[] = "/v1/admin/users/";

json_t *
pol_xinference_time(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));
	char text[20];

	if (s == NULL || strlen(s) < 19)
		return json_null();
	memcpy(text, s, 19);
	text[10] = ' ';
	text[19] = '\0';
	return json_string(text);
}

bool
pol_xinference_id(struct pol_call *c, const char *of, const char *before, char out[POL_XINFERENCE_ID], const char **rest)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *id = c->target + strlen(of);
	const size_t n = c->path_len > strlen(of) ? strspn(id, letters) : 0;

	if (n == 0 || n > 64 || strchr("/?", id[n]) == NULL) {
		(void)pol_xinference_fail(c, 404, "Not Found", NULL);
		return false;
	}
	snprintf(out, POL_XINFERENCE_ID, "%s%.*s", before, (int)n, id);
	*rest = id[n] == '/' ? id + n : "";
	return true;
}

static json_t *
user(struct pol_call *c, const json_t *u)
{
	const json_t *name = json_object_get(u, "name");
	json_t *may = pol_xinference_may(c, (struct policy_text){ json_string_value(name), json_string_length(name) });

	if (may == NULL)
		return NULL;
	return json_pack("{s:O,s:O,s:s,s:b,s:O,s:o,s:o}", "id", json_object_get(u, "uid"), "username", name, "source", "local",
	    "enabled", !json_is_true(json_object_get(u, "disabled")), "must_change_password", json_object_get(u, "must_change"),
	    "permissions", may, "created_at", pol_xinference_time(u, "created"));
}

static int
add(struct pol_call *c, json_t *list, const json_t *u)
{
	return json_array_append_new(list, user(c, u)) == 0 ? 0 : POLICY_ERR_UNAVAILABLE;
}

static const struct pol_xinference_kind users = { .scope = scope, .path = path, .what = "User", .id = "who", .before = "uid:",
    .list = "user_list", .remove = "user_delete", .type = "user", .any = "any", .add = add };

static int
list_users(struct pol_call *c, const struct pol_caller *as)
{
	return pol_xinference_list(c, as, &users);
}

int
pol_xinference_users(struct pol_call *c)
{
	return pol_xinference_handle(c, scope, list_users);
}

/* ---- permissions ---- */

/* Roles for a list of permissions: words, each once; NULL: it is no list of such, answered. */
static json_t *
words_of(struct pol_call *c, const json_t *permissions)
{
	json_t *out = json_object();
	const json_t *p;
	size_t i;

	if (permissions != NULL && !json_is_array(permissions)) {
		(void)pol_xinference_fail(c, 400, "permissions is to be a list", NULL);
		json_decref(out);
		return NULL;
	}
	json_array_foreach(permissions, i, p) {
		const char *word = json_is_string(p) ? pol_xinference_word(json_string_value(p)) : NULL;

		if (word != NULL && json_object_set_new(out, word, json_true()) == 0)
			continue;
		(void)pol_xinference_fail(c, 400, "There is no such permission", NULL);
		json_decref(out);
		return NULL;
	}
	return out;
}

static int
grant(struct pol_call *c, const struct pol_caller *as, const char *who, const json_t *words)
{
	const char *word;
	json_t *v, *answer;
	int rc = 0;

	json_object_foreach((json_t *)(uintptr_t)words, word, v) {
		rc = pol_xinference_ask(c, "grant_add", as, json_pack("{s:s,s:s}", "who", who, "role", word), &answer, "User", scope);
		if (rc != 0)
			return rc;
		json_decref(answer);
	}
	return rc;
}

/* Those that he has and shall not have are taken; of `words` those that he has are left out. */
static int
take(struct pol_call *c, const struct pol_caller *as, const char *who, json_t *words)
{
	json_t *list, *g, *answer;
	size_t i;
	int rc = pol_xinference_ask(c, "grant_list", as, json_pack("{s:s,s:i}", "who", who, "limit", 1000), &list, "User", scope);

	if (rc != 0)
		return rc;
	json_array_foreach(json_object_get(list, "items"), i, g) {
		const char *role = pol_profile_text(g, "role");

		if (role == NULL || pol_xinference_word(role) == NULL || !json_is_null(json_object_get(g, "resource")))
			continue;
		if (json_object_del(words, role) == 0)
			continue;
		rc = pol_xinference_ask(c, "grant_remove", as, json_pack("{s:O}", "id", json_object_get(g, "id")), &answer, "User", scope);
		if (rc != 0)
			break;
		json_decref(answer);
	}
	json_decref(list);
	return rc;
}

/* ---- one user ---- */

/* What was asked for is there; without its permissions it shall not stay. */
static int
made_user(struct pol_call *c, const struct pol_caller *as, const json_t *made, const json_t *words)
{
	char who[POL_XINFERENCE_ID];
	json_t *undone;
	int rc, reason;

	snprintf(who, sizeof(who), "uid:%s", json_string_value(json_object_get(made, "uid")));
	rc = grant(c, as, who, words);
	if (rc == 0)
		return pol_xinference_say(c, 201, json_pack("{s:O,s:O}", "id", json_object_get(made, "uid"), "username",
		    json_object_get(made, "name")));
	if (pol_xinference_try(c, "user_delete", as, json_pack("{s:s}", "who", who), &undone, &reason) == 0)
		json_decref(undone);
	return rc;
}

static int
make_user(struct pol_call *c, const struct pol_caller *as)
{
	json_t *body = pol_xinference_body(c), *words = NULL, *made = NULL;
	int rc = 0;

	if (body != NULL && (pol_profile_text(body, "username") == NULL || pol_profile_text(body, "password") == NULL))
		rc = pol_xinference_fail(c, 400, "username and password are wanted, as texts", NULL);
	else if (body != NULL)
		words = words_of(c, json_object_get(body, "permissions"));
	if (words != NULL)
		rc = pol_xinference_ask(c, "user_create", as, json_pack("{s:O,s:O,s:b}", "name", json_object_get(body, "username"),
		    "password", json_object_get(body, "password"), "must_change", json_is_true(json_object_get(body, "must_change_password"))),
		    &made, "User", scope);
	if (made != NULL)
		rc = made_user(c, as, made, words);
	json_decref(made);
	json_decref(words);
	json_decref(body);
	return rc;
}

int
pol_xinference_user_create(struct pol_call *c)
{
	return pol_xinference_handle(c, scope, make_user);
}

static int
show_user(struct pol_call *c, const struct pol_caller *as)
{
	char who[POL_XINFERENCE_ID];
	const char *rest;
	json_t *u, *told;
	int rc;

	if (!pol_xinference_id(c, path, "uid:", who, &rest))
		return 1;
	if (rest[0] != '\0' && strcmp(rest, "/permissions") != 0)
		return pol_xinference_fail(c, 404, "Not Found", NULL);
	rc = pol_xinference_ask(c, "user_show", as, json_pack("{s:s}", "who", who), &u, "User", scope);
	if (rc != 0)
		return rc;
	told = user(c, u);
	if (told == NULL)
		rc = pol_xinference_fail(c, 503, "It cannot be decided now: try again later", NULL);
	else if (rest[0] == '\0')
		rc = pol_xinference_say(c, 200, json_incref(told));
	else
		rc = pol_xinference_say(c, 200, json_pack("{s:O}", "permissions", json_object_get(told, "permissions")));
	json_decref(told);
	json_decref(u);
	return rc;
}

int
pol_xinference_user(struct pol_call *c)
{
	return pol_xinference_handle(c, scope, show_user);
}

static int
put_permissions(struct pol_call *c, const struct pol_caller *as, const char *who, const json_t *body)
{
	json_t *words = words_of(c, json_object_get(body, "permissions"));
	int rc;

	if (words == NULL)
		return 1;
	rc = take(c, as, who, words);
	if (rc == 0)
		rc = grant(c, as, who, words);
	json_decref(words);
	return rc;
}

static int
put_user(struct pol_call *c, const struct pol_caller *as, const char *who, const json_t *body)
{
	const json_t *enabled = json_object_get(body, "enabled"), *change = json_object_get(body, "must_change_password");
	json_t *want = json_pack("{s:s}", "who", who), *answer;
	int rc = 0;

	if (want != NULL && json_is_boolean(enabled))
		json_object_set_new(want, "disabled", json_boolean(!json_is_true(enabled)));
	if (want != NULL && json_is_boolean(change))
		json_object_set_new(want, "must_change", json_boolean(json_is_true(change)));
	if (json_is_boolean(enabled) || json_is_boolean(change)) {
		rc = pol_xinference_ask(c, "user_change", as, want, &answer, "User", scope);
		if (rc == 0)
			json_decref(answer);
	} else {
		json_decref(want);
	}
	if (rc == 0 && json_object_get(body, "permissions") != NULL)
		rc = put_permissions(c, as, who, body);
	return rc;
}

static int
put_password(struct pol_call *c, const struct pol_caller *as, const char *who, const json_t *body)
{
	const char *to = pol_profile_text(body, "new_password"), *from = pol_profile_text(body, "current_password");
	json_t *want = json_pack("{s:s,s:s*}", "who", who, "password", to), *answer;
	int rc;

	if (to == NULL) {
		json_decref(want);
		(void)pol_xinference_fail(c, 400, "new_password is wanted, a text", NULL);
		return 1;
	}
	if (want != NULL && from != NULL)
		json_object_set_new(want, "old_password", json_string(from));
	rc = pol_xinference_ask(c, "user_password", as, want, &answer, "User", scope);
	if (rc == 0)
		json_decref(answer);
	return rc;
}

static int
put(struct pol_call *c, const struct pol_caller *as)
{
	char who[POL_XINFERENCE_ID];
	const char *rest = "";
	json_t *body = pol_xinference_id(c, path, "uid:", who, &rest) ? pol_xinference_body(c) : NULL;
	int rc = 1;

	if (body != NULL && rest[0] == '\0')
		rc = put_user(c, as, who, body);
	else if (body != NULL && strcmp(rest, "/permissions") == 0)
		rc = put_permissions(c, as, who, body);
	else if (body != NULL && strcmp(rest, "/password") == 0)
		rc = put_password(c, as, who, body);
	else if (body != NULL)
		(void)pol_xinference_fail(c, 404, "Not Found", NULL);
	if (rc == 0)
		rc = pol_xinference_say(c, 200, json_pack("{s:b}", "ok", 1));
	json_decref(body);
	return rc;
}

int
pol_xinference_user_put(struct pol_call *c)
{
	return pol_xinference_handle(c, scope, put);
}

static int
remove_user(struct pol_call *c, const struct pol_caller *as)
{
	return pol_xinference_remove(c, as, &users);
}

int
pol_xinference_user_delete(struct pol_call *c)
{
	return pol_xinference_handle(c, scope, remove_user);
}
