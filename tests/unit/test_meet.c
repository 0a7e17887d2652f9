/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Core: the entries that speak of a request, however they are found, and which of
 * them is named; scopes, ceilings, implications, the actor's turn.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "unit/asks.h"
#include "unit/unit.h"

static void
the_first_entry_is_named_and_a_true_deny_before_an_unknown_one(void)
{
	static const char set[] =
	    "policy: 1\nactions: [x, y, z, w]\nresources: { doc: }\neveryone: { roles: [b, a] }\n"
	    "roles:\n"
	    "  b:\n"
	    "    allow:\n"
	    "      - { id: b1, actions: x, when: context.t }\n"
	    "      - { id: b2, actions: \"*\" }\n"
	    "    deny:\n"
	    "      - { id: e1, actions: y, when: context.none }\n"
	    "      - { id: d1, actions: y, when: context.d }\n"
	    "      - { id: e2, actions: [y, z], when: context.none2 }\n"
	    "  a:\n"
	    "    allow: [ { id: a1, actions: x }, x ]\n"
	    "    deny: [ { id: d2, actions: [y, w], resources: doc/1 }, { id: d3, actions: w, resources: \"doc/**\" }, { id: d0, actions: x, when: context.u } ]\n";
	static const struct ask rows[] = {
		{ "allow b1", "ann", "x", NULL, "'context':{'t':true,'u':false}" },
		{ "allow b2", "ann", "x", NULL, "'context':{'t':false,'u':false}" },
		{ "denied d0", "ann", "x", NULL, "'context':{'t':true,'u':true}" },
		{ "condition_error d0", "ann", "x", NULL, NULL },
		{ "denied d1", "ann", "y", NULL, "'context':{'d':true}" },
		{ "condition_error e1", "ann", "y", NULL, "'context':{'d':false}" },
		{ "condition_error e2", "ann", "y", NULL, "'context':{'d':false,'none':false}" },
		{ "allow b2", "ann", "y", NULL, "'context':{'d':false,'none':false,'none2':false}" },
		{ "denied d2", "ann", "y", "doc/1", "'context':{'d':false}" },
		{ "denied d1", "ann", "y", "doc/1", "'context':{'d':true}" },
		{ "condition_error e2", "ann", "z", NULL, NULL },
		{ "denied d2", "ann", "w", "doc/1", NULL }, { "denied d3", "ann", "w", "doc/2", NULL }, { "allow b2", "ann", "w", NULL, NULL },
		{ "unknown_action", "ann", "q", NULL, NULL }, { "unknown_resource", "ann", "x", "dog/1", NULL },
		{ "unknown_action", "ann", "q", "dog/1", NULL },
	};

	ASKS(set, rows);
}

