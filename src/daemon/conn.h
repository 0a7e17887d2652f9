/* SPDX-License-Identifier: Apache-2.0 */
/* One connection of libmicrohttpd, and the request that is on it. */
#ifndef POL_DAEMON_CONN_H
#define POL_DAEMON_CONN_H

#include <pthread.h>
#include <stdatomic.h>

#include <microhttpd.h>

#include "call.h"
#include "pool.h"
#include "server.h"

#define POL_HEADERS 100			/* in a request */

struct pol_header {
	const char *name, *value;	/* in libmicrohttpd's memory */
	size_t name_len, value_len;
};

enum pol_phase {
	POL_PHASE_HEAD,			/* nothing was looked at */
	POL_PHASE_BODY,			/* the head is right; its body is taken, or dropped */
	POL_PHASE_DONE			/* an answer is on its way */
};

struct pol_tls {
	char *certificate, *key, *client_ca;	/* NULL: none */
};

/* A listener of the configuration that runs. */
struct pol_listening {
	struct pol_server *server;
	const struct pol_conf_listener *conf;
	struct MHD_Daemon *daemon;
	struct pol_tls tls;
	bool is_unix;
};

/* Connections that are open, and the thread that looks for slow ones: sweep.c. */
struct pol_sweep {
	pthread_mutex_t lock;
	pthread_cond_t end;
	pthread_t thread;
	bool runs, ended;
	struct pol_conn *first;
};

struct pol_server {
	const struct pol_conf *conf;
	struct policy *policy;
	struct pol_desk *desk;		/* NULL: there is no keeper */
	struct pol_penalty *penalty;
	struct pol_pool *pool;
	struct pol_sweep sweep;
	struct pol_listening *on;
	size_t on_count;
	atomic_bool draining;
	atomic_uint under_way;		/* requests whose answer is not sent */
	atomic_size_t body_bytes;	/* of all that is being taken */
	atomic_ulong said_at;		/* the second of the last line of libmicrohttpd */
	atomic_uint said;		/* lines in it */
};

struct pol_conn {
	struct pol_call call;
	struct pol_conn *next, **prev;	/* of the sweep */
	int fd;
	_Atomic int64_t since_ns;	/* since when its head, or its body, is awaited; 0: neither */
	struct pol_job job;
	struct MHD_Connection *mhd;
	struct pol_listening *on;
	const struct pol_route *route;
	enum pol_phase phase;
	bool is_known;			/* the caller may */
	bool is_whole;			/* the body is here */
	bool is_waiting;		/* in the pool, or back from it */
	bool must_close;
	bool in_count;
	bool is_chunked;
	bool has_certificate;		/* of the connection: is of client_ca */
	const char *uri;		/* where libmicrohttpd has the target */
	uint64_t announced;		/* bytes of the body, by its header; chunked: 0 */
	uint64_t dropped;		/* of a body that is not wanted */
	size_t counted;			/* of server->body_bytes */
	int64_t started_ns;
	struct pol_text target, body, added;
	struct pol_header headers[POL_HEADERS];
	size_t headers_count;
	char trace[56];			/* traceparent, where it is one */
	unsigned char random[256];	/* for request ids */
	size_t random_left;
};

/* head.c: is the head what HTTP says, byte by byte? 0, or the status of a refusal. Fills
 * headers, announced, is_chunked, the ids. */
unsigned pol_head_check(struct pol_conn *n, const char *method, const char *version);

/* route.c: the route of a request, or NULL: then *status is 404, or 405 with `allow`. */
const struct pol_route *pol_route_find(const struct pol_call *c, unsigned *status, struct pol_text *allow);

/* answer.c: sends what the call has; MHD_NO: the connection is to be closed. */
enum MHD_Result pol_answer_send(struct pol_conn *n);

/* sweep.c; a connection is added before its first byte, and removed before its socket is closed */
void pol_sweep_add(struct pol_conn *n);
void pol_sweep_remove(struct pol_conn *n);
int pol_sweep_start(struct pol_server *s);
void pol_sweep_stop(struct pol_server *s);

/* request.c: for libmicrohttpd */
void *pol_request_target(void *on, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result pol_request_take(void *on, struct MHD_Connection *mhd, const char *url, const char *method,
    const char *version, const char *data, size_t *size, void **conn);
void pol_request_done(void *on, struct MHD_Connection *mhd, void **conn, enum MHD_RequestTerminationCode why);
void pol_request_connection(void *on, struct MHD_Connection *mhd, void **conn,
    enum MHD_ConnectionNotificationCode what);

/* tls.c */
/* Reads the files of a listener. Whatever is returned, fini is called. */
int pol_tls_load(struct pol_tls *t, const struct pol_conf *conf, const struct pol_conf_listener *l,
    struct policy_error *err);
void pol_tls_fini(struct pol_tls *t);
/* Has the client shown a certificate of client_ca? */
bool pol_tls_is_client(struct MHD_Connection *mhd);

#endif
