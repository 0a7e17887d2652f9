/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Core: the quick answer. For each thing it asks for, a question that it answers and
 * one beside it that it must leave alone; where it answers, the full way says the same.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "core/fill.h"
#include "core/quick.h"
#include "people/people.h"
#include "unit/fixture.h"
#include "unit/unit.h"

/* Q: it is answered quickly; F: it is left to the full way. want: as in asks.h. */
struct row {
	char way;
	const char *who, *action, *thing, *want;
};

static struct policy_request
request(const char *who, const char *action, const char *thing)
{
	const char *colon = strchr(who, ':'), *slash = strchr(thing, '/');
	struct policy_request req = POLICY_REQUEST_INIT;

	if (colon != NULL)
		req.subject_type = (struct policy_text){ who, (size_t)(colon - who) };
	req.subject_id = policy_text(colon != NULL ? colon + 1 : who);
	req.action = policy_text(action);
	req.resource_type = (struct policy_text){ thing, (size_t)(slash - thing) };
	req.resource_id = policy_text(slash + 1);
	return req;
}

static void
name(const struct fixture *f, const struct pol_answer *a, char *out, size_t size)
{
	char rule[POL_FILL_RULE] = "";

	if (a->entry != POL_NONE)
		pol_fill_rule(rule, f->engine.program, a->entry);
	snprintf(out, size, "%s%s%s", a->verdict == POLICY_ALLOW ? "allow" : policy_reason_name((int)a->reason),
	    rule[0] != '\0' ? " " : "", rule);
}

static void
check_row(const struct fixture *f, const struct row *r, unsigned line)
{
	struct policy_request req = request(r->who, r->action, r->thing);
	struct pol_answer full, quick = { POLICY_DENY, POLICY_REASON_ERROR, POL_NONE, POL_NONE };
	char got[POL_FILL_RULE + 64], other[POL_FILL_RULE + 64] = "", what[2 * POL_FILL_RULE + 512];
	bool answered = fixture_both(f, &req, 100, &full, &quick), ok;

	name(f, &full, got, sizeof(got));
	if (answered)
		name(f, &quick, other, sizeof(other));
	ok = strcmp(got, r->want) == 0 && answered == (r->way == 'Q') && (!answered || strcmp(got, other) == 0) &&
	    pol_request_is_plain(&req);
	snprintf(what, sizeof(what), "line %u: %s %s %s: wanted %c %s; full: %s, quick: %s", line, r->who, r->action,
	    r->thing, r->way, r->want, got, answered ? other : "none");
	CU_assertImplementation(ok, line, what, __FILE__, "", CU_FALSE);
}

static void
check(unsigned line, const char *set, const struct row *rows, size_t n)
{
	struct fixture f;

	CU_assertImplementation(fixture_open(&f, set) == 0, line, "the set is opened", __FILE__, "", CU_TRUE);
	for (size_t i = 0; i < n; i++)
		check_row(&f, &rows[i], line);
	fixture_close(&f);
}

#define CHECK(set, ...) do { \
	static const struct row rows[] = { __VA_ARGS__ }; \
	check(__LINE__, set, rows, sizeof(rows) / sizeof(rows[0])); \
} while (0)

#define HEAD \
	"policy: 1\n" \
	"resources:\n" \
	"  org:\n" \
	"  doc: { parent: [org, doc, path, std, shut] }\n" \
	"  path: { parent: { type: org, from: id } }\n" \
	"  std: { parent: org, attributes: { parent: { type: string, default: acme } } }\n" \
	"  shut: { parent: org, attributes: { parent: { type: string }, inherit: { type: boolean, default: false } } }\n" \
	"actions:\n" \
	"  read: { aliases: view }\n" \
	"  write:\n" \
	"  found: { resource: org }\n" \
	"  edit: { implies: change }\n" \
	"  change:\n" \
	"  when: { when: context.x }\n" \
	"  unless: { unless: context.x }\n"
#define READER "roles: { reader: { allow: { id: r, actions: read } }, writer: { includes: reader, allow: { id: w, actions: write } } }\n"
#define READER_ONLY "roles: { reader: { allow: { id: r, actions: read } } }\n"
#define ANN "users: { ann: { roles: reader }, bob: }\n"

