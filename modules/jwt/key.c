/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One key. What it may verify is settled here, before any token is seen: one algorithm,
 * from what the key says of itself and what the settings allow. A key of which either
 * says nothing is no key.
 */
#include "jwk.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>

#include "b64.h"

#define RSA_LEAST 2048
#define RSA_MOST (JWT_SIG_MAX * 8)

/* Returned for a key that is left out; its set may be good all the same. */
#define LEFT_OUT POLICY_ERR_UNSUPPORTED

static int
no(const char **why, const char *text)
{
	*why = text;
	return LEFT_OUT;
}

/* A member that is base64url; its bytes into out. */
static ptrdiff_t
bytes(const json_t *jwk, const char *name, unsigned char *out, size_t room)
{
	const json_t *v = json_object_get(jwk, name);

	if (!json_is_string(v))
		return -1;
	return jwt_base64_decode(out, room, json_string_value(v), json_string_length(v));
}

static int
from_params(EVP_PKEY **out, const char *type, OSSL_PARAM_BLD *b)
{
	OSSL_PARAM *p = OSSL_PARAM_BLD_to_param(b);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	int rc = POLICY_ERR_NOMEM;

	if (p != NULL && ctx != NULL)
		rc = EVP_PKEY_fromdata_init(ctx) == 1 && EVP_PKEY_fromdata(ctx, out, EVP_PKEY_PUBLIC_KEY, p) == 1 ?
		    0 : LEFT_OUT;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(p);
	return rc;
}

/*
 * Keys of the Infineon library (CVE-2017-15361) are factored in hours. Their primes are
 * powers of 65537 modulo every small prime, and so is the modulus; another modulus is
 * that for all of these with a chance of less than one in 2^27.
 */
static bool
is_roca(const BIGNUM *n)
{
	static const unsigned primes[] = { 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 53, 61, 71, 73, 79, 97, 103, 107,
	    109, 127, 151, 157 };

	for (size_t i = 0; i < sizeof(primes) / sizeof(primes[0]); i++) {
		const unsigned p = primes[i], rest = (unsigned)BN_mod_word(n, p);
		unsigned power = 1, tried = 0;

		while (power != rest && tried++ < p)
			power = power * (65537 % p) % p;
		if (power != rest)
			return false;
	}
	return true;
}

static int
read_rsa(struct jwt_key *k, const json_t *jwk, const char **why)
{
	unsigned char n[JWT_SIG_MAX], e[8];
	const ptrdiff_t n_len = bytes(jwk, "n", n, sizeof(n)), e_len = bytes(jwk, "e", e, sizeof(e));
	OSSL_PARAM_BLD *b = NULL;
	BIGNUM *bn = NULL, *be = NULL;
	int rc = POLICY_ERR_NOMEM;

	if (n_len <= 0 || e_len <= 0)
		return no(why, "n or e is not a number of at most 8192 and 64 bits");
	bn = BN_bin2bn(n, (int)n_len, NULL);
	be = BN_bin2bn(e, (int)e_len, NULL);
	b = OSSL_PARAM_BLD_new();
	if (bn == NULL || be == NULL || b == NULL)
		goto done;
	if (BN_num_bits(bn) < RSA_LEAST || BN_num_bits(bn) > RSA_MOST)
		rc = no(why, "an RSA key has 2048 to 8192 bits");
	else if (!BN_is_odd(be) || BN_is_one(be))
		rc = no(why, "its exponent is even or one");
	else if (is_roca(bn))
		rc = no(why, "its modulus is of the kind that can be factored (CVE-2017-15361)");
	else if (OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, bn) == 1 &&
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, be) == 1)
		rc = from_params(&k->pkey, "RSA", b);
	k->sig_len = (size_t)(BN_num_bits(bn) + 7) / 8;
done:
	OSSL_PARAM_BLD_free(b);
	BN_free(bn);
	BN_free(be);
	return rc;
}

static int
read_ec(struct jwt_key *k, const json_t *jwk, const char **why)
{
	unsigned char point[1 + 2 * 66];
	const size_t c = k->alg->coordinate;
	OSSL_PARAM_BLD *b;
	int rc = POLICY_ERR_NOMEM;

	point[0] = POINT_CONVERSION_UNCOMPRESSED;
	if (bytes(jwk, "x", point + 1, c) != (ptrdiff_t)c || bytes(jwk, "y", point + 1 + c, c) != (ptrdiff_t)c)
		return no(why, "x or y is not a whole coordinate of its curve");
	b = OSSL_PARAM_BLD_new();
	if (b != NULL && OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, k->alg->group, 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * c) == 1)
		rc = from_params(&k->pkey, "EC", b);
	OSSL_PARAM_BLD_free(b);
	k->sig_len = 2 * c;
	return rc;
}

static int
read_okp(struct jwt_key *k, const json_t *jwk, const char **why)
{
	unsigned char x[57];
	const size_t c = k->alg->coordinate;

	if (bytes(jwk, "x", x, c) != (ptrdiff_t)c)
		return no(why, "x is not a key of its curve");
	k->pkey = EVP_PKEY_new_raw_public_key_ex(NULL, k->alg->group, NULL, x, c);
	k->sig_len = 2 * c;
	return k->pkey == NULL ? POLICY_ERR_NOMEM : 0;
}

