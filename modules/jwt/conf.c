/* SPDX-License-Identifier: Apache-2.0 */
#include "conf.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct policy_module_key jwt_conf_keys[] = {
	{ "issuer", POLICY_KEY_TEXT, POLICY_KEY_REQUIRED },
	{ "audience", POLICY_KEY_TEXTS, 0 },
	{ "bare", POLICY_KEY_BOOL, 0 },
	{ "keys", POLICY_KEY_TEXT, 0 },
	{ "secret_file", POLICY_KEY_TEXT, 0 },
	{ "algorithms", POLICY_KEY_TEXTS, 0 },
	{ "typ", POLICY_KEY_TEXTS, 0 },
	{ "leeway", POLICY_KEY_DURATION, 0 },
	{ "max_lifetime", POLICY_KEY_DURATION, 0 },
	{ "scopes", POLICY_KEY_TEXT, 0 },
	{ "groups", POLICY_KEY_TEXT, 0 },
	{ "attributes", POLICY_KEY_MAP, 0 },
	{ "token", POLICY_KEY_MAP, 0 },
	{ "ca", POLICY_KEY_TEXT, 0 },
	{ "timeout", POLICY_KEY_DURATION, 0 },
	{ "refresh", POLICY_KEY_DURATION, 0 },
	{ "stale", POLICY_KEY_DURATION, 0 },
	{ "insecure", POLICY_KEY_BOOL, 0 },
	{ "sign_with", POLICY_KEY_TEXT, 0 },
	{ "lifetime", POLICY_KEY_DURATION, 0 },
	{ "add", POLICY_KEY_MAP, 0 },
	{ "registered", POLICY_KEY_BOOL, 0 },
	{ NULL, 0, 0 }
};

int
jwt_fail(struct policy_error *err, int code, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	err->code = code;
	vsnprintf(err->text, sizeof(err->text), format, ap);
	va_end(ap);
	return code;
}

/* ---- copies ---- */

struct block {
	struct block *next;
	max_align_t room[];
};

static void *
keep(struct jwt_conf *c, size_t size)
{
	struct block *b = calloc(1, sizeof(*b) + size);

	if (b == NULL)
		return NULL;
	b->next = c->blocks;
	c->blocks = b;
	return b->room;
}

static bool
keep_text(struct jwt_conf *c, struct policy_text *out, struct policy_text t)
{
	char *copy = keep(c, t.len + 1);

	if (copy == NULL)
		return false;
	if (t.len > 0)
		memcpy(copy, t.data, t.len);
	*out = (struct policy_text){ copy, t.len };
	return true;
}

static bool
keep_texts(struct jwt_conf *c, struct jwt_texts *out, const struct policy_text *list, size_t n)
{
	struct policy_text *copy = keep(c, n * sizeof(*copy) + 1);

	for (size_t i = 0; copy != NULL && i < n; i++) {
		if (!keep_text(c, &copy[i], list[i]))
			return false;
	}
	out->list = copy;
	out->n = n;
	return copy != NULL;
}

/* ---- a setting of each type; absent leaves *out as it is ---- */

struct reading {
	struct jwt_conf *c;
	const struct policy_open_args *args;
	struct policy_error *err;
};

static int
nomem(const struct reading *r)
{
	return jwt_fail(r->err, POLICY_ERR_NOMEM, "no memory for the settings");
}

static int
text(const struct reading *r, const char **out, const char *key)
{
	const struct policy_value *v = policy_with(r->args, key);
	struct policy_text t;

	if (v == NULL)
		return 0;
	if (memchr(v->u.text.data, '\0', v->u.text.len) != NULL)
		return jwt_fail(r->err, POLICY_ERR_INVALID, "%s holds a NUL", key);
	if (!keep_text(r->c, &t, v->u.text))
		return nomem(r);
	*out = t.data;
	return 0;
}

static int
texts(const struct reading *r, struct jwt_texts *out, const char *key)
{
	const struct policy_value *v = policy_with(r->args, key);
	struct policy_text *list;

	if (v == NULL)
		return 0;
	if (v->count == 0)
		return jwt_fail(r->err, POLICY_ERR_INVALID, "%s is an empty list", key);
	list = keep(r->c, v->count * sizeof(*list));
	for (uint32_t i = 0; list != NULL && i < v->count; i++) {
		if (v->u.items[i].u.text.len == 0)
			return jwt_fail(r->err, POLICY_ERR_INVALID, "%s holds an empty text", key);
		if (!keep_text(r->c, &list[i], v->u.items[i].u.text))
			return nomem(r);
	}
	if (list == NULL)
		return nomem(r);
	*out = (struct jwt_texts){ list, v->count };
	return 0;
}

