/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Core: what lies above a thing, seen by which grants reach it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "unit/asks.h"
#include "unit/unit.h"

#define ROLES \
    "actions: { read: , up: }\n" \
    "roles: { reader: { allow: read } }\n"

static const char tree[] =
    "policy: 1\n"
    "resources:\n"
    "  org:\n"
    "  team: { parent: org }\n"
    "  doc: { parent: [team, org, doc] }\n"
    "  note: { parent: team }\n"
    "  file: { parent: { type: file, from: id } }\n"
    "  leaf: { parent: { type: doc, from: id } }\n"
    ROLES
    "fixtures:\n"
    "  entities:\n"
    "    team/blue: { parent: acme }\n"
    "    team/cut: { parent: acme, inherit: false }\n"
    "    team/null: { parent: ~, inherit: ~ }\n"
    "    team/two: { parent: [acme, \"org/other\"] }\n"
    "    team/slash: { parent: \"org/a/b\" }\n"
    "    team/bare: { parent: \"a/b\" }\n"
    "    team/42: { parent: 007 }\n"
    "    team/none: { parent: [] }\n"
    "    team/kept: { parent: acme, inherit: true }\n"
    "    doc/1: { parent: \"team/blue\" }\n"
    "    doc/cut: { parent: \"team/cut\" }\n"
    "    doc/self: { parent: [\"doc/self\", \"org/acme\"] }\n"
    "    doc/a: { parent: \"doc/b\" }\n"
    "    doc/b: { parent: [\"doc/c\", \"team/blue\"] }\n"
    "    doc/c: { parent: \"doc/a\" }\n"
    "    doc/x/y: { inherit: false }\n"
    "    file/shut: { inherit: false }\n"
    "  grants:\n"
    "    - { role: reader, to: ann, resource: org/acme }\n"
    "    - { role: reader, to: oth, resource: org/other }\n"
    "    - { role: reader, to: sla, resource: org/a/b }\n"
    "    - { role: reader, to: num, resource: org/007 }\n"
    "    - { role: reader, to: tea, resource: team/blue }\n"
    "    - { role: reader, to: any, resource: org }\n"
    "    - { role: reader, to: glo, resource: \"org/ac*\" }\n"
    "    - { role: reader, to: fil, resource: file/top }\n"
    "    - { role: reader, to: emp, resource: \"file/**\" }\n"
    "    - { role: reader, to: doc, resource: doc/x }\n"
    "    - { role: reader, to: see, resource: doc/c }\n"
    "    - { role: reader, to: num, resource: team/42 }\n";

static void
stored_parents_are_followed_upwards(void)
{
	static const struct ask rows[] = {
		{ "allow", "ann", "read", "org/acme", NULL }, { "allow", "ann", "read", "team/blue", NULL },
		{ "allow", "ann", "read", "doc/1", NULL }, { "no_rule", "ann", "read", "team/x", NULL },
		{ "no_rule", "ann", "read", "team/null", NULL }, { "no_rule", "ann", "read", "team/none", NULL },
		{ "allow", "tea", "read", "doc/1", NULL }, { "no_rule", "tea", "read", "org/acme", NULL },
		{ "allow", "any", "read", "doc/1", NULL }, { "allow", "glo", "read", "doc/1", NULL },
		{ "allow", "any", "read", "team/42", NULL }, { "no_rule", "glo", "read", "team/42", NULL },
		{ "allow", "ann", "read", "team/two", NULL }, { "allow", "oth", "read", "team/two", NULL },
		{ "allow", "sla", "read", "team/slash", NULL }, { "allow", "sla", "read", "team/bare", NULL },
		{ "allow", "num", "read", "team/42", NULL }, { "allow", "ann", "read", "team/kept", NULL },
		{ "unknown_resource", "ann", "read", "odd/1", NULL },
	};

	ASKS(tree, rows);
}

