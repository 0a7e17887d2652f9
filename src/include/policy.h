/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.h - for hosts: open a policy set, ask, reload, close.
 *
 *	struct policy *p;
 *	struct policy_error err = POLICY_ERROR_INIT;
 *	struct policy_request req = POLICY_REQUEST_INIT;
 *	struct policy_decision d = POLICY_DECISION_INIT;
 *
 *	if (policy_open(&p, NULL, NULL, &err) != 0)
 *		... err.file, err.line, err.column, err.text say why ...
 *	req.subject_id = policy_text("alice");
 *	req.action = policy_text("read_user_session");
 *	req.resource_type = policy_text("session");
 *	req.resource_id = policy_text("s1");
 *	if (policy_decide(p, &req, &d) == 0 && d.verdict == POLICY_ALLOW)
 *		... do it ...
 *	policy_close(p);
 *
 * Every structure that the caller owns begins with `size`; set it with the
 * _INIT macro.  A structure of an older, shorter size is accepted, the missing
 * members read as zero; a longer one is accepted only when its extra bytes are
 * zero.  Anything else is POLICY_ERR_ABI.  Out structures are written up to
 * their `size`, never beyond.
 *
 * Functions return 0 or a negative enum policy_err.  Whatever is returned, a
 * decision that was handed in reads as a deny unless it says POLICY_ALLOW:
 * zero is never a yes.
 */
#ifndef POLICY_H
#define POLICY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct policy;			/* a handle on a policy set; opaque */

enum policy_err {
	POLICY_OK = 0,
	POLICY_ERR_INTERNAL = -1,	/* our own mistake, or an unlisted code */
	POLICY_ERR_ARG = -2,		/* a malformed argument or request */
	POLICY_ERR_ABI = -3,		/* a structure's size makes no sense */
	POLICY_ERR_NOMEM = -4,
	POLICY_ERR_LIMIT = -5,		/* a stated limit of size or count */
	POLICY_ERR_INVALID = -6,	/* the policy set is refused */
	POLICY_ERR_IO = -7,		/* a file could not be read */
	POLICY_ERR_NOENT = -8,		/* no such file or directory */
	POLICY_ERR_UNSAFE = -9,		/* owner or mode of a file or directory */
	POLICY_ERR_AGAIN = -10,		/* NONBLOCK, and a step would block */
	POLICY_ERR_UNAVAILABLE = -11,	/* a store or module could not answer */
	POLICY_ERR_UNSUPPORTED = -12,	/* this build has no such part */
	POLICY_ERR_DENIED = -13,	/* policy_admin.h: the set denies it */
	POLICY_ERR_EXISTS = -14		/* policy_admin.h: the name is taken */
};

enum policy_verdict { POLICY_DENY = 0, POLICY_ALLOW = 1 };

/* Why.  The names (policy_reason_name) are stable, in lower case. */
enum policy_reason {
	POLICY_REASON_ERROR = 0,	/* a malformed request, or no decision */
	POLICY_REASON_RULE,		/* allow: an entry allows it */
	POLICY_REASON_DISABLED,		/* allow: the engine is switched off */
	POLICY_REASON_NO_CREDENTIAL,	/* 401 */
	POLICY_REASON_BAD_CREDENTIAL,	/* 401 */
	POLICY_REASON_EXPIRED,		/* 401 */
	POLICY_REASON_REVOKED,		/* 401 */
	POLICY_REASON_UNAVAILABLE,	/* 503 */
	POLICY_REASON_DENIED,		/* a deny entry is true */
	POLICY_REASON_CONDITION_ERROR,	/* a deny entry cannot be evaluated */
	POLICY_REASON_NO_RULE,
	POLICY_REASON_UNKNOWN_ACTION,
	POLICY_REASON_UNKNOWN_RESOURCE,
	POLICY_REASON_INSUFFICIENT_SCOPE,
	POLICY_REASON_CEILING,
	POLICY_REASON_LIMIT,		/* a limit of the engine was met */
	POLICY_REASON__COUNT
};

