/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Core: which things an entry speaks of, and which actions it names.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/eval.h"
#include "unit/asks.h"
#include "unit/unit.h"

/* Every number between, below and above, in every list of even numbers up to 40. */
static void
a_sorted_list_holds_what_is_in_it(void)
{
	uint32_t list[40];
	int wrong = 0;

	for (uint32_t i = 0; i < 40; i++)
		list[i] = 2 * i + 2;
	for (uint32_t n = 0; n <= 40; n++) {
		for (uint32_t x = 0; x <= 2 * n + 4; x++)
			wrong += pol_match_sorted(list, n, x) != (x % 2 == 0 && x >= 2 && x <= 2 * n);
		wrong += pol_match_sorted(list, n, POL_NONE);
	}
	CU_ASSERT_EQUAL(wrong, 0);
	list[39] = POL_NONE;
	CU_ASSERT(pol_match_sorted(list, 40, POL_NONE));
}

static const char set[] =
    "policy: 1\n"
    "resources: { doc: , org: }\n"
    "actions: { read: , write: , scan: , typed: { resource: doc }, \"x:a\": , \"x:a:b\": , odd: { aliases: [\"x:odd\"] } }\n"
    "everyone: { roles: r }\n"
    "roles:\n"
    "  r:\n"
    "    allow:\n"
    "      - { id: type, actions: read, resources: doc }\n"
    "      - { id: lit, actions: write, resources: doc/a/b }\n"
    "      - { id: glob, actions: write, resources: [\"org/*/x\", 'doc/\\*\\**', \"doc/deep/**\"] }\n"
    "      - { id: any, actions: scan }\n"
    "      - { id: two, actions: write, resources: [org, doc/z] }\n"
    "      - { id: typed, actions: typed }\n"
    "      - { id: x, actions: \"x:*\" }\n";

static void
patterns_match_type_thing_or_glob(void)
{
	static const struct ask rows[] = {
		{ "allow type", "ann", "read", "doc/1", NULL }, { "allow type", "ann", "read", "doc/", NULL },
		{ "no_rule", "ann", "read", "org/1", NULL }, { "no_rule", "ann", "read", NULL, NULL },
		{ "allow lit", "ann", "write", "doc/a/b", NULL }, { "no_rule", "ann", "write", "doc/a/b/", NULL },
		{ "no_rule", "ann", "write", "doc/a/", NULL }, { "allow glob", "ann", "write", "org/1/x", NULL },
		{ "allow two", "ann", "write", "org/1/2/x", NULL }, { "allow glob", "ann", "write", "doc/**x", NULL },
		{ "no_rule", "ann", "write", "doc/**x/y", NULL }, { "no_rule", "ann", "write", "doc/aax", NULL },
		{ "allow glob", "ann", "write", "doc/deep/x/y", NULL }, { "no_rule", "ann", "write", "doc/deep", NULL },
		{ "allow any", "ann", "scan", NULL, NULL }, { "allow any", "ann", "scan", "org/x", NULL },
		{ "allow glob", "ann", "write", "doc/deep/x\ny", NULL }, { "no_rule", "ann", "write", "doc/DEEP/x", NULL },
		{ "allow typed", "ann", "typed", "doc/1", NULL }, { "no_rule", "ann", "typed", "org/1", NULL }, { "no_rule", "ann", "typed", NULL, NULL },
		{ "allow x", "ann", "x:a", NULL, NULL }, { "no_rule", "ann", "x:a:b", NULL, NULL }, { "allow x", "ann", "odd", NULL, NULL },
		{ "allow two", "ann", "write", "org/", NULL }, { "allow two", "ann", "write", "doc/z", NULL },
	};

	ASKS(set, rows);
}

