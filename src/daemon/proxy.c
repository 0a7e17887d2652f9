/* SPDX-License-Identifier: Apache-2.0 */
#include "call.h"

const struct pol_route pol_proxy_routes[] = {
	{ .method = NULL }
};
