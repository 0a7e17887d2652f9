/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POL_BASE_NAME_H
#define POL_BASE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* [A-Za-z_][A-Za-z0-9_-]* : types, conditions, segments of a path. */
bool pol_name_is(const char *s, size_t len);

static inline bool pol_bytes_equal(const char *a, size_t an, const char *b, size_t bn)
{
	return an == bn && (an == 0 || __builtin_memcmp(a, b, an) == 0);	/* NULL, 0 is fine */
}

/*
 * The same for look-ups, where texts are short: by words that may overlap, and
 * never beyond either end. A call of memcmp costs as much as all of it.
 */
static inline bool pol_bytes_same(const char *a, const char *b, size_t n)
{
	uint64_t x, y;
	uint32_t s, t, u, v;

	if (n >= 8) {
		for (; n > 16; n -= 8, a += 8, b += 8) {
			memcpy(&x, a, 8);
			memcpy(&y, b, 8);
			if (x != y)
				return false;
		}
		memcpy(&x, a, 8);
		memcpy(&y, b, 8);
		if (x != y)
			return false;
		memcpy(&x, a + n - 8, 8);
		memcpy(&y, b + n - 8, 8);
		return x == y;
	}
	if (n >= 4) {
		memcpy(&s, a, 4);
		memcpy(&t, b, 4);
		memcpy(&u, a + n - 4, 4);
		memcpy(&v, b + n - 4, 4);
		return ((s ^ t) | (u ^ v)) == 0;
	}
	return n == 0 || (a[0] == b[0] && a[n >> 1] == b[n >> 1] && a[n - 1] == b[n - 1]);
}

/* As memcpy, for texts that are mostly short. */
static inline void pol_bytes_copy(char *to, const char *from, size_t n)
{
	uint64_t x, y;
	uint32_t s, t;

	if (n > 16) {
		memcpy(to, from, n);
	} else if (n >= 8) {
		memcpy(&x, from, 8);
		memcpy(&y, from + n - 8, 8);
		memcpy(to, &x, 8);
		memcpy(to + n - 8, &y, 8);
	} else if (n >= 4) {
		memcpy(&s, from, 4);
		memcpy(&t, from + n - 4, 4);
		memcpy(to, &s, 4);
		memcpy(to + n - 4, &t, 4);
	} else if (n > 0) {
		char first = from[0], middle = from[n >> 1], last = from[n - 1];

		to[0] = first;
		to[n >> 1] = middle;
		to[n - 1] = last;
	}
}

/* Orders bytes as unsigned, a prefix first. */
int pol_bytes_cmp(const char *a, size_t an, const char *b, size_t bn);

/* Well-formed UTF-8 (RFC 3629); the offset of the first byte that begins no
 * character, or -1. */
long pol_utf8_check(const char *s, size_t len);

/*
 * For "did you mean": the edit distance (with transpositions) if it is at most
 * `most`, else most + 1. Both texts at most 64 bytes, else most + 1.
 */
unsigned pol_name_distance(const char *a, size_t an, const char *b, size_t bn, unsigned most);

#endif
