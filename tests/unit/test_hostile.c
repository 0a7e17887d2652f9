/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module that says whatever there is room for: deep objects, lists, empty and long
 * texts, many groups. Whoever it makes up is refused by the stack, or is somebody: told
 * whole by policy_authenticate(), and decided without an error.
 */
#include <stdio.h>
#include <string.h>

#include <policy_module.h>

#include "api/handle.h"
#include "api/open.h"
#include "unit/unit.h"

static uint64_t seed;
static unsigned groups, scopes;		/* that were said */
static bool taken;			/* all that was said was taken */

static unsigned
draw(unsigned below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(seed >> 33) % below;
}

static struct policy_text
some_text(unsigned most)
{
	static char much[9000];

	memset(much, 'x', sizeof(much));
	return (struct policy_text){ much, draw(most) };
}

/* Lies in static rooms, which the set functions copy. */
static struct policy_value
some_value(unsigned depth)
{
	static struct policy_value items[16][300];
	static struct policy_attr members[16][40];
	static char names[40][8];
	struct policy_value v = { .type = draw(3) == 0 ? draw(7) : draw(5) };

	if (draw(4) != 0 && depth < 11)
		v.type = draw(6) == 0 ? POLICY_LIST : POLICY_OBJECT;
	if (v.type == POLICY_STRING)
		v.u.text = some_text(draw(20) == 0 ? 8300 : 30);
	if (v.type == POLICY_INT)
		v.u.integer = (int64_t)seed;
	if (v.type == POLICY_DOUBLE)
		v.u.real = draw(20) == 0 ? 1e308 * 10 : 0.5;
	if (v.type == POLICY_LIST && depth < 16) {
		v.u.items = items[depth];
		v.count = draw(draw(10) == 0 ? 300 : 4);
		for (unsigned i = 0; i < v.count; i++)
			items[depth][i] = (struct policy_value){ .type = POLICY_STRING, .u.text = some_text(3) };
	}
	if (v.type == POLICY_OBJECT && depth < 16) {
		v.u.members = members[depth];
		v.count = draw(draw(10) == 0 ? 40 : 2) + (draw(4) != 0);
		for (unsigned i = 0; i < v.count && i < 40; i++) {
			snprintf(names[i], sizeof(names[i]), "m%hhu", (unsigned char)i);
			members[depth][i].name = policy_text(names[i]);
			members[depth][i].value = i == 0 ? some_value(depth + 1) : (struct policy_value){ .type = POLICY_BOOL };
		}
		if (v.count > 40)
			v.count = 40;
	}
	if (v.type >= POLICY_LIST && depth >= 16)
		v.count = 0;
	return v;
}

static void
say(const struct policy_host *h, struct policy_identity *id)
{
	const unsigned attrs[2] = { draw(4) == 0 ? draw(67) : draw(4), draw(4) == 0 ? draw(67) : draw(4) };
	struct policy_value v;
	char name[32];
	int rc = 0;

	groups = draw(6) == 0 ? draw(131) : draw(3);
	scopes = draw(6) == 0 ? draw(131) : draw(3);
	for (unsigned i = 0; i < groups; i++)
		rc |= h->add_group(id, (struct policy_text){ name, (size_t)snprintf(name, sizeof(name), "g%u", i) });
	for (unsigned i = 0; i < scopes; i++)
		rc |= h->add_scope(id, (struct policy_text){ name, (size_t)snprintf(name, sizeof(name), "%s%u", i == 0 ? "list" : "s", i) - (i == 0) });
	for (unsigned k = 0; k < 2; k++) {
		for (unsigned i = 0; i < attrs[k]; i++) {
			const struct policy_text n = { name, (size_t)snprintf(name, sizeof(name), "%s%u", draw(9) == 0 ? "a.b/" : "a", i) };

			v = some_value(0);
			rc |= (k == 0 ? h->add_subject_attribute : h->add_token_attribute)(id, n, &v);
		}
	}
	/* up to the last byte, and one too many */
	if (draw(2) == 0) {
		v = (struct policy_value){ .type = POLICY_STRING, .u.text = some_text(8200) };
		if (draw(2) == 0 && id->bytes_count < 8170)
			v.u.text.len = 8192u - id->bytes_count - 2 - draw(25);
		rc |= h->add_token_attribute(id, policy_text("z"), &v);
	}
	taken = rc == 0;
}

