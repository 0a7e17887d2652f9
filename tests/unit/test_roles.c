/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Core: which roles someone has, here and now.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "unit/asks.h"
#include "unit/unit.h"

#define HEAD \
    "policy: 1\n" \
    "resources: { org: , doc: { parent: org } }\n" \
    "actions: { read: , write: , ping: , ask: , tell: , tell2: }\n" \
    "roles:\n" \
    "  reader: { allow: read }\n" \
    "  writer: { includes: reader, allow: write }\n" \
    "  pinger: { allow: ping }\n" \
    "  barred: { deny: read }\n"

#define NOW(t) "'now':'2026-01-01T" t "'"

static void
windows_are_half_open_and_to_the_nanosecond(void)
{
	static const char set[] = HEAD
	    "fixtures:\n"
	    "  groups: { g: { members: grp } }\n"
	    "  grants:\n"
	    "    - { role: pinger, to: ann, from: \"2026-01-01T00:00:01Z\", until: \"2026-01-01T00:00:02Z\" }\n"
	    "    - { role: reader, to: ann, from: \"2026-01-01T00:00:01.000000001Z\", resource: doc/1 }\n"
	    "    - { role: writer, to: ann, until: \"2026-01-01T01:00:02.5+01:00\", resource: doc }\n"
	    "    - { role: reader, to: glo, from: \"2026-01-01T00:00:01Z\", until: \"2026-01-01T00:00:02Z\", resource: \"doc/*\" }\n"
	    "    - { role: pinger, to: \"group:g\", from: \"2026-01-01T00:00:01Z\" }\n"
	    "    - { role: reader, to: everyone, from: \"2026-01-01T00:00:10Z\" }\n"
	    "    - { role: reader, to: \"svc:*\", until: \"2026-01-01T00:00:01Z\" }\n"
	    "    - { role: pinger, to: none, from: \"2026-01-01T00:00:02Z\", until: \"2026-01-01T00:00:01Z\" }\n"
	    "    - { role: reader, to: twice, until: \"2026-01-01T00:00:01Z\", resource: doc/1 }\n"
	    "    - { role: reader, to: twice, from: \"2026-01-01T00:00:02Z\", resource: doc/1 }\n"
	    "    - { role: reader, to: [bea, cy], until: \"2026-01-01T00:00:01Z\", resource: doc/1 }\n"
	    "    - { role: reader, to: dan, resource: doc/1 }\n"
	    "    - { role: writer, to: [dan, ann, zoe], until: \"2026-01-01T00:00:01Z\" }\n"
	    "    - { role: pinger, to: [zoe, dan], until: \"2026-01-01T00:00:01Z\" }\n";
	static const struct ask rows[] = {
		{ "no_rule", "ann", "ping", NULL, NOW("00:00:00.999999999Z") }, { "allow", "ann", "ping", NULL, NOW("00:00:01Z") },
		{ "allow", "ann", "ping", NULL, NOW("00:00:01.999999999Z") }, { "no_rule", "ann", "ping", NULL, NOW("00:00:02Z") },
		{ "no_rule", "ann", "ping", NULL, NOW("00:00:03Z") ",'context':{'time':'2026-01-01T00:00:01Z'}" },
		{ "no_rule", "ann", "write", "doc/1", NOW("00:00:02.5Z") }, { "allow", "ann", "write", "doc/2", NOW("00:00:02.499999999Z") },
		{ "allow", "ann", "read", "doc/1", NOW("00:00:02.5Z") }, { "no_rule", "ann", "read", "doc/2", NOW("00:00:02.5Z") },
		{ "no_rule", "glo", "read", "doc/1", NOW("00:00:00Z") }, { "allow", "glo", "read", "doc/1", NOW("00:00:01Z") },
		{ "no_rule", "glo", "read", "doc/1", NOW("00:00:02Z") }, { "no_rule", "grp", "ping", NULL, NOW("00:00:00Z") },
		{ "allow", "grp", "ping", NULL, NOW("00:00:01Z") }, { "no_credential", NULL, "read", "org/1", NOW("00:00:09Z") },
		{ "allow", NULL, "read", "org/1", NOW("00:00:10Z") }, { "allow", "svc:x", "read", "org/1", NOW("00:00:00Z") },
		{ "no_rule", "svc:x", "read", "org/1", NOW("00:00:01Z") }, { "no_rule", "none", "ping", NULL, NOW("00:00:01Z") },
		{ "no_rule", "none", "ping", NULL, NOW("00:00:02Z") }, { "allow", "twice", "read", "doc/1", NOW("00:00:00Z") },
		{ "no_rule", "twice", "read", "doc/1", NOW("00:00:01.5Z") }, { "allow", "twice", "read", "doc/1", NOW("00:00:02Z") },
		{ "allow", "cy", "read", "doc/1", NOW("00:00:00Z") }, { "no_rule", "cy", "read", "doc/1", NOW("00:00:01Z") },
		{ "allow", "dan", "read", "doc/1", NOW("00:00:01Z") }, { "allow", "dan", "write", NULL, NOW("00:00:00Z") },
		{ "allow", "ann", "write", NULL, NOW("00:00:00Z") }, { "allow", "zoe", "write", NULL, NOW("00:00:00Z") },
		{ "allow", "zoe", "ping", NULL, NOW("00:00:00Z") }, { "allow", "dan", "ping", NULL, NOW("00:00:00Z") },
		{ "no_rule", "zoe", "write", NULL, NOW("00:00:01Z") }, { "no_rule", "cy", "write", NULL, NOW("00:00:00Z") },
	};

	ASKS(set, rows);
}