/* Bytes, not text in any encoding.  data NULL is "absent". */
struct policy_text {
	const char *data;
	size_t len;
};

#define POLICY_TEXT(literal) { (literal), sizeof(literal) - 1 }

static inline struct policy_text policy_text(const char *s)
{
	struct policy_text t;

	t.data = s;
	t.len = s ? strlen(s) : 0;
	return t;
}

enum policy_type {
	POLICY_NULL = 0,		/* no value: reads as absent */
	POLICY_STRING,
	POLICY_INT,			/* int64 */
	POLICY_DOUBLE,			/* finite */
	POLICY_BOOL,
	POLICY_LIST,
	POLICY_OBJECT			/* at most 8 deep */
};

struct policy_attr;

struct policy_value {
	uint32_t type;			/* enum policy_type */
	uint32_t count;			/* items of a list, members of an object */
	union {
		struct policy_text text;
		int64_t integer;
		double real;
		int boolean;
		const struct policy_value *items;
		const struct policy_attr *members;
	} u;
};

/* A name is a single segment: "a.b" is a name with a point in it, no path. */
struct policy_attr {
	struct policy_text name;
	struct policy_value value;
};

struct policy_attrs {
	const struct policy_attr *list;	/* no name twice */
	size_t count;
};

/*
 * What the host knows of the token it accepted for an asserted subject.
 * `attributes` may hold a member "subject", an object: what the credential
 * says of its subject.  It may not hold "scopes", "kind" or "id".
 */
struct policy_token {
	uint32_t size;
	uint32_t flags;			/* POLICY_TOKEN_SCOPED */
	const struct policy_text *scopes;
	size_t scopes_count;
	struct policy_text kind;	/* absent: the token names no kind */
	struct policy_text id;		/* at most 64 bytes */
	struct policy_attrs attributes;
};

/* Set: the token has scopes, the list above (empty allows nothing).
 * Not set: unscoped, and the list must be empty. */
#define POLICY_TOKEN_SCOPED 1u

#define POLICY_TOKEN_INIT { .size = sizeof(struct policy_token) }

/*
 * One credential as the host received it.  Kept nowhere after return.  A kind is
 * [a-z0-9_]+; data is what stood behind "Bearer ", the password, the key.  Empty data is
 * a bad credential, not none.
 */
struct policy_credential {
	struct policy_text kind;	/* "bearer", "password", "api_key"...; at most 64 bytes */
	struct policy_text name;	/* the login name of a password, else absent; 255 bytes */
	struct policy_text data;	/* at most 64 KiB; absent only where the kind needs none ("peer") */
	uint64_t reserved[2];		/* zero */
};

#define POLICY_CREDENTIALS_MAX 4	/* in one request */

/*
 * A request: who (a subject that the host has authenticated, or credentials,
 * never both; neither is anonymous; credentials speak for themselves, so beside them
 * stand no groups and no token), does what (action), to what (resource, or
 * nothing), in which context.
 *
 * Sizes: a type at most 64 bytes, a subject id 255, a resource id 1024, an
 * action name 255; at most 64 attributes a bag, 256 groups, 256 scopes, and
 * 4096 values in all.  Beyond is POLICY_ERR_LIMIT (reason limit) and a deny;
 * nothing is ever cut.  So is a request that costs more to decide than the
 * engine spends on one (some 260,000 comparisons: about 2 ms).  Everything is
 * read before return, nothing is kept.
 *
 * A decision needs up to 48 KiB of stack; a set with `matches` 176 KiB where the
 * process may not make machine code (PCRE2's interpreter).  For credentials 32 KiB come
 * to that, and where they are judged what policy_decide() says.
 */
