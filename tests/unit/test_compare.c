/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Core: what every operator says of every kind of value, three-valued.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/asks.h"
#include "unit/unit.h"

#define A(a) "'context':{'a':" a "}"
#define AB(a, b) "'context':{'a':" a ",'b':" b "}"

/* Beside 1: what each kind of value is. */
static void
equal_compares_single_values_of_one_type(void)
{
	static const struct asks_cond rows[] = {
		{ 'T', "context.a == context.b", AB("1", "1") },
		{ 'F', "context.a == context.b", AB("1", "2") },
		{ 'T', "context.a == context.b", AB("1", "1.0") },
		{ 'T', "context.a == context.b", AB("1.5", "1.5") },
		{ 'F', "context.a == context.b", AB("1.5", "1") },
		{ 'E', "context.a == context.b", AB("1", "'1'") },
		{ 'E', "context.a == context.b", AB("1", "true") },
		{ 'E', "context.a == context.b", AB("0", "false") },
		{ 'E', "context.a == context.b", AB("true", "'true'") },
		{ 'T', "context.a == context.b", AB("true", "true") },
		{ 'F', "context.a == context.b", AB("true", "false") },
		{ 'T', "context.a == context.b", AB("'x'", "'x'") },
		{ 'F', "context.a == context.b", AB("'x'", "'X'") },
		{ 'F', "context.a == context.b", AB("'x'", "'xx'") },
		{ 'T', "context.a == context.b", AB("''", "''") },
		{ 'F', "context.a == context.b", AB("'a\\u0000b'", "'a\\u0000c'") },
		{ 'E', "context.a == context.b", AB("[1]", "[1]") },
		{ 'E', "context.a == context.b", AB("[1]", "1") },
		{ 'E', "context.a == context.b", AB("1", "[1]") },
		{ 'E', "context.a == context.b", AB("'x'", "['x']") },
		{ 'E', "context.a == context.b", AB("{'x':1}", "{'x':1}") },
		{ 'E', "context.a == context.b", AB("true", "{}") },
		{ 'E', "context.a == context.b", AB("null", "null") },
		{ 'E', "context.a == context.b", A("1") },
		{ 'E', "context.b == context.a", A("1") },
		{ 'F', "context.a != context.b", AB("1", "1.0") },
		{ 'T', "context.a != context.b", AB("1", "2") },
		{ 'E', "context.a != context.b", AB("1", "'1'") },
		{ 'E', "context.a != context.b", AB("[1]", "[2]") },
		{ 'E', "context.a != context.b", A("1") },
		{ 'T', "context.a == true", A("true") },
		{ 'F', "false == context.a", A("true") },
		{ 'T', "context.a == \"x\\\"y\"", A("'x\\\"y'") },
		{ 'T', "context.a == -1.50", A("-1.5") },
		{ 'T', "1 == 1.0", NULL },
		{ 'F', "\"a\" == \"b\"", NULL },
		{ 'E', "\"1\" == 1", NULL },
	};

	ASKS_CONDS(NULL, "ann", NULL, rows);
}

/* Where a double no longer tells neighbours apart, the integer still does. */
static void
numbers_are_compared_exactly_at_their_edges(void)
{
	static const struct asks_cond rows[] = {
		{ 'T', "context.a == context.b", AB("9007199254740992", "9007199254740992.0") },
		{ 'F', "context.a == context.b", AB("9007199254740993", "9007199254740992.0") },
		{ 'T', "context.a > context.b", AB("9007199254740993", "9007199254740992.0") },
		{ 'T', "context.b < context.a", AB("9007199254740993", "9007199254740992.0") },
		{ 'F', "context.a == context.b", AB("9007199254740993", "9007199254740992") },
		{ 'F', "context.a == context.b", AB("9223372036854775807", "9223372036854775808.0") },
		{ 'T', "context.a < context.b", AB("9223372036854775807", "9223372036854775808.0") },
		{ 'F', "context.a >= context.b", AB("9223372036854775807", "9223372036854775808.0") },
		{ 'T', "context.b > context.a", AB("9223372036854775807", "9223372036854775808.0") },
		{ 'T', "context.a == context.b", AB("-9223372036854775808", "-9223372036854775808.0") },
		{ 'F', "context.a == context.b", AB("-9223372036854775807", "-9223372036854775808.0") },
		{ 'T', "context.a > context.b", AB("-9223372036854775808", "-1e300") },
		{ 'T', "context.a < context.b", AB("9223372036854775807", "1e300") },
		{ 'T', "context.a < context.b", AB("-9223372036854775808", "9223372036854775807") },
		{ 'T', "context.a == 0", A("-0.0") },
		{ 'T', "context.a > 0", A("5e-324") },
		{ 'T', "context.a == 9223372036854775807", A("9223372036854775807") },
		{ 'F', "context.a == 9223372036854775807", A("9223372036854775806") },
		{ 'F', "context.a == 9223372036854775807.0", A("9223372036854775807") },
		{ 'T', "context.a == -9223372036854775808", A("-9223372036854775808") },
	};

	ASKS_CONDS(NULL, "ann", NULL, rows);
}

