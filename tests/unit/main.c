/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the suites of suites.h; with arguments, only those named. Prints each
 * test that failed, and one line `N passed, N failed` that counts tests.
 * CU_run_* return 0 even where tests failed: only the counts tell.
 */
#include <stdio.h>
#include <string.h>

#include "unit/unit.h"

struct row {
	const char *name;
	CU_TestInfo *tests;
};

#define SUITE(name) { #name, suite_##name },
static const struct row rows[] = {
#include "unit/suites.h"
};
#undef SUITE

static int
is_wanted(const char *name, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return 1;
	return argc < 2;
}

static CU_ErrorCode
add(const struct row *row)
{
	CU_pSuite suite = CU_add_suite(row->name, NULL, NULL);
	const CU_TestInfo *t;

	if (suite == NULL)
		return CU_get_error();
	for (t = row->tests; t->pName != NULL; t++)
		if (CU_add_test(suite, t->pName, t->pTestFunc) == NULL)
			return CU_get_error();
	return CUE_SUCCESS;
}

static unsigned
print_failures(void)
{
	const CU_FailureRecord *f;
	unsigned n = 0;

	for (f = CU_get_failure_list(); f != NULL; f = f->pNext, n++)
		printf("failed: %s:%u: %s: %s: %s\n", f->strFileName ? f->strFileName : "-",
		    f->uiLineNumber, f->pSuite ? f->pSuite->pName : "-",
		    f->pTest ? f->pTest->pName : "-",
		    f->strCondition ? f->strCondition : "-");
	return n;
}

int
main(int argc, char **argv)
{
	unsigned run, failed, records;
	size_t i;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!is_wanted(rows[i].name, argc, argv))
			continue;
		if (add(&rows[i]) != CUE_SUCCESS) {
			printf("failed: suite %s: %s\n", rows[i].name, CU_get_error_msg());
			return 2;
		}
	}
	if (CU_run_all_tests() != CUE_SUCCESS)
		printf("failed: %s\n", CU_get_error_msg());
	records = print_failures();
	run = CU_get_number_of_tests_run();
	failed = CU_get_number_of_tests_failed();
	if (failed == 0 && records != 0)	/* a suite that could not be set up */
		failed = records;
	printf("%u passed, %u failed\n", run > failed ? run - failed : 0, failed);
	records = CU_get_number_of_failures();
	CU_cleanup_registry();
	return records != 0 || failed != 0 || run == 0;
}
