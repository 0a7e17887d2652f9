/* SPDX-License-Identifier: Apache-2.0 */
/* base/num.c: plain decimals, exactly, in any locale. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/num.h"

#include "unit/unit.h"

static int
parse(const char *s, int64_t *i, double *d)
{
	return pol_num_parse(s, strlen(s), i, d);
}

static const struct {
	const char *text;
	int64_t want;
} ints[] = {
	{ "0", 0 }, { "-0", 0 }, { "7", 7 }, { "-7", -7 }, { "10", 10 }, { "1234567890123456789", 1234567890123456789 },
	{ "9223372036854775807", INT64_MAX }, { "-9223372036854775807", -INT64_MAX },
	{ "-9223372036854775808", INT64_MIN },
};

static const char *const far[] = {
	"9223372036854775808", "-9223372036854775809", "18446744073709551616", "99999999999999999999",
	"-99999999999999999999", "10000000000000000000000000000000000000000",
};

static const char *const texts[] = {
	"", "-", "+1", " 1", "1 ", "01", "-01", "00", "00.5", "1.", ".5", "-.5", "1..2", "1.2.3", "1e5", "1.5e3", "0x10",
	"0o7", "1_000", "inf", "nan", "Infinity", "--1", "1-", "1,5", "1.5 ", "1.-5", "\xd9\xa1", "1\n", "0b1",
};

static void
integers_are_int64(void)
{
	int64_t i;
	double d;

	for (size_t k = 0; k < sizeof(ints) / sizeof(ints[0]); k++) {
		i = 99;
		CU_ASSERT_EQUAL(parse(ints[k].text, &i, &d), POL_NUM_INT);
		CU_ASSERT_EQUAL(i, ints[k].want);
	}
	for (size_t k = 0; k < sizeof(far) / sizeof(far[0]); k++)
		CU_ASSERT_EQUAL(parse(far[k], &i, &d), POL_NUM_RANGE);
}

static void
other_spellings_are_texts(void)
{
	int64_t i;
	double d;

	for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++)
		CU_ASSERT_EQUAL(parse(texts[k], &i, &d), POL_NUM_NONE);
	CU_ASSERT_EQUAL(pol_num_parse(NULL, 0, &i, &d), POL_NUM_NONE);
	CU_ASSERT_EQUAL(pol_num_parse("1\0", 2, &i, &d), POL_NUM_NONE);
	CU_ASSERT_EQUAL(pol_num_parse("12", 1, &i, &d), POL_NUM_INT);
	CU_ASSERT_EQUAL(i, 1);
}

static const struct {
	const char *text;
	double want;
} reals[] = {
	{ "0.0", 0 }, { "1.0", 1 }, { "-1.5", -1.5 }, { "0.1", 0.1 }, { "3.14159", 3.14159 }, { "0.30", 0.3 },
	{ "9007199254740993.0", 9007199254740992.0 }, { "9007199254740995.0", 9007199254740996.0 },
	{ "9007199254740993.00000000000000000001", 9007199254740994.0 },
	{ "123456789012345678901234567890.5", 123456789012345678901234567890.5 },
	{ "0.000000000000000000000000000001", 1e-30 }, { "1.00000000000000011102230246251565404236316680908203125", 1 },
	{ "1.00000000000000011102230246251565404236316680908203126", 0x1.0000000000001p0 },
	{ "1.00000000000000011102230246251565404236316680908203124", 1 },
};

static void
decimals_are_rounded_once(void)
{
	int64_t i;
	double d;

	for (size_t k = 0; k < sizeof(reals) / sizeof(reals[0]); k++) {
		d = 99;
		CU_ASSERT_EQUAL(parse(reals[k].text, &i, &d), POL_NUM_REAL);
		CU_ASSERT(d == reals[k].want);
	}
	CU_ASSERT_EQUAL(parse("-0.0", &i, &d), POL_NUM_REAL);
	CU_ASSERT(d == 0 && signbit(d));
}

/* "1." and n zeros, then `last`: where it lies beyond the digits kept, only that
 * it is there may count. */
static size_t
one_and_a_bit(char *out, size_t zeros, const char *head, const char *last)
{
	size_t n = strlen(head);

	memcpy(out, head, n);
	memset(out + n, '0', zeros);
	memcpy(out + n + zeros, last, strlen(last));
	return n + zeros + strlen(last);
}

