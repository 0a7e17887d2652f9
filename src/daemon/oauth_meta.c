/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What there is of OAuth here (RFC 8414), and the keys that tokens signed here are verified
 * with (RFC 7517). These come from a file of public keys, which the configuration names: the
 * process that answers has no other. A file with anything private in it is not served at
 * all, and of a key only those members are that are known to be public.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "oauth.h"

#define WELL_KNOWN "/.well-known/oauth-authorization-server"
#define KEYS_BYTES ((off_t)256 * 1024)

/* ---- RFC 8414 ---- */

static const struct {
	const char *name, *path;
} urls[] = {
	{ "issuer", "" }, { "token_endpoint", "/oauth2/token" }, { "introspection_endpoint", "/oauth2/introspect" },
	{ "revocation_endpoint", "/oauth2/revoke" }, { "jwks_uri", "/.well-known/jwks.json" },
};

/* 3.1: a path that our URL has stands behind the well-known one. */
static bool
is_ours(const struct pol_call *c)
{
	const size_t len = sizeof(WELL_KNOWN) - 1;
	const char *path = strchr(strstr(c->conf->url, "://") + 3, '/');

	if (path == NULL)
		path = "";
	return c->path_len == len + strlen(path) && memcmp(c->target + len, path, c->path_len - len) == 0;
}

int
pol_oauth_metadata(struct pol_call *c)
{
	struct pol_text url = { NULL, 0, 0, false };

	if (c->conf->url == NULL || !is_ours(c))
		return pol_oauth_error(c, 404, "not_found", "No url is configured, or another one");
	c->status = 200;
	pol_text_str(&c->out, "{");
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		if (strcmp(urls[i].name, "jwks_uri") == 0 && c->conf->jwks == NULL)
			continue;
		url.len = 0;
		pol_text_str(&url, c->conf->url);
		pol_text_str(&url, urls[i].path);
		pol_text_json(&c->out, urls[i].name, strlen(urls[i].name));
		pol_text_str(&c->out, ":");
		pol_text_json(&c->out, url.data, url.len);
		pol_text_str(&c->out, ",");
		c->out.failed |= url.failed;
	}
	pol_text_fini(&url);
	/* there is no authorization endpoint: no type of its responses either */
	pol_text_str(&c->out, "\"response_types_supported\":[],\"grant_types_supported\":[\"password\"],"
	    "\"token_endpoint_auth_methods_supported\":[\"none\"],\"revocation_endpoint_auth_methods_supported\":[\"none\"]}");
	return 0;
}

/* ---- RFC 7517 ---- */

/* What a key of this type is, and nothing more. */
static const struct {
	const char *type, *wanted[4];
} types[] = {
	{ "RSA", { "n", "e", NULL, NULL } },
	{ "EC", { "crv", "x", "y", NULL } },
	{ "OKP", { "crv", "x", NULL, NULL } },
};

static const char *const others[] = { "kid", "alg", "use" };
static const char *const private[] = { "d", "p", "q", "dp", "dq", "qi", "oth", "k" };

static bool
is_private(const json_t *key)
{
	const char *type = json_string_value(json_object_get(key, "kty"));

	for (size_t i = 0; i < sizeof(private) / sizeof(private[0]); i++)
		if (json_object_get(key, private[i]) != NULL)
			return true;
	return type == NULL || strcmp(type, "oct") == 0;
}

static bool
copy(json_t *to, const json_t *key, const char *name)
{
	json_t *v = json_object_get(key, name);

	return json_is_string(v) && json_object_set(to, name, v) == 0;
}

/* NULL: of no type that is known, or for encryption. */
static json_t *
public_of(const json_t *key)
{
	const char *type = json_string_value(json_object_get(key, "kty")), *use = json_string_value(json_object_get(key, "use"));
	json_t *to = json_object();
	bool good = to != NULL && type != NULL && (use == NULL || strcmp(use, "sig") == 0) && copy(to, key, "kty");
	size_t t = 0;

	while (good && t < sizeof(types) / sizeof(types[0]) && strcmp(types[t].type, type) != 0)
		t++;
	good = good && t < sizeof(types) / sizeof(types[0]);
	for (size_t i = 0; good && types[t].wanted[i] != NULL; i++)
		good = copy(to, key, types[t].wanted[i]);
	for (size_t i = 0; good && i < sizeof(others) / sizeof(others[0]); i++)
		copy(to, key, others[i]);
	if (good)
		return to;
	json_decref(to);
	return NULL;
}

/* The file's text in one block of *size, or NULL. */
static char *
read_file(const char *path, size_t *size)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char *text = NULL;
	struct stat st;
	ssize_t n = -1;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 && st.st_size <= KEYS_BYTES)
		text = malloc((size_t)st.st_size);
	if (text != NULL)
		n = pread(fd, text, (size_t)st.st_size, 0);
	if (fd >= 0)
		close(fd);
	if (n > 0 && n == st.st_size) {
		*size = (size_t)n;
		return text;
	}
	free(text);
	return NULL;
}

/* Why they are not served; NULL: *out are the public ones. */
static const char *
read_keys(const char *path, json_t **out)
{
	size_t size = 0;
	char *text = read_file(path, &size);
	json_t *set = text != NULL ? json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL) : NULL, *key, *one;
	const json_t *list = json_object_get(set, "keys");
	const char *wrong = text == NULL ? "it cannot be read" : json_is_array(list) ? NULL : "it is no set of keys";
	size_t i;

	*out = json_array();
	json_array_foreach(list, i, key) {
		if (is_private(key))
			wrong = "a key of it is private or a secret: only public ones are wanted";
		one = public_of(key);
		if (one != NULL)
			json_array_append_new(*out, one);
	}
	if (text != NULL)
		explicit_bzero(text, size);
	free(text);
	json_decref(set);
	return wrong;
}

int
pol_oauth_jwks(struct pol_call *c)
{
	const char *wrong;
	json_t *keys;
	char *text;

	if (c->conf->jwks == NULL)
		return pol_oauth_error(c, 404, "not_found", "No keys are configured");
	wrong = read_keys(c->conf->jwks, &keys);
	text = wrong == NULL ? json_dumps(keys, JSON_COMPACT) : NULL;
	if (text == NULL) {
		pol_log(POLICY_LOG_ERROR, "%s: no keys are served: %s", c->conf->jwks, wrong != NULL ? wrong : "out of memory");
		pol_oauth_error(c, 503, "temporarily_unavailable", "There are no keys to be had");
	} else {
		c->status = 200;
		c->type = "application/jwk-set+json";
		pol_text_str(&c->out, "{\"keys\":");
		pol_text_str(&c->out, text);
		pol_text_str(&c->out, "}");
	}
	free(text);
	json_decref(keys);
	return 0;
}
