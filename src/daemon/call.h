/* SPDX-License-Identifier: Apache-2.0 */
/* One request of HTTP and its answer, as a handler sees them. */
#ifndef POL_DAEMON_CALL_H
#define POL_DAEMON_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <policy.h>

#include "conf.h"

struct pol_server;
struct pol_call;

/* Text that grows; too much, or no memory, is remembered and becomes a 500. */
struct pol_text {
	char *data;
	size_t len, room;
	bool failed;
};

void pol_text_add(struct pol_text *t, const char *data, size_t len);
void pol_text_str(struct pol_text *t, const char *s);
/* As a JSON string with its quotes. Bytes that are no UTF-8 become U+FFFD. */
void pol_text_json(struct pol_text *t, const char *data, size_t len);
void pol_text_fini(struct pol_text *t);

/*
 * 0: answered, by the functions below. POLICY_ERR_AGAIN, only where c->nonblock: nothing
 * was answered; the same handler is called once more, in a thread where it may wait.
 * Any other: a 500.
 */
typedef int pol_handler(struct pol_call *c);

struct pol_route {
	const char *method;		/* "*": any */
	const char *path;		/* whole; with `below`: this or anything below it */
	bool below;
	unsigned serve;			/* one of POL_SERVE_: where it is served at all */
	unsigned may;			/* one of POL_MAY_ the caller needs, asked by the server; 0: anybody */
	pol_handler *handler;
};

/* Tables of routes, each in the file of its handlers; an empty method ends one. */
extern const struct pol_route pol_authzen_routes[], pol_proxy_routes[], pol_health_routes[], pol_oauth_routes[],
    pol_manage_routes[], pol_torchserve_routes[], pol_profile_mlblocks_routes[], pol_profile_iai_routes[],
    pol_xinference_routes[];
/* All of them; NULL ends it. */
extern const struct pol_route *const pol_route_tables[];

struct pol_call {
	struct pol_server *server;
	struct policy *policy;
	const struct pol_conf *conf;
	const struct pol_conf_listener *on;
	const char *method;
	const char *target;		/* as sent: path and query, nothing decoded */
	size_t path_len;		/* of it */
	const char *body;
	size_t body_len;
	bool nonblock;
	int64_t deadline_ns;		/* CLOCK_MONOTONIC: of what may wait */
	bool has_peer;			/* a unix socket: who is at the other end */
	uid_t peer_uid;
	gid_t peer_gid;
	unsigned peer_may;		/* of POL_MAY_, by `peers:` */
	char request_id[129];		/* X-Request-ID, ours where none was sent */
	char trace_id[33];		/* of traceparent; "" */

	unsigned status;		/* of the answer; 0: none yet */
	const char *type;		/* static; application/json where not said */
	struct pol_text out;
	void *connection;		/* of the server */
};

/* The value of a header, or NULL; *count: how often it was sent (NULL: who cares). Names
 * in any case. */
const char *pol_call_header(const struct pol_call *c, const char *name, unsigned *count);
/* Adds a header to the answer. A value with a control byte is left out, and a 500. */
void pol_call_add(struct pol_call *c, const char *name, const char *value);
/* An error whose body is one JSON string: AuthZEN, section 10.1. Status and text only. */
int pol_call_error(struct pol_call *c, unsigned status, const char *text);

/* ---- caller.c: who asks ---- */

enum { POL_CALLER_CREDENTIALS = 2 };

/* Credentials of a request, as its headers have them; texts point into `bytes` or the headers. */
struct pol_caller {
	struct policy_credential list[POL_CALLER_CREDENTIALS];
	size_t count;
	char bytes[768];		/* of a Basic credential, decoded; wiped by pol_caller_fini() */
};

/* Reads `Authorization` (Bearer, Basic), or the header named; 0, or 400 (a header twice, no such form) . */
unsigned pol_caller_read(struct pol_caller *w, const struct pol_call *c, const char *header);
void pol_caller_fini(struct pol_caller *w);
/* Sets peer_uid and so on, of the unix socket fd. */
void pol_caller_peer(struct pol_call *c, int fd);
/* May whoever sent this do `may`? 0: yes. POLICY_ERR_AGAIN: see pol_handler. Else the
 * error was answered (400, 401 with WWW-Authenticate, 403, 503) and 1 is returned. Of a
 * route of POL_SERVE_PROXY the caller's credential is X-Policy-Caller, and a 401 a 403. */
int pol_caller_may(struct pol_call *c, unsigned may);

#endif
