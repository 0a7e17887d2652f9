/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch has three objects an item: a reader that makes a hash table of each costs more
 * than all the decisions. Names of small objects are compared with each other, those of
 * large ones sorted, so that no request can make this slow.
 */
#include "daemon/tape.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/tape_text.h"

#define FEW 16u				/* names of an object that are compared one by one */

struct reader {
	struct pol_tape *tape;
	const char *at, *end;
	unsigned depth;
	const char *why;
};

static struct pol_tape_node *
add_slow(struct reader *r)
{
	struct pol_tape *t = r->tape;
	struct pol_tape_node *old = t->nodes == t->first ? NULL : t->nodes, *p;

	p = reallocarray(old, t->room * 2, sizeof(*p));
	if (p == NULL) {
		r->why = "out of memory";
		return NULL;
	}
	if (old == NULL)
		memcpy(p, t->first, sizeof(t->first));
	t->nodes = p;
	t->room *= 2;
	return &p[t->count++];
}

static inline struct pol_tape_node *
add(struct reader *r)
{
	struct pol_tape *t = r->tape;

	return t->count < t->room ? &t->nodes[t->count++] : add_slow(r);
}

static inline bool
bad(struct reader *r, const char *why)
{
	if (r->why == NULL)
		r->why = why;
	return false;
}

static inline void
skip_space(struct reader *r)
{
	while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t'))
		r->at++;
}

/* The next byte that is no space; 0 at the end. */
static inline char
peek(struct reader *r)
{
	skip_space(r);
	return r->at < r->end ? *r->at : '\0';
}

static bool
read_text(struct reader *r)
{
	struct pol_tape_node *n = add(r);
	struct pol_tape_text text;

	if (n == NULL)
		return false;
	if (!pol_tape_text(&text, r->tape, &r->at, r->end, &r->why))
		return false;
	n->kind = POL_TAPE_TEXT;
	n->len = text.len;
	n->u.text = text.data;
	return true;
}

static bool
is_digit(const struct reader *r)
{
	return r->at < r->end && *r->at >= '0' && *r->at <= '9';
}

/* Digits, one at least. */
static bool
skip_digits(struct reader *r)
{
	if (!is_digit(r))
		return bad(r, "a number that is none: a digit is wanted");
	while (is_digit(r))
		r->at++;
	return true;
}

static bool
skip_number(struct reader *r, bool *real)
{
	if (r->at < r->end && *r->at == '-')
		r->at++;
	if (r->at < r->end && *r->at == '0')
		r->at++;
	else if (!skip_digits(r))
		return false;
	if (r->at < r->end && *r->at == '.') {
		*real = true;
		r->at++;
		if (!skip_digits(r))
			return false;
	}
	if (r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
		*real = true;
		r->at++;
		if (r->at < r->end && (*r->at == '+' || *r->at == '-'))
			r->at++;
		return skip_digits(r);
	}
	return true;
}

static bool
read_number(struct reader *r)
{
	char digits[POL_TAPE_NUMBER + 1];
	const char *start = r->at;
	struct pol_tape_node *n;
	bool real = false;

	if (!skip_number(r, &real))
		return false;
	if (r->at - start > POL_TAPE_NUMBER)
		return bad(r, "a number longer than 128 bytes");
	memcpy(digits, start, (size_t)(r->at - start));
	digits[r->at - start] = '\0';
	n = add(r);
	if (n == NULL)
		return false;
	n->len = 0;
	errno = 0;
	if (real) {
		n->kind = POL_TAPE_REAL;
		n->u.real = strtod(digits, NULL);
		return isfinite(n->u.real) ? true : bad(r, "a number too large");
	}
	n->kind = POL_TAPE_INT;
	n->u.integer = strtoll(digits, NULL, 10);
	return errno == 0 ? true : bad(r, "an integer beyond 64 bits");
}

static bool
read_word(struct reader *r)
{
	static const struct { const char *word; size_t len; uint32_t kind; } words[] = {
		{ "true", 4, POL_TAPE_TRUE }, { "false", 5, POL_TAPE_FALSE }, { "null", 4, POL_TAPE_NULL },
	};
	struct pol_tape_node *n;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if ((size_t)(r->end - r->at) < words[i].len || memcmp(r->at, words[i].word, words[i].len) != 0)
			continue;
		r->at += words[i].len;
		n = add(r);
		if (n != NULL)
			*n = (struct pol_tape_node){ .kind = words[i].kind };
		return n != NULL;
	}
	return bad(r, r->at < r->end ? "no value begins so" : "the text ends where a value is wanted");
}

/* ---- names ---- */

