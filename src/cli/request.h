/* SPDX-License-Identifier: Apache-2.0 */
/* An AuthZEN request object as a policy_request. */
#ifndef POL_CLI_REQUEST_H
#define POL_CLI_REQUEST_H

#include <stdbool.h>

#include <jansson.h>

#include <policy.h>

/* Memory that is given back as a whole: one line of a batch. */
struct pol_bump {
	struct pol_bump_chunk *chunks;
	char *next, *end;
};

/* NULL when memory is out; 16-byte aligned. */
void *pol_bump_alloc(struct pol_bump *b, size_t size);
/* Gives back all but one chunk. */
void pol_bump_reset(struct pol_bump *b);
void pol_bump_fini(struct pol_bump *b);

struct pol_ask {
	struct policy_request req;
	struct policy_token token;
	const char *now;		/* NULL: not said */
};

/*
 * Fills out from the object; it borrows texts from `root` and memory from `bump`.
 * 0; or POLICY_ERR_ARG, POLICY_ERR_LIMIT or POLICY_ERR_NOMEM and a sentence in *why.
 */
int pol_request_make(struct pol_ask *out, const json_t *root, struct pol_bump *bump, const char **why);

/* From now on Jansson takes its memory from `bump`; it frees nothing itself. */
void pol_request_bump(struct pol_bump *bump);
/* One line of JSON. NULL and a sentence in why (of 256 bytes) when it is none. */
json_t *pol_request_parse(const char *line, size_t len, char why[256]);

#endif
