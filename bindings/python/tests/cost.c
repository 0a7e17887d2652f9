/* SPDX-License-Identifier: Apache-2.0 */
/* What the calls of cost.py cost without Python: ns a call, best of some rounds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <policy.h>

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int
main(int argc, char **argv)
{
	static const char *const actions[] = { "create_session", "list_session", "read_user_session" };
	struct policy_attr owner = { .name = POLICY_TEXT("user_id") };
	struct policy_error err = POLICY_ERROR_INIT;
	double best[3] = { 1e18, 1e18, 1e18 };
	struct policy *p;
	enum { N = 200000, ROUNDS = 9 };

	if (argc != 2 || policy_open(&p, argv[1], NULL, &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	owner.value.type = POLICY_STRING;
	owner.value.u.text = policy_text("alice");
	for (int round = 0; round < 3 * ROUNDS; round++) {
		struct policy_request r = POLICY_REQUEST_INIT;
		double from = now();

		for (int i = 0; i < N; i++) {
			struct policy_decision d = POLICY_DECISION_INIT;

			r = (struct policy_request)POLICY_REQUEST_INIT;
			r.subject_id = policy_text("alice");
			r.action = policy_text(actions[round % 3]);
			if (round % 3 != 0) {
				r.resource_type = policy_text("session");
				r.resource_id = policy_text("s1");
			}
			if (round % 3 == 2) {
				r.resource_attributes.list = &owner;
				r.resource_attributes.count = 1;
			}
			if (policy_decide(p, &r, &d) != 0 || d.verdict != POLICY_ALLOW)
				return 1;
		}
		from = (now() - from) / N;
		if (from < best[round % 3])
			best[round % 3] = from;
	}
	printf("%.1f %.1f %.1f\n", best[0], best[1], best[2]);
	policy_close(p);
	return 0;
}