/* Entries on literal things are found by the thing; a `\` makes a star a letter. */
static void
entries_on_literal_things_are_found_by_the_thing(void)
{
	static const char set[] =
	    "policy: 1\nresources: { doc: , org: }\n"
	    "actions: { read: { resource: [doc, org] }, peek: { resource: [doc, org] }, edit: { resource: doc, implies: read }, any: , ping: }\n"
	    "everyone: { roles: all }\nfixtures: { users: { ann: { roles: ann }, bob: { roles: [ann, bob] } }, entities: { doc/child: { parent: top } } }\n"
	    "roles:\n"
	    "  all: { allow: { id: open, actions: read, resources: [doc/open, org/open] }, deny: { id: shut, actions: read, resources: doc/shut } }\n"
	    "  ann:\n"
	    "    allow:\n"
	    "      - { id: one, actions: edit, resources: doc/1 }\n"
	    "      - { id: two, actions: [read, peek], resources: [doc/1, doc/2, doc/2, \"doc/\\\\*\", \"doc/a/\\\\*\\\\*\"] }\n"
	    "      - { id: back, actions: read, resources: \"doc/\\\\a\\\\\\\\b\" }\n"
	    "      - { id: mix, actions: read, resources: [doc/3, \"doc/m*\"] }\n"
	    "      - { id: cond, actions: read, resources: doc/4, when: context.ok }\n"
	    "      - { id: any, actions: \"**\", resources: doc/5 }\n"
	    "      - { id: anyone, actions: any, resources: [doc/6, org/6] }\n"
	    "    deny: [ { id: no, actions: read, resources: doc/5, unless: context.ok }, { id: noedit, actions: edit, resources: [doc/6, doc/7] } ]\n"
	    "  bob: { allow: { id: bob, actions: edit, resources: [doc/2, doc/child] } }\n";
	static const struct ask rows[] = {
		{ "allow one", "ann", "edit", "doc/1", NULL }, { "allow one", "ann", "read", "doc/1", NULL },
		{ "allow two", "ann", "peek", "doc/1", NULL }, { "no_rule", "ann", "edit", "doc/2", NULL },
		{ "allow two", "ann", "read", "doc/2", NULL }, { "allow bob", "bob", "edit", "doc/2", NULL },
		{ "allow two", "bob", "read", "doc/2", NULL }, { "no_rule", "zoe", "read", "doc/1", NULL },
		{ "no_rule", "ann", "read", "org/1", NULL }, { "allow two", "ann", "read", "doc/*", NULL },
		{ "no_rule", "ann", "read", "doc/x", NULL }, { "allow two", "ann", "peek", "doc/a/**", NULL },
		{ "no_rule", "ann", "peek", "doc/a/\\*\\*", NULL }, { "no_rule", "ann", "peek", "doc/a/x", NULL },
		{ "allow back", "ann", "read", "doc/a\\b", NULL }, { "no_rule", "ann", "read", "doc/ab", NULL },
		{ "allow mix", "ann", "read", "doc/3", NULL }, { "allow mix", "ann", "read", "doc/me", NULL },
		{ "no_rule", "ann", "read", "doc/4", NULL }, { "allow cond", "ann", "read", "doc/4", "'context':{'ok':true}" },
		{ "condition_error no", "ann", "read", "doc/5", NULL }, { "denied no", "ann", "read", "doc/5", "'context':{'ok':false}" },
		{ "allow any", "ann", "read", "doc/5", "'context':{'ok':true}" }, { "allow any", "ann", "ping", "doc/5", NULL },
		{ "allow any", "ann", "edit", "doc/5", NULL }, { "no_rule", "ann", "ping", NULL, NULL },
		{ "allow anyone", "ann", "any", "doc/6", NULL }, { "allow anyone", "ann", "any", "org/6", NULL }, { "no_rule", "ann", "any", NULL, NULL },
		{ "denied noedit", "ann", "edit", "doc/7", NULL }, { "no_rule", "ann", "read", "doc/7", NULL },
		{ "allow open", NULL, "read", "doc/open", NULL }, { "allow open", NULL, "read", "org/open", NULL },
		{ "denied shut", NULL, "read", "doc/shut", NULL }, { "no_credential", NULL, "peek", "doc/shut", NULL },
		{ "no_credential", NULL, "read", "doc/none", NULL }, { "no_rule", "bob", "edit", "doc/", NULL },
	};

	ASKS(set, rows);
}

