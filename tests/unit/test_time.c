/* SPDX-License-Identifier: Apache-2.0 */
/* base/time.c: the rows agree with the reference's nanos(). */
#include <string.h>

#include "base/time.h"

#include "unit/unit.h"

static const struct {
	const char *text;
	int64_t sec;
	uint32_t ns;
} good[] = {
	{ "1970-01-01T00:00:00Z", 0, 0 }, { "1970-01-01t00:00:00z", 0, 0 },
	{ "2001-09-09T01:46:40Z", 1000000000, 0 }, { "1969-12-31T23:59:59.5Z", -1, 500000000 },
	{ "0001-01-01T00:00:00Z", -62135596800, 0 }, { "9999-12-31T23:59:59.999999999Z", 253402300799, 999999999 },
	{ "0001-01-01T00:00:00+23:59", -62135683140, 0 }, { "9999-12-31T23:59:59-23:59", 253402387139, 0 },
	{ "1970-01-01T05:30:00+05:30", 0, 0 }, { "1969-12-31T23:00:00-01:00", 0, 0 },
	{ "1970-01-01T00:00:00-00:00", 0, 0 }, { "2000-02-29T00:00:00Z", 951782400, 0 },
	{ "2024-02-29T12:00:00Z", 1709208000, 0 }, { "2038-01-19T03:14:08Z", 2147483648, 0 },
	{ "1970-01-01T00:00:00.000000001Z", 0, 1 }, { "1970-01-01T00:00:00.1+00:00", 0, 100000000 },
	{ "1900-03-01T00:00:00Z", -2203891200, 0 }, { "2100-02-28T23:59:59Z", 4107542399, 0 },
};

static const char *const bad[] = {
	"", "1970", "1970-01-01", "1970-01-01T00:00:00", "1970-01-01 00:00:00Z", "1970-01-01T00:00Z",
	"1970-1-01T00:00:00Z", "0000-01-01T00:00:00Z", "1970-00-01T00:00:00Z", "1970-13-01T00:00:00Z",
	"1970-01-00T00:00:00Z", "1970-01-32T00:00:00Z", "1970-04-31T00:00:00Z", "1970-02-29T00:00:00Z",
	"1900-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "1970-01-01T24:00:00Z", "1970-01-01T00:60:00Z",
	"1990-12-31T23:59:60Z", "1970-01-01T00:00:00.Z", "1970-01-01T00:00:00.1234567890Z",
	"1970-01-01T00:00:00,5Z", "1970-01-01T00:00:00+24:00", "1970-01-01T00:00:00+00:60",
	"1970-01-01T00:00:00+0000", "1970-01-01T00:00:00+00", "1970-01-01T00:00:00+00:0",
	"1970-01-01T00:00:00Z ", " 1970-01-01T00:00:00Z", "1970-01-01T00:00:00ZZ", "1970-01-01T00:00:00.5",
	"19700101T000000Z", "+1970-01-01T00:00:00Z", "-970-01-01T00:00:00Z", "1970-01-01T00:00:00\342\210\22201:00",
	"1970-01-01T-1:00:00Z", "1970-01-01T00:00:0aZ", "12026-01-01T00:00:00Z", "1970/01/01T00:00:00Z",
};

static void
a_time_is_read(void)
{
	struct pol_time t;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CU_ASSERT_EQUAL(pol_time_parse(&t, good[i].text, strlen(good[i].text)), 0);
		CU_ASSERT_EQUAL(t.sec, good[i].sec);
		CU_ASSERT_EQUAL(t.ns, good[i].ns);
	}
}

static void
what_is_no_time_is_refused(void)
{
	struct pol_time t;
	static const char whole[] = "1970-01-01T00:00:00.5+01:00";

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(pol_time_parse(&t, bad[i], strlen(bad[i])), -1);
	CU_ASSERT_EQUAL(pol_time_parse(&t, NULL, 0), -1);
	for (size_t len = 0; len + 1 < sizeof(whole); len++)
		CU_ASSERT_EQUAL(pol_time_parse(&t, whole, len), -1);
	CU_ASSERT_EQUAL(pol_time_parse(&t, whole, sizeof(whole) - 1), 0);
	CU_ASSERT_EQUAL(pol_time_parse(&t, whole, sizeof(whole)), -1);	/* a NUL is no part of it */
}

static void
every_day_is_written_as_it_was_read(void)
{
	char text[POL_TIME_TEXT];
	struct pol_time t = { 0, 0 }, back;
	size_t n, wrong = 0;

	for (int64_t day = -719162; day <= 2932896; day += day > -30000 && day < 30000 ? 1 : 29) {
		t.sec = day * 86400 + (day & 0xffff);
		t.ns = day % 2 != 0 ? 7 : 0;
		n = pol_time_format(text, t);
		wrong += n != strlen(text) || n != (t.ns != 0 ? 30 : 20);
		wrong += pol_time_parse(&back, text, n) != 0 || pol_time_cmp(back, t) != 0;
	}
	CU_ASSERT_EQUAL(wrong, 0);
}

