/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is told of a text that is no YAML. libyaml says what it stumbled over; the
 * mistakes of a first policy (a tab, an unquoted star, a bracket in a condition
 * inside { }) are told by their cause instead.
 */
#include "compile/yaml_error.h"

#include "base/err.h"
#include "base/name.h"

/* Length of the line break at s, 0 for none: YAML 1.1 knows five. */
static size_t
line_break(const char *s, size_t len)
{
	if (len == 0)
		return 0;
	if (s[0] == '\r')
		return len > 1 && s[1] == '\n' ? 2 : 1;
	if (s[0] == '\n')
		return 1;
	if (len > 1 && memcmp(s, "\xc2\x85", 2) == 0)
		return 2;
	if (len > 2 && (memcmp(s, "\xe2\x80\xa8", 3) == 0 || memcmp(s, "\xe2\x80\xa9", 3) == 0))
		return 3;
	return 0;
}

static int
fail_at_byte(struct ast_set *set, uint16_t file, const char *text, size_t at, const char *what)
{
	struct pol_node n = { .file = file, .line = 1, .column = 1 };
	size_t i = 0, step;

	while (i < at) {
		step = line_break(text + i, at - i);
		if (step > 0) {
			n.line++;
			n.column = 1;
			i += step;
			continue;
		}
		if (((unsigned char)text[i] & 0xc0u) != 0x80u)
			n.column++;
		i++;
	}
	return pol_set_fail(set, &n, "%s", what);
}

/*
 * %TAG lines cost libyaml a square, and tags are not allowed anyway: they can only
 * stand before the document, behind comments and other directives.
 */
static const char *
tag_directive(const char *s, size_t len)
{
	size_t i = 0, step;

	while (i < len) {
		step = line_break(s + i, len - i);
		if (step > 0) {
			i += step;
		} else if (s[i] == ' ' || s[i] == '\t') {
			i++;
		} else if (s[i] == '#' || s[i] == '%') {
			if (len - i > 4 && memcmp(s + i, "%TAG", 4) == 0)
				return s + i;
			while (i < len && line_break(s + i, len - i) == 0)
				i++;
		} else {
			return NULL;
		}
	}
	return NULL;
}

int
pol_yaml_check(struct ast_set *set, uint16_t file, const char **text, size_t *len)
{
	const char *s = *text, *found;
	size_t n = *len;
	long bad;

	if (n >= 2 && (memcmp(s, "\xff\xfe", 2) == 0 || memcmp(s, "\xfe\xff", 2) == 0))
		return fail_at_byte(set, file, s, 0, "the file is UTF-16: UTF-8 is wanted");
	if (n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0) {
		s += 3;
		n -= 3;
	}
	*text = s;
	*len = n;
	if (n == 0)
		return 0;
	found = memchr(s, 0, n);
	if (found != NULL)
		return fail_at_byte(set, file, s, (size_t)(found - s), "a NUL stands in the file: it is allowed nowhere");
	bad = pol_utf8_check(s, n);
	if (bad >= 0)
		return fail_at_byte(set, file, s, (size_t)bad, "a byte here is not UTF-8");
	found = tag_directive(s, n);
	if (found != NULL)
		return fail_at_byte(set, file, s, (size_t)(found - s), "a %TAG line: tags are not allowed");
	return 0;
}

/* The line `line` (from 0). */
static struct policy_text
line_of(const char *text, size_t len, size_t line)
{
	struct policy_text out = { text, 0 };
	size_t i = 0, step, at = 0;

	while (at < line && i < len) {
		step = line_break(text + i, len - i);
		i += step > 0 ? step : 1;
		at += step > 0;
	}
	out.data = text + i;
	while (i + out.len < len && line_break(out.data + out.len, len - i - out.len) == 0)
		out.len++;
	return out;
}

static bool
has(struct policy_text line, const char *word)
{
	size_t n = strlen(word), i;

	for (i = 0; i + n <= line.len; i++)
		if (memcmp(line.data + i, word, n) == 0)
			return true;
	return false;
}

/* The character at column `column` (from 0), 0 at the end of the line. */
static char
char_at(struct policy_text line, size_t column)
{
	size_t i, at = 0;

	for (i = 0; i < line.len; i++) {
		if (((unsigned char)line.data[i] & 0xc0u) == 0x80u)
			continue;
		if (at++ == column)
			return line.data[i];
	}
	return 0;
}

static bool
indented_by_tab(struct policy_text line)
{
	size_t i;

	for (i = 0; i < line.len && (line.data[i] == ' ' || line.data[i] == '\t'); i++)
		if (line.data[i] == '\t')
			return true;
	return false;
}

