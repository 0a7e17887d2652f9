/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 7662. A token is judged as any credential of a request is, here; what its row in the
 * store says beside (when it was issued) is asked for at the desk, in its own name, and left
 * out where that cannot be answered. Of a signed one the claims are told that its step has
 * found to be right.
 */
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "desk.h"
#include "form.h"
#include "oauth.h"

#define PAYLOAD_BYTES ((size_t)48 * 1024)

static int
no(struct pol_call *c)
{
	c->status = 200;	/* 2.2: nothing is said of why */
	pol_text_str(&c->out, "{\"active\":false}");
	return 0;
}

/* ---- of a signed one ---- */

/* The claims of HEAD.CLAIMS.SIGNATURE, which a step has verified; NULL: it is no such token. */
static json_t *
claims_of(struct policy_text token, const struct policy_identity *who)
{
	const char *dot = memchr(token.data, '.', token.len), *end = token.data + token.len, *stop;
	json_t *claims = NULL, *id;
	unsigned over;
	char *text;
	long n;

	stop = dot != NULL ? memchr(dot + 1, '.', (size_t)(end - dot - 1)) : NULL;
	if (stop == NULL || memchr(stop + 1, '.', (size_t)(end - stop - 1)) != NULL || (size_t)(stop - dot) > PAYLOAD_BYTES)
		return NULL;
	text = malloc(PAYLOAD_BYTES);
	n = text != NULL ? pol_base64(text, dot + 1, (size_t)(stop - dot - 1), "-_", &over) : -1;
	if (n >= 0)
		claims = json_loadb(text, (size_t)n, JSON_REJECT_DUPLICATES, NULL);
	free(text);
	id = json_object_get(claims, "jti");
	if (json_is_object(claims) && (id == NULL || (json_is_string(id) && json_string_length(id) == who->token_id.len &&
	    memcmp(json_string_value(id), who->token_id.data, who->token_id.len) == 0) || json_string_length(id) > 64))
		return claims;
	json_decref(claims);
	return NULL;
}

static void
tell_claims(json_t *to, const json_t *claims)
{
	static const char *const names[] = { "iss", "aud", "iat", "nbf", "client_id" };
	json_t *v;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((v = json_object_get(claims, names[i])) != NULL)
			json_object_set(to, names[i], v);
	if (json_object_get(to, "client_id") == NULL && json_is_string(v = json_object_get(claims, "azp")))
		json_object_set(to, "client_id", v);
	if (json_is_number(v = json_object_get(claims, "exp")))
		json_object_set_new(to, "exp", json_integer((json_int_t)json_number_value(v)));
}

/* ---- of one in the store ---- */

/* false: the keeper, which knows more than we do yet, says that it is no longer good. */
static bool
tell_row(struct pol_call *c, json_t *to, const struct pol_caller *itself)
{
	static const struct {
		const char *from, *to;
	} members[] = { { "issued_unix", "iat" }, { "org", "org" }, { "user_id", "user_id" }, { "name", "name" } };
	json_t *args = json_object(), *row = NULL, *v;
	char *text = NULL;
	bool good = true;
	int rc = -1;

	if (args != NULL &&
	    json_object_set_new(args, "secret", json_stringn(itself->list[0].data.data, itself->list[0].data.len)) == 0 &&
	    json_object_set_new(args, "kind", json_stringn(itself->list[0].kind.data, itself->list[0].kind.len)) == 0)
		text = json_dumps(args, JSON_COMPACT);
	if (text != NULL)
		rc = pol_desk_ask(c, "token_show", itself, text, &row);
	if (rc == 0)
		good = json_is_true(json_object_get(row, "active"));
	for (size_t i = 0; rc == 0 && i < sizeof(members) / sizeof(members[0]); i++)
		if (!json_is_null(v = json_object_get(row, members[i].from)) && v != NULL)
			json_object_set(to, members[i].to, v);
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
	json_decref(args);
	json_decref(row);
	return good;
}

/* ---- 2.2 ---- */

