/* SPDX-License-Identifier: Apache-2.0 */
/* compile/cond_parse.c and its lexer: what a condition's text means, or why not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "compile/cond_parse.h"

#include "unit/unit.h"

struct parsing {
	struct ast_set set;
	struct policy_error err;
	struct pol_node source;
	const char *name;
	struct ast_expr *expr;
	int rc;
};

static int
parse(struct parsing *p, const char *text)
{
	memset(p, 0, sizeof(*p));
	pol_arena_init(&p->set.arena);
	p->err.size = sizeof(p->err);
	p->set.err = &p->err;
	p->name = "t.yaml";
	p->set.files = &p->name;
	p->set.n_files = 1;
	p->source.kind = POL_NODE_SCALAR;
	p->source.plain = p->source.exact = true;
	p->source.line = 3;
	p->source.column = 101;
	p->source.u.text = text;
	p->source.count = (uint32_t)strlen(text);
	p->rc = pol_cond_parse(&p->expr, &p->set, &p->source);
	return p->rc;
}

static void
fini(struct parsing *p)
{
	pol_arena_fini(&p->set.arena);
}

static void
put(char *out, size_t room, const char *s, size_t n)
{
	size_t at = strlen(out);

	if (at + n + 1 < room) {
		memcpy(out + at, s, n);
		out[at + n] = 0;
	}
}

static void
put_value(char *out, size_t room, const struct policy_value *v)
{
	char text[64];

	switch (v->type) {
	case POLICY_STRING:
		put(out, room, "\"", 1);
		put(out, room, v->u.text.data, v->u.text.len);
		put(out, room, "\"", 1);
		return;
	case POLICY_INT:
		(void)snprintf(text, sizeof(text), "%lld", (long long)v->u.integer);
		break;
	case POLICY_DOUBLE:
		(void)snprintf(text, sizeof(text), "%.3f", v->u.real);
		break;
	case POLICY_BOOL:
		(void)snprintf(text, sizeof(text), "%s", v->u.boolean ? "true" : "false");
		break;
	default:
		put(out, room, "[", 1);
		for (uint32_t i = 0; i < v->count; i++) {
			if (i > 0)
				put(out, room, " ", 1);
			put_value(out, room, &v->u.items[i]);
		}
		(void)snprintf(text, sizeof(text), "]");
	}
	put(out, room, text, strlen(text));
}

static void
put_operand(char *out, size_t room, const struct ast_operand *x)
{
	if (x->is_literal)
		put_value(out, room, &x->literal);
	else
		put(out, room, x->path.text.data, x->path.text.len);
}

static void
put_expr(char *out, size_t room, const struct ast_expr *e)
{
	static const char *const names[] = { "or", "and", "not", "has", "is", "own", "name" };
	const char *word = e->kind == AST_CMP ? pol_cmp_name(e->cmp) : names[e->kind];

	put(out, room, "(", 1);
	put(out, room, word, strlen(word));
	if (e->kind == AST_NAME) {
		put(out, room, " ", 1);
		put(out, room, e->name.data, e->name.len);
	} else if (e->kind == AST_HAS || e->kind == AST_TRUTH || e->kind == AST_CMP) {
		put(out, room, " ", 1);
		put_operand(out, room, &e->a);
		if (e->kind == AST_CMP) {
			put(out, room, " ", 1);
			put_operand(out, room, &e->b);
		}
	}
	if (e->left != NULL) {
		put(out, room, " ", 1);
		put_expr(out, room, e->left);
	}
	if (e->right != NULL) {
		put(out, room, " ", 1);
		put_expr(out, room, e->right);
	}
	put(out, room, ")", 1);
}

static void
conditions_mean_what_they_say(void)
{
	static const char *const rows[][2] = {
		{ "own", "(own)" }, { "late", "(name late)" }, { "not own", "(not (own))" },
		{ "not not own", "(not (not (own)))" }, { "has context.a.b", "(has context.a.b)" },
		{ "subject.admin", "(is subject.admin)" }, { "context.a==1", "(== context.a 1)" },
		{ "1 < context.a", "(< 1 context.a)" }, { "context.a >= -1.5", "(>= context.a -1.500)" },
		{ "a and b or c and not d", "(or (and (name a) (name b)) (and (name c) (not (name d))))" },
		{ "a or b and c", "(or (name a) (and (name b) (name c)))" },
		{ "a and b and c", "(and (and (name a) (name b)) (name c))" },
		{ "(a or b) and c", "(and (or (name a) (name b)) (name c))" },
		{ "context.a in [1, \"x\", true, -2.0]", "(in context.a [1 \"x\" true -2.000])" },
		{ "context.a covers []", "(covers context.a [])" }, { "[1] contains context.a", "(contains [1] context.a)" },
		{ "context.a == true", "(== context.a true)" }, { "true == context.a", "(== true context.a)" },
		{ "context.a like \"x\\{y}{subject.id}*\"", "(like context.a \"x\\{y}{subject.id}*\")" },
		{ "context.a == \"say \\\"hi\\\" C:\\\\d \\n\"", "(== context.a \"say \"hi\" C:\\d \\n\")" },
		{ "context.a matches \"a+\"", "(matches context.a \"a+\")" },
		{ "context.ip within \"10.0.0.0/8\"", "(within context.ip \"10.0.0.0/8\")" },
		{ "context.t before \"2026-01-01T00:00:00Z\"", "(before context.t \"2026-01-01T00:00:00Z\")" },
		{ "  own\t \n", "(own)" }, { "own \xc2\xa0", "(own)" }, { "in", "(name in)" }, { "has-it", "(name has-it)" },
		{ "token.kind-x.y_1 == actor.n", "(== token.kind-x.y_1 actor.n)" },
		{ "context.a < -0", "(< context.a 0)" }, { "context.a == 1and own", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct parsing p;
		char got[512] = "";
		int rc = parse(&p, rows[i][0]);

		if (rows[i][1] == NULL) {
			CU_ASSERT_EQUAL(rc, POLICY_ERR_INVALID);
		} else {
			CU_ASSERT_EQUAL(rc, 0);
			if (rc == 0)
				put_expr(got, sizeof(got), p.expr);
			CU_ASSERT_STRING_EQUAL(got, rows[i][1]);
		}
		fini(&p);
	}
}

static void
mistakes_are_told_where_they_stand(void)
{
	static const struct {
		const char *text;
		unsigned at;		/* byte, from 0 */
		const char *says;
	} rows[] = {
		{ "context.a = 1", 10, "write `==`" }, { "context.a == 'x'", 13, "double quotes" },
		{ "own && own", 4, "write `and`" }, { "own || own", 4, "write `or`" }, { "! own", 0, "write `not`" },
		{ "true", 0, "alone" }, { "[1]", 0, "alone" }, { "", 0, "expected a path" }, { "not", 3, "ends" },
		{ "own own", 4, "unexpected" }, { "(own", 4, "expected )" }, { "own)", 3, "unexpected" },
		{ "context.a == 01", 13, "zero" }, { "01 context.a == 1", 0, "zero" }, { "context.a < 1.2.3", 12, "no number" },
		{ "context.a == 9223372036854775808", 13, "int64" }, { "context.a == \"x", 13, "closing" },
		{ "context.a in [1 2]", 16, "expected , or ]" }, { "context.a in [,]", 14, "only literals" },
		{ "context.a in [1", 15, "expected , or ]" }, { "context.a like \"{a}\"", 15, "begin a path" },
		{ "context.a like \"{subject.a\"", 15, "begin a path" }, { "context.a like context.b", 15, "needs a glob" },
		{ "context.a matches 5", 18, "needs a pattern" }, { "\"a\" matches \"a\"", 0, "needs a path" },
		{ "context.a == [1]", 10, "single values" }, { "context.a overlaps 1", 10, "needs a list" },
		{ "context.a within \"10.0.0.1/8\"", 17, "host bits" }, { "context.a within [\"10.0.0.0/8\", 1]", 17, "not a network" },
		{ "\"x\" within \"10.0.0.0/8\"", 0, "needs an address" }, { "context.a after \"noon\"", 16, "not a time" },
		{ "5 after context.a", 0, "not a time" }, { "CONTEXT.a == 1", 0, "expected a path" }, { "has has", 4, "expected a path" },
		{ "context.a.", 9, "bad character ." }, { "context.a == null", 13, "expected a path" },
		{ "own == true", 4, "unexpected" }, { "context.a <> 1", 11, "expected a path" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct parsing p;

		CU_ASSERT_EQUAL(parse(&p, rows[i].text), POLICY_ERR_INVALID);
		CU_ASSERT_EQUAL(p.err.line, 3);
		CU_ASSERT_EQUAL(p.err.column, 101 + rows[i].at);
		CU_ASSERT_PTR_NOT_NULL(strstr(p.err.text, rows[i].says));
		fini(&p);
	}
}

