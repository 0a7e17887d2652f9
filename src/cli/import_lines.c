/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a line each: htpasswd, and the token list of ai4flwr. */
#include <string.h>

#include <openssl/evp.h>

#include "cli/import.h"

#define TOKEN_LEAST 8
#define TOKEN_MOST 4096

/* The next line, blanks around it cut off; false: there is none. */
static bool
next_line(const struct pol_import *im, size_t *at, uint32_t *line, struct policy_text *out)
{
	const char *s = im->text + *at, *newline;
	size_t len = im->len - *at;

	if (len == 0)
		return false;
	newline = memchr(s, '\n', len);
	if (newline != NULL)
		len = (size_t)(newline - s);
	*at += len + (newline != NULL);
	(*line)++;
	while (len > 0 && (s[len - 1] == '\r' || s[len - 1] == ' ' || s[len - 1] == '\t'))
		len--;
	while (len > 0 && (*s == ' ' || *s == '\t')) {
		s++;
		len--;
	}
	*out = (struct policy_text){ s, len };
	return true;
}

/* ---- htpasswd ---- */

static const struct method {
	const char *begin;
	const char *why;		/* NULL: it is taken, where its cost is enough */
} methods[] = {
	{ "$y$", NULL }, { "$gy$", NULL }, { "$2b$", NULL }, { "$2y$", NULL }, { "$6$", NULL },
	{ "$apr1$", "an MD5 hash of Apache's" },
	{ "$1$", "an MD5 hash" },
	{ "$2a$", "a bcrypt hash of the method $2a$" },
	{ "$5$", "a SHA-256 hash" },
	{ "{SHA}", "a SHA-1 hash" },
	{ "!", "no hash: the name is locked" },
	{ "*", "no hash: the name is locked" },
	{ "", "a hash of no method that is known, or the password itself" },
};

static const char *
why_not(struct policy_text hash)
{
	size_t i = 0, len;

	for (;; i++) {
		len = strlen(methods[i].begin);
		if (hash.len >= len && memcmp(hash.data, methods[i].begin, len) == 0)
			return methods[i].why;
	}
}

static void
take_htpasswd(struct pol_import *im, uint32_t line, struct policy_text s)
{
	const char *colon = memchr(s.data, ':', s.len), *why;
	struct policy_text name, hash;
	struct policy_import *of;

	if (colon == NULL || colon == s.data) {
		pol_import_refuse(im, line, "no NAME:HASH stands here");
		return;
	}
	name = (struct policy_text){ s.data, (size_t)(colon - s.data) };
	hash = (struct policy_text){ colon + 1, s.len - name.len - 1 };
	why = why_not(hash);
	if (why != NULL) {
		pol_import_refuse(im, line, "%.*s has %s: one of $y$, $gy$, $2b$, $2y$ or $6$ is wanted", (int)name.len, name.data, why);
		return;
	}
	of = pol_import_user(im, line, (struct policy_text){ NULL, 0 }, name);
	if (of != NULL)
		of->password_hash = hash;
}

void
pol_import_htpasswd(struct pol_import *im)
{
	struct policy_text s;
	uint32_t line = 0;
	size_t at = 0;

	while (im->status == 0 && next_line(im, &at, &line, &s))
		if (s.len > 0 && s.data[0] != '#')
			take_htpasswd(im, line, s);
}

/* ---- ai4flwr ---- */

/* It knows no names: one that tells nothing of the token, and is the same when it is read again. */
static struct policy_text
name_of(struct pol_import *im, struct policy_text token)
{
	static const char begin[] = "ai4flwr-", hex[] = "0123456789abcdef";
	const size_t most = sizeof(begin) - 1 + 20;
	unsigned char hash[32];
	char *p = pol_bump_alloc(&im->bump, most);
	size_t len = sizeof(begin) - 1;

	if (p == NULL || EVP_Digest(token.data, token.len, hash, NULL, EVP_sha256(), NULL) != 1)
		return (struct policy_text){ NULL, 0 };
	memcpy(p, begin, len);
	for (size_t i = 0; len < most; i++) {
		p[len++] = hex[hash[i] >> 4];
		p[len++] = hex[hash[i] & 15];
	}
	return (struct policy_text){ p, len };
}

static bool
is_token(struct policy_text s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.data[i] <= ' ' || s.data[i] >= 0x7f)
			return false;
	return s.len >= TOKEN_LEAST && s.len <= TOKEN_MOST;
}

static void
take_token(struct pol_import *im, uint32_t line, struct policy_text s)
{
	struct policy_imported_key *keys;
	struct policy_import *of;

	if (!is_token(s)) {
		pol_import_refuse(im, line, "a token of %d to %d printable characters without blanks is wanted", TOKEN_LEAST, TOKEN_MOST);
		return;
	}
	of = pol_import_user(im, line, policy_text("token"), name_of(im, s));
	if (of == NULL)
		return;
	of->user.flags = POLICY_USER_MADE;
	keys = pol_import_keys(im, of, 1);
	if (keys != NULL)
		pol_import_key(im, of, keys, s, "bearer");
}

void
pol_import_ai4flwr(struct pol_import *im)
{
	struct policy_text s;
	uint32_t line = 0;
	size_t at = 0;

	while (im->status == 0 && next_line(im, &at, &line, &s))
		if (s.len > 0)
			take_token(im, line, s);
}
