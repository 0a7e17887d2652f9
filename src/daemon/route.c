/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which handler a target is for: its path as it was sent, byte for byte. A path in another
 * spelling (a dot segment, two slashes, %2f) is another path, and no route's.
 */
#include <string.h>

#include "conn.h"

const struct pol_route *const pol_route_tables[] = { pol_authzen_routes, pol_proxy_routes, pol_health_routes, pol_oauth_routes,
	pol_manage_routes, pol_torchserve_routes, pol_profile_mlblocks_routes, pol_profile_iai_routes, pol_xinference_routes,
	NULL };

static bool
is_path(const struct pol_route *r, const struct pol_call *c)
{
	size_t n = strlen(r->path);

	if (c->path_len < n || memcmp(c->target, r->path, n) != 0)
		return false;
	return c->path_len == n || (r->below && c->target[n] == '/');
}

const struct pol_route *
pol_route_find(const struct pol_call *c, unsigned *status, struct pol_text *allow)
{
	*status = 404;
	for (size_t t = 0; pol_route_tables[t] != NULL; t++)
		for (const struct pol_route *r = pol_route_tables[t]; r->method != NULL && r->method[0] != '\0'; r++) {
			if ((r->serve & c->on->serve) == 0 || !is_path(r, c))
				continue;
			if (r->method[0] == '*' || strcmp(r->method, c->method) == 0) {
				allow->len = 0;	/* methods of rows before it: the text is the body's next */
				return r;
			}
			if (*status == 405)
				pol_text_str(allow, ", ");
			pol_text_str(allow, r->method);
			*status = 405;
		}
	return NULL;
}