static const char groups[] = HEAD
    "groups: { base: }\n"
    "fixtures:\n"
    "  users: { ann: { groups: a }, bob: { roles: pinger }, \"svc:ann\": }\n"
    "  groups:\n"
    "    a: { members: \"group:loop2\" }\n"
    "    b: { members: [\"group:a\", \"svc:ann\"], roles: pinger }\n"
    "    c: { members: \"group:b\", roles: reader }\n"
    "    loop1: { members: [\"group:loop2\", lou] }\n"
    "    loop2: { members: \"group:loop1\" }\n"
    "    apart: { roles: writer }\n"
    "    bars: { roles: barred, members: [bad, lou] }\n"
    "  grants: [ { role: writer, to: \"group:c\", resource: doc/1 }, { role: writer, to: \"group:base\", resource: doc/b } ]\n";

static void
groups_are_followed_upwards_and_circles_end(void)
{
	static const struct ask rows[] = {
		{ "allow", "ann", "ping", NULL, NULL }, { "allow", "ann", "read", "doc/2", NULL },
		{ "allow", "ann", "write", "doc/1", NULL }, { "no_rule", "ann", "write", "doc/2", NULL },
		{ "allow", "svc:ann", "ping", NULL, NULL }, { "allow", "svc:ann", "write", "doc/1", NULL },
		{ "no_rule", "svc:a", "ping", NULL, NULL }, { "no_rule", "group2:a", "ping", NULL, NULL },
		{ "allow", "lou", "ping", NULL, NULL }, { "denied", "lou", "read", "doc/1", NULL },
		{ "allow", "lou", "write", "doc/1", NULL }, { "denied", "bad", "read", "doc/1", NULL },
		{ "allow", "bob", "ping", NULL, NULL }, { "no_rule", "bob", "read", "doc/1", NULL },
		{ "no_rule", "a", "ping", NULL, NULL },
	};

	ASKS(groups, rows);
}

static void
groups_of_the_request_count_if_declared(void)
{
	static const struct ask rows[] = {
		{ "no_rule", "zoe", "ping", NULL, "'groups':[]" }, { "allow", "zoe", "ping", NULL, "'groups':['b']" },
		{ "allow", "zoe", "ping", NULL, "'groups':['a']" }, { "allow", "zoe", "read", "doc/2", "'groups':['a']" },
		{ "allow", "zoe", "write", "doc/1", "'groups':['nobody','a']" }, { "no_rule", "zoe", "write", "doc/2", "'groups':['c']" },
		{ "allow", "zoe", "write", "doc/b", "'groups':['base']" }, { "no_rule", "zoe", "ping", NULL, "'groups':['B','','group:b']" },
		{ "allow", "bob", "write", "doc/2", "'groups':['apart']" }, { "denied", "bob", "read", "doc/2", "'groups':['apart','bars']" },
		{ "no_credential", NULL, "ping", NULL, "'groups':['b']" }, { "allow", "bob", "write", "doc/b", "'groups':['apart2','base']" },
		{ "no_rule", "bob", "write", "doc/2", "'groups':['apart'],'actor':'cy'" },
		{ "no_rule", "zoe", "ping", NULL, "'groups':['b'],'actor':'zoe'" },
		{ "error", "zoe", "ping", NULL, "'groups':[1]" }, { "allow", "ann", "ping", NULL, "'groups':['a','a','b','b']" },
	};

	ASKS(groups, rows);
}

