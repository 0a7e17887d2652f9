/* SPDX-License-Identifier: Apache-2.0 */
/* src/api/search.c: what is found is what policy_decide() allows, of all that is known. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <policy.h>

#include "unit/unit.h"

#define SET \
	"policy: 1\n" \
	"resources:\n" \
	"  doc: { owner: owner, attributes: { owner: { type: string }, state: { type: string } } }\n" \
	"  folder: {}\n" \
	"actions:\n" \
	"  read: { resource: doc, aliases: [ view ] }\n" \
	"  write: { resource: doc }\n" \
	"  open: { resource: folder }\n" \
	"  list:\n" \
	"roles:\n" \
	"  reader: { allow: [ read, list ] }\n" \
	"  writer: { includes: reader, allow: { actions: write, when: own }, deny: { actions: write, when: has context.frozen } }\n" \
	"  one: { allow: [ { actions: read, resources: doc/named }, { actions: open, resources: [ folder/f, folder/g* ] } ] }\n" \
	"users:\n" \
	"  zoe: { roles: reader }\n" \
	"  bob: { roles: writer }\n" \
	"  nobody: {}\n" \
	"  device:d1: { roles: reader }\n" \
	"groups:\n" \
	"  staff: { members: [ eve, device:d2, group:inner ], roles: reader }\n" \
	"  inner: { members: [ mia ] }\n" \
	"grants:\n" \
	"  - { role: reader, to: ann }\n" \
	"  - { role: reader, to: carl, resource: doc/2 }\n" \
	"  - { role: reader, to: 'robot:*' }\n" \
	"  - { role: one, to: zoe }\n" \
	"entities:\n" \
	"  doc/1: { owner: bob }\n" \
	"  doc/3: { owner: zoe }\n" \
	"  folder/f2: {}\n"

static struct policy_error err;

static struct policy *
open_text(const char *text, uint32_t flags)
{
	struct policy_options o = POLICY_OPTIONS_INIT;
	struct policy *p = NULL;

	o.flags = flags;
	memset(&err, 0, sizeof(err));
	err.size = sizeof(err);
	if (policy_open_text(&p, "test.yaml", text, strlen(text), &o, &err) != 0)
		printf("%s:%u: %s\n", err.file, err.line, err.text);
	CU_ASSERT_FATAL(p != NULL);
	return p;
}

/* What was told, in a row. */
static char told[65536];
static char types[64];

static int
put(void *ctx, struct policy_text type, struct policy_text id)
{
	size_t n = strlen(told);

	CU_ASSERT(ctx == told);
	snprintf(types, sizeof(types), "%.*s", (int)type.len, type.data != NULL ? type.data : "");
	snprintf(told + n, sizeof(told) - n, "%s%.*s", n != 0 ? " " : "", (int)id.len, id.data);
	return 0;
}

static const char *
search(struct policy *p, int sought, const struct policy_request *req)
{
	int rc;

	memset(&err, 0x41, sizeof(err));
	err.size = sizeof(err);
	told[0] = types[0] = '\0';
	rc = policy_search(p, sought, req, put, told, &err);
	CU_ASSERT_EQUAL(err.code, rc);
	CU_ASSERT((rc == 0) == (err.text[0] == '\0'));
	if (rc != 0) {
		CU_ASSERT(told[0] == '\0');
		snprintf(told, sizeof(told), "%d", rc);
	}
	return told;
}

static struct policy_request
ask(const char *type, const char *who, const char *action, const char *rtype, const char *rid)
{
	struct policy_request r = POLICY_REQUEST_INIT;

	r.subject_type = policy_text(type);
	r.subject_id = policy_text(who);
	r.action = policy_text(action);
	r.resource_type = policy_text(rtype);
	r.resource_id = policy_text(rid);
	return r;
}

#define FINDS(p, sought, req, wanted) do { \
		struct policy_request r_ = req; \
		const char *got_ = search(p, sought, &r_); \
		CU_ASSERT_STRING_EQUAL(got_, wanted); \
		if (strcmp(got_, wanted) != 0) \
			printf("line %d: found '%s', wanted '%s' %s\n", __LINE__, got_, wanted, err.text); \
	} while (0)

