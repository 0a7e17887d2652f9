/* SPDX-License-Identifier: Apache-2.0 */
#include "modules/jwt/tests/mint.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "modules/jwt/b64.h"

#ifdef NDEBUG
#error these asserts do the work
#endif

void
mint_init(struct mint *m, unsigned row)
{
	const struct jwt_alg *a = &jwt_algs[row];

	memset(m, 0, sizeof(*m));
	m->alg = a;
	if (a->scheme == JWT_HMAC)
		assert(RAND_bytes(m->secret, sizeof(m->secret)) == 1);
	else if (a->scheme == JWT_RSA || a->scheme == JWT_PSS)
		m->key = EVP_RSA_gen(2048);
	else if (a->scheme == JWT_ECDSA)
		m->key = EVP_EC_gen(a->group);
	else
		m->key = EVP_PKEY_Q_keygen(NULL, NULL, a->group);
	assert(a->scheme == JWT_HMAC || m->key != NULL);
}

void
mint_fini(struct mint *m)
{
	EVP_PKEY_free(m->key);
	m->key = NULL;
}

static void
number(const struct mint *m, const char *param, char *out, size_t pad)
{
	unsigned char bytes[1024];
	BIGNUM *n = NULL;
	int len;

	assert(EVP_PKEY_get_bn_param(m->key, param, &n) == 1);
	len = pad > 0 ? BN_bn2binpad(n, bytes, (int)pad) : BN_bn2bin(n, bytes);
	jwt_base64_encode(out, bytes, (size_t)len);
	BN_free(n);
}

char *
mint_jwk(const struct mint *m, const char *kid, const char *alg)
{
	const struct jwt_alg *a = m->alg;
	char one[2048] = "", two[256] = "", *out = malloc(8192);
	unsigned char raw[64];
	size_t n = sizeof(raw);
	int at;

	assert(out != NULL);
	at = sprintf(out, "{\"kty\":\"%s\"", a->kty);
	if (a->scheme == JWT_HMAC) {
		jwt_base64_encode(one, m->secret, sizeof(m->secret));
		at += sprintf(out + at, ",\"k\":\"%s\"", one);
	} else if (a->scheme == JWT_RSA || a->scheme == JWT_PSS) {
		number(m, OSSL_PKEY_PARAM_RSA_N, one, 0);
		number(m, OSSL_PKEY_PARAM_RSA_E, two, 0);
		at += sprintf(out + at, ",\"n\":\"%s\",\"e\":\"%s\"", one, two);
	} else if (a->scheme == JWT_ECDSA) {
		number(m, OSSL_PKEY_PARAM_EC_PUB_X, one, a->coordinate);
		number(m, OSSL_PKEY_PARAM_EC_PUB_Y, two, a->coordinate);
		at += sprintf(out + at, ",\"crv\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"", a->crv, one, two);
	} else {
		assert(EVP_PKEY_get_raw_public_key(m->key, raw, &n) == 1);
		jwt_base64_encode(one, raw, n);
		at += sprintf(out + at, ",\"crv\":\"%s\",\"x\":\"%s\"", a->crv, one);
	}
	if (kid != NULL)
		at += sprintf(out + at, ",\"kid\":\"%s\"", kid);
	if (alg != NULL)
		at += sprintf(out + at, ",\"alg\":\"%s\"", alg);
	sprintf(out + at, "}");
	return out;
}

char *
mint_jwks(const struct mint *m, const char *kid)
{
	char *key = mint_jwk(m, kid, m->alg->name), *out = malloc(strlen(key) + 32);

	assert(out != NULL);
	sprintf(out, "{\"keys\":[%s]}", key);
	free(key);
	return out;
}

static size_t
from_der(const struct jwt_alg *a, unsigned char *out, const unsigned char *der, size_t len)
{
	ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &der, (long)len);
	const int half = (int)a->coordinate;

	assert(s != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(s), out, half) == half &&
	    BN_bn2binpad(ECDSA_SIG_get0_s(s), out + half, half) == half);
	ECDSA_SIG_free(s);
	return 2 * (size_t)half;
}

size_t
mint_sign(const struct mint *m, unsigned char *sig, size_t room, const char *input, size_t len, bool raw)
{
	const struct jwt_alg *a = m->alg;
	EVP_PKEY_CTX *pctx = NULL;
	EVP_MD_CTX *c;
	unsigned n = 0;
	size_t size = room;
	unsigned char der[256];

	if (a->scheme == JWT_HMAC) {
		assert(HMAC(EVP_get_digestbyname(a->digest), m->secret, sizeof(m->secret), (const unsigned char *)input, len,
		    sig, &n) != NULL);
		return n;
	}
	c = EVP_MD_CTX_new();
	assert(c != NULL && EVP_DigestSignInit_ex(c, &pctx, a->digest, NULL, NULL, m->key, NULL) == 1);
	if (a->scheme == JWT_PSS)
		assert(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		    EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) == 1);
	assert(EVP_DigestSign(c, sig, &size, (const unsigned char *)input, len) == 1);
	EVP_MD_CTX_free(c);
	if (a->scheme == JWT_ECDSA && !raw) {
		memcpy(der, sig, size);
		return from_der(a, sig, der, size);
	}
	return size;
}

char *
mint_token(const struct mint *m, const char *header, const char *payload)
{
	const size_t h = strlen(header), p = strlen(payload);
	unsigned char sig[1024];
	char *out = malloc((h + p + sizeof(sig)) * 4 / 3 + 16);
	size_t at, n;

	assert(out != NULL);
	at = jwt_base64_encode(out, (const unsigned char *)header, h);
	out[at++] = '.';
	at += jwt_base64_encode(out + at, (const unsigned char *)payload, p);
	n = mint_sign(m, sig, sizeof(sig), out, at, false);
	out[at++] = '.';
	jwt_base64_encode(out + at, sig, n);
	return out;
}

char *
mint_pem(const struct mint *m, size_t *len)
{
	char *out, *text;
	BIO *b;

	if (m->key == NULL) {
		out = malloc(sizeof(m->secret));
		assert(out != NULL);
		memcpy(out, m->secret, *len = sizeof(m->secret));
		return out;
	}
	b = BIO_new(BIO_s_mem());
	assert(b != NULL && PEM_write_bio_PUBKEY(b, m->key) == 1);
	*len = (size_t)BIO_get_mem_data(b, &text);
	out = malloc(*len + 1);
	assert(out != NULL);
	memcpy(out, text, *len);
	out[*len] = '\0';
	BIO_free(b);
	return out;
}