static int
by_name(const void *left, const void *right)
{
	const struct pol_tape_node *a = left, *b = right;

	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return memcmp(a->u.text, b->u.text, a->len);
}

static bool
check_many(struct reader *r, size_t object, size_t count)
{
	struct pol_tape_node *names = reallocarray(NULL, count, sizeof(*names));
	size_t at = object + 1;
	bool twice = false;

	if (names == NULL)
		return bad(r, "out of memory");
	for (size_t i = 0; i < count; i++) {
		names[i] = r->tape->nodes[at];
		at = pol_tape_next(r->tape, at + 1);
	}
	qsort(names, count, sizeof(*names), by_name);
	for (size_t i = 1; i < count; i++)
		twice |= by_name(&names[i - 1], &names[i]) == 0;
	free(names);
	return twice ? bad(r, "a name stands twice in an object") : true;
}

/* Is the name that stands last one of `count` before it? */
static inline bool
is_new(struct reader *r, const size_t *names, size_t count)
{
	const struct pol_tape_node *n = &r->tape->nodes[r->tape->count - 1];

	for (size_t i = 0; i < count; i++) {
		const struct pol_tape_node *o = &r->tape->nodes[names[i]];

		if (o->len == n->len && memcmp(o->u.text, n->u.text, n->len) == 0)
			return bad(r, "a name stands twice in an object");
	}
	return true;
}

static bool
read_name(struct reader *r, size_t *names, size_t count)
{
	const struct pol_tape_node *n;

	if (peek(r) != '"')
		return bad(r, "the name of a member is wanted, in quotes");
	if (!read_text(r))
		return false;
	n = &r->tape->nodes[r->tape->count - 1];
	if (memchr(n->u.text, '\0', n->len) != NULL)
		return bad(r, "a NUL in a name");
	if (count < FEW) {
		if (!is_new(r, names, count))
			return false;
		names[count] = r->tape->count - 1;
	}
	if (peek(r) != ':')
		return bad(r, "':' is wanted behind a name");
	r->at++;
	return true;
}

/* ---- values ---- */

static bool read_value(struct reader *r);

/* Behind a value: another one follows, or the list or object ends. */
static inline bool
go_on(struct reader *r, char close, bool *more)
{
	char c = peek(r);

	*more = c == ',';
	if (c != ',' && c != close)
		return bad(r, close == '}' ? "',' or '}' is wanted" : "',' or ']' is wanted");
	r->at++;
	return true;
}

static bool
read_object(struct reader *r, size_t at)
{
	size_t names[FEW];
	uint32_t count = 0;
	bool more = true;

	r->at++;
	if (peek(r) == '}') {
		r->at++;
		more = false;
	}
	while (more) {
		if (!read_name(r, names, count) || !read_value(r) || !go_on(r, '}', &more))
			return false;
		count++;
	}
	r->tape->nodes[at] = (struct pol_tape_node){ .kind = POL_TAPE_OBJECT, .len = count, .u.next = r->tape->count };
	return count <= FEW || check_many(r, at, count);
}

static bool
read_list(struct reader *r, size_t at)
{
	uint32_t count = 0;
	bool more = true;

	r->at++;
	if (peek(r) == ']') {
		r->at++;
		more = false;
	}
	while (more) {
		if (!read_value(r) || !go_on(r, ']', &more))
			return false;
		count++;
	}
	r->tape->nodes[at] = (struct pol_tape_node){ .kind = POL_TAPE_LIST, .len = count, .u.next = r->tape->count };
	return true;
}

static bool
read_value(struct reader *r)
{
	char c = peek(r);
	bool good;

	if (c == '"')
		return read_text(r);
	if (c == '-' || (c >= '0' && c <= '9'))
		return read_number(r);
	if (c != '{' && c != '[')
		return read_word(r);
	if (r->depth == POL_TAPE_DEPTH)
		return bad(r, "nested deeper than 64");
	if (add(r) == NULL)
		return false;
	r->depth++;
	good = c == '{' ? read_object(r, r->tape->count - 1) : read_list(r, r->tape->count - 1);
	r->depth--;
	return good;
}

const char *
pol_tape_read(struct pol_tape *t, const char *text, size_t len, size_t *at)
{
	struct reader r = { t, text, text + len, 0, NULL };

	t->count = 0;
	if (len > UINT32_MAX)
		bad(&r, "longer than 4 GiB");
	else if (read_value(&r) && peek(&r) != '\0')
		bad(&r, "something stands behind the value");
	else if (r.why == NULL && r.at < r.end)
		bad(&r, "a NUL byte");
	*at = (size_t)(r.at - text);
	return r.why;
}
