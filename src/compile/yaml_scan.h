/* SPDX-License-Identifier: Apache-2.0 */
/* A cursor over plain YAML: blanks, comments and scalars of one line. */
#ifndef POL_COMPILE_YAML_SCAN_H
#define POL_COMPILE_YAML_SCAN_H

#include "base/arena.h"
#include "compile/yaml_tree.h"

struct pol_scan {
	const char *p, *end;
	const char *first;		/* of this line */
	size_t wide;			/* bytes of this line, before p, that begin no character */
	uint32_t line;			/* from 1 */
	struct pol_buf buf;		/* a quoted text with escapes */
};

/* How a scalar ended. */
enum pol_scan_end { POL_SCAN_UNSURE, POL_SCAN_HERE, POL_SCAN_LINE, POL_SCAN_NOMEM };

static inline bool
pol_scan_blank(const struct pol_scan *s, const char *p)
{
	return p >= s->end || *p == ' ' || *p == '\n';
}

static inline uint32_t
pol_scan_column(const struct pol_scan *s)
{
	return (uint32_t)((size_t)(s->p - s->first) - s->wide) + 1;
}

static inline struct pol_tree_at
pol_scan_at(const struct pol_scan *s)
{
	struct pol_tree_at at = { s->line, pol_scan_column(s) };

	return at;
}

static inline void
pol_scan_spaces(struct pol_scan *s)
{
	while (s->p < s->end && *s->p == ' ')
		s->p++;
}

/* Over blanks and comments, on to the next line while there is nothing else. False:
 * something of which we are not certain. At the end of the text p is end. */
bool pol_scan_lines(struct pol_scan *s);
/* Over what may follow on the line behind a value; p is then at its end. */
bool pol_scan_rest(struct pol_scan *s);
/*
 * The scalar at p; out's text points into the source or into buf. LINE: a plain
 * one that ended with its line, and may go on in the next. p is behind it, and
 * behind the spaces that follow a plain one.
 */
enum pol_scan_end pol_scan_scalar(struct pol_scan *s, struct pol_tree_scalar *out, bool flow);
/* A text in lines of its own, at its | or >, in a block that stands at this column.
 * p is then at what comes behind its last line. */
enum pol_scan_end pol_scan_block(struct pol_scan *s, struct pol_tree_scalar *out, uint32_t column);

#endif
