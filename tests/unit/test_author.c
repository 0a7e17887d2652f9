/* SPDX-License-Identifier: Apache-2.0 */
/* author/ through its public header: sets of text, decided, tested, explained. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <policy_author.h>

#include "unit/unit.h"

static const char office[] =
    "policy: 1\n"
    "resources:\n"
    "  doc: { owner: author, attributes: { author: { type: string }, draft: { type: boolean } } }\n"
    "  box:\n"
    "actions:\n"
    "  read: { resource: doc }\n"
    "  edit: { resource: doc, when: own, implies: read }\n"
    "  open: { resource: box }\n"
    "  go:\n"
    "roles:\n"
    "  writer: { allow: [edit, { actions: open, resources: box/a/* }] }\n"				/* 11 */
    "  reader: { allow: { actions: read, unless: resource.draft } }\n"				/* 12 */
    "  walker: { allow: go }\n"									/* 13 */
    "  barred: { deny: { id: no-go, actions: go, when: subject.barred, reason: stay } }\n"		/* 14 */
    "authenticated: { roles: reader }\n"
    "grants:\n"
    "  - { role: walker, to: ann, from: \"2026-01-01T00:00:00Z\", until: \"2026-02-01T00:00:00Z\" }\n"	/* 17 */
    "  - { role: writer, to: bob, resource: box/b/1 }\n"						/* 18 */
    "  - { role: writer, to: cem }\n"								/* 19 */
    "  - { role: [walker, barred], to: dan }\n"							/* 20 */
    "scopes: { docs: read }\n"									/* 21 */
    "credentials: { key: { ceiling: read }, web: }\n"						/* 22 */
    "fixtures:\n"
    "  entities: { doc/1: { author: cem, draft: false }, doc/2: { author: eve } }\n"
    "tests:\n"
    "  - { as: cem, allow: edit doc/1, deny: [edit doc/2, go], because: no_rule }\n"			/* 26 */
    "  - { as: cem, allow: go }\n";								/* 27 */

static struct policy_set *
set_of(const char *text, uint32_t flags)
{
	struct policy_set_options opt = POLICY_SET_OPTIONS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy_set *set = NULL;

	opt.flags = flags;
	if (policy_set_open_text(&set, "office.yaml", text, strlen(text), &opt, &err) != 0)
		printf("%s:%u:%u: %s\n", err.file, err.line, err.column, err.text);
	return set;
}

static struct policy_request
request(const char *who, const char *action, const char *type, const char *id)
{
	struct policy_request req = POLICY_REQUEST_INIT;

	req.subject_id = policy_text(who);
	req.action = policy_text(action);
	req.resource_type = policy_text(type);
	req.resource_id = policy_text(id);
	return req;
}

#define JANUARY "2026-01-15T00:00:00Z"
#define MARCH "2026-03-15T00:00:00Z"

static void
a_set_that_is_no_set_is_refused_with_its_place(void)
{
	static const char text[] = "policy: 1\nroles: { r: { allow: a } }\n";
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy_set *set = (struct policy_set *)&err;

	CU_ASSERT_EQUAL(policy_set_open_text(&set, "x.yaml", text, sizeof(text) - 1, NULL, &err), POLICY_ERR_INVALID);
	CU_ASSERT_PTR_NULL(set);
	CU_ASSERT_STRING_EQUAL(err.file, "x.yaml");
	CU_ASSERT(err.text[0] != '\0');
	policy_set_close(NULL);
}

static void
unknown_flags_and_sizes_are_refused(void)
{
	struct policy_set_options opt = POLICY_SET_OPTIONS_INIT;
	struct policy_set *set;

	opt.flags = 64;
	CU_ASSERT_EQUAL(policy_set_open_text(&set, "x", office, sizeof(office) - 1, &opt, NULL), POLICY_ERR_ARG);
	opt.flags = 0;
	opt.size = 2;
	CU_ASSERT_EQUAL(policy_set_open_text(&set, "x", office, sizeof(office) - 1, &opt, NULL), POLICY_ERR_ABI);
	CU_ASSERT_EQUAL(policy_set_open(&set, NULL, 0, NULL, NULL), POLICY_ERR_ARG);
}

