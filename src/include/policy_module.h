/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_module.h - for authors of credential modules and of stores.
 *
 * A credential module is a shared object NAME.so that exports one data symbol:
 *
 *	const struct policy_module policy_module_1 = {
 *		.size = sizeof(struct policy_module), .abi = POLICY_MODULE_ABI,
 *		.name = "badge", .version = "1.0",
 *		.open = badge_open, .check = badge_check, .close = badge_close,
 *	};
 *
 * A set names it in `modules:`. Each step of that list is one open(), whose state
 * goes to every other call; nothing of a module lives outside it. modules/skeleton
 * is one to copy, doc/MODULES says how in 15 minutes.
 *
 * A module answers one question: whose credential is this? It never says what its
 * subject may do. What it is handed is the caller's and lasts for the call, unless
 * another life is stated. Code that ran is never unloaded: a newer build, renamed
 * over the old file, is taken at the next reload, and the old one's steps are closed
 * when the last check() that runs in them has returned.
 *
 * Links nothing of libpolicy: what it offers comes as struct policy_host.
 */
#ifndef POLICY_MODULE_H
#define POLICY_MODULE_H

#include <stddef.h>
#include <stdint.h>

#include <policy.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The ABI of everything here. Members are only ever added at the end of a struct, and
 * `size` says how many there are; what cannot be told so gets a new symbol name. */
#define POLICY_MODULE_ABI 1u

/* ---- what libpolicy offers a module ---- */

struct policy_host_step;		/* opaque: whom a call is for */

/* A row of the store, with its texts: those of a user or a token that a module may need.
 * 12 KiB, the caller's; not to be moved. Set size. */
struct policy_account {
	uint32_t size;
	uint32_t flags;			/* POLICY_ROW_ */
	uint32_t number, bytes_count;
	int64_t made_ns, from_ns, until_ns;
	struct policy_text id, type, name, owner, org, by, source;
	struct policy_text secret;
	struct policy_text list;	/* separated by single spaces */
	char bytes[12288];
};

#define POLICY_ACCOUNT_INIT { .size = sizeof(struct policy_account) }

/*
 * Lives as long as the step. log and wake may be called at any time from any thread,
 * until close() returns; watch and source only from within open(); the set functions
 * only from within check(), on the identity that it was handed.
 *
 * A set function returns 0, POLICY_ERR_ARG (malformed: a NUL, an empty name, a name
 * that does not fit its place) or POLICY_ERR_LIMIT (a cap of struct policy_identity is
 * met). After a failure the identity is spoilt: whatever check() returns then, it is no
 * PASS. So their results need not be looked at. Texts are copied.
 */
struct policy_host {
	uint32_t size, abi;
	struct policy_host_step *step;

	/* One line, without a secret; control bytes are shown as '?'. Not from check() of a
	 * module that does not say MAY_BLOCK. */
	void (*log)(const struct policy_host *h, enum policy_log_level level, const char *text);
	/* serve() is called soon, from the service thread. Never blocks. */
	void (*wake)(const struct policy_host *h);
	/* serve(POLICY_SERVE_CHANGED) is called after the file at `path` (absolute) was
	 * written, renamed over, made or removed. 0 or a negative policy_err. */
	int (*watch)(const struct policy_host *h, const char *path);
	/* Where this step's subjects come from: an issuer, a server, a file. Steps that give
	 * the same text vouch for the same people. Default: one of its own. At most 255 bytes. */
	int (*source)(const struct policy_host *h, struct policy_text source);

