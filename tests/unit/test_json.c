/* SPDX-License-Identifier: Apache-2.0 */
/* cli/json.c and cli/request.c: what is written, and what a request object means. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json.h"
#include "cli/request.h"
#include "unit/unit.h"

static void
is_written(const char *bytes, size_t len, const char *wanted)
{
	struct pol_json j = { NULL, 0, 0, false };

	pol_json_quoted(&j, bytes, len);
	CU_ASSERT_EQUAL(j.len, strlen(wanted));
	CU_ASSERT(j.len == strlen(wanted) && memcmp(j.data, wanted, j.len) == 0);
	pol_json_fini(&j);
}

#define WRITTEN(text, wanted) is_written(text, sizeof(text) - 1, wanted)

static void
a_text_is_escaped_to_ascii(void)
{
	WRITTEN("", "\"\"");
	WRITTEN("plain ~", "\"plain ~\"");
	WRITTEN("\"\\\n\r\t\b\f", "\"\\\"\\\\\\n\\r\\t\\b\\f\"");
	WRITTEN("a\0b\x1f\x7f", "\"a\\u0000b\\u001f\\u007f\"");
	WRITTEN("\xc3\xa9\xe2\x82\xac", "\"\\u00e9\\u20ac\"");
	WRITTEN("\xf0\x9f\x98\x80", "\"\\ud83d\\ude00\"");
}

static void
bytes_that_are_no_utf8_become_lone_surrogates(void)
{
	WRITTEN("\xff", "\"\\udcff\"");
	WRITTEN("\xc0\x80", "\"\\udcc0\\udc80\"");
	WRITTEN("\xed\xa0\x80", "\"\\udced\\udca0\\udc80\"");
	WRITTEN("\xf4\x90\x80\x80", "\"\\udcf4\\udc90\\udc80\\udc80\"");
	WRITTEN("\xe2\x82", "\"\\udce2\\udc82\"");
}

static void
commas_stand_between_and_nowhere_else(void)
{
	static const char wanted[] = "{\"a\": [1, 18446744073709551615, {}], \"b\": true, \"c\": \"{\", \"d\": false}";
	struct pol_json j = { NULL, 0, 0, false };

	pol_json_open(&j, NULL, '{');
	pol_json_open(&j, "a", '[');
	pol_json_uint(&j, NULL, 1);
	pol_json_uint(&j, NULL, UINT64_MAX);
	pol_json_open(&j, NULL, '{');
	pol_json_close(&j, '}');
	pol_json_close(&j, ']');
	pol_json_bool(&j, "b", true);
	pol_json_str(&j, "c", "{");
	pol_json_bool(&j, "d", false);
	pol_json_close(&j, '}');
	CU_ASSERT(j.len == sizeof(wanted) - 1 && memcmp(j.data, wanted, j.len) == 0);
	pol_json_fini(&j);
}

static void
a_real_is_rounded_to_hundredths(void)
{
	static const char wanted[] = "[0.0, 1.0, 1.5, 1.05, 0.99, 1.0, 123456789.12, 0.0, 0.0]";
	const double in[] = { 0, 1, 1.5, 1.046, 0.99, 0.999, 123456789.123, -1, 1e300 };
	struct pol_json j = { NULL, 0, 0, false };

	pol_json_open(&j, NULL, '[');
	for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++)
		pol_json_real(&j, NULL, in[i]);
	pol_json_close(&j, ']');
	CU_ASSERT(j.len == sizeof(wanted) - 1 && memcmp(j.data, wanted, j.len) == 0);
	pol_json_fini(&j);
}

static void
a_long_text_grows_the_buffer(void)
{
	struct pol_json j = { NULL, 0, 0, false };
	char *text = malloc(100000);
	int i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	memset(text, 1, 100000);
	for (i = 0; i < 3; i++)
		pol_json_quoted(&j, text, 100000);
	CU_ASSERT_EQUAL(j.len, 3 * 600002);
	CU_ASSERT_FALSE(j.failed);
	pol_json_fini(&j);
	free(text);
}

static void
a_bump_gives_back_all_but_one_chunk(void)
{
	struct pol_bump b = { NULL, NULL, NULL };
	char *first, *p;
	int i;

	first = pol_bump_alloc(&b, 10);
	CU_ASSERT_PTR_NOT_NULL_FATAL(first);
	for (i = 0; i < 100; i++) {
		p = pol_bump_alloc(&b, 100000);
		CU_ASSERT_PTR_NOT_NULL_FATAL(p);
		CU_ASSERT_EQUAL((uintptr_t)p % 16, 0);
		memset(p, 1, 100000);
	}
	CU_ASSERT_PTR_NULL(pol_bump_alloc(&b, SIZE_MAX));
	pol_bump_reset(&b);
	CU_ASSERT_PTR_EQUAL(pol_bump_alloc(&b, 10), first);
	pol_bump_fini(&b);
	CU_ASSERT_PTR_NULL(b.chunks);
}

/* ---- requests ---- */