/* 100 entries on one thing, of 50 roles: each of the asker's is sought among them. */
static void
many_entries_on_one_thing_are_searched(void)
{
	static const struct ask rows[] = {
		{ "allow a0", "u0", "read", "doc/1", NULL }, { "allow a49", "u49", "read", "doc/1", NULL }, { "allow a20", "u20", "read", "doc/1", NULL },
		{ "denied d0", "u0", "write", "doc/1", NULL }, { "denied d49", "u49", "write", "doc/1", NULL }, { "no_rule", "zoe", "read", "doc/1", NULL },
		{ "no_rule", "u20", "read", "doc/2", NULL }, { "allow low", "u20", "list", "doc/1", NULL }, { "allow a7", "inc", "read", "doc/1", NULL },
		{ "denied d7", "inc", "write", "doc/1", NULL }, { "allow a5", "gra", "read", "doc/1", NULL }, { "no_rule", "gra", "read", "doc/3", NULL },
		{ "allow a9", "svc:x", "read", "doc/1", NULL }, { "allow a3", "zoe", "read", "doc/1", "'groups':['g']" },
		{ "allow low", NULL, "list", "doc/1", NULL }, { "no_credential", NULL, "read", "doc/1", NULL }, { "allow a11", "two", "read", "doc/1", NULL },
	};
	struct fixture f;
	struct pol_buf b;

	pol_buf_init(&b);
	pol_buf_printf(&b, "policy: 1\nresources: { doc: }\nactions: { read: , write: , list: }\neveryone: { roles: low }\nroles:\n");
	for (int i = 0; i < 50; i++)
		pol_buf_printf(&b, "  r%d: { allow: { id: a%d, actions: read, resources: doc/1 }, deny: { id: d%d, actions: write, resources: [doc/1, doc/3] } }\n", i, i, i);
	pol_buf_printf(&b, "  low: { allow: { id: low, actions: list, resources: doc/1 } }\n  inc: { includes: [r40, r7] }\n"
	    "fixtures:\n  groups: { g: { roles: r3 } }\n  grants: [ { role: r5, to: gra, resource: doc/1 }, { role: r9, to: \"svc:*\" } ]\n"
	    "  users:\n    inc: { roles: inc }\n    two: { roles: [r33, r11] }\n");
	for (int i = 0; i < 50; i++)
		pol_buf_printf(&b, "    u%d: { roles: r%d }\n", i, i);
	pol_buf_append(&b, "", 1);
	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, b.data), 0);
	CU_ASSERT_EQUAL(f.engine.program->anchors.n, 2);
	ASKS_OPEN(&f, rows);
	fixture_close(&f);
	pol_buf_fini(&b);
}

/* `n` roles on 730 actions: too much to lay out by action. Even ones name all. */
static void
write_wide(struct pol_buf *b, int n)
{
	pol_buf_printf(b, "policy: 1\nactions:\n  root: { implies: \"*:*\" }\n");
	for (int i = 0; i < 700; i++)
		pol_buf_printf(b, "  \"a:%d\":\n", i);
	for (int i = 0; i < 10; i++)
		pol_buf_printf(b, "  \"b:%d\":\n  \"c:%d\":\n  \"d:%d\":\n", i, i, i);
	pol_buf_printf(b, "roles:\n");
	for (int i = 0; i < n; i++)
		pol_buf_printf(b, "  r%d: { allow: { id: all%d, actions: \"%s\" } }\n", i, i, i % 2 ? "a:*" : "**");
	pol_buf_printf(b,
	    "  stop: { deny: { id: stop, actions: \"a:6**\" } }\n"
	    "  part: { deny: { id: part, actions: [\"c:*\", \"b:*\"], when: context.p } }\n"
	    "  one: { allow: { id: one, actions: \"c:5\" } }\n"
	    "  root: { allow: { id: root, actions: root } }\n"
	    "  late: { allow: { id: late, actions: \"**\" } }\n"
	    "grants: [ { role: late, to: authenticated, from: \"2026-01-01T00:00:00Z\" } ]\n"
	    "fixtures:\n  users:\n");
	for (int i = 0; i < n; i++)
		pol_buf_printf(b, "    u%d: { roles: [r%d%s] }\n", i, i,
		    i == 0 ? ", part, one" : i == 7 ? ", stop" : i == 9 ? ", one" : i == 11 ? ", root" : "");
	pol_buf_append(b, "", 1);
}

