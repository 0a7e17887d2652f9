/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a name is, and how names compare.  Bytes, never a locale's idea of
 * letters: <ctype.h> and strcoll must never appear here.
 */
#include "base/name.h"

#include <stdint.h>
#include <string.h>

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool
pol_name_is(const char *s, size_t len)
{
	if (len == 0 || !is_letter(s[0]))
		return false;
	for (size_t i = 1; i < len; i++)
		if (!is_letter(s[i]) && !(s[i] >= '0' && s[i] <= '9') && s[i] != '-')
			return false;
	return true;
}

int
pol_bytes_cmp(const char *a, size_t an, const char *b, size_t bn)
{
	size_t n = an < bn ? an : bn;
	int c = n == 0 ? 0 : memcmp(a, b, n);

	if (c != 0)
		return c < 0 ? -1 : 1;
	return an == bn ? 0 : an < bn ? -1 : 1;
}

/* RFC 3629 section 4, one row for each of UTF8-2, -3 and -4: the second byte's
 * range is what keeps out overlong forms, surrogates and above U+10FFFF. */
static const struct {
	unsigned char first, last, low, high, more;
} utf8_rows[] = {
	{ 0xc2, 0xdf, 0x80, 0xbf, 1 },
	{ 0xe0, 0xe0, 0xa0, 0xbf, 2 },
	{ 0xe1, 0xec, 0x80, 0xbf, 2 },
	{ 0xed, 0xed, 0x80, 0x9f, 2 },
	{ 0xee, 0xef, 0x80, 0xbf, 2 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 3 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 3 },
	{ 0xf4, 0xf4, 0x80, 0x8f, 3 },
};

/* Length of the character at p, 0 if it is none. */
static size_t
utf8_char(const unsigned char *p, size_t left)
{
	if (p[0] < 0x80)
		return 1;
	for (size_t r = 0; r < sizeof(utf8_rows) / sizeof(utf8_rows[0]); r++) {
		if (p[0] < utf8_rows[r].first || p[0] > utf8_rows[r].last)
			continue;
		if (left <= utf8_rows[r].more)
			return 0;
		if (p[1] < utf8_rows[r].low || p[1] > utf8_rows[r].high)
			return 0;
		for (size_t i = 2; i <= utf8_rows[r].more; i++)
			if ((p[i] & 0xc0) != 0x80)
				return 0;
		return (size_t)utf8_rows[r].more + 1;
	}
	return 0;
}

long
pol_utf8_check(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;

	for (size_t i = 0, n; i < len; i += n) {
		uint64_t eight;

		if (len - i >= sizeof(eight)) {	/* mostly ASCII */
			memcpy(&eight, p + i, sizeof(eight));
			n = sizeof(eight);
			if ((eight & 0x8080808080808080u) == 0)
				continue;
		}
		n = utf8_char(p + i, len - i);
		if (n == 0)
			return (long)i;
	}
	return -1;
}

static uint8_t
least(uint8_t a, uint8_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment: a pair swapped counts one, and is not edited again. */
unsigned
pol_name_distance(const char *a, size_t an, const char *b, size_t bn, unsigned most)
{
	uint8_t rows[3][65], *before = rows[0], *above = rows[1], *row = rows[2], *spare;

	if (an > 64 || bn > 64)
		return most + 1;
	for (size_t j = 0; j <= bn; j++)
		above[j] = (uint8_t)j;
	for (size_t i = 1; i <= an; i++) {
		row[0] = (uint8_t)i;
		for (size_t j = 1; j <= bn; j++) {
			uint8_t d = (uint8_t)(above[j - 1] + (a[i - 1] != b[j - 1]));

			d = least(d, (uint8_t)(least(above[j], row[j - 1]) + 1));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d = least(d, (uint8_t)(before[j - 2] + 1));
			row[j] = d;
		}
		spare = before;
		before = above;
		above = row;
		row = spare;
	}
	return above[bn] <= most ? above[bn] : most + 1;
}
