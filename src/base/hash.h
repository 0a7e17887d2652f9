/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POL_BASE_HASH_H
#define POL_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* 64-bit hash of bytes, in the manner of wyhash (multiply and fold), seeded.
 * Inline: it is three quarters of a hot decision. */
static inline uint64_t pol_hash(const void *data, size_t len, uint64_t seed);
/* Two independent hashes joined (type and id): no chain between them. */
static inline uint64_t pol_hash_join(uint64_t a, uint64_t b);

/* 32 bits of a fixed-seed hash, for filters before a full compare. */
uint32_t pol_hash32(const void *data, size_t len);

/* SipHash-2-4 with a 128-bit key, for tables whose probes got too long. */
uint64_t pol_siphash(const void *data, size_t len, const uint64_t key[2]);

/* 8 random bytes from the kernel; 0 or a negative policy_err. */
int pol_hash_seed(uint64_t *out);

#include "hash_inline.h"

#endif
