/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Of several spellings of the same bytes only one is taken: a token's text is then as
 * good a name for it as its bytes, and nobody can give a revoked one a new face.
 */
#include "b64.h"

#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#define X 64
static const uint8_t values[256] = {
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, 62, X, X, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, X, X, X, X, X, X,
	X, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, X, X, X, X, 63,
	X, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X
};
#undef X

ptrdiff_t
jwt_base64_decode(unsigned char *out, size_t room, const char *text, size_t len)
{
	const unsigned char *in = (const unsigned char *)text;
	const size_t rest = len % 4, n = len / 4 * 3 + (rest > 0 ? rest - 1 : 0);
	uint32_t bad = 0, v;

	if (rest == 1 || n > room)
		return -1;
	for (size_t i = len / 4; i > 0; i--, in += 4, out += 3) {
		const uint32_t a = values[in[0]], b = values[in[1]], c = values[in[2]], d = values[in[3]];

		bad |= a | b | c | d;
		v = a << 18 | b << 12 | c << 6 | d;
		out[0] = (unsigned char)(v >> 16 & 255);
		out[1] = (unsigned char)(v >> 8 & 255);
		out[2] = (unsigned char)(v & 255);
	}
	if (rest != 0) {
		const uint32_t a = values[in[0]], b = values[in[1]], c = rest == 3 ? values[in[2]] : 0;

		bad |= a | b | c;
		v = a << 18 | b << 12 | c << 6;
		out[0] = (unsigned char)(v >> 16 & 255);
		if (rest == 3)
			out[1] = (unsigned char)(v >> 8 & 255);
		if ((v & (rest == 3 ? 0xffu : 0xffffu)) != 0)
			return -1;
	}
	return (bad & 64) != 0 ? -1 : (ptrdiff_t)n;
}

size_t
jwt_base64_encode(char *out, const unsigned char *data, size_t len)
{
	char *o = out;
	size_t i;

	for (i = 0; i + 2 < len; i += 3) {
		const uint32_t v = (uint32_t)data[i] << 16 | (uint32_t)data[i + 1] << 8 | data[i + 2];

		*o++ = alphabet[v >> 18];
		*o++ = alphabet[v >> 12 & 63];
		*o++ = alphabet[v >> 6 & 63];
		*o++ = alphabet[v & 63];
	}
	if (i < len) {
		const uint32_t v = (uint32_t)data[i] << 16 | (i + 1 < len ? (uint32_t)data[i + 1] << 8 : 0);

		*o++ = alphabet[v >> 18];
		*o++ = alphabet[v >> 12 & 63];
		if (i + 1 < len)
			*o++ = alphabet[v >> 6 & 63];
	}
	*o = '\0';
	return (size_t)(o - out);
}
