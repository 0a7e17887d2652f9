/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Points in time: RFC 3339 text to seconds and back, in the proleptic Gregorian
 * calendar.  Must never read a clock, a time zone or a locale.
 */
#include "base/time.h"

#include <stdbool.h>
#include <string.h>

#define DAY 86400
/* 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z */
#define FIRST_SECOND INT64_C(-62135596800)
#define LAST_SECOND INT64_C(253402300799)

struct text {
	const char *s;
	size_t len, at;
	bool bad;
};

/* Exactly n digits; 0 and bad if they are not there. */
static unsigned
digits(struct text *t, size_t n)
{
	unsigned v = 0;

	if (t->len - t->at < n) {
		t->bad = true;
		return 0;
	}
	for (; n > 0; n--, t->at++) {
		char c = t->s[t->at];

		if (c < '0' || c > '9')
			t->bad = true;
		else
			v = v * 10 + (unsigned)(c - '0');
	}
	return v;
}

static void
expect(struct text *t, char a, char b)
{
	if (t->at < t->len && (t->s[t->at] == a || t->s[t->at] == b))
		t->at++;
	else
		t->bad = true;
}

static uint32_t
fraction(struct text *t)
{
	uint32_t ns = 0;
	size_t n = 0;

	if (t->at >= t->len || t->s[t->at] != '.')
		return 0;
	for (t->at++; t->at < t->len && t->s[t->at] >= '0' && t->s[t->at] <= '9'; t->at++) {
		if (++n > 9)
			break;
		ns = ns * 10 + (uint32_t)(t->s[t->at] - '0');
	}
	if (n == 0 || n > 9)
		t->bad = true;
	for (; n < 9; n++)
		ns *= 10;
	return ns;
}

/* Seconds east of Greenwich. */
static int
offset(struct text *t)
{
	unsigned hour, minute;
	int sign;

	if (t->at < t->len && (t->s[t->at] == 'Z' || t->s[t->at] == 'z')) {
		t->at++;
		return 0;
	}
	sign = t->at < t->len && t->s[t->at] == '-' ? -1 : 1;
	expect(t, '+', '-');
	hour = digits(t, 2);
	expect(t, ':', ':');
	minute = digits(t, 2);
	if (hour > 23 || minute > 59)
		t->bad = true;
	return sign * (int)(hour * 60 + minute) * 60;
}

static bool
is_leap(unsigned year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned
month_days(unsigned year, unsigned month)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days since 1970-01-01.  Years are counted from March: the leap day is last. */
static int64_t
days_from_date(unsigned year, unsigned month, unsigned day)
{
	unsigned y = month <= 2 ? year - 1 : year;
	unsigned m = month <= 2 ? month + 9 : month - 3;

	return (int64_t)y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

int
pol_time_parse(struct pol_time *out, const char *s, size_t len)
{
	struct text t = { s, len, 0, false };
	unsigned year, month, day, hour, minute, second;
	uint32_t ns;
	int east;

	year = digits(&t, 4);
	expect(&t, '-', '-');
	month = digits(&t, 2);
	expect(&t, '-', '-');
	day = digits(&t, 2);
	expect(&t, 'T', 't');
	hour = digits(&t, 2);
	expect(&t, ':', ':');
	minute = digits(&t, 2);
	expect(&t, ':', ':');
	second = digits(&t, 2);
	ns = fraction(&t);
	east = offset(&t);
	if (t.bad || t.at != len || hour > 23 || minute > 59 || second > 59)
		return -1;
	if (year < 1 || month < 1 || month > 12 || day < 1 || day > month_days(year, month))
		return -1;
	out->sec = days_from_date(year, month, day) * DAY + hour * 3600 + minute * 60 + second - east;
	out->ns = ns;
	return 0;
}

struct pol_time
pol_time_from_ns(int64_t unix_ns)
{
	struct pol_time t;
	int64_t ns = unix_ns % 1000000000;

	t.sec = unix_ns / 1000000000;
	if (ns < 0) {			/* nanoseconds count up, before 1970 too */
		ns += 1000000000;
		t.sec--;
	}
	t.ns = (uint32_t)ns;
	return t;
}

static char *
put(char *p, uint32_t v, size_t width, char behind)
{
	for (size_t i = width; i > 0; i--, v /= 10)
		p[i - 1] = (char)('0' + v % 10);
	p[width] = behind;
	return p + width + 1;
}

size_t
pol_time_format(char out[POL_TIME_TEXT], struct pol_time t)
{
	uint32_t day, second, era, of_era, year, of_year, month;
	char *p = out;

	out[0] = '\0';
	if (t.sec < FIRST_SECOND || t.sec > LAST_SECOND || t.ns > 999999999)
		return 0;
	/* Days from 0000-03-01: positive throughout. */
	day = (uint32_t)((t.sec - FIRST_SECOND) / DAY) + 306;
	second = (uint32_t)((t.sec - FIRST_SECOND) % DAY);
	era = day / 146097;
	of_era = day % 146097;
	year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	of_year = of_era - (365 * year + year / 4 - year / 100);
	month = (5 * of_year + 2) / 153;
	day = of_year - (153 * month + 2) / 5 + 1;
	month = month < 10 ? month + 3 : month - 9;
	p = put(p, era * 400 + year + (month <= 2), 4, '-');
	p = put(p, month, 2, '-');
	p = put(p, day, 2, 'T');
	p = put(p, second / 3600, 2, ':');
	p = put(p, second / 60 % 60, 2, ':');
	p = put(p, second % 60, 2, t.ns != 0 ? '.' : 'Z');
	if (t.ns != 0)
		p = put(p, t.ns, 9, 'Z');
	*p = '\0';
	return (size_t)(p - out);
}

static const struct {
	const char *name;
	int64_t ns;
} units[] = {
	{ "ms", INT64_C(1000000) }, { "s", INT64_C(1000000000) }, { "m", INT64_C(60000000000) },
	{ "h", INT64_C(3600000000000) }, { "d", INT64_C(86400000000000) },
};

int
pol_time_duration(int64_t *ns, const char *s, size_t len)
{
	int64_t n = 0;
	size_t at = 0, i;

	for (; at < len && s[at] >= '0' && s[at] <= '9'; at++) {
		if (n > INT64_MAX / 10 - 1 || (at == 1 && s[0] == '0'))
			return -1;
		n = n * 10 + (s[at] - '0');
	}
	for (i = 0; at > 0 && i < sizeof(units) / sizeof(units[0]); i++) {
		if (strlen(units[i].name) != len - at || memcmp(units[i].name, s + at, len - at) != 0)
			continue;
		if (n > INT64_MAX / units[i].ns)
			return -1;
		*ns = n * units[i].ns;
		return 0;
	}
	return -1;
}
