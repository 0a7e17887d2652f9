/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POL_BASE_GLOB_H
#define POL_BASE_GLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Globs over bytes: `*` stays inside one segment (between separators), `**`
 * crosses them, `\` makes the next byte literal. Whole text. A parsed glob is a
 * row of pieces: `star` says what stands before the piece's literal bytes. The
 * last piece may be an empty literal (the glob ends in a star). Pieces point
 * into the text parsed: nothing is copied.
 * Cost of a match: at most (pieces + separators among their literals) * (len + 1)
 * comparisons of a literal; no recursion, no memory.
 */
#define POL_GLOB_MAX_PIECES 64

enum pol_star { POL_STAR_NONE = 0, POL_STAR_SEGMENT = 1, POL_STAR_ANY = 2 };

struct pol_glob_piece {
	const char *data;
	uint32_t len;
	uint32_t star;			/* enum pol_star */
};

/* 0, or -1 when there are more than POL_GLOB_MAX_PIECES. `***` is `**`. Two
 * pieces may follow each other without a star (an escape between them). */
int pol_glob_parse(const char *glob, size_t len,
    struct pol_glob_piece pieces[POL_GLOB_MAX_PIECES], size_t *n);

/* *left (NULL: no bound) is taken down by 1 and 1 for 64 bytes looked at, at each
 * step; once it is 0 the answer is false and means nothing. */
bool pol_glob_match_pieces(const struct pol_glob_piece *p, size_t n,
    const char *s, size_t len, char separator, uint32_t *left);

/* Parse and match. A glob with too many pieces matches nothing. */
bool pol_glob_match(const char *glob, size_t glob_len, const char *s, size_t len,
    char separator, uint32_t *left);

/* Has it an unescaped star? A stray backslash at the end? */
bool pol_glob_has_star(const char *glob, size_t len);
bool pol_glob_ends_stray(const char *glob, size_t len);
/* Removes escapes; out has room for len bytes. Returns the new length. */
size_t pol_glob_unescape(const char *glob, size_t len, char *out);

#endif
