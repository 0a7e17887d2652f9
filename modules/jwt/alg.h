/* SPDX-License-Identifier: Apache-2.0 */
/* The algorithms there are, one row each; there is no row "none". */
#ifndef JWT_ALG_H
#define JWT_ALG_H

#include <stdbool.h>
#include <stdint.h>

enum jwt_scheme { JWT_HMAC, JWT_RSA, JWT_PSS, JWT_ECDSA, JWT_EDDSA };

struct jwt_alg {
	const char *name;
	enum jwt_scheme scheme;
	const char *kty, *crv;		/* crv NULL: the key type has none */
	const char *digest;		/* NULL: the scheme has its own */
	const char *group;		/* OpenSSL's name of the curve or key type */
	uint32_t coordinate;		/* bytes of one, of an EC or OKP key */
	uint32_t least;			/* bytes of an HMAC key (RFC 7518 section 3.2) */
};

extern const struct jwt_alg jwt_algs[];
#define JWT_ALGS 14

/* Bit i stands for row i. */
#define JWT_ALG_BIT(i) (1u << (i))

/* All rows of that name: EdDSA has two. 0: there is none. */
uint32_t jwt_alg_named(const char *name);
/* Of `of`, the rows that a key of this type and curve (NULL: none said) may have. */
uint32_t jwt_alg_fitting(uint32_t of, const char *kty, const char *crv);

#endif