static void
who_and_what_are_known(void)
{
	CHECK(HEAD READER ANN "groups: { g: { members: ann } }\n",
	    { 'Q', "ann", "read", "doc/1", "allow r" }, { 'Q', "bob", "read", "doc/1", "no_rule" },
	    { 'Q', "ann", "view", "doc/1", "allow r" }, { 'Q', "ann", "write", "doc/1", "no_rule" },
	    { 'Q', "user:ann", "read", "org/", "allow r" }, { 'F', "zoe", "read", "doc/1", "no_rule" },
	    { 'F', "svc:ann", "read", "doc/1", "no_rule" }, { 'F', "group:g", "read", "doc/1", "error" },
	    { 'F', "everyone:ann", "read", "doc/1", "error" }, { 'F', "ann", "raed", "doc/1", "unknown_action" },
	    { 'F', "ann", "read", "boat/1", "unknown_resource" }, { 'F', "ann", "read", "a b/1", "error" },
	    { 'Q', "ann", "found", "org/1", "no_rule" }, { 'F', "ann", "found", "doc/1", "no_rule" });
	CHECK("policy: 1\nactions: [read]\n" READER_ONLY ANN,
	    { 'F', "ann", "read", "doc/1", "allow r" });
}

/* Signatures stand for sets of at most 64 roles; nobody has a role of none. */
static void
roles_are_sets(void)
{
	CHECK(HEAD READER
	    "users: { ann: { roles: writer }, bea: { groups: low }, cy: }\n"
	    "groups: { low: { members: \"group:ring\" }, ring: { members: \"group:low\" }, top: { members: \"group:low\", roles: reader } }\n"
	    "grants: [ { role: writer, to: \"group:ring\", resource: doc/1 }, { role: reader, to: authenticated, resource: doc/2 },\n"
	    "  { role: reader, to: everyone, resource: doc/3 }, { role: writer, to: cy, resource: doc/1 } ]\n",
	    { 'Q', "ann", "read", "doc/9", "allow r" }, { 'Q', "ann", "write", "doc/9", "allow w" },
	    { 'Q', "bea", "read", "doc/9", "allow r" }, { 'Q', "bea", "write", "doc/9", "no_rule" },
	    { 'Q', "bea", "write", "doc/1", "allow w" }, { 'Q', "cy", "read", "doc/1", "allow r" },
	    { 'Q', "cy", "read", "doc/2", "allow r" }, { 'Q', "cy", "read", "doc/3", "allow r" },
	    { 'Q', "cy", "write", "doc/3", "no_rule" }, { 'Q', "cy", "read", "doc/4", "no_rule" });
	CHECK(HEAD READER "users: { cy: }\neveryone: { roles: reader }\n", { 'Q', "cy", "read", "org/1", "allow r" });
	CHECK(HEAD READER "users: { cy: }\nauthenticated: { roles: writer }\n", { 'Q', "cy", "write", "org/1", "allow w" });
}

static void
windows_and_holders_by_type_are_left_alone(void)
{
	CHECK(HEAD READER ANN
	    "grants: [ { role: writer, to: ann, resource: doc/1, until: \"1970-01-01T00:01:00Z\" },\n"
	    "  { role: writer, to: cy, until: \"1970-01-01T01:00:00Z\" }, { role: writer, to: bob, resource: doc/2 } ]\n"
	    "entities: { doc/up: { parent: doc/1 }, doc/side: { parent: doc/2 } }\n",
	    { 'F', "ann", "write", "doc/1", "no_rule" }, { 'F', "ann", "write", "doc/up", "no_rule" },
	    { 'Q', "ann", "write", "doc/2", "no_rule" }, { 'Q', "bob", "write", "doc/side", "allow w" },
	    { 'F', "cy", "write", "doc/2", "allow w" });
	for (int i = 0; i < 3; i++) {
		static const char *const to[] = { "everyone", "authenticated", "\"group:g\"" };
		static const struct row rows[] = { { 'F', "ann", "write", "doc/1", "allow w" } };
		struct pol_buf b;

		pol_buf_init(&b);
		pol_buf_printf(&b, HEAD READER "groups: { g: { members: ann } }\ngrants: [ { role: writer, to: %s, from: \"1970-01-01T00:01:00Z\" } ]\n", to[i]);
		check(__LINE__, b.data, rows, 1);
		pol_buf_fini(&b);
	}
	CHECK(HEAD READER ANN "grants: [ { role: writer, to: \"svc:*\", resource: doc/1 } ]\n",
	    { 'F', "ann", "read", "doc/1", "allow r" }, { 'F', "svc:*", "write", "doc/1", "allow w" });
}

