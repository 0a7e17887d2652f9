/* SPDX-License-Identifier: Apache-2.0 */
/*
 * People: what the builder makes, and that a single change gives the same people as
 * building them anew.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/fixture.h"
#include "unit/unit.h"

static const char set[] =
    "policy: 1\n"
    "resources: { org: , doc: { parent: org } }\n"
    "actions: { read: { resource: doc }, write: { resource: doc }, ping: }\n"
    "roles: { reader: { allow: read }, writer: { includes: reader, allow: write }, pinger: { allow: ping } }\n"
    "fixtures:\n"
    "  users: { ann: , bob: { groups: staff } }\n"
    "  groups: { staff: { members: \"group:ops\" }, ops: { members: [cy, \"group:staff\"] } }\n"
    "  entities: { doc/1: { parent: acme }, doc/2: }\n";

static struct policy_text
text(const char *s)
{
	return policy_text(s);
}

/* role to who, on TYPE/GLOB or NULL, in [from, until) or always where until is 0. */
struct change {
	const char *role, *type, *name, *on;
	int64_t from, until;
};

static int
apply(struct fixture *f, const struct change *c, bool add)
{
	const struct pol_program *p = f->engine.program;
	struct pol_people_root *next;
	struct pol_who who = { text(c->type), text(c->name) };
	uint32_t role = pol_find_role(p, c->role, strlen(c->role));
	struct pol_grant_fact g;
	const char *slash;
	uint64_t hash;
	int rc;

	memset(&g, 0, sizeof(g));
	g.roles = &role;
	g.n_roles = 1;
	g.to = &who;
	g.n_to = 1;
	if (c->on != NULL) {
		slash = strchr(c->on, '/');
		g.has_resource = true;
		g.type = pol_find_type(p, c->on, slash ? (size_t)(slash - c->on) : strlen(c->on), &hash);
		if (slash != NULL)
			g.glob = text(slash + 1);
	}
	if (c->until != 0) {
		g.has_from = g.has_until = true;
		g.from.sec = c->from;
		g.until.sec = c->until;
	}
	rc = add ? pol_people_add_grant(f->people, p, &g, &next) : pol_people_remove_grant(f->people, p, &g, &next);
	if (rc != 0)
		return rc;
	pol_people_retire(f->people);
	f->people = next;
	pol_engine_people(&f->engine, pol_people_view(next));
	return 0;
}

static void
a_change_is_seen_at_once_and_undone_whole(void)
{
	static const struct { struct change c; const char *who, *action, *what; } rows[] = {
		{ { "reader", "user", "zoe", "doc/1", 0, 0 }, "zoe", "read", "doc/1" },
		{ { "reader", "user", "zoe", "doc", 0, 0 }, "zoe", "read", "doc/9" },
		{ { "reader", "user", "zoe", "doc/a*", 0, 0 }, "zoe", "read", "doc/abc" },
		{ { "writer", "user", "zoe", "org/acme", 0, 0 }, "zoe", "read", "doc/1" },
		{ { "writer", "group", "ops", "org/*", 0, 0 }, "cy", "write", "doc/1" },
		{ { "writer", "group", "staff", "doc/2", 5, 15 }, "bob", "write", "doc/2" },
		{ { "pinger", "user", "zoe", NULL, 0, 0 }, "zoe", "ping", NULL },
		{ { "pinger", "user", "bob", NULL, 10, 11 }, "bob", "ping", NULL },
		{ { "pinger", "group", "ops", NULL, 10, 11 }, "cy", "ping", NULL },
		{ { "pinger", "service", "*", NULL, 0, 0 }, "service:any", "ping", NULL },
		{ { "pinger", "service", "*", NULL, 5, 15 }, "service:any", "ping", NULL },
		{ { "reader", "device", "*", "doc/2", 0, 0 }, "device:d", "read", "doc/2" },
		{ { "reader", "", "authenticated", "doc/2", 0, 0 }, "ann", "read", "doc/2" },
		{ { "pinger", "", "everyone", NULL, 1, 99 }, "ann", "ping", NULL },
	};
	struct fixture f;

	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, set), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_STRING_EQUAL(fixture_ask(&f, rows[i].who, rows[i].action, rows[i].what, 10), "no_rule");
		CU_ASSERT_EQUAL(apply(&f, &rows[i].c, true), 0);
		CU_ASSERT_STRING_EQUAL(fixture_ask(&f, rows[i].who, rows[i].action, rows[i].what, 10), "allow");
		if (rows[i].c.until != 0) {
			CU_ASSERT_STRING_EQUAL(fixture_ask(&f, rows[i].who, rows[i].action, rows[i].what, rows[i].c.until), "no_rule");
			CU_ASSERT_STRING_EQUAL(fixture_ask(&f, rows[i].who, rows[i].action, rows[i].what, rows[i].c.from - 1), "no_rule");
		}
		CU_ASSERT_EQUAL(apply(&f, &rows[i].c, false), 0);
		CU_ASSERT_EQUAL(apply(&f, &rows[i].c, false), POLICY_ERR_NOENT);
		CU_ASSERT_STRING_EQUAL(fixture_ask(&f, rows[i].who, rows[i].action, rows[i].what, 10), "no_rule");
	}
	fixture_close(&f);
}

