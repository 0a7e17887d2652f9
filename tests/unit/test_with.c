/* SPDX-License-Identifier: Apache-2.0 */
/* `with:` against a module's table. */
#include <stdio.h>
#include <string.h>

#include "auth/with.h"
#include "unit/unit.h"

#define TEXT(s) { .type = POLICY_STRING, .u.text = POLICY_TEXT(s) }
#define SECOND INT64_C(1000000000)

static const struct policy_module_key table[] = {
	{ "issuer", POLICY_KEY_TEXT, POLICY_KEY_REQUIRED }, { "audience", POLICY_KEY_TEXTS, 0 },
	{ "leeway", POLICY_KEY_DURATION, 0 }, { "size", POLICY_KEY_INT, 0 }, { "strict", POLICY_KEY_BOOL, 0 },
	{ "headers", POLICY_KEY_MAP, 0 }, { NULL, 0, 0 },
};
static struct pol_arena arena;
static struct policy_error err;
static struct policy_value out;

static int
judge(const struct pol_step_key *keys, uint32_t n, const struct policy_module_key *known)
{
	const struct pol_step_conf step = { .use = "jwt", .name = "sso", .at = { "set.yaml", 4, 5 }, .with = keys, .n_with = n };

	err = (struct policy_error)POLICY_ERROR_INIT;
	return pol_with_judge(&out, &arena, &step, known, &err);
}

/* The key beside an issuer that is right. Refused with this sentence, at the key. */
static bool
refused(const char *name, struct policy_value v, const char *text)
{
	const struct pol_step_key keys[] = { { POLICY_TEXT("issuer"), TEXT("https://a"), { "set.yaml", 6, 9 } },
		{ policy_text(name), v, { "with.yaml", 7, 9 } } };
	const int rc = judge(keys, 2, table);
	const bool right = rc == POLICY_ERR_INVALID && err.code == rc && err.line == 7 && err.column == 9 &&
	    strcmp(err.file, "with.yaml") == 0 && strcmp(err.text, text) == 0;

	if (!right)
		printf("%d %s:%u:%u: %s\n", rc, err.file, err.line, err.column, err.text);
	return right;
}

static const struct policy_value *
taken(const char *name, struct policy_value v)
{
	const struct pol_step_key keys[] = { { policy_text(name), v, { "set.yaml", 7, 9 } },
		{ POLICY_TEXT("issuer"), TEXT("https://a"), { "set.yaml", 6, 9 } } };
	const int rc = judge(keys, 2, table);

	if (rc != 0)
		printf("%d: %s\n", rc, err.text);
	CU_ASSERT_EQUAL_FATAL(rc, 0);
	CU_ASSERT_EQUAL_FATAL(out.count, 2);
	CU_ASSERT_EQUAL(out.type, POLICY_OBJECT);
	CU_ASSERT_EQUAL(strcmp(out.u.members[0].name.data, name), 0);
	return &out.u.members[0].value;
}

#define W "modules: sso: with: "

static void
each_type_takes_its_own(void)
{
	const struct policy_value two[] = { TEXT("a"), TEXT("b") };
	const struct policy_attr pairs[] = { { POLICY_TEXT("x"), TEXT("1") } };
	const struct policy_value *v;

	pol_arena_init(&arena);
	v = taken("audience", (struct policy_value)TEXT("a"));
	CU_ASSERT_EQUAL(v->type, POLICY_LIST);
	CU_ASSERT_EQUAL_FATAL(v->count, 1);
	CU_ASSERT_EQUAL(v->u.items[0].type, POLICY_STRING);
	CU_ASSERT_EQUAL(v->u.items[0].u.text.len, 1);
	v = taken("audience", (struct policy_value){ .type = POLICY_LIST, .count = 2, .u.items = two });
	CU_ASSERT_EQUAL(v->count, 2);
	v = taken("size", (struct policy_value){ .type = POLICY_INT, .u.integer = -3 });
	CU_ASSERT_EQUAL(v->u.integer, -3);
	v = taken("strict", (struct policy_value){ .type = POLICY_BOOL, .u.boolean = 1 });
	CU_ASSERT_EQUAL(v->u.boolean, 1);
	v = taken("headers", (struct policy_value){ .type = POLICY_OBJECT, .count = 1, .u.members = pairs });
	CU_ASSERT_EQUAL(v->u.members[0].value.u.text.len, 1);
	pol_arena_fini(&arena);
}

