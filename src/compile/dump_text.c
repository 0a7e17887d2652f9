/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scalars of the dump. Plain only where no reader of YAML could take it for
 * something else; in single quotes where that is enough; else escaped.
 */
#include <string.h>

#include "base/num.h"
#include "compile/dump.h"

static bool
is_word(const char *s, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(s, word, len) == 0;
}

/* Words that some reader of YAML takes for a boolean or for nothing. */
static bool
is_reserved(const char *s, size_t len)
{
	static const char *const words[] = { "true", "false", "null", "yes", "no", "on", "off", "y", "n" };
	char low[8];
	size_t i;

	if (len >= sizeof(low))
		return false;
	for (i = 0; i < len; i++)
		low[i] = s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] - 'A' + 'a') : s[i];
	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (is_word(low, len, words[i]))
			return true;
	return false;
}

static bool
is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

/* Begins with a letter, and holds nothing that YAML could trip over. */
static bool
is_plain(const char *s, size_t len)
{
	size_t i;

	if (len == 0 || !is_letter(s[0]) || is_reserved(s, len) || s[len - 1] == ':')
		return false;
	for (i = 1; i < len; i++)
		if (!is_letter(s[i]) && !(s[i] >= '0' && s[i] <= '9') && strchr("-./:*@+=", s[i]) == NULL)
			return false;
	return true;
}

/* One character from UTF-8 that was checked when it was read. */
static uint32_t
decode(const unsigned char *s, size_t left, size_t *n)
{
	uint32_t c = s[0];
	size_t i, more = c < 0xc0 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;

	if (more >= left)
		more = 0;
	if (more > 0)
		c &= 0x3fu >> more;
	for (i = 1; i <= more; i++)
		c = c << 6 | (s[i] & 0x3fu);
	*n = more + 1;
	return c;
}

/* What YAML does not let stand as it is, or takes for the end of a line. */
static bool
is_odd(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0xa0) || c == 0x2028 || c == 0x2029 ||
	    c == 0xfeff || c == 0xfffe || c == 0xffff;
}

static void
write_escaped(struct pol_buf *out, const char *s, size_t len)
{
	size_t i, n;

	pol_buf_append(out, "\"", 1);
	for (i = 0; i < len; i += n) {
		uint32_t c = decode((const unsigned char *)s + i, len - i, &n);

		if (c == '"' || c == '\\')
			pol_buf_printf(out, "\\%c", (char)c);
		else if (c == '\n')
			pol_buf_append(out, "\\n", 2);
		else if (c == '\t')
			pol_buf_append(out, "\\t", 2);
		else if (is_odd(c))
			pol_buf_printf(out, c < 0x100 ? "\\x%02X" : "\\u%04X", c);
		else
			pol_buf_append(out, s + i, n);
	}
	pol_buf_append(out, "\"", 1);
}

static bool
has_odd(const char *s, size_t len)
{
	size_t i, n;

	for (i = 0; i < len; i += n)
		if (is_odd(decode((const unsigned char *)s + i, len - i, &n)))
			return true;
	return false;
}

void
pol_dump_text(struct pol_buf *out, const char *s, size_t len)
{
	const char *quote;

	if (is_plain(s, len)) {
		pol_buf_append(out, s, len);
		return;
	}
	if (has_odd(s, len)) {
		write_escaped(out, s, len);
		return;
	}
	pol_buf_append(out, "'", 1);
	for (; len > 0 && (quote = memchr(s, '\'', len)) != NULL; len -= (size_t)(quote + 1 - s), s = quote + 1) {
		pol_buf_append(out, s, (size_t)(quote + 1 - s));
		pol_buf_append(out, "'", 1);
	}
	pol_buf_append(out, s, len);
	pol_buf_append(out, "'", 1);
}

static void
write_map(struct pol_dump *d, struct pol_buf *out, const struct pol_node *n)
{
	struct pol_dump_pieces p;
	uint32_t i;

	pol_dump_pieces_init(&p);
	for (i = 0; i < n->count; i++) {
		pol_dump_text(&p.text, n->u.items[2 * i].u.text, n->u.items[2 * i].count);
		pol_buf_append(&p.text, ": ", 2);
		pol_dump_node(d, &p.text, &n->u.items[2 * i + 1]);
		pol_dump_pieces_end(&p);
	}
	pol_buf_append(out, "{ ", 2);
	pol_dump_pieces_fini(d, &p, out, false, ", ");
	pol_buf_append(out, " }", 2);
}

