/* SPDX-License-Identifier: Apache-2.0 */
/* Counting, for tests of modules that use what lives here. */
#ifndef POL_COMMON_CHECK_H
#define POL_COMMON_CHECK_H

#include <stdio.h>

static unsigned check_passed, check_failed;

#define check(holds, what) check_line(holds, what, __LINE__)

static inline int
check_line(int holds, const char *what, int line)
{
	if (holds)
		check_passed++;
	else if (check_failed++ < 20)
		printf("failed: line %d: %s\n", line, what);
	return holds;
}

static inline int
check_finish(void)
{
	printf("%u passed, %u failed\n", check_passed, check_failed);
	return check_failed != 0 || check_passed == 0;
}

#endif
