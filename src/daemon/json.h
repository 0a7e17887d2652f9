/* SPDX-License-Identifier: Apache-2.0 */
/* JSON of a request to what libpolicy takes. */
#ifndef POL_DAEMON_JSON_H
#define POL_DAEMON_JSON_H

#include <jansson.h>

#include <policy.h>

/* Values of one request, in blocks; all are freed at once. */
struct pol_json {
	struct pol_json_block *blocks;
};

/* Strict: I-JSON, a repeated name, bytes that are no UTF-8, more than 64 levels are
 * refused. NULL: `why` (of `room` bytes) says what is wrong and where. */
json_t *pol_json_read(const char *text, size_t len, char *why, size_t room);
/* Members of an object as attributes; their texts are obj's. NULL values are left out.
 * 0, POLICY_ERR_NOMEM, POLICY_ERR_LIMIT (deeper than 8), POLICY_ERR_ARG (a number beyond int64). */
int pol_json_attrs(struct pol_json *j, struct policy_attrs *out, const json_t *obj);
void pol_json_fini(struct pol_json *j);

#endif
