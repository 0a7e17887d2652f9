/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_admin.h - for programs that manage who there is: users, roles granted to them,
 * tokens, and what they did.
 *
 * All of it lies in the set's `store:`, but for keys that a step keeps itself. Nothing here has rights of its own: each call is
 * made by somebody, `as`, in whose name the set decides it, like any other request:
 *
 *	call				action			resource	own
 *	policy_user_create		users:create		user/NAME
 *	policy_user_show, _list		users:read		user/NAME	yes
 *	policy_user_change		users:change		user/NAME	yes
 *	policy_user_password		users:password		user/NAME	yes
 *	policy_user_delete		users:delete		user/NAME
 *	policy_grant_add, _remove	grants:create, :delete	user/NAME
 *	policy_grant_list		grants:read		user/NAME	yes
 *	policy_token_create		tokens:create		user/NAME	yes
 *	policy_token_show, _list	tokens:read		token/ID	yes
 *	policy_token_renew		tokens:renew		token/ID	yes
 *	policy_token_revoke		tokens:revoke		token/ID	yes
 *	policy_key_rotate		keys:rotate		key/KIND
 *	policy_activity_read		activity:read		user/NAME	yes
 *	policy_admin_backup		policy:backup		user
 *	what exceeds the caller's rights	policy:escalate	user
 *
 * A set declares those it wants (an action that it does not is denied), under names of
 * its own by `aliases:`; NAME is TYPE:NAME where the type is not "user". The resource
 * has the attributes `user_id` (uid of whose it is), `owner` (its name), `org`, and of a
 * token `kind`, so that `owner: owner` or `{ resource: user_id, subject: uid }` makes
 * "own" work. Subjects out of the store have the attributes `uid` and `org`.
 *
 * Nobody gives what he does not hold (doc/policy.yaml.5, "GRANTS AND TOKENS"): a token
 * confers at most what the credential that asked for it confers; a role is granted by who
 * holds it or one that includes it, unconditionally, on at least that resource, for at
 * least that time; the rest needs policy:escalate. The last who has that keeps it:
 * policy_err INVALID.
 *
 * A call returns 0 when the change is durable in the store and in force in this process;
 * other processes see it within a second, or as doc/policy.yaml.5 says. Negative: nothing
 * was changed, but after POLICY_ERR_UNAVAILABLE, when it may have been; err says why:
 *	POLICY_ERR_DENIED	the set denies it; err names the reason
 *	POLICY_ERR_NOENT	there is no such user, grant or token
 *	POLICY_ERR_EXISTS	the name is taken: by a user, by a deleted one, by a file
 *	POLICY_ERR_INVALID	what was asked for cannot be
 *	POLICY_ERR_UNAVAILABLE	the store cannot be asked
 *	POLICY_ERR_UNSUPPORTED	the set has no store, or one that is read only
 *
 * Any thread, any number at once; calls wait for the store and queue behind each other.
 * Where the set says `audit:`, each call that was decided is recorded; where that says
 * `must`, none is made that cannot be (POLICY_ERR_UNAVAILABLE).
 *
 * Times are Unix nanoseconds, 0: not said. Texts that a callback is handed last for that
 * call of it. Secrets are wiped by who holds them.
 */
#ifndef POLICY_ADMIN_H
#define POLICY_ADMIN_H

#include <policy.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/*
 * By whom a call is made. `as` is a request of which the part that says who is read: a
 * subject that the host has authenticated, with its token, or credentials; and
 * deadline_ns, flags and context. It has no action and no resource.
 */
#define POLICY_ADMIN_AS const struct policy_request *as

/* ---- users ---- */

#define POLICY_USER_DISABLED 1u
#define POLICY_USER_MADE 2u		/* of a program's own making, no person's: "generated" */
#define POLICY_USER_CHANGE 4u		/* has to change its password */
#define POLICY_USER_REUSE 8u		/* create only: the name may be a deleted user's */
#define POLICY_USER_SHADOWED 16u	/* told only: a file names it, so that this one counts for nothing */