static void
subjects_are_found_by_name_and_in_order(void)
{
	struct policy *p = open_text(SET, 0);

	FINDS(p, POLICY_SEEK_SUBJECT, ask(NULL, NULL, "read", "doc", "1"), "ann bob eve mia zoe");
	CU_ASSERT_STRING_EQUAL(types, "user");
	FINDS(p, POLICY_SEEK_SUBJECT, ask("user", "whoever", "view", "doc", "2"), "ann bob carl eve mia zoe");
	FINDS(p, POLICY_SEEK_SUBJECT, ask("device", NULL, "read", "doc", "1"), "d1 d2");
	CU_ASSERT_STRING_EQUAL(types, "device");
	FINDS(p, POLICY_SEEK_SUBJECT, ask("robot", NULL, "read", "doc", "1"), "");
	FINDS(p, POLICY_SEEK_SUBJECT, ask("user", NULL, "write", "doc", "1"), "bob");
	FINDS(p, POLICY_SEEK_SUBJECT, ask("user", NULL, "list", NULL, NULL), "ann bob eve mia zoe");
	FINDS(p, POLICY_SEEK_SUBJECT, ask("user", NULL, "nothing", "doc", "1"), "");
	policy_close(p);
}

static void
resources_are_found_by_name(void)
{
	struct policy *p = open_text(SET, 0);

	FINDS(p, POLICY_SEEK_RESOURCE, ask(NULL, "ann", "read", "doc", NULL), "1 2 3 named");
	CU_ASSERT_STRING_EQUAL(types, "doc");
	FINDS(p, POLICY_SEEK_RESOURCE, ask(NULL, "carl", "read", "doc", "x"), "2");
	FINDS(p, POLICY_SEEK_RESOURCE, ask(NULL, "bob", "write", "doc", NULL), "1");
	FINDS(p, POLICY_SEEK_RESOURCE, ask(NULL, "zoe", "open", "folder", NULL), "f");
	FINDS(p, POLICY_SEEK_RESOURCE, ask(NULL, "zoe", "open", "cupboard", NULL), "");
	FINDS(p, POLICY_SEEK_RESOURCE, ask(NULL, NULL, "read", "doc", NULL), "");
	policy_close(p);
}

static void
actions_are_found_without_aliases(void)
{
	struct policy *p = open_text(SET, 0);

	FINDS(p, POLICY_SEEK_ACTION, ask(NULL, "bob", NULL, "doc", "1"), "list read write");
	CU_ASSERT_STRING_EQUAL(types, "");
	FINDS(p, POLICY_SEEK_ACTION, ask(NULL, "bob", "x", "doc", "3"), "list read");
	FINDS(p, POLICY_SEEK_ACTION, ask(NULL, "bob", NULL, NULL, NULL), "list");
	FINDS(p, POLICY_SEEK_ACTION, ask(NULL, "zoe", NULL, "folder", "f"), "list open");
	FINDS(p, POLICY_SEEK_ACTION, ask(NULL, "nobody", NULL, "doc", "1"), "");
	policy_close(p);
}


static void
what_makes_no_sense_is_refused(void)
{
	struct policy *p = open_text(SET, 0);
	struct policy_credential c = { .kind = POLICY_TEXT("bearer"), .data = POLICY_TEXT("x") };
	struct policy_request r = ask(NULL, NULL, "read", "doc", "1"), more;
	struct { struct policy_request req; char pad[8]; } longer;
	struct policy_error bad = { .size = 3 };

	CU_ASSERT_EQUAL(policy_search(NULL, POLICY_SEEK_SUBJECT, &r, put, told, NULL), POLICY_ERR_ARG);
	CU_ASSERT_EQUAL(policy_search(p, POLICY_SEEK_SUBJECT, NULL, put, told, NULL), POLICY_ERR_ARG);
	CU_ASSERT_EQUAL(policy_search(p, POLICY_SEEK_SUBJECT, &r, NULL, told, NULL), POLICY_ERR_ARG);
	CU_ASSERT_EQUAL(policy_search(p, POLICY_SEEK_SUBJECT, &r, put, told, &bad), POLICY_ERR_ABI);
	for (int sought = -1; sought < 6; sought++) {
		int rc = policy_search(p, sought, &r, put, told, NULL);

		CU_ASSERT_EQUAL(rc, sought < 1 || sought > 3 ? POLICY_ERR_ARG : 0);
	}
	FINDS(p, POLICY_SEEK_RESOURCE, ask(NULL, "ann", "read", NULL, NULL), "-2");
	FINDS(p, POLICY_SEEK_SUBJECT, ask("group", NULL, "read", "doc", "1"), "-2");
	FINDS(p, POLICY_SEEK_SUBJECT, ask("no type", NULL, "read", "doc", "1"), "-2");
	FINDS(p, POLICY_SEEK_SUBJECT, ask(NULL, NULL, NULL, "doc", "1"), "-2");
	FINDS(p, POLICY_SEEK_SUBJECT, ask(NULL, NULL, "read", "doc", NULL), "-2");
	FINDS(p, POLICY_SEEK_ACTION, ask(NULL, "", NULL, "doc", "1"), "-2");
	r.credentials = &c;
	r.credentials_count = 1;
	FINDS(p, POLICY_SEEK_SUBJECT, r, "-2");
	FINDS(p, POLICY_SEEK_RESOURCE, r, "");		/* nobody judges it: it is bad */
	r.subject_id = policy_text("ann");
	FINDS(p, POLICY_SEEK_ACTION, r, "-2");
	more = ask(NULL, NULL, "read", "doc", "1");
	more.reserved[1] = 1;
	FINDS(p, POLICY_SEEK_SUBJECT, more, "-2");
	memset(&longer, 0, sizeof(longer));
	longer.req = ask(NULL, NULL, "write", "doc", "1");
	longer.req.size = sizeof(longer);
	CU_ASSERT_STRING_EQUAL(search(p, POLICY_SEEK_SUBJECT, &longer.req), "bob");
	longer.pad[3] = 1;
	CU_ASSERT_STRING_EQUAL(search(p, POLICY_SEEK_SUBJECT, &longer.req), "-3");
	policy_close(p);
}

