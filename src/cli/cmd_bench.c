/* SPDX-License-Identifier: Apache-2.0 */
/* bench: how long a set's decisions take, as a host asks for them. */
#include <stdlib.h>
#include <string.h>

#include "cli/bench.h"

#define SAID_MOST 20			/* wrong answers told one by one */

static void
say_wrong(const struct pol_bench *b, const struct pol_asks_one *one, const struct policy_decision *d)
{
	char text[128];

	if (b->wrong > SAID_MOST)
		return;
	snprintf(text, sizeof(text), "%s was expected, the answer is %s (%s)",
	    one->expected == POL_ASKS_ALLOW ? "allow" : "deny",
	    d->verdict == POLICY_ALLOW ? "allow" : "deny", policy_reason_name((int)d->reason));
	pol_out_finding("error", b->a->requests, one->line, 0, text);
}

/* The handle and the author's view are two engines with one meaning. What differs is
 * a fault of ours, and would make of the measurement one of something else. */
static int
compare(const struct pol_bench *b, const struct pol_asks_one *one, const struct policy_decision *d)
{
	struct policy_decision own = POLICY_DECISION_INIT;
	char text[160];

	if (!policy_is_enabled(b->p))
		return 0;			/* the view knows no switch */
	policy_set_decide(b->set, &one->ask.req, one->ask.now, &own, NULL, NULL);
	if (own.verdict == d->verdict && own.reason == d->reason)
		return 0;
	snprintf(text, sizeof(text), "a host's answer is %s, an author's %s: a fault of the program",
	    policy_reason_name((int)d->reason), policy_reason_name((int)own.reason));
	pol_out_finding("error", b->a->requests, one->line, 0, text);
	return EX_SOFTWARE;
}

static int
check_answers(struct pol_bench *b)
{
	struct policy_decision d = POLICY_DECISION_INIT;
	size_t i;
	int rc = 0;

	for (i = 0; i < b->asks.n && rc == 0; i++) {
		const struct pol_asks_one *one = &b->asks.list[i];

		if (b->now_ns != NULL)
			pol_bench_set_clock(b->now_ns[i]);
		b->refused += policy_decide(b->p, &one->ask.req, &d) != 0;
		b->allowed += d.verdict == POLICY_ALLOW;
		rc = compare(b, one, &d);
		if (one->expected == POL_ASKS_UNSAID || (one->expected == POL_ASKS_ALLOW) == (d.verdict == POLICY_ALLOW))
			continue;
		b->wrong++;
		say_wrong(b, one, &d);
	}
	return rc;
}

static int
run(struct pol_bench *b)
{
	int rc = pol_asks_read(&b->asks, b->a->requests, SIZE_MAX);

	if (rc == 0)
		rc = pol_bench_open(b);
	if (rc == 0)
		rc = check_answers(b);
	if (rc == 0)
		rc = pol_bench_measure(b);
	if (rc == 0)
		rc = b->a->json ? pol_bench_say_json(b) : pol_bench_say(b);
	return rc != 0 ? rc : b->wrong > 0 ? POL_NO : POL_YES;
}

int
pol_cmd_bench(const struct pol_args *a)
{
	struct pol_bench *b;
	int status;

	if (a->n_paths == 0)
		return pol_out_usage(a, "-p PATH is wanted");
	if (a->requests == NULL)
		return pol_out_usage(a, "--requests FILE is wanted");
	if (a->n_words > 0)
		return pol_out_usage(a, "requests are read from FILE alone, not from %s", a->words[0]);
	b = calloc(1, sizeof(*b));
	if (b == NULL) {
		fprintf(stderr, "policyctl: out of memory\n");
		return EX_OSERR;
	}
	b->a = a;
	status = run(b);
	policy_close(b->p);
	policy_set_close(b->set);
	pol_asks_fini(&b->asks);
	free(b->now_ns);
	free(b->best);
	free(b);
	return status;
}
