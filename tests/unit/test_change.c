/* SPDX-License-Identifier: Apache-2.0 */
/*
 * People: single changes. A successor is seen whole or not at all; its predecessor
 * answers as before until it is retired.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "people/impl.h"
#include "unit/asks.h"
#include "unit/unit.h"

static const char set[] =
    "policy: 1\n"
    "resources: { org: , doc: { parent: org } }\n"
    "actions: { read: , write: , ping: }\n"
    "roles: { reader: { allow: read }, writer: { includes: reader, allow: write }, pinger: { allow: ping } }\n"
    "groups: { ops: { roles: pinger, members: bob } }\n"
    "users: { ann: { roles: reader, attributes: { level: 3, deep: { a: [x] } } }, bob: }\n"
    "entities: { doc/1: { parent: acme, size: 5, inherit: true }, doc/cut: { parent: acme, inherit: false } }\n"
    "grants:\n"
    "  - { role: reader, to: bob, resource: doc/1 }\n"
    "  - { role: reader, to: bob, resource: \"doc/b*\" }\n"
    "  - { role: pinger, to: cy, until: \"1970-01-01T00:01:00Z\" }\n";

enum { MAX_TO = 4 };

/* role to the holders, on `on` ("TYPE", "TYPE/GLOB", NULL), until a second or always. */
struct step {
	const char *role;
	const char *to[MAX_TO];		/* "TYPE:NAME", "everyone", "authenticated" */
	const char *on;
	int64_t from, until;
};

static int
change(struct fixture *f, struct pol_people_root *root, const struct step *s, bool add, struct pol_people_root **next)
{
	const struct pol_program *p = f->engine.program;
	uint32_t role = pol_find_role(p, s->role, strlen(s->role));
	struct pol_who who[MAX_TO];
	struct pol_grant_fact g;
	uint64_t hash;

	memset(&g, 0, sizeof(g));
	memset(who, 0, sizeof(who));
	g.roles = &role;
	g.n_roles = 1;
	g.to = who;
	for (; g.n_to < MAX_TO && s->to[g.n_to] != NULL; g.n_to++) {
		const char *colon = strchr(s->to[g.n_to], ':');

		if (colon != NULL)
			who[g.n_to].type = (struct policy_text){ s->to[g.n_to], (size_t)(colon - s->to[g.n_to]) };
		who[g.n_to].name = policy_text(colon != NULL ? colon + 1 : s->to[g.n_to]);
	}
	if (s->on != NULL) {
		size_t len = strcspn(s->on, "/");

		g.has_resource = true;
		g.type = pol_find_type(p, s->on, len, &hash);
		if (s->on[len] == '/')
			g.glob = policy_text(s->on + len + 1);
	}
	g.has_from = s->from != 0;
	g.from.sec = s->from;
	g.has_until = s->until != 0;
	g.until.sec = s->until;
	return add ? pol_people_add_grant(root, p, &g, next) : pol_people_remove_grant(root, p, &g, next);
}

static void
turn_to(struct fixture *f, struct pol_people_root *next)
{
	f->people = next;
	pol_engine_people(&f->engine, pol_people_view(next));
}

