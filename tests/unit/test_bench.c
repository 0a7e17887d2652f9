/* SPDX-License-Identifier: Apache-2.0 */
/* cli/bench_open.c: fixtures moved among the rest, times, and which requests are slow. */
#include <stdlib.h>
#include <string.h>

#include "cli/bench.h"
#include "unit/unit.h"

static void
becomes(const char *dump, const char *wanted)
{
	size_t len = 0;
	char *got = pol_bench_hear_fixtures(dump, strlen(dump), &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(got);
	CU_ASSERT_STRING_EQUAL(got, wanted);
	CU_ASSERT_EQUAL(len, strlen(got));
	free(got);
}

static void
fixtures_join_the_sections_of_the_set(void)
{
	becomes("policy: 1\n", "policy: 1\n");
	becomes("policy: 1\nfixtures:\n  users:\n    user:a: {}\n", "policy: 1\nusers:\n  user:a: {}\n");
	becomes("policy: 1\nusers:\n  user:b:\n    roles: [r]\ngrants:\n  - role: [r]\n    to: [user:b]\n"
	    "fixtures:\n  users:\n    user:a:\n      roles: [q]\n  grants:\n    - role: [q]\n      to: [user:a]\n"
	    "  entities:\n    doc/x: {}\n",
	    "policy: 1\nusers:\n  user:a:\n    roles: [q]\n  user:b:\n    roles: [r]\n"
	    "grants:\n  - role: [q]\n    to: [user:a]\n  - role: [r]\n    to: [user:b]\nentities:\n  doc/x: {}\n");
}

/* A role or a user may bear the name of a section. */
static void
only_sections_are_taken_for_sections(void)
{
	becomes("policy: 1\nroles:\n  users:\n    allow:\n      - a\nfixtures:\n  users:\n    users: {}\n    user:users: {}\n",
	    "policy: 1\nroles:\n  users:\n    allow:\n      - a\nusers:\n  users: {}\n  user:users: {}\n");
}

static void
a_dump_with_fixtures_heard_is_a_set(void)
{
	static const char text[] = "policy: 1\nresources: { doc: }\nactions: { read: { resource: doc }, users: }\n"
	    "roles: { grants: { allow: [read, users] } }\nusers: { ann: { attributes: { t: \"a\\nfixtures:\\n\" } } }\n"
	    "fixtures:\n  users: { bob: { attributes: { t: \"x: y\", u: [1, 2.5, true, \"no\"] } } }\n"
	    "  groups: { g: { members: [bob] } }\n  grants: [{ role: grants, to: group:g, resource: doc/d }]\n"
	    "  entities: { doc/d: { a: 1 } }\n";
	struct policy_request r = POLICY_REQUEST_INIT;
	struct policy_decision d = POLICY_DECISION_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy_set *set;
	struct policy *p;
	char *dump, *heard;
	size_t len;

	CU_ASSERT_EQUAL_FATAL(policy_set_open_text(&set, "t", text, sizeof(text) - 1, NULL, &err), 0);
	CU_ASSERT_EQUAL_FATAL(policy_set_dump(set, &dump, &len, &err), 0);
	heard = pol_bench_hear_fixtures(dump, len, &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(heard);
	CU_ASSERT_EQUAL_FATAL(policy_open_text(&p, "h", heard, len, NULL, &err), 0);
	r.subject_id = policy_text("bob");
	r.action = policy_text("read");
	r.resource_type = policy_text("doc");
	r.resource_id = policy_text("d");
	CU_ASSERT_EQUAL(policy_decide(p, &r, &d), 0);
	CU_ASSERT_EQUAL(d.verdict, POLICY_ALLOW);
	r.subject_id = policy_text("ann");
	CU_ASSERT_EQUAL(policy_decide(p, &r, &d), 0);
	CU_ASSERT_EQUAL(d.reason, POLICY_REASON_NO_RULE);
	policy_close(p);
	policy_set_close(set);
	policy_author_free(dump);
	free(heard);
}

static void
times_are_read_as_nanoseconds(void)
{
	static const char *const bad[] = { "", "yesterday", "2026-01-01", "2026-01-01T00:00:00", "2026-02-30T00:00:00Z",
		"2026-13-01T00:00:00Z", "2026-01-01T00:00:00Zz", "9999-01-01T00:00:00Z", "2026-01-01T00:00:00+1" };
	int64_t ns = 1;
	size_t i;

	CU_ASSERT(pol_bench_time(&ns, "1970-01-01T00:00:00Z") == 0 && ns == 0);
	CU_ASSERT(pol_bench_time(&ns, "1970-01-01T01:00:00+01:00") == 0 && ns == 0);
	CU_ASSERT(pol_bench_time(&ns, "1969-12-31T23:30:00.5-00:30") == 0 && ns == 500000000);
	CU_ASSERT(pol_bench_time(&ns, "2026-02-28t12:00:00.000000001z") == 0 && ns == 1772280000000000001);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(pol_bench_time(&ns, bad[i]), -1);
}

static void
the_slowest_come_first_and_of_equals_the_first(void)
{
	uint32_t best[] = { 5, 9, 1, 9, 7, 2, 8, 8 };
	static const size_t wanted[POL_BENCH_SLOWEST] = { 1, 3, 6, 7, 4 };
	struct pol_bench *b = calloc(1, sizeof(*b));
	size_t got[POL_BENCH_SLOWEST];

	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	b->best = best;
	b->asks.n = sizeof(best) / sizeof(best[0]);
	CU_ASSERT_EQUAL(pol_bench_slowest(b, got), POL_BENCH_SLOWEST);
	CU_ASSERT(memcmp(got, wanted, sizeof(wanted)) == 0);
	b->asks.n = 2;
	CU_ASSERT_EQUAL(pol_bench_slowest(b, got), 2);
	CU_ASSERT(got[0] == 1 && got[1] == 0);
	free(b);
}

CU_TestInfo suite_bench[] = {
	{ "fixtures join the sections of the set", fixtures_join_the_sections_of_the_set },
	{ "only sections are taken for sections", only_sections_are_taken_for_sections },
	{ "a dump with fixtures heard is a set", a_dump_with_fixtures_heard_is_a_set },
	{ "times are read as nanoseconds", times_are_read_as_nanoseconds },
	{ "the slowest come first, and of equals the first", the_slowest_come_first_and_of_equals_the_first },
	CU_TEST_INFO_NULL,
};
