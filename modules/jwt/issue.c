/* SPDX-License-Identifier: Apache-2.0 */
#include "issue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "b64.h"
#include "file.h"
#include "jwk.h"
#include "jws.h"
#include "payload.h"

struct jwt_issuer {
	const struct jwt_conf *conf;
	const struct jwt_alg *alg;
	struct jwt_set *secret;		/* one HMAC key, or NULL */
	EVP_PKEY *pkey;
	json_t *kid;			/* NULL: none */
};

static ptrdiff_t
member(const json_t *jwk, const char *name, unsigned char *out, size_t room)
{
	const json_t *v = json_object_get(jwk, name);

	return json_is_string(v) ? jwt_base64_decode(out, room, json_string_value(v), json_string_length(v)) : -1;
}

static EVP_PKEY *
read_ec(const struct jwt_alg *alg, const json_t *jwk)
{
	unsigned char point[1 + 2 * 66], d[66];
	const size_t c = alg->coordinate;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	OSSL_PARAM *p = NULL;
	BIGNUM *bd = NULL;
	EVP_PKEY *k = NULL;

	point[0] = POINT_CONVERSION_UNCOMPRESSED;
	if (member(jwk, "x", point + 1, c) == (ptrdiff_t)c && member(jwk, "y", point + 1 + c, c) == (ptrdiff_t)c &&
	    member(jwk, "d", d, c) == (ptrdiff_t)c && (bd = BN_secure_new()) != NULL && BN_bin2bn(d, (int)c, bd) != NULL &&
	    b != NULL && ctx != NULL &&
	    OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, alg->group, 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * c) == 1 &&
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_PRIV_KEY, bd) == 1 &&
	    (p = OSSL_PARAM_BLD_to_param(b)) != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &k, EVP_PKEY_KEYPAIR, p) != 1)
		k = NULL;
	OPENSSL_cleanse(d, sizeof(d));
	OSSL_PARAM_free(p);
	OSSL_PARAM_BLD_free(b);
	BN_clear_free(bd);
	EVP_PKEY_CTX_free(ctx);
	return k;
}

static EVP_PKEY *
read_okp(const struct jwt_alg *alg, const json_t *jwk)
{
	unsigned char d[57];
	const size_t c = alg->coordinate;
	EVP_PKEY *k = NULL;

	if (member(jwk, "d", d, c) == (ptrdiff_t)c)
		k = EVP_PKEY_new_raw_private_key_ex(NULL, alg->group, NULL, d, c);
	OPENSSL_cleanse(d, sizeof(d));
	return k;
}

/* With all that RFC 7518 section 6.3.2 has for two primes: without, each signature is slow. */
static EVP_PKEY *
read_rsa(const json_t *jwk)
{
	static const struct { const char *name, *param; } parts[] = {
		{ "n", OSSL_PKEY_PARAM_RSA_N }, { "e", OSSL_PKEY_PARAM_RSA_E }, { "d", OSSL_PKEY_PARAM_RSA_D },
		{ "p", OSSL_PKEY_PARAM_RSA_FACTOR1 }, { "q", OSSL_PKEY_PARAM_RSA_FACTOR2 },
		{ "dp", OSSL_PKEY_PARAM_RSA_EXPONENT1 }, { "dq", OSSL_PKEY_PARAM_RSA_EXPONENT2 },
		{ "qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1 },
	};
	enum { PARTS = sizeof(parts) / sizeof(parts[0]) };
	unsigned char bytes[JWT_SIG_MAX];
	BIGNUM *bn[PARTS] = { NULL };
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	bool good = b != NULL && ctx != NULL && json_object_get(jwk, "oth") == NULL;
	OSSL_PARAM *p = NULL;
	EVP_PKEY *k = NULL;

	for (size_t i = 0; good && i < PARTS; i++) {
		const ptrdiff_t n = member(jwk, parts[i].name, bytes, sizeof(bytes));

		bn[i] = BN_secure_new();
		good = n > 0 && bn[i] != NULL && BN_bin2bn(bytes, (int)n, bn[i]) != NULL &&
		    OSSL_PARAM_BLD_push_BN(b, parts[i].param, bn[i]) == 1;
	}
	if (good && (p = OSSL_PARAM_BLD_to_param(b)) != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &k, EVP_PKEY_KEYPAIR, p) != 1)
		k = NULL;
	if (k != NULL && (EVP_PKEY_get_bits(k) < 2048 || EVP_PKEY_get_bits(k) > (int)JWT_SIG_MAX * 8)) {
		EVP_PKEY_free(k);
		k = NULL;
	}
	OPENSSL_cleanse(bytes, sizeof(bytes));
	OSSL_PARAM_free(p);
	OSSL_PARAM_BLD_free(b);
	for (size_t i = 0; i < PARTS; i++)
		BN_clear_free(bn[i]);
	EVP_PKEY_CTX_free(ctx);
	return k;
}