struct policy_request {
	uint32_t size;
	uint32_t flags;			/* POLICY_NONBLOCK, POLICY_NO_WAIT */
	struct policy_text subject_type;	/* absent: "user" */
	struct policy_text subject_id;	/* absent: nobody asserted */
	struct policy_attrs subject_attributes;
	const struct policy_text *groups;	/* named by the host's credential */
	size_t groups_count;
	const struct policy_token *token;	/* NULL: no token */
	const struct policy_credential *credentials;
	size_t credentials_count;
	struct policy_text actor_type;	/* absent: "user" */
	struct policy_text actor_id;	/* absent: no actor */
	struct policy_attrs actor_attributes;
	struct policy_text action;	/* required */
	struct policy_attrs action_attributes;
	struct policy_text resource_type;	/* absent: no resource */
	struct policy_text resource_id;	/* may be empty, not absent with a type */
	struct policy_attrs resource_attributes;
	struct policy_attrs context;
	int64_t deadline_ns;		/* CLOCK_MONOTONIC; 0: the stack's own limits */
	uint64_t reserved[4];		/* zero */
};

#define POLICY_NONBLOCK 1u		/* a step that would block: POLICY_ERR_AGAIN */
/* The host itself delays who guesses passwords, and knows where they come from: whose were
 * wrong does not have to wait, and wrong ones make nobody wait. */
#define POLICY_NO_WAIT 2u
#define POLICY_REQUEST_FLAGS (POLICY_NONBLOCK | POLICY_NO_WAIT)

#define POLICY_REQUEST_INIT { .size = sizeof(struct policy_request) }

/*
 * A decision owns its bytes.  Texts end in NUL; a text is empty where there is
 * none.  `rule` is the entry's id, else its file:line.
 */
struct policy_decision {
	uint32_t size;
	uint32_t verdict;		/* enum policy_verdict */
	uint32_t reason;		/* enum policy_reason */
	uint32_t status;		/* HTTP status hint: 200, 401, 403, 503 */
	uint64_t generation;		/* of the snapshot that decided; 0: none */
	int64_t expires;		/* Unix ns when the credential ends; 0: unknown */
	uint32_t line;			/* of the entry; 0: none */
	uint32_t rule_len, file_len, subject_type_len, subject_id_len, token_id_len;
	char rule[400];			/* id at most 128 bytes, or file:line */
	char file[256];
	char subject_type[72];
	char subject_id[256];
	char token_id[72];
};

#define POLICY_DECISION_INIT { .size = sizeof(struct policy_decision) }

/*
 * Whom credentials stand for: filled by policy_authenticate(), and by a module through
 * the functions of policy_module.h.  24 KiB, the caller's; its texts point into itself,
 * so it is not to be copied or moved, and no other `size` is accepted.  It holds no
 * secret.  Caps: 128 groups, 128 scopes, 64 attributes of its subject, 63 others, 256
 * values in lists and objects, 8 KiB of text.
 */
#define POLICY_IDENTITY_LISTED 128
#define POLICY_IDENTITY_ATTRS 64
#define POLICY_IDENTITY_VALUES 256
#define POLICY_IDENTITY_BYTES 8192

struct policy_identity {
	uint32_t size;
	uint32_t verified;		/* 1: the credentials are good; 0: `reason` says why not */
	uint32_t reason;		/* enum policy_reason; only where not verified */
	uint32_t status;		/* HTTP status hint: 200, 401, 403, 503 */
	uint64_t generation;		/* of the snapshot whose modules judged */
	int64_t expires;		/* Unix ns; 0: it does not end, or nobody said */
	int64_t cacheable;		/* Unix ns; 0: nobody said */
	uint32_t scoped;		/* 1: it has scopes, those listed; none opens nothing */
	uint32_t groups_count, scopes_count;
	uint32_t subject_attributes_count, token_attributes_count;
	uint32_t values_count, bytes_count;	/* in use */
	uint32_t reserved;
	struct policy_text subject_type, subject_id;
	struct policy_text kind;	/* of the credential, as `credentials:` has it */
	struct policy_text token_id;	/* empty where it has none */
	struct policy_text step;	/* name of the step that vouches for it */
	struct policy_text groups[POLICY_IDENTITY_LISTED];
	struct policy_text scopes[POLICY_IDENTITY_LISTED];
	struct policy_attr subject_attributes[POLICY_IDENTITY_ATTRS];
	struct policy_attr token_attributes[POLICY_IDENTITY_ATTRS];
	struct policy_value values[POLICY_IDENTITY_VALUES];
	char bytes[POLICY_IDENTITY_BYTES];
};