static void
grants_to_many_reach_who_they_name(void)
{
	static const char set[] = HEAD
	    "  everyones: { allow: ping }\n  asker: { includes: asked }\n  asked: { allow: ask }\n  teller: { allow: tell }\n  writer2: { allow: tell2 }\n"
	    "everyone: { roles: everyones }\n"
	    "grants:\n"
	    "  - { role: reader, to: \"svc:*\" }\n"
	    "  - { role: writer, to: \"svc:*\", resource: doc/s }\n"
	    "  - { role: reader, to: authenticated, resource: doc/a }\n"
	    "  - { role: reader, to: everyone, resource: doc/e }\n"
	    "  - { role: reader, to: authenticated, resource: \"org/a*\" }\n"
	    "  - { role: writer, to: [\"dev:*\", ann], resource: org }\n"
	    "  - { role: writer, to: \"svc:one\" }\n"
	    "  - { role: asker, to: everyone }\n"
	    "  - { role: [teller, writer2], to: authenticated }\n"
	    "authenticated: { roles: pinger }\n";
	static const struct ask rows[] = {
		{ "allow", "svc:x", "read", "doc/1", NULL }, { "no_rule", "user:x", "read", "doc/1", NULL },
		{ "no_rule", "svc2:x", "read", "doc/1", NULL }, { "allow", "svc:x", "write", "doc/s", NULL },
		{ "no_rule", "svc:x", "write", "doc/1", NULL }, { "allow", "svc:one", "write", "doc/1", NULL },
		{ "allow", "svc:*", "read", "doc/1", NULL }, { "allow", "svc:*", "write", "doc/s", NULL },
		{ "allow", "x", "read", "doc/a", NULL }, { "no_credential", NULL, "read", "doc/a", NULL },
		{ "allow", "x", "read", "doc/e", NULL }, { "allow", NULL, "read", "doc/e", NULL },
		{ "no_credential", NULL, "read", "doc/x", NULL }, { "allow", "x", "read", "org/a1", NULL },
		{ "no_credential", NULL, "read", "org/a1", NULL }, { "no_rule", "x", "read", "org/b1", NULL },
		{ "allow", "dev:x", "write", "org/1", NULL }, { "allow", "ann", "write", "org/1", NULL },
		{ "no_rule", "bob", "write", "org/1", NULL }, { "allow", "dev:x", "write", "doc/1", "'resource':{'parent':'any'}" },
		{ "allow", NULL, "ask", NULL, NULL }, { "allow", "x", "ask", NULL, NULL }, { "allow", "x", "tell", NULL, NULL },
		{ "allow", "svc:x", "tell2", NULL, NULL }, { "no_credential", NULL, "tell", NULL, NULL },
		{ "allow", NULL, "ping", NULL, NULL }, { "no_rule", "everyone", "write", "doc/e", NULL },
	};

	ASKS(set, rows);
}

