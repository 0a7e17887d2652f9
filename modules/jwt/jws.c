/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why this is our own and not libjwt 1.10.2, which Debian has: measured there, a key of
 * no bytes verifies every token; HS256 made with the text of a public PEM key passes,
 * because the token's header chooses the algorithm; a forged token passes when one
 * allocation fails; the header is put on the stack, of which small ones run over;
 * `crit` is not looked at; at+jwt cannot be read at all; and padding and foreign
 * characters in base64 give one token many texts.
 *
 * So here: the text has one spelling, the JSON no name twice and a bounded depth, no
 * header parameter that would change what the signature means is passed over, keys that
 * a token brings along are not looked at, and the algorithm is the key's (jwk.h): what
 * the header says must equal it, and chooses nothing.
 */
#include "jws.h"

#include <string.h>

#include "b64.h"

bool
jwt_jws_split(struct jwt_jws *out, struct policy_text token)
{
	const char *first, *second, *end = token.data + token.len;

	if (token.data == NULL || token.len > JWT_TOKEN_MAX)
		return false;
	first = memchr(token.data, '.', token.len);
	if (first == NULL || first == token.data)
		return false;
	second = memchr(first + 1, '.', (size_t)(end - first - 1));
	if (second == NULL || memchr(second + 1, '.', (size_t)(end - second - 1)) != NULL)
		return false;
	out->header = (struct policy_text){ token.data, (size_t)(first - token.data) };
	out->payload = (struct policy_text){ first + 1, (size_t)(second - first - 1) };
	out->sig = (struct policy_text){ second + 1, (size_t)(end - second - 1) };
	out->input = (struct policy_text){ token.data, (size_t)(second - token.data) };
	return true;
}

/* The reader of JSON recurses, and takes 2,048 levels: more than a small stack holds. */
static bool
is_shallow(const char *text, size_t len)
{
	size_t depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		const char c = text[i];

		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
		} else if (c == '"') {
			quoted = true;
		} else if (c == '[' || c == '{') {
			if (++depth > JWT_DEPTH_MAX)
				return false;
		} else if ((c == ']' || c == '}') && depth > 0) {
			depth--;
		}
	}
	return true;
}

json_t *
jwt_json(const char *text, size_t len, bool *nomem)
{
	json_error_t e;
	json_t *j;

	*nomem = false;
	if (!is_shallow(text, len))
		return NULL;
	j = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);
	if (j == NULL)
		*nomem = json_error_code(&e) == json_error_out_of_memory;
	return j;
}

/* Parameters that would make the signature mean something else (RFC 7515 section 4.1.11,
 * RFC 7797), or the payload (RFC 7516), or that name a key of the token's own choice. A
 * verifier that does not do what they say must not act as if they were not there. */
static const char *const refused[] = { "crit", "b64", "zip", "enc", "jwk", "jku", "x5u", "x5c" };

bool
jwt_header_read(struct jwt_header *out, struct policy_text part, bool *nomem)
{
	char text[1024];		/* much more than any issuer says there */
	const ptrdiff_t n = jwt_b64_decode((unsigned char *)text, sizeof(text), part.data, part.len);
	const json_t *v;

	*nomem = false;
	if (n < 0 || (out->json = jwt_json(text, (size_t)n, nomem)) == NULL)
		return false;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (json_object_get(out->json, refused[i]) != NULL)
			goto fail;
	}
	out->alg = json_string_value(json_object_get(out->json, "alg"));
	if (out->alg == NULL)
		goto fail;
	out->kid = (struct policy_text){ NULL, 0 };
	if ((v = json_object_get(out->json, "kid")) != NULL) {
		if (!json_is_string(v))
			goto fail;
		out->kid = (struct policy_text){ json_string_value(v), json_string_length(v) };
	}
	out->typ = NULL;
	if ((v = json_object_get(out->json, "typ")) != NULL && (out->typ = json_string_value(v)) == NULL)
		goto fail;
	return true;
fail:
	json_decref(out->json);
	return false;
}

void
jwt_header_free(struct jwt_header *h)
{
	json_decref(h->json);
}