/* Only the size: the rest is emptied by who fills it. */
#define POLICY_IDENTITY_INIT { .size = sizeof(struct policy_identity) }

/* Filled by the first failure.  text: one sentence saying what was found and
 * what was wanted.  file, line, column are empty or 0 where there is none. */
struct policy_error {
	uint32_t size;
	int32_t code;			/* enum policy_err */
	uint32_t line, column;		/* from 1 */
	char file[1024];
	char text[1024];
};

#define POLICY_ERROR_INIT { .size = sizeof(struct policy_error) }

/* Caps of a load; 0 is the default named here.  They bound what a policy file
 * may ask of the loader; `limits:` in a set may only lower them. */
struct policy_limits {
	uint32_t size;
	uint32_t depth;			/* nesting of one file: 64 */
	uint64_t file_bytes;		/* of one file: 1 MiB */
	uint64_t scalar_bytes;		/* of one text: 64 KiB */
	uint64_t nodes;			/* of one file: 100,000 */
	uint64_t files;			/* of one directory: 1000 */
};

#define POLICY_LIMITS_INIT { .size = sizeof(struct policy_limits) }

enum policy_log_level { POLICY_LOG_ERROR, POLICY_LOG_WARNING, POLICY_LOG_INFO };

/* Unix time in nanoseconds.  Called once per policy_decide, policy_trace,
 * policy_decide_many and policy_authenticate, from any thread; where modules judge
 * credentials, three times, and more where reloads or changes overtake them. */
typedef int64_t policy_clock_fn(void *ctx);
/*
 * text is valid for the call.  It may decide, but must not reload or close: it is called
 * under the writers' lock.  Modules log too: from threads of their own, two at once, and
 * a module that may block from within a call that judges credentials.  A decision for an
 * asserted subject, or for credentials that were verified a moment ago, logs nothing.
 */
typedef void policy_log_fn(void *ctx, enum policy_log_level level, const char *text);

struct policy_options {
	uint32_t size;
	uint32_t flags;			/* POLICY_FORCE_ON... */
	policy_clock_fn *clock;		/* NULL: the system's real-time clock */
	void *clock_ctx;
	policy_log_fn *log;		/* NULL: nothing is logged */
	void *log_ctx;
	const char *module_dir;		/* NULL: the one compiled in */
	const struct policy_limits *limits;	/* NULL: defaults */
	uint64_t reserved[4];		/* zero */
};

#define POLICY_OPTIONS_INIT { .size = sizeof(struct policy_options) }

#define POLICY_FORCE_ON  1u	/* enabled, whatever file and environment say */
#define POLICY_FORCE_OFF 2u	/* off; no file is read.  FORCE_ON outranks it */
#define POLICY_NO_THREAD 4u	/* start no thread; the host calls policy_service() */
/* The store is opened for reading only, and nothing is loaded that writes one or signs: no
 * key of `sign_with`, no keys of `write: true`; a totp step, which has to write, is refused.
 * Wrong passwords count in this process alone. What policy_admin.h changes is
 * POLICY_ERR_UNSUPPORTED. `audit:` is written. The same in a child after fork. */
#define POLICY_READ_ONLY 8u