static void
a_role_of_a_group_everywhere_is_not_a_single_change(void)
{
	static const struct change c = { "pinger", "group", "ops", NULL, 0, 0 };
	static const struct change unknown = { "pinger", "group", "none", "doc/1", 0, 0 };
	struct fixture f;

	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, set), 0);
	CU_ASSERT_EQUAL(apply(&f, &c, true), POLICY_ERR_UNSUPPORTED);
	CU_ASSERT_EQUAL(apply(&f, &unknown, true), POLICY_ERR_NOENT);
	fixture_close(&f);
}

/* What the text gives is not taken back with a store's grant of the same. */
static void
a_role_given_twice_is_taken_back_once(void)
{
	static const char twice[] =
	    "policy: 1\nactions: [ping]\n"
	    "roles: { guest: { deny: ping }, user: { allow: ping } }\nauthenticated: { roles: user }\n"
	    "users: { ann: { roles: guest } }\n";
	static const struct change c = { "guest", "user", "ann", NULL, 0, 0 };
	struct fixture f;

	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, twice), 0);
	CU_ASSERT_STRING_EQUAL(fixture_ask(&f, "ann", "ping", NULL, 0), "denied");
	CU_ASSERT_EQUAL(apply(&f, &c, true), 0);
	CU_ASSERT_EQUAL(apply(&f, &c, false), 0);
	CU_ASSERT_STRING_EQUAL(fixture_ask(&f, "ann", "ping", NULL, 0), "denied");
	fixture_close(&f);
}

/* A holder without a type is no way to become everyone. */
static void
odd_holders_are_refused(void)
{
	static const struct { const char *type, *name; int user, grant; } rows[] = {
		{ "", "tomsmith", POLICY_ERR_ARG, POLICY_ERR_ARG },
		{ "", "anonymous", POLICY_ERR_ARG, POLICY_ERR_ARG },
		{ "", "", POLICY_ERR_ARG, POLICY_ERR_ARG },
		{ "", "everyone", POLICY_ERR_ARG, 0 },
		{ "", "authenticated", POLICY_ERR_ARG, 0 },
		{ "everyone", "x", POLICY_ERR_ARG, POLICY_ERR_ARG },
		{ "anonymous", "x", POLICY_ERR_ARG, POLICY_ERR_ARG },
		{ "user", "", POLICY_ERR_ARG, POLICY_ERR_ARG },
		{ "user", "*", POLICY_ERR_ARG, 0 },
		{ "group", "ops", POLICY_ERR_ARG, POLICY_ERR_ARG },	/* not declared */
		{ "user", "ann", 0, 0 },
	};
	struct fixture f;

	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, set), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pol_user_fact u = { .who = { text(rows[i].type), text(rows[i].name) } };
		struct change c = { "pinger", rows[i].type, rows[i].name, "doc/1", 0, 0 };
		uint32_t role = 0;
		size_t bad;
		struct pol_grant_fact g = { .roles = &role, .n_roles = 1, .to = &u.who, .n_to = 1 };
		struct pol_builder *b;

		CU_ASSERT_EQUAL_FATAL(pol_builder_new(&b, f.engine.program), 0);
		CU_ASSERT_EQUAL(pol_builder_users(b, &u, 1, &bad), rows[i].user);
		CU_ASSERT_EQUAL(pol_builder_grants(b, &g, 1, &bad), rows[i].grant);
		CU_ASSERT_EQUAL(bad, rows[i].grant == 0);
		pol_builder_free(b);
		if (strcmp(rows[i].type, "group") != 0)		/* ops is one here */
			CU_ASSERT_EQUAL(apply(&f, &c, true), rows[i].grant);
	}
	fixture_close(&f);
}

