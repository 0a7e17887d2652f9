/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Core: three-valued conditions, what is not evaluated because it is decided, and
 * named conditions that are evaluated once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "unit/asks.h"
#include "unit/unit.h"

/* 0 false, 1 unknown, 2 true: and is the least, or the greatest, not 2 - x. */
static const char *const sent[3] = { "false", "null", "true" };

static int
joined(int op, int a, int b)
{
	return op == 0 ? (a < b ? a : b) : (a > b ? a : b);
}

/* Two operators, either bracket, a `not` on any of five places, three values each. */
enum { FORMS = 2 * 2 * 2 * 32 };

static int
model(int form, const int *v)
{
	int op[2] = { form & 1, form >> 1 & 1 }, right = form >> 2 & 1, nots = form >> 3;
	int x[3], all;

	for (int i = 0; i < 3; i++)
		x[i] = nots >> i & 1 ? 2 - v[i] : v[i];
	all = right ? joined(op[1], x[1], x[2]) : joined(op[0], x[0], x[1]);
	all = nots >> 3 & 1 ? 2 - all : all;
	all = right ? joined(op[0], x[0], all) : joined(op[1], all, x[2]);
	return nots >> 4 & 1 ? 2 - all : all;
}

static void
write_form(struct pol_buf *b, int form)
{
	static const char *const op[2] = { "and", "or" };
	const char *n[5];
	int nots = form >> 3;

	for (int i = 0; i < 5; i++)
		n[i] = nots >> i & 1 ? "not " : "";
	if (form >> 2 & 1)
		pol_buf_printf(b, "%s(%scontext.a %s %s(%scontext.b %s %scontext.c))", n[4], n[0], op[form & 1],
		    n[3], n[1], op[form >> 1 & 1], n[2]);
	else
		pol_buf_printf(b, "%s(%s(%scontext.a %s %scontext.b) %s %scontext.c)", n[4], n[3], n[0], op[form & 1],
		    n[1], op[form >> 1 & 1], n[2]);
}

static void
kleene_decides_every_form_of_three_tests(void)
{
	static const char *const want[3] = { "allow", "condition_error", "denied" };
	char name[16], rest[80], what[80];
	struct ask a = { NULL, "ann", name, NULL, rest };
	struct fixture f;
	struct pol_buf b;
	int wrong = 0;

	pol_buf_init(&b);
	pol_buf_printf(&b, "policy: 1\neveryone: { roles: r }\nroles:\n  r:\n    allow: \"*\"\n    deny:\n");
	for (int i = 0; i < FORMS; i++) {
		pol_buf_printf(&b, "      - { actions: x%d, when: '", i);
		write_form(&b, i);
		pol_buf_printf(&b, "' }\n");
	}
	pol_buf_printf(&b, "actions:\n");
	for (int i = 0; i < FORMS; i++)
		pol_buf_printf(&b, "  x%d:\n", i);
	pol_buf_append(&b, "", 1);
	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, b.data), 0);
	for (int i = 0; i < FORMS * 27; i++) {
		int v[3] = { i % 3, i / 3 % 3, i / 9 % 3 };

		snprintf(name, sizeof(name), "x%d", i / 27);
		snprintf(rest, sizeof(rest), "'context':{'a':%s,'b':%s,'c':%s}", sent[v[0]], sent[v[1]], sent[v[2]]);
		asks_answer(&f, &a, what, sizeof(what));
		wrong += strncmp(what, want[model(i / 27, v)], strlen(want[model(i / 27, v)])) != 0;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	fixture_close(&f);
	pol_buf_fini(&b);
}

/* Stands for the pattern's engine: counts, and answers what it is told. */
struct counter {
	int answer, calls;
};

static int
count(const void *ctx, uint32_t index, const char *s, size_t len)
{
	struct counter *c = *(struct counter *const *)ctx;

	(void)index;
	(void)s;
	(void)len;
	c->calls++;
	return c->answer;
}

static void
counted(struct fixture *f, struct counter *const *c)
{
	f->engine.regex = count;
	f->engine.regex_ctx = c;
}

