/* SPDX-License-Identifier: Apache-2.0 */
/* One suite for every store: what policy_module.h says of them. */
#include <stdio.h>

#include "tests/modules/store_env.h"


int
main(void)
{
	const char *why = env_begin();

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (why != NULL) {
		printf("skipped: %s\n0 passed, 0 failed, 1 skipped\n", why);
		return 0;
	}
	suite_rows();
	suite_reads();
	suite_writers();
	env_end();
	return store_finish();
}
