/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logging in, and giving back what a login left on the server. A login is sent again
 * only where nothing of it was done: it may use up a secret.
 */
#include "vault.h"

#include <stdio.h>
#include <string.h>

static const char *const words[] = { "", "jwt", "approle", "userpass" };

/* The path and the members of one method's request. */
static size_t
write_request(char *path, size_t path_room, char *body, size_t room, enum vault_method method, const char *mount,
    const char *role, struct policy_text name, struct policy_text secret)
{
	const char *names[2];
	struct policy_text values[2];
	size_t n = 0;

	if (method == VAULT_USERPASS) {
		snprintf(path, path_room, "auth/%s/login/%.*s", mount, (int)name.len, name.data);
		names[n] = "password";
		values[n++] = secret;
		return pol_vault_json_write(body, room, names, values, n);
	}
	snprintf(path, path_room, "auth/%s/login", mount);
	if (method == VAULT_APPROLE) {
		names[n] = "role_id";
		values[n++] = name;
	} else if (role[0] != '\0') {
		names[n] = "role";
		values[n++] = policy_text(role);
	}
	names[n] = method == VAULT_APPROLE ? "secret_id" : "jwt";
	values[n++] = secret;
	return pol_vault_json_write(body, room, names, values, n);
}

bool
pol_vault_login_read(const json_t *json, struct vault_login *out)
{
	const json_t *auth = json_object_get(json, "auth");
	const char *token = pol_vault_json_text(auth, "client_token"), *type = NULL;
	int64_t lease = 0;

	memset(out, 0, sizeof(*out));
	if (token == NULL || !pol_vault_is_token(policy_text(token)) ||
	    !pol_vault_json_int(auth, "lease_duration", 0, &lease) || lease > INT64_C(3153600000) ||
	    !json_is_boolean(json_object_get(auth, "renewable")) || !pol_vault_json_maybe(auth, "token_type", &type))
		return false;
	out->len = strlen(token);
	memcpy(out->token, token, out->len + 1);
	out->lease_ns = lease * VAULT_SECOND;
	out->batch = strcmp(type, "batch") == 0;
	out->renewable = !out->batch && json_is_true(json_object_get(auth, "renewable"));
	return true;
}

static long
judge(struct vault *v, enum vault_method method, const char *mount, struct vault_answer *a, struct vault_login *out)
{
	if (a->status == 200 && pol_vault_login_read(a->json, out))
		return 200;
	if (a->status == 403)
		pol_vault_say(v, VAULT_SAY_LOGIN, POLICY_LOG_WARNING, "%s: a login by %s was refused with 403: either "
		    "nothing is mounted at auth/%s, or the user is locked out", v->conf.address, words[method], mount);
	if (a->status == 400 || a->status == 403)
		return a->status;
	if (a->status == 0)
		pol_vault_say(v, VAULT_SAY_UNASKED, POLICY_LOG_ERROR, "%s cannot be asked to log in: %s",
		    v->conf.address, a->why);
	else
		pol_vault_say(v, VAULT_SAY_ANSWER, POLICY_LOG_ERROR, "%s: a login by %s was answered with status %ld and "
		    "no token", v->conf.address, words[method], a->status);
	return 0;
}

long
pol_vault_login(struct vault *v, enum vault_method method, const char *mount, const char *role,
    struct policy_text name, struct policy_text secret, int64_t deadline_ns, struct vault_login *out)
{
	char path[640], body[2 * VAULT_MAX_TOKEN + 1024];
	struct vault_ask ask = { .method = "POST", .path = path, .deadline_ns = deadline_ns, .once = true };
	struct vault_answer a;
	long status;

	memset(out, 0, sizeof(*out));
	ask.body.data = body;
	ask.body.len = write_request(path, sizeof(path), body, sizeof(body), method, mount, role, name, secret);
	if (ask.body.len == 0) {	/* no UTF-8: no secret of this server's; or no memory, which is no answer */
		explicit_bzero(body, sizeof(body));
		return 0;
	}
	pol_vault_ask(v, &ask, &a);
	explicit_bzero(body, sizeof(body));
	status = judge(v, method, mount, &a, out);
	pol_vault_answer_fini(&a);
	return status;
}

/* Best effort: what is not revoked ends with its lease. */
void
pol_vault_revoke(struct vault *v, struct policy_text token, int64_t deadline_ns)
{
	static const char none[] = "{}";
	struct vault_ask ask = { .method = "POST", .path = "auth/token/revoke-self", .token = token,
	    .body = { none, 2 }, .deadline_ns = deadline_ns };
	struct vault_answer a;

	pol_vault_ask(v, &ask, &a);
	pol_vault_answer_fini(&a);
}
