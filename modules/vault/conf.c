/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings of a step. What its mode has no use for is refused, since whoever wrote
 * it meant something by it.
 */
#include "vault.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(member) offsetof(struct vault_conf, member), sizeof(((struct vault_conf *)0)->member)
#define ANY (VAULT_TOKEN | VAULT_LOGIN | VAULT_LIST)

enum shape { TEXT, PATH, FILE_NAME };

static const struct row {
	const char *key;
	size_t at, room;
	unsigned modes;
	enum shape shape;
	const char *env;		/* behind VAULT_ or BAO_ */
} rows[] = {
	{ "address", AT(address), ANY, TEXT, "ADDR" },
	{ "ca", AT(ca), ANY, FILE_NAME, "CACERT" },
	{ "capath", AT(capath), ANY, FILE_NAME, "CAPATH" },
	{ "namespace", AT(ns), ANY, PATH, "NAMESPACE" },
	{ "proxy", AT(proxy), ANY, TEXT, NULL },
	{ "mount", AT(mount), VAULT_LOGIN | VAULT_LIST, PATH, NULL },
	{ "role", AT(role), VAULT_LOGIN, TEXT, NULL },
	{ "scopes", AT(scopes), VAULT_TOKEN | VAULT_LOGIN, TEXT, NULL },
	{ "path", AT(path), VAULT_LIST, PATH, NULL },
	{ "field", AT(field), VAULT_LIST, TEXT, NULL },
	{ "token_file", AT(token_file), VAULT_LIST, FILE_NAME, NULL },
	{ "auth_mount", AT(auth_mount), VAULT_LIST, PATH, NULL },
	{ "auth_role", AT(auth_role), VAULT_LIST, TEXT, NULL },
	{ "auth_user", AT(auth_user), VAULT_LIST, TEXT, NULL },
	{ "auth_secret_file", AT(auth_file), VAULT_LIST, FILE_NAME, NULL },
};

/* Keys that are no texts of their own, and where they mean something. */
static const struct { const char *key; unsigned modes; } others[] = {
	{ "method", VAULT_LOGIN }, { "attributes", VAULT_TOKEN | VAULT_LOGIN },
	{ "kv", VAULT_LIST }, { "refresh", VAULT_LIST }, { "stale", VAULT_LIST }, { "auth_method", VAULT_LIST },
};

static const char *const modes[] = { "token", "login", NULL, "list" };
static const char *const methods[] = { NULL, "jwt", "approle", "userpass" };

static bool
is_one_of(const char *chars, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\0' || strchr(chars, s[i]) == NULL)
			return false;
	}
	return n > 0;
}

bool
pol_vault_is_word(const char *s, size_t n)
{
	return n < 256 && is_one_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-", s, n) &&
	    !(s[0] == '.' && (n == 1 || (n == 2 && s[1] == '.')));
}

bool
pol_vault_is_path(const char *s)
{
	for (;; s++) {
		size_t n = strcspn(s, "/");

		if (!pol_vault_is_word(s, n))
			return false;
		s += n;
		if (*s == '\0')
			return true;
	}
}

/* ---- texts ---- */

/* Slashes around a path say nothing. */
static bool
put_text(char *out, size_t room, struct policy_text t, enum shape shape)
{
	while (shape == PATH && t.len > 0 && t.data[0] == '/') {
		t.data++;
		t.len--;
	}
	while (shape == PATH && t.len > 0 && t.data[t.len - 1] == '/')
		t.len--;
	if (t.len >= room || memchr(t.data, '\0', t.len) != NULL)
		return false;
	memcpy(out, t.data, t.len);
	out[t.len] = '\0';
	for (const char *p = out; *p != '\0'; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	}
	return out[0] == '\0' || shape == TEXT || (shape == PATH ? pol_vault_is_path(out) : out[0] == '/');
}

/* BAO_ outranks VAULT_, also where it is empty. */
static const char *
environment(const char *name)
{
	char full[64];
	const char *s;

	snprintf(full, sizeof(full), "BAO_%s", name);
	s = secure_getenv(full);
	if (s == NULL) {
		snprintf(full, sizeof(full), "VAULT_%s", name);
		s = secure_getenv(full);
	}
	return s != NULL ? s : "";
}

