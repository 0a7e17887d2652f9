/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns of `matches`: the whole text, the same in machine code and without. */
#include <string.h>
#include <time.h>

#include "compile/regex.h"
#include "unit/unit.h"

/* Both ways, or -2 where they differ. */
static int
both(const char *pattern, const char *s, size_t len)
{
	struct pol_regexes *r;
	char why[256];
	int jit, plain;

	CU_ASSERT_EQUAL_FATAL(pol_regex_new(&r), 0);
	CU_ASSERT_EQUAL_FATAL(pol_regex_add(r, pattern, strlen(pattern), why, sizeof(why)), 0);
	jit = pol_regex_match(r, 0, s, len);
	pol_regex_jit(r, false);
	plain = pol_regex_match(r, 0, s, len);
	pol_regex_free(r);
	return jit == plain ? jit : -2;
}

static int
match(const char *pattern, const char *s)
{
	return both(pattern, s, strlen(s));
}

static void
a_match_is_of_the_whole_text(void)
{
	CU_ASSERT_EQUAL(match("a+", "aaa"), 1);
	CU_ASSERT_EQUAL(match("a+", "aab"), 0);
	CU_ASSERT_EQUAL(match("a+", "baa"), 0);
	CU_ASSERT_EQUAL(match("a|ab", "ab"), 1);
	CU_ASSERT_EQUAL(match("", ""), 1);
	CU_ASSERT_EQUAL(match("", "a"), 0);
	CU_ASSERT_EQUAL(both("a?", NULL, 0), 1);
}

static void
a_dollar_never_swallows_a_newline(void)
{
	CU_ASSERT_EQUAL(match("a$", "a"), 1);
	CU_ASSERT_EQUAL(match("a$", "a\n"), 0);
	CU_ASSERT_EQUAL(match("a.b", "a\nb"), 0);
	CU_ASSERT_EQUAL(match("a.b", "a\rb"), 1);
}

static void
bytes_are_bytes(void)
{
	CU_ASSERT_EQUAL(match("..", "\xc3\xa9"), 1);
	CU_ASSERT_EQUAL(match("\\w", "\xe9"), 0);
	CU_ASSERT_EQUAL(match("\\d+", "0123456789"), 1);
	CU_ASSERT_EQUAL(both("a.b", "a\0b", 3), 1);
}

static void
groups_capture_where_something_refers_to_them(void)
{
	CU_ASSERT_EQUAL(match("(a+)-(b+)", "aa-bb"), 1);
	CU_ASSERT_EQUAL(match("(a+)-\\1", "aa-aa"), 1);
	CU_ASSERT_EQUAL(match("(a+)-\\1", "aa-a"), 0);
	CU_ASSERT_EQUAL(match("(?<x>a|b)(?P=x)", "bb"), 1);
	CU_ASSERT_EQUAL(match("(a(?1)?b)", "aaabbb"), 1);
}

static void
a_text_of_1024_bytes_is_the_longest(void)
{
	char text[1026];

	memset(text, 'a', sizeof(text));
	CU_ASSERT_EQUAL(both("a*", text, 1024), 1);
	CU_ASSERT_EQUAL(both("a*", text, 1025), -1);
	CU_ASSERT_EQUAL(both(".*b.*", text, 1024), 0);
	CU_ASSERT_EQUAL(both(".*[b-z].*", text, 1024), 0);
	CU_ASSERT_EQUAL(both("(?:a{8})*", text, 1024), 1);
}

static void
what_is_no_pattern_is_refused(void)
{
	static const char *const bad[] = { "(", "a{2,1}", "[z-a]", "\\C", "(*UTF)a", "(*UCP)\\w", "(?<n>a)(?<n>b)" };
	struct pol_regexes *r;
	char why[256], text[257];
	size_t i;

	CU_ASSERT_EQUAL_FATAL(pol_regex_new(&r), 0);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		why[0] = '\0';
		CU_ASSERT_EQUAL(pol_regex_add(r, bad[i], strlen(bad[i]), why, sizeof(why)), POLICY_ERR_INVALID);
		CU_ASSERT(why[0] != '\0');
	}
	memset(text, 'a', sizeof(text));
	CU_ASSERT_EQUAL(pol_regex_add(r, text, 257, why, sizeof(why)), POLICY_ERR_LIMIT);
	CU_ASSERT_EQUAL(pol_regex_add(r, text, 256, why, sizeof(why)), 0);
	CU_ASSERT_EQUAL(pol_regex_match(r, 0, text, 256), 1);
	CU_ASSERT_EQUAL(pol_regex_match(r, 1, text, 256), -1);
	pol_regex_free(r);
}

