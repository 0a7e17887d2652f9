/* SPDX-License-Identifier: Apache-2.0 */
/* What binds a line to the one before it: SHA-256 over the sum of that and the line; with
 * a key, HMAC-SHA-256. */
#ifndef POL_AUDIT_CHAIN_H
#define POL_AUDIT_CHAIN_H

#include <stddef.h>

#include <policy.h>

#define POL_SUM 32u
#define POL_SUM_HEX 64u
#define POL_KEY_LEAST 32u		/* bytes of a key file */
#define POL_KEY_MOST 4096u

struct pol_chain;

/* key_len 0: none. The key is not kept in the clear but by libcrypto. */
int pol_chain_new(struct pol_chain **out, const char *key, size_t key_len);
/* One of the same key. */
int pol_chain_copy(struct pol_chain **out, const struct pol_chain *from);
void pol_chain_free(struct pol_chain *c);
/* 0, or POLICY_ERR_INTERNAL. out may be prev. */
int pol_chain_sum(struct pol_chain *c, unsigned char out[POL_SUM], const unsigned char prev[POL_SUM],
    const char *line, size_t len);

void pol_chain_hex(char out[POL_SUM_HEX + 1], const unsigned char sum[POL_SUM]);
/* -1: it is no such text. Small letters alone. */
int pol_chain_bytes(unsigned char out[POL_SUM], const char *hex, size_t len);

/* Reads a key file: a regular file of root's or the effective user's that nobody else may
 * read, of 32 to 4096 bytes, in directories that pass as a set's do. */
int pol_chain_key(char out[POL_KEY_MOST], size_t *len, const char *path, struct policy_error *err);

#endif
