/* SPDX-License-Identifier: Apache-2.0 */
/* base/glob.c: against two other matchers where that can be exhaustive, and its
 * cost counted where it could be bad. */
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"

#include "unit/unit.h"

static const struct {
	const char *glob, *text;
	char separator;
	bool want;
} table[] = {
	{ "", "", '/', true }, { "", "a", '/', false }, { "a", "", '/', false },
	{ "*", "", '/', true }, { "**", "", '/', true }, { "*", "abc", '/', true },
	{ "*", "a/b", '/', false }, { "*", "a/b", ':', true }, { "*", "a:b", ':', false },
	{ "**", "a/b\n/c", '/', true }, { "***", "a/b", '/', true }, { "****", "a/b", '/', true },
	{ "a*c", "abbc", '/', true }, { "a*c", "ab/c", '/', false }, { "a**c", "ab/c", '/', true },
	{ "a/*/c", "a//c", '/', true }, { "a/**/c", "a/c", '/', false },
	{ "a/**/c", "a/x/y/c", '/', true }, { "**/c", "c", '/', false }, { "**/c", "/c", '/', true },
	{ "a/**", "a/", '/', true }, { "a/**", "a", '/', false }, { "a/*", "a/b/", '/', false },
	{ "*/*", "a/b", '/', true }, { "*/*", "a/b/c", '/', false }, { "*/", "/", '/', true },
	{ "\\*", "*", '/', true }, { "\\*", "a", '/', false }, { "\\\\", "\\", '/', true },
	{ "a\\", "a\\", '/', true }, { "a\\", "a", '/', false }, { "\\a\\b", "ab", '/', true },
	{ "*\\", "x\\", '/', true }, { "\\**", "*x", '/', true }, { "\\**", "xx", '/', false },
	{ "**\\*", "a/*", '/', true }, { "*a/b*c/d**", "xa/bc/dd", '/', true },
	{ "**a/b*c/d**", "a/b/a/bxc/dx", '/', true }, { "**a/b*c/d", "a/bc/a/bc/d", '/', true },
	{ "**ab**ba**", "aba", '/', false }, { "**ab**ba**", "abba", '/', true },
	{ "**/a*/b", "a/ab/b", '/', true }, { "**/a*/b", "x/a/c/b", '/', false },
	{ "a.b", "axb", '/', false }, { "[a]", "[a]", '/', true }, { "[a]", "a", '/', false },
	{ "?", "a", '/', false }, { "models:*", "models:start", ':', true },
	{ "models:*", "models:a:b", ':', false }, { "\xff*", "\xff\xfe\x80", '/', true },
};

static void
the_table_holds(void)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (pol_glob_match(table[i].glob, strlen(table[i].glob), table[i].text,
		    strlen(table[i].text), table[i].separator, NULL) != table[i].want) {
			CU_FAIL("a row of the table");
		}
	CU_ASSERT(pol_glob_match("a*", 2, "a\0b", 3, '/', NULL));
	CU_ASSERT(pol_glob_match("\0", 1, "\0", 1, '/', NULL));
	CU_ASSERT(pol_glob_match(NULL, 0, NULL, 0, '/', NULL));
	CU_ASSERT(pol_glob_match("**", 2, NULL, 0, '/', NULL));
	CU_ASSERT_FALSE(pol_glob_match("a", 1, NULL, 0, '/', NULL));
}

/* Backtracks over pieces: the definition, told plainly. */
static bool
naive(const struct pol_glob_piece *p, size_t n, const char *s, size_t len)
{
	if (n == 0)
		return len == 0;
	for (size_t k = 0; k <= len; k++) {
		if (len - k >= p->len && (p->len == 0 || memcmp(p->data, s + k, p->len) == 0) &&
		    naive(p + 1, n - 1, s + k + p->len, len - k - p->len))
			return true;
		if (p->star == POL_STAR_NONE || (p->star == POL_STAR_SEGMENT && k < len && s[k] == '/'))
			return false;
	}
	return false;
}

/* Bit k: the glob so far matches the first k bytes.  Reads the text of the glob,
 * as the regular expression does, and knows nothing of pieces.  len < 31. */