static void
entries_on_very_many_actions_are_kept_once(void)
{
	static const struct ask rows[] = {
		{ "allow all0", "u0", "a:0", NULL, NULL }, { "allow all3", "u3", "a:699", NULL, NULL },
		{ "no_rule", "u5", "b:0", NULL, NULL }, { "allow all4", "u4", "b:0", NULL, NULL }, { "no_rule", "zoe", "a:0", NULL, NULL },
		{ "allow all4", "u4", "root", NULL, NULL }, { "no_rule", "u5", "root", NULL, NULL },
		{ "denied stop", "u7", "a:600", NULL, NULL }, { "denied stop", "u7", "a:6", NULL, NULL }, { "allow all7", "u7", "a:599", NULL, NULL },
		{ "allow all8", "u8", "a:600", NULL, NULL }, { "no_rule", "u7", "b:6", NULL, NULL },
		{ "condition_error part", "u0", "c:5", NULL, NULL }, { "denied part", "u0", "b:5", NULL, "'context':{'p':true}" },
		{ "allow all0", "u0", "c:5", NULL, "'context':{'p':false}" }, { "allow one", "u9", "c:5", NULL, NULL },
		{ "no_rule", "u9", "d:1", NULL, NULL }, { "allow root", "u11", "d:1", NULL, NULL }, { "allow all11", "u11", "a:9", NULL, NULL },
		{ "insufficient_scope", "u11", "d:1", NULL, "'token':{'scopes':['a:1','b:1']}" },
		{ "allow root", "u11", "d:1", NULL, "'token':{'scopes':['a:1','root']}" },
		{ "allow late", "zoe", "d:1", NULL, "'now':'2026-01-01T00:00:00Z'" },
		{ "no_credential", NULL, "d:1", NULL, "'now':'2026-01-01T00:00:00Z'" },
	};
	static const int sizes[] = { 12, 300 };	/* each role is sought among the asker's, and the other way round */
	struct fixture f;
	struct pol_buf b;

	for (int i = 0; i < 2; i++) {
		pol_buf_init(&b);
		write_wide(&b, sizes[i]);
		CU_ASSERT_EQUAL_FATAL(fixture_open(&f, b.data), 0);
		CU_ASSERT(f.engine.program->wide.n >= (uint32_t)sizes[i] && (f.engine.program->wide.n > 16) == i);
		ASKS_OPEN(&f, rows);
		fixture_close(&f);
		pol_buf_fini(&b);
	}
}

/* 200 roles on one action: each of the asker's is sought among them. */
static void
many_roles_on_one_action_are_searched(void)
{
	static const struct ask rows[] = {
		{ "allow e0", "u0", "x", NULL, NULL }, { "allow e199", "u199", "x", NULL, NULL }, { "allow e100", "u100", "x", NULL, NULL },
		{ "no_rule", "zoe", "x", NULL, NULL }, { "no_rule", "u100", "y", NULL, NULL },
		{ "denied d3", "u3", "x", "doc/d", NULL }, { "allow e4", "u4", "x", "doc/d", NULL },
		{ "allow e2", "inc", "x", NULL, NULL }, { "allow e20", "gra", "x", "doc/g", NULL }, { "no_rule", "gra", "x", "doc/h", NULL },
		{ "allow e30", "grp", "x", NULL, NULL }, { "allow e40", "zoe", "x", NULL, "'groups':['h']" },
		{ "allow e50", "svc:x", "x", NULL, NULL }, { "allow e60", NULL, "x", "doc/all", NULL }, { "no_credential", NULL, "x", "doc/auth", NULL },
		{ "allow e70", "zoe", "x", "doc/auth", NULL }, { "allow e1", "two", "x", NULL, NULL },
	};
	struct fixture f;
	struct pol_buf b;

	pol_buf_init(&b);
	pol_buf_printf(&b, "policy: 1\nresources: { doc: }\nactions: [x, y]\nroles:\n");
	for (int i = 0; i < 200; i++)
		pol_buf_printf(&b, "  r%d: { allow: { id: e%d, actions: x }, deny: { id: d%d, actions: x, resources: \"doc/%s\" } }\n", i, i, i,
		    i == 3 ? "d*" : "none*");
	pol_buf_printf(&b, "  inc: { includes: [r90, r2] }\nfixtures:\n  groups: { g: { members: grp, roles: r30 }, h: { roles: r40 } }\n"
	    "  grants: [ { role: r20, to: gra, resource: doc/g }, { role: r50, to: \"svc:*\" }, { role: r60, to: everyone, resource: doc/all },\n"
	    "    { role: r70, to: authenticated, resource: doc/auth } ]\n  users:\n    inc: { roles: inc }\n    two: { roles: [r150, r1] }\n");
	for (int i = 0; i < 200; i++)
		pol_buf_printf(&b, "    u%d: { roles: r%d }\n", i, i);
	pol_buf_append(&b, "", 1);
	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, b.data), 0);
	ASKS_OPEN(&f, rows);
	fixture_close(&f);
	pol_buf_fini(&b);
}

