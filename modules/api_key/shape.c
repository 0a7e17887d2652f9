/* SPDX-License-Identifier: Apache-2.0 */
#include "shape.h"

#include <stdint.h>
#include <string.h>

#define SUM 6				/* letters of base 62 that hold a CRC-32 */

static const struct {
	const char *prefix;
	size_t letters;			/* behind it */
	enum pol_shape is;
} shapes[] = {
	{ "pol_", 43 + SUM, POL_SHAPE_OURS },
	{ "sk-", 13, POL_SHAPE_IMPORTED },
	{ "xf-", 48, POL_SHAPE_IMPORTED },
};

static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static int
is_letter(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* CRC-32 as in zip and PNG; four bits at a time. */
static uint32_t
crc32_of(const char *s, size_t len)
{
	static const uint32_t table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	uint32_t crc = 0xffffffffu;

	for (size_t i = 0; i < len; i++) {
		crc ^= (unsigned char)s[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

static int
sum_is_right(struct policy_text t)
{
	uint32_t crc = crc32_of(t.data, t.len - SUM);

	for (size_t i = 0; i < SUM; i++) {
		if (t.data[t.len - 1 - i] != base62[crc % 62])
			return 0;
		crc /= 62;
	}
	return 1;
}

enum pol_shape
pol_shape_of(struct policy_text t)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		const size_t n = strlen(shapes[i].prefix);

		if (t.len != n + shapes[i].letters || memcmp(t.data, shapes[i].prefix, n) != 0)
			continue;
		for (size_t k = n; k < t.len; k++) {
			if (!is_letter(t.data[k]))
				return POL_SHAPE_OTHER;
		}
		if (shapes[i].is == POL_SHAPE_OURS && !sum_is_right(t))
			return POL_SHAPE_BROKEN;
		return shapes[i].is;
	}
	return POL_SHAPE_OTHER;
}