struct asked {
	struct pol_bump bump;
	json_t *root;
	struct pol_ask ask;
	const char *why;
	int rc;
};

static void
ask(struct asked *a, const char *line)
{
	char why[256];

	memset(a, 0, sizeof(*a));
	a->root = pol_request_parse(line, strlen(line), why);
	a->rc = a->root == NULL ? POLICY_ERR_ARG : pol_request_make(&a->ask, a->root, &a->bump, &a->why);
}

static void
done(struct asked *a)
{
	json_decref(a->root);
	pol_bump_fini(&a->bump);
}

static void
what_is_null_is_absent(void)
{
	struct asked a;

	ask(&a, "{\"subject\": null, \"action\": {\"name\": \"x\", \"properties\": null}, \"resource\": null, "
	    "\"context\": null, \"token\": null, \"actor\": null, \"groups\": null, \"now\": null, \"more\": 1}");
	CU_ASSERT_EQUAL_FATAL(a.rc, 0);
	CU_ASSERT_PTR_NULL(a.ask.req.subject_id.data);
	CU_ASSERT_PTR_NULL(a.ask.req.resource_type.data);
	CU_ASSERT_PTR_NULL(a.ask.req.actor_id.data);
	CU_ASSERT_PTR_NULL(a.ask.req.token);
	CU_ASSERT_PTR_NULL(a.ask.now);
	CU_ASSERT_EQUAL(a.ask.req.groups_count, 0);
	done(&a);
}

static void
no_scopes_is_not_an_empty_list(void)
{
	struct asked a;

	ask(&a, "{\"action\": {\"name\": \"x\"}, \"token\": {}}");
	CU_ASSERT_PTR_NOT_NULL_FATAL(a.ask.req.token);
	CU_ASSERT_EQUAL(a.ask.token.flags, 0);
	CU_ASSERT_PTR_NULL(a.ask.token.kind.data);
	done(&a);
	ask(&a, "{\"action\": {\"name\": \"x\"}, \"token\": {\"scopes\": [], \"kind\": \"\"}}");
	CU_ASSERT_EQUAL(a.ask.token.flags, POLICY_TOKEN_SCOPED);
	CU_ASSERT_EQUAL(a.ask.token.scopes_count, 0);
	CU_ASSERT_PTR_NOT_NULL(a.ask.token.kind.data);
	CU_ASSERT_EQUAL(a.ask.token.kind.len, 0);
	done(&a);
}

static void
a_tokens_own_members_are_no_attributes(void)
{
	struct asked a;

	ask(&a, "{\"action\": {\"name\": \"x\"}, \"token\": {\"scopes\": [\"a\", \"b\"], \"kind\": \"k\", "
	    "\"id\": \"t\", \"tenant\": 5}}");
	CU_ASSERT_EQUAL_FATAL(a.rc, 0);
	CU_ASSERT_EQUAL(a.ask.token.scopes_count, 2);
	CU_ASSERT_EQUAL(a.ask.token.id.len, 1);
	CU_ASSERT_EQUAL_FATAL(a.ask.token.attributes.count, 1);
	CU_ASSERT_EQUAL(a.ask.token.attributes.list[0].value.u.integer, 5);
	done(&a);
	/* an id that is no text has no place: the engine refuses it as an attribute */
	ask(&a, "{\"action\": {\"name\": \"x\"}, \"token\": {\"id\": 5}}");
	CU_ASSERT_EQUAL(a.ask.token.attributes.count, 1);
	done(&a);
}

static void
values_keep_their_types(void)
{
	struct asked a;
	const struct policy_attr *v;

	ask(&a, "{\"action\": {\"name\": \"x\"}, \"context\": {\"s\": \"a\\u0000b\", \"i\": -9223372036854775808, "
	    "\"r\": 1.0, \"b\": true, \"n\": null, \"l\": [1, [2]], \"o\": {\"p.q\": \"\"}, \"e\": []}}");
	CU_ASSERT_EQUAL_FATAL(a.rc, 0);
	CU_ASSERT_EQUAL_FATAL(a.ask.req.context.count, 8);
	v = a.ask.req.context.list;
	CU_ASSERT_EQUAL(v[0].value.type, POLICY_STRING);
	CU_ASSERT_EQUAL(v[0].value.u.text.len, 3);
	CU_ASSERT_EQUAL(v[1].value.u.integer, INT64_MIN);
	CU_ASSERT_EQUAL(v[2].value.type, POLICY_DOUBLE);
	CU_ASSERT_EQUAL(v[3].value.type, POLICY_BOOL);
	CU_ASSERT_EQUAL(v[3].value.u.boolean, 1);
	CU_ASSERT_EQUAL(v[4].value.type, POLICY_NULL);
	CU_ASSERT_EQUAL(v[5].value.count, 2);
	CU_ASSERT_EQUAL(v[5].value.u.items[1].u.items[0].u.integer, 2);
	CU_ASSERT_EQUAL(v[6].value.u.members[0].name.len, 3);
	CU_ASSERT_PTR_NOT_NULL(v[6].value.u.members[0].value.u.text.data);
	CU_ASSERT_EQUAL(v[7].value.type, POLICY_LIST);
	CU_ASSERT_EQUAL(v[7].value.count, 0);
	done(&a);
}

