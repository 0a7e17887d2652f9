/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain decimal numbers, read and written exactly.  Must never depend on the
 * process's locale: a comma for a point would change what a policy means.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1			/* strtod_l */
#endif
#include "base/num.h"

#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/*
 * No halfway point between doubles has more than 767 significant digits; what
 * comes behind 800 can only say "and a bit more", which one digit says too.
 */
#define DIGITS 800

struct decimal {
	const char *digits;		/* with at most one point among them */
	size_t len;
	bool negative;
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The shape of the whole text: POL_NUM_NONE, _INT or _REAL. */
static int
shape(const char *s, size_t len)
{
	size_t i = len > 0 && s[0] == '-' ? 1 : 0, from = i;

	while (i < len && is_digit(s[i]))
		i++;
	if (i == from || (s[from] == '0' && i - from > 1))
		return POL_NUM_NONE;
	if (i == len)
		return POL_NUM_INT;
	if (s[i] != '.')
		return POL_NUM_NONE;
	from = ++i;
	while (i < len && is_digit(s[i]))
		i++;
	return i == len && i > from ? POL_NUM_REAL : POL_NUM_NONE;
}

static int
read_int(const struct decimal *n, int64_t *out)
{
	uint64_t limit = n->negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX, v = 0;

	for (size_t i = 0; i < n->len; i++) {
		unsigned digit = (unsigned)(n->digits[i] - '0');

		if (v > (limit - digit) / 10)
			return POL_NUM_RANGE;
		v = v * 10 + digit;
	}
	/* ~(v - 1) by way of v - 1, which fits: -INT64_MIN does not. */
	*out = n->negative && v > 0 ? -(int64_t)(v - 1) - 1 : (int64_t)v;
	return POL_NUM_INT;
}

/* Clinger 1990: digits below 2^53 over a power of ten up to 22 are two exact
 * doubles, so that one division rounds once. */
static bool
read_fast(const struct decimal *n, double *out)
{
	static const double tens[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10,
		1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
	uint64_t v = 0;
	size_t behind = 0;
	bool point = false;

	if (FLT_EVAL_METHOD != 0)	/* x87 rounds twice */
		return false;
	for (size_t i = 0; i < n->len; i++) {
		if (n->digits[i] == '.') {
			point = true;
			continue;
		}
		v = v * 10 + (uint64_t)(n->digits[i] - '0');
		behind += point;
		if (v > (uint64_t)1 << 53 || behind > 22)
			return false;
	}
	*out = (double)v / tens[behind];
	return true;
}

/* Digits and a decimal exponent for strtod: no point, so that no locale's point
 * is asked for.  Returns the length, NUL behind it. */
static size_t
rewrite(const struct decimal *n, char out[DIGITS + 32])
{
	char text[POL_NUM_TEXT];
	size_t len = 0, used;
	int64_t exponent = 0;
	bool point = false, rest = false;

	for (size_t i = 0; i < n->len; i++) {
		char c = n->digits[i];

		if (c == '.') {
			point = true;
			continue;
		}
		if (len == DIGITS) {
			rest |= c != '0';
			exponent += !point;
			continue;
		}
		exponent -= point;
		if (c != '0' || len > 0)
			out[len++] = c;
	}
	if (rest) {
		out[len++] = '1';
		exponent--;
	}
	if (len == 0)
		out[len++] = '0';
	out[len++] = 'e';
	used = pol_num_format(text, exponent);
	for (size_t i = 0; i < used; i++)
		out[len++] = text[i];
	out[len] = '\0';
	return len;
}

static int
read_real(const struct decimal *n, double *out)
{
	char text[DIGITS + 32];
	locale_t c;
	double v;
	int before = errno;

	if (!read_fast(n, &v)) {
		(void)rewrite(n, text);
		c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
		if (c == (locale_t)0) {
			errno = before;
			return POL_NUM_RANGE;
		}
		v = strtod_l(text, NULL, c);
		freelocale(c);
		errno = before;
	}
	if (!isfinite(v))
		return POL_NUM_RANGE;
	*out = n->negative ? -v : v;
	return POL_NUM_REAL;
}

int
pol_num_parse(const char *s, size_t len, int64_t *i, double *d)
{
	struct decimal n;

	switch (shape(s, len)) {
	case POL_NUM_INT:
		n.negative = s[0] == '-';
		n.digits = s + n.negative;
		n.len = len - n.negative;
		return read_int(&n, i);
	case POL_NUM_REAL:
		n.negative = s[0] == '-';
		n.digits = s + n.negative;
		n.len = len - n.negative;
		return read_real(&n, d);
	default:
		return POL_NUM_NONE;
	}
}

int
pol_num_cmp(int64_t i, double d)
{
	int64_t whole;
	double rest;

	/* Both bounds are exact doubles; between them the cast is defined. */
	if (d >= 0x1p63)
		return -1;
	if (d < -0x1p63)
		return 1;
	whole = (int64_t)d;
	if (i != whole)
		return i < whole ? -1 : 1;
	rest = d - (double)whole;	/* exact: there is none beyond 2^53 */
	return rest > 0 ? -1 : rest < 0 ? 1 : 0;
}

size_t
pol_num_format(char out[POL_NUM_TEXT], int64_t i)
{
	char back[POL_NUM_TEXT];
	uint64_t v = i < 0 ? (uint64_t)0 - (uint64_t)i : (uint64_t)i;
	size_t n = 0, len = 0;

	do {
		back[n++] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	if (i < 0)
		out[len++] = '-';
	while (n > 0)
		out[len++] = back[--n];
	return len;
}
