/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys that verify (RFC 7517, 7518 section 6, 8037): read once, each for one algorithm,
 * in sets that are shared by reference and never change.
 */
#ifndef JWT_JWK_H
#define JWT_JWK_H

#include <stdatomic.h>
#include <stdbool.h>

#include <jansson.h>
#include <openssl/evp.h>
#include <policy.h>

#include "alg.h"
#include "jws.h"

#define JWT_POOL 8			/* checks at a time that find a context ready */
#define JWT_SET_BYTES (256u << 10)	/* of a set's text */
#define JWT_SET_KEYS 128
#define JWT_SIG_MAX 1024		/* bytes: RSA of 8192 bits */

/* Contexts, kept because making them costs as much as an HMAC. */
struct jwt_ready {
	EVP_MD_CTX *digest;
	EVP_PKEY_CTX *pkey;
	EVP_MAC_CTX *mac;
};

struct jwt_key {
	const struct jwt_alg *alg;
	char *kid;			/* NULL: none */
	size_t kid_len;
	EVP_PKEY *pkey;			/* NULL: an HMAC key */
	EVP_MD *md;			/* NULL: the scheme has its own */
	EVP_MAC_CTX *mac;		/* keyed, to be copied */
	size_t sig_len;			/* of a good signature */
	struct { atomic_bool busy; struct jwt_ready ready; } pool[JWT_POOL];
};

/* A header that was under a good signature, and its key: tokens of one issuer begin alike. */
struct jwt_seen {
	const struct jwt_key *key;
	size_t len;
	char text[];
};
#define JWT_SEEN 8

struct jwt_set {
	atomic_uint holders;
	uint32_t n;
	bool has_kids, has_oct;
	_Atomic(struct jwt_seen *) seen[JWT_SEEN];
	struct jwt_key keys[];
};

/* Says which keys were left out and why; cut where it is full. */
struct jwt_notes {
	unsigned left_out;
	char text[400];
};

/*
 * Reads a JWK Set, of which `algs` may be used. 0 and *out, held once. POLICY_ERR_NOMEM, or
 * POLICY_ERR_INVALID with `why` one sentence: not a set, two keys of one name, a private
 * key, secrets among public keys, none that can be used. A key of another kind or use is
 * left out.
 */
int jwt_set_read(struct jwt_set **out, const char *text, size_t len, uint32_t algs,
    struct jwt_notes *notes, const char **why);
/* One key without a name: a shared secret for the one algorithm. */
int jwt_set_secret(struct jwt_set **out, const unsigned char *secret, size_t len, const struct jwt_alg *alg,
    const char **why);
struct jwt_set *jwt_set_hold(struct jwt_set *s);
void jwt_set_drop(struct jwt_set *s);	/* NULL is fine */

enum jwt_found { JWT_NO_KEY, JWT_KEY, JWT_UNKNOWN_KID };

/* The one key that a header fits: by its kid, or, where it has none, alone. */
enum jwt_found jwt_set_find(const struct jwt_set *s, const struct jwt_header *h, struct jwt_key **out);
/* By the header's text; NULL: not seen. */
struct jwt_key *jwt_set_seen(const struct jwt_set *s, struct policy_text header);
/* Only of a header that was judged whole, under a good signature. */
void jwt_set_see(struct jwt_set *s, struct policy_text header, const struct jwt_key *key);

/* JSON of a key or a set: no name twice, not deep. NULL: it is not, or *nomem. */
json_t *jwt_set_json(const char *text, size_t len, bool *nomem);
/* What is secret in a key, before it is freed. */
void jwt_set_wipe(const json_t *jwk);
/* One member of a JWK Set. */
int jwt_key_read(struct jwt_key *k, const json_t *jwk, uint32_t algs, const char **why);
int jwt_key_secret(struct jwt_key *k, const unsigned char *secret, size_t len, const struct jwt_alg *alg,
    const char **why);
void jwt_key_fini(struct jwt_key *k);

#endif
