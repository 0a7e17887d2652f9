/* SPDX-License-Identifier: Apache-2.0 */
/* Times as Java's Instant.toString() writes them: UTC, with 0, 3, 6 or 9 digits of a second. */
#include "format.h"

#include <stdio.h>

#define SECOND 1000000000LL

/* 'n' digits at *p, or -1 */
static int
digits(const char **p, const char *end, int n)
{
	int v = 0;

	for (; n > 0; n--, (*p)++) {
		if (*p == end || **p < '0' || **p > '9')
			return -1;
		v = v * 10 + (**p - '0');
	}
	return v;
}

static bool
is(const char **p, const char *end, char c)
{
	return *p < end && *(*p)++ == c;
}

static int
fraction(const char **p, const char *end)
{
	const char *dot = *p;
	int ns = 0;

	if (*p == end || **p != '.')
		return 0;
	for ((*p)++; *p < end && **p >= '0' && **p <= '9' && *p - dot <= 9; (*p)++)
		ns = ns * 10 + (**p - '0');
	switch (*p - dot - 1) {
	case 3:
		return ns * 1000000;
	case 6:
		return ns * 1000;
	case 9:
		return ns;
	default:
		return -1;
	}
}

static bool
is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int
month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year));
}

/* By hand: timegm() and gmtime_r() read TZ from the environment. */
static int64_t
days_before(int year, int month)
{
	const int64_t y = year - 1;
	int64_t d = (y * 365 + y / 4 - y / 100 + y / 400) - 719162;	/* of 1970 */

	for (int m = 1; m < month; m++)
		d += month_days(year, m);
	return d;
}

int
pol_instant_parse(int64_t *ns, struct policy_text t)
{
	const char *p = t.data, *end = t.data + t.len;
	const int year = digits(&p, end, 4);
	const int month = is(&p, end, '-') ? digits(&p, end, 2) : -1;
	const int day = is(&p, end, '-') ? digits(&p, end, 2) : -1;
	const int hour = is(&p, end, 'T') ? digits(&p, end, 2) : -1;
	const int minute = is(&p, end, ':') ? digits(&p, end, 2) : -1;
	const int second = is(&p, end, ':') ? digits(&p, end, 2) : -1;
	const int frac = fraction(&p, end);
	int64_t s;

	if (!is(&p, end, 'Z') || p != end || frac < 0 || year < 1970 || month < 1 || month > 12 || day < 1 ||
	    day > month_days(year, month) || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
		return POLICY_ERR_INVALID;
	s = (days_before(year, month) + day - 1) * 86400 + hour * 3600 + minute * 60 + second;
	/* beyond what 64 bits of nanoseconds hold: as late as they can say */
	*ns = year > 2261 ? INT64_MAX : s * SECOND + frac;
	if (*ns == 0)
		*ns = 1;		/* 0 would be: never */
	return 0;
}

void
pol_instant_print(char out[64], int64_t ns)
{
	const int64_t day = ns / SECOND / 86400;
	const int s = (int)(ns / SECOND % 86400);
	int year = 1970, month = 1;

	while (days_before(year + 1, 1) <= day)
		year++;
	while (month < 12 && days_before(year, month + 1) <= day)
		month++;
	snprintf(out, 64, "%04d-%02d-%02dT%02d:%02d:%02d.%09dZ", year, month,
	    (int)(day - days_before(year, month)) + 1, s / 3600, s / 60 % 60, s % 60, (int)(ns % SECOND));
}