	/* type absent: that of the step's `subject:`, else "user" */
	int (*set_subject)(struct policy_identity *id, struct policy_text type, struct policy_text name);
	/* as the source names it; the step's name and a slash are put before it */
	int (*add_group)(struct policy_identity *id, struct policy_text group);
	/* The token has scopes, these. set_scoped alone: it has scopes, and they are none. */
	int (*add_scope)(struct policy_identity *id, struct policy_text scope);
	int (*set_scoped)(struct policy_identity *id);
	/* what names this very credential to a revocation or an audit, never the secret or a
	 * part of it that helps; at most 64 bytes */
	int (*set_token_id)(struct policy_identity *id, struct policy_text token_id);
	/* one of the step's `kind:`, else the check is an error */
	int (*set_kind)(struct policy_identity *id, struct policy_text kind);
	/* Unix ns: not valid from then on. 0: it does not end. */
	int (*set_expires)(struct policy_identity *id, int64_t ns);
	/* Unix ns: not to be taken from a cache from then on. Not called: as `cache:` says. A
	 * time that has gone by: never cached. */
	int (*set_cacheable)(struct policy_identity *id, int64_t ns);
	/* `subject.NAME`, as the credential has it: what set or store know outranks it */
	int (*add_subject_attribute)(struct policy_identity *id, struct policy_text name,
	    const struct policy_value *v);
	/* `token.NAME`, but for scopes, kind, id and subject */
	int (*add_token_attribute)(struct policy_identity *id, struct policy_text name,
	    const struct policy_value *v);
	/* a value of one of policy_open_args.claims, for `map:`; once for each value */
	int (*add_claim)(struct policy_identity *id, struct policy_text claim, struct policy_text value);
	/* why it FAILs: bad_credential (the default), expired or revoked */
	int (*set_reason)(struct policy_identity *id, enum policy_reason reason);

	/*
	 * What the set's `store:` holds, out of memory: no wait, no allocation, in any thread,
	 * at any time. 0; POLICY_ERR_NOENT: it has no such row, or only one that is GONE;
	 * POLICY_ERR_UNAVAILABLE: there is no store, or what is known of it is older than its
	 * `stale`, so that nothing may be concluded. *out is copied, its texts too.
	 */
	/* a user by type (absent: "user") and name */
	int (*find_user)(const struct policy_host *h, struct policy_text type, struct policy_text name,
	    struct policy_account *out);
	/* a token by the SHA-256 of its secret, and by its id; with `user` its owner. A token
	 * that is GONE is found, with the flag. */
	int (*find_token)(const struct policy_host *h, const unsigned char sha256[32],
	    struct policy_account *token, struct policy_account *user);
	int (*find_token_id)(const struct policy_host *h, struct policy_text id,
	    struct policy_account *token, struct policy_account *user);
	/*
	 * A password of the user `uid` was judged: counted and, where `rehash` is not NULL,
	 * kept instead of the one that was `seen`. Written to the store by the service thread,
	 * soon; never waits. seen: what was compared with, so that a new one is not undone.
	 */
	void (*report_password)(const struct policy_host *h, struct policy_text uid, int good,
	    struct policy_text seen, const char *rehash);
};

/* ---- a step, as the set has it ---- */

/* What may stand under `with:`. The library refuses other keys and other values, with
 * file and line, before open() sees them. */
enum policy_key_type {
	POLICY_KEY_TEXT = 1,		/* POLICY_STRING, not empty */
	POLICY_KEY_TEXTS,		/* a text or a list of texts: POLICY_LIST of POLICY_STRING */
	POLICY_KEY_INT,			/* POLICY_INT */
	POLICY_KEY_BOOL,		/* POLICY_BOOL */
	POLICY_KEY_DURATION,		/* 500ms, 30s, 5m, 1h, 7d: POLICY_INT, nanoseconds, not negative */
	POLICY_KEY_MAP			/* NAME: TEXT..., POLICY_OBJECT of POLICY_STRING */
};

struct policy_module_key {
	const char *name;
	uint32_t type;			/* enum policy_key_type */
	uint32_t flags;			/* POLICY_KEY_REQUIRED */
};

#define POLICY_KEY_REQUIRED 1u

struct policy_open_args {
	uint32_t size, flags;		/* POLICY_OPEN_ */
	const struct policy_host *host;	/* lives until close() has returned */
	struct policy_text name;	/* of the step */
	struct policy_value with;	/* POLICY_OBJECT, as policy_module.keys has it */
	struct policy_text subject_type, subject_id;	/* of `subject:`; absent where not said */
	const struct policy_text *kinds;	/* of `kind:` */
	size_t kinds_count;
	const struct policy_text *claims;	/* that `map:` looks at */
	size_t claims_count;
	int64_t now_ns;			/* Unix, the engine's clock */
};

