/* SPDX-License-Identifier: Apache-2.0 */
/* auth/revoked.c. */
#include <stdio.h>
#include <string.h>

#include "auth/revoked.h"

#include "unit/unit.h"

static struct policy_text
t(const char *s)
{
	return policy_text(s);
}

static struct pol_revoked *
new_list(void)
{
	struct pol_revoked *r = NULL;

	CU_ASSERT_EQUAL_FATAL(pol_revoked_new(&r), 0);
	return r;
}

static struct policy_text
numbered(char *room, size_t size, unsigned i)
{
	int n = snprintf(room, size, "id-%u", i);

	return (struct policy_text){ room, (size_t)n };
}

static void
step_and_id_are_compared_whole(void)
{
	struct pol_revoked *r = new_list();

	CU_ASSERT(!pol_revoked_has(r, t("jwt"), t("1")));
	CU_ASSERT_EQUAL(pol_revoked_add(r, t("jwt"), t("12"), 0), 0);
	CU_ASSERT_EQUAL(pol_revoked_add(r, t(NULL), t("any"), 0), 0);
	CU_ASSERT(pol_revoked_has(r, t("jwt"), t("12")));
	CU_ASSERT(!pol_revoked_has(r, t("jwt2"), t("12")));
	CU_ASSERT(!pol_revoked_has(r, t("jwt1"), t("2")));	/* the same bytes, parted otherwise */
	CU_ASSERT(!pol_revoked_has(r, t("jw"), t("t12")));
	CU_ASSERT(!pol_revoked_has(r, t(""), t("jwt12")));
	CU_ASSERT(!pol_revoked_has(r, t("jwt"), t("1")));
	CU_ASSERT(!pol_revoked_has(r, t("jwt"), t("123")));
	CU_ASSERT(pol_revoked_has(r, t("jwt"), t("any")));
	CU_ASSERT(pol_revoked_has(r, t("vault"), t("any")));
	CU_ASSERT(!pol_revoked_has(r, t("any"), t("")));
	CU_ASSERT(!pol_revoked_has(r, t(NULL), t(NULL)));
	CU_ASSERT_EQUAL(pol_revoked_add(r, t("jwt"), t(""), 0), POLICY_ERR_ARG);
	CU_ASSERT_EQUAL(pol_revoked_add(r, t("jwt"), t(NULL), 0), POLICY_ERR_ARG);
	CU_ASSERT_EQUAL(pol_revoked_count(r), 2);
	CU_ASSERT_EQUAL(pol_revoked_add(r, t("jwt"), t("12"), 5), 0);
	CU_ASSERT_EQUAL(pol_revoked_count(r), 2);
	pol_revoked_free(r);
	pol_revoked_free(NULL);
}

static void
it_grows_and_forgets_only_what_is_over(void)
{
	enum { MANY = 20000 };
	struct pol_revoked *r = new_list();
	unsigned missing = 0, extra = 0;
	char room[32];

	for (unsigned i = 0; i < MANY; i++)
		CU_ASSERT_EQUAL(pol_revoked_add(r, t("s"), numbered(room, sizeof(room), i), i % 2 == 0 ? 10 : 20), 0);
	for (unsigned i = 0; i < 2 * MANY; i++) {
		bool has = pol_revoked_has(r, t("s"), numbered(room, sizeof(room), i));

		missing += i < MANY && !has;
		extra += i >= MANY && has;
	}
	CU_ASSERT_EQUAL(missing, 0);
	CU_ASSERT_EQUAL(extra, 0);
	CU_ASSERT_EQUAL(pol_revoked_count(r), MANY);
	/* without a clock nothing was forgotten; at 10 the even ones are over */
	pol_revoked_now(r, 10);
	for (unsigned i = MANY; i < 3 * MANY; i++)
		CU_ASSERT_EQUAL(pol_revoked_add(r, t("s"), numbered(room, sizeof(room), i), 0), 0);
	CU_ASSERT_EQUAL(pol_revoked_count(r), 2 * MANY + MANY / 2);
	for (unsigned i = 0; i < 3 * MANY; i++)
		missing += pol_revoked_has(r, t("s"), numbered(room, sizeof(room), i)) != (i >= MANY || i % 2 != 0);
	CU_ASSERT_EQUAL(missing, 0);
	pol_revoked_free(r);
}

static void
the_longer_end_holds(void)
{
	struct pol_revoked *r = new_list();
	char room[32];

	pol_revoked_add(r, t("s"), t("a"), 10);
	pol_revoked_add(r, t("s"), t("a"), 0);
	pol_revoked_add(r, t("s"), t("a"), 20);
	pol_revoked_add(r, t("s"), t("b"), 30);
	pol_revoked_add(r, t("s"), t("b"), 10);
	pol_revoked_add(r, t("s"), t("c"), 10);
	pol_revoked_now(r, 20);
	for (unsigned i = 0; i < 1000; i++)
		pol_revoked_add(r, t("s"), numbered(room, sizeof(room), i), 0);
	CU_ASSERT(pol_revoked_has(r, t("s"), t("a")));
	CU_ASSERT(pol_revoked_has(r, t("s"), t("b")));
	CU_ASSERT(!pol_revoked_has(r, t("s"), t("c")));
	CU_ASSERT_EQUAL(pol_revoked_count(r), 1002);
	pol_revoked_free(r);
}

/* One that never frees would keep everything; a leak or a double free is seen by ASan. */
static void
what_was_replaced_is_freed_once(void)
{
	struct pol_revoked *r = new_list();
	char room[32];

	for (unsigned round = 0; round < 5; round++) {
		pol_revoked_now(r, round);
		for (unsigned i = 0; i < 500; i++)
			pol_revoked_add(r, t("s"), numbered(room, sizeof(room), 1000 * round + i), round + 1);
		pol_revoked_leave(r);
		pol_revoked_leave(r);		/* before it was freed: nothing is lost */
		if (round % 2 == 0)
			pol_revoked_reclaim(r);
	}
	CU_ASSERT(pol_revoked_count(r) < 1500);
	CU_ASSERT(pol_revoked_has(r, t("s"), t("id-4499")));
	pol_revoked_free(r);
}

CU_TestInfo suite_revoked[] = {
	{ "step and id are compared whole", step_and_id_are_compared_whole },
	{ "it grows and forgets only what is over", it_grows_and_forgets_only_what_is_over },
	{ "the longer end holds", the_longer_end_holds },
	{ "what was replaced is freed once", what_was_replaced_is_freed_once },
	CU_TEST_INFO_NULL
};
