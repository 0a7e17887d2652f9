/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POL_BASE_NAME_H
#define POL_BASE_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* [A-Za-z_][A-Za-z0-9_-]* : types, conditions, segments of a path. */
bool pol_name_is(const char *s, size_t len);

static inline bool pol_bytes_equal(const char *a, size_t an, const char *b, size_t bn)
{
	return an == bn && (an == 0 || __builtin_memcmp(a, b, an) == 0);	/* NULL, 0 is fine */
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