static bool
by_table(const char *g, size_t n, const char *s, size_t len)
{
	uint32_t now = 1, next, all = ((uint32_t)1 << (len + 1)) - 1;

	for (size_t i = 0; i < n; i++) {
		bool star = g[i] == '*', two = star && i + 1 < n && g[i + 1] == '*';

		if (!star && g[i] == '\\' && i + 1 < n)
			i++;
		next = star ? now : 0;
		for (size_t k = 0; k < len; k++) {
			if (two || (star && s[k] != '/'))
				next |= (next >> k & 1) << (k + 1);
			else if (!star && s[k] == g[i])
				next |= (now >> k & 1) << (k + 1);
		}
		i += two;
		now = next & all;
	}
	return (now >> len & 1) != 0;
}

static size_t
spell(char *out, const char *letters, size_t n, unsigned number, size_t len)
{
	for (size_t i = 0; i < len; i++, number /= (unsigned)n)
		out[i] = letters[number % n];
	return len;
}

static unsigned
power(unsigned n, size_t e)
{
	unsigned v = 1;

	while (e-- > 0)
		v *= n;
	return v;
}

/* All globs up to `most` over ab/ * \ against all texts over ab/; one disagreement
 * is enough to tell. */
static size_t
try_all(size_t most, size_t longest)
{
	struct pol_glob_piece p[POL_GLOB_MAX_PIECES];
	char g[8], s[8];
	size_t n, bad = 0;

	for (size_t gl = 0; gl <= most; gl++)
		for (unsigned gi = 0; gi < power(5, gl); gi++) {
			spell(g, "ab/*\\", 5, gi, gl);
			if (pol_glob_parse(g, gl, p, &n) != 0)
				return 1;
			for (size_t sl = 0; sl <= longest; sl++)
				for (unsigned si = 0; si < power(3, sl); si++) {
					bool got;

					spell(s, "ab/", 3, si, sl);
					got = pol_glob_match_pieces(p, n, s, sl, '/', NULL);
					bad += got != by_table(g, gl, s, sl);
					bad += got != naive(p, n, s, sl);
				}
		}
	return bad;
}

static void
all_short_globs_match_as_two_other_matchers_say(void)
{
	CU_ASSERT_EQUAL(try_all(4, 5), 0);
	CU_ASSERT_EQUAL(try_all(5, 3), 0);
}

static uint32_t
next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static void
longer_globs_match_as_another_matcher_says(void)
{
	uint32_t r = 1;
	char g[20], s[30];
	size_t gl, sl, yes = 0, bad = 0;

	for (int i = 0; i < 60000; i++) {
		gl = next_random(&r) % sizeof(g);
		sl = next_random(&r) % sizeof(s);
		for (size_t k = 0; k < gl; k++)
			g[k] = "ab//****\\a"[next_random(&r) % 10];
		for (size_t k = 0; k < sl; k++)
			s[k] = "aab//"[next_random(&r) % 5];
		yes += by_table(g, gl, s, sl);
		bad += pol_glob_match(g, gl, s, sl, '/', NULL) != by_table(g, gl, s, sl);
	}
	CU_ASSERT_EQUAL(bad, 0);
	CU_ASSERT(yes > 500);
}

/* Templates are rows put together from globs and values: empty pieces anywhere,
 * absent data with them. */
static void
rows_made_by_hand_match_too(void)
{
	static const char *const words[] = { "", "a", "b", "/", "a/", "/a", "ab", "a/b", "//", "" };
	struct pol_glob_piece p[7];
	uint32_t r = 7;
	char s[14];
	size_t n, sl, bad = 0, yes = 0;
	bool want;

	for (int i = 0; i < 60000; i++) {
		n = next_random(&r) % 8;
		sl = next_random(&r) % sizeof(s);
		for (size_t k = 0; k < n; k++) {
			const char *w = words[next_random(&r) % 10];

			p[k].data = w[0] == '\0' ? NULL : w;
			p[k].len = (uint32_t)strlen(w);
			p[k].star = next_random(&r) % 3;
		}
		for (size_t k = 0; k < sl; k++)
			s[k] = "aab//"[next_random(&r) % 5];
		want = naive(p, n, s, sl);
		yes += want;
		bad += pol_glob_match_pieces(p, n, s, sl, '/', NULL) != want;
	}
	CU_ASSERT_EQUAL(bad, 0);
	CU_ASSERT(yes > 500);
}

