/* SPDX-License-Identifier: Apache-2.0 */
/* api/steps.c: modules: and store: as auth is handed them; and the groups of map:. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/steps.h"
#include "compile/ast_step.h"
#include "unit/fixture.h"
#include "unit/unit.h"

static const char whole[] =
    "policy: 1\n"
    "actions: [build, run]\n"
    "roles: { builder: { allow: build }, runner: { allow: run } }\n"
    "credentials: { session: , key: }\n"
    "modules:\n"
    "  - use: jwt\n"
    "    name: corp\n"
    "    control: sufficient\n"
    "    for: [bearer, id_token]\n"
    "    kind: [session, key]\n"
    "    subject: { type: robot, id: sub, shared: true }\n"
    "    map: { roles: { department: { eng: [builder, runner], ops: runner }, level: { \"1\": builder } } }\n"
    "    cache: 500ms\n"
    "    unscoped: full\n"
    "    timeout: 2s\n"
    "    with: { issuer: \"https://idp.example\", algorithms: [ES256, 7],\n"
    "            leeway: 30s, n: 30, half: 0.5, on: true, quoted: \"30\", headers: { a: 010, b: 10 }, none: [] }\n"
    "  - use: token_file\n"
    "store: { url: \"sqlite:/var/lib/policy.db\" }\n";

static int
is(struct policy_text t, const char *s)
{
	return t.data != NULL && t.len == strlen(s) && memcmp(t.data, s, t.len) == 0;
}

/* The set is gone when this returns: what is looked at was copied. */
static void
take(struct pol_stack_conf *conf, struct pol_store_conf *store, const char *text)
{
	struct policy_limits limits = POLICY_LIMITS_INIT;
	struct pol_compile_options opt = { .limits = &limits };
	char *copy = strdup(text);
	struct pol_source source = { "policy.yaml", copy, strlen(text), true };
	struct policy_error err = POLICY_ERROR_INIT;
	struct ast_set *set = NULL;

	CU_ASSERT_EQUAL_FATAL(pol_set_read(&set, &source, 1, &opt, &err), 0);
	CU_ASSERT_EQUAL_FATAL(pol_steps_conf(conf, set, &err), 0);
	CU_ASSERT_EQUAL_FATAL(pol_steps_store(store, &conf->arena, set, &err), 0);
	pol_set_free(set);
	memset(copy, 'x', strlen(text));
	free(copy);
}

static void
a_step_is_handed_on_whole(void)
{
	struct pol_stack_conf conf = { .module_dir = "/m" };
	struct pol_store_conf store;
	const struct pol_step_conf *s;

	take(&conf, &store, whole);
	CU_ASSERT_EQUAL_FATAL(conf.n, 2);
	CU_ASSERT_STRING_EQUAL(conf.module_dir, "/m");
	s = &conf.steps[0];
	CU_ASSERT_STRING_EQUAL(s->use, "jwt");
	CU_ASSERT_STRING_EQUAL(s->name, "corp");
	CU_ASSERT(strcmp(s->at.file, "policy.yaml") == 0 && s->at.line == 6 && s->at.column == 5);
	CU_ASSERT_EQUAL(s->control, POL_SUFFICIENT);
	CU_ASSERT_FATAL(s->n_for == 2 && s->n_kinds == 2);
	CU_ASSERT(is(s->for_kinds[0], "bearer") && is(s->for_kinds[1], "id_token"));
	CU_ASSERT(is(s->kinds[0], "session") && is(s->kinds[1], "key"));
	CU_ASSERT(is(s->subject_type, "robot") && is(s->subject_id, "sub") && s->shared);
	CU_ASSERT(s->cache_said && s->cache_ns == 500000000 && s->timeout_ns == 2000000000);
	CU_ASSERT_EQUAL(s->unscoped, POL_UNSCOPED_FULL);
	CU_ASSERT_STRING_EQUAL(store.url, "sqlite:/var/lib/policy.db");
	CU_ASSERT_STRING_EQUAL(store.module, "store_sqlite");
	CU_ASSERT_EQUAL(store.stale_ns, 60000000000);
	CU_ASSERT(strcmp(store.at.file, "policy.yaml") == 0 && store.at.line == 19 && store.at.column == 1);
	pol_arena_fini(&conf.arena);
}

