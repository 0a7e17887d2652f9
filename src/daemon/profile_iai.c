/* SPDX-License-Identifier: Apache-2.0 */
/*
 * integrate.ai: what its SDK does with users and tokens. How that speaks to its server is
 * not published: paths and members here are ours, each a call of the SDK by its name, and
 * libpolicy's client.py speaks them. What token_info answers is as the handbook shows it.
 *
 * Tokens are signed, by the step that the listener names: the `iai` command decodes what
 * it is given, and wants a customer and an environment in it (`add` of that step).
 */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "profile.h"

#define MAIL_HEX 10u

static int
bad(struct pol_call *c, json_t *body, const char *text)
{
	json_decref(body);
	return pol_profile_fail(c, NULL, 400, "invalid_request", text);
}

static const json_t *
get(const json_t *o, const char *name)
{
	return json_object_get(o, name);
}

/* What a handler begins with: the body, one text of it that is needed, and who asks. */
struct asked {
	json_t *body;
	const char *text;
	struct pol_caller as;
};

/* false: answered. */
static bool
asked_read(struct asked *a, struct pol_call *c, const char *name)
{
	a->body = pol_profile_body(c, NULL);
	if (a->body == NULL)
		return false;
	a->text = pol_profile_text(a->body, name);
	if (a->text == NULL) {
		char why[96];

		snprintf(why, sizeof(why), "%s is wanted, a text", name);
		bad(c, a->body, why);
		return false;
	}
	if (pol_profile_caller(c, NULL, &a->as))
		return true;
	json_decref(a->body);
	return false;
}

/* Of what a handler may return: answered is 0. */
static int
asked_end(struct asked *a, int rc)
{
	pol_caller_fini(&a->as);
	json_decref(a->body);
	return rc < 0 ? rc : 0;
}

/* The attribute of a user; NULL: he has none by that name, or the caller may not read him. */
static const char *
fact(const json_t *user, const char *name)
{
	return json_string_value(get(get(user, "attributes"), name));
}

/* ---- users ---- */

/* An address that nobody has: what the user is known by to other programs. */
static bool
make_mail(char *out, size_t room, const struct pol_conf_listener *on)
{
	unsigned char b[MAIL_HEX / 2];
	size_t at = 0;

	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
		return false;
	for (size_t i = 0; i < sizeof(b); i++)
		at += (size_t)snprintf(out + at, room - at, "%02x", b[i]);
	return snprintf(out + at, room - at, "@%s", on->iai.domain != NULL ? on->iai.domain : "integrate.ai") < (int)(room - at);
}

static const char *
or(const char *text, const char *otherwise)
{
	return text != NULL ? text : otherwise;
}

static int
create_user(struct pol_call *c)
{
	const struct pol_conf_iai *conf = &c->on->iai;
	json_t *user = NULL, *facts;
	struct asked a;
	char mail[320];
	int rc;

	if (!asked_read(&a, c, "user_name"))
		return 0;
	if (!make_mail(mail, sizeof(mail), c->on))
		return asked_end(&a, POLICY_ERR_UNAVAILABLE);
	facts = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "email", mail, "realm", or(conf->realm, "ifl"), "role", "user",
	    "customer", or(conf->customer, ""), "env", or(conf->env, "prod"), "iss", or(conf->iss, "integrate.ai"));
	rc = pol_profile_ask(c, NULL, "user_create", &a.as, json_pack("{s:s,s:b,s:o}", "name", a.text, "generated", 1,
	    "attributes", facts), &user);
	if (rc == 0)
		rc = pol_profile_say(c, json_pack("{s:O,s:s,s:O,s:O}", "user_name", get(user, "name"), "email", mail,
		    "uid", get(user, "uid"), "created", get(user, "created")));
	json_decref(user);
	return asked_end(&a, rc);
}

static int
delete_user(struct pol_call *c)
{
	json_t *answer = NULL;
	struct asked a;
	int rc;

	if (!asked_read(&a, c, "user_name"))
		return 0;
	rc = pol_profile_ask(c, NULL, "user_delete", &a.as, json_pack("{s:s}", "who", a.text), &answer);
	if (rc == 0)
		rc = pol_profile_say(c, json_pack("{s:s,s:b}", "user_name", a.text, "deleted", 1));
	json_decref(answer);
	return asked_end(&a, rc);
}

/* ---- tokens ---- */

/* The owner, as far as the caller may read him; NULL: not at all. */
static json_t *
owner_of(struct pol_call *c, const struct pol_caller *as, const json_t *token)
{
	json_t *user = NULL;
	char who[300];

	snprintf(who, sizeof(who), "uid:%s", or(json_string_value(get(token, "user_id")), ""));
	if (pol_profile_try(c, "user_show", as, json_pack("{s:s}", "who", who), &user) != 0) {
		json_decref(user);
		return NULL;
	}
	return user;
}

static json_t *
want_of(const struct pol_call *c, const char *who, json_t *scopes, const json_t *lifetime)
{
	json_t *want = json_pack("{s:s}", "who", who);

	if (c->on->iai.step != NULL)
		json_object_set_new(want, "step", json_string(c->on->iai.step));
	if (c->on->iai.kind != NULL)
		json_object_set_new(want, "kind", json_string(c->on->iai.kind));
	if (scopes != NULL)
		json_object_set(want, "scopes", scopes);
	if (lifetime != NULL)
		json_object_set_new(want, "lifetime", json_integer(json_integer_value(lifetime)));
	return want;
}