/*
 * Opens a set: one file, or a directory (all its *.yaml, not recursive).  path
 * NULL is /etc/policy.  Owner and mode of the files and of every directory
 * above them are checked as sudo does: owned by root or the effective user,
 * not writable by group or others (a sticky directory of root's may be); else
 * POLICY_ERR_UNSAFE.  All or nothing: on failure *out is NULL and err (may be
 * NULL) is filled.  May allocate and block.  policy_open_text takes the text
 * itself; `name` stands in messages and rule names.
 */
int policy_open(struct policy **out, const char *path,
    const struct policy_options *opt, struct policy_error *err);
int policy_open_text(struct policy **out, const char *name, const char *text,
    size_t len, const struct policy_options *opt, struct policy_error *err);

/*
 * Decides.  0: a decision was reached, see out->verdict.  Negative: none was,
 * and *out is a deny with reason error, limit or unavailable.  For an asserted
 * subject, and for credentials that were verified a moment ago: no allocation, lock
 * or system call (but a child's first call after fork; and a set whose `audit:` says `must`,
 * where a decision waits for its record, and with POLICY_NONBLOCK is POLICY_ERR_AGAIN).  Other credentials are judged by
 * the set's modules, which may block, at most until deadline_ns; with POLICY_NONBLOCK,
 * where one would: POLICY_ERR_AGAIN.  That takes up to 160 KiB of stack, and what the
 * modules take.  Every credential must be good, all of one subject, and what each of them
 * confers must allow; where a decision says who, it is of the first, and `expires` is the
 * earliest end.  Any number of threads at once.  out is never NULL.
 */
int policy_decide(struct policy *p, const struct policy_request *req,
    struct policy_decision *out);

/*
 * n decisions on one snapshot; request i is answered in out[i].  All requests
 * have the size of the first, so have all decisions.  Credentials are judged once:
 * requests that have any have the same list of them, the same pointer and count.
 * Returns 0, or the first error met; the requests after it are decided all the same.
 */
int policy_decide_many(struct policy *p, const struct policy_request *req,
    size_t n, struct policy_decision *out);

/*
 * The credentials alone: whose they are.  Of req only credentials, deadline_ns and flags
 * are read; there must be a credential.  0: they were judged, see out->verified (an
 * engine that is off judges nothing: not verified).  A user of the store has the attribute
 * `uid`.  Negative: they were not (as
 * policy_decide() says), and out is not verified.  Of several credentials the first's
 * identity is given, with those scopes that all have and the earliest expiry.
 */
int policy_authenticate(struct policy *p, const struct policy_request *req,
    struct policy_identity *out);

/*
 * One request of HTTP, as a proxy saw it.  `set` names routes of the policy's `routes:`;
 * method and target (path and query) are as the client sent them, nothing decoded: at
 * most 8 KiB and 64 segments.  body is the request's where the host has received it, JSON
 * of at most 1 MiB; a route that takes a name from it denies where there is none.
 */
struct policy_http {
	uint32_t size;
	uint32_t flags;			/* zero */
	struct policy_text set;		/* absent: "default" */
	struct policy_text method;
	struct policy_text target;
	struct policy_text body;	/* absent: none was received */
	uint64_t reserved[4];		/* zero */
};

#define POLICY_HTTP_INIT { .size = sizeof(struct policy_http) }

/* What it was taken for; owns its bytes, texts end in NUL. */
struct policy_routed {
	uint32_t size;
	uint32_t found;			/* 1: a route matched; 0: none did, or it was refused */
	uint32_t is_public, line;	/* line of the route */
	uint32_t action_len, resource_type_len, resource_id_len, file_len;
	char action[256], resource_type[72], resource_id[1032], file[256];
};

#define POLICY_ROUTED_INIT { .size = sizeof(struct policy_routed) }