static void
inherit_false_cuts_all_parents(void)
{
	static const struct ask rows[] = {
		{ "no_rule", "ann", "read", "team/cut", NULL }, { "no_rule", "ann", "read", "doc/cut", NULL },
		{ "no_rule", "ann", "read", "team/cut", "'resource':{'inherit':true}" },
		{ "no_rule", "ann", "read", "team/cut", "'resource':{'x':1}" },
		{ "no_rule", "ann", "read", "team/new", "'resource':{'parent':'acme','inherit':false}" },
		{ "allow", "ann", "read", "team/new", "'resource':{'parent':'acme','inherit':true}" },
		{ "allow", "ann", "read", "team/new", "'resource':{'parent':'acme','inherit':null}" },
		{ "no_rule", "ann", "read", "team/blue", "'resource':{'inherit':false}" },
		{ "allow", "ann", "read", "team/kept", "'resource':{'inherit':false}" },
		{ "allow", "fil", "read", "file/top/a", NULL },
		{ "no_rule", "fil", "read", "file/top/a", "'resource':{'inherit':false}" },
		{ "no_rule", "doc", "read", "leaf/x/y/z", NULL },
		{ "allow", "doc", "read", "leaf/x/y", NULL },
	};

	ASKS(tree, rows);
}

static void
circles_end(void)
{
	static const struct ask rows[] = {
		{ "allow", "ann", "read", "doc/self", NULL }, { "no_rule", "bob", "read", "doc/self", NULL },
		{ "allow", "ann", "read", "doc/a", NULL }, { "allow", "ann", "read", "doc/b", NULL },
		{ "allow", "ann", "read", "doc/c", NULL }, { "allow", "see", "read", "doc/a", NULL },
		{ "allow", "see", "read", "doc/b", NULL }, { "no_rule", "see", "read", "doc/1", NULL },
		{ "allow", "ann", "read", "doc/new", "'resource':{'parent':['doc/new','doc/a']}" },
	};

	ASKS(tree, rows);
}

static void
a_parent_by_id_is_the_id_up_to_its_last_slash(void)
{
	static const struct ask rows[] = {
		{ "allow", "fil", "read", "file/top", NULL }, { "allow", "fil", "read", "file/top/a", NULL },
		{ "allow", "fil", "read", "file/top/a/b/c", NULL }, { "no_rule", "fil", "read", "file/topper/a", NULL },
		{ "no_rule", "fil", "read", "file/x/top", NULL }, { "allow", "fil", "read", "file/top//", NULL },
		{ "no_rule", "fil", "read", "file//top", NULL }, { "allow", "emp", "read", "file//top", NULL },
		{ "allow", "emp", "read", "file/", NULL }, { "allow", "doc", "read", "leaf/x/1", NULL },
		{ "no_rule", "doc", "read", "leaf/x", NULL },
		{ "no_rule", "fil", "read", "file/x", "'resource':{'parent':'top'}" },
		{ "error", "fil", "read", "file/x", "'resource':{'parent':''}" },
		{ "allow", "fil", "read", "file/top/x", "'resource':{'parent':'other'}" },
	};

	ASKS(tree, rows);
}

