/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dispatch against the model of control_model.h: every stack of one to four steps,
 * every control word, every outcome, numbers that are no outcome among them.
 */
#include <stdio.h>

#include "auth/control.h"
#include "unit/control_model.h"
#include "unit/unit.h"

enum { EACH = WORDS * OUTCOMES, MOST = 4 };

static int
engine(const int *step, int n, int *asked)
{
	struct pol_control_state st = { false, false, false };

	for (*asked = 0; *asked < n && !st.stop; ++*asked)
		pol_control_step(&st, (enum pol_control)(step[*asked] / OUTCOMES), outcomes[step[*asked] % OUTCOMES]);
	return pol_control_passes(&st);
}

static void
every_stack_up_to_four_is_judged_as_the_model_judges_it(void)
{
	unsigned long cases = 0, differ = 0, good = 0;
	int step[MOST], ours, theirs;

	for (int n = 1; n <= MOST; n++) {
		long all = 1;

		for (int i = 0; i < n; i++)
			all *= EACH;
		for (long at = 0; at < all; at++, cases++) {
			long rest = at;
			int a, b;

			for (int i = 0; i < n; i++, rest /= EACH)
				step[i] = (int)(rest % EACH);
			ours = engine(step, n, &a);
			theirs = model(step, n, &b);
			good += (unsigned long)theirs;
			differ += ours != theirs || a != b;
		}
	}
	printf("control: %lu stacks, %lu of them good, %lu judged otherwise\n", cases, good, differ);
	CU_ASSERT_EQUAL(differ, 0);
	CU_ASSERT(good > 0 && good < cases);
}

static void
no_step_is_no_pass(void)
{
	const struct pol_control_state st = { false, false, false };

	CU_ASSERT(!pol_control_passes(&st));
}

static void
a_word_that_is_none_binds(void)
{
	for (int word = -2; word < 9; word++) {
		struct pol_control_state st = { false, false, false };

		if (word >= 0 && word < POL_CONTROL__COUNT)
			continue;
		CU_ASSERT_EQUAL(pol_control_step(&st, (enum pol_control)word, POLICY_CHECK_PASS), POL_DOES_OK_STOP);
		CU_ASSERT(st.stop);
		st.stop = false;
		CU_ASSERT_EQUAL(pol_control_step(&st, (enum pol_control)word, POLICY_CHECK_FAIL), POL_DOES_BAD_STOP);
		CU_ASSERT(!pol_control_passes(&st));
	}
}

CU_TestInfo suite_control[] = {
	{ "every stack up to four is judged as the model judges it", every_stack_up_to_four_is_judged_as_the_model_judges_it },
	{ "no step is no pass", no_step_is_no_pass },
	{ "a word that is none binds", a_word_that_is_none_binds },
	CU_TEST_INFO_NULL
};