static int
texts(struct vault_conf *c, const struct policy_open_args *args, struct policy_error *err)
{
	static const char *const wanted[] = { "a text", "letters, digits, _ . - with slashes between", "an absolute path" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		const struct policy_value *v = policy_with(args, r->key);
		struct policy_text t = { "", 0 };

		if (v != NULL)
			t = v->u.text;
		else if (r->env != NULL)
			t = policy_text(environment(r->env));
		if (!put_text((char *)c + r->at, r->room, t, r->shape))
			return pol_vault_refuse(err, POLICY_ERR_INVALID, "%s%s is \"%.100s\"; wanted: %s of at most %zu bytes",
			    v == NULL ? "VAULT_ or BAO_" : "", v == NULL ? r->env : r->key, t.data, wanted[r->shape], r->room - 1);
		if (v != NULL && (r->modes & c->mode) == 0)
			return pol_vault_refuse(err, POLICY_ERR_INVALID, "`%s` has no meaning where `mode` is %s", r->key, modes[c->mode - 1]);
	}
	if (strcmp(c->ns, "root") == 0)
		c->ns[0] = '\0';
	/* whose CAs are believed is said in one place: what the set says is not added to */
	if (policy_with(args, "ca") != NULL && policy_with(args, "capath") == NULL)
		c->capath[0] = '\0';
	if (policy_with(args, "capath") != NULL && policy_with(args, "ca") == NULL)
		c->ca[0] = '\0';
	return 0;
}

/* ---- words, numbers ---- */

static int
word(const struct policy_open_args *args, const char *key, const char *const *words, size_t n, unsigned *out,
    struct policy_error *err)
{
	const struct policy_value *v = policy_with(args, key);

	for (unsigned i = 0; v != NULL && i < n; i++) {
		if (words[i] != NULL && strlen(words[i]) == v->u.text.len &&
		    memcmp(words[i], v->u.text.data, v->u.text.len) == 0) {
			*out = i;
			return 0;
		}
	}
	if (v == NULL)
		return 0;
	return pol_vault_refuse(err, POLICY_ERR_INVALID, "`%s` is \"%.*s\"; wanted: %s", key,
	    (int)(v->u.text.len < 100 ? v->u.text.len : 100), v->u.text.data, words == modes ? "token, login or list" :
	    "jwt, approle or userpass");
}

static int64_t
number(const struct policy_open_args *args, const char *key, int64_t otherwise)
{
	const struct policy_value *v = policy_with(args, key);

	return v != NULL ? v->u.integer : otherwise;
}

static int
numbers(struct vault_conf *c, const struct policy_open_args *args, struct policy_error *err)
{
	const struct policy_value *insecure = policy_with(args, "insecure");
	int64_t retries = number(args, "retries", 2), kv = number(args, "kv", 2);

	c->timeout_ns = number(args, "timeout", 5 * VAULT_SECOND);
	c->refresh_ns = number(args, "refresh", 15 * VAULT_SECOND);
	c->stale_ns = number(args, "stale", 0);
	c->insecure = insecure != NULL && insecure->u.boolean != 0;
	if (c->timeout_ns < VAULT_SECOND / 10 || c->timeout_ns > 60 * VAULT_SECOND)
		return pol_vault_refuse(err, POLICY_ERR_INVALID, "`timeout` is out of range; wanted: 100ms to 60s");
	if (c->refresh_ns < VAULT_SECOND || c->refresh_ns > 3600 * VAULT_SECOND)
		return pol_vault_refuse(err, POLICY_ERR_INVALID, "`refresh` is out of range; wanted: 1s to 1h");
	if (c->stale_ns > 24 * 3600 * VAULT_SECOND)
		return pol_vault_refuse(err, POLICY_ERR_INVALID, "`stale` is out of range; wanted: at most 24h");
	if (retries < 0 || retries > 10)
		return pol_vault_refuse(err, POLICY_ERR_INVALID, "`retries` is %lld; wanted: 0 to 10", (long long)retries);
	if (kv != 1 && kv != 2)
		return pol_vault_refuse(err, POLICY_ERR_INVALID, "`kv` is %lld; wanted: 1 or 2", (long long)kv);
	c->retries = (unsigned)retries;
	c->kv = (unsigned)kv;
	return 0;
}