static void
globs_of_grants_are_tried_on_every_ancestor(void)
{
	static const char set[] = HEAD
	    "fixtures:\n"
	    "  entities: { doc/x: { parent: acme }, doc/y: { parent: \"other/acme\" } }\n"
	    "  groups: { g: { members: grp } }\n"
	    "  grants:\n"
	    "    - { role: reader, to: one, resource: \"doc/a/*\" }\n"
	    "    - { role: reader, to: two, resource: \"doc/a/**\" }\n"
	    "    - { role: reader, to: esc, resource: \"doc/\\\\*\" }\n"
	    "    - { role: reader, to: mix, resource: \"doc/\\\\*a*\" }\n"
	    "    - { role: reader, to: org, resource: \"org/ac*\" }\n"
	    "    - { role: reader, to: [pair, \"group:g\"], resource: \"doc/p*\" }\n"
	    "    - { role: pinger, to: pair, resource: \"doc/p*\" }\n"
	    "    - { role: writer, to: pair, resource: \"doc/q*\" }\n";
	static const struct ask rows[] = {
		{ "allow", "one", "read", "doc/a/b", NULL }, { "no_rule", "one", "read", "doc/a/b/c", NULL },
		{ "allow", "one", "read", "doc/a/", NULL }, { "no_rule", "one", "read", "doc/a", NULL },
		{ "allow", "two", "read", "doc/a/b/c", NULL }, { "no_rule", "two", "read", "doc/b/a/c", NULL },
		{ "no_rule", "one", "read", "org/a/b", NULL }, { "allow", "esc", "read", "doc/*", NULL },
		{ "no_rule", "esc", "read", "doc/x", NULL }, { "allow", "mix", "read", "doc/*ab", NULL },
		{ "no_rule", "mix", "read", "doc/xab", NULL }, { "allow", "org", "read", "doc/x", NULL },
		{ "no_rule", "org", "read", "doc/y", NULL }, { "allow", "org", "read", "doc/new", "'resource':{'parent':'ac'}" },
		{ "allow", "pair", "read", "doc/p1", NULL }, { "allow", "pair", "ping", "doc/p1", NULL },
		{ "no_rule", "pair", "write", "doc/p1", NULL }, { "allow", "pair", "write", "doc/q1", NULL },
		{ "allow", "grp", "read", "doc/p1", NULL }, { "no_rule", "grp", "ping", "doc/p1", NULL },
		{ "no_rule", "pair", "ping", NULL, NULL },
	};

	ASKS(set, rows);
}

/* 2,000 holders on one thing: the asker's are sought, and only those are found. */
static void
long_lists_of_grants_are_searched(void)
{
	static const struct ask rows[] = {
		{ "allow", "u0", "read", "doc/long", NULL }, { "allow", "u1999", "read", "doc/long", NULL },
		{ "allow", "u777", "read", "doc/long", NULL }, { "no_rule", "u2000", "read", "doc/long", NULL },
		{ "no_rule", "u777", "write", "doc/long", NULL }, { "allow", "mem", "write", "doc/long", NULL },
		{ "no_rule", "mem2", "write", "doc/long", NULL }, { "allow", "zoe", "write", "doc/long", "'groups':['g3']" },
		{ "no_rule", "zoe", "write", "doc/long", "'groups':['g4']" }, { "allow", "svc:any", "write", "doc/long", NULL },
		{ "allow", "u5", "ping", "doc/long", NULL }, { "no_credential", NULL, "ping", "doc/long", NULL },
		{ "no_rule", "u5", "ping", "doc/short", NULL }, { "no_rule", "u777", "read", "doc/short", NULL },
		{ "allow", "twice", "write", "doc/long", NULL }, { "allow", "twice", "ping", "doc/long", NULL },
		{ "allow", "u777", "read", "org/x", NULL }, { "no_rule", "u3000", "read", "org/x", NULL },
		{ "no_rule", "late", "write", "doc/long", NULL },
		{ "allow", "late", "write", "doc/long", "'now':'2026-01-01T00:00:00Z'" },
		{ "allow", NULL, "read", "doc/open", NULL }, { "allow", "zoe", "read", "doc/open", NULL },
	};
	struct fixture f;
	struct pol_buf b;

	pol_buf_init(&b);
	pol_buf_printf(&b, HEAD "fixtures:\n  groups: { g1: , g3: { members: \"group:g2\" }, g4: , g2: { members: mem } }\n  grants:\n");
	for (int k = 0; k < 3; k++) {
		pol_buf_printf(&b, "    - { role: reader, resource: %s, to: [u0", k == 0 ? "doc/long" : k == 1 ? "org" : "doc/open");
		for (int i = 1; i < 2000; i++)
			pol_buf_printf(&b, ", u%d", i);
		pol_buf_printf(&b, "] }\n");
	}
	pol_buf_printf(&b,
	    "    - { role: writer, resource: doc/long, to: [\"group:g3\", \"svc:*\", twice] }\n"
	    "    - { role: writer, resource: doc/long, to: late, from: \"2026-01-01T00:00:00Z\" }\n"
	    "    - { role: pinger, resource: doc/long, to: [authenticated, twice] }\n"
	    "    - { role: reader, resource: doc/open, to: everyone }\n"
	    "    - { role: reader, resource: doc/short, to: nobody }\n");
	pol_buf_append(&b, "", 1);
	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, b.data), 0);
	ASKS_OPEN(&f, rows);
	fixture_close(&f);
	pol_buf_fini(&b);
}

