/* SPDX-License-Identifier: Apache-2.0 */
/* JSON as policyctl writes it: by hand, for a batch answers hundreds of thousands of
 * lines a second. See json.h. */
#include "cli/json.h"

#include <stdlib.h>
#include <string.h>

static bool
room(struct pol_json *j, size_t more)
{
	size_t cap = j->cap != 0 ? j->cap : 4096;
	char *data;

	if (j->failed)
		return false;
	if (j->cap - j->len >= more)
		return true;
	while (cap - j->len < more) {
		if (cap > SIZE_MAX / 2) {
			j->failed = true;
			return false;
		}
		cap *= 2;
	}
	data = realloc(j->data, cap);
	if (data == NULL) {
		j->failed = true;
		return false;
	}
	j->data = data;
	j->cap = cap;
	return true;
}

void
pol_json_fini(struct pol_json *j)
{
	free(j->data);
	memset(j, 0, sizeof(*j));
}

void
pol_json_raw(struct pol_json *j, const char *s, size_t len)
{
	if (!room(j, len))
		return;
	memcpy(j->data + j->len, s, len);
	j->len += len;
}

/* One character of well-formed UTF-8 (RFC 3629, section 4) at s; its bytes, or 0. */
static size_t
decode(const unsigned char *s, size_t len, uint32_t *out)
{
	static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2, i;
	uint32_t c;

	if (s[0] < 0xc2 || s[0] > 0xf4 || n > len)
		return 0;
	c = s[0] & (0xffu >> (n + 1));
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*out = c;
	return n;
}

static char *
put_unit(char *at, uint32_t unit)
{
	static const char hex[] = "0123456789abcdef";

	*at++ = '\\';
	*at++ = 'u';
	*at++ = hex[unit >> 12 & 15];
	*at++ = hex[unit >> 8 & 15];
	*at++ = hex[unit >> 4 & 15];
	*at++ = hex[unit & 15];
	return at;
}

static char *
put_control(char *at, unsigned char c)
{
	static const char from[] = "\"\\\n\r\t\b\f", to[] = "\"\\nrtbf";
	const char *found = c != 0 ? strchr(from, c) : NULL;

	if (found == NULL)
		return put_unit(at, c);
	*at++ = '\\';
	*at++ = to[found - from];
	return at;
}

void
pol_json_quoted(struct pol_json *j, const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	uint32_t c;
	size_t n, i;
	char *at;

	/* a byte becomes at most six */
	if (len > (SIZE_MAX - 2) / 6 || !room(j, len * 6 + 2)) {
		j->failed = true;
		return;
	}
	at = j->data + j->len;
	*at++ = '"';
	for (i = 0; i < len; i += n) {
		n = 1;
		if (s[i] >= 0x20 && s[i] < 0x7f && s[i] != '"' && s[i] != '\\') {
			*at++ = (char)s[i];
		} else if (s[i] < 0x80) {
			at = put_control(at, s[i]);
		} else {
			n = decode(s + i, len - i, &c);
			if (n == 0) {
				n = 1;
				at = put_unit(at, 0xdc00u + s[i]);
			} else if (c < 0x10000) {
				at = put_unit(at, c);
			} else {
				at = put_unit(at, 0xd800u + ((c - 0x10000) >> 10));
				at = put_unit(at, 0xdc00u + ((c - 0x10000) & 0x3ff));
			}
		}
	}
	*at++ = '"';
	j->len = (size_t)(at - j->data);
}

/* What stands before a value: a comma unless it is the first, and its name. */
static void
before(struct pol_json *j, const char *name)
{
	char last = j->len > 0 ? j->data[j->len - 1] : '{';

	if (last != '{' && last != '[' && last != '\n')
		pol_json_raw(j, ", ", 2);
	if (name != NULL) {
		pol_json_quoted(j, name, strlen(name));
		pol_json_raw(j, ": ", 2);
	}
}

void
pol_json_open(struct pol_json *j, const char *name, char bracket)
{
	before(j, name);
	pol_json_raw(j, &bracket, 1);
}

void
pol_json_close(struct pol_json *j, char bracket)
{
	pol_json_raw(j, &bracket, 1);
}

void
pol_json_text(struct pol_json *j, const char *name, const char *s, size_t len)
{
	before(j, name);
	pol_json_quoted(j, s, len);
}

void
pol_json_str(struct pol_json *j, const char *name, const char *s)
{
	pol_json_text(j, name, s, strlen(s));
}

static void
put_digits(struct pol_json *j, uint64_t v)
{
	char text[24];
	size_t i = sizeof(text);

	do {
		text[--i] = (char)('0' + v % 10);
		v /= 10;
	} while (v != 0);
	pol_json_raw(j, text + i, sizeof(text) - i);
}

void
pol_json_uint(struct pol_json *j, const char *name, uint64_t v)
{
	before(j, name);
	put_digits(j, v);
}

void
pol_json_int(struct pol_json *j, const char *name, int64_t v)
{
	before(j, name);
	if (v < 0)
		pol_json_raw(j, "-", 1);
	put_digits(j, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

/* Rounded to hundredths, a zero at the end left out; what JSON has no number for is 0. */
void
pol_json_real(struct pol_json *j, const char *name, double v)
{
	uint64_t all = v > 0 && v < 1e15 ? (uint64_t)(v * 100 + 0.5) : 0;
	char part[3] = { '.', (char)('0' + all / 10 % 10), (char)('0' + all % 10) };

	pol_json_uint(j, name, all / 100);
	pol_json_raw(j, part, part[2] != '0' ? 3 : 2);
}

void
pol_json_null(struct pol_json *j, const char *name)
{
	before(j, name);
	pol_json_raw(j, "null", 4);
}

void
pol_json_bool(struct pol_json *j, const char *name, bool v)
{
	before(j, name);
	pol_json_raw(j, v ? "true" : "false", v ? 4 : 5);
}
