/* SPDX-License-Identifier: Apache-2.0 */
/* compile/yaml*.c: texts into trees, and every cap at its edge. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "compile/yaml.h"

#include "unit/unit.h"

struct reading {
	struct ast_set set;
	struct policy_error err;
	struct policy_limits limits;
	struct pol_size size;
	struct pol_node root;
	const char *name;
	int rc;
};

static void
init(struct reading *r)
{
	memset(r, 0, sizeof(*r));
	pol_arena_init(&r->set.arena);
	r->err.size = sizeof(r->err);
	r->set.err = &r->err;
	r->name = "t.yaml";
	r->set.files = &r->name;
	r->set.n_files = 1;
	r->limits.depth = 64;
	r->limits.file_bytes = 1 << 20;
	r->limits.scalar_bytes = 1 << 16;
	r->limits.nodes = 100000;
}

static int
take(struct reading *r, const char *text, size_t len)
{
	struct pol_yaml_source source = { .text = text, .len = len, .limits = &r->limits, .seed = 42 };

	r->rc = pol_yaml_read(&r->root, &r->size, &r->set, &source);
	return r->rc;
}

static void
fini(struct reading *r)
{
	pol_arena_fini(&r->set.arena);
}

static int
answer(const char *text, size_t len, struct policy_error *err)
{
	struct reading r;
	int rc;

	init(&r);
	rc = take(&r, text, len);
	if (err != NULL)
		*err = r.err;
	fini(&r);
	return rc;
}

static void
scalars_keep_their_source_text(void)
{
	static const struct {
		const char *text;
		int kind, plain;
		const char *value;
	} rows[] = {
		{ "no", POL_NODE_SCALAR, 1, "no" }, { "010", POL_NODE_SCALAR, 1, "010" },
		{ "1e3", POL_NODE_SCALAR, 1, "1e3" }, { "12:30:45", POL_NODE_SCALAR, 1, "12:30:45" },
		{ "~", POL_NODE_NULL, 1, "" }, { "null", POL_NODE_NULL, 1, "" }, { "", POL_NODE_NULL, 1, "" },
		{ "Null", POL_NODE_SCALAR, 1, "Null" }, { "'~'", POL_NODE_SCALAR, 0, "~" },
		{ "''", POL_NODE_SCALAR, 0, "" }, { "\"a\\tb\"", POL_NODE_SCALAR, 0, "a\tb" },
		{ "a b  # said so", POL_NODE_SCALAR, 1, "a b" }, { "a\n  b", POL_NODE_SCALAR, 1, "a b" },
		{ "|\n  a\n  b\n", POL_NODE_SCALAR, 0, "a\nb\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reading r;
		char text[64];
		const struct pol_node *v;

		init(&r);
		(void)snprintf(text, sizeof(text), "k: %s\n", rows[i].text);
		CU_ASSERT_EQUAL_FATAL(take(&r, text, strlen(text)), 0);
		v = &r.root.u.items[1];
		CU_ASSERT_EQUAL(v->kind, rows[i].kind);
		CU_ASSERT_EQUAL(v->plain, rows[i].plain);
		CU_ASSERT_EQUAL(v->count, strlen(rows[i].value));
		CU_ASSERT_STRING_EQUAL(v->u.text, rows[i].value);
		fini(&r);
	}
}

static void
nodes_know_where_they_stand(void)
{
	struct reading r;
	static const char text[] = "\xef\xbb\xbfk: [a, \"b c\", 'd''e']\nm:\n  n: \xc3\xa9t\xc3\xa9\n";
	const struct pol_node *list, *map;

	init(&r);
	CU_ASSERT_EQUAL_FATAL(take(&r, text, sizeof(text) - 1), 0);
	CU_ASSERT_EQUAL_FATAL(r.root.count, 2);
	list = &r.root.u.items[1];
	CU_ASSERT_EQUAL(list->kind, POL_NODE_SEQ);
	CU_ASSERT_EQUAL(list->column, 4);
	CU_ASSERT_EQUAL_FATAL(list->count, 3);
	CU_ASSERT_EQUAL(list->u.items[1].column, 8);
	CU_ASSERT_TRUE(list->u.items[0].exact);
	CU_ASSERT_TRUE(list->u.items[1].exact);
	CU_ASSERT_FALSE(list->u.items[2].exact);
	map = &r.root.u.items[3];
	CU_ASSERT_EQUAL(map->line, 3);
	CU_ASSERT_EQUAL(map->column, 3);
	CU_ASSERT_TRUE(map->u.items[1].exact);
	CU_ASSERT_EQUAL(map->u.items[1].count, 5);
	CU_ASSERT_EQUAL(r.size.nodes, 10);
	CU_ASSERT_EQUAL(r.size.depth, 2);
	CU_ASSERT_EQUAL(r.size.scalar, 5);
	fini(&r);
}

static void
what_yaml_offers_beyond_is_refused(void)
{
	static const struct {
		const char *text;
		unsigned line, column;
		const char *says;
	} rows[] = {
		{ "a: &x 1\n", 1, 4, "anchor" }, { "a: [1, *x]\n", 1, 8, "alias" }, { "a: !!str 1\n", 1, 4, "tag" },
		{ "a: ! x\n", 1, 4, "tag" }, { "a: 1\n---\nb: 1\n", 2, 1, "second document" },
		{ "<<: { a: 1 }\n", 1, 1, "merge" }, { "a: 1\n'a': 2\n", 2, 1, "twice" },
		{ "? [a]\n: 1\n", 1, 3, "a key is a text" }, { "'': 1\n", 1, 1, "empty" },
		{ "a: \"\\0\"\n", 1, 4, "NUL" }, { "%TAG ! tag:x,1:\n---\na: 1\n", 1, 1, "%TAG" },
		{ "# c\n%YAML 1.1\n%TAG ! tag:x,1:\n---\na: 1\n", 3, 1, "%TAG" },
		{ "a: *\n", 1, 4, "quote it" }, { "a:\n\tb: 1\n", 2, 1, "tab" }, { "", 1, 1, "exactly one document" },
		{ "a: \x01\n", 1, 4, "control character" }, { "a: \xff\n", 1, 4, "UTF-8" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policy_error err;

		CU_ASSERT_EQUAL(answer(rows[i].text, strlen(rows[i].text), &err), POLICY_ERR_INVALID);
		CU_ASSERT_EQUAL(err.line, rows[i].line);
		CU_ASSERT_EQUAL(err.column, rows[i].column);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, rows[i].says));
		CU_ASSERT_STRING_EQUAL(err.file, "t.yaml");
	}
	CU_ASSERT_EQUAL(answer("'<<': 1\n", 8, NULL), 0);
	CU_ASSERT_EQUAL(answer("~: 1\nnull: 2\n", 13, NULL), 0);
	CU_ASSERT_EQUAL(answer("%YAML 1.1\n---\na: 1\n", 19, NULL), 0);
	CU_ASSERT_EQUAL(answer("a: 1\0", 6, NULL), POLICY_ERR_INVALID);
}

static void
repeated_keys_are_found_among_many(void)
{
	char *text = malloc(200000);
	struct policy_error err;
	size_t n = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	for (int i = 0; i < 5000; i++)
		n += (size_t)snprintf(text + n, 200000 - n, "key%d: %d\n", i, i);
	CU_ASSERT_EQUAL(answer(text, n, NULL), 0);
	n += (size_t)snprintf(text + n, 200000 - n, "key1234: again\n");
	CU_ASSERT_EQUAL(answer(text, n, &err), POLICY_ERR_INVALID);
	CU_ASSERT_EQUAL(err.line, 5001);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "first at line 1235"));
	free(text);
}

/* text is taken with the limit, refused with one less, and the refusal names it. */
static void
edge(const char *text, size_t offset, uint64_t limit, const char *name)
{
	for (int less = 0; less < 2; less++) {
		struct reading r;

		init(&r);
		if (offset == offsetof(struct policy_limits, depth))
			r.limits.depth = (uint32_t)limit - (uint32_t)less;
		else
			*(uint64_t *)(void *)((char *)&r.limits + offset) = limit - (uint64_t)less;
		CU_ASSERT_EQUAL(take(&r, text, strlen(text)), less ? POLICY_ERR_LIMIT : 0);
		if (less)
			CU_ASSERT_PTR_NOT_NULL(strstr(r.err.text, name));
		fini(&r);
	}
}

