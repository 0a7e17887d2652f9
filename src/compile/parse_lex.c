/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A condition's text into words. ASCII only, whatever the locale. A mistake is
 * told where it stands: at the byte of the file, if the text stands there letter
 * for letter, else at the text's first.
 */
#include "compile/cond_parse.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/name.h"
#include "compile/parse.h"

static const char *const roots[] = {	/* same order as enum pol_root */
	"subject", "resource", "action", "context", "token", "actor",
};

void
pol_lex_init(struct pol_lexer *l, struct ast_set *set, const struct pol_node *source)
{
	size_t i = 0, step;

	memset(l, 0, sizeof(*l));
	l->set = set;
	l->source = source;
	l->text = source->u.text;
	while (i < source->count) {
		step = pol_parse_space(l->text + i, source->count - i);
		i += step > 0 ? step : 1;
		if (step == 0)
			l->len = i;
	}
}

int
pol_lex_fail(const struct pol_lexer *l, size_t at, const char *fmt, ...)
{
	struct pol_node where = *l->source;
	char why[768];
	va_list ap;
	size_t i;

	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	if (where.exact) {
		where.column += where.plain ? 0 : 1;
		for (i = 0; i < at && i < l->source->count; i++)
			where.column += ((unsigned char)l->text[i] & 0xc0u) != 0x80u;
	}
	return pol_set_fail(l->set, &where, "condition `%.*s`: %s", POL_SHOW(l->source), why);
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
begins_name(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static bool
in_name(char c)
{
	return begins_name(c) || is_digit(c) || c == '-';
}

static size_t
scan_number(const char *s, size_t len)
{
	size_t i = len > 0 && s[0] == '-';

	if (i >= len || !is_digit(s[i]))
		return 0;
	while (i < len && is_digit(s[i]))
		i++;
	if (i + 1 < len && s[i] == '.' && is_digit(s[i + 1]))
		for (i++; i < len && is_digit(s[i]); i++)
			continue;
	/* 1.2.3, 5x and 1e3 are no numbers that something follows */
	return i < len && (s[i] == '.' || begins_name(s[i])) ? 0 : i;
}

static size_t
scan_text(const char *s, size_t len)
{
	size_t i;

	if (s[0] != '"')
		return 0;
	for (i = 1; i < len; i++) {
		if (s[i] == '"')
			return i + 1;
		if (s[i] == '\\')
			i++;
	}
	return 0;
}

static size_t
scan_op(const char *s, size_t len)
{
	if (len > 1 && s[1] == '=' && memchr("=!<>", s[0], 4) != NULL)
		return 2;
	return memchr("<>()[],", s[0], 7) != NULL;
}

static size_t
scan_word(const char *s, size_t len)
{
	size_t i = 0;

	if (!begins_name(s[0]))
		return 0;
	for (;;) {
		while (i < len && in_name(s[i]))
			i++;
		if (i + 1 >= len || s[i] != '.' || !begins_name(s[i + 1]))
			return i;
		i++;
	}
}

static const struct {
	enum pol_token_kind kind;
	size_t (*scan)(const char *s, size_t len);
} scanners[] = {
	{ POL_TOKEN_NUM, scan_number }, { POL_TOKEN_STR, scan_text },
	{ POL_TOKEN_OP, scan_op }, { POL_TOKEN_WORD, scan_word },
};

static const struct {
	char c;
	const char *hint;
} hints[] = {
	{ '\'', "write the text in double quotes, as in \"x\"" }, { '"', "a text without its closing \"" },
	{ '&', "write `and`" }, { '|', "write `or`" }, { '!', "write `not`" },
	{ '=', "write `==`" }, { '.', "a path is written subject.name, a number with digits on both sides" },
	{ '{', "a list is written [1, 2]" }, { '-', "a number is written -1" },
};

static int
bad_character(const struct pol_lexer *l)
{
	const char *s = l->text + l->at;
	size_t i, n = 1;

	if (is_digit(*s) || (*s == '-' && l->at + 1 < l->len && is_digit(s[1]))) {
		while (l->at + n < l->len && (in_name(s[n]) || s[n] == '.'))
			n++;
		return pol_lex_fail(l, l->at, "bad character: %.*s is no number; digits, with an optional minus sign and decimal part, are wanted",
		    pol_set_show(s, n), s);
	}
	while (l->at + n < l->len && ((unsigned char)s[n] & 0xc0u) == 0x80u)
		n++;
	for (i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (*s == hints[i].c)
			return pol_lex_fail(l, l->at, "bad character %.*s; %s", (int)n, s, hints[i].hint);
	return pol_lex_fail(l, l->at, "bad character %.*s", (int)n, s);
}

int
pol_lex_next(struct pol_lexer *l)
{
	size_t i, n;

	l->end = l->token.s ? (size_t)(l->token.s - l->text) + l->token.len : 0;
	while (l->at < l->len && memchr(" \t\n\r\f\v", l->text[l->at], 6) != NULL)
		l->at++;
	l->token.kind = POL_TOKEN_END;
	l->token.s = l->text + l->at;
	l->token.len = 0;
	if (l->at >= l->len)
		return 0;
	for (i = 0; i < sizeof(scanners) / sizeof(scanners[0]); i++) {
		n = scanners[i].scan(l->token.s, l->len - l->at);
		if (n == 0)
			continue;
		l->token.kind = scanners[i].kind;
		l->token.len = n;
		l->at += n;
		return 0;
	}
	return bad_character(l);
}

bool
pol_lex_is(const struct pol_token *t, enum pol_token_kind kind, const char *word)
{
	return t->kind == kind && pol_bytes_equal(t->s, t->len, word, strlen(word));
}

bool
pol_lex_is_path(const char *s, size_t len, enum pol_root *root, size_t *names)
{
	const char *dot = memchr(s, '.', len);
	size_t i, head = dot ? (size_t)(dot - s) : 0;

	if (dot == NULL || scan_word(s, len) != len)
		return false;
	*names = 0;
	for (i = 0; i < len; i++)
		*names += s[i] == '.';
	for (i = 0; i < sizeof(roots) / sizeof(roots[0]); i++)
		if (pol_bytes_equal(s, head, roots[i], strlen(roots[i]))) {
			*root = (enum pol_root)i;
			return true;
		}
	return false;
}