static const char implying[] =
    "policy: 1\nresources: { doc: { owner: by }, org: }\n"
    "actions:\n"
    "  boss: { implies: [edit, \"x:**\"] }\n"
    "  edit: { resource: doc, implies: view, when: own, unless: resource.frozen }\n"
    "  view: { resource: doc, implies: list, when: context.v, aliases: [see] }\n"
    "  list: { unless: context.shut }\n"
    "  \"x:a\":\n  \"x:a:b\": { aliases: [deep] }\n"
    "  apex: { implies: boss2 }\n  boss2: { implies: boss }\n"
    "  every: { implies: all }\n"
    "roles:\n"
    "  editor: { allow: { id: e, actions: edit } }\n  viewer: { allow: { id: v, actions: see } }\n  lister: { allow: { id: l, actions: list } }\n"
    "  every: { allow: { id: all, actions: every } }\n  apex: { allow: { id: apex, actions: apex } }\n"
    "  nolist: { deny: { id: nl, actions: edit } }\n"
    "fixtures: { users: { ed: { roles: editor }, vi: { roles: viewer }, li: { roles: lister }, ev: { roles: every }, ap: { roles: apex },\n"
    "  no: { roles: [nolist, editor] } } }\n";

static void
implied_actions_keep_their_own_limits(void)
{
#define OWN "'resource':{'by':'ed','frozen':false},'context':{'shut':false"
	static const struct ask rows[] = {
		{ "allow e", "ed", "edit", "doc/1", OWN "}" }, { "allow e", "ed", "view", "doc/1", OWN "}" },
		{ "allow e", "ed", "see", "doc/1", OWN "}" }, { "allow e", "ed", "list", "doc/1", OWN "}" },
		{ "no_rule", "ed", "list", NULL, OWN "}" },	/* own: a thing is wanted */
		{ "no_rule", "ed", "edit", "org/1", NULL }, { "no_rule", "ed", "view", NULL, NULL },
		{ "no_rule", "ed", "view", "doc/1", "'resource':{'by':'bob','frozen':false}" },
		{ "no_rule", "ed", "view", "doc/1", "'resource':{'by':'ed','frozen':true}" },
		{ "no_rule", "ed", "view", "doc/1", "'resource':{'by':'ed'}" },
		{ "no_rule", "ed", "list", "doc/1", "'resource':{'by':'ed','frozen':false},'context':{'shut':true}" },
		{ "no_rule", "ed", "list", "doc/1", "'resource':{'by':'ed','frozen':false}" },
		{ "no_rule", "vi", "view", "doc/1", NULL }, { "allow v", "vi", "view", "doc/1", "'context':{'v':true}" },
		{ "no_rule", "vi", "edit", "doc/1", "'context':{'v':true}" }, { "allow v", "vi", "list", "org/1", "'context':{'v':true,'shut':false}" },
		{ "no_rule", "vi", "list", "org/1", "'context':{'v':false,'shut':false}" },
		{ "allow l", "li", "list", NULL, "'context':{'shut':false}" }, { "no_rule", "li", "view", "doc/1", NULL },
		{ "allow all", "ev", "x:a:b", NULL, NULL }, { "allow all", "ev", "deep", NULL, NULL }, { "allow all", "ev", "x:a", "org/1", NULL },
		{ "allow all", "ev", "edit", "doc/1", "'resource':{'frozen':false}" }, { "no_rule", "ev", "edit", "doc/1", NULL },
		{ "allow all", "ev", "apex", NULL, NULL }, { "allow apex", "ap", "x:a", NULL, NULL }, { "allow apex", "ap", "apex", NULL, NULL },
		{ "denied nl", "no", "edit", "doc/1", OWN "}" },
		{ "no_rule", "no", "view", "doc/1", "'resource':{'by':'ed','frozen':false}" },
		{ "allow e", "no", "view", "doc/1", "'resource':{'by':'no','frozen':false}" },
	};

	ASKS(implying, rows);
#undef OWN
}

