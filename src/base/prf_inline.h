/* SPDX-License-Identifier: Apache-2.0 */
/* Included by prf.h only: the chain, inline, so that its state stays in registers. */
#ifndef POL_BASE_PRF_INLINE_H
#define POL_BASE_PRF_INLINE_H

#include <string.h>

static inline uint64_t
pol_prf_rotl(uint64_t v, int by)
{
	return v << by | v >> (64 - by);
}

static inline uint64_t
pol_prf_swapped(uint64_t v)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	return __builtin_bswap64(v);
#else
	return v;
#endif
}

static inline uint64_t
pol_prf_word_at(const unsigned char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return pol_prf_swapped(v);
}

/* Little endian, n below 8. */
static inline uint64_t
pol_prf_tail_at(const unsigned char *p, size_t n)
{
	uint64_t v = 0;
	uint32_t four;

	if (n >= 4) {
		memcpy(&four, p, 4);
		v = pol_prf_swapped(four);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
		v >>= 32;
#endif
	}
	for (size_t i = n & 4; i < n; i++)
		v |= (uint64_t)p[i] << 8 * i;
	return v;
}

static inline void
pol_prf_sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = pol_prf_rotl(v[1], 13) ^ v[0];
	v[3] = pol_prf_rotl(v[3], 16) ^ v[2];
	v[0] = pol_prf_rotl(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = pol_prf_rotl(v[1], 17) ^ v[2];
	v[3] = pol_prf_rotl(v[3], 21) ^ v[0];
	v[2] = pol_prf_rotl(v[2], 32);
}

static inline void
pol_prf_begin_v(uint64_t v[4], uint64_t k0, uint64_t k1)
{
	v[0] = k0 ^ 0x736f6d6570736575u;
	v[1] = k1 ^ 0x646f72616e646f6du ^ 0xee;	/* 0xee: 128 bits are wanted */
	v[2] = k0 ^ 0x6c7967656e657261u;
	v[3] = k1 ^ 0x7465646279746573u;
}

static inline void
pol_prf_take_v(uint64_t v[4], uint64_t m)
{
	v[3] ^= m;
	pol_prf_sip_round(v);
	pol_prf_sip_round(v);
	v[0] ^= m;
}

static inline void
pol_prf_end_v(uint64_t v[4], uint64_t out[2])
{
	v[2] ^= 0xee;
	for (int i = 0; i < 4; i++)
		pol_prf_sip_round(v);
	out[0] = v[0] ^ v[1] ^ v[2] ^ v[3];
	v[1] ^= 0xdd;
	for (int i = 0; i < 4; i++)
		pol_prf_sip_round(v);
	out[1] = v[0] ^ v[1] ^ v[2] ^ v[3];
}

static inline void
pol_prf_begin(struct pol_prf *s, const uint64_t key[2])
{
	pol_prf_begin_v(s->v, key[0], key[1]);
}

static inline void
pol_prf_word(struct pol_prf *s, uint64_t word)
{
	pol_prf_take_v(s->v, word);
}

static inline void
pol_prf_end(struct pol_prf *s, uint64_t last, uint64_t out[2])
{
	pol_prf_take_v(s->v, last);
	pol_prf_end_v(s->v, out);
}

static inline void
pol_prf_short(struct pol_prf *s, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (; len >= 8; len -= 8, p += 8)
		pol_prf_take_v(s->v, pol_prf_word_at(p));
	if (len > 0)
		pol_prf_take_v(s->v, pol_prf_tail_at(p, len));
}

#endif
