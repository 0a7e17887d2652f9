/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A presented token is hashed, and its hash compared with every one there is, without an
 * early end. So time tells neither how much of a token was right nor where it stands, and
 * nobody has to argue about buckets; 100,000 hashes are some 3 MB to look through.
 *
 * An id must not help to find the token. The hash of 128 random bits does not; that of a
 * TorchServe key, 48 bits, would be found in a night. Short tokens therefore get their id
 * by a slow hash, once, when the file is read.
 */
/* The one-call functions of libcrypto 3 allocate; these do not, and check() may not. */
#define OPENSSL_SUPPRESS_DEPRECATED 1
#include "table.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

enum { SLOW = 1 << 15 };		/* some milliseconds */

static const char domain[] = "policy token id";

struct token_table *
pol_table_new(size_t room)
{
	struct token_table *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->room = room;
	t->hashes = calloc(room + 1, sizeof(*t->hashes));
	t->rows = calloc(room + 1, sizeof(*t->rows));
	if (t->hashes == NULL || t->rows == NULL) {
		pol_table_free(t);
		return NULL;
	}
	return t;
}

void
pol_table_free(void *made)
{
	struct token_table *t = made;

	if (t == NULL)
		return;
	if (t->hashes != NULL)
		explicit_bzero(t->hashes, (t->room + 1) * sizeof(*t->hashes));
	free(t->hashes);
	free(t->rows);
	free(t);
}

void
pol_table_base64(char *out, const unsigned char *in, size_t chars)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	for (size_t i = 0; i < chars; i++) {
		const size_t bit = i * 6, byte = bit / 8;
		const unsigned two = (unsigned)in[byte] << 8 | (bit % 8 > 2 ? in[byte + 1] : 0u);

		out[i] = digits[two >> (10 - bit % 8) & 63];
	}
}

static void
hash(struct token_hash *out, const char *before, size_t before_len, struct policy_text token)
{
	SHA256_CTX c;

	SHA256_Init(&c);
	SHA256_Update(&c, before, before_len);
	SHA256_Update(&c, token.data, token.len);
	SHA256_Final((unsigned char *)out->w, &c);
	explicit_bzero(&c, sizeof(c));
}

int
pol_table_add(struct token_table *t, struct policy_text token, unsigned role, int64_t expires_ns)
{
	struct token_row *row = &t->rows[t->n];
	struct token_hash id;

	if (t->n == t->room || token.len == 0 || token.len > TOKEN_MOST ||
	    (token.len < TOKEN_LONG && t->n_short++ == TOKENS_SHORT))
		return POLICY_ERR_LIMIT;
	hash(&id, domain, sizeof(domain), token);
	for (unsigned i = 0; i < SLOW && token.len < TOKEN_LONG; i++) {
		const struct token_hash last = id;

		hash(&id, (const char *)&last, sizeof(last), token);
	}
	memcpy(row->id, "tf_", 3);
	pol_table_base64(row->id + 3, (const unsigned char *)&id, TOKEN_ID - 4);
	row->role = (uint8_t)role;
	row->expires_ns = expires_ns;
	hash(&t->hashes[t->n++], "", 0, token);
	return 0;
}

const struct token_row *
pol_table_find(const struct token_table *t, struct policy_text token)
{
	struct token_hash h;
	uint64_t found = 0, at = 0;

	if (token.len == 0 || token.len > TOKEN_MOST)
		return NULL;
	hash(&h, "", 0, token);
	for (size_t i = 0; i < t->n; i++) {
		const uint64_t *w = t->hashes[i].w;
		const uint64_t differ = (w[0] ^ h.w[0]) | (w[1] ^ h.w[1]) | (w[2] ^ h.w[2]) | (w[3] ^ h.w[3]);
		/* all ones where nothing differs, else zero */
		const uint64_t mask = ((differ | (0 - differ)) >> 63) - 1;

		found |= mask;
		at = (at & ~mask) | (i & mask);
	}
	explicit_bzero(&h, sizeof(h));
	return found != 0 ? &t->rows[at] : NULL;
}