static void
what_is_decided_is_not_evaluated(void)
{
	static const char set[] =
	    "policy: 1\nactions: [and_f, and_t, and_e, or_t, or_f, or_e, not_f, deep, list, un]\neveryone: { roles: r }\n"
	    "roles:\n  r:\n    allow: \"*\"\n    deny:\n"
	    "      - { actions: and_f, when: context.f and context.x matches \"m\" }\n"
	    "      - { actions: and_t, when: context.t and context.x matches \"m\" }\n"
	    "      - { actions: and_e, when: context.e and context.x matches \"m\" }\n"
	    "      - { actions: or_t, when: context.t or context.x matches \"m\" }\n"
	    "      - { actions: or_f, when: context.f or context.x matches \"m\" }\n"
	    "      - { actions: or_e, when: context.e or context.x matches \"m\" }\n"
	    "      - { actions: not_f, when: not context.t and context.x matches \"m\" }\n"
	    "      - { actions: deep, when: (context.f or context.t) or (context.x matches \"m\" and context.x matches \"n\") }\n"
	    "      - { actions: list, when: [ context.e, context.f, context.x matches \"m\" ] }\n"
	    "      - { actions: un, when: context.t, unless: [ context.e, context.t, context.x matches \"m\" ] }\n";
	static const struct { const char *action, *want; int calls; } rows[] = {
		{ "and_f", "allow", 0 }, { "and_t", "allow", 1 }, { "and_e", "allow", 1 }, { "or_t", "denied", 0 },
		{ "or_f", "allow", 1 }, { "or_e", "condition_error", 1 }, { "not_f", "allow", 0 }, { "deep", "denied", 0 },
		{ "list", "allow", 0 }, { "un", "allow", 0 },
	};
	struct counter c = { 0, 0 }, *at = &c;
	struct fixture f;
	char got[80];

	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, set), 0);
	counted(&f, &at);
	for (size_t i = 0; i < ASKS_N(rows); i++) {
		struct ask a = { NULL, "ann", rows[i].action, NULL, "'context':{'t':true,'f':false,'x':'z'}" };

		c.calls = 0;
		asks_answer(&f, &a, got, sizeof(got));
		*strchrnul(got, ' ') = '\0';
		CU_ASSERT_STRING_EQUAL(got, rows[i].want);
		CU_ASSERT_EQUAL(c.calls, rows[i].calls);
	}
	fixture_close(&f);
}

/* c<i> asks c<i-1> twice: without memory that is two to the power of LEVELS. */
enum { LEVELS = 31 };

static void
a_named_condition_is_evaluated_once(void)
{
	static const struct { int answer, calls; const char *want; } rows[] = {
		{ 1, 1, "denied" }, { 0, 1, "allow" }, { -1, 1, "condition_error" }
	};
	struct counter c, *at = &c;
	struct fixture f;
	struct pol_buf b;
	char got[80];

	pol_buf_init(&b);
	pol_buf_printf(&b, "policy: 1\nactions: [go]\neveryone: { roles: r }\nconditions:\n  c0: context.x matches \"m\"\n");
	for (int i = 1; i < LEVELS; i++)	/* neither `and` nor `or` has a value that ends both ways */
		pol_buf_printf(&b, "  c%d: (c%d and c%d) or (c%d and not c%d) or (context.none and c%d)\n", i, i - 1, i - 1, i - 1, i - 1, i - 1);
	pol_buf_printf(&b, "roles: { r: { allow: go, deny: [ { actions: go, when: c%d }, { actions: go, when: [ c0, c%d ] } ] } }\n",
	    LEVELS - 1, LEVELS - 1);
	pol_buf_append(&b, "", 1);
	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, b.data), 0);
	counted(&f, &at);
	for (size_t i = 0; i < ASKS_N(rows); i++) {
		struct ask a = { NULL, "ann", "go", NULL, "'context':{'x':'z'}" };

		c = (struct counter){ rows[i].answer, 0 };
		asks_answer(&f, &a, got, sizeof(got));
		*strchrnul(got, ' ') = '\0';
		CU_ASSERT_STRING_EQUAL(got, rows[i].want);
		CU_ASSERT_EQUAL(c.calls, rows[i].calls);
	}
	fixture_close(&f);
	pol_buf_fini(&b);
}