static void
a_predecessor_answers_as_before_until_it_is_retired(void)
{
	static const struct step steps[] = {
		{ "writer", { "user:ann", "svc:new" }, "doc/1", 0, 0 }, { "writer", { "user:ann" }, NULL, 0, 0 },
		{ "reader", { "dev:*" }, "doc/*", 0, 0 }, { "pinger", { "everyone" }, NULL, 0, 9 }, { "reader", { "group:ops" }, "org", 1, 0 },
	};
	static const struct ask before[] = {
		{ "no_rule", "ann", "write", "doc/1", NULL }, { "no_rule", "svc:new", "write", "doc/1", NULL }, { "no_rule", "ann", "write", NULL, NULL },
		{ "no_rule", "dev:x", "read", "doc/9", NULL }, { "no_credential", NULL, "ping", NULL, NULL },
		{ "no_rule", "bob", "read", "org/x", "'now':'1970-01-01T00:00:01Z'" }, { "allow", "bob", "read", "doc/1", NULL },
	};
	static const struct ask after[] = {
		{ "allow", "ann", "write", "doc/1", NULL }, { "allow", "svc:new", "write", "doc/1", NULL }, { "allow", "ann", "write", NULL, NULL },
		{ "allow", "dev:x", "read", "doc/9", NULL }, { "allow", NULL, "ping", NULL, NULL },
		{ "allow", "bob", "read", "org/x", "'now':'1970-01-01T00:00:01Z'" }, { "allow", "bob", "read", "doc/1", NULL },
		{ "no_credential", NULL, "ping", NULL, "'now':'1970-01-01T00:00:09Z'" }, { "no_rule", "bob", "read", "org/x", NULL },
		{ "allow", "bob", "read", "doc/bx", NULL }, { "allow", "cy", "ping", NULL, "'now':'1970-01-01T00:00:59Z'" },
	};
	struct pol_people_root *line[6];
	struct fixture f;

	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, set), 0);
	line[0] = f.people;
	for (int i = 0; i < 5; i++) {
		CU_ASSERT_EQUAL_FATAL(change(&f, line[i], &steps[i], true, &line[i + 1]), 0);
		CU_ASSERT_EQUAL(pol_people_view(line[i + 1])->version, pol_people_view(line[i])->version + 1);
	}
	ASKS_OPEN(&f, before);
	turn_to(&f, line[5]);
	ASKS_OPEN(&f, after);
	for (int i = 0; i < 5; i++)
		pol_people_retire(line[i]);
	ASKS_OPEN(&f, after);
	fixture_close(&f);
}

/* What is stored beside the grants is moved with them. */
static void
attributes_parents_and_other_grants_stay(void)
{
	static const struct step steps[] = {
		{ "writer", { "user:ann", "group:ops" }, "doc/1", 0, 0 }, { "pinger", { "user:ann", "user:bob", "user:cy" }, NULL, 0, 0 },
		{ "pinger", { "user:ann" }, NULL, 5, 6 }, { "reader", { "user:zoe" }, "doc/cut", 0, 0 }, { "reader", { "user:bob" }, "doc/z*", 4, 5 },
	};
	static const struct asks_cond conds[] = {
		{ 'T', "subject.level == 3 and subject.deep.a contains \"x\" and resource.size == 5 and resource.parent == \"acme\" and resource.inherit", NULL },
	};
	static const char tested[] =
	    "policy: 1\nresources: { org: , doc: { parent: org } }\n"
	    "users: { ann: { attributes: { level: 3, deep: { a: [x] } } } }\nentities: { doc/1: { parent: acme, size: 5, inherit: true } }\n"
	    "roles:\n";
	static const struct ask rows[] = {
		{ "allow", "bob", "read", "doc/1", NULL }, { "allow", "bob", "read", "doc/b", NULL }, { "allow", "ann", "read", "org/x", NULL },
		{ "allow", "oz", "read", "doc/1", NULL }, { "no_rule", "oz", "read", "doc/cut", NULL },
		{ "allow", "cy", "ping", NULL, "'now':'1970-01-01T00:00:59Z'" }, { "allow", "bob", "ping", NULL, "'now':'1990-01-01T00:00:59Z'" },
	};
	static const struct step acme = { "reader", { "user:oz" }, "org/acme", 0, 0 };
	struct pol_people_root *next;
	const struct pol_thing *t;
	const struct pol_holder *h;
	struct pol_who who = { POLICY_TEXT("user"), POLICY_TEXT("ann") };
	struct fixture f;
	uint64_t hash;
	uint32_t doc;

	ASKS_CONDS(tested, "ann", "doc/1", conds);	/* so it is before */
	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, set), 0);
	CU_ASSERT_EQUAL_FATAL(change(&f, f.people, &acme, true, &next), 0);
	pol_people_retire(f.people);
	turn_to(&f, next);
	for (int i = 0; i < 10; i++) {			/* added, then removed */
		CU_ASSERT_EQUAL_FATAL(change(&f, f.people, &steps[i % 5], i < 5, &next), 0);
		pol_people_retire(f.people);
		turn_to(&f, next);
	}
	ASKS_OPEN(&f, rows);
	doc = pol_find_type(f.engine.program, "doc", 3, &hash);
	t = pol_find_thing(f.engine.people, pol_hash_join(hash, pol_hash("1", 1, f.engine.people->seed)), doc, "1", 1);
	h = pol_find_holder(f.engine.people, pol_who_hash(f.engine.people->seed, &who), "user", 4, "ann", 3);
	CU_ASSERT_FATAL(t != NULL && h != NULL);
	CU_ASSERT(pol_thing_more(t)->attrs.n == 3 && pol_thing_more(t)->parents.n == 1);
	CU_ASSERT(t->has_parent && t->inherit == POL_INHERIT_TRUE && t->n_grants == 1);
	CU_ASSERT(pol_holder_more(h)->n_attrs == 2 && pol_holder_more(h)->n_own == 1 && pol_holder_more(h)->n_timed == 0 && h->known);
	fixture_close(&f);
}

