/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 7518 section 3.1, RFC 8037 section 3.1. */
#include "alg.h"

#include <string.h>

const struct jwt_alg jwt_algs[JWT_ALGS] = {
	{ "HS256", JWT_HMAC, "oct", NULL, "SHA256", NULL, 0, 32 },
	{ "HS384", JWT_HMAC, "oct", NULL, "SHA384", NULL, 0, 48 },
	{ "HS512", JWT_HMAC, "oct", NULL, "SHA512", NULL, 0, 64 },
	{ "RS256", JWT_RSA, "RSA", NULL, "SHA256", NULL, 0, 0 },
	{ "RS384", JWT_RSA, "RSA", NULL, "SHA384", NULL, 0, 0 },
	{ "RS512", JWT_RSA, "RSA", NULL, "SHA512", NULL, 0, 0 },
	{ "PS256", JWT_PSS, "RSA", NULL, "SHA256", NULL, 0, 0 },
	{ "PS384", JWT_PSS, "RSA", NULL, "SHA384", NULL, 0, 0 },
	{ "PS512", JWT_PSS, "RSA", NULL, "SHA512", NULL, 0, 0 },
	{ "ES256", JWT_ECDSA, "EC", "P-256", "SHA256", "prime256v1", 32, 0 },
	{ "ES384", JWT_ECDSA, "EC", "P-384", "SHA384", "secp384r1", 48, 0 },
	{ "ES512", JWT_ECDSA, "EC", "P-521", "SHA512", "secp521r1", 66, 0 },
	{ "EdDSA", JWT_EDDSA, "OKP", "Ed25519", NULL, "ED25519", 32, 0 },
	{ "EdDSA", JWT_EDDSA, "OKP", "Ed448", NULL, "ED448", 57, 0 },
};

uint32_t
jwt_alg_named(const char *name)
{
	uint32_t set = 0;

	for (unsigned i = 0; i < JWT_ALGS; i++) {
		if (strcmp(jwt_algs[i].name, name) == 0)
			set |= JWT_ALG_BIT(i);
	}
	return set;
}

uint32_t
jwt_alg_fitting(uint32_t of, const char *kty, const char *crv)
{
	uint32_t set = 0;

	for (unsigned i = 0; i < JWT_ALGS; i++) {
		const struct jwt_alg *a = &jwt_algs[i];

		if ((of & JWT_ALG_BIT(i)) != 0 && strcmp(a->kty, kty) == 0 &&
		    (a->crv == NULL ? crv == NULL : crv != NULL && strcmp(a->crv, crv) == 0))
			set |= JWT_ALG_BIT(i);
	}
	return set;
}
