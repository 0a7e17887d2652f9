/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Core: limits, the witness, the clock. What the language means is tested by the
 * suites of core's other files, by tests/differential and by the sets' own tests.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/fixture.h"
#include "unit/unit.h"

static const char set[] =
    "policy: 1\n"
    "resources:\n"
    "  doc: { owner: author, parent: { type: doc, from: id } }\n"
    "actions: { read: { resource: doc }, ping: , admin: { implies: all } }\n"
    "conditions: { quiet: not context.loud }\n"
    "roles:\n"
    "  reader: { allow: [ { id: mine, actions: read, when: own }, { id: small, actions: read, when: resource.size < 10 } ] }\n"
    "  guard:  { deny: { id: stop, actions: ping, unless: quiet and quiet } }\n"
    "  pinger: { allow: { id: pong, actions: ping, when: context.a overlaps context.b } }\n"
    "everyone: { roles: [guard, pinger] }\n"
    "authenticated: { roles: reader }\n";

static int
decide(const struct fixture *f, const struct policy_request *req, struct pol_answer *a)
{
	struct pol_time now = { 0, 0 };
	const char *why = NULL;
	int rc = pol_request_sizes(req, &why);

	if (rc == 0)
		rc = pol_decide(&f->engine, req, now, NULL, a, NULL, &why);
	if (rc != 0 && (why == NULL || why[0] == '\0'))
		return POLICY_ERR_INTERNAL;	/* every refusal has its sentence */
	return rc;
}

static void
a_limit_is_an_error_and_a_deny(void)
{
	struct policy_value *items = calloc(4000, sizeof(*items));
	struct policy_attr lists[3] = { fixture_attr("a", POLICY_LIST), fixture_attr("b", POLICY_LIST), fixture_attr("loud", POLICY_BOOL) };
	struct policy_request req = fixture_request();
	struct pol_answer a;
	struct fixture f;
	char id[700];

	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, set), 0);
	memset(id, 'a', sizeof(id));
	for (size_t i = 1; i < sizeof(id); i += 2)
		id[i] = '/';
	req.resource_id = (struct policy_text){ id, 500 };	/* 250 things above */
	CU_ASSERT_EQUAL(decide(&f, &req, &a), 0);
	req.resource_id.len = sizeof(id);
	CU_ASSERT_EQUAL(decide(&f, &req, &a), POLICY_ERR_LIMIT);
	CU_ASSERT_EQUAL(a.verdict, POLICY_DENY);

	req = fixture_request();
	req.action = policy_text("ping");
	for (size_t i = 0; i < 4000; i++) {
		items[i].type = POLICY_INT;
		items[i].u.integer = (int64_t)i;
	}
	lists[0].value.u.items = items;
	lists[1].value.u.items = items + 2000;
	req.context = (struct policy_attrs){ lists, 3 };
	lists[0].value.count = lists[1].value.count = 300;
	CU_ASSERT_EQUAL(decide(&f, &req, &a), 0);
	CU_ASSERT_EQUAL(a.reason, POLICY_REASON_NO_RULE);
	lists[0].value.count = lists[1].value.count = 1000;
	CU_ASSERT_EQUAL(decide(&f, &req, &a), POLICY_ERR_LIMIT);
	CU_ASSERT_EQUAL(a.verdict, POLICY_DENY);
	fixture_close(&f);
	free(items);
}

/* What a caller sends cannot make a decision long: each ends as a limit, or at once. */
static void
work_is_bounded(void)
{
	static const char like[] =
	    "policy: 1\nresources: { doc: { parent: { type: doc, from: id } } }\nactions: { ping: , read: { resource: doc } }\n"
	    "roles: { r: { allow: { actions: ping, when: 'context.p like \"**/{context.t}/**\"' } }, reader: { allow: read } }\n"
	    "everyone: { roles: r }\nfixtures: { grants: [ { role: reader, to: ann, resource: doc/**b**b** } ] }\n";
	struct policy_attr texts[2] = { fixture_attr("p", POLICY_STRING), fixture_attr("t", POLICY_STRING) };
	struct policy_attr parents = fixture_attr("parent", POLICY_STRING);
	struct policy_request req = fixture_request();
	static char slashes[65536];
	struct pol_answer a;
	struct fixture f;

	for (size_t i = 0; i < sizeof(slashes); i++)
		slashes[i] = i % 2 ? '/' : 'a';
	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, like), 0);
	req.action = policy_text("ping");
	texts[0].value.u.text = (struct policy_text){ slashes, 8191 };
	texts[1].value.u.text = (struct policy_text){ "b", 1 };
	req.context = (struct policy_attrs){ texts, 2 };
	CU_ASSERT_EQUAL(decide(&f, &req, &a), 0);
	CU_ASSERT_EQUAL(a.reason, POLICY_REASON_NO_RULE);
	texts[1].value.u.text = (struct policy_text){ slashes, 4001 };
	CU_ASSERT_EQUAL(decide(&f, &req, &a), 0);
	CU_ASSERT_EQUAL(a.verdict, POLICY_ALLOW);
	slashes[16000] = 'b';		/* a long text that nearly fits everywhere */
	texts[0].value.u.text = (struct policy_text){ slashes + 16001, 49000 };
	texts[1].value.u.text = (struct policy_text){ slashes, 16001 };
	CU_ASSERT_EQUAL(decide(&f, &req, &a), POLICY_ERR_LIMIT);
	CU_ASSERT_EQUAL(a.verdict, POLICY_DENY);
	/* a parent longer than any id is not followed */
	req = fixture_request();
	parents.value.u.text = (struct policy_text){ slashes, 1090 };
	req.resource_attributes = (struct policy_attrs){ &parents, 1 };
	CU_ASSERT_EQUAL(decide(&f, &req, &a), POLICY_ERR_LIMIT);
	fixture_close(&f);
}

