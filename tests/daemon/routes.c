/* SPDX-License-Identifier: Apache-2.0 */
/* The routes policyd has, one a line: METHOD PATH BELOW SERVE MAY; for hostile_sweep.py, so
 * that a new one is swept without being told of. */
#include <stdio.h>

#include "daemon/call.h"

int
main(void)
{
	static const struct pol_route *const tables[] = { pol_authzen_routes, pol_proxy_routes, pol_health_routes };

	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
		for (const struct pol_route *r = tables[t]; r->method != NULL && r->method[0] != '\0'; r++)
			printf("%s %s %d %u %u\n", r->method, r->path, r->below, r->serve, r->may);
	return 0;
}
