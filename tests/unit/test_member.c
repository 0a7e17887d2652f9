/* SPDX-License-Identifier: Apache-2.0 */
/* base/member.c: one text of a JSON object, and all of the object JSON. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/member.h"

#include "unit/unit.h"

static char room[64];
static struct policy_text found;

static int
find(const char *json)
{
	return pol_member_find(&found, room, sizeof(room), policy_text(json), policy_text("model"));
}

static bool
is(const char *json, const char *text)
{
	return find(json) == 0 && found.len == strlen(text) && memcmp(found.data, text, found.len) == 0;
}

static void
a_member_is_found_wherever_it_stands(void)
{
	CU_ASSERT(is("{\"model\":\"a\"}", "a"));
	CU_ASSERT(is(" \t\r\n{ \"model\" : \"a\" } \n", "a"));
	CU_ASSERT(is("{\"x\":{\"model\":\"no\"},\"y\":[{\"model\":1},[],{}],\"model\":\"yes\"}", "yes"));
	CU_ASSERT(is("{\"model\":\"a\",\"n\":[-0,0.5,1e9,-1.25E-3,true,false,null,\"\"]}", "a"));
	CU_ASSERT(is("{\"\\u006dodel\":\"a\"}", "a"));
	CU_ASSERT(is("{\"model\":\"\"}", ""));
}

static void
escapes_are_undone(void)
{
	CU_ASSERT(is("{\"model\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "\"\\/\b\f\n\r\t"));
	CU_ASSERT(is("{\"model\":\"\\u0041\\u00e9\\u20AC\\ud83d\\uDE00\"}", "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
	CU_ASSERT(is("{\"model\":\"\xc3\xa9\"}", "\xc3\xa9"));
}

static void
what_receivers_read_in_two_ways_is_refused(void)
{
	static const char *const no[] = {
		"{\"model\":\"a\",\"model\":\"a\"}", "{\"model\":1,\"model\":\"a\"}", "{\"model\":\"a\",\"Model\":\"b\"}",
		"{\"model\":\"a\",\"mod\\u0045l\":\"b\"}", "{\"Model\":\"a\"}", "{\"model\":null}", "{\"model\":1}", "{\"model\":[\"a\"]}",
		"{\"model\":{\"a\":\"a\"}}", "{\"models\":\"a\"}", "{}", "[]", "\"model\"", "", " ", "{\"model\":\"a\"}x", "{\"model\":\"a\"}{}",
		"{\"model\":\"a\",}", "{,\"model\":\"a\"}", "{\"model\" \"a\"}", "{model:\"a\"}", "{'model':'a'}", "{\"model\":\"a\"",
		"{\"model\":\"a\",\"x\":01}", "{\"model\":\"a\",\"x\":.5}", "{\"model\":\"a\",\"x\":1.}", "{\"model\":\"a\",\"x\":+1}",
		"{\"model\":\"a\",\"x\":1e}", "{\"model\":\"a\",\"x\":NaN}", "{\"model\":\"a\",\"x\":truee}", "{\"model\":\"a\",\"x\":[1,]}",
		"{\"model\":\"a\",\"x\":[1}", "{\"model\":\"a\",\"x\":{1:2}}", "{\"model\":\"a\",\"x\":\"\\x\"}", "{\"model\":\"a\",\"x\":\"\\u12\"}",
		"{\"model\":\"\\ud800\"}", "{\"model\":\"\\udc00\"}", "{\"model\":\"\\ud800\\u0041\"}", "{\"model\":\"a\",\"x\":\"\\udfff\"}",
		"{\"model\":\"a\nb\"}", "{\"model\":\"\\u0000\"}", "{\"model\":\"\xff\"}", "{\"model\":\"a\",\"x\":\"\xc3\"}",
		"\xef\xbb\xbf{\"model\":\"a\"}", "{\"model\":\"a\"/**/}"
	};

	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		CU_ASSERT_EQUAL(find(no[i]), POLICY_ERR_ARG);
		CU_ASSERT(found.data == NULL);
	}
	CU_ASSERT_EQUAL(pol_member_find(&found, room, sizeof(room), (struct policy_text){ NULL, 0 }, policy_text("model")), POLICY_ERR_ARG);
	CU_ASSERT_EQUAL(pol_member_find(&found, room, sizeof(room), policy_text("{\"task\":\"a\",\"ta\xc5\xbfk\":\"b\"}"), policy_text("task")), POLICY_ERR_ARG);
	CU_ASSERT_EQUAL(pol_member_find(&found, room, sizeof(room), policy_text("{\"task\":\"a\",\"tas\xe2\x84\xaa\":\"b\"}"), policy_text("task")), POLICY_ERR_ARG);
}

static void
depth_and_room_have_a_bound(void)
{
	char json[512];
	size_t n;

	for (size_t deep = POL_MEMBER_DEPTH - 2; deep <= POL_MEMBER_DEPTH + 1; deep++) {
		n = (size_t)sprintf(json, "{\"x\":");
		memset(json + n, '[', deep);
		memset(json + n + deep, ']', deep);
		strcpy(json + n + 2 * deep, ",\"model\":\"a\"}");
		CU_ASSERT_EQUAL(find(json), deep < POL_MEMBER_DEPTH ? 0 : POLICY_ERR_LIMIT);
	}
	n = (size_t)sprintf(json, "{\"model\":\"");
	memset(json + n, 'a', sizeof(room));
	strcpy(json + n + sizeof(room), "\"}");
	CU_ASSERT_EQUAL(find(json), 0);
	strcpy(json + n + sizeof(room), "a\"}");
	CU_ASSERT_EQUAL(find(json), POLICY_ERR_LIMIT);
}

CU_TestInfo suite_member[] = {
	{ "a member is found wherever it stands", a_member_is_found_wherever_it_stands },
	{ "escapes are undone", escapes_are_undone },
	{ "what receivers read in two ways is refused", what_receivers_read_in_two_ways_is_refused },
	{ "depth and room have a bound", depth_and_room_have_a_bound },
	CU_TEST_INFO_NULL
};
