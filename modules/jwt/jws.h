/* SPDX-License-Identifier: Apache-2.0 */
/* A compact token (RFC 7515 section 3.1): its parts, its JSON, its header. */
#ifndef JWT_JWS_H
#define JWT_JWS_H

#include <stdbool.h>

#include <jansson.h>
#include <policy.h>

#define JWT_TOKEN_MAX 16384		/* bytes of a token's text */
#define JWT_DEPTH_MAX 16		/* of arrays and objects in a token or a key set */

/* The parts as they came, base64url; into the token. */
struct jwt_jws {
	struct policy_text header, payload, sig;
	struct policy_text input;	/* what is signed: header.payload */
};

/* Three parts, none but the payload and the signature empty, at most JWT_TOKEN_MAX. */
bool jwt_jws_split(struct jwt_jws *out, struct policy_text token);

/* One JSON value, no name twice, at most JWT_DEPTH_MAX deep. NULL: it is not, or (then
 * *nomem) there was no memory. */
json_t *jwt_json(const char *text, size_t len, bool *nomem);

/* A header that this layer understands whole; texts live as long as `json`. */
struct jwt_header {
	json_t *json;
	const char *alg;
	struct policy_text kid;		/* absent: none */
	const char *typ;		/* NULL: none */
};

/* False: refused, or *nomem. To be freed only where it is true. */
bool jwt_header_read(struct jwt_header *out, struct policy_text part, bool *nomem);
void jwt_header_free(struct jwt_header *h);

#endif