static void
only_numbers_are_in_order(void)
{
	static const struct asks_cond rows[] = {
		{ 'T', "context.a < 5", A("4") }, { 'F', "context.a < 5", A("5") }, { 'F', "context.a < 5", A("6") },
		{ 'T', "context.a <= 5", A("4") }, { 'T', "context.a <= 5", A("5") }, { 'F', "context.a <= 5", A("6") },
		{ 'F', "context.a > 5", A("4") }, { 'F', "context.a > 5", A("5") }, { 'T', "context.a > 5", A("6") },
		{ 'F', "context.a >= 5", A("4") }, { 'T', "context.a >= 5", A("5") }, { 'T', "context.a >= 5", A("6") },
		{ 'T', "5 < context.a", A("5.5") }, { 'F', "5 < context.a", A("4.5") },
		{ 'T', "context.a < 5.5", A("5") }, { 'T', "context.a <= 5.5", A("5.5") }, { 'F', "context.a < 5.5", A("5.5") },
		{ 'E', "context.a < 5", A("'4'") }, { 'E', "context.a <= 5", A("true") }, { 'E', "context.a > 5", A("[6]") },
		{ 'E', "context.a >= 5", A("{'x':6}") }, { 'E', "context.a >= 5", NULL }, { 'E', "context.a < \"b\"", A("'a'") },
		{ 'E', "context.a < true", A("0") }, { 'E', "context.a < [5]", A("4") },
	};

	ASKS_CONDS(NULL, "ann", NULL, rows);
}

static void
in_and_contains_look_for_one_element(void)
{
	static const struct asks_cond rows[] = {
		{ 'T', "context.a in [1, 2]", A("2") },
		{ 'F', "context.a in [1, 2]", A("3") },
		{ 'T', "context.a in [1, 2]", A("2.0") },
		{ 'E', "context.a in [1, \"x\"]", A("3") },
		{ 'T', "context.a in [\"x\", 1]", A("1") },
		{ 'E', "context.a in [1, 2]", A("'1'") },
		{ 'F', "context.a in []", A("1") },
		{ 'E', "context.a in []", NULL },
		{ 'E', "context.a in \"xyz\"", A("'x'") },
		{ 'E', "context.a in context.b", AB("1", "{'x':1}") },
		{ 'F', "context.a in context.b", AB("1", "[]") },
		{ 'E', "context.a in context.b", AB("1", "[2,null]") },
		{ 'T', "context.a in context.b", AB("1", "[null,1]") },
		{ 'E', "context.a in context.b", AB("1", "[[1]]") },
		{ 'E', "context.a in context.b", AB("[1]", "[[1]]") },
		{ 'E', "context.a in context.b", AB("1", "[2,{}]") },
		{ 'F', "context.a in context.b", AB("[1]", "[]") },
		{ 'T', "context.a contains \"x\"", A("['y','x']") },
		{ 'F', "context.a contains \"x\"", A("['y','z']") },
		{ 'E', "context.a contains \"x\"", A("['y',1]") },
		{ 'E', "context.a contains \"x\"", A("'xyz'") },
		{ 'F', "context.a contains \"x\"", A("[]") },
		{ 'E', "context.a contains true", A("[1]") },
		{ 'T', "context.a contains true", A("[1,true]") },
		{ 'E', "context.a contains [1]", A("[[1]]") },
		{ 'E', "context.b contains context.a", A("1") },
		{ 'T', "[true, \"x\", 1.5] contains context.a", A("1.5") },
		{ 'E', "[true, \"x\", 1.5] contains context.a", A("2.5") },
	};

	ASKS_CONDS(NULL, "ann", NULL, rows);
}

