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

static inline uint64_t pol_hash(const void *data, size_t len, uint64_t seed)
{
	static const uint64_t k0 = 0xa0761d6478bd642fu, k1 = 0xe7037ed1a0b428dbu;
	const unsigned char *p = data;
	uint64_t a, b;

	seed ^= k0;
	if (len <= 16) {
		if (len >= 4) {
			size_t q = (len >> 3) << 2;

			a = pol_hash_r4(p) << 32 | pol_hash_r4(p + q);
			b = pol_hash_r4(p + len - 4) << 32 | pol_hash_r4(p + len - 4 - q);
		} else if (len > 0) {
			a = (uint64_t)p[0] << 16 | (uint64_t)p[len >> 1] << 8 | p[len - 1];
			b = 0;
		} else {
			a = b = 0;
		}
	} else {
		size_t left = len;

		while (left > 16) {
			seed = pol_hash_fold(pol_hash_r8(p) ^ k1, pol_hash_r8(p + 8) ^ seed);
			p += 16;
			left -= 16;
		}
		a = pol_hash_r8(p + left - 16);
		b = pol_hash_r8(p + left - 8);
	}
	return pol_hash_fold(k1 ^ len, pol_hash_fold(a ^ k1, b ^ seed));
}

static inline uint64_t pol_hash_join(uint64_t a, uint64_t b)
{
	return pol_hash_fold(a ^ 0x8ebc6af09c88c6e3u, b ^ 0x589965cc75374cc3u);
}

#endif