static void
what_is_not_said_is_not_there(void)
{
	struct pol_stack_conf conf = { .n = 7 };
	struct pol_store_conf store;
	const struct pol_step_conf *s;

	take(&conf, &store, whole);
	s = &conf.steps[1];
	CU_ASSERT(strcmp(s->use, "token_file") == 0 && strcmp(s->name, "token_file") == 0);
	CU_ASSERT(s->at.line == 18 && s->control == POL_BINDING && s->unscoped == POL_UNSCOPED_UNSAID);
	CU_ASSERT(s->n_for == 0 && s->for_kinds == NULL && s->n_kinds == 0 && s->kinds == NULL);
	CU_ASSERT(s->subject_type.data == NULL && s->subject_id.data == NULL && !s->shared);
	CU_ASSERT(!s->cache_said && s->timeout_ns == 0 && s->n_with == 0 && s->n_map == 0);
	pol_arena_fini(&conf.arena);
	take(&conf, &store, "policy: 1\n");
	CU_ASSERT(conf.n == 0 && store.url == NULL && store.module == NULL);
	pol_arena_fini(&conf.arena);
	take(&conf, &store, "policy: 1\nstore: { url: \"postgresql://u@h/d\", stale: 24h }\n");
	CU_ASSERT(conf.n == 0 && strcmp(store.module, "store_postgresql") == 0 && store.stale_ns == INT64_C(86400000000000));
	pol_arena_fini(&conf.arena);
}

static void
settings_keep_type_and_place(void)
{
	struct pol_stack_conf conf = { .n = 0 };
	struct pol_store_conf store;
	const struct pol_step_key *k;

	take(&conf, &store, whole);
	CU_ASSERT_EQUAL_FATAL(conf.steps[0].n_with, 9);
	k = conf.steps[0].with;
	CU_ASSERT(is(k[0].name, "issuer") && k[0].value.type == POLICY_STRING && is(k[0].value.u.text, "https://idp.example"));
	CU_ASSERT(strcmp(k[0].at.file, "policy.yaml") == 0 && k[0].at.line == 16 && k[0].at.column == 13);
	CU_ASSERT_FATAL(is(k[1].name, "algorithms") && k[1].value.type == POLICY_LIST && k[1].value.count == 2);
	CU_ASSERT(is(k[1].value.u.items[0].u.text, "ES256") && k[1].value.u.items[1].type == POLICY_INT);
	CU_ASSERT(k[2].value.type == POLICY_STRING && is(k[2].value.u.text, "30s") && k[2].at.line == 17);
	CU_ASSERT(k[3].value.type == POLICY_INT && k[3].value.u.integer == 30);
	CU_ASSERT(k[4].value.type == POLICY_DOUBLE && k[4].value.u.real == 0.5);
	CU_ASSERT(k[5].value.type == POLICY_BOOL && k[5].value.u.boolean);
	CU_ASSERT(k[6].value.type == POLICY_STRING && is(k[6].value.u.text, "30"));
	CU_ASSERT_FATAL(k[7].value.type == POLICY_OBJECT && k[7].value.count == 2);
	CU_ASSERT(is(k[7].value.u.members[0].name, "a") && is(k[7].value.u.members[0].value.u.text, "010"));
	CU_ASSERT(k[7].value.u.members[1].value.type == POLICY_STRING && is(k[7].value.u.members[1].value.u.text, "10"));
	CU_ASSERT(k[8].value.type == POLICY_LIST && k[8].value.count == 0);
	pol_arena_fini(&conf.arena);
}