/* ---- whom it names ---- */

static bool
starts(struct policy_text t, const char *with)
{
	return t.len > strlen(with) && memcmp(t.data, with, strlen(with)) == 0;
}

static bool
is(struct policy_text t, const char *s)
{
	return t.data != NULL && t.len == strlen(s) && memcmp(t.data, s, t.len) == 0;
}

static int
subject(struct vault_conf *c, struct policy_text id, struct policy_error *err)
{
	if (c->mode == VAULT_LIST) {
		c->id = VAULT_KEY;
		return id.data == NULL || is(id, "key") ? 0 : pol_vault_refuse(err, POLICY_ERR_INVALID,
		    "`subject: { id: }` is not key; a list names its subjects by the keys of its entries");
	}
	c->id = VAULT_ENTITY;
	if (id.data == NULL || is(id, "entity"))
		return 0;
	if (is(id, "display_name")) {
		c->id = VAULT_DISPLAY_NAME;
	} else if (is(id, "accessor")) {
		c->id = VAULT_ACCESSOR;
	} else if (starts(id, "meta.") && put_text(c->id_meta, sizeof(c->id_meta),
	    (struct policy_text){ id.data + 5, id.len - 5 }, TEXT)) {
		c->id = VAULT_META;
	} else {
		return pol_vault_refuse(err, POLICY_ERR_INVALID, "`subject: { id: }` is \"%.*s\"; wanted: entity, display_name, "
		    "accessor or meta.NAME", (int)(id.len < 100 ? id.len : 100), id.data);
	}
	return 0;
}

static int
claims(struct vault_conf *c, const struct policy_open_args *args, struct policy_error *err)
{
	if (args->claims_count > VAULT_MAX_NAMES)
		return pol_vault_refuse(err, POLICY_ERR_LIMIT, "`map` looks at more than %d claims", VAULT_MAX_NAMES);
	for (size_t i = 0; i < args->claims_count; i++) {
		const struct policy_text t = args->claims[i];

		if (c->mode == VAULT_LIST || !(is(t, "policies") || starts(t, "meta.")) ||
		    !put_text(c->claims[i], sizeof(c->claims[i]), t, TEXT))
			return pol_vault_refuse(err, POLICY_ERR_INVALID, "`map` looks at \"%.*s\"; wanted: %s",
			    (int)(t.len < 100 ? t.len : 100), t.data, c->mode == VAULT_LIST ? "nothing, since a list has no claims" :
			    "policies or meta.NAME");
		c->n_claims++;
	}
	return 0;
}

static int
lists(struct vault_conf *c, const struct policy_open_args *args, struct policy_error *err)
{
	const struct policy_value *a = policy_with(args, "attributes"), *to = policy_with(args, "redirect_to");

	for (uint32_t i = 0; a != NULL && i < a->count; i++, c->n_attributes++) {
		if (i == VAULT_MAX_NAMES ||
		    !put_text(c->attributes[i].name, sizeof(c->attributes[i].name), a->u.members[i].name, TEXT) ||
		    !put_text(c->attributes[i].meta, sizeof(c->attributes[i].meta), a->u.members[i].value.u.text, TEXT))
			return pol_vault_refuse(err, POLICY_ERR_LIMIT, "`attributes` is too long; wanted: at most %d, of at most "
			    "127 bytes", VAULT_MAX_NAMES);
	}
	for (uint32_t i = 0; to != NULL && i < to->count; i++, c->n_redirect_to++) {
		if (i == VAULT_MAX_NAMES || !put_text(c->redirect_to[i], sizeof(c->redirect_to[i]), to->u.items[i].u.text, TEXT) ||
		    strncmp(c->redirect_to[i], "https://", 8) != 0 || strcspn(c->redirect_to[i] + 8, "/@?#") == 0 ||
		    c->redirect_to[i][8 + strcspn(c->redirect_to[i] + 8, "/@?#")] != '\0')
			return pol_vault_refuse(err, POLICY_ERR_INVALID, "`redirect_to` names something else than servers; wanted: "
			    "https://HOST:PORT, at most %d", VAULT_MAX_NAMES);
	}
	return 0;
}