static void
fixtures_are_heard_only_when_asked_for(void)
{
	struct policy_set *without = set_of(office, 0), *with = set_of(office, POLICY_SET_FIXTURES);
	struct policy_request req = request("cem", "edit", "doc", "1");
	struct policy_decision d = POLICY_DECISION_INIT;

	CU_ASSERT_PTR_NOT_NULL_FATAL(without);
	CU_ASSERT_PTR_NOT_NULL_FATAL(with);
	CU_ASSERT_EQUAL(policy_set_decide(without, &req, NULL, &d, NULL, NULL), 0);
	CU_ASSERT_EQUAL(d.verdict, POLICY_DENY);
	CU_ASSERT_EQUAL(policy_set_decide(with, &req, NULL, &d, NULL, NULL), 0);
	CU_ASSERT_EQUAL(d.verdict, POLICY_ALLOW);
	CU_ASSERT_EQUAL(d.reason, POLICY_REASON_RULE);
	CU_ASSERT_EQUAL(d.status, 200);
	CU_ASSERT_EQUAL(d.line, 11);
	CU_ASSERT_STRING_EQUAL(d.rule, "office.yaml:11");
	CU_ASSERT_STRING_EQUAL(d.file, "office.yaml");
	CU_ASSERT_STRING_EQUAL(d.subject_type, "user");
	CU_ASSERT_STRING_EQUAL(d.subject_id, "cem");
	CU_ASSERT_EQUAL(d.generation, 1);
	policy_set_close(without);
	policy_set_close(with);
}

static void
a_decision_is_written_up_to_its_size(void)
{
	struct policy_set *set = set_of(office, 0);
	struct policy_request req = request("ann", "go", NULL, NULL);
	struct policy_decision d;

	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	memset(&d, 0x55, sizeof(d));
	d.size = offsetof(struct policy_decision, rule);
	CU_ASSERT_EQUAL(policy_set_decide(set, &req, JANUARY, &d, NULL, NULL), 0);
	CU_ASSERT_EQUAL(d.verdict, POLICY_ALLOW);
	CU_ASSERT_EQUAL(d.line, 13);
	CU_ASSERT_EQUAL(d.rule[0], 0x55);
	d.size = 4;
	CU_ASSERT_EQUAL(policy_set_decide(set, &req, JANUARY, &d, NULL, NULL), POLICY_ERR_ABI);
	policy_set_close(set);
}

static void
an_older_request_is_taken_and_a_newer_refused(void)
{
	struct policy_set *set = set_of(office, 0);
	struct policy_decision d = POLICY_DECISION_INIT;
	struct { struct policy_request req; char more[8]; } big = { .req = request("ann", "go", NULL, NULL) };

	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	big.req.size = offsetof(struct policy_request, resource_type);
	CU_ASSERT_EQUAL(policy_set_decide(set, &big.req, JANUARY, &d, NULL, NULL), 0);
	CU_ASSERT_EQUAL(d.verdict, POLICY_ALLOW);
	big.req.size = sizeof(big);
	CU_ASSERT_EQUAL(policy_set_decide(set, &big.req, JANUARY, &d, NULL, NULL), 0);
	CU_ASSERT_EQUAL(d.verdict, POLICY_ALLOW);
	big.more[3] = 1;
	CU_ASSERT_EQUAL(policy_set_decide(set, &big.req, JANUARY, &d, NULL, NULL), POLICY_ERR_ABI);
	CU_ASSERT_EQUAL(d.verdict, POLICY_DENY);
	policy_set_close(set);
}