static json_t *
joined(const struct policy_text *list, size_t n)
{
	struct pol_text t = { NULL, 0, 0, false };
	json_t *v;

	for (size_t i = 0; i < n; i++) {
		if (i != 0)
			pol_text_str(&t, " ");
		pol_text_add(&t, list[i].data, list[i].len);
	}
	v = t.failed ? NULL : json_stringn(t.data != NULL ? t.data : "", t.len);
	pol_text_fini(&t);
	return v;
}

static void
set_text(json_t *to, const char *name, struct policy_text v)
{
	if (v.len != 0)
		json_object_set_new(to, name, json_stringn(v.data, v.len));
}

/* A subject that is no user is told apart from a user of its name. */
static void
set_subject(json_t *to, const struct policy_identity *who)
{
	const bool user = who->subject_type.len == 4 && memcmp(who->subject_type.data, "user", 4) == 0;
	struct pol_text t = { NULL, 0, 0, false };

	if (!user) {
		pol_text_add(&t, who->subject_type.data, who->subject_type.len);
		pol_text_str(&t, ":");
	}
	pol_text_add(&t, who->subject_id.data, who->subject_id.len);
	if (!t.failed) {
		set_text(to, "sub", (struct policy_text){ t.data, t.len });
		set_text(to, "username", (struct policy_text){ t.data, t.len });
	}
	pol_text_fini(&t);
}

static json_t *
describe(const struct policy_identity *who)
{
	json_t *to = json_object(), *groups = json_array();

	json_object_set_new(to, "active", json_true());
	json_object_set_new(to, "token_type", json_string("Bearer"));
	set_subject(to, who);
	set_text(to, "subject_type", who->subject_type);
	set_text(to, "kind", who->kind);
	set_text(to, "jti", who->token_id);
	if (who->scoped)
		json_object_set_new(to, "scope", joined(who->scopes, who->scopes_count));
	if (who->expires != 0)
		json_object_set_new(to, "exp", json_integer(who->expires / 1000000000));
	for (uint32_t i = 0; i < who->groups_count; i++)
		json_array_append_new(groups, json_stringn(who->groups[i].data, who->groups[i].len));
	if (json_array_size(groups) != 0)
		json_object_set(to, "groups", groups);
	json_decref(groups);
	return to;
}

static int
say(struct pol_call *c, const json_t *what)
{
	char *text = json_dumps(what, JSON_COMPACT);

	if (text == NULL || json_object_get(what, "sub") == NULL)
		pol_oauth_error(c, 500, "server_error", "The token cannot be told");
	else {
		c->status = 200;
		pol_text_str(&c->out, text);
	}
	free(text);
	return 0;
}

static int
introspect(struct pol_call *c, struct policy_text token, struct policy_text hint)
{
	struct policy_identity who;
	struct pol_caller as;
	json_t *what, *claims;
	int rc = pol_oauth_judge(c, token, hint, &who, &as);

	if (rc == POLICY_ERR_UNAVAILABLE)
		return pol_oauth_refuse(c, POLICY_REASON_UNAVAILABLE, NULL);
	if (rc != 0)
		return rc;
	if (!who.verified)
		return no(c);
	claims = claims_of(token, &who);
	if (claims == NULL && c->nonblock && who.token_id.len != 0)
		return POLICY_ERR_AGAIN;
	what = describe(&who);
	if (claims != NULL)
		tell_claims(what, claims);
	if (claims != NULL || who.token_id.len == 0 || tell_row(c, what, &as))
		say(c, what);
	else
		no(c);
	json_decref(what);
	json_decref(claims);
	return 0;
}

int
pol_oauth_introspect(struct pol_call *c)
{
	struct pol_form f;
	const char *wrong = pol_form_read(&f, c);
	struct policy_text token = pol_form_get(&f, "token");
	int rc;

	if (wrong == NULL && token.data == NULL)
		wrong = "token is missing";
	if (wrong != NULL)
		rc = pol_oauth_error(c, 400, "invalid_request", wrong);
	else
		rc = introspect(c, token, pol_form_get(&f, "token_type_hint"));
	pol_form_fini(&f);
	return rc;
}