static void
overlaps_and_covers_compare_lists(void)
{
	static const struct asks_cond rows[] = {
		{ 'T', "context.a overlaps context.b", AB("[1,2]", "[2,3]") },
		{ 'F', "context.a overlaps context.b", AB("[1,2]", "[3,4]") },
		{ 'E', "context.a overlaps context.b", AB("[1,2]", "[3,'4']") },
		{ 'T', "context.a overlaps context.b", AB("[1,'x']", "['x',2]") },
		{ 'F', "context.a overlaps context.b", AB("[]", "[1]") },
		{ 'F', "context.a overlaps context.b", AB("[1]", "[]") },
		{ 'F', "context.a overlaps context.b", AB("[]", "[]") },
		{ 'T', "context.a overlaps context.b", AB("[null]", "[null]") },
		{ 'E', "context.a overlaps context.b", AB("[null]", "[1]") },
		{ 'E', "context.a overlaps context.b", AB("[[1]]", "[[1]]") },
		{ 'E', "context.a overlaps context.b", AB("[{}]", "[null]") },
		{ 'E', "context.a overlaps context.b", AB("[1]", "1") },
		{ 'E', "context.a overlaps context.b", AB("1", "[1]") },
		{ 'E', "context.a overlaps context.b", A("[1]") },
		{ 'T', "context.a covers context.b", AB("[1,2,3]", "[3,1]") },
		{ 'F', "context.a covers context.b", AB("[1,2]", "[1,3]") },
		{ 'F', "context.a covers context.b", AB("[1]", "['x',2]") },
		{ 'E', "context.a covers context.b", AB("[1,'x']", "[1,2]") },
		{ 'E', "context.a covers context.b", AB("[1]", "[1,'x']") },
		{ 'T', "context.a covers context.b", AB("[1]", "[]") },
		{ 'T', "context.a covers context.b", AB("[]", "[]") },
		{ 'F', "context.a covers context.b", AB("[]", "[1]") },
		{ 'T', "context.a covers context.b", AB("[null,1]", "[1,null]") },
		{ 'E', "context.a covers context.b", AB("[null]", "[1]") },
		{ 'E', "context.a covers context.b", AB("[1]", "[null]") },
		{ 'E', "context.a covers context.b", AB("[[1]]", "[[1]]") },
		{ 'E', "context.a covers context.b", AB("'x'", "[]") },
		{ 'E', "context.a covers context.b", AB("[]", "''") },
		{ 'T', "context.a covers [\"x\"]", A("['y','x']") },
		{ 'T', "[\"x\", \"y\"] covers context.a", A("['x']") },
		{ 'T', "context.a overlaps [\"x\", 2]", A("[2.0]") },
	};

	ASKS_CONDS(NULL, "ann", NULL, rows);
}