static void
a_group_named_and_never_declared_is_refused(void)
{
	struct pol_who member = { POLICY_TEXT("group"), POLICY_TEXT("gone") };
	struct pol_group_fact g = { .name = POLICY_TEXT("all"), .members = &member, .n_members = 1 };
	struct pol_people_root *root;
	struct pol_builder *b;
	struct fixture f;

	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, set), 0);
	CU_ASSERT_EQUAL_FATAL(pol_builder_new(&b, f.engine.program), 0);
	CU_ASSERT_EQUAL(pol_builder_group(b, &g), 0);
	CU_ASSERT_EQUAL(pol_builder_finish(b, &root), POLICY_ERR_ARG);
	CU_ASSERT_PTR_NULL(root);
	pol_builder_free(b);
	fixture_close(&f);
}

static void
changes_leave_nothing_behind(void)
{
	struct fixture f;
	uint64_t bytes, most = 0;

	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, set), 0);
	bytes = pol_people_bytes(f.people);
	for (int i = 0; i < 2000; i++) {
		char on[24];
		struct change c = { "reader", "user", "ann", on, 0, 0 };

		snprintf(on, sizeof(on), "doc/fresh%d", i);
		CU_ASSERT_EQUAL(apply(&f, &c, true), 0);
		if (pol_people_bytes(f.people) > most)
			most = pol_people_bytes(f.people);
		CU_ASSERT_EQUAL(apply(&f, &c, false), 0);
	}
	CU_ASSERT_EQUAL(pol_people_bytes(f.people), bytes);
	CU_ASSERT(most > bytes && most < bytes + 1000);
	CU_ASSERT_EQUAL(f.engine.people->things.count, 2);
	fixture_close(&f);
}

static void
a_glob_or_a_change_too_large_is_refused(void)
{
	struct change c = { "reader", "user", "ann", NULL, 0, 0 };
	struct pol_who who = { POLICY_TEXT("user"), POLICY_TEXT("ann") }, many[17];
	struct pol_grant_fact g;
	struct pol_people_root *next;
	struct fixture f;
	char on[150] = "doc/";
	uint32_t role = 0;

	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, set), 0);
	for (int i = 0; i < 70; i++)
		strcat(on, "a*");
	c.on = on;
	CU_ASSERT_EQUAL(apply(&f, &c, true), POLICY_ERR_LIMIT);
	memset(&g, 0, sizeof(g));
	for (size_t i = 0; i < 17; i++)
		many[i] = who;
	g.roles = &role;
	g.n_roles = 1;
	g.to = many;
	g.n_to = 17;
	CU_ASSERT_EQUAL(pol_people_add_grant(f.people, f.engine.program, &g, &next), POLICY_ERR_LIMIT);
	g.n_to = 16;
	CU_ASSERT_EQUAL(pol_people_add_grant(f.people, f.engine.program, &g, &next), 0);
	pol_people_retire(f.people);
	f.people = next;
	fixture_close(&f);
}

/* 6,000 random changes; after them the people answer as people built from the
 * grants that are left. Pages split on the way. */
enum { USERS = 40, DOCS = 900, CHANGES = 6000 };