static void
the_caller_may_name_parents_that_are_not_known(void)
{
	static const struct ask rows[] = {
		{ "allow", "ann", "read", "team/new", "'resource':{'parent':'acme'}" },
		{ "allow", "ann", "read", "team/new", "'resource':{'parent':'org/acme'}" },
		{ "allow", "ann", "read", "team/new", "'resource':{'x':1,'y':null,'parent':'acme','z':2}" },
		{ "error", "ann", "read", "team/new", "'resource':{'x':1,'y':null,'parent':'','z':2}" },
		{ "error", "ann", "read", "team/new", "'resource':{'parent':null,'y':1,'inherit':1}" },
		{ "allow", "ann", "read", "team/new", "'resource':{'parent':['other','acme']}" },
		{ "no_rule", "ann", "read", "team/new", "'resource':{'parent':[]}" },
		{ "no_rule", "ann", "read", "team/blue2", "'resource':{'parent':null}" },
		{ "allow", "ann", "read", "team/blue", "'resource':{'parent':'other'}" },
		{ "no_rule", "oth", "read", "team/blue", "'resource':{'parent':'other'}" },
		{ "no_rule", "oth", "read", "team/none", "'resource':{'parent':'other'}" },
		{ "allow", "oth", "read", "team/null", "'resource':{'parent':'other'}" },
		{ "allow", "ann", "read", "doc/new", "'resource':{'parent':'team/blue'}" },
		{ "allow", "num", "read", "note/n", "'resource':{'parent':42}" },
		{ "allow", "num", "read", "note/n", "'resource':{'parent':[7,42]}" },
		{ "no_rule", "num", "read", "note/n", "'resource':{'parent':[7]}" },
		{ "error", "ann", "read", "doc/new", "'resource':{'parent':'blue'}" },
		{ "error", "ann", "read", "doc/new", "'resource':{'parent':['team/blue','blue']}" },
		{ "error", "ann", "read", "doc/new", "'resource':{'parent':42}" },
		{ "error", "ann", "read", "doc/new", "'resource':{'parent':'team/'}" },
		{ "error", "ann", "read", "doc/new", "'resource':{'parent':'note/1'}" },
		{ "error", "ann", "read", "team/blue", "'resource':{'parent':true}" },
		{ "error", "ann", "read", "team/blue", "'resource':{'parent':{'x':1}}" },
		{ "error", "ann", "read", "team/blue", "'resource':{'parent':1.5}" },
		{ "error", "ann", "read", "team/blue", "'resource':{'parent':['a',null]}" },
		{ "error", "ann", "read", "team/blue", "'resource':{'parent':[['a']]}" },
		{ "error", "ann", "read", "team/blue", "'resource':{'parent':['']}" },
		{ "error", "ann", "read", "team/new", "'resource':{'parent':'org/'}" },
		{ "error", "ann", "read", "org/acme", "'resource':{'parent':''}" },
		{ "allow", "ann", "read", "org/acme", "'resource':{'parent':'anything'}" },
		{ "error", "ann", "read", "odd/1", "'resource':{'parent':7.5}" },
		{ "error", "ann", "read", "team/blue", "'resource':{'inherit':'false'}" },
		{ "error", "ann", "read", "team/blue", "'resource':{'inherit':0}" },
		{ "error", "ann", "read", "org/acme", "'resource':{'inherit':[]}" },
	};

	ASKS(tree, rows);
}