static void
within_knows_addresses_and_networks(void)
{
	static const struct asks_cond rows[] = {
		{ 'T', "context.a within \"10.0.0.0/8\"", A("'10.255.0.1'") },
		{ 'F', "context.a within \"10.0.0.0/8\"", A("'11.0.0.1'") },
		{ 'T', "context.a within \"10.0.0.1\"", A("'10.0.0.1'") },
		{ 'T', "context.a within \"10.0.0.0/8\"", A("'::ffff:10.0.0.1'") },
		{ 'F', "context.a within \"::/0\"", A("'10.0.0.1'") },
		{ 'F', "context.a within \"0.0.0.0/0\"", A("'2001:db8::1'") },
		{ 'T', "context.a within \"2001:db8::/32\"", A("'2001:DB8:0::1'") },
		{ 'E', "context.a within \"10.0.0.0/8\"", A("'10.0.0'") },
		{ 'E', "context.a within \"10.0.0.0/8\"", A("'10.0.0.1/32'") },
		{ 'E', "context.a within \"10.0.0.0/8\"", A("167772161") },
		{ 'E', "context.a within \"10.0.0.0/8\"", NULL },
		{ 'T', "context.a within [\"10.0.0.0/8\", \"::1\"]", A("'::1'") },
		{ 'F', "context.a within [\"10.0.0.0/8\", \"::1\"]", A("'::2'") },
		{ 'F', "context.a within []", A("'::2'") },
		{ 'E', "context.a within []", A("'nowhere'") },
		{ 'T', "context.a within context.b", AB("'10.0.0.1'", "'10.0.0.0/8'") },
		{ 'E', "context.a within context.b", AB("'10.0.0.1'", "'10.0.0.1/8'") },
		{ 'E', "context.a within context.b", AB("'10.0.0.1'", "['11.0.0.0/8','x']") },
		{ 'T', "context.a within context.b", AB("'10.0.0.1'", "['x',null,'10.0.0.0/8']") },
		{ 'E', "context.a within context.b", AB("'10.0.0.1'", "[1]") },
		{ 'F', "context.a within context.b", AB("'10.0.0.1'", "[]") },
		{ 'E', "context.a within context.b", AB("'10.0.0.1'", "{}") },
		{ 'T', "\"10.0.0.1\" within context.b", "'context':{'b':['10.0.0.0/31']}" },
		{ 'F', "\"10.0.0.2\" within context.b", "'context':{'b':['10.0.0.0/31']}" },
		{ 'T', "\"10.0.0.1\" within \"10.0.0.0/31\"", NULL },
	};

	ASKS_CONDS(NULL, "ann", NULL, rows);
}

static void
before_and_after_compare_times_to_the_nanosecond(void)
{
	static const struct asks_cond rows[] = {
		{ 'T', "context.a before context.b", AB("'2026-01-01T00:00:00.000000001Z'", "'2026-01-01T00:00:00.000000002Z'") },
		{ 'F', "context.a before context.b", AB("'2026-01-01T00:00:00Z'", "'2026-01-01T00:00:00Z'") },
		{ 'F', "context.a after context.b", AB("'2026-01-01T00:00:00Z'", "'2026-01-01T00:00:00Z'") },
		{ 'T', "context.a after context.b", AB("'2026-01-01T00:00:01Z'", "'2026-01-01T00:00:00.999999999Z'") },
		{ 'F', "context.a before context.b", AB("'2026-01-01T01:00:00+01:00'", "'2026-01-01T00:00:00Z'") },
		{ 'T', "context.a before \"2026-01-01T00:00:00Z\"", A("'2026-01-01T00:30:00+01:00'") },
		{ 'F', "context.a before \"2026-01-01T00:00:00Z\"", A("'2026-01-01T00:30:00+00:29'") },
		{ 'T', "\"1969-12-31T23:59:59.5Z\" before context.a", A("'1970-01-01T00:00:00Z'") },
		{ 'F', "context.a after \"2026-01-01T00:00:00Z\"", A("'2026-01-01T00:30:00+01:00'") },
		{ 'T', "context.a after \"2026-01-01T00:30:00Z\"", A("'2026-01-01T00:00:00-01:00'") },
		{ 'E', "context.a before context.b", AB("'2026-01-01'", "'2026-01-01T00:00:00Z'") },
		{ 'E', "context.a after context.b", AB("'2026-01-01T00:00:00Z'", "1") },
		{ 'E', "context.a after context.b", A("'2026-01-01T00:00:00Z'") },
		{ 'E', "context.a after context.b", AB("['2026-01-01T00:00:00Z']", "'2025-01-01T00:00:00Z'") },
		{ 'F', "\"2026-01-01T00:00:00Z\" after \"2026-01-01T00:00:00Z\"", NULL },
	};

	ASKS_CONDS(NULL, "ann", NULL, rows);
}