static void
grants_on_types_and_globs_are_left_alone(void)
{
	CHECK(HEAD READER ANN "grants: [ { role: writer, to: ann, resource: org } ]\nentities: { doc/1: { parent: org/acme }, doc/2: { parent: doc/3 } }\n",
	    { 'F', "ann", "write", "org/1", "allow w" }, { 'F', "ann", "write", "doc/1", "allow w" },
	    { 'Q', "ann", "write", "doc/2", "no_rule" });
	CHECK(HEAD READER ANN "grants: [ { role: writer, to: ann, resource: \"org/a*\" } ]\nentities: { doc/1: { parent: org/acme } }\n",
	    { 'F', "ann", "write", "org/acme", "allow w" }, { 'F', "ann", "write", "doc/1", "allow w" },
	    { 'Q', "ann", "write", "doc/2", "no_rule" });
}

static void
only_stored_parents_are_followed(void)
{
	CHECK(HEAD READER
	    "users: { ann: }\n"
	    "grants: [ { role: writer, to: ann, resource: org/acme } ]\n"
	    "entities:\n"
	    "  doc/1: { parent: org/acme }\n"
	    "  doc/2: { parent: [doc/2, doc/3, org/none] }\n"
	    "  doc/3: { parent: [doc/2, doc/4, doc/1] }\n"
	    "  doc/4: { parent: doc/3 }\n"
	    "  doc/cut: { parent: [org/acme], inherit: false }\n"
	    "  doc/on: { parent: org/acme, inherit: true }\n"
	    "  doc/none: { parent: [] }\n"
	    "  doc/path: { parent: path/acme/1 }\n"
	    "  doc/std: { parent: std/new }\n"
	    "  doc/shut: { parent: shut/1 }\n"
	    "  shut/1: { parent: acme }\n"
	    "  shut/open: { parent: acme, inherit: true }\n",
	    { 'Q', "ann", "write", "org/acme", "allow w" }, { 'Q', "ann", "write", "org/none", "no_rule" },
	    { 'Q', "ann", "write", "doc/1", "allow w" }, { 'Q', "ann", "write", "doc/2", "allow w" },
	    { 'Q', "ann", "write", "doc/3", "allow w" }, { 'Q', "ann", "write", "doc/4", "allow w" },
	    { 'Q', "ann", "write", "doc/cut", "no_rule" }, { 'Q', "ann", "write", "doc/on", "allow w" },
	    { 'Q', "ann", "write", "doc/none", "no_rule" }, { 'Q', "ann", "write", "doc/new", "no_rule" },
	    { 'F', "ann", "write", "path/acme/1", "allow w" }, { 'F', "ann", "write", "doc/path", "allow w" },
	    { 'F', "ann", "write", "std/new", "allow w" }, { 'F', "ann", "write", "doc/std", "allow w" },
	    { 'Q', "ann", "write", "doc/shut", "no_rule" }, { 'Q', "ann", "write", "shut/1", "no_rule" },
	    { 'Q', "ann", "write", "shut/open", "allow w" });
}

/* The lowest number is named; an entry with a condition below it must be asked. */
static void
conditions_and_denies_are_left_alone(void)
{
	CHECK(HEAD
	    "roles:\n"
	    "  a: { allow: [ { id: a1, actions: write, when: context.x }, { id: a2, actions: [read, write] }, { id: a3, actions: read, when: context.x } ] }\n"
	    "  b: { allow: [ { id: b1, actions: [read, edit, when, unless] }, { id: b2, actions: write } ] }\n"
	    "  c: { allow: { id: c1, actions: read, resources: \"doc/a*\" } }\n"
	    "  d: { allow: { id: d1, actions: read }, deny: { id: d2, actions: write, when: context.x } }\n"
	    "  e: { allow: { id: e1, actions: read } }\n"
	    "  f: { deny: { id: f1, actions: read } }\n"
	    "users: { ann: { roles: [a, b] }, bea: { roles: b }, cy: { roles: [b, c] }, dan: { roles: c }, eva: { roles: d }, fay: { roles: [c, d] }, gus: { roles: e } }\n"
	    "grants: [ { role: f, to: gus, resource: doc/1 }, { role: e, to: gus, resource: org/1 } ]\n",
	    { 'Q', "ann", "read", "doc/1", "allow a2" }, { 'F', "ann", "write", "doc/1", "allow a2" },
	    { 'Q', "bea", "read", "doc/1", "allow b1" }, { 'Q', "bea", "write", "doc/1", "allow b2" },
	    { 'Q', "bea", "change", "doc/1", "allow b1" }, { 'Q', "bea", "edit", "doc/1", "allow b1" },
	    { 'F', "bea", "when", "doc/1", "no_rule" }, { 'F', "bea", "unless", "doc/1", "no_rule" },
	    { 'Q', "cy", "read", "doc/a", "allow b1" }, { 'F', "dan", "read", "doc/a", "allow c1" },
	    { 'F', "dan", "read", "doc/b", "no_rule" }, { 'Q', "eva", "read", "doc/b", "allow d1" },
	    { 'F', "eva", "write", "doc/b", "condition_error d2" }, { 'F', "fay", "read", "doc/b", "allow d1" },
	    { 'F', "gus", "read", "doc/1", "denied f1" }, { 'Q', "gus", "read", "doc/2", "allow e1" });
}

