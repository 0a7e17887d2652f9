/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plain part of YAML: mappings and sequences in blocks indented with spaces and
 * in flows, scalars of one line. libyaml makes events of tokens of characters that
 * it has copied; here a line is walked once. What may mean anything else than it
 * seems to is not looked into: then libyaml reads the whole text.
 */
#include "compile/yaml_plain.h"

#include <string.h>

#include "compile/yaml_scan.h"

#define DEPTH 64u
#define KEY_BYTES 1000			/* libyaml wants a key's colon within 1024 characters */

struct level {
	bool map, flow;
	bool due;			/* a value or an item, behind what `at` is */
	uint32_t column;		/* of a block */
	struct pol_tree_at at;
};

struct plain {
	struct pol_tree *tree;
	struct pol_scan s;
	struct level levels[DEPTH];
	size_t depth;
	bool seen;			/* the root */
};

static struct level *
top(struct plain *y)
{
	return y->depth > 0 ? &y->levels[y->depth - 1] : NULL;
}

static int
answer(int rc)
{
	return rc == 0 || rc == POLICY_ERR_NOMEM ? rc : POL_PLAIN_UNSURE;
}

static int
open_level(struct plain *y, struct pol_tree_at at, bool map, bool flow)
{
	if (y->depth == DEPTH)
		return POL_PLAIN_UNSURE;
	if (y->depth > 0)
		y->levels[y->depth - 1].due = false;
	y->seen = true;
	y->levels[y->depth++] = (struct level){ .map = map, .flow = flow, .column = at.column };
	return answer(pol_tree_begin(y->tree, at, map));
}

/* Nothing where a value or an item was due. */
static int
put_nothing(struct plain *y, struct pol_tree_at at)
{
	struct pol_tree_scalar none = { "", 0, at, true, true };

	top(y)->due = false;
	return answer(pol_tree_scalar(y->tree, &none));
}

static int
put_scalar(struct plain *y, const struct pol_tree_scalar *x)
{
	top(y)->due = false;
	return answer(pol_tree_scalar(y->tree, x));
}

static int
close_level(struct plain *y)
{
	struct level *l = top(y);
	int rc = !l->flow && l->due ? put_nothing(y, l->at) : 0;

	y->depth--;
	return rc != 0 ? rc : answer(pol_tree_end(y->tree));
}

/* ---- flows ---- */

/* The colon behind a key that began at `from`. */
static bool
take_colon(struct plain *y, const struct pol_tree_scalar *x, const char *from)
{
	pol_scan_spaces(&y->s);
	if (y->s.p == y->s.end || *y->s.p != ':' || y->s.p - from > KEY_BYTES)
		return false;
	y->s.p++;
	return !x->plain || pol_scan_blank(&y->s, y->s.p);
}

/* A key with its colon, a value or an item. */
static int
flow_scalar(struct plain *y, bool key)
{
	const char *from = y->s.p;
	struct pol_tree_scalar x;
	enum pol_scan_end end = pol_scan_scalar(&y->s, &x, true);
	int rc;

	if (end == POL_SCAN_NOMEM)
		return POLICY_ERR_NOMEM;
	if (end == POL_SCAN_UNSURE || (key && (end == POL_SCAN_LINE || !take_colon(y, &x, from))))
		return POL_PLAIN_UNSURE;
	rc = put_scalar(y, &x);
	top(y)->due = key;
	return rc;
}

/* Where an item, a key or a value is wanted. *done: one is complete. */
static int
flow_wanted(struct plain *y, bool *done)
{
	bool key = top(y)->map && !top(y)->due;
	struct pol_tree_at at = pol_scan_at(&y->s);
	char c = *y->s.p;

	*done = !key;
	if (top(y)->due && (c == ',' || c == '}'))
		return put_nothing(y, at);
	if (c != '[' && c != '{')
		return flow_scalar(y, key);
	if (key)
		return POL_PLAIN_UNSURE;
	*done = false;
	y->s.p++;
	return open_level(y, at, c == '{', true);
}

