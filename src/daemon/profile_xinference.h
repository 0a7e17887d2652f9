/* SPDX-License-Identifier: Apache-2.0 */
/* Xinference's own endpoints: what the files of its profile share. */
#ifndef POL_DAEMON_PROFILE_XINFERENCE_H
#define POL_DAEMON_PROFILE_XINFERENCE_H

#include "profile.h"

enum { POL_XINFERENCE_USERNAME = 256, POL_XINFERENCE_ID = 96 };

/* ---- profile_xinference_say.c ---- */

/* {"detail": text}, and a 401 or 403 with WWW-Authenticate, which names `scope` (NULL: none). Returns 0. */
int pol_xinference_fail(struct pol_call *c, unsigned status, const char *text, const char *scope);
/* Answers with what it frees. Returns what a handler does. */
int pol_xinference_say(struct pol_call *c, unsigned status, json_t *body);
/* The body, an object of JSON; NULL: the error was answered. */
json_t *pol_xinference_body(struct pol_call *c);

/* ---- at the desk ---- */

/* One call; args is freed, NULL: memory is out. 0: *answer is the caller's. Negative: as
 * pol_desk_ask(), but *answer holds nothing to free; `reason` of the refusal is in *reason. */
int pol_xinference_try(struct pol_call *c, const char *call, const struct pol_caller *as, json_t *args, json_t **answer,
    int *reason);
/* The same; what is not 0 was answered, 1, but for POLICY_ERR_AGAIN. what: "User", "Key". */
int pol_xinference_ask(struct pol_call *c, const char *call, const struct pol_caller *as, json_t *args, json_t **answer,
    const char *what, const char *scope);
/* A refusal, answered. Returns 1. */
int pol_xinference_refuse(struct pol_call *c, int rc, int reason, const char *what, const char *scope);
/* Who asks, by Authorization: Bearer. False: the error was answered, w is empty. */
bool pol_xinference_caller(struct pol_call *c, struct pol_caller *w, const char *scope);
/* May the caller do the action? A list told to who may not would be one of nothing. As _ask(). */
int pol_xinference_guard(struct pol_call *c, const struct pol_caller *as, const char *action, const char *type, const char *id);
/* A token by itself: made a caller of. */
void pol_xinference_bearer(struct pol_caller *w, const char *token);

/* ---- profile_xinference_may.c ---- */

/* What a user may, in the words of the generation: a list of texts. NULL: memory is out, or
 * it cannot be known now. With admin, of version 2 that alone. */
json_t *pol_xinference_may(struct pol_call *c, struct policy_text user);
/* Is it one of those words, or an old one for it? NULL, or the word. */
const char *pol_xinference_word(const char *permission);

/* ---- handlers of version 3 ---- */

/* False: it is the other generation, and a 404 was answered. */
bool pol_xinference_is_advanced(struct pol_call *c);
/* A handler's own part, for the caller that it is given: 1 is an error that was answered, all else as a handler. */
typedef int pol_xinference_part(struct pol_call *c, const struct pol_caller *as);
/* What is around that part: the generation, where one may wait, who asks. Returns what a handler does. */
int pol_xinference_handle(struct pol_call *c, const char *scope, pol_xinference_part *part);

/* Users, keys: what the desk calls them, and what is done alike with both. */
struct pol_xinference_kind {
	const char *scope, *path, *what;
	const char *id, *before;	/* the desk's member with an id, and what it has before that of the path */
	const char *list, *remove;	/* calls at the desk */
	const char *type, *any;		/* a resource that stands for all in the list: may it be asked for? */
	const char *only;		/* those of this kind in the list; NULL: all */
	int (*add)(struct pol_call *c, json_t *list, const json_t *item);	/* one of the desk's to ours, or left out */
};
/* Parts of handlers: all there are, page by page; and without one of them. */
int pol_xinference_list(struct pol_call *c, const struct pol_caller *as, const struct pol_xinference_kind *of);
int pol_xinference_remove(struct pol_call *c, const struct pol_caller *as, const struct pol_xinference_kind *of);
/* The id in /v1/admin/WHAT/ID[/rest] as `before` and it, and what stands behind it: "" or "/rest".
 * False: there is none, and a 404 was answered. */
bool pol_xinference_id(struct pol_call *c, const char *path, const char *before, char out[POL_XINFERENCE_ID], const char **rest);
/* YYYY-MM-DD HH:MM:SS, of a time as the desk tells it. */
json_t *pol_xinference_time(const json_t *o, const char *name);

pol_handler pol_xinference_refresh, pol_xinference_logout, pol_xinference_me, pol_xinference_setup_status, pol_xinference_setup,
    pol_xinference_users, pol_xinference_user_create, pol_xinference_user, pol_xinference_user_put, pol_xinference_user_delete,
    pol_xinference_keys, pol_xinference_key_create, pol_xinference_key, pol_xinference_key_delete;

/* Both tokens of a login: a refresh token is there already. Answers. */
int pol_xinference_pair(struct pol_call *c, const char *refresh, int64_t ends_unix);

#endif
