/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What control words mean, written once more, as sentences and not as a table. A step is
 * word * OUTCOMES + place of its outcome below.
 */
#ifndef POL_TESTS_CONTROL_MODEL_H
#define POL_TESTS_CONTROL_MODEL_H

#include <limits.h>

#include "auth/stack.h"

/* What lies behind IGNORE is garbage. */
static const int outcomes[] = { POLICY_CHECK_ERROR, POLICY_CHECK_PASS, POLICY_CHECK_FAIL, POLICY_CHECK_IGNORE,
    POLICY_CHECK_AGAIN, -1, 5, 999, INT_MAX, INT_MIN };

enum { WORDS = 5, OUTCOMES = sizeof(outcomes) / sizeof(outcomes[0]) };

/* What may be asked of a word. */
static inline int
must_pass(int word)
{
	return word == POL_BINDING || word == POL_REQUIRED || word == POL_REQUISITE;
}

static inline int
counts(int word)
{
	return word != POL_OPTIONAL;
}

static inline int
ends_when_good(int word)
{
	return word == POL_BINDING || word == POL_SUFFICIENT;
}

static inline int
ends_when_bad(int word)
{
	return word == POL_BINDING || word == POL_REQUISITE;
}

/* 1: the credential is good. *asked: how many steps were. */
static inline int
model(const int *step, int n, int *asked)
{
	int good = 0, harmed = 0;

	for (*asked = 0; *asked < n; ) {
		const int word = step[*asked] / OUTCOMES, outcome = outcomes[step[*asked] % OUTCOMES];
		const int passed = outcome == POLICY_CHECK_PASS;

		++*asked;
		if (outcome == POLICY_CHECK_IGNORE)
			continue;
		if (passed && counts(word))
			good = 1;
		if (!passed && must_pass(word))
			harmed = 1;
		if (passed && ends_when_good(word) && !harmed)
			break;
		if (!passed && ends_when_bad(word))
			break;
	}
	return good && !harmed;
}

#endif