static EVP_PKEY *
read_private(const struct jwt_alg *alg, const json_t *jwk)
{
	switch (alg->scheme) {
	case JWT_RSA:
	case JWT_PSS:
		return read_rsa(jwk);
	case JWT_ECDSA:
		return read_ec(alg, jwk);
	case JWT_EDDSA:
		return read_okp(alg, jwk);
	default:
		return NULL;
	}
}

/* A secret as a JWK is a set of one, but for signing. */
static int
read_oct(struct jwt_issuer *i, const json_t *jwk, const char **why)
{
	const size_t room = json_string_length(json_object_get(jwk, "k"));
	unsigned char *k = malloc(room + 1);
	const ptrdiff_t n = k != NULL ? member(jwk, "k", k, room) : -1;
	int rc = POLICY_ERR_INVALID;

	*why = "k is not a secret in base64url";
	if (n > 0)
		rc = jwt_set_secret(&i->secret, k, (size_t)n, i->alg, why);
	if (k != NULL)
		OPENSSL_cleanse(k, room);
	free(k);
	return rc;
}

static int
read_jwk(struct jwt_issuer *i, const json_t *jwk, const char **why)
{
	const char *kty = json_string_value(json_object_get(jwk, "kty")), *crv = json_string_value(json_object_get(jwk, "crv"));
	const char *alg = json_string_value(json_object_get(jwk, "alg"));
	const json_t *kid = json_object_get(jwk, "kid");
	const uint32_t fit = kty == NULL ? 0 :
	    jwt_alg_fitting(i->conf->algs & (alg != NULL ? jwt_alg_named(alg) : ~0u), kty, strcmp(kty, "oct") == 0 ? NULL : crv);

	*why = "it is no private key that says which one of HS, RS, PS, ES or EdDSA it is for, or none of `algorithms`";
	if (fit == 0 || (fit & (fit - 1)) != 0 || (kid != NULL && !json_is_string(kid)))
		return POLICY_ERR_INVALID;
	i->alg = &jwt_algs[__builtin_ctz(fit)];
	i->kid = kid != NULL ? json_incref((json_t *)(uintptr_t)kid) : NULL;
	if (i->alg->scheme == JWT_HMAC)
		return read_oct(i, jwk, why);
	*why = "its numbers are no private key";
	i->pkey = read_private(i->alg, jwk);
	return i->pkey != NULL ? 0 : POLICY_ERR_INVALID;
}

int
jwt_issuer_new(struct jwt_issuer **out, const struct jwt_conf *conf, struct policy_error *err)
{
	struct jwt_issuer *i = calloc(1, sizeof(*i));
	const char *why = "it is no JWK";
	struct jwt_file f = { NULL, 0, false };
	bool no_memory = i == NULL;
	json_t *jwk = NULL;
	int rc = no_memory ? jwt_fail(err, POLICY_ERR_NOMEM, "no memory for sign_with") :
	    jwt_file_read(&f, conf->sign_with, 16384, err);

	if (rc != 0)
		goto done;
	i->conf = conf;
	i->alg = conf->secret_alg;
	rc = POLICY_ERR_INVALID;
	if (f.others_read)
		why = "it can be read by others";
	else if (conf->secret != NULL)
		rc = jwt_set_secret(&i->secret, (const unsigned char *)f.text, f.len - (f.text[f.len - 1] == '\n'), i->alg, &why);
	else if ((jwk = jwt_set_json(f.text, f.len, &no_memory)) != NULL)
		rc = read_jwk(i, jwk, &why);
	if (rc != 0)
		(void)jwt_fail(err, rc, "sign_with %.400s: %s", conf->sign_with, why);
done:
	jwt_set_wipe(jwk);
	json_decref(jwk);
	jwt_file_fini(&f);
	if (rc != 0) {
		jwt_issuer_free(i);
		i = NULL;
	}
	*out = i;
	return rc;
}

void
jwt_issuer_free(struct jwt_issuer *i)
{
	if (i == NULL)
		return;
	jwt_set_drop(i->secret);
	EVP_PKEY_free(i->pkey);
	json_decref(i->kid);
	free(i);
}

/* ---- a token ---- */

static size_t
sign_hmac(const struct jwt_issuer *i, unsigned char *sig, size_t room, const char *input, size_t len)
{
	EVP_MAC_CTX *c = EVP_MAC_CTX_dup(i->secret->keys[0].mac);
	size_t n = 0;

	if (c == NULL || EVP_MAC_update(c, (const unsigned char *)input, len) != 1 || EVP_MAC_final(c, sig, &n, room) != 1)
		n = 0;
	EVP_MAC_CTX_free(c);
	return n;
}

