/* SPDX-License-Identifier: Apache-2.0 */
#include "call.h"

static int
evaluation(struct pol_call *c)
{
	c->status = 200;
	pol_text_str(&c->out, "{\"decision\":false}");
	return 0;
}

const struct pol_route pol_authzen_routes[] = {
	{ "POST", "/access/v1/evaluation", .serve = POL_SERVE_AUTHZEN, .may = POL_MAY_EVALUATE, .handler = evaluation },
	{ .method = NULL }
};