static void
a_time_is_written(void)
{
	char text[POL_TIME_TEXT];
	struct pol_time t = { 1795236809, 123456789 };

	CU_ASSERT_EQUAL(pol_time_format(text, t), 30);
	CU_ASSERT_STRING_EQUAL(text, "2026-11-21T04:53:29.123456789Z");
	t.ns = 50;
	pol_time_format(text, t);
	CU_ASSERT_STRING_EQUAL(text, "2026-11-21T04:53:29.000000050Z");
	t.ns = 0;
	CU_ASSERT_EQUAL(pol_time_format(text, t), 20);
	CU_ASSERT_STRING_EQUAL(text, "2026-11-21T04:53:29Z");
	t.sec = -62135596800;
	pol_time_format(text, t);
	CU_ASSERT_STRING_EQUAL(text, "0001-01-01T00:00:00Z");
	t.sec--;
	CU_ASSERT_EQUAL(pol_time_format(text, t), 0);
	CU_ASSERT_STRING_EQUAL(text, "");
	t.sec = 253402300799;
	pol_time_format(text, t);
	CU_ASSERT_STRING_EQUAL(text, "9999-12-31T23:59:59Z");
	t.sec++;
	CU_ASSERT_EQUAL(pol_time_format(text, t), 0);
	t.sec = INT64_MIN;
	CU_ASSERT_EQUAL(pol_time_format(text, t), 0);
	t.sec = 0;
	t.ns = 1000000000;
	CU_ASSERT_EQUAL(pol_time_format(text, t), 0);
}

static void
nanoseconds_count_upwards(void)
{
	struct pol_time t = pol_time_from_ns(-1);

	CU_ASSERT(t.sec == -1 && t.ns == 999999999);
	t = pol_time_from_ns(0);
	CU_ASSERT(t.sec == 0 && t.ns == 0);
	t = pol_time_from_ns(-1000000000);
	CU_ASSERT(t.sec == -1 && t.ns == 0);
	t = pol_time_from_ns(INT64_MAX);
	CU_ASSERT(t.sec == 9223372036 && t.ns == 854775807);
	t = pol_time_from_ns(INT64_MIN);
	CU_ASSERT(t.sec == -9223372037 && t.ns == 145224192);
}

static void
times_have_an_order(void)
{
	struct pol_time a = { 1, 5 }, b = { 1, 6 }, c = { 2, 0 }, d = { -1, 999999999 };

	CU_ASSERT_EQUAL(pol_time_cmp(a, a), 0);
	CU_ASSERT_EQUAL(pol_time_cmp(a, b), -1);
	CU_ASSERT_EQUAL(pol_time_cmp(b, a), 1);
	CU_ASSERT_EQUAL(pol_time_cmp(b, c), -1);
	CU_ASSERT_EQUAL(pol_time_cmp(c, b), 1);
	CU_ASSERT_EQUAL(pol_time_cmp(d, a), -1);
}

static void
a_duration_has_a_unit(void)
{
	static const struct {
		const char *text;
		int64_t ns;
	} fine[] = {
		{ "0s", 0 }, { "1ms", 1000000 }, { "500ms", 500000000 }, { "30s", 30000000000 }, { "5m", 300000000000 },
		{ "1h", 3600000000000 }, { "7d", 604800000000000 }, { "106751d", 9223286400000000000 },
	};
	static const char *const odd[] = {
		"", "s", "30", "30 s", " 30s", "30s ", "-1s", "+1s", "030s", "00s", "1.5s", "1S", "1M", "1us", "1w", "1hs", "1h5m",
		"106752d", "9223372036855ms", "99999999999999999999999s",
	};
	int64_t ns;
	size_t i;

	for (i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
		ns = -1;
		CU_ASSERT_EQUAL(pol_time_duration(&ns, fine[i].text, strlen(fine[i].text)), 0);
		CU_ASSERT_EQUAL(ns, fine[i].ns);
	}
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		ns = -1;
		CU_ASSERT_EQUAL(pol_time_duration(&ns, odd[i], strlen(odd[i])), -1);
		CU_ASSERT_EQUAL(ns, -1);
	}
	CU_ASSERT_EQUAL(pol_time_duration(&ns, NULL, 0), -1);
}

CU_TestInfo suite_time[] = {
	{ "a duration has a unit", a_duration_has_a_unit },
	{ "a time is read", a_time_is_read },
	{ "what is no time is refused", what_is_no_time_is_refused },
	{ "every day is written as it was read", every_day_is_written_as_it_was_read },
	{ "a time is written", a_time_is_written },
	{ "nanoseconds count upwards", nanoseconds_count_upwards },
	{ "times have an order", times_have_an_order },
	CU_TEST_INFO_NULL
};