/*
 * Decides what a request of HTTP may.  The route says action, resource and their
 * attributes; `who` has subject or credentials, actor, token, context, flags and deadline,
 * and nothing of action and resource (POLICY_ERR_ARG).  What the route says of the context
 * stands, whatever `who` says.  Match and decision are made on one snapshot.  No route: a
 * deny, no_rule (or, of nobody, no_credential).  Malformed method, target, query or body:
 * 0, and a deny with reason error; too long: limit.  A public route is allowed to anybody,
 * whatever his credentials, unless a deny entry denies it; then `rule` is the route's
 * file:line.  routed may be NULL.  Otherwise as policy_decide(); 36 KiB more of stack.
 */
int policy_decide_http(struct policy *p, const struct policy_http *http,
    const struct policy_request *who, struct policy_decision *out,
    struct policy_routed *routed);

/* What a decision looked at, in order.  See policy_trace(). */
enum policy_stage {
	POLICY_STAGE_DENY = 1, POLICY_STAGE_ALLOW, POLICY_STAGE_SCOPE, POLICY_STAGE_CEILING
};
enum policy_outcome {
	POLICY_OUTCOME_MATCHED = 1,	/* all its conditions are true */
	POLICY_OUTCOME_FALSE,		/* a condition is false */
	POLICY_OUTCOME_UNKNOWN		/* a condition cannot be evaluated */
};

struct policy_step {
	uint32_t stage, outcome;
	uint32_t line;			/* of the entry */
	uint32_t for_actor;		/* 1: looked at for the actor */
	uint32_t test_line, test_column;	/* of the first condition that was not true */
	char rule[400], file[256];
	char test[256];			/* its text; cut with "..." where longer */
};

struct policy_trace {
	uint32_t size;
	uint32_t count;			/* steps filled */
	uint32_t room;			/* steps there is room for */
	uint32_t dropped;		/* steps there was no room for */
	struct policy_step *steps;	/* the caller's */
};

#define POLICY_TRACE_INIT { .size = sizeof(struct policy_trace) }

/* policy_decide() with a witness: slower.  A request that policy_decide() would answer
 * by its index alone is decided both ways here; were they to differ, the answer is a
 * deny and POLICY_ERR_INTERNAL. */
int policy_trace(struct policy *p, const struct policy_request *req,
    struct policy_decision *out, struct policy_trace *trace);

/*
 * Searches: of all that is known by name, what policy_decide() allows. What is sought is
 * left out of req: its id (of an action the name) is not read, whatever stands there; the
 * rest is as for policy_decide(), and each candidate is put in and decided, all on one
 * snapshot and at one time. So a search finds x exactly where policy_decide() allows x:
 *
 *	SUBJECT		of the type subject_type (absent: "user"). Known are users of files and
 *			store, whoever is a member or has a grant by name, and things of that
 *			type. Users that are disabled or deleted are not found. There may be no
 *			credentials.
 *	RESOURCE	of the type resource_type (required). Known are entities, what a grant
 *			or an entry names as one thing (a pattern without `*`), and grants of
 *			the store.
 *	ACTION		of all that are declared, by their names, not their aliases.
 *
 * each() is called once for each that was found, in the order of their bytes, when all is
 * decided: where policy_search() fails, it was not called at all. type is as asked for,
 * absent for actions; the texts are good for the call, and end in no NUL that is promised.
 * What it returns, where that is not 0, ends the search and is returned. It may decide,
 * search and reload (the search goes on with what it holds), but must not close; what a
 * reload replaces is freed when the searches that hold it have ended.
 *
 * 0: all was told. Credentials are judged once, as policy_decide() says (NONBLOCK too); if
 * they are not good, nothing is found. POLICY_ERR_UNAVAILABLE: a store has been silent for
 * too long, and who is sought or who asks depends on it; a module could not answer; or the
 * callback forked, and this is the child. POLICY_ERR_LIMIT: deadline_ns has come; a candidate
 * that a limit of the engine denies is just not found. POLICY_ERR_NOMEM. An engine that is
 * off allows all that is known; one that is forced off knows nothing. Nothing is cut.
 *
 * It costs a decision a candidate, some 0.2 microseconds, and for each that is found some
 * 0.3 more to put it in its place, and 24 bytes. Searches are not recorded by `audit:`.
 */