/* 300 actions imply one, each with limits of its own: 50 entries name each of the first 40. */
static void
limits_of_an_implying_action_are_evaluated_once(void)
{
	static const struct { const char *who, *want, *rest; int calls; } rows[] = {
		{ "ann", "no_rule", "'context':{'x':'z'}", 40 }, { "bob", "allow", "'context':{'x':'z','ok':299}", 0 },
		{ "bob", "no_rule", "'context':{'x':'z','ok':298}", 0 }, { "bob", "no_rule", "'context':{'x':'z'}", 0 },
	};
	struct counter c, *at = &c;
	struct fixture f;
	struct pol_buf b;
	char got[80];

	pol_buf_init(&b);
	pol_buf_printf(&b, "policy: 1\nactions:\n  go:\n");
	for (int i = 0; i < 40; i++)
		pol_buf_printf(&b, "  \"m:%d\": { implies: go, when: context.x matches \"m%d\" }\n", i, i);
	for (int i = 40; i < 300; i++)
		pol_buf_printf(&b, "  \"o:%d\": { implies: go, when: context.ok == %d }\n", i, i);
	pol_buf_printf(&b, "roles:\n  last: { allow: \"o:299\" }\n  many:\n    allow:\n");
	for (int i = 0; i < 50; i++)
		pol_buf_printf(&b, "      - { id: e%d, actions: \"m:*\" }\n", i);
	pol_buf_printf(&b, "fixtures: { users: { ann: { roles: many }, bob: { roles: last } } }\n");
	pol_buf_append(&b, "", 1);
	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, b.data), 0);
	counted(&f, &at);
	for (size_t i = 0; i < ASKS_N(rows); i++) {
		struct ask a = { NULL, rows[i].who, "go", NULL, rows[i].rest };

		c = (struct counter){ 0, 0 };
		asks_answer(&f, &a, got, sizeof(got));
		*strchrnul(got, ' ') = '\0';
		CU_ASSERT_STRING_EQUAL(got, rows[i].want);
		CU_ASSERT_EQUAL(c.calls, rows[i].calls);
	}
	fixture_close(&f);
	pol_buf_fini(&b);
}

static void
what_is_remembered_is_forgotten_with_the_turn(void)
{
	static const char set[] =
	    "policy: 1\nactions: [go, stop]\nauthenticated: { roles: r }\n"
	    "conditions: { ann: subject.id == \"ann\", also: ann and ann, bob: subject.id == \"bob\" }\n"
	    "roles: { r: { allow: [ { actions: go, when: also }, { id: s, actions: stop } ], deny: { id: d, actions: stop, when: bob } } }\n";
	static const struct ask rows[] = {
		{ "allow", "ann", "go", NULL, NULL },
		{ "no_rule", "ann", "go", NULL, "'actor':'bob'" },
		{ "allow", "ann", "go", NULL, "'actor':'ann'" },
		{ "no_rule", "bob", "go", NULL, "'actor':'ann'" },
		{ "denied d", "ann", "stop", NULL, "'actor':'bob'" },
		{ "allow s", "ann", "stop", NULL, "'actor':'cy'" },
	};

	ASKS(set, rows);
}

/* A call while results of the caller's own are waiting. */
static void
calls_keep_what_their_callers_put_aside(void)
{
	static const char head[] =
	    "policy: 1\n"
	    "conditions:\n"
	    "  inner: (context.a and (context.b or context.c)) or (context.c and not context.a)\n"
	    "  outer: (context.e or inner) and (not inner or context.b)\n"
	    "roles:\n";
	static const struct asks_cond rows[] = {
		{ 'T', "(context.e or outer) and (inner or context.e)", "'context':{'a':true,'b':true}" },
		{ 'E', "(context.e and outer) or (context.e and inner)", "'context':{'a':true,'b':true}" },
		{ 'E', "(context.e or (context.c and outer)) or inner", "'context':{'a':true,'b':false,'c':false}" },
		{ 'T', "(context.e or (context.e and outer)) or inner", "'context':{'a':true,'b':false,'c':true}" },
		{ 'E', "outer", "'context':{'a':false,'c':false}" },
		{ 'F', "outer", "'context':{'a':true,'b':false,'c':true}" },
		{ 'E', "not (context.e or outer)", "'context':{'a':true,'b':false,'c':true}" },
		{ 'T', "not (context.e and outer)", "'context':{'a':true,'b':false,'c':true}" },
	};

	ASKS_CONDS(head, "ann", NULL, rows);
}