static int
hostile_open(void **state, const struct policy_open_args *args, struct policy_error *err)
{
	(void)err;
	*state = (void *)(uintptr_t)args->host;
	return 0;
}

static enum policy_check_result
hostile_check(void *state, const struct policy_call *call, struct policy_identity *id)
{
	const struct policy_host *h = state;

	(void)call;
	h->set_subject(id, (struct policy_text){ NULL, 0 }, policy_text("ann"));
	say(h, id);
	return POLICY_CHECK_PASS;
}

static void
hostile_close(void *state)
{
	(void)state;
}

static const struct policy_module hostile = {
	.size = sizeof(hostile), .abi = POLICY_MODULE_ABI, .name = "hostile", .version = "1",
	.flags = POLICY_MODULE_CACHEABLE, .open = hostile_open, .check = hostile_check, .close = hostile_close,
};

static int
load(const struct policy_module **out, const char *dir, const char *name, struct policy_error *err)
{
	(void)dir;
	(void)name;
	(void)err;
	*out = &hostile;
	return 0;
}

/* What was judged by policy_authenticate() is decided from the cache, or made up anew. */
static unsigned
one(struct policy *p, struct policy_identity *id, unsigned i)
{
	struct policy_credential c = { .kind = POLICY_TEXT("bearer"), .data = { (const char *)&i, sizeof(i) } };
	struct policy_request r = POLICY_REQUEST_INIT;
	struct policy_decision d = POLICY_DECISION_INIT;
	int rc;

	seed = i;
	r.credentials = &c;
	r.credentials_count = 1;
	id->size = sizeof(*id);
	CU_ASSERT_EQUAL(policy_authenticate(p, &r, id), 0);
	if (id->verified == 0) {
		CU_ASSERT(id->reason == POLICY_REASON_LIMIT || (id->reason == POLICY_REASON_UNAVAILABLE && !taken));
	} else {
		CU_ASSERT(taken && id->groups_count == groups && id->scopes_count == scopes);
		CU_ASSERT_EQUAL(id->scoped, scopes != 0);
	}
	r.action = policy_text("list");
	seed = i;			/* where it was not kept, it says the same once more */
	rc = policy_decide(p, &r, &d);
	CU_ASSERT_EQUAL(rc, 0);
	CU_ASSERT_EQUAL(d.verdict == POLICY_ALLOW, d.reason == POLICY_REASON_RULE);
	CU_ASSERT_EQUAL(d.reason, id->reason);
	return id->verified;
}

static void
who_is_made_up_is_refused_or_somebody(void)
{
	static const char set[] = "policy: 1\nactions: { list: }\nroles: { lister: { allow: list } }\n"
	    "users: { ann: { roles: lister } }\nmodules: [ { use: hostile } ]\n";
	struct pol_origin from = { .name = "hostile.yaml", .text = set, .len = sizeof(set) - 1, .is_text = true, .load = load };
	static struct policy_identity id;
	struct policy *p = NULL;
	enum { TRIES = 30000 };
	unsigned good = 0;

	CU_ASSERT_EQUAL_FATAL(pol_open_new(&p, &from, NULL, NULL), 0);
	for (unsigned i = 0; i < TRIES; i++)
		good += one(p, &id, i);
	CU_ASSERT(good > TRIES / 5 && good < TRIES - TRIES / 5);
	policy_close(p);
}

CU_TestInfo suite_hostile[] = {
	{ "who is made up is refused, or somebody", who_is_made_up_is_refused_or_somebody },
	CU_TEST_INFO_NULL
};