struct policy_user {
	uint32_t size;
	uint32_t flags;			/* POLICY_USER_ */
	struct policy_text uid;		/* told only: never given again */
	struct policy_text type, name;	/* type absent: "user" */
	struct policy_text org;
	const struct policy_text *groups;	/* that the set declares */
	size_t groups_count;
	struct policy_attrs attributes;	/* texts, integers, booleans; not uid and org */
	/* create only: its first password; absent: it has none, and logs in by none */
	struct policy_text password;
	/* told only: */
	struct policy_text by;		/* uid of who made it; empty: the first of all */
	int64_t created_ns;
	int64_t valid_from_ns;		/* tokens issued before are void */
	int has_password;
};
#define POLICY_USER_INIT { .size = sizeof(struct policy_user) }

/* Which members a change is about; bits. */
#define POLICY_CHANGE_FLAGS 1u		/* DISABLED, CHANGE */
#define POLICY_CHANGE_ORG 2u
#define POLICY_CHANGE_GROUPS 4u		/* given by who is in it, or has policy:escalate */
#define POLICY_CHANGE_ATTRIBUTES 8u	/* all of them */
#define POLICY_CHANGE_VOID 16u		/* every token issued so far is void */

typedef int policy_user_fn(void *ctx, const struct policy_user *u);

/* fn, if not NULL, is told of the new user, with its uid. */
int policy_user_create(struct policy *p, POLICY_ADMIN_AS, const struct policy_user *want,
    policy_user_fn *fn, void *ctx, struct policy_error *err);
/* who: NAME, TYPE:NAME, or a uid behind "uid:". */
int policy_user_show(struct policy *p, POLICY_ADMIN_AS, const char *who,
    policy_user_fn *fn, void *ctx, struct policy_error *err);
/* In the order of their names, those that the caller may read. fn: non-zero stops, and is
 * returned where negative. */
int policy_user_list(struct policy *p, POLICY_ADMIN_AS, policy_user_fn *fn, void *ctx,
    struct policy_error *err);
int policy_user_change(struct policy *p, POLICY_ADMIN_AS, const char *who, uint32_t what,
    const struct policy_user *to, struct policy_error *err);
/* Who changes his own gives the old one too (old_password absent: he need not where he is
 * not the user). All tokens of the user end, but the one that asked. */
int policy_user_password(struct policy *p, POLICY_ADMIN_AS, const char *who,
    struct policy_text old_password, struct policy_text new_password, struct policy_error *err);
/* Its grants and tokens end with it; its name stays taken. */
int policy_user_delete(struct policy *p, POLICY_ADMIN_AS, const char *who, struct policy_error *err);

/* ---- grants ---- */

struct policy_grant {
	uint32_t size;
	uint32_t flags;			/* 0 */
	struct policy_text id;		/* told only */
	struct policy_text who;		/* as above; told: TYPE:NAME or NAME */
	struct policy_text uid;		/* told only */
	struct policy_text role;
	struct policy_text resource;	/* absent: everywhere; TYPE or TYPE/GLOB */
	int64_t from_ns, until_ns;	/* half open; 0: no bound */
	struct policy_text by;		/* told only: uid */
	int64_t created_ns;		/* told only */
};
#define POLICY_GRANT_INIT { .size = sizeof(struct policy_grant) }

typedef int policy_grant_fn(void *ctx, const struct policy_grant *g);

int policy_grant_add(struct policy *p, POLICY_ADMIN_AS, const struct policy_grant *want,
    policy_grant_fn *fn, void *ctx, struct policy_error *err);
/* By its id. */
int policy_grant_remove(struct policy *p, POLICY_ADMIN_AS, const char *id, struct policy_error *err);
/* who NULL: everybody's that the caller may read. */
int policy_grant_list(struct policy *p, POLICY_ADMIN_AS, const char *who,
    policy_grant_fn *fn, void *ctx, struct policy_error *err);

/* ---- tokens and keys ---- */

#define POLICY_TOKEN_RENEWABLE 2u	/* beside POLICY_TOKEN_SCOPED */
#define POLICY_TOKEN_REVOKED 4u		/* told only */
#define POLICY_TOKEN_SIGNED 8u		/* a JWT by the step `step`, not an opaque one */
#define POLICY_TOKEN_ACTOR 16u		/* told only: who made it must be allowed as well */

