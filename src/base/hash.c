/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hashes that are not hot (hash_inline.h holds the one that is), and the
 * seed.  Must never be taken for authentication: 64 bits find a slot in a
 * table, they prove nothing.
 */
#include "base/hash.h"

#include <errno.h>
#include <sys/random.h>

#include <policy.h>

uint32_t
pol_hash32(const void *data, size_t len)
{
	/* Stored in programs: the seed is part of their layout. */
	uint64_t h = pol_hash(data, len, 0x2545f4914f6cdd1du);

	return (uint32_t)(h ^ h >> 32);
}

static inline uint64_t
rotl(uint64_t v, int by)
{
	return v << by | v >> (64 - by);
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

/* Little endian by definition (Aumasson and Bernstein, 2012), n at most 8. */
static uint64_t
little(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

uint64_t
pol_siphash(const void *data, size_t len, const uint64_t key[2])
{
	const unsigned char *p = data;
	size_t left = len;
	uint64_t m;
	uint64_t v[4] = {
		key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du,
		key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u,
	};

	for (; left >= 8; left -= 8, p += 8) {
		m = little(p, 8);
		v[3] ^= m;
		sip_round(v);
		sip_round(v);
		v[0] ^= m;
	}
	m = little(p, left) | (uint64_t)len << 56;
	v[3] ^= m;
	sip_round(v);
	sip_round(v);
	v[0] ^= m;
	v[2] ^= 0xff;
	sip_round(v);
	sip_round(v);
	sip_round(v);
	sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

int
pol_hash_seed(uint64_t *out)
{
	int before = errno;
	ssize_t n;

	do
		n = getrandom(out, sizeof(*out), 0);
	while (n < 0 && errno == EINTR);
	errno = before;
	if (n == (ssize_t)sizeof(*out))
		return 0;
	*out = 0;
	return POLICY_ERR_UNAVAILABLE;
}
