/* SPDX-License-Identifier: Apache-2.0 */
/* What a request of HTTP is taken for: the engine's own code, and nobody is asked for. */
#include "author/author.h"

#include <stddef.h>

#include "base/err.h"
#include "core/route.h"

int
policy_set_route(struct policy_set *set, const struct policy_http *http, struct policy_routed *out,
    struct policy_error *err)
{
	const struct pol_program *p = set->own.program;
	struct policy_routed routed = POLICY_ROUTED_INIT;
	struct pol_routed found;	/* not zeroed: it is large */
	struct policy_http h;
	struct pol_target t;
	int rc;

	if (pol_sized_check(out, sizeof(*out), offsetof(struct policy_routed, is_public)) != 0 ||
	    pol_sized_in(&h, sizeof(h), sizeof(h.size), http) != 0)
		return pol_err_set(err, POLICY_ERR_ABI, NULL, 0, 0, "%s", "the size of a structure makes no sense");
	found.route = NULL;
	rc = pol_target_read(&t, h.method, h.target);
	if (rc != 0)
		pol_err_set(err, rc, NULL, 0, 0, "%s", rc == POLICY_ERR_LIMIT ? "the target is too long"
		    : "the method or the target is malformed, or could be read in two ways");
	else if ((rc = pol_route_find(&found, p, h.set.data != NULL ? h.set : policy_text("default"), &t, h.body)) != 0)
		pol_err_set(err, rc, NULL, 0, 0, "%s", rc == POLICY_ERR_LIMIT ? "a part of the request is too long"
		    : "a parameter stands twice, the query is malformed, or the body lacks what the route wants");
	pol_route_tell(&routed, p, &found);
	pol_sized_out(out, &routed, sizeof(routed));
	return rc;
}
