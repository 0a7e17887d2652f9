/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Core: requests that are malformed whatever the set says, and sizes at their edges.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/core.h"
#include "unit/fixture.h"
#include "unit/unit.h"

/* Both halves, nothing of it known. */
static int
check(const struct policy_request *req, const char **why)
{
	int rc = pol_request_sizes(req, why);

	return rc != 0 ? rc : pol_request_names(req, 0, why);
}

static void
malformed_requests_are_refused(void)
{
	static char big[70000];
	struct policy_attr a = fixture_attr("x", POLICY_INT), twice[2] = { fixture_attr("x", POLICY_INT), fixture_attr("x", POLICY_INT) };
	struct policy_attr inf = fixture_attr("x", POLICY_DOUBLE), odd = fixture_attr("x", 99), none = fixture_attr("x", POLICY_STRING);
	struct policy_attr nothing = fixture_attr("x", POLICY_LIST), own = fixture_attr("scopes", POLICY_INT);
	struct policy_token token = POLICY_TOKEN_INIT;
	struct policy_request req;

	memset(big, 'a', sizeof(big) - 1);
	inf.value.u.real = HUGE_VAL;
	nothing.value.count = 1;
#define REFUSED(code, statement) do { \
		const char *why = NULL; \
		req = fixture_request(); \
		statement; \
		CU_ASSERT_EQUAL(check(&req, &why), code); \
		CU_ASSERT_PTR_NOT_NULL(why); \
	} while (0)
	REFUSED(POLICY_ERR_ARG, req.action.data = NULL);
	REFUSED(POLICY_ERR_ARG, req.flags = 4);
	REFUSED(POLICY_ERR_ARG, req.reserved[3] = 1);
	REFUSED(POLICY_ERR_ARG, req.subject_id.len = 0);
	REFUSED(POLICY_ERR_ARG, req.subject_id = ((struct policy_text){ "a\0b", 3 }));
	REFUSED(POLICY_ERR_ARG, req.subject_type = policy_text("group"));
	REFUSED(POLICY_ERR_ARG, req.subject_type = policy_text("a:b"));
	REFUSED(POLICY_ERR_ARG, req.subject_type = policy_text(""));
	REFUSED(POLICY_ERR_ARG, (req.subject_id.data = NULL, req.subject_type = policy_text("user")));
	REFUSED(POLICY_ERR_ARG, req.actor_type = policy_text("user"));
	REFUSED(POLICY_ERR_ARG, (req.actor_id = policy_text("x"), req.actor_type = policy_text("everyone")));
	REFUSED(POLICY_ERR_ARG, req.resource_type.data = NULL);
	REFUSED(POLICY_ERR_ARG, req.resource_id.data = NULL);
	REFUSED(POLICY_ERR_ARG, req.resource_type = policy_text("m/prod"));
	REFUSED(POLICY_ERR_ARG, req.resource_id = ((struct policy_text){ "\0", 1 }));
	REFUSED(POLICY_ERR_ARG, req.context = ((struct policy_attrs){ NULL, 1 }));
	REFUSED(POLICY_ERR_ARG, req.context = ((struct policy_attrs){ twice, 2 }));
	REFUSED(POLICY_ERR_ARG, req.context = ((struct policy_attrs){ &inf, 1 }));
	REFUSED(POLICY_ERR_ARG, req.context = ((struct policy_attrs){ &odd, 1 }));
	REFUSED(POLICY_ERR_ARG, req.context = ((struct policy_attrs){ &none, 1 }));
	REFUSED(POLICY_ERR_ARG, req.context = ((struct policy_attrs){ &nothing, 1 }));
	REFUSED(POLICY_ERR_ARG, req.groups_count = 1);
	REFUSED(POLICY_ERR_ARG, (req.token = &token, token.flags = 2));
	REFUSED(POLICY_ERR_ARG, (token.flags = 0, req.token = &token, token.scopes_count = 1));
	token.scopes_count = 0;
	REFUSED(POLICY_ERR_ARG, (req.token = &token, token.attributes = (struct policy_attrs){ &own, 1 }));
	token.attributes.count = 0;
	REFUSED(POLICY_ERR_LIMIT, (req.token = &token, token.id = (struct policy_text){ big, 65 }));
	REFUSED(POLICY_ERR_LIMIT, req.action = ((struct policy_text){ big, 256 }));
	REFUSED(POLICY_ERR_LIMIT, req.subject_id = ((struct policy_text){ big, 256 }));
	REFUSED(POLICY_ERR_LIMIT, req.subject_type = ((struct policy_text){ big, 65 }));
	REFUSED(POLICY_ERR_LIMIT, req.resource_id = ((struct policy_text){ big, 1025 }));
	REFUSED(POLICY_ERR_LIMIT, (none.value.u.text = (struct policy_text){ big, 65537 }, req.context = (struct policy_attrs){ &none, 1 }));
	REFUSED(POLICY_ERR_LIMIT, req.context = ((struct policy_attrs){ &a, 65 }));
