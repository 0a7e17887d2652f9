/* SPDX-License-Identifier: Apache-2.0 */
#include "call.h"

static int
live(struct pol_call *c)
{
	c->status = 200;
	pol_text_str(&c->out, "{\"status\":\"live\"}");
	return 0;
}

const struct pol_route pol_health_routes[] = {
	{ "GET", "/health/live", .serve = POL_SERVE_HEALTH, .handler = live },
	{ .method = NULL }
};