/* Where text is due, an integer is its decimal text, and is no number any more. */
static void
an_integer_is_text_where_text_is_due(void)
{
	static const char head[] =
	    "policy: 1\n"
	    "resources:\n"
	    "  doc: { attributes: { code: { type: string }, n: { type: number }, tags: { type: list } }, owner: { resource: who, subject: uid } }\n"
	    "fixtures: { entities: { doc/s: { code: 1.50, n: 1.50 } }, users: { ann: { attributes: { uid: 1.0 } } } }\n"
	    "roles:\n";
	static const struct asks_cond rows[] = {
		{ 'T', "resource.code == \"7\"", "'resource':{'code':7}" },
		{ 'E', "resource.code == 7", "'resource':{'code':7}" },
		{ 'E', "resource.code < 8", "'resource':{'code':7}" },
		{ 'E', "resource.code == \"7.5\"", "'resource':{'code':7.5}" },
		{ 'T', "resource.code == 7.5", "'resource':{'code':7.5}" },
		{ 'T', "resource.code == context.a", "'resource':{'code':-9223372036854775808}," A("'-9223372036854775808'") },
		{ 'E', "resource.code == context.a", "'resource':{'code':7}," A("7") },
		{ 'T', "resource.code like \"7*\"", "'resource':{'code':70}" },
		{ 'T', "resource.code matches \"[0-9]+\"", "'resource':{'code':70}" },
		{ 'T', "resource.code contains \"7\"", "'resource':{'code':['x',7]}" },
		{ 'E', "resource.code contains 7", "'resource':{'code':['x',7]}" },
		{ 'T', "context.a in resource.code", "'resource':{'code':[8,9]}," A("'9'") },
		{ 'T', "resource.code overlaps [\"7\"]", "'resource':{'code':[7]}" },
		{ 'T', "resource.n == 7", "'resource':{'n':7}" },
		{ 'E', "resource.n == \"7\"", "'resource':{'n':7}" },
		{ 'T', "resource.who == \"7\"", "'resource':{'who':7}" },
		{ 'T', "subject.uid == \"1.0\"", NULL },
		{ 'E', "subject.other == \"5\"", "'subject':{'other':5}" },
		{ 'T', "resource.id == \"1\"", NULL },
	};

	ASKS_CONDS(head, "ann", "doc/1", rows);
	{
		static const struct asks_cond stored[] = {
			{ 'T', "resource.code == \"1.50\"", NULL }, { 'T', "resource.n == 1.5", NULL },
		};

		ASKS_CONDS(head, "ann", "doc/s", stored);
	}
}

/* subject.roles, subject.groups and token.scopes are lists like others. */
static void
computed_lists_are_lists(void)
{
	static const char head[] =
	    "policy: 1\n"
	    "resources: { doc: }\n"
	    "authenticated: { roles: known }\n"
	    "fixtures:\n"
	    "  users: { ann: { groups: [a, b], roles: lead }, bob: }\n"
	    "  groups: { a: , b: { members: \"group:c\", roles: brole }, c: , top: { members: \"group:a\" } }\n"
	    "  grants: [ { role: extra, to: \"group:top\", resource: doc/1 }, { role: timed, to: ann, until: \"2000-01-01T00:00:00Z\" },\n"
	    "    { role: starred, to: \"user:*\" } ]\n"
	    "roles:\n  known:\n  lead: { includes: under }\n  under:\n  brole:\n  extra: { includes: more }\n  more:\n  timed:\n  starred:\n";
	static const struct asks_cond ann[] = {
		{ 'T', "subject.roles covers [\"tested\", \"known\", \"lead\", \"under\", \"brole\", \"extra\", \"more\", \"timed\", \"starred\"]", NULL },
		{ 'F', "subject.roles contains \"timed\"", "'now':'2000-01-01T00:00:00Z'" },
		{ 'T', "\"more\" in subject.roles", NULL },
		{ 'F', "\"doc\" in subject.roles", NULL },
		{ 'E', "1 in subject.roles", NULL },
		{ 'E', "subject.roles == \"lead\"", NULL },
		{ 'T', "has subject.roles", NULL },
		{ 'E', "subject.roles", NULL },
		{ 'T', "subject.groups covers [\"a\", \"b\", \"top\"]", NULL },
		{ 'F', "subject.groups contains \"c\"", NULL },
		{ 'T', "[\"a\", \"b\", \"top\"] covers subject.groups", NULL },
		{ 'T', "[\"a\", \"b\", \"c\", \"top\"] covers subject.groups", "'groups':['c','unheard']" },
		{ 'T', "subject.groups contains \"c\"", "'groups':['c']" },
		{ 'F', "subject.groups contains \"unheard\"", "'groups':['unheard']" },
		{ 'F', "subject.groups overlaps subject.roles", NULL },
		{ 'T', "subject.roles covers subject.roles", NULL },
		{ 'T', "subject.groups contains \"a\"", "'subject':{'groups':['x'],'roles':'x'}" },
		{ 'F', "subject.groups contains \"x\"", "'subject':{'groups':['x']}" },
		{ 'F', "subject.roles contains \"x\"", "'token':{'subject':{'roles':['x']}}" },
		{ 'E', "actor.roles contains \"known\"", NULL },
		{ 'E', "actor.groups covers []", "'actor':null" },
		{ 'F', "has actor.groups", NULL },
	};
	static const struct asks_cond nobody[] = {
		{ 'T', "subject.roles contains \"tested\"", NULL },
		{ 'F', "subject.roles contains \"known\"", NULL },
		{ 'T', "[] covers subject.groups", NULL },
		{ 'T', "[\"tested\"] covers subject.roles", NULL },
		{ 'F', "subject.groups contains \"a\"", "'groups':['a']" },
	};

	ASKS_CONDS(head, "ann", "doc/1", ann);
	ASKS_CONDS(head, NULL, "doc/1", nobody);
}

