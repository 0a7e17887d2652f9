/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and tokens made with OpenSSL alone, by no line of the module's. */
#ifndef JWT_TESTS_MINT_H
#define JWT_TESTS_MINT_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/evp.h>

#include "modules/jwt/alg.h"

struct mint {
	const struct jwt_alg *alg;
	EVP_PKEY *key;			/* NULL: the secret is */
	unsigned char secret[64];
};

/* A new key for row `row` of jwt_algs; RSA has 2048 bits. */
void mint_init(struct mint *m, unsigned row);
void mint_fini(struct mint *m);

/* All to be freed. jwk: a JSON object; kid and alg are left out where NULL. */
char *mint_jwk(const struct mint *m, const char *kid, const char *alg);
char *mint_jwks(const struct mint *m, const char *kid);
/* HEADER.PAYLOAD.SIGNATURE of these two texts, as they are. */
char *mint_token(const struct mint *m, const char *header, const char *payload);
/* r || s of an ECDSA signature as OpenSSL has it; others as they are. */
size_t mint_sign(const struct mint *m, unsigned char *sig, size_t room, const char *input, size_t len, bool raw);
/* The public key, or the secret. */
char *mint_pem(const struct mint *m, size_t *len);

#endif
