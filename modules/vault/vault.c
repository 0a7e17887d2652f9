/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vault: tokens of Vault and OpenBao, over HTTPS. Three ways (`mode:`): a client's
 * bearer token is one of the server's and looked up by itself; a client's password or
 * JWT is logged in with; or clients' tokens are entries of a KV store.
 *
 * PASS only of a complete answer that says so. FAIL is the server's own 403, or a
 * login's 400. All else is ERROR.
 */
#include "vault.h"

#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SAY_EVERY (10 * VAULT_SECOND)

int64_t
pol_vault_clock(clockid_t clock)
{
	struct timespec ts = { 0, 0 };

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * VAULT_SECOND + ts.tv_nsec;
}

void
pol_vault_say(struct vault *v, enum vault_topic topic, enum policy_log_level level, const char *fmt, ...)
{
	int64_t now = pol_vault_clock(CLOCK_BOOTTIME), last = atomic_load(&v->said_ns[topic]);
	char line[1024];
	va_list ap;

	if ((last != 0 && now - last < SAY_EVERY) || !atomic_compare_exchange_strong(&v->said_ns[topic], &last, now))
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	v->host->log(v->host, level, line);
}

int
pol_vault_refuse(struct policy_error *err, int code, const char *fmt, ...)
{
	va_list ap;

	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return code;
}

/* ---- opening ---- */

/* Read at each connection; what cannot be read now is a mistake in the set. */
static int
check_files(const struct vault_conf *c, struct policy_error *err)
{
	if (c->ca[0] != '\0' && access(c->ca, R_OK) != 0)
		return pol_vault_refuse(err, POLICY_ERR_IO, "`ca` is \"%s\", which cannot be read", c->ca);
	if (c->capath[0] != '\0' && access(c->capath, R_OK | X_OK) != 0)
		return pol_vault_refuse(err, POLICY_ERR_IO, "`capath` is \"%s\", which cannot be read", c->capath);
	return 0;
}

static void
warn(struct vault *v)
{
	const char *skip = secure_getenv("BAO_SKIP_VERIFY");

	if (skip == NULL)
		skip = secure_getenv("VAULT_SKIP_VERIFY");
	if (skip != NULL && skip[0] != '\0' && strcmp(skip, "0") != 0 && strcasecmp(skip, "false") != 0)
		v->host->log(v->host, POLICY_LOG_WARNING, "VAULT_SKIP_VERIFY has no effect: certificates are always verified");
	if (strncmp(v->conf.address, "http:", 5) == 0 && v->conf.socket[0] == '\0')
		v->host->log(v->host, POLICY_LOG_WARNING, "INSECURE: tokens go to the server in clear text, since the step says "
		    "`insecure: true`; every process that can listen here can read them");
}

/* Steps of the same text vouch for the same people: so it says what a subject's name is. */
static int
name_source(struct vault *v, struct policy_error *err)
{
	static const char *const ids[] = { "entity", "display_name", "accessor", "meta.", "list" };
	const struct vault_conf *c = &v->conf;
	char text[2048];

	snprintf(text, sizeof(text), "vault:%s%s %s %s%s%s%s%s", c->address, c->socket, c->ns, ids[c->id], c->id_meta,
	    c->id == VAULT_KEY ? " " : "", c->id == VAULT_KEY ? c->mount : "", c->id == VAULT_KEY ? "/" : "");
	if (c->id == VAULT_KEY)
		strncat(text, c->path, sizeof(text) - strlen(text) - 1);
	if (v->host->source(v->host, policy_text(text)) != 0)
		return pol_vault_refuse(err, POLICY_ERR_LIMIT, "address, namespace and path have more than 255 bytes together");
	return 0;
}

static void
vault_close(void *state)
{
	struct vault *v = state;

	ERR_set_mark();
	if (v->conf.mode == VAULT_LIST)
		pol_vault_list_fini(v);
	pol_vault_http_fini(v);
	ERR_pop_to_mark();
	curl_global_cleanup();
	explicit_bzero(v, sizeof(*v));
	free(v);
}

static int
vault_open(void **state, const struct policy_open_args *args, struct policy_error *err)
{
	struct vault *v = calloc(1, sizeof(*v));
	int rc;

	if (v == NULL)
		return pol_vault_refuse(err, POLICY_ERR_NOMEM, "out of memory");
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(v);
		return pol_vault_refuse(err, POLICY_ERR_NOMEM, "libcurl cannot be started");
	}
	v->host = args->host;
	rc = pol_vault_conf(&v->conf, args, err);
	if (rc == 0)
		rc = pol_vault_address(&v->conf, err);
	if (rc == 0)
		rc = check_files(&v->conf, err);
	if (rc == 0)
		rc = name_source(v, err);
	if (rc == 0) {
		warn(v);
		ERR_set_mark();
		rc = v->conf.mode == VAULT_LIST ? pol_vault_list_open(v, err) : 0;
		ERR_pop_to_mark();
	}
	if (rc != 0)
		vault_close(v);
	else
		*state = v;
	return rc;
}