/* A condition that begins with a quote ends at the next: when: "a" in context.b */
static bool
begins_quoted(struct policy_text line)
{
	static const char *const words[] = { "when: \"", "unless: \"", "when: '", "unless: '", "when: [\"", "- \"", "- '" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (has(line, words[i]))
			return true;
	return false;
}

struct hint {
	const char *context;		/* begins libyaml's context */
	char at;			/* the character stumbled over; 0: any */
	const char *text;
};

static const struct hint hints[] = {
	{ "while scanning an alias", 0, POL_YAML_ALIAS },
	{ "while scanning an anchor", 0, POL_YAML_ANCHOR },
	{ "while scanning a tag", 0, POL_YAML_TAG },
	{ "while parsing a tag", 0, POL_YAML_TAG },
	{ "while parsing a node", 0, POL_YAML_TAG },
	{ "while scanning for the next token", '@', "a text may not begin with @ unless it is quoted" },
	{ "while scanning for the next token", '`', "a text may not begin with ` unless it is quoted" },
	{ "while scanning for the next token", '%', "a text may not begin with % unless it is quoted" },
};

static const struct {
	const char *problem, *advice;
} advices[] = {
	{ "mapping values are not allowed in this context", ": quote a text that holds a colon and a space, or look at the indentation" },
	{ "did not find expected key", ": look at the indentation of this line and the one before" },
	{ "found unexpected ':'", ": a colon behind a key wants a space" },
	{ "could not find expected ':'", ": a key and a colon are wanted" },
};

static const char *
find_advice(const yaml_parser_t *p)
{
	size_t i;

	for (i = 0; p->problem != NULL && i < sizeof(advices) / sizeof(advices[0]); i++)
		if (strcmp(p->problem, advices[i].problem) == 0)
			return advices[i].advice;
	return "";
}

static const char *
find_hint(const yaml_parser_t *p, struct policy_text line)
{
	const char *context = p->context ? p->context : "";
	char c = char_at(line, p->problem_mark.column);
	size_t i;

	if (indented_by_tab(line) && p->error == YAML_SCANNER_ERROR)
		return "a tab indents this line: indent with spaces";
	if (strncmp(context, "while parsing a block", 21) == 0 && begins_quoted(line))
		return "text stands behind a closing quote: quote the whole, as in '\"a\" in context.b'";
	if (strncmp(context, "while parsing a flow", 20) == 0 && (has(line, "when:") || has(line, "unless:")))
		return "a condition with brackets, braces or commas inside { }: quote the whole condition, or write the entry in block form";
	if (strncmp(context, "while parsing a node", 20) == 0 &&
	    (p->problem == NULL || strstr(p->problem, "undefined tag") == NULL))
		return NULL;
	for (i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (strncmp(context, hints[i].context, strlen(hints[i].context)) == 0 &&
		    (hints[i].at == 0 || hints[i].at == c))
			return hints[i].text;
	return NULL;
}

/* libyaml stumbles behind the character that was not meant as one. */
static bool
scans_indicator(const char *context)
{
	static const char *const begins[] = { "while scanning an alias", "while scanning an anchor", "while scanning a tag", "while parsing a tag" };
	size_t i;

	for (i = 0; context != NULL && i < sizeof(begins) / sizeof(begins[0]); i++)
		if (strncmp(context, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

int
pol_yaml_fail(struct ast_set *set, uint16_t file, const yaml_parser_t *p,
    const char *text, size_t len)
{
	struct pol_node n = { .file = file };
	const char *hint;

	if (p->error == YAML_MEMORY_ERROR)
		return pol_set_nomem(set);
	if (p->error == YAML_READER_ERROR)
		return fail_at_byte(set, file, text, p->problem_offset < len ? p->problem_offset : len,
		    "a control character stands here: texts hold printable characters, tabs and line breaks");
	hint = find_hint(p, line_of(text, len, p->problem_mark.line));
	n.line = (uint32_t)p->problem_mark.line + 1;
	n.column = (uint32_t)p->problem_mark.column + 1;
	if (hint != NULL && scans_indicator(p->context)) {
		n.line = (uint32_t)p->context_mark.line + 1;	/* the character itself, not what follows */
		n.column = (uint32_t)p->context_mark.column + 1;
	}
	if (hint != NULL)
		return pol_set_fail(set, &n, "%s", hint);
	if (p->context != NULL && p->context_mark.line != p->problem_mark.line)
		return pol_set_fail(set, &n, "%s (%s that begins at line %lu)%s", p->problem, p->context,
		    (unsigned long)p->context_mark.line + 1, find_advice(p));
	return pol_set_fail(set, &n, "%s%s%s%s%s", p->problem ? p->problem : "this is no YAML",
	    p->context ? " (" : "", p->context ? p->context : "", p->context ? ")" : "", find_advice(p));
}
