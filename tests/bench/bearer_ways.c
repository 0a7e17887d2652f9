/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <policy.h>

/* ---- this engine ---- */

struct ours {
	struct policy *p;
	struct policy_identity id;
};

bool
ours_init(struct way *w, const struct folder *f)
{
	struct policy_options o = POLICY_OPTIONS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	struct ours *s = calloc(1, sizeof(*s));
	char path[4096];

	snprintf(path, sizeof(path), "%s/policy.yaml", f->dir);
	o.module_dir = f->modules;
	o.flags = POLICY_NO_THREAD;
	if (s == NULL || policy_open(&s->p, path, &o, &err) != 0) {
		fprintf(stderr, "bearer: %s:%u: %s\n", err.file, err.line, err.text);
		exit(EX_DATAERR);
	}
	s->id.size = sizeof(s->id);
	w->state = s;
	w->version = policy_version();
	return true;
}

int
ours_ask(void *state, const char *token)
{
	struct ours *s = state;
	struct policy_request r = POLICY_REQUEST_INIT;
	struct policy_credential c = { .kind = policy_text("bearer"), .data = policy_text(token) };

	r.credentials = &c;
	r.credentials_count = 1;
	return policy_authenticate(s->p, &r, &s->id) == 0 && s->id.verified == 1;
}

void
ours_fini(void *state)
{
	struct ours *s = state;

	policy_close(s->p);
	free(s);
}

/* ---- OpenSSL, bare ---- */

struct bare {
	EVP_PKEY *key;
	EVP_PKEY_CTX *pkey;
	EVP_MD *md;
	EVP_MD_CTX *digest;
	EVP_MAC_CTX *mac;
	const char *token;		/* of which the signature is */
	size_t input_len, sig_len;
	unsigned char sig[1024];
};

static bool
bare_mac(struct bare *b, const struct folder *f)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	OSSL_PARAM with[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){ "SHA256" }, 0),
	    OSSL_PARAM_construct_end() };

	b->mac = EVP_MAC_CTX_new(mac);
	EVP_MAC_free(mac);
	return b->mac != NULL && EVP_MAC_init(b->mac, (const unsigned char *)f->key, f->key_len, with) == 1;
}

static bool
bare_key(struct bare *b, const struct folder *f)
{
	BIO *in = BIO_new_mem_buf(f->key, (int)f->key_len);

	b->key = PEM_read_bio_PUBKEY(in, NULL, NULL, NULL);
	BIO_free(in);
	b->digest = EVP_MD_CTX_new();
	if (b->key == NULL || b->digest == NULL || strcmp(f->alg, "EdDSA") == 0)
		return b->key != NULL && b->digest != NULL;
	b->md = EVP_MD_fetch(NULL, "SHA256", NULL);
	b->pkey = EVP_PKEY_CTX_new_from_pkey(NULL, b->key, NULL);
	if (b->pkey == NULL || EVP_PKEY_verify_init(b->pkey) != 1)
		return false;
	if (f->alg[0] == 'E')
		return true;
	return EVP_PKEY_CTX_set_signature_md(b->pkey, b->md) == 1 && (f->alg[0] == 'R' ||
	    (EVP_PKEY_CTX_set_rsa_padding(b->pkey, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(b->pkey, RSA_PSS_SALTLEN_DIGEST) == 1));
}

bool
bare_init(struct way *w, const struct folder *f)
{
	struct bare *b = f->alg != NULL ? calloc(1, sizeof(*b)) : NULL;

	if (b == NULL)
		return false;
	if (!(f->alg[0] == 'H' ? bare_mac(b, f) : bare_key(b, f))) {
		fprintf(stderr, "bearer: OpenSSL does not take %s/key\n", f->dir);
		exit(EX_DATAERR);
	}
	w->state = b;
	w->version = OpenSSL_version(OPENSSL_VERSION_STRING);
	return true;
}

/* The signature as OpenSSL has it: outside of what is measured, once for each token. */
static void
take_signature(struct bare *b, const char *token)
{
	const char *dot = strrchr(token, '.');
	char text[1400] = "";
	size_t n = strlen(dot + 1);
	int len;

	memcpy(text, dot + 1, n);
	for (char *c = text; *c != '\0'; c++)
		*c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
	memset(text + n, '=', -n % 4);
	len = EVP_DecodeBlock(b->sig, (unsigned char *)text, (int)(n + -n % 4));
	b->sig_len = (size_t)len - -n % 4;
	b->input_len = (size_t)(dot - token);
	b->token = token;
	if (b->key != NULL && EVP_PKEY_is_a(b->key, "EC")) {
		ECDSA_SIG *s = ECDSA_SIG_new();
		unsigned char *der = b->sig;

		ECDSA_SIG_set0(s, BN_bin2bn(b->sig, 32, NULL), BN_bin2bn(b->sig + 32, 32, NULL));
		b->sig_len = (size_t)i2d_ECDSA_SIG(s, &der);
		ECDSA_SIG_free(s);
	}
}

int
bare_ask(void *state, const char *token)
{
	struct bare *b = state;
	const unsigned char *in = (const unsigned char *)token;
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	size_t len = 0;

	if (b->token != token)
		take_signature(b, token);
	if (b->mac != NULL)
		return EVP_MAC_init(b->mac, NULL, 0, NULL) == 1 && EVP_MAC_update(b->mac, in, b->input_len) == 1 &&
		    EVP_MAC_final(b->mac, hash, &len, sizeof(hash)) == 1 && CRYPTO_memcmp(hash, b->sig, len) == 0;
	if (b->pkey == NULL)
		return EVP_DigestVerifyInit(b->digest, NULL, NULL, NULL, b->key) == 1 &&
		    EVP_DigestVerify(b->digest, b->sig, b->sig_len, in, b->input_len) == 1;
	return EVP_DigestInit_ex2(b->digest, b->md, NULL) == 1 && EVP_DigestUpdate(b->digest, in, b->input_len) == 1 &&
	    EVP_DigestFinal_ex(b->digest, hash, &n) == 1 && EVP_PKEY_verify(b->pkey, b->sig, b->sig_len, hash, n) == 1;
}

void
bare_fini(void *state)
{
	struct bare *b = state;

	EVP_PKEY_CTX_free(b->pkey);
	EVP_PKEY_free(b->key);
	EVP_MD_CTX_free(b->digest);
	EVP_MD_free(b->md);
	EVP_MAC_CTX_free(b->mac);
	free(b);
}
