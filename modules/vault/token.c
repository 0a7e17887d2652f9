/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The modes token and login. A client's token is looked up by itself, so that this
 * module needs no rights of its own; the answer must be about that very token, which
 * what stands between us and the server might mix up. A login's token is looked up
 * the same way, since only that tells its namespace, and is then given back.
 */
#include "vault.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#define REVOKE_NS VAULT_SECOND

bool
pol_vault_is_token(struct policy_text t)
{
	if (t.len == 0 || t.len > VAULT_MAX_TOKEN)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		if (t.data[i] <= ' ' || t.data[i] > '~')
			return false;
	}
	return true;
}

int
pol_vault_digest(char out[44], struct policy_text t)
{
	unsigned char sha[33] = { 0 }, text[48];

	if (EVP_Digest(t.data, t.len, sha, NULL, EVP_sha256(), NULL) != 1)
		return -1;
	EVP_EncodeBlock(text, sha, 33);	/* 44 letters, of which 43 tell the 32 bytes */
	for (int i = 0; i < 43; i++)
		out[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : (char)text[i];
	out[43] = '\0';
	return 0;
}

/* ---- looking up ---- */

static bool
is_about(const json_t *data, struct policy_text token)
{
	const char *id = pol_vault_json_text(data, "id");

	if (id == NULL || strlen(id) != token.len)
		return false;
	return strspn(id, "x") == token.len || CRYPTO_memcmp(id, token.data, token.len) == 0;
}

static long
look_up(struct vault *v, struct policy_text token, int64_t deadline_ns, struct vault_answer *a)
{
	struct vault_ask ask = { .method = "GET", .path = "auth/token/lookup-self", .token = token,
	    .deadline_ns = deadline_ns };

	pol_vault_ask(v, &ask, a);
	if (a->status == 200 && is_about(json_object_get(a->json, "data"), token))
		return 200;
	if (a->status == 403)
		return 403;
	if (a->status == 0)
		pol_vault_say(v, VAULT_SAY_UNASKED, POLICY_LOG_ERROR, "%s cannot be asked: %s", v->conf.address, a->why);
	else
		pol_vault_say(v, VAULT_SAY_ANSWER, POLICY_LOG_ERROR, "%s: a look-up was answered with status %ld and not "
		    "with what is known of the token (a namespace that is not there?)", v->conf.address, a->status);
	return 0;
}

static int64_t
deadline(const struct vault *v, const struct policy_call *call)
{
	int64_t own = pol_vault_clock(CLOCK_MONOTONIC) + v->conf.timeout_ns;

	return call->deadline_ns != 0 && call->deadline_ns < own ? call->deadline_ns : own;
}

/* The accessor, which fill.c takes by itself, or where there is none a digest. */
static bool
name_token(char digest[44], struct policy_text *name, const json_t *data, struct policy_text token)
{
	const char *accessor = pol_vault_json_text(data, "accessor");

	*name = (struct policy_text){ NULL, 0 };
	if (accessor != NULL && accessor[0] != '\0' && strlen(accessor) <= 64)
		return true;
	*name = (struct policy_text){ digest, 43 };
	return pol_vault_digest(digest, token) == 0;
}

enum policy_check_result
pol_vault_token_check(struct vault *v, const struct policy_call *call, struct policy_identity *id)
{
	const struct policy_text token = call->credential->data;
	enum policy_check_result result = POLICY_CHECK_ERROR;
	struct vault_answer a;
	struct policy_text name;
	char digest[44];
	long status;

	if (!pol_vault_is_token(token))
		return POLICY_CHECK_FAIL;
	if (call->flags & POLICY_CALL_NONBLOCK)
		return POLICY_CHECK_AGAIN;
	status = look_up(v, token, deadline(v, call), &a);
	if (status == 200 && name_token(digest, &name, json_object_get(a.json, "data"), token))
		result = pol_vault_fill(v, call, json_object_get(a.json, "data"), name, id);
	else if (status == 403)
		result = POLICY_CHECK_FAIL;
	pol_vault_answer_fini(&a);
	return result;
}

/* ---- logging in ---- */

/* Names a JWT by its digest: the login's accessor is another one each time. A password's
 * digest could be guessed from, so there it is the accessor. */
static enum policy_check_result
of_login(struct vault *v, const struct policy_call *call, const struct vault_login *login, int64_t until_ns,
    struct policy_identity *id)
{
	const struct policy_text token = { login->token, login->len };
	enum policy_check_result result = POLICY_CHECK_ERROR;
	struct policy_text name;
	struct vault_answer a;
	char digest[44];
	long status = look_up(v, token, until_ns, &a);
	const json_t *data = json_object_get(a.json, "data");
	bool named = false;

	if (status == 200 && v->conf.method == VAULT_JWT) {
		name = (struct policy_text){ digest, 43 };
		named = pol_vault_digest(digest, call->credential->data) == 0;
	} else if (status == 200) {
		named = name_token(digest, &name, data, token);
	}
	if (named)
		result = pol_vault_fill(v, call, data, name, id);
	else if (status == 403)
		pol_vault_say(v, VAULT_SAY_LOGIN, POLICY_LOG_ERROR, "%s: the token of a login may not look itself up; its "
		    "role needs the policy `default`, or one that allows auth/token/lookup-self", v->conf.address);
	pol_vault_answer_fini(&a);
	return result;
}

static bool
can_log_in(const struct vault *v, const struct policy_credential *c)
{
	if (c->data.len == 0 || c->data.len > VAULT_MAX_TOKEN || memchr(c->data.data, '\0', c->data.len) != NULL ||
	    !pol_vault_json_able(c->data))
		return false;
	if (v->conf.method == VAULT_JWT)
		return pol_vault_is_token(c->data);
	return c->name.data != NULL && pol_vault_is_word(c->name.data, c->name.len);
}

enum policy_check_result
pol_vault_login_check(struct vault *v, const struct policy_call *call, struct policy_identity *id)
{
	const struct policy_credential *c = call->credential;
	const int64_t until = deadline(v, call);
	enum policy_check_result result = POLICY_CHECK_ERROR;
	struct vault_login login;
	int64_t now;
	long status;

	if (!can_log_in(v, c))
		return POLICY_CHECK_FAIL;
	if (call->flags & POLICY_CALL_NONBLOCK)
		return POLICY_CHECK_AGAIN;
	status = pol_vault_login(v, v->conf.method, v->conf.mount, v->conf.role, c->name, c->data, until, &login);
	if (status == 400 || status == 403)
		result = POLICY_CHECK_FAIL;
	if (status == 200) {
		result = of_login(v, call, &login, until, id);
		now = pol_vault_clock(CLOCK_MONOTONIC);
		if (!login.batch)
			pol_vault_revoke(v, (struct policy_text){ login.token, login.len },
			    until - now < REVOKE_NS ? until : now + REVOKE_NS);
	}
	explicit_bzero(&login, sizeof(login));
	return result;
}