/* Entries on one thing by its name. */
static void
what_stands_on_the_thing_itself_is_heard(void)
{
	CHECK(HEAD
	    "roles:\n"
	    "  a: { allow: [ { id: a1, actions: [write, read], resources: doc/1 }, { id: a2, actions: read }, { id: a3, actions: edit, resources: doc/1 }, { id: a4, actions: [read, write], resources: doc/5 } ] }\n"
	    "  b: { allow: [ { id: b1, actions: read, resources: doc/2, when: context.x }, { id: b2, actions: write, resources: [doc/2, doc/3] } ] }\n"
	    "  c: { deny: { id: c1, actions: read, resources: doc/3 }, allow: { id: c2, actions: read } }\n"
	    "  d: { allow: { id: d1, actions: [when, unless], resources: [doc/1, org/1] } }\n"
	    "users: { ann: { roles: a }, bea: { roles: [a, b] }, cy: { roles: c }, dan: { roles: d } }\n"
	    "grants: [ { role: b, to: dan, resource: doc/3 } ]\n",
	    { 'Q', "ann", "read", "doc/1", "allow a1" }, { 'Q', "ann", "write", "doc/1", "allow a1" },
	    { 'Q', "ann", "read", "doc/2", "allow a2" }, { 'Q', "ann", "edit", "doc/2", "no_rule" },
	    { 'Q', "ann", "read", "doc/5", "allow a2" }, { 'Q', "ann", "write", "doc/5", "allow a4" },
	    { 'Q', "ann", "edit", "doc/1", "allow a3" }, { 'F', "ann", "change", "doc/1", "allow a3" },
	    { 'Q', "ann", "change", "doc/2", "no_rule" },
	    { 'F', "bea", "read", "doc/2", "allow a2" }, { 'Q', "bea", "write", "doc/2", "allow b2" },
	    { 'F', "cy", "read", "doc/3", "denied c1" }, { 'Q', "cy", "read", "doc/4", "allow c2" },
	    { 'Q', "cy", "write", "doc/3", "no_rule" }, { 'F', "dan", "when", "doc/1", "no_rule" },
	    { 'F', "dan", "unless", "org/1", "no_rule" }, { 'Q', "dan", "write", "doc/3", "allow b2" });
}

/* ---- sizes: both sides of each ---- */

/* One set for all: `n` of something, on either side of `most`. */
static void
check_size(unsigned line, const struct pol_buf *b, bool fits, const char *want)
{
	struct row row = { fits ? 'Q' : 'F', "ann", "read", "doc/0", want };

	CU_ASSERT_FALSE_FATAL(b->failed);
	check(line, b->data, &row, 1);
}

static void
so_many_roles_are_a_set(void)
{
	static const int most[] = { 0, 1, 63, 64, 65 };
	struct pol_buf b;

	pol_buf_init(&b);
	for (int i = 0; i < 5; i++, b.len = 0) {	/* the last is ann's */
		pol_buf_printf(&b, "policy: 1\nresources: { doc: }\nactions: [read]\nusers: { ann: %s }\nroles:%s\n",
		    most[i] != 0 ? "{ roles: a99 }" : "", most[i] == 0 ? " {}" : "");
		for (int k = 1; k < most[i]; k++)
			pol_buf_printf(&b, "  a%d:\n", k + 10);
		if (most[i] != 0)
			pol_buf_printf(&b, "  a99: { allow: { id: x, actions: read } }\n");
		check_size(__LINE__, &b, most[i] != 0 && most[i] < 65, most[i] == 0 ? "no_rule" : "allow x");
	}
	pol_buf_fini(&b);
}