static void
what_is_sent_along_counts(void)
{
	struct policy *p = open_text(SET, 0);
	struct policy_request r = ask(NULL, NULL, "write", "doc", "9");
	const struct policy_attr owner = { POLICY_TEXT("owner"), { .type = POLICY_STRING, .u.text = POLICY_TEXT("bob") } };
	const struct policy_attr frozen = { POLICY_TEXT("frozen"), { .type = POLICY_BOOL, .u.boolean = 1 } };
	const struct policy_text staff = POLICY_TEXT("staff"), none = POLICY_TEXT("nothing");
	struct policy_token t = POLICY_TOKEN_INIT;

	FINDS(p, POLICY_SEEK_SUBJECT, r, "");
	r.resource_attributes = (struct policy_attrs){ &owner, 1 };
	FINDS(p, POLICY_SEEK_SUBJECT, r, "bob");
	r.context = (struct policy_attrs){ &frozen, 1 };
	FINDS(p, POLICY_SEEK_SUBJECT, r, "");
	r = ask(NULL, NULL, "read", "doc", "1");
	r.groups = &staff;
	r.groups_count = 1;
	FINDS(p, POLICY_SEEK_SUBJECT, r, "ann bob carl eve mia nobody zoe");
	t.flags = POLICY_TOKEN_SCOPED;
	t.scopes = &none;
	t.scopes_count = 1;
	r.token = &t;
	FINDS(p, POLICY_SEEK_SUBJECT, r, "");
	r = ask(NULL, "zoe", "read", "doc", NULL);
	r.actor_id = policy_text("carl");
	FINDS(p, POLICY_SEEK_RESOURCE, r, "2");
	r.deadline_ns = 1;
	FINDS(p, POLICY_SEEK_RESOURCE, r, "-5");
	r.deadline_ns = INT64_MAX;
	FINDS(p, POLICY_SEEK_RESOURCE, r, "2");
	policy_close(p);
}

static int
stop(void *ctx, struct policy_text type, struct policy_text id)
{
	int *left = ctx;

	(void)type;
	(void)id;
	return --*left == 0 ? -77 : 0;
}

static void
a_callback_may_end_it(void)
{
	struct policy *p = open_text(SET, 0);
	struct policy_request r = ask(NULL, NULL, "read", "doc", "1");
	int left = 3;

	memset(&err, 0x41, sizeof(err));
	err.size = sizeof(err);
	CU_ASSERT_EQUAL(policy_search(p, POLICY_SEEK_SUBJECT, &r, stop, &left, &err), -77);
	CU_ASSERT_EQUAL(left, 0);
	CU_ASSERT(err.code == 0 && err.text[0] == '\0');
	policy_close(p);
}

