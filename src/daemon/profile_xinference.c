/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Xinference's own endpoints for logging in and, from version 3 on, for users and keys: a
 * table of routes over calls at the desk. Whatever they do the set allows, or does not.
 */
#include "profile_xinference.h"

#include <string.h>

static const struct pol_conf_xinference *
settings(const struct pol_call *c)
{
	return &c->on->xinference;
}

/* Clients ask it first, and send no credential at all where it says false. */
static int
cluster_auth(struct pol_call *c)
{
	struct policy_status s = { .size = sizeof(s) };
	int rc = policy_get_status(c->policy, &s);

	if (rc != 0)
		return rc;
	return pol_xinference_say(c, 200, json_pack("{s:b}", "auth", s.enabled != 0));
}

/* ---- /token ---- */

static int
refuse_login(struct pol_call *c, int rc, int reason)
{
	const bool wrong = (rc == POLICY_ERR_DENIED && reason >= POLICY_REASON_NO_CREDENTIAL && reason <= POLICY_REASON_REVOKED) ||
	    rc == POLICY_ERR_ARG;

	if (!wrong)
		return pol_xinference_refuse(c, rc, reason, "User", NULL);
	(void)pol_xinference_fail(c, 401, "Incorrect username or password", NULL);
	return 1;
}

static json_t *
want_session(struct pol_call *c, struct policy_text user)
{
	const struct pol_conf_xinference *x = settings(c);
	json_t *may = pol_xinference_may(c, user), *want;

	if (may == NULL)
		return NULL;
	want = json_pack("{s:s,s:s,s:i}", "kind", "session", "step", x->step, "lifetime",
	    x->lifetime_s != 0 ? (int)x->lifetime_s : 1800);
	if (want == NULL || json_object_set_new(want, "scopes", may) != 0) {
		json_decref(want);
		return NULL;
	}
	return want;
}

static int
simple_login(struct pol_call *c, const struct pol_caller *as)
{
	json_t *want = want_session(c, as->list[0].name), *made;
	int reason, rc;

	if (want == NULL)
		return pol_xinference_fail(c, 503, "It cannot be decided now whether this is allowed: try again later", NULL);
	rc = pol_xinference_try(c, "login", as, want, &made, &reason);
	if (rc != 0)
		return refuse_login(c, rc, reason) == 1 ? 0 : rc;
	rc = pol_xinference_say(c, 200, json_pack("{s:O,s:s}", "access_token", json_object_get(made, "secret"), "token_type", "bearer"));
	json_decref(made);
	return rc;
}

static int
advanced_login(struct pol_call *c, const struct pol_caller *as)
{
	const unsigned life = settings(c)->refresh_s;
	json_t *made;
	int reason, rc = pol_xinference_try(c, "login", as, json_pack("{s:s,s:b,s:i}", "kind", "refresh", "renewable", 1, "lifetime",
	    life != 0 ? (int)life : 7 * 86400), &made, &reason);

	if (rc != 0)
		return refuse_login(c, rc, reason) == 1 ? 0 : rc;
	rc = pol_xinference_pair(c, pol_profile_text(made, "secret"), json_integer_value(json_object_get(made, "expires_unix")));
	json_decref(made);
	return rc;
}

static int
login(struct pol_call *c)
{
	struct pol_caller as = { .count = 1 };
	const char *name, *password;
	json_t *body;
	int rc;

	if (c->nonblock)
		return POLICY_ERR_AGAIN;
	body = pol_xinference_body(c);
	if (body == NULL)
		return 0;
	name = json_string_value(json_object_get(body, "username"));
	password = json_string_value(json_object_get(body, "password"));
	if (name == NULL || password == NULL) {
		rc = pol_xinference_fail(c, 400, "username and password are wanted, as texts", NULL);
	} else if (name[0] == '\0' || strlen(name) >= POL_XINFERENCE_USERNAME || password[0] == '\0') {
		rc = pol_xinference_fail(c, 401, "Incorrect username or password", NULL);
	} else {
		as.list[0].kind = policy_text("password");
		as.list[0].name = policy_text(name);
		as.list[0].data = policy_text(password);
		rc = settings(c)->generation == POL_XINFERENCE_SIMPLE ? simple_login(c, &as) : advanced_login(c, &as);
	}
	json_decref(body);
	return rc;
}

const struct pol_route pol_xinference_routes[] = {
	{ "GET", "/v1/cluster/auth", false, POL_SERVE_XINFERENCE, 0, cluster_auth },
	{ "POST", "/token", false, POL_SERVE_XINFERENCE, 0, login },
	/* from version 3 on: a 404 in the other generation */
	{ "POST", "/v1/auth/refresh", false, POL_SERVE_XINFERENCE, 0, pol_xinference_refresh },
	{ "POST", "/v1/auth/logout", false, POL_SERVE_XINFERENCE, 0, pol_xinference_logout },
	{ "GET", "/v1/auth/me", false, POL_SERVE_XINFERENCE, 0, pol_xinference_me },
	{ "GET", "/v1/admin/setup/status", false, POL_SERVE_XINFERENCE, 0, pol_xinference_setup_status },
	{ "POST", "/v1/admin/setup", false, POL_SERVE_XINFERENCE, 0, pol_xinference_setup },
	{ "GET", "/v1/admin/users", false, POL_SERVE_XINFERENCE, 0, pol_xinference_users },
	{ "POST", "/v1/admin/users", false, POL_SERVE_XINFERENCE, 0, pol_xinference_user_create },
	{ "GET", "/v1/admin/users", true, POL_SERVE_XINFERENCE, 0, pol_xinference_user },
	{ "PUT", "/v1/admin/users", true, POL_SERVE_XINFERENCE, 0, pol_xinference_user_put },
	{ "DELETE", "/v1/admin/users", true, POL_SERVE_XINFERENCE, 0, pol_xinference_user_delete },
	{ "GET", "/v1/admin/keys", false, POL_SERVE_XINFERENCE, 0, pol_xinference_keys },
	{ "POST", "/v1/admin/keys", false, POL_SERVE_XINFERENCE, 0, pol_xinference_key_create },
	{ "GET", "/v1/admin/keys", true, POL_SERVE_XINFERENCE, 0, pol_xinference_key },
	{ "DELETE", "/v1/admin/keys", true, POL_SERVE_XINFERENCE, 0, pol_xinference_key_delete },
	{ .method = NULL },
};