/* From its bracket to behind the one that closes it. */
static int
flow(struct plain *y)
{
	size_t base = y->depth;
	bool done = false;		/* an item or a pair */
	int rc = open_level(y, pol_scan_at(&y->s), *y->s.p == '{', true);

	y->s.p++;
	while (rc == 0 && y->depth > base) {
		char c;

		if (!pol_scan_lines(&y->s) || y->s.p == y->s.end)
			return POL_PLAIN_UNSURE;
		c = *y->s.p;
		if (!top(y)->due && c == (top(y)->map ? '}' : ']')) {
			y->s.p++;
			rc = close_level(y);
			done = true;
		} else if (done && c == ',') {
			y->s.p++;
			done = false;
		} else {
			rc = done ? POL_PLAIN_UNSURE : flow_wanted(y, &done);
		}
	}
	return rc;
}

/* ---- blocks ---- */

/* A plain scalar would go on in a line that is indented more than the block it stands in. */
static int
block_goes_on(struct plain *y)
{
	if (!pol_scan_lines(&y->s))
		return POL_PLAIN_UNSURE;
	if (y->s.p < y->s.end && pol_scan_column(&y->s) > top(y)->column)
		return POL_PLAIN_UNSURE;
	return 0;
}

/* A value that is a text; its line must end behind it. */
static int
block_scalar(struct plain *y, const struct pol_tree_scalar *x, enum pol_scan_end end)
{
	int rc;

	if (y->depth == 0 || !top(y)->due)
		return POL_PLAIN_UNSURE;
	rc = put_scalar(y, x);
	if (rc != 0)
		return rc;
	if (end == POL_SCAN_LINE)
		return block_goes_on(y);
	return pol_scan_rest(&y->s) ? 0 : POL_PLAIN_UNSURE;
}

static int
block_flow(struct plain *y)
{
	int rc;

	if (y->depth > 0 ? !top(y)->due : y->seen)
		return POL_PLAIN_UNSURE;
	rc = flow(y);
	return rc == 0 && !pol_scan_rest(&y->s) ? POL_PLAIN_UNSURE : rc;
}

/* A text behind | or >. */
static int
block_lines(struct plain *y)
{
	struct pol_tree_scalar x;
	enum pol_scan_end end = pol_scan_block(&y->s, &x, top(y)->column);

	if (end != POL_SCAN_HERE)
		return end == POL_SCAN_NOMEM ? POLICY_ERR_NOMEM : POL_PLAIN_UNSURE;
	return put_scalar(y, &x);
}

static bool
at_end_of_line(struct plain *y)
{
	pol_scan_spaces(&y->s);
	return y->s.p == y->s.end || *y->s.p == '\n' || *y->s.p == '#';
}

/* What stands behind a key, on its line. */
static int
block_value(struct plain *y)
{
	struct pol_tree_scalar x;
	enum pol_scan_end end;

	if (at_end_of_line(y))
		return pol_scan_rest(&y->s) ? 0 : POL_PLAIN_UNSURE;
	if (*y->s.p == '[' || *y->s.p == '{')
		return block_flow(y);
	if (*y->s.p == '|' || *y->s.p == '>')
		return block_lines(y);
	end = pol_scan_scalar(&y->s, &x, false);
	if (end == POL_SCAN_UNSURE || end == POL_SCAN_NOMEM)
		return end == POL_SCAN_NOMEM ? POLICY_ERR_NOMEM : POL_PLAIN_UNSURE;
	return block_scalar(y, &x, end);
}

/* The level for what begins at `at`: the one that stands there, or a new one. */
static int
enter(struct plain *y, struct pol_tree_at at, bool map)
{
	struct level *l = top(y);

	if (l == NULL)
		return y->seen ? POL_PLAIN_UNSURE : open_level(y, at, map, false);
	if (l->column == at.column && l->map == map)
		return l->due ? put_nothing(y, l->at) : 0;
	/* a sequence may stand right below the key it belongs to */
	if (!l->due || (l->column == at.column && map))
		return POL_PLAIN_UNSURE;
	return open_level(y, at, map, false);
}