static void
a_mapped_value_has_a_row_for_each_role(void)
{
	static const char *const wanted[][3] = {
		{ "department", "eng", "map:corp/builder" }, { "department", "eng", "map:corp/runner" },
		{ "department", "ops", "map:corp/runner" }, { "level", "1", "map:corp/builder" },
	};
	struct pol_stack_conf conf = { .n = 0 };
	struct pol_store_conf store;

	take(&conf, &store, whole);
	CU_ASSERT_EQUAL_FATAL(conf.steps[0].n_map, 4);
	for (size_t i = 0; i < 4; i++) {
		const struct pol_step_map *m = &conf.steps[0].map[i];

		CU_ASSERT(is(m->claim, wanted[i][0]) && is(m->value, wanted[i][1]) && is(m->group, wanted[i][2]));
	}
	pol_arena_fini(&conf.arena);
}

static int
may(const struct fixture *f, const char *group, const char *action)
{
	const struct policy_text groups[] = { policy_text(group) };
	struct policy_request req = POLICY_REQUEST_INIT;
	struct pol_time now = { 1700000000, 0 };
	struct pol_answer answer;
	const char *why;

	req.subject_id = policy_text("ann");
	req.action = policy_text(action);
	req.groups = groups;
	req.groups_count = group != NULL;
	CU_ASSERT_EQUAL(pol_decide(&f->engine, &req, now, NULL, &answer, NULL, &why), 0);
	return answer.verdict == POLICY_ALLOW;
}

/* Two steps that map to one role have a group each: whose word it was stays apart. */
static void
a_mapped_role_is_held_through_its_group(void)
{
	struct fixture f;

	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, "policy: 1\nactions: [build, run]\n"
	    "roles: { builder: { allow: build }, runner: { includes: builder, allow: run }, idle: }\n"
	    "modules:\n"
	    "- { use: jwt, name: a, map: { roles: { x: { \"1\": [builder, builder], \"2\": builder }, y: { \"1\": runner } } } }\n"
	    "- { use: jwt, name: b, map: { roles: { x: { \"1\": builder } } } }\n"), 0);
	CU_ASSERT_EQUAL(f.set->mapped.n, 3);
	CU_ASSERT_EQUAL(f.set->groups.n, 0);
	CU_ASSERT(may(&f, "map:a/builder", "build") && !may(&f, "map:a/builder", "run"));
	CU_ASSERT(may(&f, "map:a/runner", "build") && may(&f, "map:a/runner", "run"));
	CU_ASSERT(may(&f, "map:b/builder", "build"));
	CU_ASSERT(!may(&f, "map:b/runner", "run") && !may(&f, "map:a/idle", "build") && !may(&f, "map:c/builder", "build"));
	CU_ASSERT(!may(&f, "a/builder", "build") && !may(&f, NULL, "build"));
	fixture_close(&f);
}

static void
engine_sections_stand_once(void)
{
	static const struct {
		const char *text[2];
		uint32_t line;
		const char *said;
	} cases[] = {
		{ { "policy: 1\nmodules: [{ use: a }]\n", "policy: 1\n\nmodules: [{ use: b }]\n" }, 3,
		    "modules is declared twice, first at a.yaml:2: it may stand once in a set" },
		{ { "policy: 1\nstore: { url: \"a:b\" }\n", "policy: 1\nstore: { url: \"a:b\" }\n" }, 2,
		    "store is declared twice, first at a.yaml:2: it may stand once in a set" },
	};
	struct policy_limits limits = POLICY_LIMITS_INIT;
	struct pol_compile_options opt = { .limits = &limits };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pol_source sources[] = {
			{ "a.yaml", cases[i].text[0], strlen(cases[i].text[0]), true },
			{ "b.yaml", cases[i].text[1], strlen(cases[i].text[1]), true },
		};
		struct policy_error err = POLICY_ERROR_INIT;
		struct ast_set *set = NULL;

		CU_ASSERT_EQUAL(pol_set_read(&set, sources, 2, &opt, &err), POLICY_ERR_INVALID);
		CU_ASSERT(strcmp(err.file, "b.yaml") == 0 && err.line == cases[i].line && err.column == 1);
		CU_ASSERT_STRING_EQUAL(err.text, cases[i].said);
	}
}

