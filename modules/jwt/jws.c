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

#include <openssl/evp.h>

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

/* Parameters that would make the signature mean something else (RFC 7515 section 4.1.11,
 * RFC 7797), or the payload (RFC 7516), or that name a key of the token's own choice. A
 * verifier that does not do what they say must not act as if they were not there. */
static const char *const refused[] = { "crit", "b64", "zip", "enc", "jwk", "jku", "x5u", "x5c" };

/* A text, or absent; false: something else. */
static bool
text_of(struct policy_text *out, const struct jwt_value *header, const char *name)
{
	const struct jwt_value *v = jwt_json_get(header, name, strlen(name));

	*out = jwt_json_text(v);
	return v == NULL || v->type == JWT_TEXT;
}

bool
jwt_header_read(struct jwt_header *out, struct policy_text part)
{
	const ptrdiff_t n = jwt_base64_decode((unsigned char *)out->text, sizeof(out->text), part.data, part.len);
	const struct jwt_value *h = out->values;

	if (n <= 0 || !jwt_json_read(out->values, sizeof(out->values) / sizeof(out->values[0]), out->text, (size_t)n) ||
	    h->type != JWT_OBJECT)
		return false;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (jwt_json_get(h, refused[i], strlen(refused[i])) != NULL)
			return false;
	}
	return text_of(&out->alg, h, "alg") && out->alg.data != NULL && text_of(&out->kid, h, "kid") &&
	    text_of(&out->typ, h, "typ");
}

size_t
jwt_hashed(char out[JWT_HASHED], const char *data, size_t len)
{
	unsigned char hash[32];
	unsigned n = 0;

	if (EVP_Digest(data, len, hash, &n, EVP_sha256(), NULL) != 1 || n != sizeof(hash))
		return 0;
	return jwt_base64_encode(out, hash, n);
}
