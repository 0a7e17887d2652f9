/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TorchServe's key_file.json: three keys, two of which expire. Read by hand, in place: a
 * JSON library would leave copies of the keys in memory that it does not wipe. Strict: a
 * file that has more, less or something twice is half a file or somebody else's.
 */
#include "format.h"

#include <stdio.h>
#include <string.h>

const char *const pol_keys_names[TOKEN_ROLES] = { "management", "inference", "API" };

struct cursor {
	const char *p, *end;
	unsigned line;
	const char *wrong;		/* what was wanted, where something else was found */
};

static void
skip(struct cursor *c)
{
	for (; c->p < c->end && (*c->p == ' ' || *c->p == '\t' || *c->p == '\r' || *c->p == '\n'); c->p++)
		c->line += *c->p == '\n';
}

static bool
wants(struct cursor *c, const char *what)
{
	if (c->wrong == NULL)
		c->wrong = what;
	return false;
}

static bool
next_is(struct cursor *c, char wanted)
{
	skip(c);
	if (c->p == c->end || *c->p != wanted)
		return false;
	c->p++;
	return true;
}

/* Without escapes: neither a key nor a time has one. */
static bool
string(struct cursor *c, struct policy_text *out)
{
	if (!next_is(c, '"'))
		return wants(c, "a text in quotes was wanted");
	out->data = c->p;
	while (c->p < c->end && *c->p != '"' && *c->p != '\\' && *c->p >= ' ' && *c->p <= '~')
		c->p++;
	if (c->p == c->end || *c->p != '"')
		return wants(c, "a text ends at once, or has a byte that is neither letter, digit, - nor _");
	out->len = (size_t)(c->p++ - out->data);
	return true;
}

static bool
is_text(struct policy_text t, const char *word)
{
	return t.len == strlen(word) && memcmp(t.data, word, t.len) == 0;
}

static bool
key_shaped(struct policy_text t)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	for (size_t i = 0; i < t.len; i++)
		if (memchr(letters, t.data[i], sizeof(letters) - 1) == NULL)
			return false;
	return t.len >= 8 && t.len <= TOKEN_MOST;
}

/* {"key": K, "expiration time": T}, in any order */
static bool
one_key(struct cursor *c, struct policy_text *key, struct policy_text *expires)
{
	struct policy_text name, *into;

	if (!next_is(c, '{'))
		return wants(c, "an object with \"key\" was wanted");
	do {
		if (!string(c, &name))
			return false;
		into = is_text(name, "key") ? key : is_text(name, "expiration time") ? expires : NULL;
		if (into == NULL || into->data != NULL)
			return wants(c, "\"key\" and \"expiration time\" were wanted, each once");
		if (!next_is(c, ':'))
			return wants(c, "a colon was wanted");
		if (!string(c, into))
			return false;
	} while (next_is(c, ','));
	return next_is(c, '}') || wants(c, "a comma or } was wanted");
}

static bool
all_keys(struct cursor *c, struct token_keys *k)
{
	struct policy_text name;
	unsigned r;

	if (!next_is(c, '{'))
		return wants(c, "{ was wanted");
	do {
		if (!string(c, &name))
			return false;
		for (r = 0; r < TOKEN_ROLES && !is_text(name, pol_keys_names[r]); r++)
			;
		if (r == TOKEN_ROLES || k->key[r].data != NULL)
			return wants(c, "\"management\", \"inference\" and \"API\" were wanted, each once");
		if (!next_is(c, ':'))
			return wants(c, "a colon was wanted");
		if (!one_key(c, &k->key[r], &k->expires[r]))
			return false;
		if (!key_shaped(k->key[r]))
			return wants(c, "a key of at least 8 letters, digits, - and _ was wanted");
		if ((r == TOKEN_API) != (k->expires[r].data == NULL))
			return wants(c, "\"expiration time\" was wanted for every key but that of the API");
	} while (next_is(c, ','));
	if (!next_is(c, '}'))
		return wants(c, "a comma or } was wanted");
	skip(c);
	return c->p == c->end || wants(c, "something follows the last }");
}

int
pol_keys_parse(struct token_keys *k, char *text, size_t len, struct policy_error *err)
{
	struct cursor c = { text, text + len, 1, NULL };
	int64_t ns;

	memset(k, 0, sizeof(*k));
	if (!all_keys(&c, k))
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, c.line, "%s", c.wrong);
	for (unsigned r = 0; r < TOKEN_ROLES; r++) {
		if (k->key[r].data == NULL)
			return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, c.line, "there is no \"%s\" key", pol_keys_names[r]);
		if (r != TOKEN_API && pol_instant_parse(&ns, k->expires[r]) != 0)
			return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, c.line,
			    "the \"expiration time\" of the %s key is no time as in 2024-02-16T21:12:24.801167Z", pol_keys_names[r]);
		for (unsigned q = 0; q < r; q++)
			if (k->key[r].len == k->key[q].len && pol_secret_same(k->key[r].data, k->key[q].data, k->key[r].len))
				return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, c.line,
				    "the %s and the %s key are the same", pol_keys_names[q], pol_keys_names[r]);
	}
	return 0;
}

int
pol_keys_make(void **out, void *ctx, char *text, size_t len, struct policy_error *err)
{
	struct token_table *t;
	struct token_keys k;
	int rc = 0;

	(void)ctx;
	memset(&k, 0, sizeof(k));
	if (text != NULL)
		rc = pol_keys_parse(&k, text, len, err);
	if (rc != 0)
		return rc;
	t = pol_table_new(TOKEN_ROLES);
	if (t == NULL)
		return pol_secret_fail(err, POLICY_ERR_NOMEM, NULL, 0, "out of memory");
	for (unsigned r = 0; text != NULL && r < TOKEN_ROLES && rc == 0; r++) {
		int64_t ns = 0;

		if (k.expires[r].data != NULL)
			rc = pol_instant_parse(&ns, k.expires[r]);
		if (rc == 0)
			rc = pol_table_add(t, k.key[r], r, ns);
	}
	if (rc != 0) {
		pol_table_free(t);
		return pol_secret_fail(err, rc, NULL, 0, "out of memory");
	}
	*out = t;
	return 0;
}

size_t
pol_keys_print(char out[TOKEN_JSON], const struct token_keys *k)
{
	size_t n = 2;

	memcpy(out, "{\n", 3);
	for (unsigned r = 0; r < TOKEN_ROLES; r++) {
		n += (size_t)snprintf(out + n, TOKEN_JSON - n, "  \"%s\": {\n    \"key\": \"%.*s\"", pol_keys_names[r],
		    (int)k->key[r].len, k->key[r].data);
		if (k->expires[r].data != NULL)
			n += (size_t)snprintf(out + n, TOKEN_JSON - n, ",\n    \"expiration time\": \"%.*s\"",
			    (int)k->expires[r].len, k->expires[r].data);
		n += (size_t)snprintf(out + n, TOKEN_JSON - n, "\n  }%s\n", r + 1 < TOKEN_ROLES ? "," : "");
	}
	n += (size_t)snprintf(out + n, TOKEN_JSON - n, "}\n");
	return n;
}