static void
lengths_of_time_are_nanoseconds(void)
{
	static const struct {
		struct policy_value v;
		int64_t ns;
	} rows[] = {
		{ TEXT("500ms"), SECOND / 2 }, { TEXT("30s"), 30 * SECOND }, { TEXT("5m"), 300 * SECOND },
		{ TEXT("1h"), 3600 * SECOND }, { TEXT("7d"), 7 * 86400 * SECOND }, { TEXT("0s"), 0 },
	};
	static const char *const bad[] = { "", "s", "30", "-5s", "1.5h", "5 m", "5M", "5w", "1h30m", "99999999999999999999s", "300000000d" };

	pol_arena_init(&arena);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct policy_value *v = taken("leeway", rows[i].v);

		CU_ASSERT_EQUAL(v->type, POLICY_INT);
		CU_ASSERT_EQUAL(v->u.integer, rows[i].ns);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT(refused("leeway", (struct policy_value){ .type = POLICY_STRING, .u.text = policy_text(bad[i]) },
		    W "'leeway' is no length of time; a whole number and its unit is wanted, as in 500ms, 30s, 5m, 1h or 7d"));
	CU_ASSERT(refused("leeway", (struct policy_value){ .type = POLICY_INT, .u.integer = 30 },
	    W "'leeway' is an integer; a whole number and its unit is wanted, as in 500ms, 30s, 5m, 1h or 7d"));
	pol_arena_fini(&arena);
}

static void
nothing_is_made_to_fit(void)
{
	static const struct policy_value mixed[] = { TEXT("a"), { .type = POLICY_INT, .u.integer = 3 } };
	static const struct policy_value nested[] = { { .type = POLICY_LIST } };
	static const struct policy_attr number[] = { { POLICY_TEXT("x"), { .type = POLICY_INT, .u.integer = 1 } } };
	static const struct {
		const char *name;
		struct policy_value v;
		const char *text;
	} rows[] = {
		{ "audience", { .type = POLICY_INT, .u.integer = 3 }, W "'audience' is an integer; a text or a list of texts is wanted: quote it" },
		{ "audience", { .type = POLICY_LIST }, W "'audience' is an empty list; a text or a list of texts is wanted" },
		{ "audience", TEXT(""), W "'audience' is an empty text; a text or a list of texts is wanted" },
		{ "audience", { .type = POLICY_LIST, .count = 2, .u.items = mixed },
		    W "'audience' is a list in which something is no text, or empty; a list of texts is wanted: quote each" },
		{ "audience", { .type = POLICY_LIST, .count = 1, .u.items = nested },
		    W "'audience' is a list in which something is no text, or empty; a list of texts is wanted" },
		{ "size", TEXT("3"), W "'size' is a text; an integer is wanted, without quotes" },
		{ "size", { .type = POLICY_DOUBLE, .u.real = 3 }, W "'size' is a number with a point; an integer is wanted, without quotes" },
		{ "strict", TEXT("true"), W "'strict' is a text; true or false is wanted, without quotes" },
		{ "strict", { .type = POLICY_INT, .u.integer = 1 }, W "'strict' is an integer; true or false is wanted, without quotes" },
		{ "headers", TEXT("x"), W "'headers' is a text; a mapping of names to texts is wanted" },
		{ "headers", { .type = POLICY_OBJECT, .count = 1, .u.members = number },
		    W "'headers' is a mapping in which something is no text, or empty; a mapping of names to texts is wanted: quote each" },
		{ "size", { .type = POLICY_NULL }, W "'size' is empty; an integer is wanted, without quotes" },
		{ "issuer", TEXT("x"), W "'issuer' is there twice; one of the two is wanted" },
	};

	pol_arena_init(&arena);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT(refused(rows[i].name, rows[i].v, rows[i].text));
	pol_arena_fini(&arena);
}

static void
a_text_is_a_text(void)
{
	static const struct {
		struct policy_value v;
		const char *text;
	} rows[] = {
		{ { .type = POLICY_INT, .u.integer = 12 }, W "'issuer' is an integer; a text is wanted: quote it" },
		{ { .type = POLICY_BOOL }, W "'issuer' is true or false; a text is wanted: quote it" },
		{ { .type = POLICY_DOUBLE }, W "'issuer' is a number with a point; a text is wanted: quote it" },
		{ { .type = POLICY_OBJECT }, W "'issuer' is a mapping; a text is wanted" },
		{ { .type = POLICY_LIST, .count = 1 }, W "'issuer' is a list; a text is wanted" },
		{ TEXT(""), W "'issuer' is an empty text; a text is wanted" },
		{ TEXT("a\0b"), W "'issuer' is a text; a text is wanted" },
		{ { .type = 77 }, W "'issuer' is empty; a text is wanted" },
	};

	pol_arena_init(&arena);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct pol_step_key key = { POLICY_TEXT("issuer"), rows[i].v, { "set.yaml", 6, 9 } };

		CU_ASSERT_EQUAL(judge(&key, 1, table), POLICY_ERR_INVALID);
		CU_ASSERT_STRING_EQUAL(err.text, rows[i].text);
		CU_ASSERT_EQUAL(err.line, 6);
	}
	pol_arena_fini(&arena);
}