static void
digits_far_behind_still_count(void)
{
	static const char half[] = "1.00000000000000011102230246251565404236316680908203125";
	static char text[70000];
	int64_t i;
	double d;
	size_t n;

	n = one_and_a_bit(text, 2000, half, "1");
	CU_ASSERT_EQUAL(pol_num_parse(text, n, &i, &d), POL_NUM_REAL);
	CU_ASSERT(d == 0x1.0000000000001p0);
	n = one_and_a_bit(text, 65000, half, "0");
	CU_ASSERT_EQUAL(pol_num_parse(text, n, &i, &d), POL_NUM_REAL);
	CU_ASSERT(d == 1);
	n = one_and_a_bit(text, 310, "1", ".0");
	CU_ASSERT_EQUAL(pol_num_parse(text, n, &i, &d), POL_NUM_RANGE);
	n = one_and_a_bit(text, 308, "1", ".0");
	CU_ASSERT_EQUAL(pol_num_parse(text, n, &i, &d), POL_NUM_REAL);
	CU_ASSERT(d == 1e308);
	n = one_and_a_bit(text, 60000, "1", ".5");
	CU_ASSERT_EQUAL(pol_num_parse(text, n, &i, &d), POL_NUM_RANGE);
	n = one_and_a_bit(text, 323, "0.", "5");
	CU_ASSERT_EQUAL(pol_num_parse(text, n, &i, &d), POL_NUM_REAL);
	CU_ASSERT(d == 0x1p-1074);
	errno = 77;
	n = one_and_a_bit(text, 60000, "-0.", "5");
	CU_ASSERT_EQUAL(pol_num_parse(text, n, &i, &d), POL_NUM_REAL);
	CU_ASSERT(d == 0 && signbit(d));
	CU_ASSERT_EQUAL(errno, 77);
}

static const struct {
	int64_t i;
	double d;
	int want;
} pairs[] = {
	{ 0, 0.0, 0 }, { 0, -0.0, 0 }, { 1, 1.0, 0 }, { 1, 1.5, -1 }, { 2, 1.5, 1 }, { -1, -1.5, 1 }, { -2, -1.5, -1 },
	{ 0, 5e-324, -1 }, { 0, -5e-324, 1 }, { INT64_MAX, 0x1p63, -1 }, { INT64_MAX, 0x1.fffffffffffffp62, 1 },
	{ INT64_MIN, -0x1p63, 0 }, { INT64_MIN, -0x1.0000000000001p63, 1 }, { INT64_MIN, -0x1.fffffffffffffp62, -1 },
	{ 9007199254740993, 9007199254740992.0, 1 }, { 9007199254740993, 9007199254740994.0, -1 },
	{ 9007199254740992, 9007199254740992.0, 0 }, { 5, 1e300, -1 }, { 5, -1e300, 1 },
};

static void
integers_meet_doubles_by_exact_value(void)
{
	for (size_t k = 0; k < sizeof(pairs) / sizeof(pairs[0]); k++)
		CU_ASSERT_EQUAL(pol_num_cmp(pairs[k].i, pairs[k].d), pairs[k].want);
}

static void
an_integer_is_written_as_it_is_read(void)
{
	char out[POL_NUM_TEXT];
	int64_t i;
	double d;
	size_t n;

	n = pol_num_format(out, INT64_MIN);
	CU_ASSERT(n == 20 && memcmp(out, "-9223372036854775808", 20) == 0);
	n = pol_num_format(out, 0);
	CU_ASSERT(n == 1 && out[0] == '0');
	for (size_t k = 0; k < sizeof(ints) / sizeof(ints[0]); k++) {
		n = pol_num_format(out, ints[k].want);
		CU_ASSERT_EQUAL(pol_num_parse(out, n, &i, &d), POL_NUM_INT);
		CU_ASSERT_EQUAL(i, ints[k].want);
	}
}

CU_TestInfo suite_num[] = {
	{ "integers are int64", integers_are_int64 },
	{ "other spellings are texts", other_spellings_are_texts },
	{ "decimals are rounded once", decimals_are_rounded_once },
	{ "digits far behind still count", digits_far_behind_still_count },
	{ "integers meet doubles by exact value", integers_meet_doubles_by_exact_value },
	{ "an integer is written as it is read", an_integer_is_written_as_it_is_read },
	CU_TEST_INFO_NULL
};
