/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The front's side of the desk, where calls are made that change something. The front may
 * not change anything by itself; the keeper does (clerk.h), and believes a caller's
 * credentials only, never the front.
 */
#ifndef POL_DAEMON_DESK_H
#define POL_DAEMON_DESK_H

#include <jansson.h>

#include "call.h"

enum { POL_DESK_PLACES = 8 };

struct pol_desk;

/* NULL: no memory. It has no places yet. */
struct pol_desk *pol_desk_new(void);
/* One more place: a socket, which is the desk's from here on. 0 or -1. */
int pol_desk_add(struct pol_desk *d, int fd);
void pol_desk_free(struct pol_desk *d);

/*
 * Makes a call of clerk.h in the name of `as` (its credentials; it may have none, and is
 * refused then). args: a JSON object as text, NULL: none. Waits: a handler whose call has
 * c->nonblock set gets POLICY_ERR_AGAIN, and nothing was done.
 *
 * 0: *answer is the result, and what was changed is in force here. Negative, of enum policy_err: *answer is NULL or an object with
 * `error`, `text` and where known `reason` (policy_reason_name()). POLICY_ERR_UNAVAILABLE:
 * it may have been done. POLICY_ERR_UNSUPPORTED: there is no keeper, or no store. POLICY_ERR_LIMIT with
 * `retry_after`: a password that is not judged yet (login.h), which is a 429; Retry-After was
 * added. The
 * caller has *answer to free, json_decref(), which wipes it.
 */
int pol_desk_ask(struct pol_call *c, const char *call, const struct pol_caller *as, const char *args, json_t **answer);

/* jansson's memory is wiped before it is given back. Before any other call of jansson. */
void pol_desk_wipe_json(void);

#endif