static void
pieces_point_into_the_glob(void)
{
	static const char glob[] = "a\\*b*c**";
	struct pol_glob_piece p[POL_GLOB_MAX_PIECES];
	size_t n;

	CU_ASSERT_EQUAL(pol_glob_parse(glob, strlen(glob), p, &n), 0);
	CU_ASSERT_EQUAL_FATAL(n, 4);
	CU_ASSERT(p[0].data == glob && p[0].len == 1 && p[0].star == POL_STAR_NONE);
	CU_ASSERT(p[1].data == glob + 2 && p[1].len == 2 && p[1].star == POL_STAR_NONE);
	CU_ASSERT(p[2].data == glob + 5 && p[2].len == 1 && p[2].star == POL_STAR_SEGMENT);
	CU_ASSERT(p[3].len == 0 && p[3].star == POL_STAR_ANY);
	CU_ASSERT_EQUAL(pol_glob_parse("", 0, p, &n), 0);
	CU_ASSERT_EQUAL(n, 0);
	CU_ASSERT_EQUAL(pol_glob_parse("*\\*", 3, p, &n), 0);
	CU_ASSERT(n == 1 && p[0].len == 1 && p[0].star == POL_STAR_SEGMENT);
}

static void
too_many_pieces_are_refused(void)
{
	struct pol_glob_piece p[POL_GLOB_MAX_PIECES];
	char glob[2 * POL_GLOB_MAX_PIECES + 2];
	size_t n;

	for (size_t i = 0; i < sizeof(glob); i++)
		glob[i] = "*a"[i % 2];
	CU_ASSERT_EQUAL(pol_glob_parse(glob, sizeof(glob) - 2, p, &n), 0);
	CU_ASSERT_EQUAL(n, POL_GLOB_MAX_PIECES);
	CU_ASSERT(pol_glob_match(glob, sizeof(glob) - 2, glob, sizeof(glob) - 2, '/', NULL));
	CU_ASSERT_EQUAL(pol_glob_parse(glob, sizeof(glob), p, &n), -1);
	CU_ASSERT_FALSE(pol_glob_match(glob, sizeof(glob), glob, sizeof(glob), '/', NULL));
}

static void
stars_and_escapes_are_told_apart(void)
{
	char out[16];

	CU_ASSERT(pol_glob_has_star("a*", 2));
	CU_ASSERT(pol_glob_has_star("\\\\*", 3));
	CU_ASSERT_FALSE(pol_glob_has_star("a\\*", 3));
	CU_ASSERT_FALSE(pol_glob_has_star("a\\", 2));
	CU_ASSERT_FALSE(pol_glob_has_star("", 0));
	CU_ASSERT(pol_glob_ends_stray("a\\", 2));
	CU_ASSERT(pol_glob_ends_stray("\\\\\\", 3));
	CU_ASSERT_FALSE(pol_glob_ends_stray("a\\\\", 3));
	CU_ASSERT_FALSE(pol_glob_ends_stray("\\a", 2));
	CU_ASSERT_FALSE(pol_glob_ends_stray("", 0));
	CU_ASSERT_EQUAL(pol_glob_unescape("a\\*\\\\b\\", 7, out), 5);
	CU_ASSERT_EQUAL(memcmp(out, "a*\\b\\", 5), 0);
	CU_ASSERT_EQUAL(pol_glob_unescape("", 0, out), 0);
}

/* A second copy of the file that counts its comparisons. */
static size_t steps;

bool counted_match_pieces(const struct pol_glob_piece *p, size_t n, const char *s, size_t len, char separator, uint32_t *left);
int counted_parse(const char *g, size_t len, struct pol_glob_piece pieces[POL_GLOB_MAX_PIECES], size_t *n);
bool counted_match(const char *g, size_t gn, const char *s, size_t len, char separator, uint32_t *left);
bool counted_has_star(const char *g, size_t len);
bool counted_ends_stray(const char *g, size_t len);
size_t counted_unescape(const char *g, size_t len, char *out);