/* Half of a change that fails is nothing; the line goes on from where it was. */
static void
a_change_that_fails_has_not_happened(void)
{
	static const struct step good = { "writer", { "user:new" }, "doc/1", 0, 0 };
	static const struct { struct step s; bool add; int rc; } bad[] = {
		{ { "writer", { "user:new", "svc:other", "group:none" }, "doc/1", 0, 0 }, true, POLICY_ERR_NOENT },
		{ { "writer", { "user:new", "group:ops" }, NULL, 0, 0 }, true, POLICY_ERR_UNSUPPORTED },
		{ { "writer", { "user:new", "everyone" }, NULL, 0, 0 }, true, POLICY_ERR_UNSUPPORTED },
		{ { "reader", { "user:bob", "user:new" }, "doc/1", 0, 0 }, false, POLICY_ERR_NOENT },
		{ { "reader", { "user:bob", "user:ann" }, "doc/1", 0, 0 }, false, POLICY_ERR_NOENT },
		{ { "writer", { "user:bob" }, "doc/1", 0, 0 }, false, POLICY_ERR_NOENT },
		{ { "reader", { "user:bob" }, "doc/1", 0, 9 }, false, POLICY_ERR_NOENT },
		{ { "reader", { "user:bob" }, "doc/2", 0, 0 }, false, POLICY_ERR_NOENT },
		{ { "reader", { "user:bob" }, "doc/b**", 0, 0 }, false, POLICY_ERR_NOENT },
		{ { "reader", { "user:bob" }, "doc", 0, 0 }, false, POLICY_ERR_NOENT },
		{ { "pinger", { "user:cy" }, NULL, 0, 0 }, false, POLICY_ERR_NOENT },
		{ { "pinger", { "user:cy" }, NULL, 0, 61 }, false, POLICY_ERR_NOENT },
		{ { "pinger", { "everyone" }, NULL, 0, 60 }, false, POLICY_ERR_NOENT },
		{ { "reader", { "group:gone" }, "doc/1", 0, 0 }, false, POLICY_ERR_NOENT },
		{ { "reader", { "user:new", "anonymous" }, "doc/1", 0, 0 }, true, POLICY_ERR_ARG },
		{ { "reader", { "user:new", "everyone:x" }, "doc/1", 0, 0 }, true, POLICY_ERR_ARG },
		{ { "reader", { "user:new", "nobody" }, "doc/1", 0, 0 }, true, POLICY_ERR_ARG },
		{ { "reader", { "user:new", "user:" }, "doc/1", 0, 0 }, true, POLICY_ERR_ARG },
	};
	static const struct ask rows[] = {
		{ "no_rule", "new", "write", "doc/1", NULL }, { "allow", "bob", "read", "doc/1", NULL }, { "no_rule", "svc:other", "write", "doc/1", NULL },
		{ "allow", "bob", "read", "doc/b", NULL }, { "allow", "cy", "ping", NULL, NULL }, { "no_rule", "new", "write", NULL, NULL },
		{ "no_rule", "new", "read", "doc/1", NULL },
	};
	struct pol_people_root *next = NULL, *late;
	struct fixture f;

	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, set), 0);
	for (size_t i = 0; i < ASKS_N(bad); i++) {
		next = f.people;
		CU_ASSERT_EQUAL(change(&f, f.people, &bad[i].s, bad[i].add, &next), bad[i].rc);
		CU_ASSERT_PTR_NULL(next);
	}
	ASKS_OPEN(&f, rows);
	CU_ASSERT_EQUAL(pol_people_view(f.people)->version, 1);
	CU_ASSERT_EQUAL_FATAL(change(&f, f.people, &good, true, &next), 0);
	CU_ASSERT_EQUAL(change(&f, f.people, &good, true, &late), POLICY_ERR_ARG);	/* it has a successor */
	CU_ASSERT_PTR_NULL(late);
	pol_people_retire(f.people);
	turn_to(&f, next);
	CU_ASSERT_STRING_EQUAL(fixture_ask(&f, "new", "write", "doc/1", 0), "allow");
	fixture_close(&f);
}