static int
names(const struct reading *r, struct jwt_names *out, const char *key)
{
	const struct policy_value *v = policy_with(r->args, key);
	struct jwt_name *list;

	if (v == NULL)
		return 0;
	list = keep(r->c, v->count * sizeof(*list) + 1);
	for (uint32_t i = 0; list != NULL && i < v->count; i++) {
		if (!keep_text(r->c, &list[i].name, v->u.members[i].name) ||
		    !keep_text(r->c, &list[i].claim, v->u.members[i].value.u.text))
			return nomem(r);
	}
	if (list == NULL)
		return nomem(r);
	*out = (struct jwt_names){ list, v->count };
	return 0;
}

/* What is wanted is said in `range`. */
static int
duration(const struct reading *r, int64_t *out, const char *key, int64_t least, int64_t most, const char *range)
{
	const struct policy_value *v = policy_with(r->args, key);

	if (v == NULL)
		return 0;
	if (v->u.integer < least || v->u.integer > most)
		return jwt_fail(r->err, POLICY_ERR_INVALID, "%s is %lld ms, it may be %s", key,
		    (long long)(v->u.integer / 1000000), range);
	*out = v->u.integer;
	return 0;
}

/* ---- what goes together ---- */

static int
algorithms(const struct reading *r)
{
	struct jwt_texts list = { NULL, 0 };
	const int rc = texts(r, &list, "algorithms");

	r->c->algs = list.n > 0 ? 0 : ~0u;
	r->c->algs_said = list.n > 0;
	for (size_t i = 0; rc == 0 && i < list.n; i++) {
		const uint32_t named = jwt_alg_named(list.list[i].data);

		if (named == 0)
			return jwt_fail(r->err, POLICY_ERR_INVALID, "algorithms has '%.40s', known are HS, RS, PS and ES "
			    "with 256, 384 and 512, and EdDSA", list.list[i].data);
		r->c->algs |= named;
	}
	return rc;
}

/* One secret, one algorithm: it is HS256 unless said. */
static int
secret(const struct reading *r)
{
	struct jwt_conf *c = r->c;
	const uint32_t fit = c->algs_said ? jwt_alg_fitting(c->algs, "oct", NULL) : jwt_alg_named("HS256");

	if (fit == 0 || (fit & (fit - 1)) != 0)
		return jwt_fail(r->err, POLICY_ERR_INVALID,
		    "secret_file is for one of HS256, HS384 and HS512, and algorithms names %s", fit == 0 ? "none" : "several");
	c->secret_alg = &jwt_algs[__builtin_ctz(fit)];
	return 0;
}

static bool
starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* http is for a server of one's own on this host, and only where that is said. */
static bool
is_loopback(const char *url)
{
	static const char *const hosts[] = { "http://127.0.0.1", "http://[::1]" };

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		const char *rest = url + strlen(hosts[i]);

		if (starts(url, hosts[i]) && (*rest == '/' || (*rest == ':' && strpbrk(rest, "@\\") == NULL)))
			return true;
	}
	return false;
}

static int
origin(const struct reading *r)
{
	const struct policy_value *insecure = policy_with(r->args, "insecure");
	struct jwt_conf *c = r->c;
	const char *keys = c->path;

	if ((keys == NULL) == (c->secret == NULL))
		return jwt_fail(r->err, POLICY_ERR_INVALID, "%s: one of keys and secret_file must be given",
		    keys == NULL ? "neither keys nor secret_file stands there" : "both keys and secret_file stand there");
	if (c->secret != NULL)
		return c->secret[0] == '/' ? secret(r) :
		    jwt_fail(r->err, POLICY_ERR_INVALID, "secret_file is '%.100s', it must begin with /", c->secret);
	if (keys[0] == '/')
		return 0;
	c->path = NULL;
	c->url = keys;
	if (starts(keys, "https://") && keys[8] != '\0')
		return 0;
	if (!starts(keys, "http://"))
		return jwt_fail(r->err, POLICY_ERR_INVALID, "keys is '%.100s', wanted is a path that begins with / or an "
		    "https:// URL", keys);
	if (insecure == NULL || !insecure->u.boolean || !is_loopback(keys))
		return jwt_fail(r->err, POLICY_ERR_INVALID, "keys is fetched by http, which anybody on the way can change: "
		    "wanted is https (for a server on 127.0.0.1 or [::1] insecure: true allows http)");
	return 0;
}

