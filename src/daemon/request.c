/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request on its way: libmicrohttpd calls when the head is there, with each piece of the
 * body, and once more at the end. Who asks is judged before a body is taken. What would
 * wait is put to sleep, and done in a thread of the pool; its answer is sent from here.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conn.h"
#include "metrics.h"

#define KEPT_BYTES ((size_t)64 * 1024)	/* of a buffer, from one request to the next */
#define DROPPED_BYTES ((uint64_t)4 * 1024 * 1024)	/* of a body that is not wanted, to answer in peace */
#define BODIES_BYTES ((size_t)96 * 1024 * 1024)	/* of all requests together, but for the first of each: */
#define SMALL_BYTES ((size_t)16 * 1024)	/* whoever fills the rest does not keep small questions out */

static void
forget(struct pol_text *t)
{
	if (t->len != 0)
		explicit_bzero(t->data, t->len);
	if (t->room > KEPT_BYTES || t->failed) {
		pol_text_fini(t);
		return;
	}
	t->len = 0;
}

static void
reset(struct pol_conn *n)
{
	struct pol_call *c = &n->call;
	struct pol_server *s = n->on->server;

	if (n->in_count)
		atomic_fetch_sub(&s->under_way, 1);
	if (n->counted != 0)
		atomic_fetch_sub(&s->body_bytes, n->counted);
	forget(&n->body);
	forget(&n->target);
	forget(&n->added);
	forget(&c->out);
	n->in_count = n->is_known = n->is_whole = n->is_waiting = n->must_close = n->is_chunked = false;
	n->counted = n->headers_count = 0;
	n->announced = n->dropped = 0;
	n->phase = POL_PHASE_HEAD;
	n->route = NULL;
	n->uri = NULL;
	n->trace[0] = c->request_id[0] = c->trace_id[0] = '\0';
	c->body = NULL;
	c->body_len = 0;
	c->status = 0;
	c->type = NULL;
}

void
pol_request_connection(void *on, struct MHD_Connection *mhd, void **conn, enum MHD_ConnectionNotificationCode what)
{
	const union MHD_ConnectionInfo *info;
	struct pol_listening *l = on;
	struct pol_conn *n = *conn;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (n == NULL)
			return;
		pol_sweep_remove(n);
		reset(n);
		pol_text_fini(&n->body);
		pol_text_fini(&n->target);
		pol_text_fini(&n->added);
		pol_text_fini(&n->call.out);
		free(n);
		*conn = NULL;
		return;
	}
	n = calloc(1, sizeof(*n));
	*conn = n;
	if (n == NULL)
		return;
	n->mhd = mhd;
	n->on = l;
	n->call = (struct pol_call){ .server = l->server, .policy = l->server->policy, .conf = l->server->conf,
	    .on = l->conf, .connection = n };
	info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	n->fd = info != NULL ? info->connect_fd : -1;
	if (l->is_unix)
		pol_caller_peer(&n->call, n->fd);
	n->since_ns = pol_metrics_now();
	pol_sweep_add(n);
}

void *
pol_request_target(void *on, const char *uri, struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct pol_conn *n = info != NULL ? info->socket_context : NULL;

	(void)on;
	if (n == NULL)
		return NULL;
	reset(n);
	n->in_count = true;
	atomic_fetch_add(&n->on->server->under_way, 1);
	n->started_ns = pol_metrics_now();
	n->uri = uri;
	if (uri != NULL)
		pol_text_str(&n->target, uri);
	return n;
}

void
pol_request_done(void *on, struct MHD_Connection *mhd, void **conn, enum MHD_RequestTerminationCode why)
{
	struct pol_conn *n = *conn;

	(void)on, (void)mhd, (void)why;
	*conn = NULL;
	if (n == NULL)
		return;
	for (size_t i = 0; i < n->headers_count; i++) {
		const struct pol_header *h = &n->headers[i];

		if (strcasecmp(h->name, "Authorization") == 0 || strcasecmp(h->name, "X-Policy-Caller") == 0 ||
		    strcasecmp(h->name, "X-Authorization") == 0 || strcasecmp(h->name, "X-API-Key") == 0)
			explicit_bzero((char *)(uintptr_t)h->value, h->value_len);
	}
	reset(n);
	n->since_ns = pol_metrics_now();
}

/* Asks who it is, and where the body is here, the handler. Any thread. POLICY_ERR_AGAIN:
 * only where `nonblock`. */
static int
ask(struct pol_conn *n, bool nonblock)
{
	struct pol_call *c = &n->call;
	int rc;

	c->nonblock = nonblock;
	c->deadline_ns = pol_metrics_now() + (int64_t)c->conf->wait_s * 1000000000;
	if (!n->is_known && n->route->may != 0) {
		rc = pol_caller_may(c, n->route->may);
		if (rc != 0) {
			if (rc == POLICY_ERR_AGAIN && nonblock)
				return rc;
			if (c->status < 400)
				pol_call_error(c, 500, "the caller could not be judged");
			return 0;
		}
	}
	n->is_known = true;
	if (!n->is_whole)
		return 0;
	rc = n->route->handler(c);
	if (rc == POLICY_ERR_AGAIN && nonblock) {
		c->status = 0;
		c->type = NULL;
		c->out.len = n->added.len = 0;
		return rc;
	}
	if (rc != 0 || c->status == 0)
		pol_call_error(c, 500, "the request could not be handled");
	return 0;
}

