/* SPDX-License-Identifier: Apache-2.0 */
/* The dump: stable, whatever the files; a policy that means the same. */
#include <string.h>

#include "compile/dump.h"
#include "unit/unit.h"

static int
dump(struct pol_buf *out, const struct pol_source *sources, size_t n)
{
	struct policy_limits limits = POLICY_LIMITS_INIT;
	struct pol_compile_options opt = { .limits = &limits };
	struct policy_error err = POLICY_ERROR_INIT;
	struct ast_set *set;
	int rc = pol_set_read(&set, sources, n, &opt, &err);

	pol_buf_init(out);
	if (rc == 0)
		rc = pol_set_dump(set, out);
	pol_buf_append(out, "", 1);
	if (rc != 0)
		printf("dump: %s:%u:%u: %s\n", err.file, err.line, err.column, err.text);
	pol_set_free(set);
	return rc;
}

static const char one[] =
    "policy: 1\nactions: { go: , stay: { when: 'subject.a   ==  \"x  y\"' } }\n"
    "roles: { r: { allow: [stay, go], includes: [q] }, q: { deny: { actions: [stay, go], unless: [own-it, big] } } }\n"
    "conditions: { big: subject.n > 1.50, own-it: 'not  (subject.a  like  \"a  b*\")' }\n";
static const char two[] =
    "policy: 1\nroles: { r: { allow: [{ actions: go, resources: [t/b, t], id: x, reason: 'it''s so' }] } }\n"
    "resources: { t: { parent: u, attributes: { b: { type: list, default: [1, '1', a b] }, a: { type: time } } }, u: }\n"
    "users: { ann: { attributes: { n: 7, m: '7', k: {z: [true, ~], 'a b': no} }, groups: g }, 'robot:7': }\n"
    "groups: { g: { members: [group:h, ann] }, h: }\n"
    "grants: [{ role: [r, q], to: [everyone, 'user:*', group:g], resource: t/**, until: 2030-01-01T00:00:00Z }]\n"
    "fixtures: { entities: { t/x: { a: 1, parent: [p, u/q] }, u/p: } }\n"
    "tests: [{ as: ann, deny: go }]\n";

static const struct pol_source ab[] = { { "a.yaml", one, sizeof(one) - 1, true }, { "b.yaml", two, sizeof(two) - 1, true } };
static const struct pol_source ba[] = { { "a.yaml", two, sizeof(two) - 1, true }, { "b.yaml", one, sizeof(one) - 1, true } };

static void
the_order_of_files_is_not_seen(void)
{
	struct pol_buf x, y;

	CU_ASSERT_EQUAL_FATAL(dump(&x, ab, 2), 0);
	CU_ASSERT_EQUAL_FATAL(dump(&y, ba, 2), 0);
	CU_ASSERT_STRING_EQUAL(x.data, y.data);
	CU_ASSERT_PTR_NULL(strstr(x.data, ".yaml"));
	CU_ASSERT_PTR_NULL(strstr(x.data, "tests"));
	pol_buf_fini(&x);
	pol_buf_fini(&y);
}

static void
a_dump_of_a_dump_is_the_same(void)
{
	struct pol_buf x, y;
	struct pol_source again = { "a.yaml", NULL, 0, true };

	CU_ASSERT_EQUAL_FATAL(dump(&x, ab, 2), 0);
	again.text = x.data;
	again.len = x.len - 1;
	CU_ASSERT_EQUAL_FATAL(dump(&y, &again, 1), 0);
	CU_ASSERT_STRING_EQUAL(x.data, y.data);
	pol_buf_fini(&x);
	pol_buf_fini(&y);
}

static void
spaces_in_conditions_are_one_but_not_in_texts(void)
{
	struct pol_buf x;

	CU_ASSERT_EQUAL_FATAL(dump(&x, ab, 1), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(x.data, "when: 'subject.a == \"x  y\"'\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(x.data, "own-it: 'not (subject.a like \"a  b*\")'\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(x.data, "unless: [big, own-it]\n"));
	pol_buf_fini(&x);
}

static void
scalars_read_back_as_they_were(void)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "abc", "abc" }, { "a:b", "a:b" }, { "a-b/c*", "a-b/c*" }, { "", "''" }, { "a:", "'a:'" },
		{ "7", "'7'" }, { "true", "'true'" }, { "Null", "'Null'" }, { "a b", "'a b'" }, { "it's", "'it''s'" },
		{ "*", "'*'" }, { "a #b", "'a #b'" }, { "~", "'~'" }, { "a\nb", "\"a\\nb\"" }, { "\t\"\\", "\"\\t\\\"\\\\\"" },
		{ "\x01", "\"\\x01\"" }, { "\xc2\x85", "\"\\x85\"" }, { "\xe2\x80\xa8", "\"\\u2028\"" },
		{ "\xef\xbb\xbf", "\"\\uFEFF\"" }, { "\xc3\xa9", "'\xc3\xa9'" }, { "\xf0\x9f\x98\x80", "'\xf0\x9f\x98\x80'" },
	};
	struct pol_buf b;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		pol_buf_init(&b);
		pol_dump_text(&b, rows[i].text, strlen(rows[i].text));
		pol_buf_append(&b, "", 1);
		CU_ASSERT_STRING_EQUAL(b.data, rows[i].want);
		pol_buf_fini(&b);
	}
}

CU_TestInfo suite_dump[] = {
	{ "the order of files is not seen", the_order_of_files_is_not_seen },
	{ "a dump of a dump is the same", a_dump_of_a_dump_is_the_same },
	{ "spaces in conditions are one, but not in texts", spaces_in_conditions_are_one_but_not_in_texts },
	{ "scalars read back as they were", scalars_read_back_as_they_were },
	CU_TEST_INFO_NULL
};
