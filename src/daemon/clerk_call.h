/* SPDX-License-Identifier: Apache-2.0 */
/* One call at the desk, as the functions of the table see it. */
#ifndef POL_DAEMON_CLERK_CALL_H
#define POL_DAEMON_CLERK_CALL_H

#include <policy_admin.h>

#include "call.h"
#include "tape.h"

enum { POL_CLERK_CREDENTIALS = 4, POL_CLERK_PAGE = 100, POL_CLERK_PAGE_MOST = 1000 };

/* Members that args may have: bits, in the order of the rows of clerk_args.c. */
enum {
	POL_CLERK_WHO = 1u << 0, POL_CLERK_ID = 1u << 1, POL_CLERK_TYPE = 1u << 2, POL_CLERK_NAME = 1u << 3,
	POL_CLERK_ORG = 1u << 4, POL_CLERK_PASSWORD = 1u << 5, POL_CLERK_OLD = 1u << 6, POL_CLERK_KIND = 1u << 7,
	POL_CLERK_STEP = 1u << 8, POL_CLERK_ROLE = 1u << 9, POL_CLERK_RESOURCE = 1u << 10, POL_CLERK_SUBJECT = 1u << 11,
	POL_CLERK_ACTION = 1u << 12, POL_CLERK_DECISION = 1u << 13, POL_CLERK_SECRET = 1u << 14, POL_CLERK_CURSOR = 1u << 15,
	POL_CLERK_GROUPS = 1u << 16, POL_CLERK_SCOPES = 1u << 17, POL_CLERK_ATTRIBUTES = 1u << 18,
	POL_CLERK_EXPIRES = 1u << 19, POL_CLERK_FROM = 1u << 20, POL_CLERK_UNTIL = 1u << 21, POL_CLERK_SINCE = 1u << 22,
	POL_CLERK_LIFETIME = 1u << 23, POL_CLERK_LIMIT = 1u << 24,
	POL_CLERK_DISABLED = 1u << 25, POL_CLERK_GENERATED = 1u << 26, POL_CLERK_CHANGE = 1u << 27, POL_CLERK_REUSE = 1u << 28,
	POL_CLERK_VOID = 1u << 29, POL_CLERK_RENEWABLE = 1u << 30
};

/* Texts end in NUL, and hold none. */
struct pol_clerk_args {
	uint32_t given;			/* those that were, and are not null */
	uint32_t yes;			/* those of true or false that are true */
	struct policy_text who, id, type, name, org, password, old, kind, step, role, resource, subject, action, decision,
	    secret, cursor;
	const struct policy_text *groups, *scopes;
	size_t groups_count, scopes_count;
	struct policy_attrs attributes;
	int64_t expires_ns, from_ns, until_ns, since_ns;
	int64_t lifetime_s, limit;
};

struct pol_clerk_call {
	struct policy *policy;
	struct policy_request as;
	struct policy_credential credentials[POL_CLERK_CREDENTIALS];
	struct pol_clerk_args a;
	struct pol_text *out;		/* the result, JSON */
	struct policy_error err;
};

/* 0; or a policy_err, and c->err says why. */
typedef int pol_clerk_fn(struct pol_clerk_call *c);

struct pol_clerk_row {
	const char *name;
	pol_clerk_fn *fn;
	bool changes;			/* something, so that the front has to look at the store */
	uint32_t wanted, allowed;	/* members of args that must be, may be */
};

/* clerk_table.c; a name of NULL ends it */
extern const struct pol_clerk_row pol_clerk_table[];

/* clerk_answer.c: what was asked to what is answered, both JSON. policy NULL: there is no set. */
void pol_clerk_answer(struct policy *policy, const char *text, size_t len, struct pol_text *out);

/* clerk_args.c: reads the object `at`. NULL: good; else a sentence in `why`. */
const char *pol_clerk_args(struct pol_clerk_args *a, struct pol_tape *t, size_t at, const struct pol_clerk_row *row,
    char *why, size_t room);
/* A text that ends in NUL; its data NULL: it holds one, or memory is out. */
struct policy_text pol_clerk_args_text(struct pol_tape *t, const struct pol_tape_node *n);

/* c->err is set; returns code. */
int pol_clerk_fail(struct pol_clerk_call *c, int code, const char *text);

/* clerk_time.c */
/* RFC 3339; 0 where it is none, or outside 1970..2261. */
int64_t pol_clerk_time_read(const char *s, size_t len);
/* RFC 3339 in UTC, milliseconds where there are some. */
void pol_clerk_time_say(char out[32], int64_t ns);

/* ---- clerk_say.c: results. A name is wanted first; the first member of an object needs no comma ---- */

void pol_clerk_say_text(struct pol_text *t, const char *name, struct policy_text v);	/* absent: null */
void pol_clerk_say_texts(struct pol_text *t, const char *name, const struct policy_text *list, size_t n);
void pol_clerk_say_bool(struct pol_text *t, const char *name, bool v);
void pol_clerk_say_int(struct pol_text *t, const char *name, int64_t v);
/* NAME as text and NAME_unix as seconds; null where there is none. */
void pol_clerk_say_time(struct pol_text *t, const char *name, int64_t ns);
void pol_clerk_say_attrs(struct pol_text *t, const char *name, struct policy_attrs attrs);

/*
 * A list in pages: {"items": [...], "next": "..." or null}. What was told with the page
 * before is known by its place in the order of the list, so that what was deleted or made
 * since makes no other item be left out, or be told twice.
 */
struct pol_clerk_page {
	struct pol_clerk_call *c;
	int64_t left;			/* items */
	char last[1024];		/* place of the last that was told */
	bool more;			/* there is one that is not */
};

int pol_clerk_page_begin(struct pol_clerk_page *p, struct pol_clerk_call *c);
/* Has the page room for one more? False: the list is to be left. */
bool pol_clerk_page_room(struct pol_clerk_page *p);
void pol_clerk_page_comma(struct pol_clerk_page *p);
void pol_clerk_page_end(struct pol_clerk_page *p);
/* The place of a grant, a token: by its owner's uid, then its time, then its id. */
void pol_clerk_place(char place[1024], struct policy_text uid, int64_t ns, struct policy_text id);
/* None, or one as above. */
bool pol_clerk_is_place(struct policy_text cursor);
bool pol_clerk_is_behind(const char *place, struct policy_text cursor);

/* ---- the calls ---- */

pol_clerk_fn pol_clerk_user_create, pol_clerk_user_show, pol_clerk_user_list, pol_clerk_user_change, pol_clerk_user_password,
    pol_clerk_user_delete, pol_clerk_grant_add, pol_clerk_grant_remove, pol_clerk_grant_list, pol_clerk_token_create,
    pol_clerk_token_show, pol_clerk_token_list, pol_clerk_token_renew, pol_clerk_token_revoke, pol_clerk_login,
    pol_clerk_activity;

#endif