static void
wait_and_ask(struct pol_job *job)
{
	struct pol_conn *n = (struct pol_conn *)(void *)((char *)job - offsetof(struct pol_conn, job));

	ask(n, false);
	MHD_resume_connection(n->mhd);
}

/* true: the connection sleeps; this is called again when it is awake. */
static bool
ask_or_sleep(struct pol_conn *n)
{
	struct pol_pool *pool = n->on->server->pool;

	if (n->is_waiting) {
		n->is_waiting = false;
		return false;
	}
	if (ask(n, true) != POLICY_ERR_AGAIN)
		return false;
	if (!pol_pool_reserve(pool)) {
		pol_call_error(&n->call, 503, "too many requests wait");
		pol_call_add(&n->call, "Retry-After", "1");
		return false;
	}
	n->is_waiting = true;
	n->since_ns = 0;
	n->job.run = wait_and_ask;
	MHD_suspend_connection(n->mhd);
	pol_pool_put(pool, &n->job);
	return true;
}

/* A refusal before the body: at once, or where that is no more than a little, after it. */
static enum MHD_Result
refuse(struct pol_conn *n, bool has_body)
{
	if (n->must_close || (has_body && !n->is_chunked && n->announced > DROPPED_BYTES) ||
	    pol_call_header(&n->call, "Expect", NULL) != NULL) {
		n->must_close = n->must_close || has_body;
		return pol_answer_send(n);
	}
	n->phase = POL_PHASE_BODY;
	return MHD_YES;
}

static enum MHD_Result
take_head(struct pol_conn *n, const char *method, const char *version)
{
	struct pol_call *c = &n->call;
	unsigned status;
	bool has_body;

	if (!n->is_waiting) {
		status = pol_head_check(n, method, version);
		if (n->on->conf->client_ca != NULL && !n->has_certificate)
			n->has_certificate = pol_tls_is_client(n->mhd);
		if (status == 0 && n->on->conf->client_ca != NULL && !n->has_certificate)
			status = 403;
		c->method = method;
		c->target = n->target.data;
		c->path_len = n->target.data != NULL ? strcspn(n->target.data, "?") : 0;
		if (status != 0) {
			n->must_close = true;
			pol_call_error(c, status, status == 417 ? "only 100-continue is expected here" : status == 403 ?
			    "a client certificate is wanted" : "malformed request");
			return pol_answer_send(n);
		}
		/* a chunk's own lines are not seen here: nothing is read after it */
		n->must_close = n->is_chunked;
		n->route = pol_route_find(c, &status, &n->body);
		if (n->route == NULL) {
			if (status == 405)
				pol_call_add(c, "Allow", n->body.data);
			n->body.len = 0;
			pol_call_error(c, status, status == 405 ? "no such method here" : "nothing is here");
		} else if (n->announced > c->conf->body_bytes) {
			pol_call_error(c, 413, "the body is too large");
		}
	}
	has_body = n->is_chunked || n->announced != 0;
	if (c->status == 0 && has_body && ask_or_sleep(n))
		return MHD_YES;
	n->since_ns = has_body ? pol_metrics_now() : 0;
	if (c->status != 0)
		return refuse(n, has_body);
	n->phase = POL_PHASE_BODY;
	return MHD_YES;
}

static enum MHD_Result
take_piece(struct pol_conn *n, const char *data, size_t len)
{
	struct pol_call *c = &n->call;
	struct pol_server *s = n->on->server;

	if (c->status == 0 && len > c->conf->body_bytes - n->body.len)
		pol_call_error(c, 413, "the body is too large");
	if (c->status == 0 && n->body.len + len > SMALL_BYTES + n->counted) {
		size_t more = n->body.len + len - SMALL_BYTES - n->counted;

		if (atomic_fetch_add(&s->body_bytes, more) > BODIES_BYTES)
			pol_call_error(c, 503, "too many bodies at once");
		n->counted += more;
	}
	if (c->status != 0) {
		forget(&n->body);
		n->dropped += len;
		return n->dropped > DROPPED_BYTES ? MHD_NO : MHD_YES;
	}
	pol_text_add(&n->body, data, len);
	explicit_bzero((char *)(uintptr_t)data, len);
	if (n->body.failed)
		pol_call_error(c, 503, "out of memory");
	return MHD_YES;
}

enum MHD_Result
pol_request_take(void *on, struct MHD_Connection *mhd, const char *url, const char *method, const char *version,
    const char *data, size_t *size, void **conn)
{
	struct pol_conn *n = *conn;
	struct pol_call *c;

	(void)on, (void)mhd, (void)url;
	if (n == NULL)
		return MHD_NO;
	c = &n->call;
	if (n->phase == POL_PHASE_HEAD)
		return take_head(n, method, version);
	if (*size != 0) {
		size_t len = *size;

		*size = 0;
		return take_piece(n, data, len);
	}
	n->since_ns = 0;
	if (c->status == 0) {
		n->is_whole = true;
		c->body = n->body.data;
		c->body_len = n->body.len;
		if (ask_or_sleep(n))
			return MHD_YES;
	}
	forget(&n->body);
	c->body = NULL;
	c->body_len = 0;
	return pol_answer_send(n);
}
