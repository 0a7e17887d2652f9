/* SPDX-License-Identifier: Apache-2.0 */
/* base/arena.c: zeroed and aligned memory, and what happens when there is none. */
#include <stdarg.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#include "unit/unit.h"

static int
is_zero(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return 0;
	return 1;
}

static void
memory_is_zeroed_aligned_and_apart(void)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 100, 4000, 5000, 0, 70000, 3, 3000000, 8 };
	struct pol_arena a;
	char *seen[40 * 13];
	size_t n = 0, size, asked = 0;

	pol_arena_init(&a);
	for (int round = 0; round < 40; round++) {
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			size = round > 1 && sizes[i] > 100000 ? 64 : sizes[i];
			asked += size;
			seen[n] = pol_arena_alloc(&a, size);
			CU_ASSERT_PTR_NOT_NULL_FATAL(seen[n]);
			CU_ASSERT_EQUAL((uintptr_t)seen[n] % 8, 0);
			CU_ASSERT(is_zero(seen[n], size));
			memset(seen[n], 0xa5, size);
			for (size_t k = 0; k < n; k++)
				if (seen[k] == seen[n])
					CU_FAIL("the same place twice");
			n++;
		}
	}
	CU_ASSERT(a.bytes >= asked);
	pol_arena_fini(&a);
	CU_ASSERT_PTR_NULL(a.chunks);
	CU_ASSERT_EQUAL(a.bytes, 0);
	CU_ASSERT_PTR_NOT_NULL(pol_arena_alloc(&a, 1));	/* as good as new */
	pol_arena_fini(&a);
	pol_arena_fini(&a);
}

static void
a_mark_is_come_back_to(void)
{
	static const size_t sizes[] = { 0, 100, 3000, 5000, 70000, 3000000 };
	struct pol_arena a;
	struct pol_arena_mark empty, some;
	char *kept, *p;
	size_t bytes;

	pol_arena_init(&a);
	pol_arena_mark(&a, &empty);
	for (int round = 0; round < 2; round++) {
		kept = pol_arena_copy(&a, "kept", 4);
		CU_ASSERT_PTR_NOT_NULL_FATAL(kept);
		pol_arena_mark(&a, &some);
		bytes = a.bytes;
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			for (size_t k = 0; k <= i; k++) {
				p = pol_arena_alloc(&a, sizes[k]);
				CU_ASSERT_PTR_NOT_NULL_FATAL(p);
				CU_ASSERT(is_zero(p, sizes[k]));
				memset(p, 0xa5, sizes[k]);
			}
			pol_arena_return(&a, &some);
			CU_ASSERT_EQUAL(a.bytes, bytes);
			CU_ASSERT_STRING_EQUAL(kept, "kept");
			p = pol_arena_alloc(&a, 64);
			CU_ASSERT_PTR_NOT_NULL_FATAL(p);
			CU_ASSERT(is_zero(p, 64));
			pol_arena_return(&a, &some);
		}
		pol_arena_return(&a, &empty);
		CU_ASSERT_PTR_NULL(a.chunks);
		CU_ASSERT_EQUAL(a.bytes, 0);
	}
	pol_arena_fini(&a);
}

static void
a_big_piece_leaves_the_current_chunk_in_use(void)
{
	struct pol_arena a;
	char *first, *big, *second;

	pol_arena_init(&a);
	first = pol_arena_alloc(&a, 16);
	big = pol_arena_alloc(&a, 1 << 22);
	second = pol_arena_alloc(&a, 16);
	CU_ASSERT_PTR_NOT_NULL(big);
	CU_ASSERT_PTR_EQUAL(second, first + 16);
	pol_arena_fini(&a);
}

static void
sizes_that_overflow_are_refused(void)
{
	struct pol_arena a;

	pol_arena_init(&a);
	CU_ASSERT_PTR_NULL(pol_arena_alloc(&a, SIZE_MAX));
	CU_ASSERT_PTR_NULL(pol_arena_alloc(&a, (size_t)PTRDIFF_MAX));
	CU_ASSERT_PTR_NULL(pol_arena_array(&a, SIZE_MAX / 2, 3));
	CU_ASSERT_PTR_NULL(pol_arena_array(&a, 3, SIZE_MAX / 2));
	CU_ASSERT_PTR_NULL(pol_arena_copy(&a, "", SIZE_MAX));
	CU_ASSERT_PTR_NOT_NULL(pol_arena_array(&a, 0, SIZE_MAX));
	CU_ASSERT_PTR_NOT_NULL(pol_arena_array(&a, SIZE_MAX, 0));
	CU_ASSERT_PTR_NOT_NULL(pol_arena_array(&a, 3, 5));
	pol_arena_fini(&a);
}

