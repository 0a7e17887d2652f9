/* SPDX-License-Identifier: Apache-2.0 */
/* compile/read.c and the readers below it: fast or whole, it is one set; and how far it is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile/compile.h"
#include "compile/yaml.h"

#include "unit/unit.h"

struct told {
	uint64_t last, total;
	unsigned times;
	bool back;			/* it once went back */
};

static void
progress(void *ctx, uint64_t done, uint64_t total)
{
	struct told *t = ctx;

	t->back |= done < t->last || done > total || (t->total != 0 && t->total != total);
	t->last = done;
	t->total = total;
	t->times++;
}

static struct ast_set *
take(const char *text, bool slowly, struct told *told, struct policy_error *err)
{
	struct policy_limits limits = POLICY_LIMITS_INIT;
	struct pol_source source = { "t.yaml", text, strlen(text), true };
	struct pol_compile_options opt = { .limits = &limits, .slowly = slowly };
	struct ast_set *set = NULL;

	limits.file_bytes = 1u << 24;
	limits.nodes = 1u << 24;
	if (told != NULL) {
		memset(told, 0, sizeof(*told));
		opt.progress = progress;
		opt.progress_ctx = told;
	}
	memset(err, 0, sizeof(*err));
	err->size = sizeof(*err);
	(void)pol_set_read(&set, &source, 1, &opt, err);
	return set;
}

static bool
is_plain(const char *text)
{
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy_limits limits = { .depth = 64, .file_bytes = 1u << 20, .scalar_bytes = 1u << 16, .nodes = 1000 };
	struct pol_yaml_source source = { .text = text, .len = strlen(text), .limits = &limits };
	struct ast_set set;
	struct pol_size size;
	struct pol_node root;

	memset(&set, 0, sizeof(set));
	set.err = &err;
	if (pol_yaml_read(&root, &size, &set, &source) != 0)
		size.plain = false;
	pol_arena_fini(&set.arena);
	return size.plain;
}

static void
what_is_certain_needs_no_libyaml(void)
{
	static const char *const plain[] = {
		"a: b", "---\na: b\n", "# c\n\na: 'it''s' # d\n", "a:\n- b\n- - c\n  - d\n-\n  e: f\n", "a:\n  - b: c\n    d:\n  -\n",
		"a: { b: [c, \"d\\n\", { e: f, }], \"g\":h, i: , 'j': k:l }\n", "a: [b,\n# c\n  d\n]\n", "[a, b]\n",
		"a: >-\n  b\n  c\nd: |\n  e\n", "\xc3\xa9t\xc3\xa9: \xe2\x82\xac\n", "a b: c:d#e -f\n", "a: -1\n",
	};
	static const char *const unsure[] = {
		"", "a", "a: b\n  c\n", "a: [b\n c]\n", "a: \"b\n  c\"\n", "a: &b c\n", "a: *b\n", "a: !b c\n", "? a\n: b\n", "a: \tb\n",
		"a: b\r\n", "a: \"\\x41\"\n", "a: {b}\n", "a: [b: c]\n", "a: {b:, c: d}\n", "a: b\n---\nc: d\n", "%YAML 1.1\n---\na: b\n",
		"a: >\n  b\n\n  c\n", "a: |2\n  b\n", "a: b: c\n", "- a\nb: c\n", "a:\n  b: c\n d: e\n", "a: [b]]\n", "a: 'b' c\n",
		"a: \xc2\x85\n", "a: \xe2\x80\xa8\n", "a: \xef\xbb\xbf\n", "a: 1\na: 2\n",
	};
	size_t i;

	for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (!is_plain(plain[i]))
			CU_FAIL(plain[i]);
	for (i = 0; i < sizeof(unsure) / sizeof(unsure[0]); i++)
		if (is_plain(unsure[i]))
			CU_FAIL(unsure[i]);
}

