/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/json.h"

#include <string.h>

/* ---- writing ---- */

static const char hex[] = "0123456789abcdef";

char *
pol_ajson_raw(char *at, const char *s)
{
	const size_t n = strlen(s);

	memcpy(at, s, n);
	return at + n;
}

static char *
put_unit(char *at, uint32_t unit)
{
	at[0] = '\\';
	at[1] = 'u';
	at[2] = hex[unit >> 12 & 15];
	at[3] = hex[unit >> 8 & 15];
	at[4] = hex[unit >> 4 & 15];
	at[5] = hex[unit & 15];
	return at + 6;
}

/* Bytes of the character at s, and which; 0: none is there. */
static size_t
decode(const unsigned char *s, size_t len, uint32_t *out)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const size_t n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	uint32_t c;

	if (s[0] < 0xc2 || s[0] > 0xf4 || n > len)
		return 0;
	c = s[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
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
put_ascii(char *at, unsigned char c)
{
	if (c == '"' || c == '\\') {
		*at++ = '\\';
		*at++ = (char)c;
		return at;
	}
	return put_unit(at, c);
}

char *
pol_ajson_text(char *at, const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;

	*at++ = '"';
	for (size_t i = 0, n; i < len; i += n) {
		uint32_t c;

		n = 1;
		if (s[i] >= 0x20 && s[i] < 0x7f && s[i] != '"' && s[i] != '\\') {
			*at++ = (char)s[i];
		} else if (s[i] < 0x80) {
			at = put_ascii(at, s[i]);
		} else if ((n = decode(s + i, len - i, &c)) == 0) {
			n = 1;
			at = put_unit(at, 0xdc00u + s[i]);
		} else if (c < 0x10000) {
			at = put_unit(at, c);
		} else {
			at = put_unit(at, 0xd800u + ((c - 0x10000) >> 10));
			at = put_unit(at, 0xdc00u + ((c - 0x10000) & 0x3ff));
		}
	}
	*at++ = '"';
	return at;
}

char *
pol_ajson_uint(char *at, uint64_t v)
{
	char digits[20];
	size_t n = 0;

	do {
		digits[n++] = (char)('0' + v % 10);
		v /= 10;
	} while (v != 0);
	while (n > 0)
		*at++ = digits[--n];
	return at;
}

char *
pol_ajson_hex(char *at, uint64_t v, uint32_t digits)
{
	while (digits-- > 0)
		*at++ = hex[v >> 4 * digits & 15];
	return at;
}

/* ---- reading ---- */

static void
blanks(struct pol_ajson *j)
{
	while (j->at < j->end && (*j->at == ' ' || *j->at == '\t' || *j->at == '\r'))
		j->at++;
}

static bool
eat(struct pol_ajson *j, char c)
{
	blanks(j);
	if (j->at >= j->end || *j->at != c)
		return false;
	j->at++;
	return true;
}

static bool
unit(struct pol_ajson *j, uint32_t *out)
{
	*out = 0;
	if (j->end - j->at < 4)
		return false;
	for (uint32_t i = 0; i < 4; i++) {
		const char *d = memchr(hex, *j->at++ | 0x20, 16);

		if (d == NULL)
			return false;
		*out = *out << 4 | (uint32_t)(d - hex);
	}
	return true;
}

static void
put(struct pol_ajson *j, uint32_t c)
{
	if (j->room < j->room_end)
		*j->room++ = (char)c;
	else
		j->failed = true;
}

static void
put_char(struct pol_ajson *j, uint32_t c)
{
	if (c < 0x80) {
		put(j, c);
	} else if (c < 0x800) {
		put(j, 0xc0 | c >> 6);
		put(j, 0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		put(j, 0xe0 | c >> 12);
		put(j, 0x80 | (c >> 6 & 0x3f));
		put(j, 0x80 | (c & 0x3f));
	} else {
		put(j, 0xf0 | c >> 18);
		put(j, 0x80 | (c >> 12 & 0x3f));
		put(j, 0x80 | (c >> 6 & 0x3f));
		put(j, 0x80 | (c & 0x3f));
	}
}

static bool
escape(struct pol_ajson *j)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *f;
	uint32_t c, low;

	if (j->at >= j->end)
		return false;
	f = *j->at != '\0' ? strchr(from, *j->at) : NULL;
	if (f != NULL) {
		j->at++;
		put(j, (unsigned char)to[f - from]);
		return true;
	}
	if (*j->at++ != 'u' || !unit(j, &c))
		return false;
	if (c >= 0xdc80 && c <= 0xdcff) {	/* a byte that was no character */
		put(j, c - 0xdc00);
		return true;
	}
	if (c >= 0xd800 && c < 0xdc00) {
		if (j->end - j->at < 6 || j->at[0] != '\\' || j->at[1] != 'u')
			return false;
		j->at += 2;
		if (!unit(j, &low) || low < 0xdc00 || low > 0xdfff)
			return false;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	} else if (c >= 0xdc00 && c < 0xe000) {
		return false;
	}
	put_char(j, c);
	return true;
}

static bool
text(struct pol_ajson *j, struct policy_text *out)
{
	if (!eat(j, '"'))
		return false;
	out->data = j->room;
	while (j->at < j->end && *j->at != '"') {
		if ((unsigned char)*j->at < 0x20)
			return false;
		if (*j->at != '\\')
			put(j, (unsigned char)*j->at++);
		else if (j->at++, !escape(j))
			return false;
	}
	out->len = (size_t)(j->room - out->data);
	put(j, 0);
	return eat(j, '"') && !j->failed;
}

/* To the bracket that closes it; what is in it is looked at by who wants it. */
static bool
nested(struct pol_ajson *j)
{
	uint32_t depth = 0;
	bool quoted = false;

	for (; j->at < j->end; j->at++) {
		const char c = *j->at;

		if (quoted && c == '\\')
			j->at++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '[' || c == '{'))
			depth++;
		else if (!quoted && (c == ']' || c == '}') && --depth == 0)
			return j->at++, true;
	}
	return false;
}

