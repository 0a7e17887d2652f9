/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One member of a JSON object, and no more of it than that. Who decides by what stands in
 * a body must read it as its receiver does; where receivers differ it is refused: a
 * second member of that name (some take the first, some the last), one that differs in
 * capitals alone (some take it for the same), half of a surrogate pair. Without a stack:
 * what is open is a bit each.
 */
#include "base/member.h"

#include <stdbool.h>
#include <string.h>

#include "base/name.h"

struct reader {
	const char *at, *end;
	uint64_t objects;		/* the lowest bit: what is open innermost is an object */
	unsigned depth;
	bool limit;
};

/* A text on its way: into room, or nowhere. */
struct sink {
	char *room;			/* NULL: nowhere */
	size_t len, most;
	bool over;
};

static void
blanks(struct reader *r)
{
	while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'))
		r->at++;
}

static bool
eat(struct reader *r, char c)
{
	blanks(r);
	if (r->at == r->end || *r->at != c)
		return false;
	r->at++;
	return true;
}

/* ---- texts ---- */

static void
put(struct sink *k, char c)
{
	if (k->room == NULL)
		return;
	if (k->len < k->most)
		k->room[k->len++] = c;
	else
		k->over = true;
}

static void
put_char(struct sink *k, uint32_t c)
{
	if (c < 0x80) {
		put(k, (char)c);
		return;
	}
	if (c < 0x800) {
		put(k, (char)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			put(k, (char)(0xe0 | c >> 12));
		} else {
			put(k, (char)(0xf0 | c >> 18));
			put(k, (char)(0x80 | (c >> 12 & 0x3f)));
		}
		put(k, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	put(k, (char)(0x80 | (c & 0x3f)));
}

static bool
read_unit(struct reader *r, uint32_t *out)
{
	*out = 0;
	if (r->end - r->at < 4)
		return false;
	for (unsigned i = 0; i < 4; i++) {
		const char c = *r->at++, low = (char)(c | 0x20);

		if (c >= '0' && c <= '9')
			*out = *out << 4 | (uint32_t)(c - '0');
		else if (low >= 'a' && low <= 'f')
			*out = *out << 4 | (uint32_t)(low - 'a' + 10);
		else
			return false;
	}
	return true;
}

/* Behind a backslash. */
static bool
read_escape(struct reader *r, struct sink *k)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *found;
	uint32_t c, low;

	if (r->at == r->end)
		return false;
	if (*r->at != 'u') {
		found = memchr(from, *r->at++, sizeof(from) - 1);
		if (found != NULL)
			put(k, to[found - from]);
		return found != NULL;
	}
	r->at++;
	if (!read_unit(r, &c) || (c >= 0xdc00 && c < 0xe000))
		return false;
	if (c >= 0xd800 && c < 0xdc00) {
		if (r->end - r->at < 2 || r->at[0] != '\\' || r->at[1] != 'u')
			return false;
		r->at += 2;
		if (!read_unit(r, &low) || low < 0xdc00 || low >= 0xe000)
			return false;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	put_char(k, c);
	return true;
}

/* Behind its first quote. The bytes were checked to be UTF-8. */
static bool
read_text(struct reader *r, struct sink *k)
{
	while (r->at < r->end) {
		const char c = *r->at++;

		if (c == '"')
			return true;
		if ((unsigned char)c < 0x20)
			return false;
		if (c != '\\')
			put(k, c);
		else if (!read_escape(r, k))
			return false;
	}
	return false;
}

/* ---- names ---- */

/* One character of s, as those take it who do not look at capitals: U+017F and U+212A
 * fold to s and k. */
static unsigned char
folded(const char **s, const char *end)
{
	const unsigned char *p = (const unsigned char *)*s;

	if (p[0] == 0xc5 && end - *s >= 2 && p[1] == 0xbf) {
		*s += 2;
		return 's';
	}
	if (p[0] == 0xe2 && end - *s >= 3 && p[1] == 0x84 && p[2] == 0xaa) {
		*s += 3;
		return 'k';
	}
	(*s)++;
	return p[0] >= 'A' && p[0] <= 'Z' ? p[0] | 0x20 : p[0];
}

static bool
is_alike(struct policy_text a, struct policy_text b)
{
	const char *s = a.data, *t = b.data, *const a_end = s + a.len, *const b_end = t + b.len;

	while (s < a_end && t < b_end)
		if (folded(&s, a_end) != folded(&t, b_end))
			return false;
	return s == a_end && t == b_end;
}

/* ---- values ---- */

static size_t
digits(struct reader *r)
{
	const char *from = r->at;

	while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
		r->at++;
	return (size_t)(r->at - from);
}

static bool
read_number(struct reader *r)
{
	const char *from;

	if (r->at < r->end && *r->at == '-')
		r->at++;
	from = r->at;
	if (digits(r) == 0 || (*from == '0' && r->at - from > 1))
		return false;
	if (r->at < r->end && *r->at == '.') {
		r->at++;
		if (digits(r) == 0)
			return false;
	}
	if (r->at == r->end || (*r->at | 0x20) != 'e')
		return true;
	r->at++;
	if (r->at < r->end && (*r->at == '+' || *r->at == '-'))
		r->at++;
	return digits(r) != 0;
}

static bool
read_word(struct reader *r)
{
	static const char *const words[] = { "true", "false", "null" };

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const size_t n = strlen(words[i]);

		if ((size_t)(r->end - r->at) >= n && memcmp(r->at, words[i], n) == 0) {
			r->at += n;
			return true;
		}
	}
	return false;
}

static bool
opens(struct reader *r, bool object)
{
	r->limit |= r->depth == POL_MEMBER_DEPTH;
	if (r->limit)
		return false;
	r->depth++;
	r->objects = r->objects << 1 | object;
	r->at++;
	return true;
}

static void
closes(struct reader *r)
{
	r->depth--;
	r->objects >>= 1;
}

/* The name of a member, with its colon. */
static bool
read_name(struct reader *r, struct sink *k)
{
	return eat(r, '"') && read_text(r, k) && eat(r, ':');
}

/* A value that is no list and no object; k for a text. */
static bool
read_plain(struct reader *r, struct sink *k)
{
	if (*r->at != '"')
		return *r->at == '-' || (*r->at >= '0' && *r->at <= '9') ? read_number(r) : read_word(r);
	r->at++;
	return read_text(r, k);
}

/* What stands behind a value, up to the next: false: it is malformed. Down to `depth`. */
static bool
read_behind(struct reader *r, unsigned depth, bool *more)
{
	struct sink nowhere = { .room = NULL };

	for (*more = false; r->depth > depth; closes(r)) {
		const bool object = (r->objects & 1) != 0;

		if (eat(r, ',')) {
			*more = true;
			return !object || read_name(r, &nowhere);
		}
		if (!eat(r, object ? '}' : ']'))
			return false;
	}
	return true;
}

/* A whole value, whatever is in it. */
static bool
read_value(struct reader *r, struct sink *k)
{
	struct sink nowhere = { .room = NULL };
	const unsigned depth = r->depth;
	bool more;

	do {
		blanks(r);
		if (r->at == r->end)
			return false;
		if (*r->at == '{' || *r->at == '[') {
			const bool object = *r->at == '{';

			if (!opens(r, object))
				return false;
			if (eat(r, object ? '}' : ']')) {
				closes(r);
			} else {
				if (object && !read_name(r, &nowhere))
					return false;
				more = true;
				continue;
			}
		} else if (!read_plain(r, r->depth == depth ? k : &nowhere)) {
			return false;
		}
		if (!read_behind(r, depth, &more))
			return false;
	} while (more);
	return true;
}

/* ---- the object ---- */

struct found {
	struct policy_text name;
	struct sink text;
	unsigned alike, texts;
};

/* A name that is longer than this is no field's. */
#define NAME_MAX 256

static bool
read_member(struct reader *r, struct found *f)
{
	char name[NAME_MAX];
	struct sink k = { .room = name, .most = sizeof(name) }, nowhere = { .room = NULL };
	bool is_it, is_text;

	if (!read_name(r, &k))
		return false;
	is_it = !k.over && is_alike((struct policy_text){ name, k.len }, f->name);
	f->alike += is_it;
	is_it = is_it && pol_bytes_equal(name, k.len, f->name.data, f->name.len);
	blanks(r);
	is_text = is_it && r->at < r->end && *r->at == '"';
	f->texts += is_text;
	return read_value(r, is_text && f->texts == 1 ? &f->text : &nowhere);
}

static bool
read_object(struct reader *r, struct found *f)
{
	blanks(r);
	if (r->at == r->end || *r->at != '{' || !opens(r, true))
		return false;
	if (!eat(r, '}')) {
		do {
			if (!read_member(r, f))
				return false;
		} while (eat(r, ','));
		if (!eat(r, '}'))
			return false;
	}
	blanks(r);
	return r->at == r->end;
}

int
pol_member_find(struct policy_text *out, char *room, size_t room_len, struct policy_text json,
    struct policy_text name)
{
	struct reader r = { .at = json.data };
	struct found f = { .name = name, .text = { .room = room, .most = room_len } };

	*out = policy_text(NULL);
	if (json.data == NULL || pol_utf8_check(json.data, json.len) >= 0)
		return POLICY_ERR_ARG;
	r.end = json.data + json.len;
	if (!read_object(&r, &f))
		return r.limit ? POLICY_ERR_LIMIT : POLICY_ERR_ARG;
	if (f.alike != 1 || f.texts != 1 || memchr(room, '\0', f.text.len) != NULL)
		return POLICY_ERR_ARG;
	if (f.text.over)
		return POLICY_ERR_LIMIT;
	*out = (struct policy_text){ room, f.text.len };
	return 0;
}