static const struct {
	const char *pattern, *pump, *end;
} hard[] = {
	{ "^(a+)+$", "a", "!" }, { "(b|b)*", "b", "c" }, { "(?:b|bb)+", "b", "." },
	{ "(\\w+\\s?)*", "ab ", "!" }, { "(?:.*x){12}", "x", "-" }, { "(y+y+)+[z!]", "y", "?" },
	{ ".*.*=.*", "=", "\n" }, { "(.*),(.*),(.*);.*", ",", "" }, { "((ab)*)*c", "ab", "" },
	{ "(?=(c+))c*d\\1", "c", "d" }, { "(d(?1)?e)?", "d", "" }, { "(?:[^/]+/?)+:", "p/", "." },
	{ "(?:x?){20}x{20}", "x", "" }, { "(?R)?q", "q", "q" }, { "((r{0,50}){0,50}){0,5}", "r", "s" },
	{ "(?:1?\\d?\\d\\.?){4}", "1.", "" }, { "[a-f]{1,32}(?:-[a-f]{1,32}){0,9}", "a-", "f" },
};

/* Processor time, the best of three: what the machine does besides is not ours. */
static double
micros(struct pol_regexes *r, const char *s, size_t len, int *answer)
{
	struct timespec a, b;
	double best = 1e9, t;
	int i;

	for (i = 0; i < 3; i++) {
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
		*answer = pol_regex_match(r, 0, s, len);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
		t = (double)(b.tv_sec - a.tv_sec) * 1e6 + (double)(b.tv_nsec - a.tv_nsec) / 1e3;
		if (t < best)
			best = t;
	}
	return best;
}

static void
pumped_texts_are_answered_alike_and_soon(void)
{
	char text[1100], why[256];
	struct pol_regexes *r;
	size_t i, len, most, step;
	double slow = 0, t;
	unsigned differ = 0;
	int a, b;

	for (i = 0; i < sizeof(hard) / sizeof(*hard); i++) {
		CU_ASSERT_EQUAL_FATAL(pol_regex_new(&r), 0);
		CU_ASSERT_EQUAL_FATAL(pol_regex_add(r, hard[i].pattern, strlen(hard[i].pattern), why, sizeof(why)), 0);
		for (most = 0; most <= 1000; most += most < 60 ? 1 : 37) {
			step = strlen(hard[i].pump);
			for (len = 0; len + step <= most; len += step)
				memcpy(text + len, hard[i].pump, step);
			memcpy(text + len, hard[i].end, strlen(hard[i].end));
			len += strlen(hard[i].end);
			pol_regex_jit(r, true);
			t = micros(r, text, len, &a);
			slow = t > slow ? t : slow;
			pol_regex_jit(r, false);
			t = micros(r, text, len, &b);
			slow = t > slow ? t : slow;
			differ += a != b;
		}
		pol_regex_free(r);
	}
	CU_ASSERT_EQUAL(differ, 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	CU_ASSERT(slow < 1000);
#endif
}

CU_TestInfo suite_regex[] = {
	{ "a match is of the whole text", a_match_is_of_the_whole_text },
	{ "a dollar never swallows a newline", a_dollar_never_swallows_a_newline },
	{ "bytes are bytes", bytes_are_bytes },
	{ "groups capture where something refers to them", groups_capture_where_something_refers_to_them },
	{ "a text of 1024 bytes is the longest", a_text_of_1024_bytes_is_the_longest },
	{ "what is no pattern is refused", what_is_no_pattern_is_refused },
	{ "pumped texts are answered alike and soon", pumped_texts_are_answered_alike_and_soon },
	CU_TEST_INFO_NULL
};
