/* SPDX-License-Identifier: Apache-2.0 */
/* A compact token (RFC 7515 section 3.1): its parts, its header. */
#ifndef JWT_JWS_H
#define JWT_JWS_H

#include <stdbool.h>

#include <policy.h>

#include "json.h"

#define JWT_TOKEN_MAX 16384		/* bytes of a token's text */

/* The parts as they came, base64url; into the token. */
struct jwt_jws {
	struct policy_text header, payload, sig;
	struct policy_text input;	/* what is signed: header.payload */
};

/* Three parts, none but the payload and the signature empty, at most JWT_TOKEN_MAX. */
bool jwt_jws_split(struct jwt_jws *out, struct policy_text token);

#define JWT_HEADER_BYTES 1024		/* much more than any issuer says there */

/* A header that this layer understands whole. Texts lie in its own room: not to be copied. */
struct jwt_header {
	struct policy_text alg, kid, typ;	/* kid, typ absent: none */
	struct jwt_value values[32];
	char text[JWT_HEADER_BYTES];
};

bool jwt_header_read(struct jwt_header *out, struct policy_text part);

enum { JWT_HASHED = 44 };

/* SHA-256 in base64url, with a NUL; its length, or 0: no memory. */
size_t jwt_hashed(char out[JWT_HASHED], const char *data, size_t len);

#endif