/* The other way round: who is in more groups than the list has grants. */
static void
a_list_shorter_than_ones_groups_is_walked(void)
{
	static const struct ask rows[] = {
		{ "allow", "ann", "read", "doc/mine", NULL }, { "no_rule", "ann", "read", "doc/other", NULL }, { "no_rule", "bob", "read", "doc/mine", NULL },
		{ "allow", "bob", "read", "doc/other", NULL }, { "allow", "zoe", "read", "doc/mine", "'groups':['g0']" },
		{ "no_rule", "ann", "write", "doc/mine", NULL }, { "no_rule", "ann", "ping", "doc/mine", NULL },
		{ "allow", "ann", "ping", "doc/mine", "'now':'2026-01-01T00:00:00Z'" },
	};
	struct fixture f;
	struct pol_buf b;

	pol_buf_init(&b);
	pol_buf_printf(&b, HEAD "fixtures:\n  groups:\n");
	for (int i = 0; i < 60; i++)
		pol_buf_printf(&b, "    g%d: { members: ann }\n    h%d: { members: bob }\n", i, i);
	pol_buf_printf(&b, "    up: { members: \"group:g0\" }\n  grants:\n"
	    "    - { role: reader, to: \"group:g59\", resource: doc/mine }\n    - { role: reader, to: \"group:up\", resource: doc/mine }\n"
	    "    - { role: reader, to: \"group:h7\", resource: doc/other }\n"
	    "    - { role: pinger, to: \"group:g3\", resource: doc/mine, from: \"2026-01-01T00:00:00Z\" }\n");
	for (int i = 0; i < 20; i++)
		pol_buf_printf(&b, "    - { role: writer, to: u%d, resource: doc/mine }\n    - { role: writer, to: u%d, resource: doc/other }\n", i, i);
	pol_buf_append(&b, "", 1);
	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, b.data), 0);
	ASKS_OPEN(&f, rows);
	fixture_close(&f);
	pol_buf_fini(&b);
}

/* More roles and groups than a signature has bits: bits are shared, names are not. */
static void
signatures_only_filter(void)
{
	char who[3][16], action[16];
	struct ask row = { NULL, NULL, action, NULL, NULL };
	struct fixture f;
	struct pol_buf b;

	pol_buf_init(&b);
	pol_buf_printf(&b, "policy: 1\nresources: { doc: }\nactions:\n");
	for (int i = 0; i < 200; i++)
		pol_buf_printf(&b, "  a%d:\n", i);
	pol_buf_printf(&b, "roles:\n");
	for (int i = 0; i < 200; i++)
		pol_buf_printf(&b, "  r%d: { allow: a%d }\n", i, i);
	pol_buf_printf(&b, "fixtures:\n  groups:\n");
	for (int i = 0; i < 200; i++)
		pol_buf_printf(&b, "    g%d: { members: m%d, roles: r%d }\n", i, i, i);
	pol_buf_printf(&b, "  grants:\n");
	for (int i = 0; i < 200; i++)
		pol_buf_printf(&b, "    - { role: r%d, to: u%d }\n    - { role: r%d, to: \"group:g%d\", resource: doc/%d }\n", i, i, i, (i + 1) % 200, i);
	pol_buf_append(&b, "", 1);
	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, b.data), 0);
	for (int i = 0; i < 200; i++) {
		for (int k = i % 64; k < 200; k += 64) {	/* those that share a bit */
			char thing[16];

			snprintf(action, sizeof(action), "a%d", k);
			snprintf(thing, sizeof(thing), "doc/%d", k);
			snprintf(who[0], sizeof(who[0]), "u%d", i);
			snprintf(who[1], sizeof(who[1]), "m%d", i);
			snprintf(who[2], sizeof(who[2]), "m%d", (i + 1) % 200);
			for (int w = 0; w < 3; w++) {
				row.who = who[w];
				row.thing = w == 2 ? thing : NULL;
				row.want = i == k ? "allow" : "no_rule";
				asks_check_open(__FILE__, __LINE__, &f, &row, 1);
			}
		}
	}
	fixture_close(&f);
	pol_buf_fini(&b);
}