static void
what_is_misshapen_is_refused(void)
{
	static const char *const lines[] = {
		"", "[]", "null", "{", "{}", "{\"action\": null}", "{\"action\": \"x\"}", "{\"action\": {\"name\": 1}}",
		"{\"action\": {\"name\": \"x\"}, \"action\": {\"name\": \"x\"}}",
		"{\"action\": {\"name\": \"x\", \"properties\": []}}",
		"{\"action\": {\"name\": \"x\"}, \"subject\": {}}",
		"{\"action\": {\"name\": \"x\"}, \"subject\": {\"type\": \"user\", \"id\": 1}}",
		"{\"action\": {\"name\": \"x\"}, \"subject\": \"alice\"}",
		"{\"action\": {\"name\": \"x\"}, \"resource\": {}}",
		"{\"action\": {\"name\": \"x\"}, \"actor\": []}",
		"{\"action\": {\"name\": \"x\"}, \"context\": false}",
		"{\"action\": {\"name\": \"x\"}, \"context\": {\"n\": 9223372036854775808}}",
		"{\"action\": {\"name\": \"x\"}, \"context\": {\"n\": 1e400}}",
		"{\"action\": {\"name\": \"x\"}, \"context\": {\"n\": NaN}}",
		"{\"action\": {\"name\": \"x\"}, \"context\": {\"n\": 1, \"n\": 1}}",
		"{\"action\": {\"name\": \"x\"}, \"token\": []}",
		"{\"action\": {\"name\": \"x\"}, \"token\": {\"scopes\": \"a\"}}",
		"{\"action\": {\"name\": \"x\"}, \"token\": {\"scopes\": [1]}}",
		"{\"action\": {\"name\": \"x\"}, \"token\": {\"kind\": 1}}",
		"{\"action\": {\"name\": \"x\"}, \"groups\": \"g\"}",
		"{\"action\": {\"name\": \"x\"}, \"groups\": [null]}",
		"{\"action\": {\"name\": \"x\"}, \"now\": 5}",
		"{\"action\": {\"name\": \"x\"}, \"now\": \"2026-01-01T00:00:00Z\\u0000\"}",
		"{\"action\": {\"name\": \"\xff\"}}",
	};
	struct asked a;
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		ask(&a, lines[i]);
		if (a.rc != POLICY_ERR_ARG)
			printf("not refused: %s\n", lines[i]);
		CU_ASSERT_EQUAL(a.rc, POLICY_ERR_ARG);
		done(&a);
	}
}

static void
what_is_too_deep_is_over_a_limit(void)
{
	char line[300] = "{\"action\": {\"name\": \"x\"}, \"context\": {\"a\": ";
	struct asked a;
	int i;

	for (i = 0; i < 100; i++)
		strcat(line, "[");
	for (i = 0; i < 100; i++)
		strcat(line, "]");
	strcat(line, "}}");
	ask(&a, line);
	CU_ASSERT_EQUAL(a.rc, POLICY_ERR_LIMIT);
	done(&a);
}

CU_TestInfo suite_json[] = {
	{ "a text is escaped to ASCII", a_text_is_escaped_to_ascii },
	{ "bytes that are no UTF-8 become lone surrogates", bytes_that_are_no_utf8_become_lone_surrogates },
	{ "commas stand between and nowhere else", commas_stand_between_and_nowhere_else },
	{ "a real is rounded to hundredths", a_real_is_rounded_to_hundredths },
	{ "a long text grows the buffer", a_long_text_grows_the_buffer },
	{ "a bump gives back all but one chunk", a_bump_gives_back_all_but_one_chunk },
	{ "what is null is absent", what_is_null_is_absent },
	{ "no scopes is not an empty list", no_scopes_is_not_an_empty_list },
	{ "a token's own members are no attributes", a_tokens_own_members_are_no_attributes },
	{ "values keep their types", values_keep_their_types },
	{ "what is misshapen is refused", what_is_misshapen_is_refused },
	{ "what is too deep is over a limit", what_is_too_deep_is_over_a_limit },
	CU_TEST_INFO_NULL
};