/* What was given twice is taken back twice; a like one of another window stays. */
static void
one_equal_grant_is_removed_and_no_like_one(void)
{
	static const struct step on[] = {
		{ "reader", { "user:zoe" }, "doc/2", 0, 0 }, { "reader", { "user:zoe" }, "doc/2", 0, 9 },
		{ "reader", { "user:zoe" }, "doc/x*", 0, 0 }, { "reader", { "user:zoe" }, "doc/x*", 0, 9 },
		{ "pinger", { "user:zoe" }, NULL, 0, 0 }, { "pinger", { "user:zoe" }, NULL, 0, 9 },
		{ "reader", { "user:zoe" }, "org", 0, 0 }, { "reader", { "user:zoe" }, "org", 0, 9 },
	};
	static const char *const asked[][2] = { { "read", "doc/2" }, { "read", "doc/xy" }, { "ping", NULL }, { "read", "org/1" } };
	/* which of the two, added or removed, the code, and whether it is then held at 5 and at 9 */
	static const struct { int which; bool add; int rc; bool at5, at9; } moves[] = {
		{ 0, true, 0, true, true }, { 0, true, 0, true, true }, { 1, true, 0, true, true }, { 0, false, 0, true, true },
		{ 0, false, 0, true, false }, { 0, false, POLICY_ERR_NOENT, true, false }, { 1, false, 0, false, false },
		{ 1, false, POLICY_ERR_NOENT, false, false },
	};
	struct pol_people_root *next;
	struct fixture f;

	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, set), 0);
	for (size_t k = 0; k < 4 * ASKS_N(moves); k++) {
		const char *const *ask = asked[k / ASKS_N(moves)];
		size_t i = k % ASKS_N(moves);
		const struct step *s = &on[k / ASKS_N(moves) * 2 + (size_t)moves[i].which];

		CU_ASSERT_EQUAL_FATAL(change(&f, f.people, s, moves[i].add, &next), moves[i].rc);
		if (moves[i].rc == 0) {
			pol_people_retire(f.people);
			turn_to(&f, next);
		}
		CU_ASSERT_STRING_EQUAL(fixture_ask(&f, "zoe", ask[0], ask[1], 5), moves[i].at5 ? "allow" : "no_rule");
		CU_ASSERT_STRING_EQUAL(fixture_ask(&f, "zoe", ask[0], ask[1], 9), moves[i].at9 ? "allow" : "no_rule");
	}
	fixture_close(&f);
}

/* The bytes told are those of the pages: there and back they are what they were. */
static void
bytes_and_records_go_back_to_what_they_were(void)
{
	static const struct step steps[] = {
		{ "reader", { "user:ann", "user:bob" }, "doc/new", 0, 0 }, { "reader", { "user:ann" }, "doc/x*", 0, 9 }, { "reader", { "user:ann" }, "org", 0, 0 },
		{ "pinger", { "group:ops", "everyone" }, NULL, 1, 2 }, { "reader", { "user:ann" }, "doc/1", 3, 4 }, { "pinger", { "user:ann" }, NULL, 3, 4 },
	};
	struct pol_people_root *next;
	uint64_t bytes[7];
	struct fixture f;

	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, set), 0);
	bytes[0] = pol_people_bytes(f.people);
	for (int i = 0; i < 12; i++) {
		CU_ASSERT_EQUAL_FATAL(change(&f, f.people, &steps[i < 6 ? i : 11 - i], i < 6, &next), 0);
		pol_people_retire(f.people);
		turn_to(&f, next);
		if (i < 6) {
			bytes[i + 1] = pol_people_bytes(next);
			CU_ASSERT(bytes[i + 1] > bytes[i]);
		} else {
			CU_ASSERT_EQUAL(pol_people_bytes(next), bytes[11 - i]);
		}
	}
	CU_ASSERT_EQUAL(f.engine.people->things.count, 2);	/* doc/new is gone with its grants; doc/1 and doc/cut are facts */
	fixture_close(&f);
}