static bool
value(struct pol_ajson *j, struct pol_ajson_value *v)
{
	const char *from;

	blanks(j);
	from = j->at;
	memset(v, 0, sizeof(*v));
	if (j->at >= j->end)
		return false;
	if (*from == '"')
		return v->kind = POL_AJSON_TEXT, text(j, &v->text);
	if (*from == '[' || *from == '{') {
		v->kind = *from == '[' ? POL_AJSON_LIST : POL_AJSON_OBJECT;
		if (!nested(j))
			return false;
	} else {
		while (j->at < j->end && strchr(",]} \t\r", *j->at) == NULL)
			j->at++;
		v->kind = *from >= '0' && *from <= '9' ? POL_AJSON_NUMBER : POL_AJSON_WORD;
		for (const char *s = from; v->kind == POL_AJSON_NUMBER && s < j->at && *s >= '0' && *s <= '9'; s++)
			v->number = v->number * 10 + (uint64_t)(*s - '0');
	}
	v->text = (struct policy_text){ from, (size_t)(j->at - from) };
	return v->text.len > 0;
}

bool
pol_ajson_begin(struct pol_ajson *j, const char *line, size_t len, char *room, size_t room_len)
{
	*j = (struct pol_ajson){ .at = line, .end = line + len, .room = room, .room_end = room + room_len };
	if (memchr(line, '\0', len) != NULL || !eat(j, '{'))
		j->failed = true;
	return !j->failed;
}

bool
pol_ajson_member(struct pol_ajson *j, struct policy_text *name, struct pol_ajson_value *v)
{
	if (j->failed)
		return false;
	if (eat(j, '}')) {
		blanks(j);
		j->failed = j->at != j->end;
		return false;
	}
	if (!text(j, name) || !eat(j, ':') || !value(j, v)) {
		j->failed = true;
		return false;
	}
	blanks(j);
	if (!eat(j, ',') && (j->at >= j->end || *j->at != '}'))
		j->failed = true;
	return !j->failed;
}

int
pol_ajson_texts(struct pol_ajson *j, const struct pol_ajson_value *list, struct policy_text *out, uint32_t most)
{
	struct pol_ajson in = { .at = list->text.data, .end = list->text.data + list->text.len,
	    .room = j->room, .room_end = j->room_end };
	uint32_t n = 0;

	if (list->kind != POL_AJSON_LIST || !eat(&in, '['))
		return -1;
	while (!eat(&in, ']')) {
		if (n == most || !text(&in, &out[n++]) || (!eat(&in, ',') && (in.at >= in.end || *in.at != ']')))
			return -1;
	}
	j->room = in.room;
	return (int)n;
}
