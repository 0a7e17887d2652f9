/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layout and values of public headers, as numbers: a program of this folder is its rows in
 * two tables and a main() that compares them. A size or an offset is that of x86-64;
 * elsewhere the rows of layout are one skip.
 */
#ifndef TESTS_ABI_LAYOUT_H
#define TESTS_ABI_LAYOUT_H

#include <stddef.h>
#include <stdio.h>

struct row {
	const char *what;
	long long is, wanted;
};

#define SIZE(s, n) { "sizeof(struct " #s ")", (long long)sizeof(struct s), n }
#define FIELD(s, f, n) { "offsetof(struct " #s ", " #f ")", (long long)offsetof(struct s, f), n }
#define VALUE(v, n) { #v, (long long)(v), n }

#define ROWS(table) table, sizeof(table) / sizeof((table)[0])
#ifdef __x86_64__
#define LAYOUT ROWS(layout)
#else
#define LAYOUT NULL, 0
#endif

/* How many differ, each of them told. */
static unsigned
compare(const struct row *r, size_t n)
{
	unsigned failed = 0;

	for (size_t i = 0; i < n; i++) {
		if (r[i].is == r[i].wanted)
			continue;
		failed++;
		printf("failed: %s is %lld, wanted %lld\n", r[i].what, r[i].is, r[i].wanted);
	}
	return failed;
}

/* What main() returns. */
static int
compare_both(const struct row *values, size_t n_values, const struct row *layout, size_t n_layout)
{
	const size_t n = n_values + n_layout;
	const unsigned failed = compare(values, n_values) + compare(layout, n_layout);

	if (n_layout == 0)
		printf("skipped: sizes and offsets (they are those of x86-64)\n");
	printf("%zu passed, %u failed%s\n", n - failed, failed, n_layout == 0 ? ", 1 skipped" : "");
	return failed != 0;
}

#endif
