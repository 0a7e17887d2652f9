/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scalars as libyaml reads them, as far as one line goes. Certain are ASCII without
 * control characters, and those characters beyond that no version of YAML gives a
 * meaning; a tab, a carriage return or another line break is not.
 */
#include "compile/yaml_scan.h"

#include <string.h>

#include <policy.h>

/* What a byte is within a plain scalar. Zero: not certain. */
enum { NONE, TEXT, SPACE, BREAK, COLON, FLOW, MARK, HIGH };

#define T8 TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT
#define H8 HIGH, HIGH, HIGH, HIGH, HIGH, HIGH, HIGH, HIGH

static const unsigned char kinds[256] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, BREAK, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	/* space to slash: the comma separates in flows */
	SPACE, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, FLOW, TEXT, TEXT, TEXT,
	/* digits, then : ; < = > ? */
	T8, TEXT, TEXT, COLON, TEXT, TEXT, TEXT, TEXT, MARK,
	/* @ and letters, then [ \ ] ^ _ */
	T8, T8, T8, TEXT, TEXT, TEXT, FLOW, TEXT, FLOW, TEXT, TEXT,
	/* ` and letters, then { | } ~ and DEL */
	T8, T8, T8, TEXT, TEXT, TEXT, FLOW, TEXT, FLOW, TEXT, NONE,
	H8, H8, H8, H8, H8, H8, H8, H8, H8, H8, H8, H8, H8, H8, H8, H8,
};

static unsigned char
kind_of(char c)
{
	return kinds[(unsigned char)c];
}

/* The character of several bytes at p, known to be UTF-8: its length, or 0. */
static size_t
wide(const char *p)
{
	unsigned char a = (unsigned char)p[0], b = (unsigned char)p[1];

	if (a < 0xe0u)			/* U+0080 to U+009F: controls and a line break */
		return a == 0xc2u && b < 0xa0u ? 0 : 2;
	if (a == 0xe2u && b == 0x80u)	/* holds two line breaks */
		return 0;
	if (a == 0xefu && (b == 0xbbu || b == 0xbfu))	/* byte order marks */
		return 0;
	return a < 0xf0u ? 3 : 4;
}

/* Steps over it. */
static bool
take_wide(struct pol_scan *s)
{
	size_t n = wide(s->p);

	if (n == 0)
		return false;
	s->p += n;
	s->wide += n - 1;
	return true;
}

/* On to the end of the line, whatever stands there. */
static bool
over_line(struct pol_scan *s)
{
	while (s->p < s->end && *s->p != '\n') {
		if (kind_of(*s->p) == HIGH) {
			if (!take_wide(s))
				return false;
		} else if (kind_of(*s->p) == NONE) {
			return false;
		} else {
			s->p++;
		}
	}
	return true;
}

static void
next_line(struct pol_scan *s)
{
	s->p++;
	s->first = s->p;
	s->wide = 0;
	s->line++;
}

bool
pol_scan_rest(struct pol_scan *s)
{
	const char *from = s->p;

	pol_scan_spaces(s);
	if (s->p == s->end || *s->p == '\n')
		return true;
	return *s->p == '#' && (s->p > from || from == s->first || from[-1] == ' ') && over_line(s);
}

bool
pol_scan_lines(struct pol_scan *s)
{
	for (;;) {
		const char *from = s->p;

		pol_scan_spaces(s);
		if (s->p == s->end)
			return true;
		if (*s->p == '#') {
			if (s->p == from && from != s->first && from[-1] != ' ')
				return false;
			if (!over_line(s))
				return false;
			continue;
		}
		if (*s->p != '\n')
			return true;
		next_line(s);
	}
}

static const bool no_begin[256] = {
	['#'] = true, ['&'] = true, ['*'] = true, ['!'] = true, ['|'] = true, ['>'] = true, ['\''] = true,
	['"'] = true, ['%'] = true, ['@'] = true, ['`'] = true,
};

/* May a plain scalar begin so? Those that begin with -, ? or : are libyaml's, but for negative numbers. */
static bool
begins_plain(const struct pol_scan *s)
{
	char c = *s->p;

	if (s->p == s->first && (c == '-' || c == '.'))	/* a document's end? */
		return false;
	if (c == '-')
		return s->p + 1 < s->end && s->p[1] >= '0' && s->p[1] <= '9';
	return kind_of(c) == HIGH || (kind_of(c) == TEXT && !no_begin[(unsigned char)c]);
}

/* At what no letter is: 1 the scalar goes on behind it, 0 it ends here, -1 not certain. */
static int
at_sign(struct pol_scan *s, bool flow)
{
	switch (kind_of(*s->p)) {
	case COLON:
		if (pol_scan_blank(s, s->p + 1))
			return 0;
		if (flow && (kind_of(s->p[1]) == FLOW || kind_of(s->p[1]) == MARK))
			return -1;
		break;
	case FLOW:
		if (flow)
			return 0;
		break;
	case MARK:
		if (flow)
			return -1;
		break;
	case HIGH:
		return take_wide(s) ? 1 : -1;
	default:
		return -1;
	}
	s->p++;
	return 1;
}

