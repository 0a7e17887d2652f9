/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials through open steps: what is a yes, and everything that is none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth/control.h"
#include "unit/steps.h"
#include "unit/unit.h"

#define R(x) POLICY_REASON_##x
#define IS(text, s) ((text).len == strlen(s) && memcmp((text).data, s, strlen(s)) == 0)

static void
must_open(struct steps *t)
{
	const int rc = steps_open(t, NULL);

	if (rc != 0)
		printf("%d: %s\n", rc, t->err.text);
	CU_ASSERT_EQUAL_FATAL(rc, 0);
}

/* Denied for this reason, with nothing left in the identities. */
static bool
denied(struct steps *t, enum policy_reason reason)
{
	bool right = t->reason == reason && t->n_ids == 0 && t->until == 0;

	for (int i = 0; i < POLICY_CREDENTIALS_MAX; i++) {
		right = right && t->ids[i].subject_id.len == 0 && t->ids[i].groups_count == 0 && t->ids[i].step.len == 0;
		for (size_t k = 0; k < sizeof(t->ids[i].bytes); k++)
			right = right && t->ids[i].bytes[k] == 0;
	}
	if (!right)
		printf("reason %d, %zu identities, until %lld\n", (int)t->reason, t->n_ids, (long long)t->until);
	return right;
}

static bool
passed(struct steps *t, const char *subject)
{
	bool right = t->reason == R(RULE) && t->n_ids == 1 && IS(t->ids[0].subject_id, subject);

	if (!right)
		printf("reason %d, %zu identities, '%s'\n", (int)t->reason, t->n_ids,
		    t->n_ids > 0 ? t->ids[0].subject_id.data : "");
	return right;
}

static void
a_step_that_passes_says_who(void)
{
	struct steps *t = steps_new();
	struct fake *f;

	steps_add(t, "one");
	f = steps_fake(t, "one");
	f->group = "x";
	f->token_id = "t1";
	f->attr = "vip";
	must_open(t);
	CU_ASSERT_EQUAL(steps_judge(t, "key", "k"), 0);
	CU_ASSERT(passed(t, "ann"));
	CU_ASSERT(IS(t->ids[0].subject_type, "user"));
	CU_ASSERT(IS(t->ids[0].kind, "key"));
	CU_ASSERT(IS(t->ids[0].step, "one"));
	CU_ASSERT(IS(t->ids[0].token_id, "t1"));
	CU_ASSERT_EQUAL_FATAL(t->ids[0].groups_count, 1);
	CU_ASSERT(IS(t->ids[0].groups[0], "one/x"));
	CU_ASSERT_EQUAL(t->ids[0].subject_attributes_count, 1);
	CU_ASSERT_EQUAL(t->ids[0].token_attributes_count, 1);
	CU_ASSERT_EQUAL(t->ids[0].scoped, 0);
	steps_free(t);
}

/* trust.md rule 19, in numbers: whatever is no PASS is no identity. */
static void
only_one_number_is_a_yes(void)
{
	static const int outcomes[] = { POLICY_CHECK_ERROR, POLICY_CHECK_FAIL, POLICY_CHECK_IGNORE, POLICY_CHECK_AGAIN,
	    -1, 5, 17, 255, 257, 999, 65537, 0x7fffffff, -0x7fffffff - 1 };
	struct steps *t = steps_new();
	struct fake *f;

	steps_add(t, "one");
	f = steps_fake(t, "one");
	must_open(t);
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		f->outcome = outcomes[i];
		CU_ASSERT_EQUAL(steps_judge(t, "key", "k"), 0);
		CU_ASSERT(denied(t, outcomes[i] == POLICY_CHECK_FAIL || outcomes[i] == POLICY_CHECK_IGNORE ?
		    R(BAD_CREDENTIAL) : R(UNAVAILABLE)));
	}
	steps_free(t);
}

CU_TestInfo suite_judge[] = {
	{ "a step that passes says who", a_step_that_passes_says_who },
	{ "only one number is a yes", only_one_number_is_a_yes },
	CU_TEST_INFO_NULL
};
