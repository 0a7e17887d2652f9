/* SPDX-License-Identifier: Apache-2.0 */
/* Counted times and the timer: what must hold on any machine, and no time of any. */
#include "unit/unit.h"

#include <stdlib.h>

#include "cli/measure.h"

static void
the_middle_of_numbers(void)
{
	double odd[] = { 5, 1, 3 }, even[] = { 4, 1, 3, 2 };

	CU_ASSERT(pol_measure_median(odd, 3) == 3);
	CU_ASSERT(pol_measure_median(even, 4) == 2.5);
	CU_ASSERT(pol_measure_median(odd, 0) == 0);
}

static void
a_share_of_times_is_found_within_two_percent(void)
{
	struct pol_times *t = calloc(1, sizeof(*t));
	uint64_t i, got;

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	CU_ASSERT_EQUAL(pol_times_share(t, 0.99), 0);
	for (i = 0; i < 100000; i++)
		pol_times_add(t, i);
	CU_ASSERT_EQUAL(t->n, 100000);
	CU_ASSERT_EQUAL(t->most, 99999);
	CU_ASSERT_EQUAL(pol_times_share(t, 0), 0);
	CU_ASSERT_EQUAL(pol_times_share(t, 0.001), 100);
	for (i = 1; i < 100; i++) {
		got = pol_times_share(t, (double)i / 100);
		CU_ASSERT(got >= i * 1000 * 98 / 100 && got <= i * 1000 * 102 / 100);
	}
	CU_ASSERT(pol_times_share(t, 1) == 99999);
	free(t);
}

static void
a_time_of_any_size_has_a_place(void)
{
	struct pol_times *t = calloc(2, sizeof(*t));
	unsigned bit;

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	for (bit = 0; bit < 64; bit++)
		pol_times_add(&t[bit % 2], UINT64_C(1) << bit);
	pol_times_add(&t[0], UINT64_MAX);
	pol_times_join(&t[0], &t[1]);
	CU_ASSERT_EQUAL(t->n, 65);
	CU_ASSERT_EQUAL(t->most, UINT64_MAX);
	CU_ASSERT_EQUAL(pol_times_share(t, 0), 1);
	CU_ASSERT(pol_times_share(t, 0.5) >= UINT64_C(1) << 31 && pol_times_share(t, 0.5) <= UINT64_C(1) << 33);
	free(t);
}

static void
a_timer_says_what_it_is_and_never_goes_back(void)
{
	struct pol_timer t;
	uint64_t begin, first, second;
	volatile unsigned i;

	pol_timer_init(&t);
	CU_ASSERT(t.tick_ns > 0);
	CU_ASSERT_STRING_EQUAL(t.name, t.tsc ? "rdtsc" : "clock_gettime");
	begin = pol_timer_begin(&t);
	for (i = 0; i < 100000; i++)
		;
	first = pol_timer_end(&t, begin);
	second = pol_timer_end(&t, begin);
	CU_ASSERT(first > 0 && second >= first);
}

static void
memory_is_read(void)
{
	struct pol_memory m;

	pol_measure_memory(&m);
	CU_ASSERT(m.peak_kb >= m.rss_kb || m.peak_kb == 0);
}

CU_TestInfo suite_measure[] = {
	{ "the middle of numbers", the_middle_of_numbers },
	{ "a share of times is found within two percent", a_share_of_times_is_found_within_two_percent },
	{ "a time of any size has a place", a_time_of_any_size_has_a_place },
	{ "a timer says what it is and never goes back", a_timer_says_what_it_is_and_never_goes_back },
	{ "memory is read", memory_is_read },
	CU_TEST_INFO_NULL,
};
