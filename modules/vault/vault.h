/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One step that asks a Vault or OpenBao: its settings, and what its files offer each
 * other. Whatever is not a clear answer of the server is no answer: status 0.
 */
#ifndef VAULT_H
#define VAULT_H

#include <stdatomic.h>
#include <stdbool.h>

#include <curl/curl.h>
#include <jansson.h>
#include <policy_module.h>

#define VAULT_SECOND INT64_C(1000000000)

enum {
	VAULT_MAX_TOKEN = 8192,		/* bytes of a token, a password, a file of one */
	VAULT_MAX_ANSWER = 64 * 1024,	/* bytes of one answer */
	VAULT_MAX_LISTING = 1024 * 1024,	/* of the answer to a LIST */
	VAULT_MAX_ENTRIES = 1024,	/* of a token list */
	VAULT_MAX_DEPTH = 16,		/* of an answer's JSON */
	VAULT_MAX_AT_ONCE = 16,		/* requests under way; more wait */
	VAULT_MAX_NAMES = 32,		/* claims, attributes, hosts to be redirected to */
	VAULT_CACHE_SECONDS = 30	/* for which a good look-up may be kept */
};

enum vault_mode { VAULT_TOKEN = 1, VAULT_LOGIN = 2, VAULT_LIST = 4 };	/* bits */
enum vault_method { VAULT_NO_METHOD, VAULT_JWT, VAULT_APPROLE, VAULT_USERPASS };
enum vault_id { VAULT_ENTITY, VAULT_DISPLAY_NAME, VAULT_ACCESSOR, VAULT_META, VAULT_KEY };

/* What is logged at most once in ten seconds each, whoever makes it happen. */
enum vault_topic {
	VAULT_SAY_UNASKED, VAULT_SAY_ANSWER, VAULT_SAY_SUBJECT, VAULT_SAY_NAMESPACE, VAULT_SAY_LOGIN,
	VAULT_SAY_OWN, VAULT_SAY_LIST, VAULT_SAY_ENTRY, VAULT_SAY__COUNT
};

struct vault_conf {
	enum vault_mode mode;
	enum vault_method method, auth_method;
	enum vault_id id;
	char address[512];		/* scheme://host:port */
	char socket[108];		/* of unix:// */
	char ca[1024], capath[1024], ns[256], proxy[512];	/* empty: none */
	char mount[256], role[256], path[512], field[128], scopes[128], id_meta[128];
	char token_file[1024];
	char auth_mount[256], auth_role[256], auth_user[256], auth_file[1024];
	char redirect_to[VAULT_MAX_NAMES][256];	/* scheme://host:port */
	char claims[VAULT_MAX_NAMES][128];
	struct { char name[128], meta[128]; } attributes[VAULT_MAX_NAMES];
	unsigned n_redirect_to, n_claims, n_attributes;
	unsigned retries, kv;
	int64_t timeout_ns, refresh_ns, stale_ns;
	bool insecure;
};

/* A libcurl handle with its connection, used by one caller at a time. */
struct vault_slot {
	_Atomic uint64_t owner;		/* process id twice, odd while in use */
	CURL *curl;
	long connects;			/* that it has made */
};

struct vault_entry {
	unsigned char mac[32];		/* of the token, by the step's own random key */
	char key[256];
};

struct vault_tokens {
	_Atomic unsigned refs;
	unsigned n;
	int64_t until_ns;		/* CLOCK_BOOTTIME: believed no longer */
	int64_t next_ns;		/* read anew */
	struct vault_entry entries[];
};

/* The module's own token. Only serve(), open() and close() look at it. */
struct vault_own {
	char token[VAULT_MAX_TOKEN + 1];
	size_t len;			/* 0: none */
	bool renewable, logged_in;
	int64_t lease_ns;		/* as first granted */
	int64_t due_ns;			/* CLOCK_BOOTTIME: renew or log in; INT64_MAX: never */
	unsigned failures;
	int pid;			/* of the process that logged in */
};

struct vault {
	const struct policy_host *host;
	struct vault_conf conf;
	struct vault_slot slots[VAULT_MAX_AT_ONCE];
	_Atomic int64_t down_until_ns;	/* CLOCK_MONOTONIC: nobody tries before */
	_Atomic int64_t said_ns[VAULT_SAY__COUNT];
	_Atomic uint64_t lock;		/* of `tokens`: process id twice, odd while held */
	struct vault_tokens *tokens;
	unsigned char key[32];
	struct vault_own own;
	int64_t next_ns;		/* CLOCK_BOOTTIME: the list is read anew */
	unsigned failures;		/* of reading the list, one after the other */
};

