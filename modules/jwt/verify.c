/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A context that failed in any way is thrown away rather than put back: what a failure
 * left in it is never asked again.
 */
#include "verify.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "b64.h"

static void
ready_fini(struct jwt_ready *r)
{
	EVP_MD_CTX_free(r->digest);
	EVP_PKEY_CTX_free(r->pkey);
	EVP_MAC_CTX_free(r->mac);
	memset(r, 0, sizeof(*r));
}

/* PSS as RFC 7518 section 3.5 has it: MGF1 of the same hash, salt as long as it. */
static bool
ready_rsa(const struct jwt_key *k, EVP_PKEY_CTX *c)
{
	if (EVP_PKEY_CTX_set_signature_md(c, k->md) != 1)
		return false;
	if (k->alg->scheme == JWT_RSA)
		return EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) == 1;
	return EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_mgf1_md(c, k->md) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(c, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static bool
ready_init(const struct jwt_key *k, struct jwt_ready *r)
{
	if (k->alg->scheme == JWT_HMAC)
		return (r->mac = EVP_MAC_CTX_dup(k->mac)) != NULL;
	if ((r->digest = EVP_MD_CTX_new()) == NULL)
		return false;
	if (k->alg->scheme == JWT_EDDSA)
		return true;
	r->pkey = EVP_PKEY_CTX_new_from_pkey(NULL, k->pkey, NULL);
	if (r->pkey == NULL || EVP_PKEY_verify_init(r->pkey) != 1)
		return false;
	return k->alg->scheme == JWT_ECDSA || ready_rsa(k, r->pkey);
}

/* ---- the schemes ---- */

static int
verify_hmac(const struct jwt_ready *r, struct policy_text input, const unsigned char *sig, size_t n)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	size_t len = 0;
	int rc = -1;

	/* no key: the one it was made with, its schedule kept */
	if (EVP_MAC_init(r->mac, NULL, 0, NULL) == 1 &&
	    EVP_MAC_update(r->mac, (const unsigned char *)input.data, input.len) == 1 &&
	    EVP_MAC_final(r->mac, mac, &len, sizeof(mac)) == 1)
		rc = len == n && CRYPTO_memcmp(mac, sig, n) == 0;
	OPENSSL_cleanse(mac, sizeof(mac));
	return rc;
}

/* One number of r || s as DER has it; returns where it ends. */
static unsigned char *
put_number(unsigned char *out, const unsigned char *n, size_t len)
{
	while (len > 1 && *n == 0) {
		n++;
		len--;
	}
	*out++ = 0x02;
	*out++ = (unsigned char)(len + (*n >> 7));
	if (*n >> 7)
		*out++ = 0;
	memcpy(out, n, len);
	return out + len;
}

/* JWS has r || s (RFC 7518 section 3.4), OpenSSL wants DER. */
static size_t
to_der(unsigned char *out, const unsigned char *sig, size_t half)
{
	unsigned char body[2 * (66 + 3)];
	const unsigned char *end = put_number(put_number(body, sig, half), sig + half, half);
	const size_t n = (size_t)(end - body);
	unsigned char *o = out;

	*o++ = 0x30;
	if (n > 127)
		*o++ = 0x81;
	*o++ = (unsigned char)n;
	memcpy(o, body, n);
	return (size_t)(o - out) + n;
}

static int
verify_hashed(const struct jwt_key *k, const struct jwt_ready *r, struct policy_text input,
    const unsigned char *sig, size_t n)
{
	unsigned char hash[EVP_MAX_MD_SIZE], der[3 + 2 * (66 + 3)];
	unsigned hash_len = 0;

	if (EVP_DigestInit_ex2(r->digest, k->md, NULL) != 1 || EVP_DigestUpdate(r->digest, input.data, input.len) != 1 ||
	    EVP_DigestFinal_ex(r->digest, hash, &hash_len) != 1)
		return -1;
	if (k->alg->scheme == JWT_ECDSA) {
		n = to_der(der, sig, n / 2);
		sig = der;
	}
	return EVP_PKEY_verify(r->pkey, sig, n, hash, hash_len);
}

