/* SPDX-License-Identifier: Apache-2.0 */
/* Times as RFC 3339 has them. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clerk_call.h"

#define SECOND ((int64_t)1000000000)

/* n digits at *s; -1: there are none. */
static int
digits(const char **s, const char *end, int n)
{
	int v = 0;

	for (; n > 0; n--, (*s)++) {
		if (*s == end || **s < '0' || **s > '9')
			return -1;
		v = v * 10 + (**s - '0');
	}
	return v;
}

static bool
sign(const char **s, const char *end, char c)
{
	if (*s == end || (**s | ((**s >= 'A' && **s <= 'Z') ? 0x20 : 0)) != c)
		return false;
	(*s)++;
	return true;
}

/* ".5": nanoseconds; what is finer is dropped. -1: none. */
static int64_t
fraction(const char **s, const char *end)
{
	int64_t ns = 0, one = SECOND;
	const char *first;

	if (!sign(s, end, '.'))
		return 0;
	for (first = *s; *s != end && **s >= '0' && **s <= '9'; (*s)++) {
		one /= 10;
		ns += (**s - '0') * one;
	}
	return *s == first ? -1 : ns;
}

/* "Z" or "+01:00": seconds east of UTC; INT32_MAX: none. */
static int
zone(const char **s, const char *end)
{
	int hours, minutes, to;

	if (sign(s, end, 'z'))
		return 0;
	to = sign(s, end, '+') ? 1 : sign(s, end, '-') ? -1 : 0;
	hours = digits(s, end, 2);
	if (to == 0 || hours < 0 || hours > 23 || !sign(s, end, ':'))
		return INT32_MAX;
	minutes = digits(s, end, 2);
	return minutes < 0 || minutes > 59 ? INT32_MAX : to * (hours * 3600 + minutes * 60);
}

int64_t
pol_clerk_time_read(const char *s, size_t len)
{
	const char *end = s + len;
	struct tm tm = { .tm_isdst = 0 }, was;
	int64_t ns, sec;
	int east;

	tm.tm_year = digits(&s, end, 4) - 1900;
	if (tm.tm_year < 70 || tm.tm_year > 361 || !sign(&s, end, '-') || (tm.tm_mon = digits(&s, end, 2) - 1) < 0 ||
	    !sign(&s, end, '-') || (tm.tm_mday = digits(&s, end, 2)) < 1 || !sign(&s, end, 't') ||
	    (tm.tm_hour = digits(&s, end, 2)) < 0 || !sign(&s, end, ':') || (tm.tm_min = digits(&s, end, 2)) < 0 ||
	    !sign(&s, end, ':') || (tm.tm_sec = digits(&s, end, 2)) < 0)
		return 0;
	ns = fraction(&s, end);
	east = zone(&s, end);
	was = tm;
	sec = (int64_t)timegm(&tm);
	/* the 31st of a month of 30 days is another day; so is a leap second, at most */
	if (ns < 0 || east == INT32_MAX || s != end || tm.tm_mon != was.tm_mon || tm.tm_mday != was.tm_mday ||
	    tm.tm_hour != was.tm_hour || tm.tm_min != was.tm_min || tm.tm_sec != was.tm_sec)
		return 0;
	sec -= east;
	return sec <= 0 ? 0 : sec * SECOND + ns;
}

void
pol_clerk_time_say(char out[32], int64_t ns)
{
	const time_t sec = (time_t)(ns / SECOND);
	const unsigned ms = (unsigned)(ns / 1000000 % 1000);
	char text[24];
	struct tm tm;

	if (gmtime_r(&sec, &tm) == NULL || strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		text[0] = '\0';
	if (ms != 0)
		snprintf(out, 32, "%.19s.%03uZ", text, ms % 1000);
	else
		snprintf(out, 32, "%.19sZ", text);
}