static const char tokens[] =
    "policy: 1\nresources: { doc: { owner: by } }\n"
    "actions: { read: { resource: doc, aliases: [get] }, write: { resource: doc, implies: read, when: context.w }, ping: { unless: context.quiet } }\n"
    "authenticated: { roles: r }\nroles: { r: { allow: { id: r, actions: \"*\" } } }\n"
    "scopes:\n"
    "  own_docs: { actions: read, when: own }\n"
    "  box: [ { actions: write, resources: \"doc/box/*\" }, ping ]\n"
    "  ping: []\n"
    "  empty:\n"
    "  all: \"*\"\n";

#define SCOPES(s) "'token':{'scopes':[" s "]}"

static void
scopes_narrow_what_is_held(void)
{
	static const struct ask rows[] = {
		{ "allow r", "ann", "read", "doc/1", NULL }, { "allow", "ann", "read", "doc/1", "'token':{}" },
		{ "allow", "ann", "read", "doc/1", "'token':{'scopes':null}" }, { "insufficient_scope", "ann", "read", "doc/1", SCOPES("") },
		{ "insufficient_scope", "ann", "read", "doc/1", SCOPES("'unknown',''") }, { "allow r", "ann", "read", "doc/1", SCOPES("'unknown','read'") },
		{ "allow", "ann", "read", "doc/1", SCOPES("'get'") }, { "allow", "ann", "get", "doc/1", SCOPES("'read'") },
		{ "insufficient_scope", "ann", "read", "doc/1", SCOPES("'write'") },
		{ "allow", "ann", "read", "doc/1", SCOPES("'write'") ",'context':{'w':true}" },
		{ "insufficient_scope", "ann", "write", "doc/1", SCOPES("'read'") ",'context':{'w':true}" },
		{ "insufficient_scope", "ann", "read", "doc/1", SCOPES("'own_docs'") },
		{ "allow", "ann", "read", "doc/1", SCOPES("'own_docs'") ",'resource':{'by':'ann'}" },
		{ "insufficient_scope", "ann", "read", "doc/1", SCOPES("'own_docs','empty'") ",'resource':{'by':'bob'}" },
		{ "insufficient_scope", "ann", "write", "doc/box/1", SCOPES("'own_docs'") ",'resource':{'by':'ann'},'context':{'w':true}" },
		{ "allow", "ann", "write", "doc/box/1", SCOPES("'box'") ",'context':{'w':true}" },
		{ "insufficient_scope", "ann", "read", "doc/box/1/2", SCOPES("'box'") ",'context':{'w':true}" },
		{ "no_rule", "ann", "write", "doc/1", SCOPES("'all'") }, { "allow", "ann", "read", "doc/1", SCOPES("'all'") },
		{ "insufficient_scope", "ann", "ping", NULL, SCOPES("'ping'") ",'context':{'quiet':false}" },
		{ "allow", "ann", "ping", NULL, SCOPES("'ping','box'") ",'context':{'quiet':false}" },
		{ "no_rule", "ann", "ping", NULL, SCOPES("'box'") }, { "insufficient_scope", "ann", "ping", "doc/1", SCOPES("'write'") ",'context':{'quiet':false}" },
		{ "no_credential", NULL, "read", "doc/1", SCOPES("'read'") }, { "error", "ann", "read", "doc/1", "'token':{'scopes':'read'}" },
		{ "error", "ann", "read", "doc/1", SCOPES("1") }, { "unknown_action", "ann", "box", "doc/1", SCOPES("'box'") },
		{ "insufficient_scope", "ann", "read", "doc/1", SCOPES("'*','READ','read '") },
		{ "allow", "ann", "read", "doc/1", SCOPES("'own_docs'") ",'resource':{'by':'ann'},'actor':'bob'" },
	};

	ASKS(tokens, rows);
}