static void
now_due(struct plain *y)
{
	top(y)->due = true;
	top(y)->at = pol_scan_at(&y->s);
}

/* A key with its value, or a value alone. */
static int
block_text(struct plain *y)
{
	const char *from = y->s.p;
	struct pol_tree_scalar x;
	enum pol_scan_end end = pol_scan_scalar(&y->s, &x, false);
	int rc;

	if (end == POL_SCAN_UNSURE || end == POL_SCAN_NOMEM)
		return end == POL_SCAN_NOMEM ? POLICY_ERR_NOMEM : POL_PLAIN_UNSURE;
	if (end == POL_SCAN_HERE)
		pol_scan_spaces(&y->s);
	if (end == POL_SCAN_LINE || y->s.p == y->s.end || *y->s.p != ':') {
		if (y->depth > 0 && x.at.column <= top(y)->column)
			return POL_PLAIN_UNSURE;
		return block_scalar(y, &x, end);
	}
	if (!take_colon(y, &x, from) || !pol_scan_blank(&y->s, y->s.p))
		return POL_PLAIN_UNSURE;
	rc = enter(y, x.at, true);
	if (rc == 0)
		rc = put_scalar(y, &x);
	if (rc != 0)
		return rc;
	now_due(y);
	return block_value(y);
}

/* Closes the blocks that a line at this column is not in. */
static int
leave(struct plain *y, uint32_t column, bool dash)
{
	int rc = 0;

	while (rc == 0 && y->depth > 0) {
		const struct level *l = top(y);
		bool below_key = y->depth > 1 && !l->map && l[-1].map && l[-1].column == l->column;

		if (l->column < column || (l->column == column && !(below_key && !dash)))
			break;
		rc = close_level(y);
	}
	return rc;
}

/* From the first character of a line that is no space. */
static int
block(struct plain *y)
{
	bool dash = *y->s.p == '-' && pol_scan_blank(&y->s, y->s.p + 1);
	int rc = leave(y, pol_scan_column(&y->s), dash);

	while (rc == 0 && dash) {
		rc = enter(y, pol_scan_at(&y->s), false);
		if (rc != 0)
			return rc;
		y->s.p++;
		now_due(y);
		if (at_end_of_line(y))
			return pol_scan_rest(&y->s) ? 0 : POL_PLAIN_UNSURE;
		dash = *y->s.p == '-' && pol_scan_blank(&y->s, y->s.p + 1);
	}
	if (rc != 0)
		return rc;
	if (*y->s.p == '[' || *y->s.p == '{') {
		if (y->depth > 0 && pol_scan_column(&y->s) <= top(y)->column)
			return POL_PLAIN_UNSURE;
		return block_flow(y);
	}
	return block_text(y);
}

/* A first line `---` says nothing. */
static bool
begin(struct plain *y)
{
	if (!pol_scan_lines(&y->s))
		return false;
	if (y->s.end - y->s.p < 4 || y->s.p != y->s.first || memcmp(y->s.p, "---\n", 4) != 0)
		return true;
	y->s.p += 3;
	return true;
}

static int
read_all(struct plain *y)
{
	const char *text = y->s.p;
	int rc = begin(y) ? 0 : POL_PLAIN_UNSURE;

	while (rc == 0) {
		if (!pol_scan_lines(&y->s))
			return POL_PLAIN_UNSURE;
		if (y->s.p == y->s.end)
			break;
		rc = block(y);
		pol_tree_tell(y->tree, (size_t)(y->s.p - text));
	}
	while (rc == 0 && y->depth > 0)
		rc = close_level(y);
	return rc == 0 && y->tree->n != 1 ? POL_PLAIN_UNSURE : rc;
}

int
pol_plain_read(struct pol_tree *t, const char *text, size_t len)
{
	struct plain y = { .tree = t, .s = { .p = text, .end = text + len, .first = text, .line = 1 } };
	int rc;

	pol_buf_init(&y.s.buf);
	rc = read_all(&y);
	pol_buf_fini(&y.s.buf);
	return rc;
}
