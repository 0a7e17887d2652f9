/* SPDX-License-Identifier: Apache-2.0 */
/* base/prf.c. */
#include <string.h>

#include "base/prf.h"

#include "unit/unit.h"

/* Key 00..0f, input 00, 01, 02... of that length; the bytes read as two little-endian
 * words. Computed with `openssl mac -macopt size:16 SIPHASH`. */
static const struct {
	size_t len;
	uint64_t want[2];
} vectors[] = {
	{ 0, { 0xe6a825ba047f81a3u, 0x930255c71472f66du } },
	{ 1, { 0x44af996bd8c187dau, 0x45fc229b11597634u } },
	{ 2, { 0xc75da4a48d227781u, 0xe4ff0af6de8ba3fcu } },
	{ 3, { 0x4ea967520cb6709cu, 0x51ed8529b0b6335fu } },
	{ 4, { 0xaf8f9c2dc16481f8u, 0x7955cd7b7c6e0f7du } },
	{ 5, { 0x886f778059876813u, 0x27960e69077a5254u } },
	{ 6, { 0x1386208b33caee14u, 0x5ea1d78f30a05e48u } },
	{ 7, { 0x53c1dbd8beebf1a1u, 0x3982f01fa64ab8c0u } },
	{ 8, { 0x61f55862baa9623bu, 0xb49714f364e2830fu } },
	{ 9, { 0xabbad90a06994426u, 0xed716dbb028b7fc4u } },
	{ 15, { 0x11a8b03399e99354u, 0xd9c3cf970fec087eu } },
	{ 16, { 0xbb54b067caa4e26eu, 0x77052385bf1533fdu } },
	{ 17, { 0x98b88d73e8063d47u, 0x4077e47ac466c054u } },
	{ 31, { 0xfcfa233218b03929u, 0x353dc4524fde2317u } },
	{ 32, { 0x3efcea5eca56397cu, 0x68eb4665559d3e36u } },
	{ 63, { 0x4a83502f77d15051u, 0x7cbd3f979a063e50u } },
	{ 64, { 0x3fcdd4c07d07af1eu, 0x4ba75836384dad8cu } },
};

static const uint64_t key[2] = { 0x0706050403020100u, 0x0f0e0d0c0b0a0908u };

static void
siphash_of_128_bits_is_the_published_one(void)
{
	unsigned char in[65];
	uint64_t out[2];

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (unsigned char)(i - 1);	/* read at an odd address too */
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		pol_prf_siphash(in + 1, vectors[i].len, key, out);
		CU_ASSERT_EQUAL(out[0], vectors[i].want[0]);
		CU_ASSERT_EQUAL(out[1], vectors[i].want[1]);
	}
}

/* pol_prf_bytes, from the published function alone. */
static void
plainly(const struct pol_prf_key *k, const unsigned char *data, size_t len, uint64_t out[2])
{
	unsigned char fed[2048], dealt[512];
	const size_t rows = len / 32;
	size_t n = 0;

	if (len >= POL_PRF_LANED && k->wide) {
		for (size_t l = 0; l < 4; l++) {
			const uint64_t lane[2] = { k->lane[0][l], k->lane[1][l] };

			for (size_t i = 0; i < rows; i++)
				memcpy(dealt + 8 * i, data + 32 * i + 8 * l, 8);
			pol_prf_siphash(dealt, 8 * rows, lane, out);
			memcpy(fed + n, out, 16);
			n += 16;
		}
		data += 32 * rows;
		len -= 32 * rows;
	}
	memcpy(fed + n, data, len);
	n += len;
	memset(fed + n, 0, 8);
	n = (n + 7) / 8 * 8;
	pol_prf_siphash(fed, n, k->main, out);
}

static void
long_texts_go_through_lanes_of_the_same_function(void)
{
	unsigned char in[1031];
	struct pol_prf_key k;
	uint64_t want[2], out[2];
	struct pol_prf s;

	CU_ASSERT_EQUAL_FATAL(pol_prf_key_new(&k), 0);
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (unsigned char)(i * 31 + 7);
	for (size_t len = 0; len < sizeof(in); len += len < 300 ? 1 : 37) {
		const size_t row = len >= POL_PRF_LANED && k.wide ? 64 + len % 32 : len;

		plainly(&k, in + 1, len, want);
		pol_prf_begin(&s, k.main);
		pol_prf_bytes(&s, &k, in + 1, len);
		pol_prf_end(&s, (uint64_t)((row + 7) / 8 * 8) << 56, out);
		CU_ASSERT(memcmp(want, out, sizeof(want)) == 0);
	}
}

static void
every_bit_and_every_key_matters(void)
{
	unsigned char in[700];
	struct pol_prf_key k, other;
	uint64_t a[2], b[2];
	struct pol_prf s;

	CU_ASSERT_EQUAL_FATAL(pol_prf_key_new(&k), 0);
	CU_ASSERT_EQUAL_FATAL(pol_prf_key_new(&other), 0);
	CU_ASSERT(memcmp(k.main, other.main, sizeof(k.main)) != 0);
	CU_ASSERT(memcmp(k.lane, other.lane, sizeof(k.lane)) != 0);
	memset(in, 'x', sizeof(in));
	pol_prf_begin(&s, k.main);
	pol_prf_bytes(&s, &k, in, sizeof(in));
	pol_prf_end(&s, 0, a);
	for (size_t bit = 0; bit < 8 * sizeof(in); bit++) {
		in[bit / 8] ^= (unsigned char)(1u << bit % 8);
		pol_prf_begin(&s, k.main);
		pol_prf_bytes(&s, &k, in, sizeof(in));
		pol_prf_end(&s, 0, b);
		in[bit / 8] ^= (unsigned char)(1u << bit % 8);
		CU_ASSERT(a[0] != b[0] && a[1] != b[1]);
	}
	for (size_t l = 0; l < 4 && k.wide; l++) {
		k.lane[1][l] ^= 1;
		pol_prf_begin(&s, k.main);
		pol_prf_bytes(&s, &k, in, sizeof(in));
		pol_prf_end(&s, 0, b);
		k.lane[1][l] ^= 1;
		CU_ASSERT(a[0] != b[0] && a[1] != b[1]);
	}
}

CU_TestInfo suite_prf[] = {
	{ "SipHash of 128 bits is the published one", siphash_of_128_bits_is_the_published_one },
	{ "long texts go through lanes of the same function", long_texts_go_through_lanes_of_the_same_function },
	{ "every bit and every key matters", every_bit_and_every_key_matters },
	CU_TEST_INFO_NULL
};