static void
kinds_have_ceilings(void)
{
	static const char set[] =
	    "policy: 1\nresources: { doc: { owner: by } }\nactions: { read: { resource: doc }, write: { resource: doc, implies: read }, ping: }\n"
	    "everyone: { roles: r }\nroles: { r: { allow: { id: r, actions: \"*\" } } }\n"
	    "credentials:\n"
	    "  free:\n"
	    "  none: { ceiling: [] }\n"
	    "  few: { ceiling: [ { actions: write, resources: doc/1 }, { actions: ping, when: context.p } ] }\n"
	    "  net: { when: context.ip within \"10.0.0.0/8\", unless: [ context.bad, token.old ] }\n"
	    "  both: { ceiling: read, when: own }\n";
	static const struct ask rows[] = {
		{ "allow r", "ann", "read", "doc/1", NULL }, { "ceiling", "ann", "read", "doc/1", "'token':{}" },
		{ "ceiling", "ann", "read", "doc/1", "'token':{'kind':null}" }, { "ceiling", "ann", "read", "doc/1", "'token':{'kind':'odd'}" },
		{ "ceiling", "ann", "read", "doc/1", "'token':{'kind':''}" }, { "allow r", "ann", "read", "doc/1", "'token':{'kind':'free'}" },
		{ "ceiling input.yaml:8", "ann", "ping", NULL, "'token':{'kind':'none'}" },
		{ "allow", "ann", "read", "doc/1", "'token':{'kind':'few'}" }, { "allow", "ann", "write", "doc/1", "'token':{'kind':'few'}" },
		{ "ceiling input.yaml:9", "ann", "read", "doc/2", "'token':{'kind':'few'}" },
		{ "ceiling input.yaml:9", "ann", "ping", NULL, "'token':{'kind':'few'}" }, { "allow", "ann", "ping", NULL, "'token':{'kind':'few'},'context':{'p':true}" },
		{ "ceiling input.yaml:10", "ann", "ping", NULL, "'token':{'kind':'net'}" },
		{ "ceiling", "ann", "ping", NULL, "'token':{'kind':'net','old':false},'context':{'ip':'10.0.0.1'}" },
		{ "allow", "ann", "ping", NULL, "'token':{'kind':'net','old':false},'context':{'ip':'10.0.0.1','bad':false}" },
		{ "ceiling", "ann", "ping", NULL, "'token':{'kind':'net','old':true},'context':{'ip':'10.0.0.1','bad':false}" },
		{ "ceiling", "ann", "ping", NULL, "'token':{'kind':'net','old':false},'context':{'ip':'11.0.0.1','bad':false}" },
		{ "ceiling", "ann", "read", "doc/1", "'token':{'kind':'both'}" }, { "allow", "ann", "read", "doc/1", "'token':{'kind':'both'},'resource':{'by':'ann'}" },
		{ "ceiling", "ann", "write", "doc/1", "'token':{'kind':'both'},'resource':{'by':'ann'}" },
		{ "insufficient_scope", "ann", "ping", NULL, "'token':{'kind':'none','scopes':[]}" },
		{ "ceiling", "ann", "ping", NULL, "'token':{'kind':'none','scopes':['ping']}" },
		{ "no_credential", NULL, "ping", NULL, "'token':{'kind':'none'}" }, { "allow", NULL, "ping", NULL, "'token':{'kind':'free'}" },
		{ "allow", "ann", "ping", NULL, "'token':{'kind':'free'},'actor':'bob'" }, { "error", "ann", "ping", NULL, "'token':{'kind':1}" },
	};

	ASKS(set, rows);
}