static unsigned
random_below(uint64_t *state, unsigned n)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(*state >> 33) % n;
}

static void
many_changes_equal_a_new_building(void)
{
	static uint8_t held[USERS][DOCS];
	struct fixture f, again;
	uint64_t state = 7;
	size_t wrong = 0, asked = 0;
	char *yaml, *at;

	memset(held, 0, sizeof(held));
	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, set), 0);
	for (int i = 0; i < CHANGES; i++) {
		unsigned u = random_below(&state, USERS), d = random_below(&state, DOCS);
		char name[16], on[24];
		struct change c = { "reader", "user", name, on, 0, 0 };

		snprintf(name, sizeof(name), "u%u", u);
		snprintf(on, sizeof(on), "doc/d%u", d);
		wrong += apply(&f, &c, !held[u][d]) != 0;
		held[u][d] = !held[u][d];
	}
	yaml = malloc(sizeof(set) + USERS * (size_t)DOCS * 64);
	CU_ASSERT_PTR_NOT_NULL_FATAL(yaml);
	at = yaml + sprintf(yaml, "%s  grants:\n    - { role: reader, to: nobody, resource: doc/none }\n", set);
	for (int u = 0; u < USERS; u++) {
		for (int d = 0; d < DOCS; d++) {
			if (held[u][d])
				at += sprintf(at, "    - { role: reader, to: u%d, resource: doc/d%d }\n", u, d);
		}
	}
	CU_ASSERT_EQUAL_FATAL(fixture_open(&again, yaml), 0);
	for (int u = 0; u < USERS; u++) {
		for (int d = 0; d < DOCS; d++) {
			char name[16], on[24];
			const char *x, *y;

			snprintf(name, sizeof(name), "u%d", u);
			snprintf(on, sizeof(on), "doc/d%d", d);
			x = fixture_ask(&f, name, "read", on, 0);
			y = fixture_ask(&again, name, "read", on, 0);
			wrong += strcmp(x, y) != 0 || strcmp(x, held[u][d] ? "allow" : "no_rule") != 0;
			asked++;
		}
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(asked, USERS * DOCS);
	fixture_close(&again);
	fixture_close(&f);
	free(yaml);
}

/* Groups are bits or listed, by how many there are and which were granted something;
 * one that is granted something later was not among them. */
static void
each_group_counts_however_many_there_are(void)
{
	static const int sizes[] = { 40, 700, 3000 };
	char *yaml = malloc(3000 * 120 + sizeof(set));

	CU_ASSERT_PTR_NOT_NULL_FATAL(yaml);
	for (size_t s = 0; s < 3; s++) {
		char *at = yaml + sprintf(yaml, "policy: 1\nresources: { doc: }\nactions: { read: { resource: doc } }\n"
		    "roles: { reader: { allow: read } }\ngroups:\n");
		struct fixture f;
		int wrong = 0;

		for (int i = 0; i < sizes[s]; i++)	/* ann in each third; some by way of the one before */
			at += sprintf(at, "  g%d: { members: [%s, group:h%d] }\n  h%d: { members: [%s] }\n", i, i % 6 == 0 ? "ann" : "bob",
			    i, i, i % 6 == 3 ? "ann" : "bob");
		at += sprintf(at, "grants:\n");
		for (int i = 0; i < sizes[s]; i++) {
			if (i % 4 != 0)
				at += sprintf(at, "  - { role: reader, to: \"group:g%d\", resource: doc/%d }\n", i, i);
		}
		CU_ASSERT_EQUAL_FATAL(fixture_open(&f, yaml), 0);
		for (int i = 0; i < sizes[s] + 1; i++) {
			char doc[24], name[16];
			struct change c = { "reader", "group", name, doc, 0, 0 };
			bool mine = i % 3 == 0 && i < sizes[s];

			snprintf(doc, sizeof(doc), "doc/%d", i);
			snprintf(name, sizeof(name), "g%d", i);
			wrong += strcmp(fixture_ask(&f, "ann", "read", doc, 0), mine && i % 4 != 0 ? "allow" : "no_rule") != 0;
			if (i % 4 != 0 || i == sizes[s] || i % 5 != 0)
				continue;
			wrong += apply(&f, &c, true) != 0;
			wrong += strcmp(fixture_ask(&f, "ann", "read", doc, 0), mine ? "allow" : "no_rule") != 0;
			wrong += strcmp(fixture_ask(&f, "bob", "read", doc, 0), "allow") != 0;
		}
		CU_ASSERT_EQUAL(wrong, 0);
		fixture_close(&f);
	}
	free(yaml);
}