static void
so_many_roles_of_an_action_grants_and_entries_are_looked_at(void)
{
	struct pol_buf b;

	pol_buf_init(&b);
	for (int n = 16; n <= 17; n++, b.len = 0) {	/* roles that have entries on the action */
		pol_buf_printf(&b, "policy: 1\nresources: { doc: }\nactions: [read]\nusers: { ann: { roles: a%d } }\nroles:\n", n - 1);
		for (int k = 0; k < n; k++)
			pol_buf_printf(&b, "  a%d: { allow: { id: x%d, actions: read } }\n", k, k);
		check_size(__LINE__, &b, n == 16, n == 16 ? "allow x15" : "allow x16");
	}
	for (int n = 16; n <= 17; n++, b.len = 0) {	/* grants on the thing */
		pol_buf_printf(&b, HEAD READER "grants:\n");
		for (int k = 1; k < n; k++)
			pol_buf_printf(&b, "  - { role: writer, to: u%d, resource: doc/0 }\n", k);
		pol_buf_printf(&b, "  - { role: writer, to: ann, resource: doc/0 }\n");
		check_size(__LINE__, &b, n == 16, "allow r");
	}
	for (int n = 32; n <= 33; n++, b.len = 0) {	/* entries on the thing */
		pol_buf_printf(&b, HEAD "users: { ann: { roles: a } }\nroles:\n  a:\n    allow:\n");
		for (int k = 1; k < n; k++)
			pol_buf_printf(&b, "      - { id: x%d, actions: write, resources: doc/0 }\n", k);
		pol_buf_printf(&b, "      - { id: r, actions: read, resources: doc/0 }\n");
		check_size(__LINE__, &b, n == 32, "allow r");
	}
	pol_buf_fini(&b);
}

/* What is named as a parent counts, whether anything is stored of it or not. */
static void
a_long_family_is_left_alone(void)
{
	static const struct { int chain, named; bool fits; const char *want; } rows[] = {
		{ 32, 0, true, "allow r" }, { 33, 0, false, "allow r" }, { 200, 0, false, "allow r" }, { 255, 0, false, "allow r" },
		{ 256, 0, false, "limit" }, { 1, 31, true, "allow r" }, { 1, 32, false, "allow r" }, { 1, 254, false, "allow r" },
		{ 1, 255, false, "limit" }, { 20, 12, true, "allow r" }, { 20, 13, false, "allow r" }, { 20, 236, false, "limit" },
	};
	struct pol_buf b;

	pol_buf_init(&b);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++, b.len = 0) {
		/* doc/0 below doc/1 below ..., the last of which ann may read; and at its
		 * side many of which nothing is stored */
		pol_buf_printf(&b, HEAD READER "grants: [ { role: reader, to: ann, resource: doc/%d } ]\nentities:\n", rows[i].chain);
		for (int k = 0; k < rows[i].chain; k++) {
			pol_buf_printf(&b, "  doc/%d: { parent: [doc/%d", k, k + 1);
			for (int j = 0; k + 1 == rows[i].chain && j < rows[i].named; j++)
				pol_buf_printf(&b, ", org/%d", j);
			pol_buf_printf(&b, "] }\n");
		}
		check_size(__LINE__, &b, rows[i].fits, rows[i].want);
	}
	pol_buf_fini(&b);
}

