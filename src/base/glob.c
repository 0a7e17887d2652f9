/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Globs over bytes, in bounded time.  Must never recurse, allocate or try again
 * what it has tried.
 *
 * A glob falls into groups at each `**`, a group into segments at each separator
 * among its literals, a segment into runs at each `*`.  Only `**` crosses a
 * separator, so a group's segments meet neighbouring segments of the text, one
 * to one, and inside one segment the leftmost place for each run is the best.
 * For a group the first place that ends soonest is the best, because `**`
 * behind it swallows anything.  So each run meets each place of the text at most
 * once: the cost is at most runs * (len + 1) comparisons of a run, and there are
 * as many runs as pieces and separators among their literals.
 */
#include "base/glob.h"

#include <string.h>

#ifndef POL_GLOB_STEP			/* the unit test counts comparisons here */
#define POL_GLOB_STEP() ((void)0)
#endif

/* The pieces of one group, all but the first without STAR_ANY. */
struct group {
	const struct pol_glob_piece *p;
	size_t n;
	char separator;
	uint32_t *left;			/* of the caller's budget; NULL: no bound */
	bool floats;			/* `**` or `*` before it */
	bool open;			/* `**` behind it: need not reach the end */
};

/* A place among the literals of a group. */
struct place {
	size_t piece;
	uint32_t offset;
};

enum stop { STOP_SEPARATOR, STOP_STAR, STOP_END };

struct run {
	struct place from, after;
	size_t len;
	enum stop stop;
};

int
pol_glob_parse(const char *glob, size_t len,
    struct pol_glob_piece pieces[POL_GLOB_MAX_PIECES], size_t *n)
{
	struct pol_glob_piece *p = NULL;
	size_t i = 0, stars;
	bool literal;

	*n = 0;
	if (len > UINT32_MAX)
		return -1;
	while (i < len) {
		for (stars = 0; i < len && glob[i] == '*'; i++)
			stars++;
		literal = stars == 0 && glob[i] == '\\' && i + 1 < len;
		/* An escape opens a piece: its backslash is no part of it. */
		if (p == NULL || stars > 0 || (literal && p->len > 0)) {
			if (*n == POL_GLOB_MAX_PIECES)
				return -1;
			p = &pieces[(*n)++];
			p->len = 0;
			p->star = stars == 0 ? POL_STAR_NONE : stars == 1 ? POL_STAR_SEGMENT : POL_STAR_ANY;
			p->data = glob + i;
		}
		if (stars > 0)
			continue;
		if (literal)
			p->data = glob + ++i;
		p->len++;
		i++;
	}
	return 0;
}

/* False when the budget is used up: then nothing matches any more. */
static bool
spend(const struct group *g, size_t bytes)
{
	size_t cost = 1 + bytes / 64;

	if (g->left == NULL)
		return true;
	*g->left = *g->left > cost ? *g->left - (uint32_t)cost : 0;
	return *g->left != 0;
}

static struct run
read_run(const struct group *g, struct place at)
{
	struct run r = { .from = at, .after = at, .len = 0, .stop = STOP_END };

	for (;;) {
		const struct pol_glob_piece *p = &g->p[r.after.piece];
		size_t left = p->len - r.after.offset;

		if (left > 0) {
			const char *data = p->data + r.after.offset;
			const char *hit = memchr(data, g->separator, left);

			if (hit != NULL) {
				r.len += (size_t)(hit - data);
				r.after.offset += (uint32_t)(hit - data) + 1;
				r.stop = STOP_SEPARATOR;
				return r;
			}
			r.len += left;
		}
		r.after.piece++;
		r.after.offset = 0;
		if (r.after.piece == g->n)
			return r;
		if (g->p[r.after.piece].star != POL_STAR_NONE) {
			r.stop = STOP_STAR;
			return r;
		}
	}
}

/* Does the run stand at s?  r->len bytes are there. */
static bool
run_is(const struct group *g, const struct run *r, const char *s)
{
	struct place at = r->from;
	size_t left = r->len, n;

	if (!spend(g, left))
		return false;
	for (; left > 0; left -= n, at.piece++, at.offset = 0) {
		const struct pol_glob_piece *p = &g->p[at.piece];

		n = p->len - at.offset;
		if (n > left)
			n = left;
		if (n == 0)
			continue;
		POL_GLOB_STEP();
		if (memcmp(p->data + at.offset, s, n) != 0)
			return false;
		s += n;
	}
	return true;
}

/* Its first byte; the run is not empty. */
static char
run_first(const struct group *g, const struct run *r)
{
	struct place at = r->from;

	while (at.offset == g->p[at.piece].len) {
		at.piece++;
		at.offset = 0;
	}
	return g->p[at.piece].data[at.offset];
}

