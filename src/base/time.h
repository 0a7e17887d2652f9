/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POL_BASE_TIME_H
#define POL_BASE_TIME_H

#include <stddef.h>
#include <stdint.h>

/* Seconds since 1970-01-01T00:00:00Z and nanoseconds: years 1 to 9999. */
struct pol_time {
	int64_t sec;
	uint32_t ns;
};

/* RFC 3339 with an offset, 0 to 9 fraction digits, [Tt], [Zz]; the year is 1 to
 * 9999, the day exists, the hour is at most 23, second 60 is refused. 0 or -1. */
int pol_time_parse(struct pol_time *out, const char *s, size_t len);

static inline int pol_time_cmp(struct pol_time a, struct pol_time b)
{
	if (a.sec != b.sec)
		return a.sec < b.sec ? -1 : 1;
	return a.ns == b.ns ? 0 : a.ns < b.ns ? -1 : 1;
}

struct pol_time pol_time_from_ns(int64_t unix_ns);

/* "2026-11-21T04:53:29.123456789Z", NUL-terminated; the fraction is left out
 * when it is zero. Returns the length (at most 35), 0 when the year is out of
 * 1 to 9999. */
#define POL_TIME_TEXT 40
size_t pol_time_format(char out[POL_TIME_TEXT], struct pol_time t);

/* A length of time as a set writes it: 500ms, 30s, 5m, 1h, 7d, 0s. One whole number
 * without sign or leading zero, and its unit. 0 and nanoseconds; -1: it is none, or
 * beyond int64. */
int pol_time_duration(int64_t *ns, const char *s, size_t len);

#endif