enum policy_sought { POLICY_SEEK_SUBJECT = 1, POLICY_SEEK_RESOURCE, POLICY_SEEK_ACTION };

typedef int policy_found_fn(void *ctx, struct policy_text type, struct policy_text id);

int policy_search(struct policy *p, int sought, const struct policy_request *req,
    policy_found_fn *each, void *ctx, struct policy_error *err);

/*
 * Reads the set again and replaces the running one, all or nothing: on failure
 * the old one stays in force.  Any thread; reloads queue behind each other.
 * Once it has returned 0, no decision that starts later uses the old set.
 */
int policy_reload(struct policy *p, struct policy_error *err);

/*
 * The work beside deciding: files that modules watch, tokens they renew, the store's
 * changes, old snapshots.  A set that has such work has a thread for it, started by
 * policy_open() with all signals blocked, unless POLICY_NO_THREAD was given: then the
 * host calls policy_service() whenever policy_fd() is readable (poll, epoll), and at
 * least once a second.  It waits at most timeout_ms (0: not at all, -1: until there is
 * work), does what is due and returns how much was done; or a negative policy_err.
 * One thread at a time; with a thread of our own: POLICY_ERR_ARG.  In a forked child
 * the descriptor is another one: ask for it again.
 */
int policy_service(struct policy *p, int timeout_ms);
/* The descriptor, or -1 where there is no such work, or where a thread does it. */
int policy_fd(const struct policy *p);

/* Closes.  The caller has seen to it that no other call is under way.  NULL
 * is fine. */
void policy_close(struct policy *p);

/*
 * How a handle does, for health and metrics.  Takes no lock that deciding takes; users,
 * tokens and grants are counted anew when there is another generation, in some 60 ms a
 * million of them.
 */
struct policy_status {
	uint32_t size;
	uint32_t enabled;		/* 1: it decides; 0: it is off, and allows all */
	uint64_t generation;		/* as policy_generation() */
	int64_t loaded;			/* Unix ns: the set in force was read; 0: none is */
	int64_t failed;			/* Unix ns: a reload failed since; 0: none */
	int64_t store_age_ns;		/* since a store was asked for what is in force; -1: no store;
					 * INT64_MAX: it is still to be opened, in a forked child */
	int64_t store_stale_ns;		/* more than this, and what needs it is unavailable; 0: no store */
	uint64_t rules, roles;		/* entries, of scopes and ceilings too; roles */
	uint64_t users;			/* of files and store, without those disabled or deleted */
	uint64_t tokens;		/* of the store, that are not revoked */
	uint64_t grants;		/* roles given to one user, group or TYPE:*, each counted */
	uint64_t audit_written, audit_dropped;	/* records, of this process */
	uint64_t reserved[4];
};

#define POLICY_STATUS_INIT { .size = sizeof(struct policy_status) }

/* 0, or POLICY_ERR_ARG or POLICY_ERR_ABI.  What cannot be told is 0. */
int policy_get_status(struct policy *p, struct policy_status *out);

/* What the set's store has by now is in force in this process when it returns: what another
 * process wrote a moment ago, too.  Waits for the store.  0; POLICY_ERR_UNSUPPORTED: the set
 * has none; POLICY_ERR_UNAVAILABLE: it cannot be asked.  Any thread. */
int policy_sync(struct policy *p, struct policy_error *err);

/* Generation of the running snapshot, and whether the engine is on. */
uint64_t policy_generation(const struct policy *p);
int policy_is_enabled(const struct policy *p);

/* Static texts; never NULL. */
const char *policy_strerror(int code);
const char *policy_reason_name(int reason);
const char *policy_version(void);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
