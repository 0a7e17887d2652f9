/* SPDX-License-Identifier: Apache-2.0 */
/* compile/parse*.c: what is written, as it is kept. Refusals are tests/cases/bad. */
#include <stdio.h>
#include <string.h>

#include "compile/compile.h"

#include "unit/unit.h"

static struct ast_set *
take(const char *text, bool engine_ok, struct policy_error *err)
{
	struct policy_limits limits = POLICY_LIMITS_INIT;
	struct pol_compile_options opt = { .limits = &limits };
	struct pol_source source = { "policy.yaml", text, strlen(text), engine_ok };
	struct ast_set *set = NULL;
	int rc;

	memset(err, 0, sizeof(*err));
	err->size = sizeof(*err);
	rc = pol_set_read(&set, &source, 1, &opt, err);
	CU_ASSERT_EQUAL(rc == 0, set != NULL);
	CU_ASSERT_EQUAL(rc, err->code);
	return set;
}

static int
is(struct policy_text t, const char *s)
{
	return t.len == strlen(s) && memcmp(t.data, s, t.len) == 0;
}

static void
types_keep_owner_parent_and_attributes(void)
{
	struct policy_error err;
	struct ast_set *set = take("policy: 1\nresources:\n"
	    "  b: { owner: { resource: by, subject: mail, type: device }, parent: { type: [a, b, a] } }\n"
	    "  a: { owner: o, parent: { type: a, from: id }, attributes: { n: { type: string, from: caller, default: 010 },\n"
	    "       l: { type: list, default: [010, 10, yes, true, ~] } } }\n", false, &err);

	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	CU_ASSERT_EQUAL_FATAL(set->types.n, 2);
	CU_ASSERT_TRUE(is(set->types.list[0]->owner_subject, "id") && is(set->types.list[0]->owner_type, "user"));
	CU_ASSERT_EQUAL(set->types.list[0]->parent_kind, POL_PARENT_ID);
	CU_ASSERT_TRUE(is(set->types.list[1]->owner_type, "device") && is(set->types.list[1]->owner_subject, "mail"));
	CU_ASSERT_EQUAL(set->types.list[1]->parents.n, 2);
	CU_ASSERT_EQUAL(set->types.list[1]->parent_types[1], 1);
	CU_ASSERT_EQUAL_FATAL(set->types.list[0]->n_attrs, 2);
	CU_ASSERT_TRUE(is(set->types.list[0]->attrs[0].value.u.text, "010"));
	CU_ASSERT_EQUAL(set->types.list[0]->attrs[0].from, POL_FROM_CALLER);
	CU_ASSERT_EQUAL_FATAL(set->types.list[0]->attrs[1].value.count, 5);
	CU_ASSERT_EQUAL(set->types.list[0]->attrs[1].value.u.items[0].type, POLICY_STRING);
	CU_ASSERT_EQUAL(set->types.list[0]->attrs[1].value.u.items[1].type, POLICY_INT);
	CU_ASSERT_EQUAL(set->types.list[0]->attrs[1].value.u.items[2].type, POLICY_STRING);
	CU_ASSERT_EQUAL(set->types.list[0]->attrs[1].value.u.items[3].type, POLICY_BOOL);
	CU_ASSERT_EQUAL(set->types.list[0]->attrs[1].value.u.items[4].type, POLICY_NULL);
	pol_set_free(set);
}

static void
holders_are_split_at_the_first_colon(void)
{
	struct policy_error err;
	struct ast_set *set = take("policy: 1\nactions: [x]\nroles: { r: { allow: x } }\n"
	    "groups: { g: { members: [ann, \"sa:a:b\", \"group:a/b\"] }, a/b: }\n"
	    "grants: [{ role: r, to: [everyone, \"device:*\", \"user:everyone\", authenticated] }]\n", false, &err);
	const struct ast_holder *h;

	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	h = set->groups.list[0]->members.list;
	CU_ASSERT_TRUE(is(ast_holder_type(&h[0]), "user") && is(ast_holder_name(&h[0]), "ann"));
	CU_ASSERT_TRUE(is(ast_holder_type(&h[1]), "sa") && is(ast_holder_name(&h[1]), "a:b"));
	CU_ASSERT_TRUE(is(ast_holder_type(&h[2]), "group") && is(ast_holder_name(&h[2]), "a/b"));
	h = set->grants.list[0]->to.list;
	CU_ASSERT_TRUE(is(ast_holder_type(&h[0]), "") && is(ast_holder_name(&h[0]), "everyone"));
	CU_ASSERT_TRUE(is(ast_holder_type(&h[1]), "device") && is(ast_holder_name(&h[1]), "*"));
	CU_ASSERT_TRUE(is(ast_holder_type(&h[2]), "user") && is(ast_holder_name(&h[2]), "everyone"));
	CU_ASSERT_TRUE(is(ast_holder_type(&h[3]), "") && is(ast_holder_name(&h[3]), "authenticated"));
	pol_set_free(set);
}