/* The set has `credentials:`: what a credential is called limits what it opens. */
#define POLICY_OPEN_CEILINGS 1u
/* The handle is POLICY_READ_ONLY: write no file and read no key to sign with; issue() is
 * not called. What cannot be done without is refused by open(). */
#define POLICY_OPEN_READ_ONLY 2u

/* The value of a key of args->with, or NULL. */
static inline const struct policy_value *
policy_with(const struct policy_open_args *args, const char *key)
{
	const size_t len = strlen(key);

	for (uint32_t i = 0; i < args->with.count; i++) {
		const struct policy_attr *a = &args->with.u.members[i];

		if (a->name.len == len && memcmp(a->name.data, key, len) == 0)
			return &a->value;
	}
	return NULL;
}

/* ---- one check ---- */

/* Zero is never a yes. Any other number is taken for ERROR. */
enum policy_check_result {
	POLICY_CHECK_ERROR = 0,		/* could not tell: a time-out, a store that is down */
	POLICY_CHECK_PASS,		/* good, and the identity says whose; a subject was set */
	POLICY_CHECK_FAIL,		/* mine, and bad */
	POLICY_CHECK_IGNORE,		/* not mine: told by type and shape alone, before any I/O */
	POLICY_CHECK_AGAIN		/* under POLICY_CALL_NONBLOCK: it would have to wait */
};

struct policy_call {
	uint32_t size;
	uint32_t flags;			/* POLICY_CALL_ */
	const struct policy_credential *credential;	/* kind and data are never absent */
	/* All that the request sent, this one among them: a second factor looks for its own. */
	const struct policy_credential *all;
	size_t all_count;
	int64_t now_ns;			/* Unix, the engine's clock: expiry is judged by it */
	int64_t deadline_ns;		/* CLOCK_MONOTONIC: a later answer is not heard */
	/* Set by a SECOND_FACTOR that found its code in another credential of the request: its
	 * place in `all`, plus one. That one is then judged with this one, and not again. */
	uint32_t *used;
};

#define POLICY_CALL_NONBLOCK 1u
/* The host delays who guesses: wrong ones make nobody wait. */
#define POLICY_CALL_NO_WAIT 2u

/* ---- a module ---- */

/* check() may wait, lock and allocate. Without it: none of the three. Under NONBLOCK it
 * is not called, unless the next flag stands too. */
#define POLICY_MODULE_MAY_BLOCK 1u
/* check() heeds POLICY_CALL_NONBLOCK itself: it answers AGAIN where it would wait. */
#define POLICY_MODULE_HEEDS_NONBLOCK 2u
/* A PASS may be kept in the cache of verified credentials. */
#define POLICY_MODULE_CACHEABLE 4u
/* Only where the step says `cache:` itself (a password). */
#define POLICY_MODULE_CACHE_ASKED 8u
/* Its tokens carry scopes: one without any opens nothing, unless `unscoped: full`. */
#define POLICY_MODULE_SCOPED 16u
/* Its PASS is never enough: it proves no subject. Its FAIL and its ERROR count. */
#define POLICY_MODULE_SECOND_FACTOR 32u

/* Why serve() is called; bits. */
#define POLICY_SERVE_TIME 1u		/* the time it asked for has come */
#define POLICY_SERVE_CHANGED 2u		/* a watched file changed */
#define POLICY_SERVE_WOKEN 4u		/* wake() */

/* What issue() is asked for; times are Unix ns, 0: as the module's settings say. */
struct policy_issue {
	uint32_t size, flags;		/* POLICY_ISSUE_ */
	struct policy_text kind;
	struct policy_text subject_type, subject_id;
	int64_t now_ns, expires_ns;
	struct policy_text token_id;	/* that it has to have; absent: one of the module's making */
	const struct policy_text *scopes;
	size_t scopes_count;
};

#define POLICY_ISSUE_SCOPED 1u		/* it has scopes, those; none opens nothing */

