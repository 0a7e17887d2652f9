/* SPDX-License-Identifier: Apache-2.0 */
/* The management API below /v1: a table of operations, which is served and described. */
#ifndef POL_DAEMON_MANAGE_H
#define POL_DAEMON_MANAGE_H

#include <jansson.h>

#include "call.h"

/* Lists of members are names of pol_manage_members with blanks between; "!": it must be. */
struct pol_manage_op {
	const char *method, *path;	/* {member}: one segment */
	const char *call;		/* at the desk; NULL: `here` answers */
	int (*here)(struct pol_call *c, const struct pol_caller *w);
	const char *query, *body;	/* members; NULL: none */
	unsigned status;
	const char *result;		/* a schema; NULL: no body */
	const char *location;		/* before the member that follows: "/v1/tokens/ id" */
	const char *name, *about;	/* operationId, summary */
	unsigned flags;
};

#define POL_MANAGE_OPEN 1u		/* no Authorization: who asks is in the body, or nobody */
#define POL_MANAGE_SELF 2u		/* about the credential that asks */

struct pol_manage_member {
	const char *name, *type;	/* text, texts, attributes, time, limit, seconds, bool, verdict */
	const char *about;
};

/* A member of what is answered. */
struct pol_manage_field {
	const char *schema, *name, *type;	/* "?" at its end: or null */
};

/* manage_table.c; names of NULL end them */
extern const struct pol_manage_op pol_manage_ops[];
extern const struct pol_manage_member pol_manage_members[];
extern const struct pol_manage_field pol_manage_fields[];

/* Is it in the list? *must: with "!". */
bool pol_manage_has(const char *list, const char *name, bool *must);
const struct pol_manage_member *pol_manage_member(const char *name, size_t len);

/* manage_read.c: args of an operation, out of path, query and body. NULL: the error was
 * answered. */
json_t *pol_manage_args(struct pol_call *c, const struct pol_manage_op *op);
/* Does the path have the form of this one? */
bool pol_manage_match(const struct pol_call *c, const char *path);

/* manage_openapi.c: an object to be freed; NULL: no memory */
json_t *pol_manage_describe(const char *url);

/* manage_answer.c */
/* Answers an error; 0. */
int pol_manage_fail(struct pol_call *c, unsigned status, const char *code, const char *text);
/* A refusal of the desk, or of libpolicy: its code, the name of a reason or NULL. */
int pol_manage_refuse(struct pol_call *c, int code, const char *reason, const char *text);
/* Answers a value, which is freed; NULL: no memory, a 500. */
int pol_manage_say(struct pol_call *c, unsigned status, json_t *value);

/* ---- those that the front answers by itself ---- */

int pol_manage_whoami(struct pol_call *c, const struct pol_caller *w);
int pol_manage_openapi(struct pol_call *c, const struct pol_caller *w);

#endif