static void
entries_that_name_very_many_actions_are_left_alone(void)
{
	static const struct row rows[] = {
		{ 'F', "ann", "read", "doc/1", "allow boss" }, { 'Q', "bob", "read", "doc/1", "allow r" },
		{ 'F', "cy", "read", "doc/1", "allow r" }, { 'F', "dan", "x7", "doc/1", "denied no" },
		{ 'F', "eva", "x7", "doc/1", "denied no" }, { 'Q', "eva", "x7", "doc/2", "allow seven" },
		{ 'F', "fay", "read", "doc/1", "allow boss" }, { 'Q', "fay", "read", "doc/2", "no_rule" },
	};
	struct pol_buf b;

	pol_buf_init(&b);
	pol_buf_printf(&b, "policy: 1\nresources: { doc: }\nactions:\n  read:\n  any: { implies: all }\n");
	for (int i = 0; i < 1200; i++)
		pol_buf_printf(&b, "  x%d:\n", i);
	pol_buf_printf(&b, "roles:\n  boss: { allow: { id: boss, actions: any } }\n  reader: { allow: { id: r, actions: read } }\n"
	    "  low: { allow: { id: low, actions: any } }\n  no: { deny: { id: no, actions: \"x*\" } }\n"
	    "  seven: { allow: { id: seven, actions: x7 } }\n"
	    "users: { ann: { roles: [boss, reader] }, bob: { roles: reader }, cy: { roles: [low, reader] }, dan: { roles: [no, seven] }, eva: { roles: seven }, fay: }\n"
	    "grants: [ { role: no, to: eva, resource: doc/1 }, { role: boss, to: fay, resource: doc/1 } ]\n");
	check(__LINE__, b.data, rows, sizeof(rows) / sizeof(rows[0]));
	pol_buf_fini(&b);
}

/* One thing more, or less, or longer: what is still plain is well formed. */
static void
make(struct policy_request *r, int what, const char *much)
{
	static const struct policy_attr one;
	static const struct policy_text text;
	static const struct policy_token token;
	static const struct policy_credential credential;
	const struct policy_attrs bag = { &one, 1 };

	switch (what) {
	case 1: r->flags = 4; break;
	case 2: case 3: case 4: case 5: r->reserved[what - 2] = 1; break;
	case 6: r->subject_attributes = bag; break;
	case 7: r->actor_attributes = bag; break;
	case 8: r->action_attributes = bag; break;
	case 9: r->resource_attributes = bag; break;
	case 10: r->context = bag; break;
	case 11: r->groups = &text, r->groups_count = 1; break;
	case 12: r->credentials = &credential, r->credentials_count = 1; break;
	case 13: r->token = &token; break;
	case 14: r->actor_id = policy_text("a"); break;
	case 15: r->actor_type = policy_text("a"); break;
	case 16: r->action = policy_text(NULL); break;
	case 17: r->action = (struct policy_text){ much, POL_MAX_ID + 1 }; break;
	case 18: r->subject_id = policy_text(NULL); break;
	case 19: r->subject_id.len = 0; break;
	case 20: r->subject_id = (struct policy_text){ much, POL_MAX_ID + 1 }; break;
	case 21: r->subject_type = (struct policy_text){ much, POL_MAX_TYPE + 1 }; break;
	case 22: r->resource_type = policy_text(NULL); break;
	case 23: r->resource_type = (struct policy_text){ much, POL_MAX_TYPE + 1 }; break;
	case 24: r->resource_id = policy_text(NULL); break;
	case 25: r->resource_id = (struct policy_text){ much, POL_MAX_RESOURCE_ID + 1 }; break;
	case 26: r->flags = POLICY_NONBLOCK, r->deadline_ns = 5; break;
	case 27: r->action = r->subject_id = (struct policy_text){ much, POL_MAX_ID }; break;
	case 28: r->subject_type = r->resource_type = (struct policy_text){ much, POL_MAX_TYPE }; break;
	case 29: r->resource_id = (struct policy_text){ much, POL_MAX_RESOURCE_ID }; break;
	case 30: r->resource_id.len = r->action.len = 0; break;
	default: break;
	}
}

static void
only_who_what_and_on_what_is_plain(void)
{
	static const char much[POL_MAX_RESOURCE_ID + 1];

	for (int what = 0; what <= 30; what++) {
		struct policy_request r = fixture_request();
		const char *why;

		make(&r, what, much);
		CU_ASSERT_EQUAL(pol_request_is_plain(&r), what == 0 || what > 25);
		CU_ASSERT(!pol_request_is_plain(&r) || pol_request_sizes(&r, &why) == 0);
	}
}