static void
a_key_that_nobody_knows_is_refused(void)
{
	static const struct policy_module_key alike[] = { { "alpha_1", POLICY_KEY_TEXT, 0 }, { "alpha_2", POLICY_KEY_TEXT, 0 }, { NULL, 0, 0 } };
	static const struct policy_module_key odd[] = { { "size", 0, 0 }, { "far", 99, 0 }, { NULL, 0, 0 } };
	const struct pol_step_key any = { POLICY_TEXT("alpha_3"), TEXT("x"), { "set.yaml", 6, 9 } };
	const struct pol_step_key size = { POLICY_TEXT("size"), TEXT("x"), { "set.yaml", 6, 9 } };
	const struct pol_step_key far = { POLICY_TEXT("far"), TEXT("x"), { "set.yaml", 6, 9 } };

	pol_arena_init(&arena);
	CU_ASSERT(refused("isuer", (struct policy_value)TEXT("x"), W "'isuer' is unknown; did you mean 'issuer'?"));
	CU_ASSERT(refused("audiense", (struct policy_value)TEXT("x"), W "'audiense' is unknown; did you mean 'audience'?"));
	CU_ASSERT(refused("url", (struct policy_value)TEXT("x"),
	    W "'url' is unknown; the module knows issuer, audience, leeway, size, strict, headers"));
	CU_ASSERT_EQUAL(judge(&any, 1, alike), POLICY_ERR_INVALID);	/* two as near: neither is told */
	CU_ASSERT_STRING_EQUAL(err.text, W "'alpha_3' is unknown; the module knows alpha_1, alpha_2");
	CU_ASSERT_EQUAL(judge(&any, 1, NULL), POLICY_ERR_INVALID);
	CU_ASSERT_STRING_EQUAL(err.text, W "'alpha_3' is unknown; the module has no settings");
	CU_ASSERT_EQUAL(judge(&any, 1, &table[6]), POLICY_ERR_INVALID);
	CU_ASSERT_EQUAL(judge(&size, 1, odd), POLICY_ERR_INVALID);
	CU_ASSERT_EQUAL(judge(&far, 1, odd), POLICY_ERR_INVALID);
	pol_arena_fini(&arena);
}

static void
what_is_required_is_missed_at_the_step(void)
{
	const struct pol_step_key key = { POLICY_TEXT("size"), { .type = POLICY_INT }, { "set.yaml", 6, 9 } };

	pol_arena_init(&arena);
	CU_ASSERT_EQUAL(judge(&key, 1, table), POLICY_ERR_INVALID);
	CU_ASSERT_STRING_EQUAL(err.text, W "'issuer' is missing, and the module 'jwt' cannot do without");
	CU_ASSERT_EQUAL(err.line, 4);
	CU_ASSERT_EQUAL(err.column, 5);
	CU_ASSERT_EQUAL(judge(NULL, 0, table), POLICY_ERR_INVALID);
	CU_ASSERT_EQUAL(judge(NULL, 0, &table[1]), 0);
	CU_ASSERT_EQUAL(judge(NULL, 0, NULL), 0);
	CU_ASSERT_EQUAL(out.type, POLICY_OBJECT);
	CU_ASSERT_EQUAL(out.count, 0);
	pol_arena_fini(&arena);
}

CU_TestInfo suite_with[] = {
	{ "each type takes its own", each_type_takes_its_own },
	{ "lengths of time are nanoseconds", lengths_of_time_are_nanoseconds },
	{ "nothing is made to fit", nothing_is_made_to_fit },
	{ "a text is a text", a_text_is_a_text },
	{ "a key that nobody knows is refused", a_key_that_nobody_knows_is_refused },
	{ "what is required is missed at the step", what_is_required_is_missed_at_the_step },
	CU_TEST_INFO_NULL
};