/* ---- asked ---- */

static bool
is_kind(const struct policy_credential *c, const char *kind)
{
	return c->kind.len == strlen(kind) && memcmp(c->kind.data, kind, c->kind.len) == 0;
}

/* Three parts with dots between, of the letters of base64url; the parts are the server's
 * to judge. */
static bool
looks_like_jwt(struct policy_text t)
{
	int dots = 0;

	for (size_t i = 0; i < t.len; i++) {
		const char b = t.data[i];

		if (b == '.')
			dots++;
		else if (!((b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') || b == '-' || b == '_'))
			return false;
	}
	return dots == 2;
}

/* Never by a token's prefix: those change, and who mounts a server may choose them. */
static int
vault_claims(void *state, const struct policy_credential *c)
{
	const struct vault *v = state;

	if (v->conf.mode != VAULT_LOGIN)
		return is_kind(c, "bearer");
	if (v->conf.method == VAULT_JWT)
		return is_kind(c, "bearer") && (c->data.len == 0 || looks_like_jwt(c->data));
	return is_kind(c, "password");
}

static enum policy_check_result
ask_by_mode(struct vault *v, const struct policy_call *call, struct policy_identity *id)
{
	switch (v->conf.mode) {
	case VAULT_TOKEN:
		return pol_vault_token_check(v, call, id);
	case VAULT_LOGIN:
		return pol_vault_login_check(v, call, id);
	case VAULT_LIST:
		return pol_vault_list_check(v, call, id);
	}
	return POLICY_CHECK_ERROR;
}

/* OpenSSL keeps what went wrong for each thread, and the threads are the host's. */
static enum policy_check_result
vault_check(void *state, const struct policy_call *call, struct policy_identity *id)
{
	enum policy_check_result r;

	if (vault_claims(state, call->credential) == 0)
		return POLICY_CHECK_IGNORE;
	ERR_set_mark();
	r = ask_by_mode(state, call, id);
	ERR_pop_to_mark();
	return r;
}

static int64_t
vault_serve(void *state, uint32_t why)
{
	struct vault *v = state;
	int64_t wait = -1;

	ERR_set_mark();
	if (v->conf.mode == VAULT_LIST)
		wait = pol_vault_list_serve(v, why);
	ERR_pop_to_mark();
	return wait;
}

static const char *const kinds[] = { "bearer", "password", NULL };

static const struct policy_module_key keys[] = {
	{ "address", POLICY_KEY_TEXT, 0 }, { "ca", POLICY_KEY_TEXT, 0 }, { "capath", POLICY_KEY_TEXT, 0 },
	{ "namespace", POLICY_KEY_TEXT, 0 }, { "proxy", POLICY_KEY_TEXT, 0 }, { "insecure", POLICY_KEY_BOOL, 0 },
	{ "redirect_to", POLICY_KEY_TEXTS, 0 }, { "timeout", POLICY_KEY_DURATION, 0 }, { "retries", POLICY_KEY_INT, 0 },
	{ "mode", POLICY_KEY_TEXT, 0 }, { "method", POLICY_KEY_TEXT, 0 }, { "mount", POLICY_KEY_TEXT, 0 },
	{ "role", POLICY_KEY_TEXT, 0 }, { "scopes", POLICY_KEY_TEXT, 0 }, { "attributes", POLICY_KEY_MAP, 0 },
	{ "path", POLICY_KEY_TEXT, 0 }, { "kv", POLICY_KEY_INT, 0 }, { "field", POLICY_KEY_TEXT, 0 },
	{ "refresh", POLICY_KEY_DURATION, 0 }, { "stale", POLICY_KEY_DURATION, 0 },
	{ "token_file", POLICY_KEY_TEXT, 0 }, { "auth_method", POLICY_KEY_TEXT, 0 }, { "auth_mount", POLICY_KEY_TEXT, 0 },
	{ "auth_role", POLICY_KEY_TEXT, 0 }, { "auth_user", POLICY_KEY_TEXT, 0 }, { "auth_secret_file", POLICY_KEY_TEXT, 0 },
	{ NULL, 0, 0 },
};

const struct policy_module policy_module_1 = {
	.size = sizeof(struct policy_module), .abi = POLICY_MODULE_ABI, .name = "vault", .version = POL_VERSION,
	.flags = POLICY_MODULE_MAY_BLOCK | POLICY_MODULE_HEEDS_NONBLOCK | POLICY_MODULE_CACHEABLE | POLICY_MODULE_SCOPED,
	.kinds = kinds, .keys = keys,
	.open = vault_open, .check = vault_check, .close = vault_close, .claims = vault_claims, .serve = vault_serve,
};