/* The actor's own turn has no actor, so its entries say what is true there. */
static void
an_actor_has_lists_of_its_own(void)
{
	static const char set[] =
	    "policy: 1\nactions: [role, star, group, none, text, once]\nresources: { doc: { owner: { resource: by, subject: uid } } }\n"
	    "authenticated: { roles: [known, tested] }\n"
	    "fixtures: { groups: { g: { members: \"svc:bot\" } }, grants: [ { role: starred, to: \"user:*\" } ] }\n"
	    "roles:\n  known:\n  starred:\n  tested:\n    allow:\n"
	    "      - { actions: role, when: 'actor.roles contains \"known\" or not has actor.id' }\n"
	    "      - { actions: star, when: 'actor.roles contains \"starred\" or not has actor.id' }\n"
	    "      - { actions: group, when: 'actor.groups contains \"g\" or not has actor.id' }\n"
	    "      - { actions: none, when: 'actor.groups contains \"h\" or not has actor.id' }\n"
	    "      - { actions: once, when: 'actor.id == \"bot\" and subject.id == \"ann\" or not has actor.id' }\n"
	    "      - { actions: text, when: 'actor.uid == \"5\" or not has actor.id' }\n";
	static const struct ask rows[] = {
		{ "allow", "ann", "role", NULL, "'actor':'svc:bot'" },
		{ "no_rule", "ann", "star", NULL, "'actor':'svc:bot'" }, { "allow", "ann", "once", NULL, "'actor':'svc:bot'" },
		{ "allow", "ann", "star", NULL, "'actor':'bob'" },
		{ "allow", "ann", "group", NULL, "'actor':'svc:bot'" },
		{ "no_rule", "ann", "group", NULL, "'actor':'svc:bot2'" },
		{ "no_rule", "ann", "none", NULL, "'actor':'svc:bot'" },
		{ "no_rule", "ann", "none", NULL, "'actor':'svc:bot','groups':['h']" },
		{ "allow", "ann", "text", NULL, "'actor':{'type':'user','id':'bob','properties':{'uid':5}}" },
		{ "no_rule", "ann", "text", NULL, "'actor':{'type':'user','id':'bob','properties':{'uid':6}}" },
	};

	ASKS(set, rows);
}

CU_TestInfo suite_compare[] = {
	{ "equal compares single values of one type", equal_compares_single_values_of_one_type },
	{ "numbers are compared exactly at their edges", numbers_are_compared_exactly_at_their_edges },
	{ "only numbers are in order", only_numbers_are_in_order },
	{ "in and contains look for one element", in_and_contains_look_for_one_element },
	{ "overlaps and covers compare lists", overlaps_and_covers_compare_lists },
	{ "within knows addresses and networks", within_knows_addresses_and_networks },
	{ "before and after compare times to the nanosecond", before_and_after_compare_times_to_the_nanosecond },
	{ "an integer is text where text is due", an_integer_is_text_where_text_is_due },
	{ "computed lists are lists", computed_lists_are_lists },
	{ "an actor has lists of its own", an_actor_has_lists_of_its_own },
	CU_TEST_INFO_NULL
};
