/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client asked for: a method, and a target as it was sent. The path is decoded
 * once, whatever can be read in two ways is refused, and the query is read only where
 * a route wants something of it. Also for compile/, which reads paths by the same rules.
 */
#ifndef POL_CORE_TARGET_H
#define POL_CORE_TARGET_H

#include <stdbool.h>

#include <policy.h>

#define POL_TARGET_MAX 8192u		/* bytes of path and query */
#define POL_TARGET_SEGMENTS 64u
#define POL_TARGET_PARAMS 64u
#define POL_TARGET_METHOD 32u		/* bytes of a method */

struct pol_segment {
	uint32_t off, len;		/* into path; of no bytes: behind a slash at the end */
	bool slash;			/* a %2F was in it */
};

struct pol_target {
	struct policy_text method, query;	/* query as sent; absent: none */
	uint32_t n;
	struct pol_segment segment[POL_TARGET_SEGMENTS];
	char path[POL_TARGET_MAX];	/* segments with a slash between, decoded */
};

struct pol_params {
	uint32_t n;
	struct { struct policy_text key, value; } list[POL_TARGET_PARAMS];
	char bytes[POL_TARGET_MAX];
};

/* 0; POLICY_ERR_ARG: it is malformed, or is no path; POLICY_ERR_LIMIT: it is too long. */
int pol_target_read(struct pol_target *t, struct policy_text method, struct policy_text target);
/* The parameters, in their order. Likewise. */
int pol_target_params(struct pol_params *p, struct policy_text query);

/* Is it a token of RFC 9110, and not too long? */
bool pol_target_is_method(struct policy_text method);

#endif