struct policy_token_info {
	uint32_t size;
	uint32_t flags;			/* POLICY_TOKEN_ */
	struct policy_text id;		/* told only */
	struct policy_text who;		/* whose; create: absent, the caller's own */
	struct policy_text kind;	/* as `credentials:` has it; create: absent, "token" */
	struct policy_text name;	/* what its owner calls it */
	struct policy_text step;	/* of a JWT: the step that issues it; told: that takes it */
	const struct policy_text *scopes;
	size_t scopes_count;
	int64_t expires_ns;		/* create: 0, as `tokens:` says; never beyond its max_lifetime */
	/* told only: */
	struct policy_text prefix;	/* the first letters of an opaque one, to know it by */
	struct policy_text secret;	/* of one that was just made: shown this once */
	struct policy_text user_id, org, by;	/* uids; org of its owner */
	int64_t created_ns, issued_ns;	/* first, and when it was last renewed */
	int active;			/* good now: not ended, not revoked, its owner enabled */
	/* what the scopes allow, those that others imply too: as a caller would be shown */
	const struct policy_text *implied;
	size_t implied_count;
};
#define POLICY_TOKEN_INFO_INIT { .size = sizeof(struct policy_token_info) }

typedef int policy_token_fn(void *ctx, const struct policy_token_info *t);

int policy_token_create(struct policy *p, POLICY_ADMIN_AS, const struct policy_token_info *want,
    policy_token_fn *fn, void *ctx, struct policy_error *err);
/* By its id, or by itself: who has a token may look at it, whatever its scopes. */
int policy_token_show(struct policy *p, POLICY_ADMIN_AS, const char *id, const struct policy_credential *itself,
    policy_token_fn *fn, void *ctx, struct policy_error *err);
int policy_token_list(struct policy *p, POLICY_ADMIN_AS, const char *who,
    policy_token_fn *fn, void *ctx, struct policy_error *err);
/* A new secret, the same id; the old secret ends. No longer than first issue + max_lifetime. */
int policy_token_renew(struct policy *p, POLICY_ADMIN_AS, const char *id, int64_t expires_ns,
    policy_token_fn *fn, void *ctx, struct policy_error *err);
int policy_token_revoke(struct policy *p, POLICY_ADMIN_AS, const char *id, struct policy_error *err);

/*
 * A new key of a step that makes its own and keeps them in a file (token_file with
 * `write: true`), in place of the one of that kind. No store is needed. expires_ns 0: as
 * the step says. as NULL: by whoever may write that file. fn (may be NULL) is told the
 * key, its kind, id, step and times. It is in force in this process; in others as soon as
 * they have read the file.
 */
int policy_key_rotate(struct policy *p, POLICY_ADMIN_AS, const char *step, const char *kind, int64_t expires_ns,
    policy_token_fn *fn, void *ctx, struct policy_error *err);

/* ---- the store as a whole ---- */

/*
 * The first user: made with no `as`, by whoever may write the store, only while nobody in
 * files or store has policy:escalate. The user of `want` and a grant of `role` everywhere,
 * in one transaction; the role must confer policy:escalate.
 */
int policy_admin_bootstrap(struct policy *p, const struct policy_user *want, const char *role,
    policy_user_fn *fn, void *ctx, struct policy_error *err);

/* A whole copy of the store, of one moment, at `path`, while all go on. */
int policy_admin_backup(struct policy *p, POLICY_ADMIN_AS, const char *path, struct policy_error *err);

/*
 * Many at once, as another system had them: users with hashes of their passwords, and
 * keys by their hashes. One transaction a block; needs policy:escalate. A name that is
 * taken is told to `skipped` and left alone.
 */
struct policy_import {
	uint32_t size;
	uint32_t flags;			/* 0 */
	struct policy_user user;
	struct policy_text password_hash;	/* one that crypt(3) and the floors take; absent: none */
	const struct policy_text *roles;	/* granted everywhere */
	size_t roles_count;
	const struct policy_imported_key {
		unsigned char sha256[32];
		struct policy_token_info info;	/* kind, name, scopes, expires_ns, flags */
	} *keys;
	size_t keys_count;
};
#define POLICY_IMPORT_INIT { .size = sizeof(struct policy_import) }

int policy_admin_import(struct policy *p, POLICY_ADMIN_AS, const struct policy_import *list, size_t n,
    int (*skipped)(void *ctx, size_t at, const struct policy_error *why), void *ctx,
    struct policy_error *err);