static void
both_readings_are_one_set(void)
{
	static const char *const texts[] = {
		"policy: 1\nresources: { d: { attributes: { l: { type: list } } } }\nactions: [x, y]\n"
		"scopes: { s: x }\nroles:\n  r: { deny: { actions: [x, y], when: has subject.a }, allow: [x, { actions: [x, y], id: i, reason: so }] }\n"
		"  q: { includes: r, allow: { actions: [x, y], resources: [d/a, d] } }\n"
		"users: { ann: { roles: [r, q], attributes: { a: [1, { b: c }], d: e } }, \"sa:b\": }\n"
		"groups: { g: { members: [ann, \"group:h\"], roles: q }, h: }\n"
		"grants:\n- { role: [r, q], to: [ann, everyone], resource: d/1, from: \"2026-01-01T00:00:00Z\" }\n- { role: [r, q], to: \"group:g\" }\n"
		"entities: { d/1: { l: [1, [a, { b: c }]] } }\nfixtures: { users: { bob: { roles: r } } }\n",
		"policy: 1\nactions: [x]\nroles: { r: }\nusers: { a: { roles: r } }\n# libyaml from here\ndescription: \"a\n  b\"\n",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct policy_error err;
		struct ast_set *a = take(texts[i], false, NULL, &err), *b = take(texts[i], true, NULL, &err);
		struct pol_buf x, y;

		CU_ASSERT_PTR_NOT_NULL_FATAL(a);
		CU_ASSERT_PTR_NOT_NULL_FATAL(b);
		pol_buf_init(&x);
		pol_buf_init(&y);
		CU_ASSERT_EQUAL(pol_set_dump(a, &x), 0);
		CU_ASSERT_EQUAL(pol_set_dump(b, &y), 0);
		CU_ASSERT_EQUAL_FATAL(x.len, y.len);
		CU_ASSERT_EQUAL(memcmp(x.data, y.data, x.len), 0);
		pol_buf_fini(&x);
		pol_buf_fini(&y);
		pol_set_free(a);
		pol_set_free(b);
	}
}

static void
what_is_wrong_is_told_as_libyaml_has_it(void)
{
	static const struct {
		const char *text, *says;
		uint32_t line;
	} rows[] = {
		{ "policy: 1\nroles:\n  r:\n  q:\n  r:\n", "the key 'r' is given twice in one mapping, first at line 3", 5 },
		{ "policy: 1\nusers:\n  r:\n  r:\n", "the key 'r' is given twice in one mapping, first at line 3", 4 },
		{ "policy: 1\nentities:\n  t/1:\n  t/1:\n", "the key 't/1' is given twice in one mapping, first at line 3", 4 },
		{ "policy: 1\nroles:\n  r: { alow: x }\nb: [c\n", "did not find expected ',' or ']'", 5 },
		{ "roles:\n  r:\n", "`policy: 1` is missing", 1 },
		{ "policy: 1\nroles: []\n", "a list was found under roles", 2 },
		{ "policy: 1\ngrants: { a: b }\n", "a mapping was found under grants", 2 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policy_error err, slow;

		CU_ASSERT_PTR_NULL(take(rows[i].text, false, NULL, &err));
		CU_ASSERT_PTR_NULL(take(rows[i].text, true, NULL, &slow));
		if (strstr(err.text, rows[i].says) == NULL)
			CU_FAIL(err.text);
		CU_ASSERT_EQUAL(err.line, rows[i].line);
		CU_ASSERT_STRING_EQUAL(err.text, slow.text);
	}
}

/* Some 4 MiB of roles, and at last what libyaml must read. */
static char *
large(const char *last)
{
	const size_t room = 5u << 20;
	char *text = malloc(room);
	size_t n;

	if (text == NULL)
		return NULL;
	n = (size_t)snprintf(text, room, "policy: 1\nactions: [x]\nroles:\n");
	for (unsigned i = 0; n < (4u << 20); i++)
		n += (size_t)snprintf(text + n, room - n, "  role_%u: { allow: x }\n", i * 2654435761u);
	(void)snprintf(text + n, room - n, "%s", last);
	return text;
}

static void
a_large_file_is_told_of_while_it_is_read(void)
{
	static const char *const last[] = { "", "description: \"a\n  b\"\n" };

	for (size_t i = 0; i < 2; i++) {
		struct policy_error err;
		struct told told;
		char *text = large(last[i]);
		struct ast_set *set;

		CU_ASSERT_PTR_NOT_NULL_FATAL(text);
		set = take(text, false, &told, &err);
		CU_ASSERT_PTR_NOT_NULL_FATAL(set);
		CU_ASSERT_FALSE(told.back);
		CU_ASSERT(told.times >= 5);
		CU_ASSERT_EQUAL(told.total, strlen(text) * POL_SET_WORK);
		CU_ASSERT(told.last > strlen(text) && told.last < told.total);
		for (size_t k = 1; k < set->roles.n; k++)
			if (strcmp(set->roles.list[k - 1]->name->u.text, set->roles.list[k]->name->u.text) >= 0)
				CU_FAIL("roles are not sorted");
		pol_set_free(set);
		free(text);
	}
}

CU_TestInfo suite_read[] = {
	{ "what is certain needs no libyaml", what_is_certain_needs_no_libyaml },
	{ "both readings are one set", both_readings_are_one_set },
	{ "what is wrong is told as libyaml has it", what_is_wrong_is_told_as_libyaml_has_it },
	{ "a large file is told of while it is read", a_large_file_is_told_of_while_it_is_read },
	CU_TEST_INFO_NULL
};
