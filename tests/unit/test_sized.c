/* SPDX-License-Identifier: Apache-2.0 */
/* base/sized.c: structs of another version's size. */
#include <string.h>

#include "base/sized.h"
#include "unit/unit.h"

#include <policy.h>

struct ours {
	uint32_t size, a, b, c;
};

static void
a_shorter_struct_lacks_what_is_zero(void)
{
	struct { uint32_t size, a; } old = { sizeof(old), 7 };
	struct ours o;

	memset(&o, 0xff, sizeof(o));
	CU_ASSERT_EQUAL(pol_sized_in(&o, sizeof(o), 8, &old), 0);
	CU_ASSERT(o.size == sizeof(o) && o.a == 7 && o.b == 0 && o.c == 0);
	CU_ASSERT_EQUAL(pol_sized_in(&o, sizeof(o), 12, &old), POLICY_ERR_ABI);
}

static void
a_longer_struct_must_be_zero_behind_ours(void)
{
	struct { struct ours o; uint32_t more[2]; } later = { { sizeof(later), 1, 2, 3 }, { 0, 0 } };
	struct ours o;

	CU_ASSERT_EQUAL(pol_sized_in(&o, sizeof(o), 8, &later), 0);
	CU_ASSERT(o.size == sizeof(o) && o.a == 1 && o.c == 3);
	later.more[1] = 1;
	CU_ASSERT_EQUAL(pol_sized_in(&o, sizeof(o), 8, &later), POLICY_ERR_ABI);
	CU_ASSERT_EQUAL(pol_sized_check(&later, sizeof(o), 8), POLICY_ERR_ABI);
	later.o.size = POL_SIZED_MOST + 1;	/* not looked at: it may not be there */
	CU_ASSERT_EQUAL(pol_sized_check(&later, sizeof(o), 8), POLICY_ERR_ABI);
	later.o.size = 0;
	CU_ASSERT_EQUAL(pol_sized_check(&later, sizeof(o), 8), POLICY_ERR_ABI);
}

static void
nothing_is_written_past_the_callers_size(void)
{
	struct ours ours = { sizeof(ours), 4, 5, 6 }, theirs = { 8, 0, 99, 99 };

	pol_sized_out(&theirs, &ours, sizeof(ours));
	CU_ASSERT(theirs.size == 8 && theirs.a == 4 && theirs.b == 99 && theirs.c == 99);
	theirs.size = sizeof(theirs);
	pol_sized_out(&theirs, &ours, sizeof(ours));
	CU_ASSERT(theirs.size == sizeof(theirs) && theirs.b == 5 && theirs.c == 6);
}

CU_TestInfo suite_sized[] = {
	{ "a shorter struct lacks what is zero", a_shorter_struct_lacks_what_is_zero },
	{ "a longer struct must be zero behind ours", a_longer_struct_must_be_zero_behind_ours },
	{ "nothing is written past the caller's size", nothing_is_written_past_the_callers_size },
	CU_TEST_INFO_NULL
};