static void
deep_brackets_are_followed(void)
{
	struct pol_buf cond;
	struct asks_cond row = { 'T', NULL, "'context':{'t':true,'f':false}" };

	pol_buf_init(&cond);
	for (int i = 0; i < 20; i++)
		pol_buf_printf(&cond, "(context.e and context.f or (context.e or context.f and ");
	pol_buf_printf(&cond, "context.t");
	for (int i = 0; i < 20; i++)
		pol_buf_printf(&cond, " or context.t))");
	pol_buf_append(&cond, "", 1);
	row.cond = cond.data;
	asks_check_conds(__FILE__, __LINE__, NULL, "ann", NULL, &row, 1);
	pol_buf_fini(&cond);
}

static void
all_of_when_must_hold_and_none_of_unless(void)
{
	static const char set[] =
	    "policy: 1\nactions: { go: , stop: , lim: { when: [ context.a, context.b ], unless: [ context.c, context.d ] } }\n"
	    "everyone: { roles: r }\nroles:\n  r:\n"
	    "    allow: [ { actions: go, when: [ context.a, context.b ], unless: [ context.c, context.d ] }, stop, lim ]\n"
	    "    deny: { actions: stop, when: [ context.a, context.b ], unless: [ context.c, context.d ] }\n";
	static const struct { const char *rest, *go, *stop; } rows[] = {
		{ "'context':{'a':true,'b':true,'c':false,'d':false}", "allow", "denied" },
		{ "'context':{'a':false,'b':true,'c':false,'d':false}", "no_rule", "allow" },
		{ "'context':{'a':true,'b':false,'c':false,'d':false}", "no_rule", "allow" },
		{ "'context':{'a':true,'b':true,'c':true,'d':false}", "no_rule", "allow" },
		{ "'context':{'a':true,'b':true,'c':false,'d':true}", "no_rule", "allow" },
		{ "'context':{'a':true,'b':true,'c':false}", "no_rule", "condition_error" },
		{ "'context':{'b':true,'c':false,'d':false}", "no_rule", "condition_error" },
		{ "'context':{'b':false,'d':false}", "no_rule", "allow" },
	};

	for (size_t i = 0; i < ASKS_N(rows); i++) {
		struct ask asks[] = {
			{ rows[i].go, "ann", "go", NULL, rows[i].rest }, { rows[i].go, "ann", "lim", NULL, rows[i].rest },
			{ rows[i].stop, "ann", "stop", NULL, rows[i].rest },
		};

		ASKS(set, asks);
	}
}

static void
tests_of_one_path(void)
{
	static const struct asks_cond rows[] = {
		{ 'T', "context.a", "'context':{'a':true}" }, { 'F', "context.a", "'context':{'a':false}" },
		{ 'E', "context.a", "'context':{'a':1}" }, { 'E', "context.a", "'context':{'a':'true'}" },
		{ 'E', "context.a", "'context':{'a':[true]}" }, { 'E', "context.a", NULL },
		{ 'T', "has context.a", "'context':{'a':false}" }, { 'T', "has context.a", "'context':{'a':[]}" },
		{ 'T', "has context.a", "'context':{'a':''}" }, { 'F', "has context.a", "'context':{'a':null}" },
		{ 'F', "has context.a", NULL }, { 'T', "not has context.a", NULL },
		{ 'T', "context.a matches \"a.c\"", "'context':{'a':'abc'}" },
		{ 'F', "context.a matches \"a.c\"", "'context':{'a':'abcd'}" },
		{ 'F', "context.a matches \"b\"", "'context':{'a':'abc'}" },
		{ 'E', "context.a matches \"1\"", "'context':{'a':1}" }, { 'E', "context.a matches \"\"", NULL },
		{ 'T', "context.a matches \"\"", "'context':{'a':''}" },
	};
	char text[1100], rest[1200];
	struct asks_cond edge = { 'T', "context.a matches \"x*\"", rest };

	ASKS_CONDS(NULL, "ann", NULL, rows);
	memset(text, 'x', sizeof(text));
	snprintf(rest, sizeof(rest), "'context':{'a':'%.1024s'}", text);
	asks_check_conds(__FILE__, __LINE__, NULL, "ann", NULL, &edge, 1);
	snprintf(rest, sizeof(rest), "'context':{'a':'%.1025s'}", text);
	edge.want = 'E';
	asks_check_conds(__FILE__, __LINE__, NULL, "ann", NULL, &edge, 1);
}

