/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POL_DAEMON_UTF8_H
#define POL_DAEMON_UTF8_H

#include <stddef.h>

/* Bytes of the character at p, which is not ASCII: 2 to 4; 0 where there is none
 * (RFC 3629: nothing overlong, no surrogates, nothing beyond U+10FFFF). */
static inline size_t
pol_utf8_len(const char *p, const char *end)
{
	const unsigned char *c = (const unsigned char *)p;
	const size_t left = (size_t)(end - p);
	unsigned low = 0x80, high = 0xbf;
	size_t n;

	if (c[0] < 0xc2 || c[0] > 0xf4)
		return 0;
	n = c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;
	if (left < n)
		return 0;
	if (c[0] == 0xe0)
		low = 0xa0;
	else if (c[0] == 0xed)
		high = 0x9f;
	else if (c[0] == 0xf0)
		low = 0x90;
	else if (c[0] == 0xf4)
		high = 0x8f;
	if (c[1] < low || c[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++) {
		if (c[i] < 0x80 || c[i] > 0xbf)
			return 0;
	}
	return n;
}

#endif