int
jwt_key_secret(struct jwt_key *k, const unsigned char *secret, size_t len, const struct jwt_alg *alg,
    const char **why)
{
	OSSL_PARAM p[2] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)(uintptr_t)alg->digest, 0),
	    OSSL_PARAM_construct_end() };
	EVP_MAC *mac;

	if (len < alg->least)
		return no(why, "the secret is shorter than its algorithm's hash: 32 bytes for HS256, 48 for HS384, 64 for HS512");
	k->alg = alg;
	mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	k->mac = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
	EVP_MAC_free(mac);
	if (k->mac == NULL || EVP_MAC_init(k->mac, secret, len, p) != 1)
		return POLICY_ERR_NOMEM;
	k->sig_len = EVP_MAC_CTX_get_mac_size(k->mac);
	return k->sig_len == alg->least ? 0 : POLICY_ERR_NOMEM;
}

static int
read_oct(struct jwt_key *k, const json_t *jwk, const char **why)
{
	const json_t *v = json_object_get(jwk, "k");
	const size_t len = json_string_length(v);
	unsigned char *secret;
	ptrdiff_t n;
	int rc;

	if (json_object_get(jwk, "alg") == NULL)
		return no(why, "a secret must name its alg");
	if (len == 0 || (secret = malloc(len)) == NULL)
		return len == 0 ? no(why, "k is not a secret in base64url") : POLICY_ERR_NOMEM;
	n = jwt_base64_decode(secret, len, json_string_value(v), len);
	rc = n < 0 ? no(why, "k is not a secret in base64url") : jwt_key_secret(k, secret, (size_t)n, k->alg, why);
	OPENSSL_cleanse(secret, len);
	free(secret);
	return rc;
}

/* RFC 7517 sections 4.2, 4.3: may it verify, as far as it says? */
static bool
is_for_verifying(const json_t *jwk)
{
	const json_t *use = json_object_get(jwk, "use"), *ops = json_object_get(jwk, "key_ops"), *op;
	size_t i;

	if (use != NULL && (!json_is_string(use) || strcmp(json_string_value(use), "sig") != 0))
		return false;
	if (ops == NULL)
		return true;
	json_array_foreach(ops, i, op) {
		if (json_is_string(op) && strcmp(json_string_value(op), "verify") == 0)
			return true;
	}
	return false;
}

/* The algorithm: what the key says, else the only one of `algs` that it can have. */
static int
pick(struct jwt_key *k, const json_t *jwk, uint32_t algs, const char **why)
{
	const char *kty = json_string_value(json_object_get(jwk, "kty"));
	const char *crv = json_string_value(json_object_get(jwk, "crv"));
	const json_t *alg = json_object_get(jwk, "alg");
	uint32_t fit;

	if (kty == NULL)
		return no(why, "it has no kty");
	if (strcmp(kty, "EC") != 0 && strcmp(kty, "OKP") != 0)
		crv = NULL;
	if (alg != NULL && !json_is_string(alg))
		return no(why, "its alg is not a text");
	fit = jwt_alg_fitting(algs & (alg != NULL ? jwt_alg_named(json_string_value(alg)) : ~0u), kty, crv);
	if (fit == 0)
		return no(why, "its kty, crv or alg is unknown, or is none of `algorithms`, or they do not go together");
	if ((fit & (fit - 1)) != 0)
		return no(why, "it names no alg, and more than one of `algorithms` fits it");
	k->alg = &jwt_algs[__builtin_ctz(fit)];
	return 0;
}

/* The point is on its curve, the modulus is no prime and has no small factor. */
static int
judge(const struct jwt_key *k, const char **why)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, k->pkey, NULL);
	const int rc = ctx == NULL ? -1 : EVP_PKEY_public_check(ctx);

	EVP_PKEY_CTX_free(ctx);
	if (ctx == NULL)
		return POLICY_ERR_NOMEM;
	return rc == 1 ? 0 : no(why, "its numbers are no public key");
}

static int
read_numbers(struct jwt_key *k, const json_t *jwk, const char **why)
{
	switch (k->alg->scheme) {
	case JWT_HMAC:
		return read_oct(k, jwk, why);
	case JWT_RSA:
	case JWT_PSS:
		return read_rsa(k, jwk, why);
	case JWT_ECDSA:
		return read_ec(k, jwk, why);
	case JWT_EDDSA:
		return read_okp(k, jwk, why);
	}
	return LEFT_OUT;
}

int
jwt_key_read(struct jwt_key *k, const json_t *jwk, uint32_t algs, const char **why)
{
	const json_t *kid = json_object_get(jwk, "kid");
	int rc;

	*why = "its numbers are no public key";
	if (!is_for_verifying(jwk))
		return no(why, "its use or key_ops is another than to verify");
	rc = pick(k, jwk, algs, why);
	if (rc == 0)
		rc = read_numbers(k, jwk, why);
	if (rc == 0 && k->pkey != NULL)
		rc = judge(k, why);
	if (rc == 0 && k->alg->digest != NULL && (k->md = EVP_MD_fetch(NULL, k->alg->digest, NULL)) == NULL)
		rc = POLICY_ERR_NOMEM;
	if (rc == 0 && kid != NULL) {
		k->kid_len = json_string_length(kid);
		k->kid = malloc(k->kid_len + 1);
		if (k->kid == NULL)
			rc = POLICY_ERR_NOMEM;
		else
			memcpy(k->kid, json_string_value(kid), k->kid_len + 1);
	}
	if (rc != 0)
		jwt_key_fini(k);
	return rc;
}

void
jwt_key_fini(struct jwt_key *k)
{
	for (int i = 0; i < JWT_POOL; i++) {
		EVP_MD_CTX_free(k->pool[i].ready.digest);
		EVP_PKEY_CTX_free(k->pool[i].ready.pkey);
		EVP_MAC_CTX_free(k->pool[i].ready.mac);
	}
	EVP_MAC_CTX_free(k->mac);
	EVP_MD_free(k->md);
	EVP_PKEY_free(k->pkey);
	free(k->kid);
	memset(k, 0, sizeof(*k));
}
