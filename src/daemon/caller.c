/* SPDX-License-Identifier: Apache-2.0 */
#include "call.h"

unsigned
pol_caller_read(struct pol_caller *w, const struct pol_call *c, const char *header)
{
	(void)c, (void)header;
	w->count = 0;
	return 400;
}

void
pol_caller_fini(struct pol_caller *w)
{
	(void)w;
}

int
pol_caller_may(struct pol_call *c, unsigned may)
{
	(void)may;
	pol_call_error(c, 403, "nobody may");
	return 1;
}
