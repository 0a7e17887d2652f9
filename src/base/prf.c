/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SipHash-2-4-128 (Aumasson and Bernstein, 2012 and its 128-bit variant).
 *
 * One word waits for the word before it, so a token of 650 bytes takes some 80 times the
 * length of that chain. Long texts are therefore dealt out, word by word, to four chains
 * with keys of their own; what each makes of its words, 128 bits, goes into the main one
 * in place of the words. Is that as strong? Two texts of one length that differ do so in
 * what is left over, or in a lane; then that lane's results differ but with a chance of
 * 2^-128, and the main chain is fed different words. Lengths stand before all texts, so
 * texts of different lengths are never taken for one another. 650 bytes: 175 ns instead of
 * 240. One lane after the other would take 325, so a machine without wide registers goes
 * by the one chain; its results are others, which nobody sees: keys are random anyway.
 */
#include "base/prf.h"

#include <string.h>

#include "base/hash.h"

static inline uint64_t
rotl(uint64_t v, int by)
{
	return v << by | v >> (64 - by);
}

static inline uint64_t
swapped(uint64_t v)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	return __builtin_bswap64(v);
#else
	return v;
#endif
}

static inline uint64_t
word_at(const unsigned char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return swapped(v);
}

/* Little endian, n below 8. */
static inline uint64_t
tail_at(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

static inline void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] = rotl(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] = rotl(v[2], 32);
}

static inline void
begin(uint64_t v[4], uint64_t k0, uint64_t k1)
{
	v[0] = k0 ^ 0x736f6d6570736575u;
	v[1] = k1 ^ 0x646f72616e646f6du ^ 0xee;	/* 0xee: 128 bits are wanted */
	v[2] = k0 ^ 0x6c7967656e657261u;
	v[3] = k1 ^ 0x7465646279746573u;
}

static inline void
take(uint64_t v[4], uint64_t m)
{
	v[3] ^= m;
	sip_round(v);
	sip_round(v);
	v[0] ^= m;
}

static inline void
end(uint64_t v[4], uint64_t out[2])
{
	v[2] ^= 0xee;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	out[0] = v[0] ^ v[1] ^ v[2] ^ v[3];
	v[1] ^= 0xdd;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	out[1] = v[0] ^ v[1] ^ v[2] ^ v[3];
}

void
pol_prf_begin(struct pol_prf *s, const uint64_t key[2])
{
	begin(s->v, key[0], key[1]);
}

void
pol_prf_word(struct pol_prf *s, uint64_t word)
{
	take(s->v, word);
}

void
pol_prf_end(struct pol_prf *s, uint64_t last, uint64_t out[2])
{
	take(s->v, last);
	end(s->v, out);
}

/* ---- lanes ---- */

#if defined(__x86_64__)
typedef uint64_t four __attribute__((vector_size(32)));
typedef uint32_t halves __attribute__((vector_size(32)));
typedef uint16_t quarters __attribute__((vector_size(32)));

#define WIDE __attribute__((target("avx2")))
#define ROTL4(v, by) ((v) << (by) | (v) >> (64 - (by)))
/* By 16 and 32 it is a shuffle, one step of the chain instead of two. */
#define ROTL4_16(v) ((four)__builtin_shufflevector((quarters)(v), (quarters)(v), \
    3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14))
#define ROTL4_32(v) ((four)__builtin_shufflevector((halves)(v), (halves)(v), 1, 0, 3, 2, 5, 4, 7, 6))
/* Rounds on four lanes; a macro, for a function would pass wide registers by value. */
#define ROUND4(a, b, c, d) do { \
	a += b; c += d; b = ROTL4(b, 13) ^ a; d = ROTL4_16(d) ^ c; a = ROTL4_32(a); \
	c += b; a += d; b = ROTL4(b, 17) ^ c; d = ROTL4(d, 21) ^ a; c = ROTL4_32(c); \
} while (0)

/* Each lane's words and, behind them, their number of bytes where SipHash has it. */
WIDE static void
lanes(const struct pol_prf_key *k, const unsigned char *p, size_t rows, uint64_t out[2][POL_PRF_LANES])
{
	const uint64_t bytes = (uint64_t)(8 * rows) << 56;
	four k0, k1, a, b, c, d, m;

	memcpy(&k0, k->lane[0], sizeof(k0));
	memcpy(&k1, k->lane[1], sizeof(k1));
	a = k0 ^ 0x736f6d6570736575u;
	b = k1 ^ 0x646f72616e646f6du ^ 0xee;
	c = k0 ^ 0x6c7967656e657261u;
	d = k1 ^ 0x7465646279746573u;
	for (size_t i = 0; i <= rows; i++, p += sizeof(m)) {
		if (i < rows)
			memcpy(&m, p, sizeof(m));
		else
			m = (four){ bytes, bytes, bytes, bytes };
		d ^= m;
		ROUND4(a, b, c, d);
		ROUND4(a, b, c, d);
		a ^= m;
	}
	c ^= 0xee;
	for (int i = 0; i < 4; i++)
		ROUND4(a, b, c, d);
	m = a ^ b ^ c ^ d;
	memcpy(out[0], &m, sizeof(m));
	b ^= 0xdd;
	for (int i = 0; i < 4; i++)
		ROUND4(a, b, c, d);
	m = a ^ b ^ c ^ d;
	memcpy(out[1], &m, sizeof(m));
}

static bool
is_wide(void)
{
	return __builtin_cpu_supports("avx2") != 0;
}
#else
static void
lanes(const struct pol_prf_key *k, const unsigned char *p, size_t rows, uint64_t out[2][POL_PRF_LANES])
{
	(void)k;
	(void)p;
	(void)rows;
	(void)out;
}

static bool
is_wide(void)
{
	return false;
}
#endif

int
pol_prf_key_new(struct pol_prf_key *k)
{
	int rc = 0;

	memset(k, 0, sizeof(*k));
	for (size_t i = 0; rc == 0 && i < 2; i++)
		rc = pol_hash_seed(&k->main[i]);
	for (size_t i = 0; rc == 0 && i < (size_t)2 * POL_PRF_LANES; i++)
		rc = pol_hash_seed(&k->lane[i / POL_PRF_LANES][i % POL_PRF_LANES]);
	k->wide = is_wide();
	return rc;
}

void
pol_prf_bytes(struct pol_prf *s, const struct pol_prf_key *k, const void *data, size_t len)
{
	const unsigned char *p = data;
	uint64_t v[4] = { s->v[0], s->v[1], s->v[2], s->v[3] };

	if (len >= POL_PRF_LANED && k->wide) {
		const size_t row = 8 * POL_PRF_LANES, rows = len / row;
		uint64_t made[2][POL_PRF_LANES];

		lanes(k, p, rows, made);
		for (size_t l = 0; l < POL_PRF_LANES; l++) {
			take(v, made[0][l]);
			take(v, made[1][l]);
		}
		p += rows * row;
		len -= rows * row;
	}
	for (; len >= 8; len -= 8, p += 8)
		take(v, word_at(p));
	if (len > 0)
		take(v, tail_at(p, len));
	memcpy(s->v, v, sizeof(v));
}

void
pol_prf_siphash(const void *data, size_t len, const uint64_t key[2], uint64_t out[2])
{
	const unsigned char *p = data;
	struct pol_prf s;

	pol_prf_begin(&s, key);
	for (size_t left = len; left >= 8; left -= 8, p += 8)
		pol_prf_word(&s, word_at(p));
	pol_prf_end(&s, tail_at(p, len % 8) | (uint64_t)len << 56, out);
}