static int
parse_many(const char *before, const char *each, size_t n, const char *middle, const char *after, unsigned *depth)
{
	size_t room = strlen(before) + n * (strlen(each) + strlen(after)) + strlen(middle) + 1;
	char *text = calloc(1, room);
	struct parsing p;
	int rc;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	put(text, room + 2, before, strlen(before));
	for (size_t i = 0; i < n; i++)
		put(text, room + 2, each, strlen(each));
	put(text, room + 2, middle, strlen(middle));
	for (size_t i = 0; i < n; i++)
		put(text, room + 2, after, strlen(after));
	rc = parse(&p, text);
	if (rc == 0 && depth != NULL)
		*depth = p.expr->depth;
	fini(&p);
	free(text);
	return rc;
}

static void
depth_and_length_are_bounded(void)
{
	unsigned depth = 99;

	CU_ASSERT_EQUAL(parse_many("", "(", 64, "own", ")", &depth), 0);
	CU_ASSERT_EQUAL(depth, 0);
	CU_ASSERT_EQUAL(parse_many("", "(", 65, "own", ")", NULL), POLICY_ERR_INVALID);
	CU_ASSERT_EQUAL(parse_many("", "not ", 64, "own", "", NULL), 0);
	CU_ASSERT_EQUAL(parse_many("", "not ", 65, "own", "", NULL), POLICY_ERR_INVALID);
	CU_ASSERT_EQUAL(parse_many("", "own or ", 1023, "own", "", &depth), 0);
	CU_ASSERT_EQUAL(depth, 1);
	CU_ASSERT_EQUAL(parse_many("", "own or ", 1024, "own", "", NULL), POLICY_ERR_INVALID);
	CU_ASSERT_EQUAL(parse_many("", "own or own and (", 32, "own", ")", &depth), 0);
	CU_ASSERT_EQUAL(depth, 64);
	CU_ASSERT_EQUAL(parse_many("", "own or own and (", 33, "own", ")", NULL), POLICY_ERR_INVALID);
	CU_ASSERT_EQUAL(parse_many("has context", ".a", 32, "", "", NULL), 0);
	CU_ASSERT_EQUAL(parse_many("has context", ".a", 33, "", "", NULL), POLICY_ERR_INVALID);
	CU_ASSERT_EQUAL(parse_many("context.a like \"", "a", 256, "\"", "", NULL), 0);
	CU_ASSERT_EQUAL(parse_many("context.a like \"", "a", 257, "\"", "", NULL), POLICY_ERR_INVALID);
}