/* ---- what was done: the records of `audit:` ---- */

#define POLICY_ACTIVITY_DECISION 1u
#define POLICY_ACTIVITY_AUTHENTICATION 2u	/* credentials that were not good */
#define POLICY_ACTIVITY_CHANGE 3u		/* by a call of this header */

/* A text is empty where the record has none. Bytes that are no UTF-8 are as they were. */
struct policy_activity {
	uint32_t size;
	uint32_t event;			/* POLICY_ACTIVITY_ */
	int64_t time_ns;
	uint64_t seq;			/* of its chain */
	uint64_t generation;
	uint64_t latency_ns;		/* 0: not said */
	struct policy_text id;		/* the same id again: an allow that was withdrawn, see there */
	struct policy_text subject_type, subject, uid;
	struct policy_text actor_type, actor;
	struct policy_text token, kind;
	struct policy_text action, resource_type, resource;
	struct policy_text decision, reason, rule;	/* "allow" or "deny"; as policy_reason_name() */
	struct policy_text outcome;	/* of a change: "done", or why not */
	const struct policy_text *scopes, *groups;
	size_t scopes_count, groups_count;
	int scoped;			/* the token had scopes, those listed */
	int with_token;
	int withdrawn;			/* `must`: the answer was a deny after all; a change was not made, or may not be */
	int cut;			/* something was too long to be recorded */
	uint32_t attributes;		/* that the request had; none is recorded */
	uint32_t reserved;
	struct policy_text line;	/* the whole record, JSON, without its end of line */
	struct policy_text file;
	/* of a change: uid of whom it is about, and the id of the token or the grant */
	struct policy_text whose, made;
};

/* Which of them; an absent text, or 0: any. */
struct policy_activity_query {
	uint32_t size;
	uint32_t flags;			/* POLICY_ACTIVITY_FOLLOW */
	const char *const *files;	/* none: those of the set */
	size_t files_count;
	/* NAME, TYPE:NAME, or a uid behind "uid:"; this one also where a change is about it */
	struct policy_text subject;
	struct policy_text action;	/* a name; with "*" at its end, all that begin so */
	struct policy_text decision;	/* "allow" or "deny" */
	int64_t since_ns, until_ns;	/* half open */
};
#define POLICY_ACTIVITY_QUERY_INIT { .size = sizeof(struct policy_activity_query) }
/* Does not end but waits for what comes, until fn says so; in new files of the set too. */
#define POLICY_ACTIVITY_FOLLOW 1u

/* Texts last for the call. Non-zero ends it, and is returned where negative. */
typedef int policy_activity_fn(void *ctx, const struct policy_activity *r);

/*
 * In the order of their times, over all files. With `as`: those whose subject the caller
 * may read (activity:read of user/NAME). as NULL: all, for who may read the files; then p
 * may be NULL too, where files are named. A line that is no record is passed over: see
 * policy_activity_verify().
 */
int policy_activity_read(struct policy *p, POLICY_ADMIN_AS, const struct policy_activity_query *q,
    policy_activity_fn *fn, void *ctx, struct policy_error *err);

struct policy_activity_verified {
	uint32_t size;
	uint32_t torn;			/* lines that a process which died did not end */
	uint64_t lines, dropped;	/* dropped: that the log says it had no room for */
	uint32_t chains;		/* one a process */
	uint32_t missing_before;	/* files begin behind lines that are in none of them */
	uint32_t open;			/* files without an end: their process runs, or died */
	uint32_t heads;			/* held against */
};
#define POLICY_ACTIVITY_VERIFIED_INIT { .size = sizeof(struct policy_activity_verified) }

/*
 * Is every line there, as it was written? Files in the order of their rotation. key: the
 * key's file, NULL: none. head: where the last of them is said to end; NULL: FILE.head
 * beside each. Where files_count is 0: all those of p's set, with its key and heads. 0; or
 * POLICY_ERR_INVALID, and err names file and line of the first that is not as it was.
 */
int policy_activity_verify(struct policy *p, const char *const *files, size_t files_count, const char *key,
    const char *head, struct policy_activity_verified *out, struct policy_error *err);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
