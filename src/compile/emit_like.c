/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The right side of `like`: a glob in which {PATH} stands for that text, letter
 * for letter. Cut into pieces as base/glob.c cuts a glob; a piece that is a path
 * takes the star before it.
 */
#include <string.h>

#include "base/glob.h"
#include "compile/emit.h"

struct like {
	struct pol_emit *e;
	const struct pol_node *at;
	const struct policy_text *glob;
	struct pol_tpiece piece[POL_GLOB_MAX_PIECES];
	uint32_t n;
	uint32_t star;			/* before what comes next */
};

static int
add_piece(struct like *l, const struct pol_tpiece *p)
{
	if (l->n == POL_GLOB_MAX_PIECES)
		return pol_emit_text_fail(l->e, l->at, POLICY_ERR_LIMIT,
		    "the pattern \"%.*s\" has too many stars and paths; at most %d pieces are wanted",
		    (int)l->glob->len, l->glob->data, POL_GLOB_MAX_PIECES);
	l->piece[l->n++] = *p;
	l->star = POL_STAR_NONE;
	return 0;
}

/* What was collected in e->tmp; `last` ends the template, and may be empty. */
static int
add_literal(struct like *l, bool last)
{
	struct pol_tpiece p;
	int rc;

	if (l->e->tmp.failed)
		return pol_emit_text_rc(l->e, POLICY_ERR_NOMEM);
	if (l->e->tmp.len == 0 && !(last && (l->star != POL_STAR_NONE || l->n == 0)))
		return 0;
	memset(&p, 0, sizeof(p));
	p.star = l->star;
	rc = pol_emit_text(l->e, l->e->tmp.data == NULL ? "" : l->e->tmp.data, l->e->tmp.len, &p.text);
	l->e->tmp.len = 0;
	return rc != 0 ? rc : add_piece(l, &p);
}

/* roots[] of emit_path.c by name; the condition's parser has seen that it is one. */
static int
add_path(struct like *l, const char *s, size_t len)
{
	struct policy_text names[EMIT_PATH_NAMES_MAX + 1];
	struct pol_tpiece p;
	const char *end = s + len, *dot;
	size_t n = 0;
	int root = pol_emit_path_root(s, len), rc;

	if (root < 0)
		return pol_emit_text_fail(l->e, l->at, POLICY_ERR_INVALID, "{%.*s} is no path", (int)len, s);
	for (dot = memchr(s, '.', len); dot != NULL && n <= EMIT_PATH_NAMES_MAX; n++) {
		s = dot + 1;
		dot = memchr(s, '.', (size_t)(end - s));
		names[n].data = s;
		names[n].len = (size_t)((dot == NULL ? end : dot) - s);
	}
	memset(&p, 0, sizeof(p));
	p.star = l->star;
	rc = pol_emit_path(l->e, (enum pol_root)root, names, n, l->at, &p.path);
	p.path++;
	l->e->tmp.len = 0;		/* pol_emit_path uses it too: empty when it is called */
	return rc != 0 ? rc : add_piece(l, &p);
}

static int
cut(struct like *l)
{
	const char *s = l->glob->data, *end = s + l->glob->len;
	int rc = 0;

	l->e->tmp.len = 0;
	while (rc == 0 && s < end) {
		const char *close;

		if (*s == '\\' && s + 1 < end) {
			pol_buf_append(&l->e->tmp, s + 1, 1);
			s += 2;
		} else if (*s == '*') {
			rc = add_literal(l, false);
			l->star = l->star != POL_STAR_NONE || (s + 1 < end && s[1] == '*') ?
			    POL_STAR_ANY : POL_STAR_SEGMENT;
			s += s + 1 < end && s[1] == '*' ? 2 : 1;
		} else if (*s == '{' && (close = memchr(s, '}', (size_t)(end - s))) != NULL) {
			rc = add_literal(l, false);
			if (rc == 0)
				rc = add_path(l, s + 1, (size_t)(close - s - 1));
			s = close + 1;
		} else {
			pol_buf_append(&l->e->tmp, s++, 1);
		}
	}
	return rc != 0 ? rc : add_literal(l, true);
}

int
pol_emit_like(struct pol_emit *e, const struct policy_text *glob, const struct pol_node *at,
    uint32_t *index)
{
	struct like l;
	struct pol_template row;
	bool found;
	int rc;

	*index = (uint32_t)(e->table[EMIT_TEMPLATES].len / sizeof(row));
	rc = pol_emit_text_rc(e, pol_emit_dict_put(&e->templates, glob->data, glob->len, index, &found));
	if (rc != 0 || found)
		return rc;
	memset(&l, 0, sizeof(l));
	l.e = e;
	l.at = at;
	l.glob = glob;
	rc = cut(&l);
	if (rc != 0)
		return rc;
	row.first = (uint32_t)(e->table[EMIT_TPIECES].len / sizeof(struct pol_tpiece));
	row.n = l.n;
	rc = pol_emit_text_row(e, EMIT_TEMPLATES, &row, sizeof(row), NULL);
	if (rc == 0 && pol_buf_append(&e->table[EMIT_TPIECES], l.piece, l.n * sizeof(*l.piece)) == SIZE_MAX)
		rc = pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	return rc;
}
