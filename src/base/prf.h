/* SPDX-License-Identifier: Apache-2.0 */
/* A keyed function whose 128 bits nobody can foresee who has not the key. */
#ifndef POL_BASE_PRF_H
#define POL_BASE_PRF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* SipHash-2-4 with a result of 128 bits, word by word. */
struct pol_prf {
	uint64_t v[4];
};

#define POL_PRF_LANES 4u
#define POL_PRF_LANED 256u		/* bytes from which four short chains are faster than one */
struct pol_prf_key {
	uint64_t main[2];
	uint64_t lane[2][POL_PRF_LANES];	/* independent keys of the lanes */
	bool wide;			/* this machine computes four lanes at once */
};

/* Random keys. 0, or POLICY_ERR_UNAVAILABLE. */
int pol_prf_key_new(struct pol_prf_key *k);

void pol_prf_begin(struct pol_prf *s, const uint64_t key[2]);
void pol_prf_word(struct pol_prf *s, uint64_t word);
/* The last word, and the result. */
void pol_prf_end(struct pol_prf *s, uint64_t last, uint64_t out[2]);
/* Bytes as words, the last padded with zeros; their number is the caller's to put before
 * them. Long ones go through four lanes: see prf.c. */
void pol_prf_bytes(struct pol_prf *s, const struct pol_prf_key *k, const void *data, size_t len);

/* The published function. */
void pol_prf_siphash(const void *data, size_t len, const uint64_t key[2], uint64_t out[2]);

#endif
