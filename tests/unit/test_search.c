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

CU_TestInfo suite_search[] = {
	{ "subjects are found by name and in order", subjects_are_found_by_name_and_in_order },
	{ "resources are found by name", resources_are_found_by_name },
	{ "actions are found without aliases", actions_are_found_without_aliases },
	CU_TEST_INFO_NULL
};