/* Where roles are many, whoever has one that shares the bit of the wanted one still
 * has to be told of the grant on the thing. */
static void
a_role_does_not_stand_for_another_of_its_bit(void)
{
	char who[16], action[16], thing[16];
	struct ask rows[2] = { { "allow", who, action, thing, NULL }, { "no_rule", who, action, "doc/x", NULL } };
	struct fixture f;
	struct pol_buf b;

	pol_buf_init(&b);
	pol_buf_printf(&b, "policy: 1\nresources: { doc: }\nactions:\n");
	for (int i = 0; i < 130; i++)
		pol_buf_printf(&b, "  a%03d:\n", i);
	pol_buf_printf(&b, "roles:\n");
	for (int i = 0; i < 130; i++)
		pol_buf_printf(&b, "  r%03d: { allow: a%03d }\n", i, i);
	pol_buf_printf(&b, "grants:\n");
	for (int i = 0; i < 65; i++)
		pol_buf_printf(&b, "  - { role: r%03d, to: u%d }\n  - { role: r%03d, to: u%d, resource: doc/%d }\n",
		    i, i, i + 64, i, i);
	pol_buf_append(&b, "", 1);
	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, b.data), 0);
	for (int i = 0; i < 65; i++) {
		snprintf(who, sizeof(who), "u%d", i);
		snprintf(action, sizeof(action), "a%03d", i + 64);
		snprintf(thing, sizeof(thing), "doc/%d", i);
		ASKS_OPEN(&f, rows);
	}
	fixture_close(&f);
	pol_buf_fini(&b);
}

static void
fixtures_and_facts_add_up(void)
{
	static const char set[] = HEAD
	    "users: { ann: { roles: [reader, pinger] } }\n"
	    "grants: [ { role: [writer, pinger], to: [bob, cy] }, { role: reader, to: bob } ]\n"
	    "fixtures: { grants: [ { role: writer, to: ann } ] }\n";
	static const struct ask rows[] = {
		{ "allow", "ann", "read", "doc/1", NULL }, { "allow", "ann", "write", NULL, NULL }, { "allow", "ann", "ping", NULL, NULL },
		{ "allow", "bob", "read", NULL, NULL }, { "allow", "cy", "read", NULL, NULL }, { "allow", "cy", "ping", NULL, NULL },
		{ "no_rule", "zoe", "ping", NULL, NULL },
	};

	ASKS(set, rows);
}

CU_TestInfo suite_roles[] = {
	{ "windows are half open, and to the nanosecond", windows_are_half_open_and_to_the_nanosecond },
	{ "groups are followed upwards, and circles end", groups_are_followed_upwards_and_circles_end },
	{ "groups of the request count if declared", groups_of_the_request_count_if_declared },
	{ "grants to many reach who they name", grants_to_many_reach_who_they_name },
	{ "globs of grants are tried on every ancestor", globs_of_grants_are_tried_on_every_ancestor },
	{ "long lists of grants are searched", long_lists_of_grants_are_searched },
	{ "a list shorter than one's groups is walked", a_list_shorter_than_ones_groups_is_walked },
	{ "signatures only filter", signatures_only_filter },
	{ "a role does not stand for another of its bit", a_role_does_not_stand_for_another_of_its_bit },
	{ "fixtures and facts add up", fixtures_and_facts_add_up },
	CU_TEST_INFO_NULL
};
