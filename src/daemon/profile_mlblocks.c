/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ML Blocks: /login, /admin/users, /admin/apikeys, with the members that its epic names and
 * no others. A role is a grant of the role of that name, everywhere; a session's token is of
 * the kind `session`, a key of the kind `api_key`: see policies/ml-blocks.yaml.
 */
#include <stdio.h>
#include <string.h>

#include "profile.h"

static const char also[] = "error_message";
static const char *const roles[] = { "user", "admin" };

static int
bad(struct pol_call *c, json_t *body, const char *text)
{
	json_decref(body);
	return pol_profile_fail(c, also, 400, "invalid_request", text);
}

static const json_t *
get(const json_t *o, const char *name)
{
	return json_object_get(o, name);
}

/* ---- login ---- */

/* Is it a grant of the role in force: everywhere, and neither ended nor to come? The desk
 * tells those that are to come as well. */
static bool
confers(const json_t *grant, const char *role)
{
	const char *name = json_string_value(get(grant, "role"));

	return name != NULL && strcmp(name, role) == 0 && json_is_null(get(grant, "resource")) && json_is_null(get(grant, "from"));
}

/* The greatest of the two that he has; NULL: neither, or it may not be read. */
static const char *
role_of(const json_t *grants)
{
	const char *found = NULL;
	size_t i;
	const json_t *g;

	for (size_t r = 0; r < sizeof(roles) / sizeof(roles[0]); r++)
		json_array_foreach(get(grants, "items"), i, g)
			if (confers(g, roles[r]))
				found = roles[r];
	return found;
}

/* Whose the token is, as he himself may read it with the token that he was just given. */
static json_t *
details(struct pol_call *c, const json_t *token)
{
	struct pol_caller as = { .count = 1 };
	json_t *grants = NULL, *out;
	char who[300];

	snprintf(who, sizeof(who), "uid:%s", json_string_value(get(token, "user_id")));
	as.list[0].kind = policy_text("bearer");
	as.list[0].data = policy_text(json_string_value(get(token, "secret")));
	(void)pol_profile_try(c, "grant_list", &as, json_pack("{s:s}", "who", who), &grants);
	out = json_pack("{s:O,s:O,s:s?}", "user_id", get(token, "user_id"), "username", get(token, "who"), "role", role_of(grants));
	json_decref(grants);
	return out;
}

static int
login(struct pol_call *c)
{
	json_t *body = pol_profile_body(c, also), *token;
	const char *name = pol_profile_text(body, "username"), *password = pol_profile_text(body, "password");
	struct pol_caller as = { .count = 1 };
	int rc;

	if (body == NULL)
		return 0;
	if (name == NULL || password == NULL)
		return bad(c, body, "username and password are wanted, both texts");
	as.list[0].kind = policy_text("password");
	as.list[0].name = policy_text(name);
	as.list[0].data = policy_text(password);
	rc = pol_profile_try(c, "login", &as, json_pack("{s:s,s:s}", "kind", "session", "name", "login"), &token);
	json_decref(body);
	if (rc == POLICY_ERR_AGAIN && c->nonblock)
		return rc;
	if (rc == POLICY_ERR_NOENT)	/* a right password of who is disabled: as a wrong one */
		pol_profile_fail(c, also, 401, "bad_credential", "The credential is not valid");
	else if (rc != 0)
		pol_profile_refused(c, also, rc, token);
	if (rc != 0) {
		json_decref(token);
		return 0;
	}
	rc = pol_profile_say(c, json_pack("{s:O,s:O,s:o}", "token", get(token, "secret"), "expiration_date", get(token, "expires"),
	    "user_details", details(c, token)));
	json_decref(token);
	return rc;
}

/* ---- administrators ---- */

/* A user without the role that was asked for is nobody's wish. The refusal is answered already. */
static void
take_back(struct pol_call *c, const struct pol_caller *as, const char *who)
{
	json_t *answer = NULL;

	(void)pol_profile_try(c, "user_delete", as, json_pack("{s:s}", "who", who), &answer);
	json_decref(answer);
}

static int
create_user(struct pol_call *c, const struct pol_caller *as, const char *name, const char *password, const char *role)
{
	json_t *user, *grant;
	char who[300];
	int rc;

	rc = pol_profile_ask(c, also, "user_create", as, json_pack("{s:s,s:s}", "name", name, "password", password), &user);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	snprintf(who, sizeof(who), "uid:%s", json_string_value(get(user, "uid")));
	rc = pol_profile_ask(c, also, "grant_add", as, json_pack("{s:s,s:s}", "who", who, "role", role), &grant);
	if (rc != 0)
		take_back(c, as, who);
	else
		rc = pol_profile_say(c, json_pack("{s:O,s:O,s:s}", "user_id", get(user, "uid"), "creation_date", get(user, "created"),
		    "role", role));
	json_decref(grant);
	json_decref(user);
	return rc < 0 ? rc : 0;
}

static int
users(struct pol_call *c)
{
	json_t *body = pol_profile_body(c, also);
	const char *name = pol_profile_text(body, "username"), *password = pol_profile_text(body, "password"),
	    *role = pol_profile_text(body, "role");
	struct pol_caller as;
	bool known = false;
	int rc;

	if (body == NULL)
		return 0;
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		known = known || (role != NULL && strcmp(role, roles[i]) == 0);
	if (name == NULL || password == NULL || !known)
		return bad(c, body, "username, password and role are wanted, texts, and a role is user or admin");
	if (!pol_profile_caller(c, also, &as)) {
		json_decref(body);
		return 0;
	}
	rc = create_user(c, &as, name, password, role);
	pol_caller_fini(&as);
	json_decref(body);
	return rc;
}

static int
keys(struct pol_call *c)
{
	json_t *body = pol_profile_body(c, also), *key = NULL;
	const char *user = pol_profile_text(body, "user_id"), *end = pol_profile_text(body, "expiration_date");
	struct pol_caller as;
	char who[300];
	int rc;

	if (body == NULL)
		return 0;
	if (user == NULL || strlen(user) > 255 || end == NULL)
		return bad(c, body, "user_id and expiration_date are wanted, the latter as 2026-11-21T15:00:00Z");
	if (!pol_profile_caller(c, also, &as)) {
		json_decref(body);
		return 0;
	}
	snprintf(who, sizeof(who), "uid:%s", user);
	rc = pol_profile_ask(c, also, "token_create", &as, json_pack("{s:s,s:s,s:s}", "who", who, "kind", "api_key", "expires", end), &key);
	if (rc == 0)
		rc = pol_profile_say(c, json_pack("{s:O,s:O,s:O}", "api_key", get(key, "secret"), "user_id", get(key, "user_id"),
		    "expiration_date", get(key, "expires")));
	pol_caller_fini(&as);
	json_decref(body);
	json_decref(key);
	return rc < 0 ? rc : 0;
}

const struct pol_route pol_profile_mlblocks_routes[] = {
	{ "POST", "/login", false, POL_SERVE_ML_BLOCKS, 0, login },
	{ "POST", "/admin/users", false, POL_SERVE_ML_BLOCKS, 0, users },
	{ "POST", "/admin/apikeys", false, POL_SERVE_ML_BLOCKS, 0, keys },
	{ .method = NULL },
};