static void
a_refused_request_is_a_deny_with_a_sentence(void)
{
	struct policy_set *set = set_of(office, 0);
	struct policy_request req = request("", "go", NULL, NULL);
	struct policy_decision d = POLICY_DECISION_INIT;
	struct policy_error err = POLICY_ERROR_INIT;

	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	d.verdict = POLICY_ALLOW;
	CU_ASSERT_EQUAL(policy_set_decide(set, &req, NULL, &d, NULL, &err), POLICY_ERR_ARG);
	CU_ASSERT_EQUAL(d.verdict, POLICY_DENY);
	CU_ASSERT_EQUAL(d.reason, POLICY_REASON_ERROR);
	CU_ASSERT(err.text[0] != '\0');
	req = request("ann", "go", NULL, NULL);
	CU_ASSERT_EQUAL(policy_set_decide(set, &req, "now", &d, NULL, NULL), POLICY_ERR_ARG);
	CU_ASSERT_EQUAL(d.verdict, POLICY_DENY);
	policy_set_close(set);
}

static void
a_credential_is_claimed_by_no_step(void)
{
	struct policy_set *set = set_of(office, 0);
	struct policy_credential c = { .kind = POLICY_TEXT("bearer"), .data = POLICY_TEXT("x") };
	struct policy_request req = request(NULL, "go", NULL, NULL);
	struct policy_decision d = POLICY_DECISION_INIT;
	struct policy_explanation e = POLICY_EXPLANATION_INIT;

	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	req.credentials = &c;
	req.credentials_count = 1;
	CU_ASSERT_EQUAL(policy_set_decide(set, &req, NULL, &d, NULL, NULL), 0);
	CU_ASSERT_EQUAL(d.verdict, POLICY_DENY);
	CU_ASSERT_EQUAL(d.reason, POLICY_REASON_BAD_CREDENTIAL);
	CU_ASSERT_EQUAL(d.status, 401);
	CU_ASSERT_EQUAL(policy_set_explain(set, &req, NULL, &e, NULL), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "claims the credential"));
	req.subject_id = policy_text("ann");
	CU_ASSERT_EQUAL(policy_set_decide(set, &req, NULL, &d, NULL, NULL), POLICY_ERR_ARG);
	CU_ASSERT_EQUAL(d.verdict, POLICY_DENY);
	policy_set_close(set);
}

static void
a_trace_tells_what_was_looked_at(void)
{
	struct policy_set *set = set_of(office, 0);
	struct policy_request req = request("cem", "read", "doc", "9");
	struct policy_decision d = POLICY_DECISION_INIT;
	struct policy_step steps[1];
	struct policy_trace t = POLICY_TRACE_INIT;

	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	t.steps = steps;
	t.room = 1;
	CU_ASSERT_EQUAL(policy_set_decide(set, &req, NULL, &d, &t, NULL), 0);
	CU_ASSERT_EQUAL(d.verdict, POLICY_DENY);
	CU_ASSERT_EQUAL_FATAL(t.count, 1);
	CU_ASSERT_EQUAL(t.dropped, 1);
	CU_ASSERT_EQUAL(steps[0].stage, POLICY_STAGE_ALLOW);
	CU_ASSERT_EQUAL(steps[0].outcome, POLICY_OUTCOME_UNKNOWN);
	CU_ASSERT(steps[0].line == 11 || steps[0].line == 12);
	CU_ASSERT(steps[0].test[0] != '\0');
	policy_set_close(set);
}

struct results {
	unsigned n, failed;
	char last[400];
};

static void
count(void *ctx, const struct policy_test_result *r)
{
	struct results *c = ctx;

	c->n++;
	if (r->ok)
		return;
	c->failed++;
	snprintf(c->last, sizeof(c->last), "%s:%u: %s: %s %s %s", r->file, r->line, r->what, r->wanted, r->got, r->reason);
}

static void
tests_are_run_line_by_line_with_fixtures(void)
{
	struct policy_set *set = set_of(office, 0);
	struct results c = { 0, 0, "" };
	size_t passed, failed;

	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	CU_ASSERT_EQUAL(policy_set_test(set, count, &c, &passed, &failed, NULL), 0);
	CU_ASSERT_EQUAL(passed, 3);
	CU_ASSERT_EQUAL(failed, 1);
	CU_ASSERT_EQUAL(c.n, 4);
	CU_ASSERT_STRING_EQUAL(c.last, "office.yaml:27: go: allow deny no_rule");
	CU_ASSERT_EQUAL(policy_set_test(set, NULL, NULL, &passed, &failed, NULL), 0);
	policy_set_close(set);
}