static void
an_engine_that_is_off_allows_all_that_is_known(void)
{
	struct policy *p = open_text("enabled: false\n" SET, 0);

	FINDS(p, POLICY_SEEK_SUBJECT, ask(NULL, NULL, "write", "doc", "1"), "ann bob carl eve mia nobody zoe");
	FINDS(p, POLICY_SEEK_RESOURCE, ask(NULL, "x", "write", "folder", NULL), "f f2");
	FINDS(p, POLICY_SEEK_ACTION, ask(NULL, "x", NULL, "folder", "1"), "list open read write");
	policy_close(p);
	p = open_text("nonsense", POLICY_FORCE_OFF);
	FINDS(p, POLICY_SEEK_SUBJECT, ask(NULL, NULL, "write", "doc", "1"), "");
	policy_close(p);
}

/* ---- all that is known, one by one ---- */

enum { PEOPLE = 24, DOCS = 18, ACTIONS = 5, SETS = 60 };

static uint64_t state = 88172645463325252u;

static unsigned
some(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 33) % n;
}

/* Everybody and everything is named somewhere, and may do whatever comes. */
static void
make_random(char *out, size_t room)
{
	static const char *const when[] = { "", ", when: own", ", unless: resource.state == \"shut\"", ", when: has context.on" };
	size_t n = (size_t)snprintf(out, room, "policy: 1\nresources: { doc: { owner: owner, attributes: { owner: { type: string }, state: { type: string } } } }\n"
	    "actions: { a0: { resource: doc }, a1: { resource: doc, implies: a0 }, a2: { resource: doc }, a3: , a4: { resource: doc, unless: own } }\nroles:\n");

	for (unsigned i = 0; i < 6; i++)
		n += (size_t)snprintf(out + n, room - n, "  r%u: { allow: { actions: [a%u, a%u]%s%s }%s }\n", i, some(ACTIONS), some(ACTIONS), when[some(4)],
		    some(3) == 0 ? ", resources: [doc/d1, doc/d3, doc/d4]" : "", some(5) == 0 ? ", deny: { actions: a2, resources: doc/d2 }" : "");
	n += (size_t)snprintf(out + n, room - n, "users:\n");
	for (unsigned i = 0; i < PEOPLE / 2; i++)
		n += (size_t)snprintf(out + n, room - n, "  p%u: { roles: r%u }\n", i, some(6));
	n += (size_t)snprintf(out + n, room - n, "groups: { g: { members: [ p0");
	for (unsigned i = PEOPLE / 2; i < PEOPLE * 3 / 4; i++)
		n += (size_t)snprintf(out + n, room - n, ", p%u", i);
	n += (size_t)snprintf(out + n, room - n, " ], roles: r%u } }\ngrants:\n  - { role: r%u, to: group:g, resource: doc/d* }\n", some(6), some(6));
	for (unsigned i = PEOPLE * 3 / 4; i < PEOPLE; i++)
		n += (size_t)snprintf(out + n, room - n, "  - { role: r%u, to: p%u, resource: doc/d%u }\n", some(6), i, some(DOCS));
	n += (size_t)snprintf(out + n, room - n, "entities:\n");
	for (unsigned i = 0; i < DOCS; i++)
		n += (size_t)snprintf(out + n, room - n, "  doc/d%u: { owner: p%u, state: %s }\n", i, some(PEOPLE), some(4) == 0 ? "shut" : "open");
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Those of n names that policy_decide() allows, as they are told. */
static const char *
one_by_one(struct policy *p, int sought, struct policy_request *r, char letter, unsigned n)
{
	static char all[4096];
	char names[32][8];
	size_t len = 0;

	for (unsigned i = 0; i < n; i++)
		snprintf(names[i], sizeof(names[i]), "%c%u", letter, i);
	qsort(names, n, sizeof(names[0]), by_bytes);
	all[0] = '\0';
	for (unsigned i = 0; i < n; i++) {
		struct policy_decision d = POLICY_DECISION_INIT;

		*(sought == POLICY_SEEK_SUBJECT ? &r->subject_id : sought == POLICY_SEEK_RESOURCE ? &r->resource_id : &r->action) =
		    policy_text(names[i]);
		if (policy_decide(p, r, &d) == 0 && d.verdict == POLICY_ALLOW)
			len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s", len != 0 ? " " : "", names[i]);
	}
	return all;
}

static void
a_search_finds_what_is_allowed_one_by_one(void)
{
	static char text[16384];
	const struct policy_attr on = { POLICY_TEXT("on"), { .type = POLICY_BOOL, .u.boolean = 1 } };
	unsigned wrong = 0, nothing = 0;

	for (int i = 0; i < SETS; i++) {
		struct policy *p;

		make_random(text, sizeof(text));
		p = open_text(text, 0);
		for (int k = 0; k < 60; k++) {
			char who[8], what[8], which[8];
			const int sought = 1 + k % 3;
			struct policy_request r;
			const char *wanted;

			snprintf(who, sizeof(who), "p%u", some(PEOPLE));
			snprintf(what, sizeof(what), "a%u", some(ACTIONS));
			snprintf(which, sizeof(which), "d%u", some(DOCS));
			r = ask(NULL, who, what, "doc", which);
			r.context = (struct policy_attrs){ &on, some(2) };
			wanted = one_by_one(p, sought, &r, "pda"[sought - 1], sought == 1 ? PEOPLE : sought == 2 ? DOCS : ACTIONS);
			wrong += strcmp(search(p, sought, &r), wanted) != 0;
			nothing += wanted[0] == '\0';
		}
		policy_close(p);
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT(nothing < SETS * 60 * 2 / 3);
}

/* ---- how a handle does ---- */

static void
a_handle_says_how_it_does(void)
{
	struct policy *p = open_text(SET, 0);
	struct policy_status s = POLICY_STATUS_INIT;
	struct { struct policy_status s; char pad[8]; } other;

	CU_ASSERT_EQUAL(policy_get_status(p, &s), 0);
	CU_ASSERT(s.enabled == 1 && s.generation == policy_generation(p) && s.failed == 0);
	CU_ASSERT(s.loaded > INT64_C(1577836800000000000));
	CU_ASSERT(s.store_age_ns == -1 && s.store_stale_ns == 0 && s.tokens == 0);
	CU_ASSERT_EQUAL(s.rules, 6);
	CU_ASSERT_EQUAL(s.roles, 3);
	CU_ASSERT_EQUAL(s.users, 4);
	CU_ASSERT_EQUAL(s.grants, 8);	/* of three users and a group, and four grants */
	CU_ASSERT(s.audit_written == 0 && s.audit_dropped == 0);
	CU_ASSERT_EQUAL(policy_reload(p, NULL), 0);
	memset(&other, 0, sizeof(other));
	other.s.size = sizeof(other);
	CU_ASSERT_EQUAL(policy_get_status(p, &other.s), 0);
	CU_ASSERT(other.s.size == sizeof(other) && other.s.generation == s.generation + 1 && other.s.users == s.users);
	other.pad[0] = 1;
	CU_ASSERT_EQUAL(policy_get_status(p, &other.s), POLICY_ERR_ABI);
	memset(&s, 0x41, sizeof(s));
	s.size = 24;
	CU_ASSERT_EQUAL(policy_get_status(p, &s), 0);
	CU_ASSERT(s.size == 24 && s.failed == INT64_C(0x4141414141414141));
	s.size = 12;
	CU_ASSERT_EQUAL(policy_get_status(p, &s), POLICY_ERR_ABI);
	CU_ASSERT_EQUAL(policy_get_status(p, NULL), POLICY_ERR_ARG);
	CU_ASSERT_EQUAL(policy_get_status(NULL, &s), POLICY_ERR_ARG);
	CU_ASSERT_EQUAL(policy_sync(p, NULL), POLICY_ERR_UNSUPPORTED);
	CU_ASSERT_EQUAL(policy_sync(NULL, NULL), POLICY_ERR_ARG);
	policy_close(p);
	p = open_text("nonsense", POLICY_FORCE_OFF);
	s = (struct policy_status)POLICY_STATUS_INIT;
	CU_ASSERT_EQUAL(policy_get_status(p, &s), 0);
	CU_ASSERT(s.enabled == 0 && s.generation == 0 && s.loaded == 0 && s.users == 0 && s.store_age_ns == -1);
	policy_close(p);
}

CU_TestInfo suite_search[] = {
	{ "subjects are found by name and in order", subjects_are_found_by_name_and_in_order },
	{ "resources are found by name", resources_are_found_by_name },
	{ "actions are found without aliases", actions_are_found_without_aliases },
	{ "what makes no sense is refused", what_makes_no_sense_is_refused },
	{ "what is sent along counts", what_is_sent_along_counts },
	{ "a callback may end it", a_callback_may_end_it },
	{ "an engine that is off allows all that is known", an_engine_that_is_off_allows_all_that_is_known },
	{ "a search finds what is allowed, one by one", a_search_finds_what_is_allowed_one_by_one },
	{ "a handle says how it does", a_handle_says_how_it_does },
	CU_TEST_INFO_NULL
};