static int
durations(const struct reading *r)
{
	struct jwt_conf *c = r->c;
	const int64_t s = JWT_SECOND;
	int rc;

	c->leeway = 30 * s;
	c->timeout = 5 * s;
	c->refresh = 300 * s;
	c->stale = 3600 * s;
	c->lifetime = 3600 * s;
	rc = duration(r, &c->leeway, "leeway", 0, 60 * s, "0s to 60s");
	if (rc == 0)
		rc = duration(r, &c->max_lifetime, "max_lifetime", s, 36500 * (86400 * s), "1s or more");
	if (rc == 0)
		rc = duration(r, &c->lifetime, "lifetime", s, 30 * 86400 * s, "1s to 30d");
	if (rc == 0)
		rc = duration(r, &c->timeout, "timeout", s / 20, 30 * s, "50ms to 30s");
	if (rc == 0)
		rc = duration(r, &c->refresh, "refresh", s, 86400 * s, "1s to 1d");
	if (rc == 0)
		rc = duration(r, &c->stale, "stale", s, 7 * 86400 * s, "1s to 7d");
	if (rc == 0 && c->stale < c->refresh)
		rc = jwt_fail(r->err, POLICY_ERR_INVALID, "stale is shorter than refresh: keys would be too old before they "
		    "are asked for again");
	return rc;
}

/* What a token says by itself is not to be said otherwise. */
static int
added(const struct reading *r)
{
	static const char *const own[] = { "iss", "aud", "sub", "iat", "exp", "nbf", "jti", "scope" };
	struct jwt_conf *c = r->c;
	int rc = names(r, &c->add, "add");

	if (rc == 0 && c->add.n > 0 && c->sign_with == NULL)
		rc = jwt_fail(r->err, POLICY_ERR_INVALID, "add is for tokens that the step makes: sign_with is wanted beside it");
	for (size_t i = 0; rc == 0 && i < c->add.n; i++) {
		const char *name = c->add.list[i].name.data;
		bool is_own = strcmp(name, c->subject) == 0 || (c->scopes != NULL && strcmp(name, c->scopes) == 0);

		for (size_t k = 0; k < sizeof(own) / sizeof(own[0]); k++)
			is_own = is_own || strcmp(name, own[k]) == 0;
		if (is_own)
			rc = jwt_fail(r->err, POLICY_ERR_INVALID, "add: found %s, which a token says by itself", name);
	}
	return rc;
}

static int
of_claims(const struct reading *r)
{
	static const struct policy_text types[] = { POLICY_TEXT("JWT"), POLICY_TEXT("at+jwt") };
	struct jwt_conf *c = r->c;
	const struct policy_value *registered = policy_with(r->args, "registered");
	struct policy_text sub = r->args->subject_id;
	int rc;

	if (sub.data == NULL)
		sub = policy_text("sub");
	c->typ_said = policy_with(r->args, "typ") != NULL;
	c->registered = registered != NULL && registered->u.boolean;
	c->ceilings = (r->args->flags & POLICY_OPEN_CEILINGS) != 0;
	if (!keep_text(c, &sub, sub) || !keep_texts(c, &c->typ, types, 2) ||
	    (r->args->subject_type.data != NULL && !keep_text(c, &c->type, r->args->subject_type)) ||
	    !keep_texts(c, &c->kinds, r->args->kinds, r->args->kinds_count) ||
	    !keep_texts(c, &c->claims, r->args->claims, r->args->claims_count))
		return nomem(r);
	c->subject = sub.data;
	rc = texts(r, &c->typ, "typ");
	if (rc == 0)
		rc = text(r, &c->scopes, "scopes");
	if (rc == 0)
		rc = text(r, &c->groups, "groups");
	if (rc == 0)
		rc = names(r, &c->attributes, "attributes");
	if (rc == 0)
		rc = names(r, &c->token, "token");
	return rc == 0 ? added(r) : rc;
}

int
jwt_conf_read(struct jwt_conf *c, const struct policy_open_args *args, struct policy_error *err)
{
	const struct reading r = { c, args, err };
	const char *issuer = NULL;
	const struct policy_value *bare = policy_with(args, "bare");
	int rc = text(&r, &issuer, "issuer");

	c->bare = bare != NULL && bare->u.boolean;
	if (rc == 0)
		rc = texts(&r, &c->audience, "audience");
	if (rc == 0 && (issuer == NULL || (c->audience.n == 0) != c->bare))
		rc = jwt_fail(err, POLICY_ERR_INVALID, c->bare ? "issuer must be given and audience not: with bare: true no token names one" :
		    "issuer and audience must be given");
	if (rc == 0 && strlen(issuer) > 255)
		rc = jwt_fail(err, POLICY_ERR_INVALID, "issuer has more than 255 bytes");
	c->issuer = policy_text(issuer);
	if (rc == 0)
		rc = algorithms(&r);
	if (rc == 0)
		rc = text(&r, &c->path, "keys");
	if (rc == 0)
		rc = text(&r, &c->secret, "secret_file");
	if (rc == 0)
		rc = origin(&r);
	if (rc == 0)
		rc = text(&r, &c->ca, "ca");
	if (rc == 0)
		rc = text(&r, &c->sign_with, "sign_with");
	if (rc == 0)
		rc = durations(&r);
	return rc == 0 ? of_claims(&r) : rc;
}

void
jwt_conf_fini(struct jwt_conf *c)
{
	for (struct block *b = c->blocks, *next; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	memset(c, 0, sizeof(*c));
}