/* Beside what a row can say: bytes that no text of a set has. */
static void
malformed_names_are_left_alone(void)
{
	static const struct { const char *who; size_t who_len; const char *id; size_t id_len; bool quick; } rows[] = {
		{ "ann", 3, "1", 1, true }, { "ann", 3, "1\0", 2, false }, { "ann", 3, "\0", 1, false }, { "ann\0", 4, "1", 1, false },
		{ "ann", 3, "2", 1, true }, { "ann", 3, "2\0002", 3, false }, { "ann", 3, "", 0, true }, { "ann", 2, "1", 1, false },
	};
	struct policy_request req = fixture_request();
	struct pol_answer full, quick;
	struct fixture f;

	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, HEAD READER "users: { ann: { roles: reader } }\ngrants: [ { role: reader, to: ann, resource: doc/1 } ]\n"), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		req.subject_id = (struct policy_text){ rows[i].who, rows[i].who_len };
		req.resource_id = (struct policy_text){ rows[i].id, rows[i].id_len };
		CU_ASSERT_EQUAL(fixture_both(&f, &req, 0, &full, &quick), rows[i].quick);
		CU_ASSERT_EQUAL(full.verdict == POLICY_ALLOW, rows[i].quick);
		CU_ASSERT(!rows[i].quick || full.entry == quick.entry);
	}
	fixture_close(&f);
}

/* A change that brings a window or a holder by type makes the next question another. */
static void
single_changes_are_heard(void)
{
	static const struct { const char *type, *name, *id; int64_t until; bool everywhere, quick; const char *want; } rows[] = {
		{ "user", "ann", "1", 0, false, true, "allow w" }, { "user", "ann", "1", 50, false, false, "no_rule" },
		{ "user", "ann", NULL, 0, true, true, "allow w" }, { "user", "ann", NULL, 200, true, false, "allow w" },
		{ "", "everyone", NULL, 200, true, false, "allow w" }, { "group", "g", NULL, 200, true, false, "allow w" },
		{ "user", "*", "1", 0, false, false, "allow w" }, { "svc", "*", "9", 0, false, false, "no_rule" },
		{ "user", "ann", NULL, 0, false, false, "allow w" }, { "user", "ann", "1*", 0, false, false, "allow w" },
		{ "group", "g", "1", 0, false, true, "allow w" }, { "user", "bob", "1", 0, false, true, "no_rule" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pol_who who = { policy_text(rows[i].type), policy_text(rows[i].name) };
		struct row row = { rows[i].quick ? 'Q' : 'F', "ann", "write", "doc/1", rows[i].want };
		static const struct row before = { 'Q', "ann", "write", "doc/1", "no_rule" };
		struct pol_people_root *next;
		struct pol_grant_fact g;
		struct fixture f;
		uint32_t role;
		uint64_t hash;

		CU_ASSERT_EQUAL_FATAL(fixture_open(&f, HEAD READER ANN "groups: { g: { members: ann } }\n"), 0);
		check_row(&f, &before, __LINE__);
		memset(&g, 0, sizeof(g));
		role = pol_find_role(f.engine.program, "writer", 6);
		g.roles = &role;
		g.to = &who;
		g.n_roles = g.n_to = 1;
		g.has_resource = !rows[i].everywhere;
		g.type = pol_find_type(f.engine.program, "doc", 3, &hash);
		g.glob = policy_text(rows[i].id);
		g.has_until = rows[i].until != 0;
		g.until.sec = rows[i].until;
		CU_ASSERT_EQUAL_FATAL(pol_people_add_grant(f.people, f.engine.program, &g, &next), 0);
		pol_people_retire(f.people);
		f.people = next;
		pol_engine_people(&f.engine, pol_people_view(next));
		check_row(&f, &row, __LINE__);
		fixture_close(&f);
	}
}

CU_TestInfo suite_quick[] = {
	{ "who and what are known", who_and_what_are_known },
	{ "roles are sets", roles_are_sets },
	{ "windows and holders by type are left alone", windows_and_holders_by_type_are_left_alone },
	{ "grants on types and globs are left alone", grants_on_types_and_globs_are_left_alone },
	{ "only stored parents are followed", only_stored_parents_are_followed },
	{ "conditions and denies are left alone", conditions_and_denies_are_left_alone },
	{ "what stands on the thing itself is heard", what_stands_on_the_thing_itself_is_heard },
	{ "so many roles are a set", so_many_roles_are_a_set },
	{ "so many roles of an action, grants and entries are looked at", so_many_roles_of_an_action_grants_and_entries_are_looked_at },
	{ "a long family is left alone", a_long_family_is_left_alone },
	{ "entries that name very many actions are left alone", entries_that_name_very_many_actions_are_left_alone },
	{ "only who, what and on what is plain", only_who_what_and_on_what_is_plain },
	{ "malformed names are left alone", malformed_names_are_left_alone },
	{ "single changes are heard", single_changes_are_heard },
	CU_TEST_INFO_NULL
};