#undef REFUSED
}

/* Objects in objects: eight are taken, nine are not. */
static void
depth_of_values_is_bounded(void)
{
	struct policy_attr level[12];
	struct policy_request req = fixture_request();
	const char *why;

	for (size_t i = 0; i < 12; i++) {
		level[i] = fixture_attr("x", i == 11 ? POLICY_INT : POLICY_OBJECT);
		level[i].value.count = i == 11 ? 0 : 1;
		if (i < 11)
			level[i].value.u.members = &level[i + 1];
	}
	req.context = (struct policy_attrs){ &level[3], 1 };	/* 8 objects */
	CU_ASSERT_EQUAL(check(&req, &why), 0);
	req.context.list = &level[2];
	CU_ASSERT_EQUAL(check(&req, &why), POLICY_ERR_LIMIT);
}

/* Each size at its edge is taken; the tests above refuse one more. */
static void
sizes_at_their_edges_are_taken(void)
{
	static char big[70000];
	struct policy_attr text = fixture_attr("x", POLICY_STRING), many[64], odd = fixture_attr("x", POLICY_DOUBLE);
	struct policy_token token = POLICY_TOKEN_INIT;
	struct policy_text listed[257];
	struct policy_request req = fixture_request();
	const char *why;
	char names[64][16];

	memset(big, 'a', sizeof(big) - 1);
	text.value.u.text = (struct policy_text){ big, POL_MAX_SCALAR };
	for (int i = 0; i < 64; i++) {
		snprintf(names[i], sizeof(names[i]), "n%d", i);
		many[i] = fixture_attr(names[i], POLICY_NULL);
	}
	odd.value.u.real = -1e308;
	for (int i = 0; i < 257; i++)
		listed[i] = (struct policy_text){ big, 255 };
	token.id = (struct policy_text){ big, POL_MAX_TOKEN_ID };
	token.kind = (struct policy_text){ big, POL_MAX_ID };
	token.flags = POLICY_TOKEN_SCOPED;
	token.scopes = listed;
	token.scopes_count = 256;
	req.token = &token;
	req.groups = listed;
	req.groups_count = 256;
	req.action = (struct policy_text){ big, POL_MAX_ID };
	req.subject_id = req.actor_id = (struct policy_text){ big, POL_MAX_ID };
	req.subject_type = req.actor_type = req.resource_type = (struct policy_text){ big, POL_MAX_TYPE };
	req.resource_id = (struct policy_text){ big, POL_MAX_RESOURCE_ID };
	req.subject_attributes = (struct policy_attrs){ &text, 1 };
	req.actor_attributes = (struct policy_attrs){ &odd, 1 };
	req.context = req.action_attributes = (struct policy_attrs){ many, 64 };
	CU_ASSERT_EQUAL(check(&req, &why), 0);
	CU_ASSERT_PTR_NULL(why);
	req.groups_count = 257;
	CU_ASSERT_EQUAL(check(&req, &why), POLICY_ERR_LIMIT);
	req.groups_count = 0;
	token.scopes_count = 257;
	CU_ASSERT_EQUAL(check(&req, &why), POLICY_ERR_LIMIT);
	token.scopes_count = 1;
	listed[0].len = 256;
	CU_ASSERT_EQUAL(check(&req, &why), POLICY_ERR_LIMIT);
	listed[0].len = 0;
	token.kind.len = 256;
	CU_ASSERT_EQUAL(check(&req, &why), POLICY_ERR_LIMIT);
}

/* Not only the first of several is looked at. */
static void
every_attribute_is_looked_at(void)
{
	struct policy_attr three[3] = { fixture_attr("x", POLICY_INT), fixture_attr("y", POLICY_INT), fixture_attr("z", POLICY_INT) };
	struct policy_token token = POLICY_TOKEN_INIT;
	struct policy_request req = fixture_request();
	const char *why;

	req.context = (struct policy_attrs){ three, 3 };
	token.attributes = req.context;
	req.token = &token;
	CU_ASSERT_EQUAL(check(&req, &why), 0);
	three[2].name = policy_text("kind");		/* fine in the context, not in a token */
	CU_ASSERT_EQUAL(check(&req, &why), POLICY_ERR_ARG);
	req.token = NULL;
	CU_ASSERT_EQUAL(check(&req, &why), 0);
	three[2].name = policy_text("y");
	CU_ASSERT_EQUAL(check(&req, &why), POLICY_ERR_ARG);
	three[2].name = policy_text("x");
	CU_ASSERT_EQUAL(check(&req, &why), POLICY_ERR_ARG);
	three[2] = fixture_attr("", 99);
	CU_ASSERT_EQUAL(check(&req, &why), POLICY_ERR_ARG);
	three[2].value.type = POLICY_BOOL;		/* an empty name is a name */
	CU_ASSERT_EQUAL(check(&req, &why), 0);
}

