/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Core: names are found, and nothing else is, whatever shares their slots.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "core/eval.h"
#include "people/impl.h"
#include "unit/fixture.h"
#include "unit/unit.h"

#define N(s) (s), strlen(s)

static const char set[] =
    "policy: 1\n"
    "resources: { doc: , org: }\n"
    "actions: { read: { aliases: [get, \"x:get\"] }, write: }\n"
    "roles: { read: , lead: }\n"
    "scopes: { read: , \"a b\": read }\n"
    "credentials: { key: , jwt: }\n"
    "fixtures:\n"
    "  users: { ann: , svc:ann: , \"svc:a:b\": }\n"
    "  groups: { ann: , ops: }\n"
    "  grants: [ { role: lead, to: \"svc:*\", resource: doc/1 }, { role: lead, to: ann, resource: org/1 } ]\n"
    "  entities: { doc/2: , \"doc/2/3\": }\n";

static void
names_of_a_program_are_found(void)
{
	const struct pol_program *p;
	struct fixture f;
	uint64_t hash, other;
	uint32_t read;

	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, set), 0);
	p = f.engine.program;
	read = pol_find_action(p, N("read"));
	CU_ASSERT(read != POL_NONE);
	CU_ASSERT_EQUAL(pol_find_action(p, N("get")), read);
	CU_ASSERT_EQUAL(pol_find_action(p, N("x:get")), read);
	CU_ASSERT(pol_find_action(p, N("write")) != read && pol_find_action(p, N("write")) != POL_NONE);
	CU_ASSERT_EQUAL(pol_find_action(p, "reading", 4), read);	/* the length counts, not a NUL */
	CU_ASSERT_EQUAL(pol_find_action(p, N("rea")), POL_NONE);
	CU_ASSERT_EQUAL(pol_find_action(p, "read", 5), POL_NONE);
	CU_ASSERT_EQUAL(pol_find_action(p, N("")), POL_NONE);
	CU_ASSERT_EQUAL(pol_find_action(p, N("READ")), POL_NONE);
	CU_ASSERT_EQUAL(pol_find_action(p, N("lead")), POL_NONE);
	CU_ASSERT(pol_find_role(p, N("read")) != pol_find_role(p, N("lead")));
	CU_ASSERT_EQUAL(pol_find_role(p, N("write")), POL_NONE);
	CU_ASSERT(pol_find_scope(p, N("a b")) != POL_NONE && pol_find_scope(p, N("read")) != POL_NONE);
	CU_ASSERT_EQUAL(pol_find_scope(p, N("write")), POL_NONE);
	CU_ASSERT(pol_find_kind(p, N("key")) != pol_find_kind(p, N("jwt")));
	CU_ASSERT_EQUAL(pol_find_kind(p, N("pam")), POL_NONE);
	CU_ASSERT(pol_find_type(p, N("doc"), &hash) != POL_NONE);
	CU_ASSERT_EQUAL(hash, pol_hash("doc", 3, p->seed));
	CU_ASSERT_EQUAL(pol_find_type(p, N("dog"), &other), POL_NONE);
	CU_ASSERT_EQUAL(other, pol_hash("dog", 3, p->seed));	/* told for unknown ones too */
	fixture_close(&f);
}

static const struct pol_holder *
holder(const struct pol_people *w, const char *type, const char *name)
{
	return pol_find_holder(w, pol_hash_join(pol_hash(N(type), w->seed), pol_hash(N(name), w->seed)), N(type), N(name));
}

static const struct pol_thing *
thing(const struct fixture *f, const char *type, const char *id)
{
	const struct pol_program *p = f->engine.program;
	uint64_t hash;
	uint32_t t = pol_find_type(p, N(type), &hash);

	return pol_find_thing(f->engine.people, pol_hash_join(hash, pol_hash(N(id), p->seed)), t, N(id));
}

