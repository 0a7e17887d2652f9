/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /v1/auth and the first start, from version 3 on. A login gives a refresh token, of a kind
 * that the set lets do nothing but this; that one is changed for a session, and for another
 * like itself each time.
 */
#include "profile_xinference.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

bool
pol_xinference_is_advanced(struct pol_call *c)
{
	if (c->on->xinference.generation == POL_XINFERENCE_ADVANCED)
		return true;
	(void)pol_xinference_fail(c, 404, "Not Found", NULL);
	return false;
}

int
pol_xinference_pair(struct pol_call *c, const char *refresh, int64_t ends_unix)
{
	const unsigned life = c->on->xinference.lifetime_s;
	int64_t left = ends_unix - (int64_t)time(NULL) - 1, want = life != 0 ? life : 1800;
	struct pol_caller as;
	json_t *made;
	int rc;

	if (refresh == NULL)
		return POLICY_ERR_INTERNAL;
	pol_xinference_bearer(&as, refresh);
	rc = pol_xinference_ask(c, "token_create", &as, json_pack("{s:s,s:s,s:I}", "kind", "session", "step", c->on->xinference.step,
	    "lifetime", (json_int_t)(left < want ? (left > 1 ? left : 1) : want)), &made, "User", NULL);
	if (rc != 0)
		return rc == 1 ? 0 : rc;
	rc = pol_xinference_say(c, 200, json_pack("{s:O,s:s,s:s}", "access_token", json_object_get(made, "secret"),
	    "refresh_token", refresh, "token_type", "bearer"));
	json_decref(made);
	return rc;
}

/* Its id, the caller's to free; NULL: it is none that is good, and rc and reason say why. */
static char *
id_of(struct pol_call *c, const struct pol_caller *as, int *rc, int *reason)
{
	json_t *shown;
	char *id = NULL;

	*rc = pol_xinference_try(c, "token_show", as, json_pack("{s:s}", "secret", as->list[0].data.data), &shown, reason);
	if (*rc != 0)
		return NULL;
	if (json_is_true(json_object_get(shown, "active")) && pol_profile_text(shown, "kind") != NULL &&
	    strcmp(pol_profile_text(shown, "kind"), "refresh") == 0 && pol_profile_text(shown, "id") != NULL)
		id = strdup(pol_profile_text(shown, "id"));
	if (id == NULL)
		*rc = POLICY_ERR_NOENT;
	json_decref(shown);
	return id;
}

static int
refuse_refresh(struct pol_call *c, int rc, int reason)
{
	if (rc == POLICY_ERR_NOENT || rc == POLICY_ERR_INVALID || rc == POLICY_ERR_ARG || (rc == POLICY_ERR_DENIED &&
	    reason != POLICY_REASON_UNAVAILABLE))
		return pol_xinference_fail(c, 401, "Invalid or expired refresh token", NULL);
	(void)pol_xinference_refuse(c, rc, reason, "User", NULL);
	return 0;
}

/* The token of the body, or NULL, and the error was answered. */
static json_t *
read_token(struct pol_call *c, struct pol_caller *as)
{
	json_t *body = pol_xinference_body(c);
	const char *token = body != NULL ? pol_profile_text(body, "refresh_token") : NULL;

	if (body == NULL)
		return NULL;
	if (token == NULL) {
		json_decref(body);
		(void)pol_xinference_fail(c, 400, "refresh_token is wanted, a text", NULL);
		return NULL;
	}
	pol_xinference_bearer(as, token);
	return body;
}

/* Around what is done with a refresh token: its id, or NULL, and rc and reason say why. */
typedef int with_token(struct pol_call *c, const struct pol_caller *as, const char *id, int rc, int reason);

static int
handle_token(struct pol_call *c, with_token *part)
{
	struct pol_caller as;
	json_t *body;
	int rc, reason;
	char *id;

	if (!pol_xinference_is_advanced(c))
		return 0;
	if (c->nonblock)
		return POLICY_ERR_AGAIN;
	if ((body = read_token(c, &as)) == NULL)
		return 0;
	id = id_of(c, &as, &rc, &reason);
	rc = part(c, &as, id, rc, reason);
	free(id);
	json_decref(body);
	return rc;
}

