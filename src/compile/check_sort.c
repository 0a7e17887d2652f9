/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By name, in byte order. A comparison of two names is two walks through memory, and
 * a million names take twenty million: so the first eight bytes of each are sorted
 * byte by byte, and only those that are equal so far are compared.
 */
#include "compile/check.h"

#include <stdlib.h>

#define FEW 64u

struct item {
	uint64_t first;			/* bytes of the name, the first one highest */
	void *value;
};

static const struct pol_node *
name_of(const void *value)
{
	return *(const struct pol_node *const *)value;
}

static int
by_name(const void *a, const void *b)
{
	const struct pol_node *x = name_of(*(void *const *)a), *y = name_of(*(void *const *)b);

	return pol_bytes_cmp(x->u.text, x->count, y->u.text, y->count);
}

static int
by_item(const void *a, const void *b)
{
	return by_name(&((const struct item *)a)->value, &((const struct item *)b)->value);
}

static bool
is_sorted(void **list, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++)
		if (by_name(&list[i - 1], &list[i]) > 0)
			return false;
	return true;
}

static uint64_t
first_bytes(const struct pol_node *name)
{
	uint64_t v = 0;
	unsigned i;

	for (i = 0; i < 8; i++)
		v = v << 8 | (i < name->count ? (unsigned char)name->u.text[i] : 0u);
	return v;
}

/* By one byte, stable; false: it is the same everywhere, and nothing was moved. */
static bool
by_byte(struct item *to, const struct item *from, size_t n, unsigned shift)
{
	size_t at[256] = { 0 }, i, sum = 0;

	for (i = 0; i < n; i++)
		at[from[i].first >> shift & 0xffu]++;
	if (at[from[0].first >> shift & 0xffu] == n)
		return false;
	for (i = 0; i < 256; i++) {
		size_t here = at[i];

		at[i] = sum;
		sum += here;
	}
	for (i = 0; i < n; i++)
		to[at[from[i].first >> shift & 0xffu]++] = from[i];
	return true;
}

/* The sorted one of the two rooms. */
static struct item *
sort_items(struct item *items, struct item *other, size_t n)
{
	struct item *from = items, *to = other, *was;
	size_t i, end;
	unsigned shift;

	for (shift = 0; shift < 64; shift += 8) {
		if (!by_byte(to, from, n, shift))
			continue;
		was = from;
		from = to;
		to = was;
	}
	for (i = 0; i < n; i = end) {
		for (end = i + 1; end < n && from[end].first == from[i].first; end++)
			continue;
		if (end > i + 1)
			qsort(&from[i], end - i, sizeof(*from), by_item);
	}
	return from;
}

int
pol_check_sort(struct ast_set *set, void **list, size_t n)
{
	struct item *items, *sorted;
	size_t i;

	if (n < 2 || is_sorted(list, n))
		return 0;
	if (n <= FEW) {
		qsort(list, n, sizeof(*list), by_name);
		return 0;
	}
	items = n > SIZE_MAX / 2 / sizeof(*items) ? NULL : malloc(2 * n * sizeof(*items));
	if (items == NULL)
		return pol_set_nomem(set);
	for (i = 0; i < n; i++)
		items[i] = (struct item){ first_bytes(name_of(list[i])), list[i] };
	sorted = sort_items(items, items + n, n);
	for (i = 0; i < n; i++)
		list[i] = sorted[i].value;
	free(items);
	return 0;
}