/* The leftmost place of the run in [s, end), NULL if there is none. */
static const char *
run_find(const struct group *g, const struct run *r, const char *s, const char *end)
{
	char first;

	if (r->len == 0)
		return s;
	first = run_first(g, r);
	while (spend(g, 0) && (size_t)(end - s) >= r->len) {
		s = memchr(s, first, (size_t)(end - s) - r->len + 1);
		if (s == NULL || run_is(g, r, s))
			return s;
		s++;
	}
	return NULL;
}

/*
 * One segment of the group, from *at, against one of the text, [*s, end).  On
 * success *at is behind it, *s where the match ends, *more whether a separator
 * follows in the group.
 */
static bool
match_segment(const struct group *g, struct place *at, bool floats,
    const char **s, const char *end, bool *more)
{
	for (;;) {
		struct run r = read_run(g, *at);
		size_t left = (size_t)(end - *s);

		if (r.len > left)
			return false;
		if (r.stop == STOP_SEPARATOR || (r.stop == STOP_END && !g->open)) {
			if (!floats && r.len != left)
				return false;
			*s = end - r.len;
			if (!run_is(g, &r, *s))
				return false;
		} else if (floats) {
			*s = run_find(g, &r, *s, end);
			if (*s == NULL)
				return false;
		} else if (!run_is(g, &r, *s)) {
			return false;
		}
		*s += r.len;
		*at = r.after;
		*more = r.stop == STOP_SEPARATOR;
		if (r.stop != STOP_STAR)
			return true;
		floats = true;
	}
}

static const char *
segment_end(const struct group *g, const char *s, const char *end)
{
	const char *hit = s == end ? NULL : memchr(s, g->separator, (size_t)(end - s));

	if (hit == NULL)
		hit = end;
	/* used up: the search ends at the text's end */
	return spend(g, (size_t)(hit - s)) ? hit : end;
}

/* The whole group, its first segment in the text's segment at s.  Where the
 * match ends, or NULL. */
static const char *
match_group(const struct group *g, const char *s, const char *end)
{
	struct place at = { 0, 0 };
	bool floats = g->floats, more;

	for (;;) {
		const char *stop = segment_end(g, s, end);

		if (!match_segment(g, &at, floats, &s, stop, &more))
			return NULL;
		if (!more)
			return g->open || stop == end ? s : NULL;
		if (stop == end)
			return NULL;
		s = stop + 1;
		floats = false;
	}
}

/* The last group must reach the end: it has as many segments as the text's
 * tail, and one place to stand. */
static const char *
last_place(const struct group *g, const char *s, const char *end)
{
	size_t wanted = 1;

	for (size_t i = 0; i < g->n; i++)
		for (uint32_t k = 0; k < g->p[i].len; k++)
			wanted += g->p[i].data[k] == g->separator;
	for (; end > s; end--)
		if (end[-1] == g->separator && --wanted == 0)
			return end;
	return wanted == 1 ? s : NULL;
}

/* A group behind `**`: the place in [s, end) that ends soonest. */
static const char *
find_group(const struct group *g, const char *s, const char *end)
{
	const char *done;

	if (!g->open) {
		s = last_place(g, s, end);
		return s == NULL ? NULL : match_group(g, s, end);
	}
	for (;;) {
		done = match_group(g, s, end);
		if (done != NULL)
			return done;
		s = segment_end(g, s, end);
		if (s == end)
			return NULL;
		s++;
	}
}

bool
pol_glob_match_pieces(const struct pol_glob_piece *p, size_t n,
    const char *s, size_t len, char separator, uint32_t *left)
{
	const char *end;

	if (len == 0)			/* absent and empty are the same here */
		s = "";
	end = s + len;
	if (n == 0)
		return len == 0;
	while (n > 0) {
		struct group g = { p, 1, separator, left, p->star != POL_STAR_NONE, false };

		while (g.n < n && p[g.n].star != POL_STAR_ANY)
			g.n++;
		g.open = g.n < n;
		s = p->star == POL_STAR_ANY ? find_group(&g, s, end) : match_group(&g, s, end);
		if (s == NULL)
			return false;
		p += g.n;
		n -= g.n;
	}
	return left == NULL || *left != 0;
}

bool
pol_glob_match(const char *glob, size_t glob_len, const char *s, size_t len, char separator,
    uint32_t *left)
{
	struct pol_glob_piece pieces[POL_GLOB_MAX_PIECES];
	size_t n;

	if (pol_glob_parse(glob, glob_len, pieces, &n) != 0)
		return false;
	return pol_glob_match_pieces(pieces, n, s, len, separator, left);
}

bool
pol_glob_has_star(const char *glob, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (glob[i] == '*')
			return true;
		if (glob[i] == '\\')
			i++;
	}
	return false;
}

bool
pol_glob_ends_stray(const char *glob, size_t len)
{
	size_t n = 0;

	while (n < len && glob[len - 1 - n] == '\\')
		n++;
	return n % 2 == 1;
}

size_t
pol_glob_unescape(const char *glob, size_t len, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (glob[i] == '\\' && i + 1 < len)
			i++;
		out[n++] = glob[i];
	}
	return n;
}