static void
a_dump_and_the_counts_are_given(void)
{
	struct policy_set *set = set_of(office, 0);
	struct policy_set_info i = POLICY_SET_INFO_INIT;
	char *text;
	size_t len;

	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	CU_ASSERT_EQUAL(policy_set_dump(set, &text, &len, NULL), 0);
	CU_ASSERT_EQUAL(strlen(text), len);
	CU_ASSERT(len > 0);
	policy_author_free(text);
	CU_ASSERT_EQUAL(policy_set_get_info(set, &i), 0);
	CU_ASSERT_EQUAL(i.files, 1);
	CU_ASSERT_EQUAL(i.types, 2);
	CU_ASSERT_EQUAL(i.actions, 4);
	CU_ASSERT_EQUAL(i.roles, 4);
	CU_ASSERT_EQUAL(i.tests, 2);
	CU_ASSERT(i.program_bytes > 0 && i.people_bytes > 0);
	policy_set_close(set);
}

/* ---- explanations ---- */

static void
explained(struct policy_explanation *e, const char *who, const char *action, const char *type,
    const char *id, const char *now, const struct policy_token *token)
{
	struct policy_set *set = set_of(office, POLICY_SET_FIXTURES);
	struct policy_request req = request(who, action, type, id);

	*e = (struct policy_explanation)POLICY_EXPLANATION_INIT;
	req.token = token;
	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	CU_ASSERT_EQUAL(policy_set_explain(set, &req, now, e, NULL), 0);
	CU_ASSERT(e->text[0] != '\0');
	policy_set_close(set);
}

static void
a_condition_that_is_false_is_nearest(void)
{
	struct policy_explanation e;

	explained(&e, "cem", "edit", "doc", "2", NULL, NULL);
	CU_ASSERT_EQUAL(e.decision.reason, POLICY_REASON_NO_RULE);
	CU_ASSERT_EQUAL(e.near, POLICY_NEAR_CONDITION);
	CU_ASSERT_EQUAL(e.near_line, 11);
	CU_ASSERT_STRING_EQUAL(e.near_role, "writer");
	CU_ASSERT_STRING_EQUAL(e.test, "own");
	CU_ASSERT_EQUAL(e.test_line, 7);
	CU_ASSERT_EQUAL(e.test_outcome, POLICY_OUTCOME_FALSE);
	CU_ASSERT_STRING_EQUAL(e.missing, "");
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "resource.author is \"eve\""));
}

static void
a_path_without_a_value_is_named(void)
{
	struct policy_explanation e;

	explained(&e, "ann", "read", "doc", "2", NULL, NULL);
	CU_ASSERT_EQUAL(e.near, POLICY_NEAR_CONDITION);
	CU_ASSERT_EQUAL(e.near_line, 12);
	CU_ASSERT_EQUAL(e.test_outcome, POLICY_OUTCOME_UNKNOWN);
	CU_ASSERT_STRING_EQUAL(e.test, "resource.draft");
	CU_ASSERT_STRING_EQUAL(e.missing, "resource.draft");
}

static void
the_distances_are_told_apart(void)
{
	struct policy_explanation e;

	explained(&e, "cem", "open", "box", "b/1", NULL, NULL);
	CU_ASSERT_EQUAL(e.near, POLICY_NEAR_RESOURCE);
	CU_ASSERT_EQUAL(e.near_line, 11);
	explained(&e, "ann", "go", NULL, NULL, MARCH, NULL);
	CU_ASSERT_EQUAL(e.near, POLICY_NEAR_WINDOW);
	CU_ASSERT_EQUAL(e.grant_line, 17);
	explained(&e, "bob", "edit", "doc", "1", NULL, NULL);
	CU_ASSERT_EQUAL(e.near, POLICY_NEAR_ELSEWHERE);
	CU_ASSERT_EQUAL(e.grant_line, 18);
	CU_ASSERT_STRING_EQUAL(e.grant_text, "role writer to bob on box/b/1");
	explained(&e, "eve", "go", NULL, NULL, NULL, NULL);
	CU_ASSERT_EQUAL(e.near, POLICY_NEAR_ROLE);
	CU_ASSERT_STRING_EQUAL(e.near_role, "walker");
}