/* Nested no deeper than YAML may be: recursion is safe. */
void
pol_dump_node(struct pol_dump *d, struct pol_buf *out, const struct pol_node *n)
{
	int64_t integer;
	double real;
	uint32_t i;

	switch ((enum pol_node_kind)n->kind) {
	case POL_NODE_NULL:
		pol_buf_append(out, "null", 4);
		break;
	case POL_NODE_SEQ:
		pol_buf_append(out, "[", 1);
		for (i = 0; i < n->count; i++) {
			if (i > 0)
				pol_buf_append(out, ", ", 2);
			pol_dump_node(d, out, &n->u.items[i]);
		}
		pol_buf_append(out, "]", 1);
		break;
	case POL_NODE_MAP:
		if (n->count == 0)
			pol_buf_append(out, "{}", 2);
		else
			write_map(d, out, n);
		break;
	case POL_NODE_SCALAR:
		if (n->plain && (is_word(n->u.text, n->count, "true") || is_word(n->u.text, n->count, "false") ||
		    pol_num_parse(n->u.text, n->count, &integer, &real) > 0))
			pol_buf_append(out, n->u.text, n->count);
		else
			pol_dump_text(out, n->u.text, n->count);
	}
}

/* White space between words is one space; inside a "text" it is as written. */
void
pol_dump_cond(struct pol_buf *out, const struct pol_node *n)
{
	bool in_text = false, gap = false;
	struct pol_buf b;
	uint32_t i;

	pol_buf_init(&b);
	for (i = 0; i < n->count; i++) {
		char c = n->u.text[i];

		if (!in_text && (c == ' ' || (c >= '\t' && c <= '\r'))) {
			gap = true;
			continue;
		}
		if (gap && b.len > 0)
			pol_buf_append(&b, " ", 1);
		gap = false;
		pol_buf_append(&b, &c, 1);
		if (c == '"')
			in_text = !in_text;
		else if (in_text && c == '\\' && i + 1 < n->count)
			pol_buf_append(&b, &n->u.text[++i], 1);
	}
	if (b.failed)
		out->failed = 1;
	else
		pol_dump_text(out, b.data == NULL ? "" : b.data, b.len);
	pol_buf_fini(&b);
}

void
pol_dump_indent(struct pol_buf *out, unsigned depth)
{
	while (depth-- > 0)
		pol_buf_append(out, "  ", 2);
}

void
pol_dump_line(struct pol_buf *out, unsigned depth, const char *key, const struct pol_node *n)
{
	pol_dump_indent(out, depth);
	pol_buf_printf(out, "%s: ", key);
	pol_dump_text(out, n->u.text, n->count);
	pol_buf_append(out, "\n", 1);
}

void
pol_dump_texts(struct pol_dump *d, struct pol_buf *out, unsigned depth,
    const char *key, const struct ast_texts *t)
{
	struct pol_dump_pieces p;
	size_t i;

	if (t->n == 0)
		return;
	pol_dump_pieces_init(&p);
	for (i = 0; i < t->n; i++) {
		pol_dump_text(&p.text, t->list[i].u.text, t->list[i].count);
		pol_dump_pieces_end(&p);
	}
	pol_dump_indent(out, depth);
	pol_buf_printf(out, "%s: [", key);
	pol_dump_pieces_fini(d, &p, out, true, ", ");
	pol_buf_append(out, "]\n", 2);
}

static void
write_conds(struct pol_dump *d, struct pol_buf *out, unsigned depth,
    const struct ast_conds *c, bool unless)
{
	struct pol_dump_pieces p;
	size_t i, n = 0;

	pol_dump_pieces_init(&p);
	for (i = 0; i < c->n; i++) {
		if (c->list[i].unless != unless)
			continue;
		pol_dump_cond(&p.text, c->list[i].source);
		pol_dump_pieces_end(&p);
		n++;
	}
	if (n > 0) {
		pol_dump_indent(out, depth);
		pol_buf_printf(out, n == 1 ? "%s: " : "%s: [", unless ? "unless" : "when");
	}
	pol_dump_pieces_fini(d, &p, out, true, ", ");
	if (n > 0)
		pol_buf_append(out, n == 1 ? "\n" : "]\n", n == 1 ? 1 : 2);
}

void
pol_dump_conds(struct pol_dump *d, struct pol_buf *out, unsigned depth, const struct ast_conds *c)
{
	write_conds(d, out, depth, c, false);
	write_conds(d, out, depth, c, true);
}