static void
an_actor_must_be_allowed_itself(void)
{
	static const char set[] =
	    "policy: 1\nresources: { doc: { owner: by } }\nactions: { read: { resource: doc }, ping: , call: , told: }\n"
	    "everyone: { roles: all }\nfixtures: { users: { ann: { roles: r }, \"svc:bot\": { roles: r }, bad: { roles: bad } } }\n"
	    "roles:\n"
	    "  all: { allow: [ { id: call, actions: call }, { id: told, actions: told, unless: [ actor.type == \"svc\", has token.kind ] } ] }\n"
	    "  r: { allow: [ { id: own, actions: read, when: own }, { id: ping, actions: ping, when: not has actor.id or actor.id == \"bot\" } ] }\n"
	    "  bad: { deny: [ { id: bad, actions: call }, { id: odd, actions: ping, when: context.none } ] }\n";
	static const struct ask rows[] = {
		{ "allow ping", "ann", "ping", NULL, NULL }, { "allow ping", "ann", "ping", NULL, "'actor':'svc:bot'" },
		{ "no_rule", "ann", "ping", NULL, "'actor':'svc:other'" }, { "no_rule", "ann", "ping", NULL, "'actor':'ann'" },
		{ "no_rule", "zoe", "ping", NULL, "'actor':'svc:bot'" }, { "denied bad", "ann", "call", NULL, "'actor':'bad'" },
		{ "condition_error odd", "bad", "ping", NULL, "'actor':'ann'" }, { "allow call", "ann", "call", NULL, "'actor':'zoe'" },
		{ "no_rule", "ann", "read", "doc/1", "'actor':'svc:bot','resource':{'by':'ann'}" },
		{ "no_rule", "svc:bot", "read", "doc/1", "'actor':'ann','resource':{'by':'ann'}" },
		{ "allow own", "ann", "read", "doc/1", "'actor':'ann','resource':{'by':'ann'}" },
		{ "no_rule", "ann", "told", NULL, "'actor':'svc:x'" }, { "no_rule", "ann", "told", NULL, NULL },
		{ "no_credential", NULL, "ping", NULL, "'actor':'svc:bot'" }, { "allow call", NULL, "call", NULL, "'actor':'zoe'" },
		{ "denied bad", NULL, "call", NULL, "'actor':'bad'" }, { "error", "ann", "call", NULL, "'actor':'group:x'" }, { "unknown_action", "ann", "none", NULL, "'actor':'bad'" },
	};

	ASKS(set, rows);
}

/* For nobody every deny but a deny entry's is told as no_credential. */
static void
nobody_is_told_to_log_in(void)
{
	static const char set[] =
	    "policy: 1\nresources: { doc: }\nactions: { read: { resource: doc }, stop: , odd: , open: }\n"
	    "everyone: { roles: e }\nroles: { e: { allow: open, deny: [ { id: s, actions: stop }, { id: o, actions: odd, when: context.x } ] } }\n";
	static const struct ask rows[] = {
		{ "no_credential", NULL, "read", "doc/1", NULL }, { "no_credential", NULL, "read", NULL, NULL }, { "no_credential", NULL, "none", NULL, NULL },
		{ "no_credential", NULL, "read", "dog/1", NULL }, { "no_credential", NULL, "odd", NULL, "'context':{'x':false}" }, { "denied s", NULL, "stop", NULL, NULL }, { "condition_error o", NULL, "odd", NULL, NULL }, { "allow", NULL, "open", NULL, NULL },
		{ "no_credential", NULL, "open", NULL, "'token':{'scopes':[]}" },
	};

	ASKS(set, rows);
}

CU_TestInfo suite_meet[] = {
	{ "the first entry is named, and a true deny before an unknown one", the_first_entry_is_named_and_a_true_deny_before_an_unknown_one },
	{ "entries on literal things are found by the thing", entries_on_literal_things_are_found_by_the_thing },
	{ "many entries on one thing are searched", many_entries_on_one_thing_are_searched },
	{ "entries on very many actions are kept once", entries_on_very_many_actions_are_kept_once },
	{ "many roles on one action are searched", many_roles_on_one_action_are_searched },
	{ "implied actions keep their own limits", implied_actions_keep_their_own_limits },
	{ "scopes narrow what is held", scopes_narrow_what_is_held },
	{ "kinds have ceilings", kinds_have_ceilings },
	{ "an actor must be allowed itself", an_actor_must_be_allowed_itself },
	{ "nobody is told to log in", nobody_is_told_to_log_in },
	CU_TEST_INFO_NULL
};