static void
an_allow_names_its_role_and_how_it_is_held(void)
{
	struct policy_explanation e;

	explained(&e, "ann", "go", NULL, NULL, JANUARY, NULL);
	CU_ASSERT_EQUAL(e.decision.verdict, POLICY_ALLOW);
	CU_ASSERT_STRING_EQUAL(e.role, "walker");
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "office.yaml:17"));
}

static void
a_deny_that_cannot_be_evaluated_says_so(void)
{
	struct policy_explanation e;

	explained(&e, "dan", "go", NULL, NULL, NULL, NULL);
	CU_ASSERT_EQUAL(e.decision.reason, POLICY_REASON_CONDITION_ERROR);
	CU_ASSERT_STRING_EQUAL(e.role, "barred");
	CU_ASSERT_STRING_EQUAL(e.missing, "subject.barred");
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "no-go"));
}

static void
tokens_are_explained(void)
{
	struct policy_token t = POLICY_TOKEN_INIT;
	struct policy_text docs = POLICY_TEXT("docs");
	struct policy_explanation e;

	t.flags = POLICY_TOKEN_SCOPED;
	t.scopes = &docs;
	t.scopes_count = 1;
	t.kind = policy_text("web");
	explained(&e, "ann", "go", NULL, NULL, JANUARY, &t);
	CU_ASSERT_EQUAL(e.decision.reason, POLICY_REASON_INSUFFICIENT_SCOPE);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "docs"));
	t.flags = 0;
	t.scopes_count = 0;
	t.kind = policy_text("key");
	explained(&e, "ann", "go", NULL, NULL, JANUARY, &t);
	CU_ASSERT_EQUAL(e.decision.reason, POLICY_REASON_CEILING);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "office.yaml:22"));
	t.kind = policy_text(NULL);
	explained(&e, "ann", "go", NULL, NULL, JANUARY, &t);
	CU_ASSERT_EQUAL(e.decision.reason, POLICY_REASON_CEILING);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "names no kind"));
}

static void
a_misspelt_name_is_guessed(void)
{
	struct policy_explanation e;

	explained(&e, "ann", "raed", "doc", "1", NULL, NULL);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "did you mean read?"));
	explained(&e, "ann", "read", "dok", "1", NULL, NULL);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "did you mean doc?"));
	explained(&e, NULL, "go", NULL, NULL, NULL, NULL);
	CU_ASSERT_EQUAL(e.decision.reason, POLICY_REASON_NO_CREDENTIAL);
}

CU_TestInfo suite_author[] = {
	{ "a set that is no set is refused with its place", a_set_that_is_no_set_is_refused_with_its_place },
	{ "unknown flags and sizes are refused", unknown_flags_and_sizes_are_refused },
	{ "fixtures are heard only when asked for", fixtures_are_heard_only_when_asked_for },
	{ "a decision is written up to its size", a_decision_is_written_up_to_its_size },
	{ "an older request is taken and a newer refused", an_older_request_is_taken_and_a_newer_refused },
	{ "a refused request is a deny with a sentence", a_refused_request_is_a_deny_with_a_sentence },
	{ "a credential is claimed by no step", a_credential_is_claimed_by_no_step },
	{ "a trace tells what was looked at", a_trace_tells_what_was_looked_at },
	{ "tests are run line by line with fixtures", tests_are_run_line_by_line_with_fixtures },
	{ "a dump and the counts are given", a_dump_and_the_counts_are_given },
	{ "a condition that is false is nearest", a_condition_that_is_false_is_nearest },
	{ "a path without a value is named", a_path_without_a_value_is_named },
	{ "the distances are told apart", the_distances_are_told_apart },
	{ "an allow names its role and how it is held", an_allow_names_its_role_and_how_it_is_held },
	{ "a deny that cannot be evaluated says so", a_deny_that_cannot_be_evaluated_says_so },
	{ "tokens are explained", tokens_are_explained },
	{ "a misspelt name is guessed", a_misspelt_name_is_guessed },
	CU_TEST_INFO_NULL
};
