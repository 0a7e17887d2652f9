/* SPDX-License-Identifier: Apache-2.0 */
/* base/name.c: names, bytes, UTF-8 and "did you mean". */
#include <string.h>

#include "base/name.h"

#include "unit/unit.h"

static void
a_name_is_ascii_and_begins_with_a_letter(void)
{
	static const char *const yes[] = { "a", "Z", "_", "a1", "a-b", "_-9", "snake_case" };
	static const char *const no[] = { "", "1a", "-a", "a.b", "a b", "a/", "\xc3\xa9", "a\xc3\xa9", "a:", "@", "[" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		CU_ASSERT(pol_name_is(yes[i], strlen(yes[i])));
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		CU_ASSERT_FALSE(pol_name_is(no[i], strlen(no[i])));
	CU_ASSERT_FALSE(pol_name_is("a\0", 2));
	CU_ASSERT_FALSE(pol_name_is(NULL, 0));
}

static void
bytes_are_ordered_unsigned_and_prefixes_first(void)
{
	CU_ASSERT_EQUAL(pol_bytes_cmp("a", 1, "b", 1), -1);
	CU_ASSERT_EQUAL(pol_bytes_cmp("b", 1, "a", 1), 1);
	CU_ASSERT_EQUAL(pol_bytes_cmp("a", 1, "ab", 2), -1);
	CU_ASSERT_EQUAL(pol_bytes_cmp("ab", 2, "a", 1), 1);
	CU_ASSERT_EQUAL(pol_bytes_cmp("a\0b", 3, "a\0c", 3), -1);
	CU_ASSERT_EQUAL(pol_bytes_cmp("\xff", 1, "a", 1), 1);
	CU_ASSERT_EQUAL(pol_bytes_cmp(NULL, 0, "", 0), 0);
	CU_ASSERT_EQUAL(pol_bytes_cmp(NULL, 0, "a", 1), -1);
	CU_ASSERT(pol_bytes_equal(NULL, 0, "", 0));
	CU_ASSERT(pol_bytes_equal("a\0b", 3, "a\0b", 3));
	CU_ASSERT_FALSE(pol_bytes_equal("a\0b", 3, "a\0c", 3));
	CU_ASSERT_FALSE(pol_bytes_equal("a", 1, "ab", 2));
}

static const struct {
	const char *text;
	long want;
} utf8[] = {
	{ "", -1 }, { "plain", -1 }, { "\xc3\xa9", -1 }, { "\xe2\x82\xac", -1 }, { "\xf0\x9f\x98\x80", -1 },
	{ "\xc2\x80", -1 }, { "\xdf\xbf", -1 }, { "\xe0\xa0\x80", -1 }, { "\xed\x9f\xbf", -1 }, { "\xee\x80\x80", -1 },
	{ "\xef\xbf\xbf", -1 }, { "\xf0\x90\x80\x80", -1 }, { "\xf4\x8f\xbf\xbf", -1 }, { "\xef\xbb\xbf", -1 },
	{ "\x80", 0 }, { "a\xbf", 1 }, { "\xc0\x80", 0 }, { "\xc1\xbf", 0 }, { "\xe0\x9f\xbf", 0 }, { "\xed\xa0\x80", 0 },
	{ "\xed\xbf\xbf", 0 }, { "\xf0\x8f\xbf\xbf", 0 }, { "\xf4\x90\x80\x80", 0 }, { "\xf5\x80\x80\x80", 0 },
	{ "\xff", 0 }, { "ab\xc3", 2 }, { "ab\xe2\x82", 2 }, { "\xf0\x9f\x98", 0 }, { "\xe2\x82" "a", 0 },
	{ "\xc3\xa9\xc3", 2 }, { "\xf0\x9f\x98" "a", 0 }, { "\xe2" "a\x80", 0 },
};

static void
utf8_is_that_of_rfc_3629(void)
{
	for (size_t i = 0; i < sizeof(utf8) / sizeof(utf8[0]); i++)
		CU_ASSERT_EQUAL(pol_utf8_check(utf8[i].text, strlen(utf8[i].text)), utf8[i].want);
	CU_ASSERT_EQUAL(pol_utf8_check("a\0b\xff", 4), 3);
	CU_ASSERT_EQUAL(pol_utf8_check("\xc3\xa9", 1), 0);
	CU_ASSERT_EQUAL(pol_utf8_check(NULL, 0), -1);
}

/* Every code point is one character, as long as it should be. */
static void
every_code_point_is_told(void)
{
	size_t wrong = 0;

	for (unsigned c = 0x80; c < 0x200000; c += c > 0x20000 ? 61 : 1) {
		char s[4];
		size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
		int want = c <= 0x10ffff && !(c >= 0xd800 && c <= 0xdfff);

		s[0] = (char)((n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0) | c >> (6 * (n - 1)));
		for (size_t i = 1; i < n; i++)
			s[i] = (char)(0x80 | (c >> (6 * (n - 1 - i)) & 0x3f));
		wrong += (pol_utf8_check(s, n) == -1) != want;
	}
	CU_ASSERT_EQUAL(wrong, 0);
}

static const struct {
	const char *a, *b;
	unsigned most, want;
} distances[] = {
	{ "", "", 2, 0 }, { "", "ab", 2, 2 }, { "", "abc", 2, 3 }, { "role", "role", 0, 0 }, { "role", "roles", 1, 1 },
	{ "roles", "role", 1, 1 }, { "allow", "alow", 2, 1 }, { "deny", "dney", 2, 1 }, { "kitten", "sitting", 3, 3 },
	{ "kitten", "sitting", 2, 3 }, { "ca", "abc", 9, 3 }, { "abcd", "badc", 5, 2 }, { "abc", "xyz", 9, 3 },
	{ "abc", "xyz", 0, 1 }, { "unless", "unles", 2, 1 },
};

static void
distance_counts_edits_and_swaps(void)
{
	for (size_t i = 0; i < sizeof(distances) / sizeof(distances[0]); i++)
		CU_ASSERT_EQUAL(pol_name_distance(distances[i].a, strlen(distances[i].a), distances[i].b,
		    strlen(distances[i].b), distances[i].most), distances[i].want);
}

static void
long_names_are_far_apart(void)
{
	char a[70], b[70];

	memset(a, 'a', sizeof(a));
	memset(b, 'b', sizeof(b));
	CU_ASSERT_EQUAL(pol_name_distance(a, 64, b, 64, 100), 64);
	CU_ASSERT_EQUAL(pol_name_distance(a, 64, a, 64, 2), 0);
	CU_ASSERT_EQUAL(pol_name_distance(a, 65, a, 65, 2), 3);
	CU_ASSERT_EQUAL(pol_name_distance(a, 1, a, 65, 2), 3);
	CU_ASSERT_EQUAL(pol_name_distance(NULL, 0, NULL, 0, 2), 0);
}

CU_TestInfo suite_name[] = {
	{ "a name is ASCII and begins with a letter", a_name_is_ascii_and_begins_with_a_letter },
	{ "bytes are ordered unsigned and prefixes first", bytes_are_ordered_unsigned_and_prefixes_first },
	{ "UTF-8 is that of RFC 3629", utf8_is_that_of_rfc_3629 },
	{ "every code point is told", every_code_point_is_told },
	{ "distance counts edits and swaps", distance_counts_edits_and_swaps },
	{ "long names are far apart", long_names_are_far_apart },
	CU_TEST_INFO_NULL
};