/* No scopes, or null: all that the user may. */
static int
create_token(struct pol_call *c)
{
	json_t *token = NULL, *user = NULL, *scopes, *lifetime;
	struct asked a;
	int rc;

	if (!asked_read(&a, c, "user_id"))
		return 0;
	scopes = json_object_get(a.body, "scopes");
	lifetime = json_object_get(a.body, "lifetime");
	if (json_is_null(scopes))
		scopes = NULL;
	if (json_is_null(lifetime))
		lifetime = NULL;
	if (lifetime != NULL && !json_is_integer(lifetime)) {
		pol_profile_fail(c, NULL, 400, "invalid_request", "lifetime is a whole number of seconds");
		return asked_end(&a, 0);
	}
	rc = pol_profile_ask(c, NULL, "token_create", &a.as, want_of(c, a.text, scopes, lifetime), &token);
	if (rc == 0) {
		user = owner_of(c, &a.as, token);
		rc = pol_profile_say(c, json_pack("{s:s?,s:O,s:O,s:O,s:O}", "user_id", fact(user, "email"), "scopes",
		    get(token, "opens"), "token", get(token, "secret"), "token_id", get(token, "id"), "user_name", get(token, "who")));
	}
	json_decref(user);
	json_decref(token);
	return asked_end(&a, rc);
}

/* Scopes in one text, those too that others imply. A token without any has null: all its user may. */
static json_t *
joined(const json_t *opens)
{
	struct pol_text t = { NULL, 0, 0, false };
	json_t *out;
	size_t i;
	const json_t *s;

	if (!json_is_array(opens))
		return json_null();
	json_array_foreach(opens, i, s) {
		pol_text_str(&t, i != 0 ? " " : "");
		pol_text_str(&t, json_string_value(s));
	}
	out = t.failed ? NULL : json_stringn(t.len != 0 ? t.data : "", t.len);
	pol_text_fini(&t);
	return out;
}

static json_t *
info_of(const json_t *token, const json_t *user)
{
	const bool generated = json_is_true(get(user, "generated"));

	return json_pack("{s:s?,s:s?,s:s?,s:s?,s:s?,s:O,s:s?,s:O,s:O,s:o,s:O,s:s?,s:O}", "customer", fact(user, "customer"),
	    "email", fact(user, "email"), "realm", fact(user, "realm"), "role", fact(user, "role"), "env", fact(user, "env"),
	    "token_id", get(token, "id"), "iss", fact(user, "iss"), "iat", get(token, "issued_unix"), "renewable", get(token, "renewable"),
	    "scope", joined(get(token, "opens")), "user_id", get(token, "who"),
	    "user_type", user == NULL ? NULL : generated ? "generated" : "person", "active", get(token, "active"));
}

static bool
is_dead(const json_t *refusal)
{
	static const char *const dead[] = { "bad_credential", "expired", "revoked" };
	const char *reason = or(json_string_value(get(refusal, "reason")), "");

	for (size_t i = 0; i < sizeof(dead) / sizeof(dead[0]); i++)
		if (strcmp(reason, dead[i]) == 0)
			return true;
	return false;
}

/* The desk refuses a token that is no longer good as it does a caller's that is not. */
static bool
is_known(struct pol_call *c, const struct pol_caller *as)
{
	struct policy_request req = POLICY_REQUEST_INIT;
	struct policy_identity id;	/* not emptied: 24 KiB */

	id.size = sizeof(id);
	req.credentials = as->list;
	req.credentials_count = as->count;
	req.deadline_ns = c->deadline_ns;
	return as->count != 0 && policy_authenticate(c->policy, &req, &id) == 0 && id.verified != 0;
}

/* Who has a token may look at it; another's is for who may read tokens. Of one that is not
 * good nothing is said but that (RFC 7662, section 2.2). */
static int
token_info(struct pol_call *c)
{
	json_t *token = NULL, *user = NULL;
	struct asked a;
	int rc;

	if (!asked_read(&a, c, "token"))
		return 0;
	rc = pol_profile_try(c, "token_show", &a.as, json_pack("{s:s}", "secret", a.text), &token);
	if (rc == 0) {
		user = owner_of(c, &a.as, token);
		rc = pol_profile_say(c, info_of(token, user));
	} else if (rc != POLICY_ERR_AGAIN || !c->nonblock) {
		if ((rc == POLICY_ERR_NOENT || is_dead(token)) && is_known(c, &a.as))
			rc = pol_profile_say(c, json_pack("{s:b}", "active", 0));
		else
			pol_profile_refused(c, NULL, rc, token);
		rc = rc == POLICY_ERR_NOMEM ? rc : 0;
	}
	json_decref(user);
	json_decref(token);
	return asked_end(&a, rc);
}

static int
revoke_token(struct pol_call *c)
{
	json_t *answer = NULL;
	struct asked a;
	int rc;

	if (!asked_read(&a, c, "token_id"))
		return 0;
	rc = pol_profile_ask(c, NULL, "token_revoke", &a.as, json_pack("{s:s}", "id", a.text), &answer);
	if (rc == 0)
		rc = pol_profile_say(c, json_pack("{s:s,s:b}", "token_id", a.text, "revoked", 1));
	json_decref(answer);
	return asked_end(&a, rc);
}

const struct pol_route pol_profile_iai_routes[] = {
	{ "POST", "/fl/auth/create_user", false, POL_SERVE_INTEGRATE_AI, 0, create_user },
	{ "POST", "/fl/auth/create_token", false, POL_SERVE_INTEGRATE_AI, 0, create_token },
	{ "POST", "/fl/auth/token_info", false, POL_SERVE_INTEGRATE_AI, 0, token_info },
	{ "POST", "/fl/auth/revoke_token", false, POL_SERVE_INTEGRATE_AI, 0, revoke_token },
	{ "POST", "/fl/auth/delete_user", false, POL_SERVE_INTEGRATE_AI, 0, delete_user },
	{ .method = NULL },
};
