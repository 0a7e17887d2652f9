/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POL_BASE_NUM_H
#define POL_BASE_NUM_H

#include <stddef.h>
#include <stdint.h>

enum pol_num { POL_NUM_NONE = 0, POL_NUM_INT, POL_NUM_REAL, POL_NUM_RANGE = -1 };

/*
 * Plain decimal numbers only: -?(0|[1-9][0-9]*)(\.[0-9]+)?  Octal, hexadecimal,
 * exponents, infinities are POL_NUM_NONE. Integers are int64, decimals finite
 * doubles correctly rounded whatever the locale; beyond: POL_NUM_RANGE.
 */
int pol_num_parse(const char *s, size_t len, int64_t *i, double *d);

/* An integer against a double by exact value: -1, 0, 1. d is finite. */
int pol_num_cmp(int64_t i, double d);

/* Decimal text of i, no NUL; returns the length. */
#define POL_NUM_TEXT 24
size_t pol_num_format(char out[POL_NUM_TEXT], int64_t i);

#endif