/* Lists that are longer than what is handed to the builder at once. */
static void
long_lists_of_a_text_are_taken_whole(void)
{
	enum { MANY = 300 };
	char *yaml = malloc(MANY * 200), *at = yaml;
	struct fixture f;
	int wrong = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(yaml);
	at += sprintf(at, "policy: 1\nresources: { doc: }\nactions: { read: { resource: doc }, ping: }\n"
	    "roles: { reader: { allow: read }, pinger: { allow: ping } }\ngroups:\n  big: { roles: pinger, members: [x");
	for (int i = 0; i < MANY; i++)
		at += sprintf(at, ", m%d", i);
	at += sprintf(at, "] }\n");
	for (int i = 0; i < MANY; i++)
		at += sprintf(at, "  g%d: \n", i);
	at += sprintf(at, "users:\n  few: { groups: [g1, g2] }\n  all: { groups: [g0");
	for (int i = 1; i < MANY; i++)
		at += sprintf(at, ", g%d", i);
	at += sprintf(at, "] }\ngrants:\n  - { role: reader, resource: doc/1, to: [y");
	for (int i = 0; i < MANY; i++)
		at += sprintf(at, ", t%d", i);
	at += sprintf(at, "] }\n");
	for (int i = 0; i < MANY; i++)
		at += sprintf(at, "  - { role: reader, to: \"group:g%d\", resource: \"doc/g%d\" }\n", i, i);
	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, yaml), 0);
	for (int i = 0; i < MANY; i++) {
		char m[16], t[16], doc[24];

		snprintf(m, sizeof(m), "m%d", i);
		snprintf(t, sizeof(t), "t%d", i);
		snprintf(doc, sizeof(doc), "doc/g%d", i);
		wrong += strcmp(fixture_ask(&f, m, "ping", NULL, 0), "allow") != 0;
		wrong += strcmp(fixture_ask(&f, t, "read", "doc/1", 0), "allow") != 0;
		wrong += strcmp(fixture_ask(&f, "all", "read", doc, 0), "allow") != 0;
		wrong += strcmp(fixture_ask(&f, "few", "read", doc, 0), i == 1 || i == 2 ? "allow" : "no_rule") != 0;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_STRING_EQUAL(fixture_ask(&f, "t1", "ping", NULL, 0), "no_rule");
	CU_ASSERT_STRING_EQUAL(fixture_ask(&f, "m1", "read", "doc/1", 0), "no_rule");
	fixture_close(&f);
	free(yaml);
}

CU_TestInfo suite_people[] = {
	{ "a change is seen at once and undone whole", a_change_is_seen_at_once_and_undone_whole },
	{ "a role of a group everywhere is not a single change", a_role_of_a_group_everywhere_is_not_a_single_change },
	{ "a role given twice is taken back once", a_role_given_twice_is_taken_back_once },
	{ "odd holders are refused", odd_holders_are_refused },
	{ "a group named and never declared is refused", a_group_named_and_never_declared_is_refused },
	{ "changes leave nothing behind", changes_leave_nothing_behind },
	{ "a glob or a change too large is refused", a_glob_or_a_change_too_large_is_refused },
	{ "many changes equal a new building", many_changes_equal_a_new_building },
	{ "each group counts, however many there are", each_group_counts_however_many_there_are },
	{ "long lists of a text are taken whole", long_lists_of_a_text_are_taken_whole },
	CU_TEST_INFO_NULL
};