#define POL_GLOB_STEP() (steps++)
#define pol_glob_match_pieces counted_match_pieces
#define pol_glob_parse counted_parse
#define pol_glob_match counted_match
#define pol_glob_has_star counted_has_star
#define pol_glob_ends_stray counted_ends_stray
#define pol_glob_unescape counted_unescape
#include "base/glob.c"

#define LONG ((size_t)64 * 1024)

/* Globs that make backtracking matchers slow, on texts that suit them. */
static const char *const slow[] = {
	"**a*b", "*a*a*a*a*a*b", "**a**a**a**a**a**b", "*a*a*a*a*a*a*a*a*a*a*a*a*c", "**a*a*a*b**",
	"**aaaa/aaaa*b**", "**a/a*a/a*b**", "**/a*/b**", "**a*/*a*/*a*/b**", "**/*/*/*/*/b",
	"**/*/*/*/*/b**", "**\\a\\a\\a\\b", "**\\a\\a\\a\\b**", "**aaaaaaaaab**", "**aaa*aaab**aa*ab",
	"*a/*a/*a/*a/*b**", "**////////b**", "**//*//b**",
};

static void
no_text_makes_a_match_slow(void)
{
	struct pol_glob_piece p[POL_GLOB_MAX_PIECES];
	char *s = malloc(LONG);
	size_t n, places, worst = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	for (size_t kind = 1; kind <= 6; kind++) {
		for (size_t i = 0; i < LONG; i++)	/* aaaa..., ////..., a/a/..., aa/aa/... */
			s[i] = kind == 1 ? 'a' : kind == 2 ? '/' : i % (kind == 6 ? 1000 : kind - 1) == 0 ? '/' : 'a';
		for (size_t g = 0; g < sizeof(slow) / sizeof(slow[0]); g++) {
			if (pol_glob_parse(slow[g], strlen(slow[g]), p, &n) != 0)
				CU_FAIL_FATAL("a glob with too many pieces");
			places = n;
			for (const char *c = slow[g]; *c != '\0'; c++)
				places += *c == '/';
			steps = 0;
			counted_match_pieces(p, n, s, LONG, '/', NULL);
			CU_ASSERT(steps <= places * (LONG + 1));
			if (steps / LONG > worst)
				worst = steps / LONG;
		}
	}
	CU_ASSERT(worst >= 1);		/* the counter does count */
	free(s);
}

/* With enough left the answer is the same; with too little it is no, and nothing is left. */
static void
a_budget_ends_a_match(void)
{
	static const char glob[] = "**/b*c/**", text[] = "a/b/bc/d";
	uint32_t need = 1000, left;

	CU_ASSERT(pol_glob_match(glob, sizeof(glob) - 1, text, sizeof(text) - 1, '/', &need));
	need = 1000 - need;
	CU_ASSERT(need > 3 && need < 40);
	for (uint32_t budget = 0; budget < 60; budget++) {
		left = budget;
		CU_ASSERT_EQUAL(pol_glob_match(glob, sizeof(glob) - 1, text, sizeof(text) - 1, '/', &left), budget > need);
		CU_ASSERT_EQUAL(left, budget > need ? budget - need : 0);
	}
}

CU_TestInfo suite_glob[] = {
	{ "the table holds", the_table_holds },
	{ "all short globs match as two other matchers say", all_short_globs_match_as_two_other_matchers_say },
	{ "longer globs match as another matcher says", longer_globs_match_as_another_matcher_says },
	{ "rows made by hand match too", rows_made_by_hand_match_too },
	{ "pieces point into the glob", pieces_point_into_the_glob },
	{ "too many pieces are refused", too_many_pieces_are_refused },
	{ "stars and escapes are told apart", stars_and_escapes_are_told_apart },
	{ "a budget ends a match", a_budget_ends_a_match },
	{ "no text makes a match slow", no_text_makes_a_match_slow },
	CU_TEST_INFO_NULL
};
