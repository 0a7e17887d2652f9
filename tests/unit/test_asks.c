/* SPDX-License-Identifier: Apache-2.0 */
/* Requests from a file: what is copied, and what is not. */
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/asks.h"

static const char lines[] =
    "{\"subject\": {\"type\": \"user\", \"id\": \"ann\"}, \"action\": {\"name\": \"read\"}, \"expected\": true}\n"
    "{\"subject\": {\"type\": \"user\", \"id\": \"bob\", \"properties\": {\"a\": [1, \"x\", {\"b\": \"y\"}]}},"
    " \"action\": {\"name\": \"write\"}, \"resource\": {\"type\": \"doc\", \"id\": \"\"},"
    " \"token\": {\"scopes\": [\"s\", \"t\"], \"kind\": \"key\"}, \"groups\": [\"g\"],"
    " \"now\": \"2026-01-01T00:00:00Z\", \"decision\": \"deny\"}\n"
    "{\"action\": {\"name\": \"read\"}, \"expected\": 1}";

static bool
is(struct policy_text t, const char *s)
{
	return t.data != NULL && t.len == strlen(s) && memcmp(t.data, s, t.len) == 0;
}

/* In a file of its own; the exit status of reading it. */
static int
read_text(struct pol_asks *out, const char *text, size_t most)
{
	char name[] = "/tmp/libpolicy-asks-XXXXXX";
	int fd = mkstemp(name), rc;

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	rc = pol_asks_read(out, name, most);
	unlink(name);
	return rc;
}

static void
judge(const struct pol_asks *a)
{
	const struct policy_request *r;
	const struct policy_value *v;

	CU_ASSERT_EQUAL_FATAL(a->n, 3);
	CU_ASSERT(a->timed);
	CU_ASSERT(is(a->list[0].ask.req.subject_id, "ann"));
	CU_ASSERT_PTR_NULL(a->list[0].ask.req.resource_id.data);
	CU_ASSERT_PTR_NULL(a->list[0].ask.req.token);
	CU_ASSERT_EQUAL(a->list[0].expected, POL_ASKS_ALLOW);
	CU_ASSERT_EQUAL(a->list[1].expected, POL_ASKS_DENY);
	CU_ASSERT_EQUAL(a->list[2].expected, POL_ASKS_UNSAID);
	CU_ASSERT_EQUAL(a->list[2].line, 3);
	r = &a->list[1].ask.req;
	CU_ASSERT(is(r->action, "write") && is(r->resource_type, "doc") && is(r->resource_id, ""));
	CU_ASSERT_EQUAL_FATAL(r->subject_attributes.count, 1);
	v = &r->subject_attributes.list[0].value;
	CU_ASSERT(v->type == POLICY_LIST && v->count == 3 && v->u.items[0].u.integer == 1);
	CU_ASSERT(is(v->u.items[1].u.text, "x") && is(v->u.items[2].u.members[0].value.u.text, "y"));
	CU_ASSERT(r->groups_count == 1 && is(r->groups[0], "g"));
	CU_ASSERT_PTR_EQUAL_FATAL(r->token, &a->list[1].ask.token);
	CU_ASSERT(r->token->scopes_count == 2 && is(r->token->scopes[1], "t") && is(r->token->kind, "key"));
	CU_ASSERT_STRING_EQUAL(a->list[1].ask.now, "2026-01-01T00:00:00Z");
}

static void
a_file_becomes_requests_and_a_copy_outlives_it(void)
{
	struct pol_asks a, copy;

	CU_ASSERT_EQUAL(read_text(&a, lines, SIZE_MAX), 0);
	judge(&a);
	CU_ASSERT_EQUAL(pol_asks_copy(&copy, &a), 0);
	pol_asks_fini(&a);
	judge(&copy);
	pol_asks_fini(&copy);
}

static void
no_more_are_read_than_wanted(void)
{
	struct pol_asks a;

	CU_ASSERT_EQUAL(read_text(&a, lines, 2), 0);
	CU_ASSERT_EQUAL(a.n, 2);
	pol_asks_fini(&a);
}

/* What is refused is told on standard error, which a suite keeps to itself. */
static void
what_is_no_request_ends_the_reading(void)
{
	static const char *const bad[] = { "", "{}\n", "\n", "[1]", "{\"action\": {\"name\": 1}}",
		"{\"action\": {\"name\": \"a\"}}\nnonsense\n" };
	int saved = dup(STDERR_FILENO);
	struct pol_asks a;

	fflush(stderr);
	CU_ASSERT_PTR_NOT_NULL_FATAL(freopen("/dev/null", "w", stderr));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CU_ASSERT_EQUAL(read_text(&a, bad[i], SIZE_MAX), EX_DATAERR);
		pol_asks_fini(&a);
	}
	CU_ASSERT_EQUAL(pol_asks_read(&a, "/nonexistent/requests", SIZE_MAX), EX_NOINPUT);
	pol_asks_fini(&a);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
}

CU_TestInfo suite_asks[] = {
	{ "a file becomes requests, and a copy outlives it", a_file_becomes_requests_and_a_copy_outlives_it },
	{ "no more are read than wanted", no_more_are_read_than_wanted },
	{ "what is no request ends the reading", what_is_no_request_ends_the_reading },
	CU_TEST_INFO_NULL,
};