static void
more_roles_than_are_followed_is_a_limit(void)
{
	char *yaml = malloc(40000), *at = yaml;
	struct policy_request req = fixture_request();
	struct pol_answer a;
	struct fixture f;

	at += sprintf(at, "policy: 1\nresources: { doc: }\nactions: { read: { resource: doc } }\nroles:\n");
	for (int i = 0; i < 200; i++)
		at += sprintf(at, "  r%d: { allow: read }\n", i);
	at += sprintf(at, "fixtures:\n  grants:\n");
	for (int i = 0; i < 200; i++)
		at += sprintf(at, "    - { role: r%d, to: %s, resource: doc/1 }\n", i, i < 128 ? "[ann, bea]" : "ann");
	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, yaml), 0);
	CU_ASSERT_EQUAL(decide(&f, &req, &a), POLICY_ERR_LIMIT);
	CU_ASSERT_EQUAL(a.verdict, POLICY_DENY);
	req.subject_id = policy_text("bea");
	CU_ASSERT_EQUAL(decide(&f, &req, &a), 0);
	CU_ASSERT_EQUAL(a.verdict, POLICY_ALLOW);
	fixture_close(&f);
	free(yaml);
}

/* What a witness was told: stages, outcomes, and values of the term in one text. */
static void
note(void *ctx, const struct pol_engine *e, enum policy_stage stage, uint32_t entry,
    enum policy_outcome outcome, uint32_t term, int term_value, bool for_actor)
{
	char *out = ctx;

	(void)e;
	(void)entry;
	sprintf(out + strlen(out), "%u%u%c%d%s ", stage, outcome, term == POL_NONE ? '-' : '+',
	    term == POL_NONE ? 0 : term_value, for_actor ? "a" : "");
}

static void
a_witness_sees_what_the_decision_saw(void)
{
	struct policy_attr author = fixture_attr("author", POLICY_STRING), size = fixture_attr("size", POLICY_INT);
	struct policy_request req = fixture_request();
	char told[400] = "";
	struct pol_witness w = { note, told };
	struct pol_time now = { 0, 0 };
	struct pol_answer a;
	const char *why;
	struct fixture f;

	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, set), 0);
	author.value.u.text = policy_text("bob");
	req.resource_attributes = (struct policy_attrs){ &author, 1 };
	CU_ASSERT_EQUAL(pol_decide(&f.engine, &req, now, NULL, &a, &w, &why), 0);
	CU_ASSERT_EQUAL(a.reason, POLICY_REASON_NO_RULE);
	CU_ASSERT_STRING_EQUAL(told, "22+0 23+2 ");	/* not own; no size is known */
	told[0] = '\0';
	size.value.u.integer = 3;
	req.resource_attributes.list = &size;
	req.actor_id = policy_text("bob");
	CU_ASSERT_EQUAL(pol_decide(&f.engine, &req, now, NULL, &a, &w, &why), 0);
	CU_ASSERT_EQUAL(a.verdict, POLICY_ALLOW);
	CU_ASSERT_STRING_EQUAL(told, "23+2 21-0 23+2a 21-0a ");
	fixture_close(&f);
}

static void
the_clock_reads_as_text_only_when_asked(void)
{
	static const char clock[] =
	    "policy: 1\nactions: [x]\n"
	    "roles: { r: { allow: { actions: x, when: 'context.time == \"1970-01-01T00:00:05Z\" and context.time like \"1970-*\"' } } }\n"
	    "everyone: { roles: r }\n";
	struct fixture f;

	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, clock), 0);
	CU_ASSERT_STRING_EQUAL(fixture_ask(&f, "ann", "x", NULL, 5), "allow");
	CU_ASSERT_STRING_EQUAL(fixture_ask(&f, "ann", "x", NULL, 6), "no_rule");
	fixture_close(&f);
}

CU_TestInfo suite_decide[] = {
	{ "a limit is an error and a deny", a_limit_is_an_error_and_a_deny },
	{ "work is bounded", work_is_bounded },
	{ "more roles than are followed is a limit", more_roles_than_are_followed_is_a_limit },
	{ "a witness sees what the decision saw", a_witness_sees_what_the_decision_saw },
	{ "the clock reads as text only when asked", the_clock_reads_as_text_only_when_asked },
	CU_TEST_INFO_NULL
};