/* ---- what goes with what ---- */

static int
together(struct vault_conf *c, struct policy_error *err)
{
	if (c->mode == VAULT_LOGIN && c->method == VAULT_NO_METHOD)
		return pol_vault_refuse(err, POLICY_ERR_INVALID, "`mode: login` has no `method`; wanted: jwt, approle or userpass");
	if (c->role[0] != '\0' && c->method != VAULT_JWT)
		return pol_vault_refuse(err, POLICY_ERR_INVALID, "`role` has a meaning for `method: jwt` alone");
	if (c->mode == VAULT_LOGIN && c->mount[0] == '\0')
		snprintf(c->mount, sizeof(c->mount), "%s", methods[c->method]);
	if (c->mode != VAULT_LIST)
		return 0;
	if (c->mount[0] == '\0')
		snprintf(c->mount, sizeof(c->mount), "secret");
	if (c->field[0] == '\0')
		snprintf(c->field, sizeof(c->field), "token");
	if (c->path[0] == '\0')
		return pol_vault_refuse(err, POLICY_ERR_INVALID, "`mode: list` has no `path`; wanted: where the tokens lie");
	if ((c->token_file[0] != '\0') == (c->auth_method != VAULT_NO_METHOD))
		return pol_vault_refuse(err, POLICY_ERR_INVALID, "`mode: list` reads with a token of its own; wanted: either "
		    "`token_file` or `auth_method`");
	if (c->auth_method == VAULT_NO_METHOD)
		return c->auth_file[0] == '\0' ? 0 : pol_vault_refuse(err, POLICY_ERR_INVALID,
		    "`auth_secret_file` goes with `auth_method`");
	if (c->auth_file[0] == '\0' || (c->auth_method != VAULT_JWT && !pol_vault_is_word(c->auth_user, strlen(c->auth_user))))
		return pol_vault_refuse(err, POLICY_ERR_INVALID, "`auth_method` needs `auth_secret_file`, and for approle (its "
		    "role id) and userpass `auth_user`");
	if (c->auth_mount[0] == '\0')
		snprintf(c->auth_mount, sizeof(c->auth_mount), "%s", methods[c->auth_method]);
	return 0;
}

int
pol_vault_conf(struct vault_conf *c, const struct policy_open_args *args, struct policy_error *err)
{
	unsigned mode = 0, method = 0, auth = 0;
	int rc = word(args, "mode", modes, 4, &mode, err);

	c->mode = (enum vault_mode)(mode + 1);
	if (rc == 0)
		rc = word(args, "method", methods, 4, &method, err);
	if (rc == 0)
		rc = word(args, "auth_method", methods, 4, &auth, err);
	c->method = (enum vault_method)method;
	c->auth_method = (enum vault_method)auth;
	for (size_t i = 0; rc == 0 && i < sizeof(others) / sizeof(others[0]); i++) {
		if (policy_with(args, others[i].key) != NULL && (others[i].modes & c->mode) == 0)
			rc = pol_vault_refuse(err, POLICY_ERR_INVALID, "`%s` has no meaning where `mode` is %s", others[i].key, modes[mode]);
	}
	if (rc == 0)
		rc = texts(c, args, err);
	if (rc == 0)
		rc = numbers(c, args, err);
	if (rc == 0)
		rc = subject(c, args->subject_id, err);
	if (rc == 0)
		rc = claims(c, args, err);
	if (rc == 0)
		rc = lists(c, args, err);
	return rc == 0 ? together(c, err) : rc;
}