static void
parts_know_their_text(void)
{
	static const char text[] = "own and (context.a == 1 or late) and not has context.b";
	struct parsing p;
	const struct ast_expr *e;

	CU_ASSERT_EQUAL_FATAL(parse(&p, text), 0);
	e = p.expr;
	CU_ASSERT_EQUAL(e->column, 0);
	CU_ASSERT_EQUAL(e->length, sizeof(text) - 1);
	CU_ASSERT_EQUAL(e->right->column, 37);
	CU_ASSERT_EQUAL(e->right->length, 17);
	CU_ASSERT_EQUAL(e->left->length, 32);
	CU_ASSERT_EQUAL(e->left->right->column, 8);
	CU_ASSERT_EQUAL(e->left->right->length, 24);
	CU_ASSERT_EQUAL(e->left->right->left->column, 9);
	CU_ASSERT_EQUAL(e->left->right->left->length, 14);
	CU_ASSERT_EQUAL(e->left->right->left->a.path.n, 1);
	CU_ASSERT_EQUAL(e->left->right->left->a.path.root, POL_ROOT_CONTEXT);
	fini(&p);
}

CU_TestInfo suite_cond_parse[] = {
	{ "conditions mean what they say", conditions_mean_what_they_say },
	{ "mistakes are told where they stand", mistakes_are_told_where_they_stand },
	{ "depth and length are bounded", depth_and_length_are_bounded },
	{ "parts know their text", parts_know_their_text },
	CU_TEST_INFO_NULL
};