static int
refresh(struct pol_call *c, const struct pol_caller *as, const char *id, int rc, int reason)
{
	const unsigned life = c->on->xinference.refresh_s;
	json_t *made;

	if (id != NULL)
		rc = pol_xinference_try(c, "token_renew", as, json_pack("{s:s,s:i}", "id", id, "lifetime",
		    life != 0 ? (int)life : 7 * 86400), &made, &reason);
	if (rc != 0)
		return refuse_refresh(c, rc, reason);
	rc = pol_xinference_pair(c, pol_profile_text(made, "secret"), json_integer_value(json_object_get(made, "expires_unix")));
	json_decref(made);
	return rc;
}

int
pol_xinference_refresh(struct pol_call *c)
{
	return handle_token(c, refresh);
}

/* Who logs out is out, whatever it was that he sent. */
static int
log_out(struct pol_call *c, const struct pol_caller *as, const char *id, int rc, int reason)
{
	json_t *answer = NULL;

	if (id != NULL)
		rc = pol_xinference_try(c, "token_revoke", as, json_pack("{s:s}", "id", id), &answer, &reason);
	json_decref(answer);
	if (rc == POLICY_ERR_UNAVAILABLE || rc == POLICY_ERR_UNSUPPORTED || (id != NULL && rc != 0 && rc != POLICY_ERR_NOENT)) {
		(void)pol_xinference_refuse(c, rc, reason, "User", NULL);
		return 0;
	}
	return pol_xinference_say(c, 200, json_pack("{s:b}", "ok", 1));
}

int
pol_xinference_logout(struct pol_call *c)
{
	return handle_token(c, log_out);
}

static int
me(struct pol_call *c, const struct pol_caller *as)
{
	struct policy_identity *who = malloc(sizeof(*who));
	struct policy_request req = POLICY_REQUEST_INIT;
	json_t *shown = NULL, *may = NULL, *name;
	int rc;

	if (who == NULL)
		return POLICY_ERR_NOMEM;
	who->size = sizeof(*who);
	req.credentials = as->list;
	req.credentials_count = as->count;
	req.deadline_ns = c->deadline_ns;
	rc = policy_authenticate(c->policy, &req, who);
	if (rc == 0 && who->verified != 1)
		rc = pol_xinference_refuse(c, POLICY_ERR_DENIED, (int)who->reason, "User", NULL);
	name = rc == 0 ? json_stringn(who->subject_id.data, who->subject_id.len) : NULL;
	if (rc == 0)
		rc = pol_xinference_ask(c, "user_show", as, json_pack("{s:O}", "who", name), &shown, "User", NULL);
	if (rc == 0 && (may = pol_xinference_may(c, who->subject_id)) == NULL)
		rc = POLICY_ERR_NOMEM;
	if (rc == 0)
		rc = pol_xinference_say(c, 200, json_pack("{s:O,s:O,s:s,s:O}", "id", json_object_get(shown, "uid"), "username", name,
		    "source", "local", "permissions", may));
	json_decref(name);
	json_decref(shown);
	json_decref(may);
	free(who);
	return rc;
}

int
pol_xinference_me(struct pol_call *c)
{
	return pol_xinference_handle(c, NULL, me);
}

/* ---- the first start ---- */

int
pol_xinference_setup_status(struct pol_call *c)
{
	if (!pol_xinference_is_advanced(c))
		return 0;
	return pol_xinference_say(c, 200, json_pack("{s:b,s:b,s:i}", "needs_setup", 0, "initialized", 1, "password_min_length", 8));
}

/* Whoever comes first over the network is no administrator by that. */
int
pol_xinference_setup(struct pol_call *c)
{
	if (!pol_xinference_is_advanced(c))
		return 0;
	return pol_xinference_fail(c, 410, "The first administrator is made on the host itself, by policyctl admin init", NULL);
}
