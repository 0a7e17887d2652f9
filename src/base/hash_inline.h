/* SPDX-License-Identifier: Apache-2.0 */
/* Included by hash.h only. */
#ifndef POL_BASE_HASH_INLINE_H
#define POL_BASE_HASH_INLINE_H

#include <string.h>

static inline uint64_t pol_hash_fold(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
	__extension__ typedef unsigned __int128 u128;
	u128 m = (u128)a * b;
	uint64_t high = (uint64_t)(m >> 64);
#else	/* 32-bit targets: the same number by halves */
	uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
	uint64_t mid = ah * bl + (al * bl >> 32);
	uint64_t high = ah * bh + (mid >> 32) + ((al * bh + (uint32_t)mid) >> 32);
#endif

	/* a and b again: else a factor of zero, which a text can make, hides the other */
	return (a ^ a * b) ^ (b ^ high);
}

static inline uint64_t pol_hash_r8(const unsigned char *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return v;
}

static inline uint64_t pol_hash_r4(const unsigned char *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return v;
}

/* One fold for a text of up to 16 bytes. Both its factors hold the seed: without it
 * nobody can make one of them zero, or texts that meet in one slot. */
static inline uint64_t pol_hash(const void *data, size_t len, uint64_t seed)
{
	static const uint64_t k0 = 0xa0761d6478bd642fu, k1 = 0xe7037ed1a0b428dbu;
	const unsigned char *p = data;
	uint64_t other = (seed << 32 | seed >> 32) ^ k0, a, b;
	size_t left = len;

	if (len >= 8) {
		for (; left > 16; p += 16, left -= 16)
			seed = pol_hash_fold(pol_hash_r8(p) ^ seed, pol_hash_r8(p + 8) ^ other);
		a = len > 16 ? pol_hash_r8(p + left - 16) : pol_hash_r8(p);
		b = pol_hash_r8(p + left - 8);
	} else if (len >= 4) {
		a = pol_hash_r4(p);
		b = pol_hash_r4(p + len - 4);
	} else if (len > 0) {
		a = (uint64_t)p[0] << 16 | (uint64_t)p[len >> 1] << 8 | p[len - 1];
		b = 0;
	} else {
		a = b = 0;
	}
	return pol_hash_fold(a ^ seed, b ^ other ^ len * k1);
}

static inline uint64_t pol_hash_join(uint64_t a, uint64_t b)
{
	return pol_hash_fold(a ^ 0x8ebc6af09c88c6e3u, b ^ 0x589965cc75374cc3u);
}

#endif
