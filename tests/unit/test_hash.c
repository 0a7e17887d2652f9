/* SPDX-License-Identifier: Apache-2.0 */
/* base/hash.c and hash_inline.h. */
#include <string.h>

#include "base/hash.h"

#include "unit/unit.h"

/* Aumasson and Bernstein's own: key 00..0f, input 00, 01, 02... of that length. */
static const struct {
	size_t len;
	uint64_t want;
} vectors[] = {
	{ 0, 0x726fdb47dd0e0e31u }, { 1, 0x74f839c593dc67fdu }, { 2, 0x0d6c8009d9a94f5au },
	{ 3, 0x85676696d7fb7e2du }, { 4, 0xcf2794e0277187b7u }, { 5, 0x18765564cd99a68du },
	{ 6, 0xcbc9466e58fee3ceu }, { 7, 0xab0200f58b01d137u }, { 8, 0x93f5f5799a932462u },
	{ 9, 0x9e0082df0ba9e4b0u }, { 10, 0x7a5dbbc594ddb9f3u }, { 11, 0xf4b32f46226bada7u },
	{ 12, 0x751e8fbc860ee5fbu }, { 13, 0x14ea5627c0843d90u }, { 14, 0xf723ca908e7af2eeu },
	{ 15, 0xa129ca6149be45e5u }, { 16, 0x3f2acc7f57c29bdbu }, { 31, 0x32d892fad841c342u },
	{ 32, 0x7127512f72f27cceu }, { 63, 0x958a324ceb064572u },
};

static void
siphash_is_the_published_one(void)
{
	static const uint64_t key[2] = { 0x0706050403020100u, 0x0f0e0d0c0b0a0908u };
	unsigned char in[65];

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (unsigned char)(i - 1);	/* read at an odd address too */
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		CU_ASSERT_EQUAL(pol_siphash(in + 1, vectors[i].len, key), vectors[i].want);
	CU_ASSERT_EQUAL(pol_siphash(NULL, 0, key), vectors[0].want);
}

static int
count_bits(uint64_t v)
{
	return __builtin_popcountll(v);
}

static void
every_bit_of_the_input_matters(void)
{
	unsigned char in[80];
	uint64_t h, g;
	int worst = 64;

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (unsigned char)(i * 37 + 11);
	for (size_t len = 1; len <= sizeof(in); len++) {
		h = pol_hash(in, len, 1);
		CU_ASSERT_NOT_EQUAL(h, pol_hash(in, len - 1, 1));
		CU_ASSERT_NOT_EQUAL(h, pol_hash(in, len, 2));
		for (size_t bit = 0; bit < len * 8; bit++) {
			in[bit / 8] ^= (unsigned char)(1u << bit % 8);
			g = pol_hash(in, len, 1);
			in[bit / 8] ^= (unsigned char)(1u << bit % 8);
			if (count_bits(g ^ h) < worst)
				worst = count_bits(g ^ h);
		}
	}
	CU_ASSERT(worst > 8);
}

static void
nothing_behind_the_text_is_read(void)
{
	unsigned char a[40], b[40];

	for (size_t len = 0; len <= 33; len++) {
		memset(a, 1, sizeof(a));
		memset(b, 2, sizeof(b));
		memset(a, 7, len);
		memset(b, 7, len);
		CU_ASSERT_EQUAL(pol_hash(a, len, 5), pol_hash(b, len, 5));
	}
	CU_ASSERT_EQUAL(pol_hash(NULL, 0, 5), pol_hash("", 0, 5));
}

static void
joining_keeps_the_sides_apart(void)
{
	uint64_t a = pol_hash("user", 4, 9), b = pol_hash("alice", 5, 9);

	CU_ASSERT_NOT_EQUAL(pol_hash_join(a, b), pol_hash_join(b, a));
	CU_ASSERT_NOT_EQUAL(pol_hash_join(a, b), pol_hash_join(a, a));
	CU_ASSERT_NOT_EQUAL(pol_hash_join(a, b), pol_hash_join(a, b ^ 1));
}

static void
folding_is_the_long_product(void)
{
	/* The 128-bit products, by hand: both halves and both factors xored. */
	CU_ASSERT_EQUAL(pol_hash_fold(0, UINT64_MAX), UINT64_MAX);	/* a zero hides nothing */
	CU_ASSERT_EQUAL(pol_hash_fold(3, 5), 15 ^ 3 ^ 5);
	CU_ASSERT_EQUAL(pol_hash_fold(UINT64_MAX, UINT64_MAX), UINT64_MAX);
	CU_ASSERT_EQUAL(pol_hash_fold((uint64_t)1 << 63, 6), (uint64_t)1 << 63 ^ 6 ^ 3);
	CU_ASSERT_EQUAL(pol_hash_fold((uint64_t)1 << 32, (uint64_t)1 << 32), 1);
}

static void
short_hashes_of_names_differ(void)
{
	uint32_t seen[2000];
	char name[4];
	unsigned same = 0;

	for (unsigned i = 0; i < 2000; i++) {
		name[0] = (char)('a' + i % 20);
		name[1] = (char)('a' + i / 20 % 10);
		name[2] = (char)('a' + i / 200);
		seen[i] = pol_hash32(name, 3);
		for (unsigned k = 0; k < i; k++)
			same += seen[k] == seen[i];
	}
	CU_ASSERT(same <= 1);
	CU_ASSERT_EQUAL(pol_hash32("aaa", 3), seen[0]);
}

static void
two_seeds_differ(void)
{
	uint64_t a = 0, b = 0;

	CU_ASSERT_EQUAL(pol_hash_seed(&a), 0);
	CU_ASSERT_EQUAL(pol_hash_seed(&b), 0);
	CU_ASSERT_NOT_EQUAL(a, b);
}

CU_TestInfo suite_hash[] = {
	{ "siphash is the published one", siphash_is_the_published_one },
	{ "every bit of the input matters", every_bit_of_the_input_matters },
	{ "nothing behind the text is read", nothing_behind_the_text_is_read },
	{ "joining keeps the sides apart", joining_keeps_the_sides_apart },
	{ "folding is the long product", folding_is_the_long_product },
	{ "short hashes of names differ", short_hashes_of_names_differ },
	{ "two seeds differ", two_seeds_differ },
	CU_TEST_INFO_NULL
};