static void
like_takes_paths_letter_for_letter(void)
{
	static const char head[] =
	    "policy: 1\nresources: { doc: { attributes: { code: { type: string }, name: { type: string } } } }\nroles:\n";
	static const struct asks_cond rows[] = {
		{ 'T', "context.a like \"home/*\"", "'context':{'a':'home/x'}" },
		{ 'F', "context.a like \"home/*\"", "'context':{'a':'home/x/y'}" },
		{ 'F', "context.a like \"home/*\"", "'context':{'a':'HOME/x'}" },
		{ 'T', "context.a like \"home/**\"", "'context':{'a':'home/x/y'}" },
		{ 'T', "context.a like \"home/{subject.id}/*\"", "'context':{'a':'home/ann/x'}" },
		{ 'F', "context.a like \"home/{subject.id}/*\"", "'context':{'a':'home/bob/x'}" },
		{ 'T', "context.a like \"{context.b}\"", "'context':{'a':'a*','b':'a*'}" },
		{ 'F', "context.a like \"{context.b}\"", "'context':{'a':'ab','b':'a*'}" },
		{ 'T', "context.a like \"{context.b}*{context.b}\"", "'context':{'a':'x-x','b':'x'}" },
		{ 'E', "context.a like \"{context.b}\"", "'context':{'a':'ab'}" },
		{ 'E', "context.a like \"*{context.b}\"", "'context':{'a':'7','b':7}" },
		{ 'E', "context.a like \"*\"", NULL },
		{ 'E', "context.a like \"*\"", "'context':{'a':1}" },
		{ 'E', "context.a like \"*\"", "'context':{'a':['x']}" },
		{ 'T', "context.a like \"*\"", "'context':{'a':''}" },
		{ 'T', "context.a like \"\\{x}\"", "'context':{'a':'{x}'}" },
		{ 'T', "context.a like \"a\\*\"", "'context':{'a':'a*'}" },
		{ 'F', "context.a like \"a\\*\"", "'context':{'a':'ab'}" },
		{ 'T', "\"ann/7\" like \"{subject.id}/{resource.code}\"", "'resource':{'code':7}" },
		{ 'F', "\"ann/8\" like \"{subject.id}/{resource.code}\"", "'resource':{'code':7}" },
		{ 'T', "resource.code like \"{resource.name}\"", "'resource':{'code':-12,'name':-12}" },
		{ 'F', "resource.code like \"{resource.name}\"", "'resource':{'code':-12,'name':12}" },
		{ 'T', "context.time like \"2026-*\"", "'now':'2026-02-03T04:05:06Z'" },
		{ 'T', "\"2026-02-03t04:05:06+01:00\" like \"{context.time}\"", "'now':'2026-02-03t04:05:06+01:00'" },
	};

	ASKS_CONDS(head, "ann", "doc/1", rows);
}

CU_TestInfo suite_cond[] = {
	{ "Kleene decides every form of three tests", kleene_decides_every_form_of_three_tests },
	{ "what is decided is not evaluated", what_is_decided_is_not_evaluated },
	{ "a named condition is evaluated once", a_named_condition_is_evaluated_once },
	{ "limits of an implying action are evaluated once", limits_of_an_implying_action_are_evaluated_once },
	{ "what is remembered is forgotten with the turn", what_is_remembered_is_forgotten_with_the_turn },
	{ "calls keep what their callers put aside", calls_keep_what_their_callers_put_aside },
	{ "deep brackets are followed", deep_brackets_are_followed },
	{ "all of when must hold, and none of unless", all_of_when_must_hold_and_none_of_unless },
	{ "tests of one path", tests_of_one_path },
	{ "like takes paths letter for letter", like_takes_paths_letter_for_letter },
	CU_TEST_INFO_NULL
};