static int
verify_eddsa(const struct jwt_key *k, const struct jwt_ready *r, struct policy_text input,
    const unsigned char *sig, size_t n)
{
	if (EVP_DigestVerifyInit(r->digest, NULL, NULL, NULL, k->pkey) != 1)
		return -1;
	return EVP_DigestVerify(r->digest, sig, n, (const unsigned char *)input.data, input.len);
}

static int
verify_with(const struct jwt_key *k, struct jwt_ready *r, struct policy_text input,
    const unsigned char *sig, size_t n)
{
	int rc = -1;

	if (r->digest != NULL || r->mac != NULL || ready_init(k, r)) {
		switch (k->alg->scheme) {
		case JWT_HMAC:
			rc = verify_hmac(r, input, sig, n);
			break;
		case JWT_RSA:
		case JWT_PSS:
		case JWT_ECDSA:
			rc = verify_hashed(k, r, input, sig, n);
			break;
		case JWT_EDDSA:
			rc = verify_eddsa(k, r, input, sig, n);
			break;
		}
	}
	if (rc != 1)
		ready_fini(r);
	return rc;
}

/* In a context that is free, else in one of its own. */
static int
verify_pooled(struct jwt_key *k, struct policy_text input, const unsigned char *sig, size_t n)
{
	struct jwt_ready own = { NULL, NULL, NULL };
	int rc;

	for (int i = 0; i < JWT_POOL; i++) {
		if (atomic_load_explicit(&k->pool[i].busy, memory_order_relaxed) ||
		    atomic_exchange_explicit(&k->pool[i].busy, true, memory_order_acquire))
			continue;
		rc = verify_with(k, &k->pool[i].ready, input, sig, n);
		atomic_store_explicit(&k->pool[i].busy, false, memory_order_release);
		return rc;
	}
	rc = verify_with(k, &own, input, sig, n);
	ready_fini(&own);
	return rc;
}

/* ---- is it bad, or was there no memory? ---- */

/* RSA's functions say 0 to both. What is wrong with a signature they name among their own
 * reasons; of anything else they name a reason of all libraries, or none. */
static bool
rsa_named_it(bool first)
{
	unsigned long e;
	bool named = !first;	/* there stand errors of who called us: not ours to take off */

	while (first && (e = ERR_get_error()) != 0)
		named |= ERR_GET_LIB(e) == ERR_LIB_RSA && !ERR_COMMON_ERROR(e);
	return named;
}

/* What EdDSA's function needs, which says 0 to both and names nothing. */
static bool
there_is_memory(void)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	const bool is = c != NULL && EVP_DigestInit_ex(c, EVP_sha512(), NULL) == 1;

	EVP_MD_CTX_free(c);
	return is;
}

static enum jwt_verdict
judge(struct jwt_key *k, struct policy_text input, const unsigned char *sig, size_t n)
{
	const bool first = ERR_peek_error() == 0;
	int rc = verify_pooled(k, input, sig, n);

	if (rc == 0 && k->alg->scheme == JWT_EDDSA) {
		rc = verify_pooled(k, input, sig, n);
		if (rc == 0 && !there_is_memory())
			return JWT_UNTOLD;
	}
	if (rc == 0 && (k->alg->scheme == JWT_RSA || k->alg->scheme == JWT_PSS) && !rsa_named_it(first))
		return JWT_UNTOLD;
	return rc == 1 ? JWT_GOOD : rc == 0 ? JWT_BAD : JWT_UNTOLD;
}

enum jwt_verdict
jwt_verify(struct jwt_key *k, struct policy_text input, struct policy_text sig)
{
	unsigned char bytes[JWT_SIG_MAX];
	const ptrdiff_t n = jwt_base64_decode(bytes, sizeof(bytes), sig.data, sig.len);
	enum jwt_verdict v = JWT_BAD;

	if (n > 0 && (size_t)n == k->sig_len)
		v = judge(k, input, bytes, (size_t)n);
	OPENSSL_cleanse(bytes, n > 0 ? (size_t)n : 0);
	return v;
}
