/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POL_DAEMON_BASE64_H
#define POL_DAEMON_BASE64_H

#include <stddef.h>

/*
 * The bytes of n characters of Base64 (RFC 4648) without their padding; `last`: the two that
 * stand behind letters and digits, "+/" or "-_". Out has room for n / 4 * 3 + 2. *over: the
 * bits left that make no byte. -1: there is a character that is none of these.
 */
static inline long
pol_base64(char *out, const char *s, size_t n, const char last[2], unsigned *over)
{
	unsigned bits = 0, have = 0;
	long len = 0;

	for (size_t i = 0; i < n; i++) {
		const char c = s[i];
		unsigned digit;

		if (c >= 'A' && c <= 'Z')
			digit = (unsigned)(c - 'A');
		else if (c >= 'a' && c <= 'z')
			digit = (unsigned)(c - 'a') + 26;
		else if (c >= '0' && c <= '9')
			digit = (unsigned)(c - '0') + 52;
		else if (c == last[0] || c == last[1])
			digit = c == last[0] ? 62 : 63;
		else
			return -1;
		bits = bits << 6 | digit;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[len++] = (char)(bits >> have & 255);
		}
	}
	*over = bits & ((1u << have) - 1);
	return len;
}

#endif