/* conf.c: the settings; 0 or a negative policy_err with err filled. */
int pol_vault_conf(struct vault_conf *c, const struct policy_open_args *args, struct policy_error *err);
/* [A-Za-z0-9_.-]+ with slashes between, no "." and no ".." */
bool pol_vault_is_path(const char *s);
/* A word for the file names of an API: the same without slashes. */
bool pol_vault_is_word(const char *s, size_t n);

/* address.c: `address` read, and written as scheme://host:port. */
int pol_vault_address(struct vault_conf *c, struct policy_error *err);

/* http.c: one request, once. */
struct vault_ask {
	const char *method, *path;	/* path: behind /v1/ */
	struct policy_text token, body;	/* absent: none */
	size_t most;			/* bytes of the answer; 0: VAULT_MAX_ANSWER */
	int64_t deadline_ns;		/* CLOCK_MONOTONIC */
	bool once;			/* what reached the server is not sent again */
};

struct vault_answer {
	long status;			/* 0: it could not be asked, or did not answer; `why` says */
	json_t *json;			/* an object, or NULL of a 204 */
	char *body;
	size_t len, room, most;
	bool too_long;
	int64_t retry_after_s;
	char to[1024];			/* where it redirects to */
	char why[384];
};

CURLcode pol_vault_http(struct vault *v, const struct vault_ask *ask, const char *url, struct vault_answer *a);
void pol_vault_http_fini(struct vault *v);

/* ask.c: one question, with retries, one redirect and the answer's JSON. Returns a->status. */
long pol_vault_ask(struct vault *v, const struct vault_ask *ask, struct vault_answer *a);
/* Wipes and frees what the answer holds. */
void pol_vault_answer_fini(struct vault_answer *a);

/* json.c */
json_t *pol_vault_json(const char *text, size_t len);
/* A member's text, or NULL; empty is "". */
const char *pol_vault_json_text(const json_t *o, const char *name);
/* A member that is absent, null or a text; false: it is something else. */
bool pol_vault_json_maybe(const json_t *o, const char *name, const char **out);
bool pol_vault_json_int(const json_t *o, const char *name, int64_t least, int64_t *out);
void pol_vault_json_wipe(const json_t *text);
/* Frees a tree, its texts wiped. */
void pol_vault_json_free(json_t *j);
/* UTF-8 */
bool pol_vault_json_able(struct policy_text t);
/* {"NAME": "VALUE", ...} into buf; 0: it does not fit or is no UTF-8. */
size_t pol_vault_json_write(char *buf, size_t room, const char *const *names, const struct policy_text *values,
    size_t n);

/* token.c: the modes token and login. */
enum policy_check_result pol_vault_token_check(struct vault *v, const struct policy_call *call,
    struct policy_identity *id);
enum policy_check_result pol_vault_login_check(struct vault *v, const struct policy_call *call,
    struct policy_identity *id);
/* 1..VAULT_MAX_TOKEN bytes that can stand in a header */
bool pol_vault_is_token(struct policy_text t);
/* Of 32 bytes; 0, or -1 */
int pol_vault_digest(char out[44], struct policy_text t);

/* fill.c: what a look-up said, as an identity. */
enum policy_check_result pol_vault_fill(struct vault *v, const struct policy_call *call, const json_t *data,
    struct policy_text token_id, struct policy_identity *id);

/* login.c */
struct vault_login {
	char token[VAULT_MAX_TOKEN + 1];
	size_t len;
	int64_t lease_ns;		/* 0: it does not end */
	bool renewable, batch;
};
/* Returns the status: 200 with *out filled (to be wiped), 400 or 403 refused, else 0, `why` said and logged. */
long pol_vault_login(struct vault *v, enum vault_method method, const char *mount, const char *role,
    struct policy_text name, struct policy_text secret, int64_t deadline_ns, struct vault_login *out);
/* Reads `auth` of the answer to a login or a renewal. */
bool pol_vault_login_read(const json_t *json, struct vault_login *out);
void pol_vault_revoke(struct vault *v, struct policy_text token, int64_t deadline_ns);

/* own.c: the module's own token. */
int pol_vault_own_ready(struct vault *v, bool anew);	/* 0: there is one */
void pol_vault_own_refused(struct vault *v);		/* the server does not know it */
void pol_vault_own_fini(struct vault *v);

/* list.c: token lists. */
enum policy_check_result pol_vault_list_check(struct vault *v, const struct policy_call *call,
    struct policy_identity *id);
int64_t pol_vault_list_serve(struct vault *v, uint32_t why);
int pol_vault_list_open(struct vault *v, struct policy_error *err);
void pol_vault_list_fini(struct vault *v);

/* vault.c */
int64_t pol_vault_clock(clockid_t clock);
void pol_vault_say(struct vault *v, enum vault_topic topic, enum policy_log_level level, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
int pol_vault_refuse(struct policy_error *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