static void
entries_keep_conditions_in_one_list(void)
{
	struct policy_error err;
	struct ast_set *set = take("policy: 1\nresources: { m: , n: }\nactions: [x, y]\nroles:\n"
	    "  r:\n    allow:\n    - x\n    - { actions: [y, x], resources: [m, n/a*/**], unless: [has context.a, has context.b], when: has context.a, id: i, reason: so }\n"
	    "scopes: { s: [] }\ncredentials: { k: { ceiling: [] }, l: }\n", false, &err);
	const struct ast_entry *e;

	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	CU_ASSERT_EQUAL_FATAL(set->entries.n, 2);
	CU_ASSERT_EQUAL(set->entries.list[0]->place.line, 7);
	CU_ASSERT_EQUAL(set->entries.list[0]->place.column, 7);
	e = set->entries.list[1];
	CU_ASSERT_EQUAL(e->more->conds.n, 3);
	CU_ASSERT_TRUE(e->more->conds.list[0].unless && e->more->conds.list[1].unless && !e->more->conds.list[2].unless);
	CU_ASSERT_PTR_EQUAL(e->more->conds.list[0].expr, e->more->conds.list[2].expr);
	CU_ASSERT_PTR_NULL(ast_pattern_glob(&e->patterns[0]).data);
	CU_ASSERT_TRUE(is(ast_pattern_glob(&e->patterns[1]), "a*/**") && e->patterns[1].type == 1);
	CU_ASSERT_TRUE(set->has_credentials);
	CU_ASSERT_TRUE(set->kinds.list[0]->has_ceiling && !set->kinds.list[1]->has_ceiling);
	pol_set_free(set);
}

static void
tests_are_kept_as_callers_send_them(void)
{
	struct policy_error err;
	struct ast_set *set = take("policy: 1\nactions: [x]\ntests:\n"
	    "- { deny: [x, x m/a/b, \"x /\"], as: anonymous, allow: x, because: no_rule, with: { m/a: { n: 1.0 }, m/b: {} }, kind: jwt }\n"
	    "- { as: \"sa:a:b\", actor: ann, token: [], subject: { n: 10, t: \"10\" }, now: ~, allow: x }\n", false, &err);
	const struct ast_test *t;

	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	t = set->tests.list[0];
	CU_ASSERT_TRUE(t->anonymous && t->keyed && t->has_token && !t->has_scopes);
	CU_ASSERT_EQUAL_FATAL(t->n_lines, 4);
	CU_ASSERT_TRUE(t->lines[0].allow && !t->lines[1].allow);
	CU_ASSERT_TRUE(t->lines[2].has_resource && is(t->lines[2].type, "m") && is(t->lines[2].id, "a/b"));
	CU_ASSERT_TRUE(t->lines[3].has_resource && is(t->lines[3].type, "") && is(t->lines[3].id, ""));
	t = set->tests.list[1];
	CU_ASSERT_TRUE(is(ast_holder_type(&t->as), "sa") && is(ast_holder_name(&t->as), "a:b") && is(ast_holder_name(&t->actor), "ann"));
	CU_ASSERT_TRUE(t->has_scopes && t->n_scopes == 0 && t->now.data == NULL && t->kind.data == NULL);
	CU_ASSERT_EQUAL(t->subject.list[0].value.type, POLICY_INT);
	CU_ASSERT_EQUAL(t->subject.list[1].value.type, POLICY_STRING);
	pol_set_free(set);
}

static void
engine_sections_stand_in_their_place(void)
{
	struct policy_error err;
	struct ast_set *set = take("policy: 1\nenabled: { env: POLICY_ON, default: false }\nlimits: { nodes: 100, depth: 4 }\n", true, &err);

	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	CU_ASSERT_EQUAL(set->enabled, AST_ENABLED_FALSE);
	CU_ASSERT_STRING_EQUAL(set->enabled_env->u.text, "POLICY_ON");
	CU_ASSERT_EQUAL(set->limits.n, 2);
	CU_ASSERT_EQUAL(set->limits.list[0]->value, 100);
	pol_set_free(set);
	CU_ASSERT_PTR_NULL(take("policy: 1\nenabled: true\n", false, &err));
	set = take("policy: 1\nenabled: true\n", true, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	CU_ASSERT_EQUAL(set->enabled, AST_ENABLED_TRUE);
	CU_ASSERT_PTR_NULL(set->enabled_env);
	pol_set_free(set);
	CU_ASSERT_PTR_NULL(take("policy: 1\nlimits: { depth: 65 }\n", true, &err));
	CU_ASSERT_PTR_NULL(take("policy: 1\nlimits: { nodes: 6 }\n", true, &err));
	CU_ASSERT_EQUAL(err.code, POLICY_ERR_LIMIT);
}

static void
control_bytes_never_reach_a_message(void)
{
	struct policy_error err;

	CU_ASSERT_PTR_NULL(take("policy: 1\n\"a\\e[31m\\nb\": 1\n", false, &err));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "'a?[31m?b'"));
}

CU_TestInfo suite_parse[] = {
	{ "types keep owner, parent and attributes", types_keep_owner_parent_and_attributes },
	{ "holders are split at the first colon", holders_are_split_at_the_first_colon },
	{ "entries keep conditions in one list", entries_keep_conditions_in_one_list },
	{ "tests are kept as callers send them", tests_are_kept_as_callers_send_them },
	{ "engine sections stand in their place", engine_sections_stand_in_their_place },
	{ "control bytes never reach a message", control_bytes_never_reach_a_message },
	CU_TEST_INFO_NULL
};
