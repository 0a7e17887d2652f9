/* SPDX-License-Identifier: Apache-2.0 */
/* policy.h by itself: zero is never a yes, and every number has its word. */
#include <string.h>

#include <policy.h>

#include "unit/unit.h"

static void
a_zeroed_decision_reads_as_a_deny(void)
{
	struct policy_decision d;

	memset(&d, 0, sizeof(d));
	CU_ASSERT_EQUAL(d.verdict, POLICY_DENY);
	CU_ASSERT_NOT_EQUAL(d.verdict, POLICY_ALLOW);
	CU_ASSERT_EQUAL(d.reason, POLICY_REASON_ERROR);
}

static void
a_text_of_nothing_is_absent(void)
{
	struct policy_text t = policy_text(NULL);

	CU_ASSERT_PTR_NULL(t.data);
	CU_ASSERT_EQUAL(t.len, 0);
	t = policy_text("");
	CU_ASSERT_PTR_NOT_NULL(t.data);
	CU_ASSERT_EQUAL(t.len, 0);
}

static void
every_reason_has_a_word_of_its_own(void)
{
	int i, j;

	for (i = 0; i < POLICY_REASON__COUNT; i++) {
		CU_ASSERT_PTR_NOT_NULL_FATAL(policy_reason_name(i));
		CU_ASSERT(strspn(policy_reason_name(i), "abcdefghijklmnopqrstuvwxyz_") ==
		    strlen(policy_reason_name(i)));
		for (j = 0; j < i; j++)
			CU_ASSERT_STRING_NOT_EQUAL(policy_reason_name(i), policy_reason_name(j));
	}
	CU_ASSERT_STRING_EQUAL(policy_reason_name(POLICY_REASON_NO_RULE), "no_rule");
	CU_ASSERT_PTR_NOT_NULL(policy_reason_name(-1));
	CU_ASSERT_PTR_NOT_NULL(policy_reason_name(POLICY_REASON__COUNT));
}

static void
every_error_has_a_sentence_of_its_own(void)
{
	int i, j;

	for (i = POLICY_ERR_EXISTS; i <= 0; i++) {
		CU_ASSERT_PTR_NOT_NULL_FATAL(policy_strerror(i));
		CU_ASSERT(policy_strerror(i)[0] != '\0');
		for (j = POLICY_ERR_EXISTS; j < i; j++)
			CU_ASSERT_STRING_NOT_EQUAL(policy_strerror(i), policy_strerror(j));
	}
	CU_ASSERT_PTR_NOT_NULL(policy_strerror(1));
	CU_ASSERT_PTR_NOT_NULL(policy_strerror(-10000));
}

static void
the_version_is_that_of_the_package(void)
{
	CU_ASSERT_STRING_EQUAL(policy_version(), PACKAGE_VERSION);
}

CU_TestInfo suite_header[] = {
	{ "a zeroed decision reads as a deny", a_zeroed_decision_reads_as_a_deny },
	{ "a text of nothing is absent", a_text_of_nothing_is_absent },
	{ "every reason has a word of its own", every_reason_has_a_word_of_its_own },
	{ "every error has a sentence of its own", every_error_has_a_sentence_of_its_own },
	{ "the version is that of the package", the_version_is_that_of_the_package },
	CU_TEST_INFO_NULL
};