/* The patterns themselves, without what finds their entries. */
static void
a_pattern_is_of_one_type_and_kind(void)
{
	static const struct { uint32_t entry, pattern; const char *type, *id; bool want; } rows[] = {
		{ 0, 0, "doc", "any", true }, { 0, 0, "org", "any", false },
		{ 4, 0, "org", "a/b", true }, { 4, 1, "doc", "z", true }, { 4, 1, "doc", "zz", false }, { 4, 1, "org", "z", false },
		{ 2, 0, "org", "1/x", true }, { 2, 0, "org", "1/2/x", false }, { 2, 1, "doc", "**", true }, { 2, 1, "doc", "ab", false },
		{ 2, 2, "doc", "deep/a/b", true }, { 2, 2, "doc", "deeper", false },
	};
	static struct pol_eval ev;		/* large */
	const struct pol_program *p;
	const struct pol_entry *e;
	struct fixture f;
	uint64_t hash;

	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, set), 0);
	ev.p = p = f.engine.program;
	ev.steps = POL_MAX_STEPS;
	e = POL_ROWS(p, entries, struct pol_entry);
	for (size_t i = 0; i < ASKS_N(rows); i++) {
		const struct pol_pattern *pat = POL_AT(p, pol_body_of(p, &e[rows[i].entry])->patterns.off);
		uint32_t type = pol_find_type(p, rows[i].type, strlen(rows[i].type), &hash);

		CU_ASSERT_EQUAL(pol_match_pattern(&ev, &pat[rows[i].pattern], type, rows[i].id, strlen(rows[i].id)), rows[i].want);
	}
	CU_ASSERT_EQUAL(((const struct pol_pattern *)POL_AT(p, pol_body_of(p, &e[0])->patterns.off))->kind, POL_PAT_TYPE);
	CU_ASSERT_EQUAL(((const struct pol_pattern *)POL_AT(p, pol_body_of(p, &e[4])->patterns.off) + 1)->kind, POL_PAT_LITERAL);
	CU_ASSERT_EQUAL(((const struct pol_pattern *)POL_AT(p, pol_body_of(p, &e[2])->patterns.off))->kind, POL_PAT_GLOB);
	/* all its patterns are literal: it is at its thing and matches nowhere else */
	CU_ASSERT(e[1].anchored && pol_body_of(p, &e[1])->patterns.n == 0 && !pol_match_entry(&ev, &e[1]));
	for (uint32_t i = 0; i < 5; i++) {
		static const char *const names[] = { "read", "write", "write", "scan", "write" };

		for (uint32_t k = 0; k < 5; k++)
			CU_ASSERT_EQUAL(pol_match_has_action(p, &e[i], pol_find_action(p, names[k], strlen(names[k]))),
			    strcmp(names[i], names[k]) == 0);
	}
	CU_ASSERT(!ev.limit);
	fixture_close(&f);
}

/* What the budget does not reach matches nothing, and is said. */
static void
a_glob_costs_steps_only_where_its_beginning_fits(void)
{
	static struct pol_eval ev;
	static char text[4000];

	memset(text, 'a', sizeof(text));
	ev.steps = 1000;
	CU_ASSERT(!pol_match_glob(&ev, "b**a", 4, text, sizeof(text)) && !pol_match_glob(&ev, "aaa", 3, "aa", 2));
	CU_ASSERT(!pol_match_glob(&ev, "aa", 2, "aaa", 3) && pol_match_glob(&ev, "\\*a*", 4, "*ab", 3));
	CU_ASSERT(ev.steps > 900 && !ev.limit);
	ev.steps = 5;
	CU_ASSERT(!pol_match_glob(&ev, "a**b**b", 7, text, sizeof(text)));
	CU_ASSERT(ev.limit);
}

CU_TestInfo suite_match[] = {
	{ "a sorted list holds what is in it", a_sorted_list_holds_what_is_in_it },
	{ "patterns match type, thing or glob", patterns_match_type_thing_or_glob },
	{ "a pattern is of one type and kind", a_pattern_is_of_one_type_and_kind },
	{ "a glob costs steps only where its beginning fits", a_glob_costs_steps_only_where_its_beginning_fits },
	CU_TEST_INFO_NULL
};
