/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/when.h"

#include <string.h>
#include <time.h>

#include "cli/bench.h"

#define SECOND INT64_C(1000000000)
#define SPAN_MOST (INT64_C(3650) * 86400)

static const struct unit {
	char letter;
	int64_t seconds;
} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 7 * 86400 } };

/* Seconds are what people and tokens count in; the rest is cut. */
const char *
pol_when_text(char buf[32], int64_t ns)
{
	const time_t sec = (time_t)(ns / SECOND);
	struct tm tm;

	if (gmtime_r(&sec, &tm) == NULL || strftime(buf, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		buf[0] = '\0';
	return buf;
}

int
pol_when_time(const struct pol_args *a, int64_t *ns, const char *option, const char *s)
{
	*ns = 0;
	if (s != NULL && (pol_bench_time(ns, s) != 0 || *ns <= 0))
		return pol_out_usage(a, "--%s: a time such as 2027-01-31T12:00:00Z is wanted, not %s", option, s);
	return 0;
}

int
pol_when_span(const struct pol_args *a, int64_t *ns, const char *option, const char *s)
{
	const size_t digits = strspn(s, "0123456789");
	int64_t v = 0;

	for (size_t i = 0; i < digits && v <= SPAN_MOST; i++)
		v = v * 10 + (s[i] - '0');
	for (size_t i = 0; digits > 0 && i < sizeof(units) / sizeof(units[0]); i++) {
		if (s[digits] != units[i].letter || s[digits + 1] != '\0')
			continue;
		if (v < 1 || v > SPAN_MOST / units[i].seconds)
			break;
		*ns = v * units[i].seconds * SECOND;
		return 0;
	}
	return pol_out_usage(a, "--%s: from 1s to 3650d is wanted (s, m, h, d or w behind a number), not %s", option, s);
}

int
pol_when_end(const struct pol_args *a, int64_t *ns, int64_t from)
{
	struct timespec now;
	int64_t span;
	int rc;

	if (a->lifetime == NULL)
		return pol_when_time(a, ns, "until", a->until);
	if (a->until != NULL)
		return pol_out_usage(a, "--lifetime and --until exclude each other");
	rc = pol_when_span(a, &span, "lifetime", a->lifetime);
	if (rc != 0)
		return rc;
	clock_gettime(CLOCK_REALTIME, &now);
	*ns = (from != 0 ? from : (int64_t)now.tv_sec * SECOND + now.tv_nsec) + span;
	return 0;
}
