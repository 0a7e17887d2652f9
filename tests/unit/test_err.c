/* SPDX-License-Identifier: Apache-2.0 */
/* base/err.c: the first failure stands, in bounds, on one line. */
#include <string.h>

#include "base/err.h"

#include "unit/unit.h"

static void
the_first_failure_stands(void)
{
	struct policy_error e = POLICY_ERROR_INIT;

	CU_ASSERT_EQUAL(pol_err_set(&e, POLICY_ERR_INVALID, "a.yaml", 3, 7, "found %s, wanted %d", "x", 2),
	    POLICY_ERR_INVALID);
	CU_ASSERT_EQUAL(pol_err_set(&e, POLICY_ERR_IO, "b.yaml", 1, 1, "later"), POLICY_ERR_IO);
	CU_ASSERT_EQUAL(e.code, POLICY_ERR_INVALID);
	CU_ASSERT_EQUAL(e.line, 3);
	CU_ASSERT_EQUAL(e.column, 7);
	CU_ASSERT_EQUAL(e.size, sizeof(e));
	CU_ASSERT_STRING_EQUAL(e.file, "a.yaml");
	CU_ASSERT_STRING_EQUAL(e.text, "found x, wanted 2");
}

static void
nobody_need_listen(void)
{
	struct policy_error e = POLICY_ERROR_INIT;

	CU_ASSERT_EQUAL(pol_err_set(NULL, POLICY_ERR_LIMIT, "f", 1, 1, "x"), POLICY_ERR_LIMIT);
	CU_ASSERT_EQUAL(pol_err_nomem(NULL), POLICY_ERR_NOMEM);
	CU_ASSERT_EQUAL(pol_err_nomem(&e), POLICY_ERR_NOMEM);
	CU_ASSERT_EQUAL(e.code, POLICY_ERR_NOMEM);
	CU_ASSERT_STRING_EQUAL(e.file, "");
	CU_ASSERT_STRING_EQUAL(e.text, "out of memory");
}

static void
a_failure_never_reads_as_success(void)
{
	struct policy_error e = POLICY_ERROR_INIT;

	CU_ASSERT_EQUAL(pol_err_set(&e, 0, NULL, 0, 0, "x"), POLICY_ERR_INTERNAL);
	CU_ASSERT_EQUAL(e.code, POLICY_ERR_INTERNAL);
	CU_ASSERT_EQUAL(pol_err_set(NULL, 5, NULL, 0, 0, "x"), POLICY_ERR_INTERNAL);
}

static void
a_long_text_is_cut_between_characters(void)
{
	struct policy_error e;
	char text[3000];
	size_t shift;

	for (size_t i = 0; i + 1 < sizeof(text); i++)	/* euro signs: three bytes each */
		text[i] = "\xe2\x82\xac"[i % 3];
	text[sizeof(text) - 1] = '\0';
	for (shift = 0; shift < 3; shift++) {
		memset(&e, 0, sizeof(e));
		pol_err_set(&e, POLICY_ERR_INVALID, text, 0, 0, "%.*s%s", (int)shift, "ab", text);
		CU_ASSERT_EQUAL((strlen(e.text) - shift) % 3, 0);
		CU_ASSERT(strlen(e.text) > sizeof(e.text) - 4);
		CU_ASSERT(strlen(e.file) > sizeof(e.file) - 4);
		CU_ASSERT_EQUAL(strlen(e.file) % 3, 0);
	}
	memset(text, 'x', sizeof(text) - 1);
	memset(&e, 0, sizeof(e));
	pol_err_set(&e, POLICY_ERR_INVALID, text, 0, 0, "%s", text);
	CU_ASSERT_EQUAL(strlen(e.text), sizeof(e.text) - 1);
	CU_ASSERT_EQUAL(strlen(e.file), sizeof(e.file) - 1);
}

static void
control_bytes_do_not_reach_a_terminal(void)
{
	struct policy_error e = POLICY_ERROR_INIT;

	pol_err_set(&e, POLICY_ERR_INVALID, "a\nb", 0, 0, "%s", "\x1b[2J\r\n\x7f \xc3\xa9");
	CU_ASSERT_STRING_EQUAL(e.file, "a?b");
	CU_ASSERT_STRING_EQUAL(e.text, "?[2J??? \xc3\xa9");
}

CU_TestInfo suite_err[] = {
	{ "the first failure stands", the_first_failure_stands },
	{ "nobody need listen", nobody_need_listen },
	{ "a failure never reads as success", a_failure_never_reads_as_success },
	{ "a long text is cut between characters", a_long_text_is_cut_between_characters },
	{ "control bytes do not reach a terminal", control_bytes_do_not_reach_a_terminal },
	CU_TEST_INFO_NULL
};
