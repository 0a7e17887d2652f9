/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/tape_text.h"

#include <string.h>

#include "daemon/utf8.h"

struct text {
	const char *at, *end;
	const char *why;
};

static bool
bad(struct text *x, const char *why)
{
	x->why = why;
	return false;
}

/* Four hexadecimal digits. */
static bool
read_hex(struct text *x, uint32_t *out)
{
	uint32_t v = 0;

	if (x->end - x->at < 4)
		return bad(x, "a text without an end");
	for (int i = 0; i < 4; i++) {
		const char c = x->at[i];
		uint32_t d;

		if (c >= '0' && c <= '9')
			d = (uint32_t)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			d = (uint32_t)((c | 32) - 'a' + 10);
		else
			return bad(x, "\\u wants four hexadecimal digits");
		v = v << 4 | d;
	}
	x->at += 4;
	*out = v;
	return true;
}

/* Behind \u: a character, of one or two of them. */
static bool
read_point(struct text *x, uint32_t *out)
{
	uint32_t low;

	if (!read_hex(x, out))
		return false;
	if (*out >= 0xdc00 && *out <= 0xdfff)
		return bad(x, "half of a surrogate pair");
	if (*out < 0xd800 || *out > 0xdbff)
		return true;
	if (x->end - x->at < 2 || x->at[0] != '\\' || x->at[1] != 'u')
		return bad(x, "half of a surrogate pair");
	x->at += 2;
	if (!read_hex(x, &low))
		return false;
	if (low < 0xdc00 || low > 0xdfff)
		return bad(x, "half of a surrogate pair");
	*out = 0x10000 + ((*out - 0xd800) << 10 | (low - 0xdc00));
	return true;
}

static char *
put_point(char *to, uint32_t c)
{
	if (c < 0x80) {
		*to++ = (char)c;
	} else if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
		*to++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*to++ = (char)(0xe0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	} else {
		*to++ = (char)(0xf0 | c >> 18);
		*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	}
	return to;
}

/* Behind a backslash; never longer than what it was. */
static bool
decode(struct text *x, char **to)
{
	static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
	const char *known;
	uint32_t point;
	char c;

	if (x->at == x->end)
		return bad(x, "a text without an end");
	c = *x->at++;
	if (c == 'u') {
		if (!read_point(x, &point))
			return false;
		*to = put_point(*to, point);
		return true;
	}
	known = c != '\0' ? strchr(from, c) : NULL;
	if (known == NULL)
		return bad(x, "no escape is written so");
	*(*to)++ = into[known - from];
	return true;
}

/* To the next byte that a text cannot hold as it is: the quote, a backslash, a control byte. */
static bool
skip_plain(struct text *x)
{
	while (x->at < x->end) {
		const unsigned char c = (unsigned char)*x->at;
		size_t n;

		if (c == '"' || c == '\\')
			return true;
		if (c < 0x20)
			return bad(x, "a control character in a text");
		if (c < 0x80) {
			x->at++;
			continue;
		}
		n = pol_utf8_len(x->at, x->end);
		if (n == 0)
			return bad(x, "bytes that are no UTF-8");
		x->at += n;
	}
	return bad(x, "a text without an end");
}

/* The quote that ends it; x->at stays. */
static const char *
find_end(const struct text *x)
{
	const char *p = x->at;

	while (p < x->end && *p != '"')
		p += *p == '\\' ? 2 : 1;
	return p < x->end ? p : NULL;
}

static bool
read_escaped(struct text *x, struct pol_tape_text *out, struct pol_tape *t, const char *start)
{
	const char *close = find_end(x), *from = start;
	char *data, *to;

	if (close == NULL)
		return bad(x, "a text without an end");
	data = pol_tape_make(t, (size_t)(close - start) + 1, 1);
	if (data == NULL)
		return bad(x, "out of memory");
	to = data;
	for (;;) {
		memcpy(to, from, (size_t)(x->at - from));
		to += x->at - from;
		if (*x->at == '"')
			break;
		x->at++;
		if (!decode(x, &to))
			return false;
		from = x->at;
		if (!skip_plain(x))
			return false;
	}
	out->data = data;
	out->len = (uint32_t)(to - data);
	return true;
}

bool
pol_tape_text(struct pol_tape_text *out, struct pol_tape *t, const char **at, const char *end, const char **why)
{
	struct text x = { *at + 1, end, NULL };
	const char *start = x.at;
	bool good = skip_plain(&x);

	if (good && *x.at == '"') {
		out->data = start;
		out->len = (uint32_t)(x.at - start);
	} else if (good) {
		good = read_escaped(&x, out, t, start);
	}
	*at = good ? x.at + 1 : x.at;
	*why = x.why;
	return good;
}