static void
holders_and_things_are_found_by_type_and_name(void)
{
	const struct pol_people *w;
	struct fixture f;

	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, set), 0);
	w = f.engine.people;
	CU_ASSERT_PTR_NOT_NULL(holder(w, "user", "ann"));
	CU_ASSERT_PTR_NOT_NULL(holder(w, "svc", "ann"));
	CU_ASSERT_PTR_NOT_NULL(holder(w, "group", "ann"));
	CU_ASSERT(holder(w, "user", "ann") != holder(w, "svc", "ann") && holder(w, "user", "ann") != holder(w, "group", "ann"));
	CU_ASSERT_PTR_NOT_NULL(holder(w, "svc", "a:b"));
	CU_ASSERT_PTR_NULL(holder(w, "svc:a", "b"));
	CU_ASSERT_PTR_NOT_NULL(holder(w, "svc", "*"));
	CU_ASSERT_PTR_NULL(holder(w, "user", "*"));
	CU_ASSERT_PTR_NULL(holder(w, "user", "ops"));
	CU_ASSERT_PTR_NULL(holder(w, "ann", "user"));
	CU_ASSERT_PTR_NOT_NULL(thing(&f, "doc", "1"));		/* a grant makes it known */
	CU_ASSERT_PTR_NOT_NULL(thing(&f, "org", "1"));
	CU_ASSERT(thing(&f, "doc", "1") != thing(&f, "org", "1"));
	CU_ASSERT_PTR_NOT_NULL(thing(&f, "doc", "2/3"));
	CU_ASSERT_PTR_NULL(thing(&f, "org", "2"));
	CU_ASSERT_PTR_NULL(thing(&f, "doc", ""));
	fixture_close(&f);
}

/* A table by hand: every name in one chain of slots, at its end and around it. */
struct forged {
	struct pol_program p;
	uint64_t slots[4];
	struct pol_scope scopes[2];
	char text[4];
};

static void
names_that_share_hash_and_slot_are_told_apart(void)
{
	struct forged x;
	uint64_t hash;

	memset(&x, 0, sizeof(x));
	memcpy(x.text, "abc", 4);
	x.p.scope_names.off = (uint32_t)offsetof(struct forged, slots);
	x.p.scope_names.mask = 3;
	x.p.scopes = (struct pol_span){ (uint32_t)offsetof(struct forged, scopes), 2 };
	for (uint32_t i = 0; i < 2; i++)
		x.scopes[i].name = (struct pol_str){ (uint32_t)offsetof(struct forged, text) + i, 1 };
	while ((pol_hash("b", 1, x.p.seed) >> 32 & 3) != 3)		/* its chain begins in the last slot */
		x.p.seed++;
	hash = pol_hash("b", 1, x.p.seed);
	x.slots[3] = hash >> 32 << 32 | 1;			/* "a", as if of the same hash */
	x.slots[0] = (hash >> 32 ^ 1) << 32 | 2;		/* "b", as if of another */
	CU_ASSERT_EQUAL(pol_find_scope(&x.p, "b", 1), POL_NONE);
	x.slots[1] = hash >> 32 << 32 | 2;
	CU_ASSERT_EQUAL(pol_find_scope(&x.p, "b", 1), 1);
	x.slots[0] = 0;
	CU_ASSERT_EQUAL(pol_find_scope(&x.p, "b", 1), POL_NONE);
}

enum { MANY = 3000 };