static void
each_cap_holds_at_its_edge(void)
{
	edge("a: [[1], 2]\n", offsetof(struct policy_limits, depth), 3, "limit depth");
	edge("a: [b, c]\n", offsetof(struct policy_limits, nodes), 5, "limit nodes");
	edge("a: 12345\n", offsetof(struct policy_limits, scalar_bytes), 5, "limit scalar_bytes");
	edge("a: \"1\\u00e9\"\n", offsetof(struct policy_limits, scalar_bytes), 3, "limit scalar_bytes");
	edge("a: 12345\n", offsetof(struct policy_limits, file_bytes), 9, "limit file_bytes");
}

static void
every_truncation_ends_with_one_answer(void)
{
	static const char text[] = "policy: 1\nusers: { ann: { roles: [\"a\\\"b\", 'c'] } }\nm:\n  - x: |\n      t\n  - ? k\n    : v\n";

	for (size_t n = 0; n < sizeof(text); n++) {
		struct policy_error err;
		int rc = answer(text, n, &err);

		CU_ASSERT_TRUE(rc == 0 || (rc == POLICY_ERR_INVALID && err.line > 0 && err.text[0] != 0));
	}
}

CU_TestInfo suite_yaml[] = {
	{ "scalars keep their source text", scalars_keep_their_source_text },
	{ "nodes know where they stand", nodes_know_where_they_stand },
	{ "what YAML offers beyond is refused", what_yaml_offers_beyond_is_refused },
	{ "repeated keys are found among many", repeated_keys_are_found_among_many },
	{ "each cap holds at its edge", each_cap_holds_at_its_edge },
	{ "every truncation ends with one answer", every_truncation_ends_with_one_answer },
	CU_TEST_INFO_NULL
};
