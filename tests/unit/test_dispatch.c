/* SPDX-License-Identifier: Apache-2.0 */
/* The table of control words where it is used: modules, steps, a judgement, and the model
 * beside them. */
#include <stdio.h>

#include "unit/control_model.h"
#include "unit/steps.h"
#include "unit/unit.h"

static unsigned long
differ_at(struct steps *t, const struct policy_credential *c, int n, long at, const int *of, int each)
{
	int step[4], asked = 0, want, was = 0;

	for (int i = 0; i < n; i++, at /= WORDS * each) {
		step[i] = (int)(at / each % WORDS) * OUTCOMES + of[at % each];
		t->confs[i].control = (enum pol_control)(step[i] / OUTCOMES);
		t->fakes[i].outcome = outcomes[step[i] % OUTCOMES];
		t->fakes[i].checked = 0;
	}
	want = model(step, n, &was);
	steps_judge_all(t, c, 1, false);
	for (int i = 0; i < n; i++)
		asked += (int)t->fakes[i].checked;
	return asked != was || (t->reason == POLICY_REASON_RULE) != want || t->n_ids != (size_t)want;
}

/* Up to three steps with every outcome there is, four with one that is garbage. */
static void
every_stack_is_judged_as_the_model_judges_it(void)
{
	static const char *const names[] = { "one", "two", "three", "four" };
	static const int all[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 }, few[] = { 0, 1, 2, 3, 7 };
	const struct policy_credential c = STEPS_CREDENTIAL("key", "k");
	unsigned long cases = 0, differ = 0;

	_Static_assert(sizeof(all) / sizeof(all[0]) == OUTCOMES, "each");
	for (int n = 1; n <= 4; n++) {
		const int each = n < 4 ? OUTCOMES : 5;
		struct steps *t = steps_new();
		long most = 1;

		for (int i = 0; i < n; i++, most *= WORDS * each)
			steps_add(t, names[i]);
		CU_ASSERT_EQUAL_FATAL(steps_open(t, NULL), 0);
		for (long at = 0; at < most; at++, cases++)
			differ += differ_at(t, &c, n, at, n < 4 ? all : few, each);
		steps_free(t);
	}
	printf("judge: %lu stacks, %lu judged otherwise\n", cases, differ);
	CU_ASSERT_EQUAL(differ, 0);
}

CU_TestInfo suite_dispatch[] = {
	{ "every stack is judged as the model judges it", every_stack_is_judged_as_the_model_judges_it },
	CU_TEST_INFO_NULL
};
