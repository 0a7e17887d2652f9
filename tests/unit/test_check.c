/* SPDX-License-Identifier: Apache-2.0 */
/* compile/check*.c, warn*.c: what names stand for. Refusals are tests/cases/bad. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile/compile.h"

#include "unit/unit.h"

struct told {
	unsigned n;
	char text[8][256];
};

static void
hear(void *ctx, const char *file, uint32_t line, uint32_t column, const char *text)
{
	struct told *t = ctx;

	if (t->n < 8)
		(void)snprintf(t->text[t->n], sizeof(t->text[0]), "%s:%u:%u: %s", file, line, column, text);
	t->n++;
}

static struct ast_set *
take(const char *const *texts, size_t n, struct told *told, struct policy_error *err)
{
	static const char *const names[] = { "b.yaml", "a.yaml", "\xc3\xa9.yaml", "Z.yaml" };
	struct policy_limits limits = POLICY_LIMITS_INIT;
	struct pol_compile_options opt = { .limits = &limits };
	struct pol_source sources[4];
	struct ast_set *set = NULL;

	if (told != NULL) {
		memset(told, 0, sizeof(*told));
		opt.warning = hear;
		opt.warning_ctx = told;
	}
	memset(err, 0, sizeof(*err));
	err->size = sizeof(*err);
	for (size_t i = 0; i < n; i++) {
		sources[i].name = names[i];
		sources[i].text = texts[i];
		sources[i].len = strlen(texts[i]);
		sources[i].engine_ok = false;
	}
	CU_ASSERT_EQUAL(pol_set_read(&set, sources, n, &opt, err), err->code);
	return set;
}

static struct ast_set *
one(const char *text, struct policy_error *err)
{
	return take(&text, 1, NULL, err);
}

static int
named(const struct pol_node *n, const char *s)
{
	return n->count == strlen(s) && memcmp(n->u.text, s, n->count) == 0;
}

static void
numbers_follow_names_not_files(void)
{
	static const char *const texts[] = {
		"policy: 1\nactions: [b, a]\nroles: { r: { allow: [b, a] }, q: { deny: a } }\n",
		"policy: 1\nresources: { m: , M: , a-b: , a: }\nroles: { r: { includes: q, allow: \"**\" } }\n",
		"policy: 1\nactions: [c]\nscopes: { z: a, y: c }\n",
		"policy: 1\nroles: { p: { deny: [c, { actions: b }] } }\n",
	};
	struct policy_error err;
	struct ast_set *set = take(texts, 4, NULL, &err);
	static const char *const order[] = { "Z.yaml", "Z.yaml", "a.yaml", "b.yaml", "b.yaml", "b.yaml", "\xc3\xa9.yaml", "\xc3\xa9.yaml" };

	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	CU_ASSERT_TRUE(named(set->types.list[0]->name, "M") && named(set->types.list[1]->name, "a") && named(set->types.list[2]->name, "a-b"));
	CU_ASSERT_TRUE(named(set->actions.list[0]->name, "a") && named(set->actions.list[2]->name, "c"));
	CU_ASSERT_EQUAL(set->actions.list[2]->index, 2);
	CU_ASSERT_EQUAL_FATAL(set->roles.n, 3);
	CU_ASSERT_TRUE(named(set->roles.list[0]->name, "p") && named(set->roles.list[2]->name, "r"));
	CU_ASSERT_EQUAL(set->roles.list[2]->n_closure, 2);
	CU_ASSERT_EQUAL(set->roles.list[2]->closure[0], 1);
	CU_ASSERT_TRUE(named(set->scopes.list[0]->name, "y"));
	CU_ASSERT_EQUAL_FATAL(set->entries.n, 8);
	for (size_t i = 0; i < 8; i++) {
		CU_ASSERT_EQUAL(set->entries.list[i]->number, i);
		CU_ASSERT_STRING_EQUAL(set->files[set->entries.list[i]->place.file], order[i]);
	}
	CU_ASSERT_EQUAL(set->entries.list[2]->role, 2);
	CU_ASSERT_EQUAL(set->entries.list[5]->role, 1);
	CU_ASSERT_EQUAL(set->entries.list[7]->role, POL_NONE);
	pol_set_free(set);
}

static void
globs_aliases_and_implications_are_resolved(void)
{
	struct policy_error err;
	struct ast_set *set = one("policy: 1\nactions:\n"
	    "  a: { implies: [c, \"d:*\"] }\n  b: { implies: all }\n  c: { aliases: [d:x, see] }\n  d:y: { implies: b }\n  e:\n"
	    "roles: { r: { allow: [\"*\", \"d:*\", \"**\", see, { actions: [see, \"d:*\"] }, c] } }\n", &err);

	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	CU_ASSERT_EQUAL(set->actions.list[0]->n_implied, 5);
	CU_ASSERT_EQUAL(set->actions.list[1]->n_implied, 5);
	CU_ASSERT_EQUAL(set->actions.list[2]->n_implied, 1);
	CU_ASSERT_EQUAL(set->actions.list[4]->implied[0], 4);
	CU_ASSERT_EQUAL(set->entries.list[0]->actions->n_ids, 4);
	CU_ASSERT_EQUAL(set->entries.list[1]->actions->n_ids, 2);
	CU_ASSERT_EQUAL(set->entries.list[1]->actions->ids[0], 2);
	CU_ASSERT_EQUAL(set->entries.list[2]->actions->n_ids, 5);
	CU_ASSERT_EQUAL(set->entries.list[3]->actions->ids[0], 2);
	CU_ASSERT_PTR_EQUAL(set->entries.list[4]->actions->ids, set->entries.list[1]->actions->ids);
	CU_ASSERT_PTR_EQUAL(set->entries.list[5]->actions->ids, set->entries.list[3]->actions->ids);
	pol_set_free(set);
}

static void
text_is_text_where_it_is_due(void)
{
	struct policy_error err;
	struct ast_set *set = one("policy: 1\nresources:\n"
	    "  m: { owner: { resource: by, subject: badge }, parent: m, attributes: { s: { type: string }, by: { type: number }, n: { type: number } } }\n"
	    "users: { u: { attributes: { badge: 010, id: 7, other: 7 } } }\n"
	    "entities:\n  m/1: { by: [1001, no], s: 1.0, n: 1.0, parent: [2, m/3, x/4], x: true, z: ~ }\n  m/2: { inherit: false, parent: ~ }\n", &err);
	const struct policy_attr *a;

	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	a = set->users.list[0]->attrs.list;
	CU_ASSERT_EQUAL(a[0].value.type, POLICY_STRING);
	CU_ASSERT_EQUAL(a[1].value.type, POLICY_STRING);
	CU_ASSERT_EQUAL(a[2].value.type, POLICY_INT);
	a = set->things.list[0]->attrs.list;
	CU_ASSERT_EQUAL(a[0].value.u.items[0].type, POLICY_STRING);
	CU_ASSERT_EQUAL(a[1].value.type, POLICY_STRING);
	CU_ASSERT_EQUAL(a[2].value.type, POLICY_DOUBLE);
	CU_ASSERT_EQUAL(a[4].value.type, POLICY_BOOL);
	CU_ASSERT_EQUAL(a[5].value.type, POLICY_NULL);
	CU_ASSERT_EQUAL_FATAL(set->things.list[0]->n_parents, 3);
	CU_ASSERT_STRING_EQUAL(set->things.list[0]->parents[0].id.data, "2");
	CU_ASSERT_STRING_EQUAL(set->things.list[0]->parents[1].id.data, "3");
	CU_ASSERT_STRING_EQUAL(set->things.list[0]->parents[2].id.data, "x/4");
	CU_ASSERT_FALSE(set->things.list[1]->has_parent);
	CU_ASSERT_EQUAL(set->things.list[1]->inherit, POL_INHERIT_FALSE);
	pol_set_free(set);
}

static void
what_policy_names_is_no_fixture(void)
{
	static const char *const rows[][2] = {
		{ "groups: { g: }\nfixtures: { groups: { h: { members: \"group:g\" } } }\n", "" },
		{ "groups: { g: { members: \"group:h\" } }\nfixtures: { groups: { h: } }\n", "is a fixture" },
		{ "groups: { g: { members: h } }\nfixtures: { groups: { h: }, users: { h: } }\n", "did you mean group:h" },
		{ "groups: { g: { members: h } }\nfixtures: { users: { h: } }\n", "" },
		{ "groups: { h: }\nfixtures: { groups: { g: { members: h } }, users: { h: } }\n", "" },
		{ "users: { u: { groups: h } }\nfixtures: { groups: { h: } }\n", "is a fixture" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policy_error err;
		char text[256];
		struct ast_set *set;

		(void)snprintf(text, sizeof(text), "policy: 1\n%s", rows[i][0]);
		set = one(text, &err);
		CU_ASSERT_EQUAL(set != NULL, rows[i][1][0] == 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, rows[i][1]));
		pol_set_free(set);
	}
}

static void
closures_are_bounded(void)
{
	size_t room = 400000, n;
	char *text = malloc(room);
	struct policy_error err;
	struct ast_set *set;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	n = (size_t)snprintf(text, room, "policy: 1\nactions: [x]\nroles:\n  r0: { allow: x }\n");
	for (int i = 1; i < 4000; i++)
		n += (size_t)snprintf(text + n, room - n, "  r%d: { includes: r%d }\n", i, i - 1);
	set = one(text, &err);
	CU_ASSERT_PTR_NULL(set);
	CU_ASSERT_EQUAL(err.code, POLICY_ERR_LIMIT);
	n = (size_t)snprintf(text, room, "policy: 1\nactions:\n");
	for (int i = 0; i < 3000; i++)
		n += (size_t)snprintf(text + n, room - n, "  a%d: { implies: all }\n", i);
	set = one(text, &err);
	CU_ASSERT_PTR_NULL(set);
	CU_ASSERT_EQUAL(err.code, POLICY_ERR_LIMIT);
	n = (size_t)snprintf(text, room, "policy: 1\nconditions:\n  c0: has context.a\n");
	for (int i = 1; i < 32; i++)
		n += (size_t)snprintf(text + n, room - n, "  c%d: c%d or c%d and not c%d\n", i, i - 1, i - 1, i - 1);
	set = one(text, &err);
	CU_ASSERT_PTR_NOT_NULL(set);
	pol_set_free(set);
	n += (size_t)snprintf(text + n, room - n, "  c32: c31\n");
	CU_ASSERT_PTR_NULL(one(text, &err));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "more than 32 deep"));
	free(text);
}

static void
likely_slips_are_warned_about(void)
{
	static const char text[] = "policy: 1\nresources:\n"
	    "  m: { owner: o, attributes: { locked: { type: boolean }, lvl: { type: number, default: 1 } } }\n"
	    "actions: { read: { resource: m }, all_read: { resource: m, implies: read }, a:b: }\n"
	    "conditions: { shut: resource.locked or resource.lvl > 3 }\n"
	    "roles:\n  r:\n    allow: { actions: read, resources: m/* }\n    deny:\n"
	    "    - { actions: read, when: resource.lvl > 2 and resource.locked }\n"
	    "    - { actions: read, when: has resource.locked and resource.locked }\n"
	    "    - { actions: read, when: resource.lvl > 2 or subject.id == \"a\" }\n"
	    "    - { actions: read, unless: shut }\n"
	    "    - \"*\"\n    - all_read\n    - { actions: [read, all_read] }\n"
	    "entities: { m/a/b: { locked: yes }, m/c: { locked: true, x: no } }\n";
	static const char *const want[] = {
		"b.yaml:10:51: this deny reads resource.locked", "b.yaml:13:32: this deny reads resource.locked",
		"b.yaml:14:7: this deny of * misses 'a:b'", "b.yaml:15:7: this deny of 'all_read' does not deny 'read'",
		"b.yaml:8:40: 'm/*' does not match 'm/a/b'", "b.yaml:17:30: 'yes' is a text here",
	};
	const char *texts[] = { text };
	struct policy_error err;
	struct told told;
	struct ast_set *set = take(texts, 1, &told, &err);

	CU_ASSERT_PTR_NOT_NULL(set);
	CU_ASSERT_EQUAL(told.n, sizeof(want) / sizeof(want[0]));
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		CU_ASSERT_EQUAL(strncmp(told.text[i], want[i], strlen(want[i])), 0);
	pol_set_free(set);
}

CU_TestInfo suite_check[] = {
	{ "numbers follow names, not files", numbers_follow_names_not_files },
	{ "globs, aliases and implications are resolved", globs_aliases_and_implications_are_resolved },
	{ "text is text where it is due", text_is_text_where_it_is_due },
	{ "what policy names is no fixture", what_policy_names_is_no_fixture },
	{ "closures are bounded", closures_are_bounded },
	{ "likely slips are warned about", likely_slips_are_warned_about },
	CU_TEST_INFO_NULL
};