static void
every_one_of_many_is_found_and_no_other(void)
{
	int missed = 0, wrong = 0;
	struct fixture f;
	struct pol_buf b;
	char name[24];

	pol_buf_init(&b);
	pol_buf_printf(&b, "policy: 1\nresources: { doc: }\nactions:\n");
	for (int i = 0; i < MANY; i++)
		pol_buf_printf(&b, "  a%d:\n", i);
	pol_buf_printf(&b, "fixtures:\n  users:\n");
	for (int i = 0; i < MANY; i++)
		pol_buf_printf(&b, "    u%d:\n", i);
	pol_buf_printf(&b, "  entities:\n");
	for (int i = 0; i < MANY; i++)
		pol_buf_printf(&b, "    doc/d%d:\n", i);
	pol_buf_append(&b, "", 1);
	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, b.data), 0);
	CU_ASSERT(f.engine.people->holders.depth > 0 && f.engine.people->holders.count == MANY);
	CU_ASSERT(f.engine.people->things.depth > 0 && f.engine.people->things.count == MANY);
	for (int i = 0; i < 2 * MANY; i++) {
		bool there = i < MANY;
		uint32_t a;

		snprintf(name, sizeof(name), "a%d", i);
		a = pol_find_action(f.engine.program, name, strlen(name));
		missed += there && (a == POL_NONE || !pol_bytes_equal(name, strlen(name),
		    pol_str_at(f.engine.program, pol_action_key(f.engine.program, a)), strlen(name)));
		wrong += !there && a != POL_NONE;
		name[0] = 'u';
		missed += there && holder(f.engine.people, "user", name) == NULL;
		wrong += !there && holder(f.engine.people, "user", name) != NULL;
		name[0] = 'd';
		missed += there && thing(&f, "doc", name) == NULL;
		wrong += !there && thing(&f, "doc", name) != NULL;
	}
	CU_ASSERT_EQUAL(missed, 0);
	CU_ASSERT_EQUAL(wrong, 0);
	fixture_close(&f);
	pol_buf_fini(&b);
}

/* Ids of every length are told from those that differ in one byte of any place. */
static void
ids_differ_by_any_byte(void)
{
	struct pol_thing_parts p = { .hash = 5 };
	struct pol_holder_parts q = { .hash = 5, .type = POLICY_TEXT("user") };
	char id[40], other[40];
	int wrong = 0;

	for (size_t len = 0; len < sizeof(id); len++) {
		struct pol_people w;
		struct pol_maker m;
		uint64_t bytes = 0;
		size_t at;

		memset(&w, 0, sizeof(w));
		for (size_t i = 0; i < len; i++)
			id[i] = (char)('a' + i % 26);
		p.id = q.name = (struct policy_text){ id, len };
		CU_ASSERT_EQUAL_FATAL(pol_table_begin(&m, &w.things, 1, &bytes, NULL), 0);
		CU_ASSERT_EQUAL(pol_table_end(&m, pol_table_next(&m, 5) != 0 || pol_record_thing(&m.records, &p, &at) != 0), 0);
		CU_ASSERT_EQUAL_FATAL(pol_table_begin(&m, &w.holders, 1, &bytes, NULL), 0);
		CU_ASSERT_EQUAL(pol_table_end(&m, pol_table_next(&m, 5) != 0 || pol_record_holder(&m.records, &q, &at) != 0), 0);
		wrong += pol_find_thing(&w, 5, 0, id, len) == NULL || pol_find_holder(&w, 5, "user", 4, id, len) == NULL;
		wrong += pol_find_thing(&w, 5, 1, id, len) != NULL || pol_find_holder(&w, 5, "usex", 4, id, len) != NULL;
		for (size_t i = 0; i < len; i++) {
			memcpy(other, id, len);
			other[i] ^= 1;
			wrong += pol_find_thing(&w, 5, 0, other, len) != NULL || pol_find_thing(&w, 5, 0, id, i) != NULL;
			wrong += pol_find_holder(&w, 5, "user", 4, other, len) != NULL || pol_find_holder(&w, 5, "user", 4, id, i) != NULL;
		}
		pol_table_free(&w.things);
		pol_table_free(&w.holders);
	}
	CU_ASSERT_EQUAL(wrong, 0);
}

CU_TestInfo suite_find[] = {
	{ "names of a program are found", names_of_a_program_are_found },
	{ "holders and things are found by type and name", holders_and_things_are_found_by_type_and_name },
	{ "names that share hash and slot are told apart", names_that_share_hash_and_slot_are_told_apart },
	{ "every one of many is found, and no other", every_one_of_many_is_found_and_no_other },
	{ "ids differ by any byte", ids_differ_by_any_byte },
	CU_TEST_INFO_NULL
};