static size_t
sign_pkey(const struct jwt_issuer *i, unsigned char *sig, size_t room, const char *input, size_t len)
{
	unsigned char der[3 + 2 * (66 + 3)];
	const unsigned char *p = der;
	const bool ec = i->alg->scheme == JWT_ECDSA;
	const int half = (int)i->alg->coordinate;
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	EVP_PKEY_CTX *how = NULL;	/* of c */
	size_t n = ec ? sizeof(der) : room;
	ECDSA_SIG *s = NULL;

	if (c == NULL || EVP_DigestSignInit_ex(c, &how, i->alg->digest, NULL, NULL, i->pkey, NULL) != 1 ||
	    /* RFC 7518 section 3.5: MGF1 of the same hash, which it is, and a salt as long as it */
	    (i->alg->scheme == JWT_PSS && (EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) != 1)) ||
	    EVP_DigestSign(c, ec ? der : sig, &n, (const unsigned char *)input, len) != 1)
		n = 0;
	if (ec && n > 0) {
		s = d2i_ECDSA_SIG(NULL, &p, (long)n);
		n = s != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(s), sig, half) == half &&
		    BN_bn2binpad(ECDSA_SIG_get0_s(s), sig + half, half) == half ? 2 * (size_t)half : 0;
	}
	ECDSA_SIG_free(s);
	EVP_MD_CTX_free(c);
	return n;
}

/* Appends JSON in base64url and takes it over; 0: no memory, or no room. */
static size_t
put(struct policy_issued *out, size_t at, json_t *j)
{
	char *text = j != NULL ? json_dumps(j, JSON_COMPACT) : NULL;
	const size_t n = text != NULL ? strlen(text) : 0;
	size_t end = 0;

	if (n > 0 && at + JWT_B64_LEN(n) < sizeof(out->data))
		end = at + jwt_base64_encode(out->data + at, (const unsigned char *)text, n);
	free(text);
	json_decref(j);
	return end;
}

static int
write_token(const struct jwt_issuer *i, const struct policy_issue *want, struct policy_issued *out)
{
	unsigned char sig[JWT_SIG_MAX];
	json_t *header = json_pack("{s:s, s:s}", "alg", i->alg->name, "typ", i->conf->typ.list[0].data);
	size_t n, at, rest;

	if (header != NULL && i->kid != NULL && json_object_set(header, "kid", i->kid) != 0) {
		json_decref(header);
		return POLICY_ERR_NOMEM;
	}
	at = put(out, 0, header);
	if (at == 0)
		return POLICY_ERR_NOMEM;
	out->data[at++] = '.';
	at = put(out, at, jwt_payload(i->conf, want, out));
	if (at == 0 || (i->conf->bare && jwt_hashed(out->token_id, out->data, at) == 0))
		return POLICY_ERR_NOMEM;
	n = i->secret != NULL ? sign_hmac(i, sig, sizeof(sig), out->data, at) : sign_pkey(i, sig, sizeof(sig), out->data, at);
	rest = sizeof(out->data) - at;
	if (n == 0 || 1 + JWT_B64_LEN(n) >= rest)
		return POLICY_ERR_NOMEM;
	out->data[at++] = '.';
	out->data_len = (uint32_t)(at + jwt_base64_encode(out->data + at, sig, n));
	return 0;
}

int
jwt_issuer_sign(struct jwt_issuer *i, const struct policy_issue *want, struct policy_issued *out,
    struct policy_error *err)
{
	const struct jwt_conf *c = i->conf;
	const int64_t end = want->expires_ns != 0 ? want->expires_ns : want->now_ns + c->lifetime;
	unsigned char id[16];
	int rc;

	if (want->subject_id.data == NULL || want->subject_id.len == 0 || want->subject_id.len > 255)
		return jwt_fail(err, POLICY_ERR_ARG, "a token is for a subject, whose name has 1 to 255 bytes");
	if (end - want->now_ns < JWT_SECOND || (c->max_lifetime != 0 && end - want->now_ns > c->max_lifetime))
		return jwt_fail(err, POLICY_ERR_ARG, "the token would end within a second, or later than max_lifetime lets it");
	if (want->size >= sizeof(*want) && want->token_id.len > 64)
		return jwt_fail(err, POLICY_ERR_ARG, "the id of a token has at most 64 bytes");
	if (getrandom(id, sizeof(id), 0) != (ssize_t)sizeof(id))
		return jwt_fail(err, POLICY_ERR_UNAVAILABLE, "no random bits for a token's id");
	out->expires_ns = end / JWT_SECOND * JWT_SECOND;
	(void)jwt_base64_encode(out->token_id, id, sizeof(id));
	if (want->size >= sizeof(*want) && want->token_id.len > 0) {
		memcpy(out->token_id, want->token_id.data, want->token_id.len);
		out->token_id[want->token_id.len] = '\0';
	}
	rc = write_token(i, want, out);
	if (rc != 0) {
		OPENSSL_cleanse(out->data, sizeof(out->data));
		out->data_len = 0;
		return jwt_fail(err, rc, "the token could not be made: no memory, or its subject is not UTF-8");
	}
	return 0;
}
