/* SPDX-License-Identifier: Apache-2.0 */
/* The routes policyd has, one a line: METHOD PATH BELOW SERVE MAY; for hostile_sweep.py, so
 * that a new one is swept without being told of. */
#include <stdio.h>

#include "daemon/call.h"

int
main(void)
{
	for (size_t t = 0; pol_route_tables[t] != NULL; t++)
		for (const struct pol_route *r = pol_route_tables[t]; r->method != NULL && r->method[0] != '\0'; r++)
			printf("%s %s %d %u %u\n", r->method, r->path, r->below, r->serve, r->may);
	return 0;
}