static void
a_copy_ends_in_nul(void)
{
	struct pol_arena a;
	char *p;

	pol_arena_init(&a);
	p = pol_arena_copy(&a, "a\0bc", 4);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	CU_ASSERT_EQUAL(memcmp(p, "a\0bc", 5), 0);
	p = pol_arena_copy(&a, NULL, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	CU_ASSERT_EQUAL(p[0], '\0');
	pol_arena_fini(&a);
}

static void
a_buffer_grows_and_gives_offsets(void)
{
	struct pol_buf b;
	uint32_t v;

	pol_buf_init(&b);
	CU_ASSERT_EQUAL(pol_buf_append(&b, NULL, 0), 0);
	for (uint32_t i = 0; i < 10000; i++)
		if (pol_buf_append(&b, &i, sizeof(i)) != i * sizeof(i))
			CU_FAIL("a wrong offset");
	for (uint32_t i = 0; i < 10000; i++) {
		memcpy(&v, b.data + i * sizeof(v), sizeof(v));
		if (v != i)
			CU_FAIL("a wrong value");
	}
	CU_ASSERT_EQUAL(pol_buf_append(&b, NULL, 3), 40000);
	CU_ASSERT(is_zero(b.data + 40000, 3));
	CU_ASSERT_EQUAL(b.len, 40003);
	CU_ASSERT_EQUAL(b.failed, 0);
	pol_buf_fini(&b);
	CU_ASSERT_PTR_NULL(b.data);
	CU_ASSERT_EQUAL(b.len, 0);
}

static void
padding_is_zero_and_only_where_needed(void)
{
	struct pol_buf b;

	pol_buf_init(&b);
	CU_ASSERT_EQUAL(pol_buf_align(&b, 16), 0);
	CU_ASSERT_EQUAL(b.len, 0);
	pol_buf_append(&b, "abc", 3);
	CU_ASSERT_EQUAL(pol_buf_align(&b, 1), 0);
	CU_ASSERT_EQUAL(b.len, 3);
	CU_ASSERT_EQUAL(pol_buf_align(&b, 8), 0);
	CU_ASSERT_EQUAL(b.len, 8);
	CU_ASSERT_EQUAL(memcmp(b.data, "abc\0\0\0\0\0", 8), 0);
	CU_ASSERT_EQUAL(pol_buf_align(&b, 8), 0);
	CU_ASSERT_EQUAL(b.len, 8);
	pol_buf_fini(&b);
}

static void
printing_appends_without_the_nul(void)
{
	struct pol_buf b;
	char want[2001];

	memset(want, 'y', 2000);
	want[2000] = '\0';
	pol_buf_init(&b);
	pol_buf_printf(&b, "%s", "");
	CU_ASSERT_EQUAL(b.len, 0);
	pol_buf_printf(&b, "%d-%s", 42, "x");
	pol_buf_append(&b, "!", 1);
	pol_buf_printf(&b, "%s", want);
	CU_ASSERT_EQUAL(b.len, 2005);
	CU_ASSERT_EQUAL(memcmp(b.data, "42-x!yyy", 8), 0);
	CU_ASSERT_EQUAL(memcmp(b.data + 5, want, 2000), 0);
	pol_buf_fini(&b);
}

static void
a_buffer_refuses_what_cannot_be(void)
{
	struct pol_buf b;

	pol_buf_init(&b);
	pol_buf_append(&b, "ab", 2);
	CU_ASSERT_EQUAL(pol_buf_append(&b, NULL, SIZE_MAX), SIZE_MAX);
	CU_ASSERT_NOT_EQUAL(b.failed, 0);
	CU_ASSERT_EQUAL(b.len, 2);
	CU_ASSERT_EQUAL(pol_buf_append(&b, "c", 1), SIZE_MAX);
	CU_ASSERT_EQUAL(pol_buf_append(&b, NULL, 0), SIZE_MAX);
	CU_ASSERT_NOT_EQUAL(pol_buf_align(&b, 8), 0);
	pol_buf_printf(&b, "x");
	CU_ASSERT_EQUAL(b.len, 2);
	pol_buf_fini(&b);
}

/* A second copy of the file whose allocator fails when told. */
static int allowed;

static void *
scarce_calloc(size_t n, size_t size)
{
	return allowed-- > 0 ? calloc(n, size) : NULL;
}

static void *
scarce_realloc(void *p, size_t size)
{
	return allowed-- > 0 ? realloc(p, size) : NULL;
}

#define calloc scarce_calloc
#define realloc scarce_realloc
#define pol_arena_init scarce_arena_init
#define pol_arena_fini scarce_arena_fini
#define pol_arena_alloc scarce_arena_alloc
#define pol_arena_array scarce_arena_array
#define pol_arena_copy scarce_arena_copy
#define pol_arena_pages scarce_arena_pages
#define pol_buf_init scarce_buf_init
#define pol_buf_fini scarce_buf_fini
#define pol_buf_append scarce_buf_append
#define pol_buf_align scarce_buf_align
#define pol_buf_printf scarce_buf_printf
#undef POL_BASE_ARENA_H
#define pol_arena scarce_arena
#define pol_arena_mark scarce_arena_mark
#define pol_arena_return scarce_arena_return
#define pol_buf scarce_buf
#include "base/arena.c"

static void
an_arena_outlives_a_failure(void)
{
	for (int may = 0; may < 6; may++) {
		struct pol_arena a;
		size_t before;
		char *p, *last = NULL;

		pol_arena_init(&a);
		allowed = may;
		for (int i = 0; i < 100; i++) {
			before = a.bytes;
			p = pol_arena_alloc(&a, i % 10 == 9 ? 100000 : 1000);
			if (p == NULL) {
				CU_ASSERT_EQUAL(a.bytes, before);
			} else {
				last = p;
			}
		}
		CU_ASSERT_EQUAL(last != NULL, may > 0);
		CU_ASSERT_PTR_NULL(pol_arena_array(&a, 2, (size_t)1 << 21));
		allowed = 1;
		CU_ASSERT_PTR_NOT_NULL(pol_arena_alloc(&a, (size_t)1 << 21));
		pol_arena_fini(&a);
	}
}

static void
a_buffer_that_failed_keeps_what_it_had(void)
{
	for (int may = 0; may < 4; may++) {
		struct pol_buf b;

		pol_buf_init(&b);
		allowed = may;
		for (int i = 0; i < 2000; i++)
			pol_buf_printf(&b, "%d", i % 10);
		CU_ASSERT_NOT_EQUAL(b.failed, 0);
		CU_ASSERT_EQUAL(b.len < b.cap || b.cap == 0, 1);
		for (size_t i = 0; i < b.len; i++)
			if (b.data[i] != (char)('0' + i % 10))
				CU_FAIL("a byte was lost");
		allowed = 10;
		CU_ASSERT_EQUAL(pol_buf_append(&b, "x", 1), SIZE_MAX);
		pol_buf_fini(&b);
	}
}

CU_TestInfo suite_arena[] = {
	{ "memory is zeroed, aligned and apart", memory_is_zeroed_aligned_and_apart },
	{ "a big piece leaves the current chunk in use", a_big_piece_leaves_the_current_chunk_in_use },
	{ "sizes that overflow are refused", sizes_that_overflow_are_refused },
	{ "a mark is come back to", a_mark_is_come_back_to },
	{ "a copy ends in NUL", a_copy_ends_in_nul },
	{ "a buffer grows and gives offsets", a_buffer_grows_and_gives_offsets },
	{ "padding is zero and only where needed", padding_is_zero_and_only_where_needed },
	{ "printing appends without the NUL", printing_appends_without_the_nul },
	{ "a buffer refuses what cannot be", a_buffer_refuses_what_cannot_be },
	{ "an arena outlives a failure", an_arena_outlives_a_failure },
	{ "a buffer that failed keeps what it had", a_buffer_that_failed_keeps_what_it_had },
	CU_TEST_INFO_NULL
};