/* 4096 values in all of the request, a list and its items among them. */
static void
values_are_counted_over_the_whole_request(void)
{
	struct policy_value *items = calloc(4096, sizeof(*items));
	struct policy_attr a = fixture_attr("x", POLICY_LIST), one = fixture_attr("y", POLICY_BOOL);
	struct policy_request req = fixture_request();
	const char *why;

	a.value.u.items = items;
	req.subject_attributes = (struct policy_attrs){ &a, 1 };
	a.value.count = 4095;
	CU_ASSERT_EQUAL(check(&req, &why), 0);
	req.resource_attributes = (struct policy_attrs){ &one, 1 };
	CU_ASSERT_EQUAL(check(&req, &why), POLICY_ERR_LIMIT);
	a.value.count = 4094;
	CU_ASSERT_EQUAL(check(&req, &why), 0);
	req.context = (struct policy_attrs){ &one, 1 };
	CU_ASSERT_EQUAL(check(&req, &why), POLICY_ERR_LIMIT);
	items[4000].type = POLICY_STRING;	/* an item is looked at like any other value */
	a.value.count = 4001;
	CU_ASSERT_EQUAL(check(&req, &why), POLICY_ERR_ARG);
	free(items);
}

/* A bag that may be seen through at a glance says the same when something stands
 * behind it that must be looked at. */
static void
a_glance_sees_what_a_look_sees(void)
{
	static char big[POL_MAX_SCALAR + 2];
	struct policy_attr bag[17];
	char names[16][3];
	uint64_t state = 88172645463325252u;
	unsigned seen[3] = { 0, 0, 0 };

	memset(big, 'n', sizeof(big));
	for (int round = 0; round < 20000; round++) {
		struct policy_request req = fixture_request();
		size_t n = 1 + (size_t)round % 16;
		const char *why;
		int glance, look;

		for (size_t i = 0; i < n; i++) {
			unsigned r;

			state = state * 6364136223846793005u + 1442695040888963407u;
			r = (unsigned)(state >> 33);
			bag[i] = fixture_attr("", r % 3 == 0 ? POLICY_INT : r % 3 == 1 ? POLICY_BOOL : POLICY_STRING);
			names[i][0] = (char)('a' + (r >> 2) % 26);
			names[i][1] = (char)('a' + (r >> 7) % 26);
			names[i][2] = (char)('a' + (r >> 12) % 26);
			bag[i].name = (struct policy_text){ names[i], 3 - ((r >> 17) % 8 == 0) };
			bag[i].value.u.text = (struct policy_text){ big, 5 };
			switch ((r >> 20) % 200) {
			case 0: bag[i].name = (struct policy_text){ NULL, 3 }; break;
			case 1: bag[i].name = (struct policy_text){ big, POL_MAX_ID }; break;
			case 2: bag[i].name = (struct policy_text){ big, POL_MAX_ID + 1 }; break;
			case 3: bag[i].value.type = POLICY_NULL; break;
			case 4: bag[i].value.type = 99; break;
			case 5: bag[i].value.u.text.len = POL_MAX_SCALAR; break;
			case 6: bag[i].value.u.text.len = POL_MAX_SCALAR + 1; break;
			case 7: bag[i].value.u.text.data = NULL; break;
			case 8: bag[i].name.len = 0; break;
			case 9: bag[i].name = bag[0].name; break;
			case 10: bag[i].value.type = POLICY_LIST; break;
			default: break;
			}
		}
		bag[n] = fixture_attr("behind", POLICY_DOUBLE);
		req.context = (struct policy_attrs){ bag, n };
		glance = check(&req, &why);
		req.context.count++;
		look = check(&req, &why);
		CU_ASSERT_EQUAL(glance, look);
		seen[look == 0 ? 0 : look == POLICY_ERR_ARG ? 1 : 2]++;
	}
	CU_ASSERT(seen[0] > 1000 && seen[1] > 1000 && seen[2] > 100);
}

CU_TestInfo suite_request[] = {
	{ "malformed requests are refused", malformed_requests_are_refused },
	{ "depth of values is bounded", depth_of_values_is_bounded },
	{ "sizes at their edges are taken", sizes_at_their_edges_are_taken },
	{ "every attribute is looked at", every_attribute_is_looked_at },
	{ "a glance sees what a look sees", a_glance_sees_what_a_look_sees },
	{ "values are counted over the whole request", values_are_counted_over_the_whole_request },
	CU_TEST_INFO_NULL
};
