/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What profiles share: other systems' own endpoints, each a table of routes in
 * profile_NAME.c over calls at the desk. A profile decides nothing; the set does.
 */
#ifndef POL_DAEMON_PROFILE_H
#define POL_DAEMON_PROFILE_H

#include <jansson.h>

#include "call.h"

/*
 * The error that clients of several systems read, each its own member: `detail`, `message`,
 * `error`; and `also`, a member more with the same text (NULL: none). A 401 is sent with
 * WWW-Authenticate. Returns 0, as a handler that has answered.
 */
int pol_profile_fail(struct pol_call *c, const char *also, unsigned status, const char *code, const char *text);

/* The body, an object in JSON. NULL: the error was answered. It is the caller's to free. */
json_t *pol_profile_body(struct pol_call *c, const char *also);
/* A member that is a text, not empty; NULL: it is not there, or something else. */
const char *pol_profile_text(const json_t *body, const char *name);

/* Who asks, by Authorization; false: the error was answered. */
bool pol_profile_caller(struct pol_call *c, const char *also, struct pol_caller *w);

/*
 * A call at the desk. args is freed, and NULL a call for which memory is out. 0: *answer is
 * the result, the caller's to free. POLICY_ERR_AGAIN: see pol_handler. 1: the error was
 * answered, with the status that the refusal has in HTTP.
 */
int pol_profile_ask(struct pol_call *c, const char *also, const char *call, const struct pol_caller *as, json_t *args,
    json_t **answer);
/* The same in two: a refusal is the caller's to judge, its policy_err and *answer as the desk gave it; and is answered. */
int pol_profile_try(struct pol_call *c, const char *call, const struct pol_caller *as, json_t *args, json_t **answer);
void pol_profile_refused(struct pol_call *c, const char *also, int rc, const json_t *answer);

/* Answers 200 with an object, which is freed; NULL: memory is out. Returns what a handler does. */
int pol_profile_say(struct pol_call *c, json_t *body);

#endif