static enum pol_scan_end
plain(struct pol_scan *s, struct pol_tree_scalar *out, bool flow)
{
	const char *last = s->p;	/* behind the last that is no space */
	int on = 1;

	if (!begins_plain(s))
		return POL_SCAN_UNSURE;
	out->text = s->p;
	out->plain = true;
	out->exact = true;
	while (on == 1) {
		while (s->p < s->end && kind_of(*s->p) == TEXT)
			s->p++;
		if (s->p == s->end || *s->p == '\n' || *s->p == ' ') {
			last = s->p;
			pol_scan_spaces(s);
			if (s->p == s->end || *s->p == '\n') {
				out->len = (size_t)(last - out->text);
				return POL_SCAN_LINE;
			}
			if (*s->p == '#')
				break;
			on = kind_of(*s->p) == TEXT ? 1 : at_sign(s, flow);
		} else {
			on = at_sign(s, flow);
			if (on == 0)
				last = s->p;
		}
	}
	out->len = (size_t)(last - out->text);
	return on < 0 ? POL_SCAN_UNSURE : POL_SCAN_HERE;
}

/* Behind a backslash; 0: not certain. */
static char
escaped(char c)
{
	switch (c) {
	case '"':
	case '\\':
		return c;
	case 'n':
		return '\n';
	case 't':
		return '\t';
	default:
		return 0;
	}
}

/* At a quote or backslash within: 1 an escape was taken, 0 the text ends here, -1 not certain. */
static int
in_quotes(struct pol_scan *s, char quote, const char **from)
{
	char c;

	if (*s->p == '\\') {
		c = s->p + 1 < s->end ? escaped(s->p[1]) : (char)0;
		if (c == 0)
			return -1;
	} else {
		if (quote == '"' || s->p + 1 == s->end || s->p[1] != '\'')
			return 0;
		c = '\'';
	}
	(void)pol_buf_append(&s->buf, *from, (size_t)(s->p - *from));
	(void)pol_buf_append(&s->buf, &c, 1);
	s->p += 2;
	*from = s->p;
	return 1;
}

static enum pol_scan_end
quoted(struct pol_scan *s, struct pol_tree_scalar *out)
{
	const char quote = *s->p++, *from = s->p;
	bool escapes = false;
	int on = 1;

	s->buf.len = 0;
	out->plain = false;
	while (on == 1) {
		if (s->p == s->end)
			return POL_SCAN_UNSURE;
		if (*s->p == quote || (*s->p == '\\' && quote == '"')) {
			on = in_quotes(s, quote, &from);
			escapes |= on == 1;
		} else if (kind_of(*s->p) == HIGH) {
			on = take_wide(s) ? 1 : -1;
		} else {
			on = kind_of(*s->p) == NONE || *s->p == '\n' ? -1 : 1;
			s->p += on == 1;
		}
	}
	if (on < 0)
		return POL_SCAN_UNSURE;
	out->text = from;
	out->len = (size_t)(s->p - from);
	out->exact = !escapes;
	s->p++;
	if (!escapes)
		return POL_SCAN_HERE;
	(void)pol_buf_append(&s->buf, from, out->len);
	out->text = s->buf.data;
	out->len = s->buf.len;
	return s->buf.failed ? POL_SCAN_NOMEM : POL_SCAN_HERE;
}

enum pol_scan_end
pol_scan_scalar(struct pol_scan *s, struct pol_tree_scalar *out, bool flow)
{
	out->at = pol_scan_at(s);
	return *s->p == '"' || *s->p == '\'' ? quoted(s, out) : plain(s, out, flow);
}

/* To the begin of a line that is not empty, its spaces counted; likewise the most
 * spaces of an empty one, and one, 0: there is none. False: the end of the text. */
static bool
next_text(struct pol_scan *s, size_t *spaces, size_t *longest_empty)
{
	*longest_empty = 0;
	while (s->p < s->end) {
		next_line(s);
		pol_scan_spaces(s);
		*spaces = (size_t)(s->p - s->first);
		if (s->p < s->end && *s->p != '\n')
			return true;
		if (*spaces >= *longest_empty)
			*longest_empty = *spaces + 1;
	}
	return false;
}

/* Lines of one indentation, with no empty one between: joined in one way only. */
enum pol_scan_end
pol_scan_block(struct pol_scan *s, struct pol_tree_scalar *out, uint32_t column)
{
	const char join = *s->p == '|' ? '\n' : ' ', *from;
	size_t indent = 0, spaces = 0, empty, lines = 0;
	bool strip;

	out->at = pol_scan_at(s);
	s->p++;
	strip = s->p < s->end && *s->p == '-';
	s->p += strip;
	s->buf.len = 0;
	if (!pol_scan_rest(s))
		return POL_SCAN_UNSURE;
	while (next_text(s, &spaces, &empty) && (lines == 0 || spaces >= indent)) {
		if (empty > 0 || (lines > 0 && spaces > indent) || spaces < column)
			return POL_SCAN_UNSURE;
		indent = spaces;
		from = s->p;
		if (!over_line(s))
			return POL_SCAN_UNSURE;
		if (lines++ > 0)
			(void)pol_buf_append(&s->buf, &join, 1);
		(void)pol_buf_append(&s->buf, from, (size_t)(s->p - from));
	}
	if (lines == 0 || empty > indent + 1)
		return POL_SCAN_UNSURE;
	/* only a last line without its break is at the end with nothing behind */
	if (!strip && (s->p < s->end || empty > 0))
		(void)pol_buf_append(&s->buf, "\n", 1);
	*out = (struct pol_tree_scalar){ .text = s->buf.data, .len = s->buf.len, .at = out->at };
	return s->buf.failed ? POL_SCAN_NOMEM : POL_SCAN_HERE;
}