/* The credential, shown once. The library wipes it. */
struct policy_issued {
	uint32_t size;
	uint32_t data_len;
	int64_t expires_ns;		/* 0: it does not end */
	char token_id[72];
	char data[8192];		/* a NUL behind it */
};

struct policy_module {
	uint32_t size;			/* sizeof(struct policy_module) of the header it was built with */
	uint32_t abi;			/* POLICY_MODULE_ABI */
	const char *name;		/* that of its file, without ".so" */
	const char *version;
	uint32_t flags;			/* POLICY_MODULE_... */
	const char *const *kinds;	/* kinds of credentials it may claim, NULL at the end; NULL: any */
	const struct policy_module_key *keys;	/* of `with:`, name NULL at the end; NULL: none */

	/*
	 * One step: reads its settings, keys and files. 0 and *state, or a negative
	 * policy_err with err (never NULL) filled: then the set is refused, and close() is
	 * not called. May block; should be done within seconds.
	 */
	int (*open)(void **state, const struct policy_open_args *args, struct policy_error *err);
	/*
	 * Judges call->credential. Any number of threads at once, also during serve().
	 * A module that writes an answer keeps no copy of a credential behind it.
	 */
	enum policy_check_result (*check)(void *state, const struct policy_call *call,
	    struct policy_identity *id);
	/* No other call is under way or follows. Joins its threads. */
	void (*close)(void *state);

	/* From here on: NULL where a module has none. */

	/*
	 * By type and shape alone (a prefix, two dots): may this be one of mine? Neither
	 * waits nor allocates. 0: IGNORE, and check() is not called. NULL: `kinds` alone tells.
	 */
	int (*claims)(void *state, const struct policy_credential *c);
	/*
	 * Work of its own: reading a file anew, renewing a token. `why` has POLICY_SERVE_ bits.
	 * From one thread at a time, beside check(). First soon after open(). Returns the
	 * nanoseconds until it wants to be called again, negative: only when something happens.
	 */
	int64_t (*serve)(void *state, uint32_t why);
	/* Makes a credential, for policy_token_create(). 0, or a negative policy_err with err filled. */
	int (*issue)(void *state, const struct policy_issue *want, struct policy_issued *out,
	    struct policy_error *err);
};

/* ---- a store ---- */

/*
 * store_SCHEME.so exports policy_store_1; `store: { url: "SCHEME:..." }` names it. It
 * keeps rows and knows nothing of what they mean: one table, a row found by kind and id,
 * each with the number of the change that wrote it last. Its functions are called by one
 * thread at a time, whichever.
 */
enum policy_row_kind {
	/* the token `id` of the step `source` (absent: whichever step it came through) is no
	 * longer good */
	POLICY_ROW_REVOCATION = 1,
	/* id: its uid. type and name: the subject. secret: hash of its password. list: groups.
	 * from_ns: a token issued before is no longer good. number: wrong passwords in a row,
	 * until_ns: none is judged before. */
	POLICY_ROW_USER,
	/* owner: the uid of who has it. name: the role. resource: on what, absent: everywhere.
	 * from_ns and until_ns: from when until when, 0: always. */
	POLICY_ROW_GRANT,
	/* owner: a uid. source: the step that takes it. type: its kind. name: what its owner
	 * calls it. secret: SHA-256 of it in small hex digits, absent where it is a signed one.
	 * resource: its first letters. list: scopes. made_ns: first issued, from_ns: issued again, until_ns: its end. */
	POLICY_ROW_TOKEN
};

#define POLICY_ROW_GONE 1u	/* deleted: kept so that others hear of it and its id stays taken */
#define POLICY_ROW_OFF 2u	/* USER: disabled */
#define POLICY_ROW_SCOPED 4u	/* TOKEN: has scopes, those of list; none opens nothing */
#define POLICY_ROW_ACTOR 8u	/* TOKEN: who made it (`by`) must be allowed too */
#define POLICY_ROW_RENEWABLE 16u	/* TOKEN */
#define POLICY_ROW_MADE 32u	/* USER: made by a program for one of its users, no person's account */
#define POLICY_ROW_CHANGE 64u	/* USER: has to change its password */