/* 16 pairs of role and holder in one change, not 17. */
static void
a_change_is_of_few_pairs(void)
{
	static const struct { size_t roles, to; int rc; } rows[] = {
		{ 1, 16, 0 }, { 16, 1, 0 }, { 4, 4, 0 }, { 1, 17, POLICY_ERR_LIMIT }, { 17, 1, POLICY_ERR_LIMIT }, { 6, 3, POLICY_ERR_LIMIT },
	};
	struct pol_people_root *next;
	struct pol_grant_fact g;
	struct pol_who who[17];
	uint32_t roles[17];
	char name[17][8];
	struct fixture f;

	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, set), 0);
	memset(&g, 0, sizeof(g));
	g.roles = roles;
	g.to = who;
	for (uint32_t i = 0; i < 17; i++) {
		snprintf(name[i], sizeof(name[i]), "n%u", i);
		roles[i] = (pol_find_role(f.engine.program, "reader", 6) + i) % f.engine.program->roles.n;
		who[i] = (struct pol_who){ POLICY_TEXT("user"), policy_text(name[i]) };
	}
	for (size_t k = 0; k < ASKS_N(rows) * 2; k++) {	/* everywhere, then on a thing */
		uint64_t hash;

		g.n_roles = rows[k / 2].roles;
		g.n_to = rows[k / 2].to;
		g.has_resource = k % 2 == 1;
		g.type = pol_find_type(f.engine.program, "doc", 3, &hash);
		g.glob = policy_text("many");
		CU_ASSERT_EQUAL_FATAL(pol_people_add_grant(f.people, f.engine.program, &g, &next), rows[k / 2].rc);
		if (next != NULL) {
			pol_people_retire(f.people);
			turn_to(&f, next);
		}
	}
	CU_ASSERT_STRING_EQUAL(fixture_ask(&f, "n0", "write", NULL, 0), "allow");	/* each role of several */
	CU_ASSERT_STRING_EQUAL(fixture_ask(&f, "n0", "ping", NULL, 0), "allow");
	CU_ASSERT_STRING_EQUAL(fixture_ask(&f, "n15", "read", "doc/many", 0), "allow");
	CU_ASSERT_STRING_EQUAL(fixture_ask(&f, "n16", "read", "doc/many", 0), "no_rule");
	fixture_close(&f);
}

/* A group's roles stay with a member whose own are changed, and stars are noticed. */
static void
roles_of_groups_stay_with_their_members(void)
{
	static const struct step own = { "pinger", { "user:bob" }, NULL, 0, 0 }, star = { "writer", { "svc:*" }, "doc/\\*", 0, 0 };
	static const struct ask rows[] = {
		{ "allow", "svc:any", "write", "doc/*", NULL }, { "no_rule", "svc:any", "write", "doc/1", NULL }, { "no_rule", "any", "write", "doc/*", NULL },
	};
	struct pol_people_root *next;
	struct fixture f;

	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, set), 0);
	CU_ASSERT_EQUAL(f.engine.people->has_stars, 0);
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL_FATAL(change(&f, f.people, &own, i == 0, &next), 0);
		pol_people_retire(f.people);
		turn_to(&f, next);
		CU_ASSERT_STRING_EQUAL(fixture_ask(&f, "bob", "ping", NULL, 0), "allow");
	}
	CU_ASSERT_EQUAL_FATAL(change(&f, f.people, &star, true, &next), 0);
	pol_people_retire(f.people);
	turn_to(&f, next);
	CU_ASSERT_EQUAL(f.engine.people->has_stars, 1);
	ASKS_OPEN(&f, rows);
	fixture_close(&f);
}

CU_TestInfo suite_change[] = {
	{ "a predecessor answers as before until it is retired", a_predecessor_answers_as_before_until_it_is_retired },
	{ "attributes, parents and other grants stay", attributes_parents_and_other_grants_stay },
	{ "a change that fails has not happened", a_change_that_fails_has_not_happened },
	{ "one equal grant is removed and no like one", one_equal_grant_is_removed_and_no_like_one },
	{ "bytes and records go back to what they were", bytes_and_records_go_back_to_what_they_were },
	{ "a change is of few pairs", a_change_is_of_few_pairs },
	{ "roles of groups stay with their members", roles_of_groups_stay_with_their_members },
	CU_TEST_INFO_NULL
};