static void
declared_parents_have_defaults_and_sources(void)
{
	static const char set[] =
	    "policy: 1\n"
	    "resources:\n"
	    "  org:\n"
	    "  d: { parent: org, attributes: { parent: { type: string, default: acme } } }\n"
	    "  l: { parent: org, attributes: { parent: { type: list, default: [acme, other] }, inherit: { type: boolean, default: false } } }\n"
	    "  s: { parent: org, attributes: { parent: { type: string, from: store, default: acme } } }\n"
	    "  c: { parent: org, attributes: { parent: { type: string, from: caller }, inherit: { type: boolean, from: caller } } }\n"
	    "  i: { parent: { type: i, from: id }, attributes: { inherit: { type: boolean, default: false } } }\n"
	    "  k: { parent: [d, l] }\n"
	    ROLES
	    "fixtures:\n"
	    "  entities: { d/o: { parent: other }, d/cut: { inherit: false }, l/open: { inherit: true }, c/o: { parent: other, inherit: false },\n"
	    "    i/a/b: { inherit: true }, k/d: { parent: \"d/x\" }, k/l: { parent: \"l/x\" }, k/open: { parent: \"l/open\" } }\n"
	    "  grants: [ { role: reader, to: ann, resource: org/acme }, { role: reader, to: oth, resource: org/other },\n"
	    "    { role: reader, to: top, resource: i/a } ]\n";
	static const struct ask rows[] = {
		{ "allow", "ann", "read", "d/x", NULL }, { "allow", "ann", "read", "d/x", "'resource':{'y':1}" },
		{ "no_rule", "ann", "read", "d/x", "'resource':{'parent':'other'}" },
		{ "allow", "oth", "read", "d/x", "'resource':{'parent':'other'}" },
		{ "allow", "oth", "read", "d/o", NULL }, { "no_rule", "ann", "read", "d/o", NULL },
		{ "no_rule", "ann", "read", "d/cut", NULL },
		{ "no_rule", "ann", "read", "l/x", NULL }, { "no_rule", "ann", "read", "l/x", "'resource':{'y':1}" },
		{ "allow", "ann", "read", "l/x", "'resource':{'inherit':true}" },
		{ "allow", "oth", "read", "l/open", NULL }, { "allow", "ann", "read", "l/open", "'resource':{'y':1}" },
		{ "allow", "ann", "read", "s/x", "'resource':{'parent':'other'}" },
		{ "no_rule", "oth", "read", "s/x", "'resource':{'parent':'other'}" },
		{ "allow", "ann", "read", "c/o", "'resource':{'parent':'acme','inherit':true}" },
		{ "no_rule", "oth", "read", "c/o", NULL }, { "allow", "oth", "read", "c/o", "'resource':{'inherit':true}" },
		{ "no_rule", "oth", "read", "c/o", "'resource':{'parent':'acme','inherit':true}" },
		{ "no_rule", "top", "read", "i/a/c", NULL }, { "allow", "top", "read", "i/a/b", NULL },
		{ "allow", "top", "read", "i/a/c", "'resource':{'inherit':true}" },
		{ "allow", "ann", "read", "k/d", NULL }, { "no_rule", "ann", "read", "k/l", NULL },
		{ "allow", "ann", "read", "k/open", NULL },
	};

	ASKS(set, rows);
}

/* The note of `n` parents: first, then (in quotes or not) 1002 to 1000 + n, then last. */
static void
ask_parents(const struct fixture *f, const char *want, const char *first, const char *quote, int n, const char *last)
{
	struct ask row = { want, "ann", "read", "note/n", NULL };
	struct pol_buf b;

	pol_buf_init(&b);
	pol_buf_printf(&b, "'resource':{'parent':[%s", first);
	for (int i = 2; i <= n; i++)
		pol_buf_printf(&b, ",%s%d%s", quote, 1000 + i, quote);
	pol_buf_printf(&b, "%s]}", last);
	pol_buf_append(&b, "", 1);
	row.rest = b.data;
	asks_check_open(__FILE__, __LINE__, f, &row, 1);
	pol_buf_fini(&b);
}

/* 255 things above a thing are followed, 256 are a limit; 16 numbers, not 17. */
static void
too_many_parents_are_a_limit(void)
{
	struct fixture f;

	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, tree), 0);
	ask_parents(&f, "allow", "'blue'", "'", 254, "");	/* org/acme is the 255th */
	ask_parents(&f, "limit", "'blue'", "'", 255, "");
	ask_parents(&f, "allow", "'blue'", "'", 254, ",'blue','1002','1254'");
	ask_parents(&f, "no_rule", "1", "", 16, "");
	ask_parents(&f, "limit", "1", "", 17, "");
	fixture_close(&f);
}

CU_TestInfo suite_above[] = {
	{ "stored parents are followed upwards", stored_parents_are_followed_upwards },
	{ "inherit: false cuts all parents", inherit_false_cuts_all_parents },
	{ "circles end", circles_end },
	{ "a parent by id is the id up to its last slash", a_parent_by_id_is_the_id_up_to_its_last_slash },
	{ "the caller may name parents that are not known", the_caller_may_name_parents_that_are_not_known },
	{ "declared parents have defaults and sources", declared_parents_have_defaults_and_sources },
	{ "too many parents are a limit", too_many_parents_are_a_limit },
	CU_TEST_INFO_NULL
};