/* Texts: absent (data NULL) is not the same as empty, and both are kept. A text holds no
 * NUL. `list` is separated by single spaces. */
struct policy_row {
	uint32_t size;
	uint32_t kind;			/* enum policy_row_kind; one the library does not know is a failure */
	struct policy_text source;
	struct policy_text id;		/* at most 255 bytes, never empty */
	int64_t until_ns;		/* Unix; 0: for ever. Of a REVOCATION: needed no longer */
	uint32_t flags;			/* POLICY_ROW_ */
	uint32_t number;
	int64_t made_ns, from_ns;	/* Unix; 0: not said */
	struct policy_text type, name, owner, org;	/* at most 255 bytes each */
	struct policy_text by;		/* uid of who made it, at most 255 bytes */
	struct policy_text secret;	/* never the secret itself; at most 511 bytes */
	struct policy_text resource;	/* at most 1100 bytes */
	struct policy_text list;	/* at most 8 KiB */
	struct policy_text attributes;	/* NAME=VALUE, a line each; at most 16 KiB */
};

#define POLICY_ROW_INIT { .size = sizeof(struct policy_row) }

/* open() heeds POLICY_STORE_READ_ONLY. A store without it that has apply() is not opened for
 * a handle that is POLICY_READ_ONLY. */
#define POLICY_STORE_HEEDS_READ_ONLY 1u

/* Negative: stop, and return it. The row is the store's, for the call. */
typedef int policy_row_fn(void *ctx, const struct policy_row *row);

struct policy_store_args {
	uint32_t size, flags;		/* POLICY_STORE_READ_ONLY */
	struct policy_text url;
	void (*log)(void *log_ctx, enum policy_log_level level, const char *text);
	void *log_ctx;
};

/* For reading only: open() makes nothing and brings nothing up to date, with no right to
 * write it has all it needs, and neither apply() nor forget() is called. */
#define POLICY_STORE_READ_ONLY 1u

struct policy_store {
	uint32_t size, abi;		/* POLICY_MODULE_ABI */
	const char *name, *version;	/* name: store_SCHEME */
	uint32_t flags;			/* POLICY_STORE_HEEDS_READ_ONLY */
	/* how often changes() is to be asked although fd() says nothing; 0: 1000 */
	uint32_t pace_ms;
	int (*open)(void **state, const struct policy_store_args *args, struct policy_error *err);
	/*
	 * Every row written after the change *since (0: all rows there are), each once, as it
	 * is now, in the order of their last change; then *since is the newest change. On
	 * failure it is as it was, and rows that were told may come again.
	 */
	int (*changes)(void *state, uint64_t *since, policy_row_fn *row, void *ctx,
	    struct policy_error *err);
	/*
	 * All rows in one transaction, as the change *since + 1: durable on return, or not
	 * there. A row of the same kind and id is replaced. Where the store has a change that
	 * is newer than *since: POLICY_ERR_AGAIN, and nothing is written; so who writes has seen
	 * all that there was. On success *since is the new change. After any other failure it
	 * is not known whether it was written: changes() tells. NULL: the store is read only.
	 */
	int (*apply)(void *state, const struct policy_row *rows, size_t n, uint64_t *since,
	    struct policy_error *err);
	/* A descriptor that is readable when there are changes, and read by changes(); or -1.
	 * Asked for again after every call, since a connection made anew has another. */
	int (*fd)(void *state);
	void (*close)(void *state);

	/* From here on: NULL where a store has none. */

	/* Forgets REVOCATION and TOKEN rows whose end came before `before_ns`, and nothing
	 * else; no change, since who has them knows that they ended. */
	int (*forget)(void *state, int64_t before_ns, struct policy_error *err);
	/* A whole copy, of one moment, in a new file at `path` with mode 0600. Others go on. */
	int (*backup)(void *state, const char *path, struct policy_error *err);
};

#pragma GCC visibility push(default)
/* What a module or a store defines; one of the two. */
extern const struct policy_module policy_module_1;
extern const struct policy_store policy_store_1;
#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