static int
read_text(const char *text, size_t len)
{
	struct policy_limits limits = POLICY_LIMITS_INIT;
	struct pol_compile_options opt = { .limits = &limits };
	struct pol_source source = { "policy.yaml", text, len, true };
	struct policy_error err = POLICY_ERROR_INIT;
	struct ast_set *set = NULL;
	int rc = pol_set_read(&set, &source, 1, &opt, &err);

	CU_ASSERT_EQUAL(rc, err.code);
	if (set != NULL)
		pol_set_free(set);
	return rc;
}

static void
at_most_so_many_steps_and_mapped_roles(void)
{
	static char text[65536];
	unsigned n, i;
	int at;

	for (n = POL_STEPS_MAX; n <= POL_STEPS_MAX + 1; n++) {
		at = sprintf(text, "policy: 1\nmodules:\n");
		for (i = 0; i < n; i++)
			at += sprintf(text + at, "- { use: jwt, name: s%u }\n", i);
		CU_ASSERT_EQUAL(read_text(text, (size_t)at), n > POL_STEPS_MAX ? POLICY_ERR_LIMIT : 0);
	}
	for (n = POL_STEP_MAP_MAX / 2; n <= POL_STEP_MAP_MAX / 2 + 1; n++) {
		at = sprintf(text, "policy: 1\nactions: [a]\nroles: { q: , r: }\nmodules:\n- use: jwt\n  map:\n    roles:\n      c:\n");
		for (i = 0; i < n; i++)
			at += sprintf(text + at, "        v%u: [q, r]\n", i);
		CU_ASSERT_EQUAL(read_text(text, (size_t)at), n > POL_STEP_MAP_MAX / 2 ? POLICY_ERR_LIMIT : 0);
	}
}

/* Decided without what the set means to ask, it would be another set. */
static void
a_store_that_is_not_there_is_refused(void)
{
	static const char text[] = "policy: 1\nstore: { url: \"sqlite:/x\" }\n";
	static const char off[] = "policy: 1\nenabled: false\nmodules: [{ use: jwt }]\nstore: { url: \"sqlite:/x\" }\n";
	struct policy_options opt = POLICY_OPTIONS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy *p;

	opt.module_dir = "/nowhere";
	CU_ASSERT_EQUAL(policy_open_text(&p, "policy.yaml", text, sizeof(text) - 1, &opt, &err), POLICY_ERR_NOENT);
	CU_ASSERT_PTR_NULL(p);
	CU_ASSERT(strcmp(err.file, "policy.yaml") == 0 && err.line == 2 && err.column == 1);
	CU_ASSERT_EQUAL(policy_open_text(&p, "policy.yaml", off, sizeof(off) - 1, NULL, NULL), 0);
	policy_close(p);
}

CU_TestInfo suite_steps[] = {
	{ "a step is handed on whole", a_step_is_handed_on_whole },
	{ "what is not said is not there", what_is_not_said_is_not_there },
	{ "settings keep type and place", settings_keep_type_and_place },
	{ "a mapped value has a row for each role", a_mapped_value_has_a_row_for_each_role },
	{ "a mapped role is held through its group", a_mapped_role_is_held_through_its_group },
	{ "engine sections stand once", engine_sections_stand_once },
	{ "at most so many steps and mapped roles", at_most_so_many_steps_and_mapped_roles },
	{ "a store that is not there is refused", a_store_that_is_not_there_is_refused },
	CU_TEST_INFO_NULL
};
