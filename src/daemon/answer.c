/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answer to a request. Its bytes stay where the call has them until they are sent: the
 * connection has no other request meanwhile.
 */
#include <string.h>

#include "conn.h"
#include "log.h"
#include "metrics.h"

static const char broken[] = "\"the server could not make its answer\"";

static bool
add(struct MHD_Response *r, const char *name, const char *value)
{
	return MHD_add_response_header(r, name, value) == MHD_YES;
}

/* Those that every answer has, and those the handler added. */
static bool
add_headers(struct MHD_Response *r, const struct pol_conn *n, bool is_broken)
{
	const struct pol_call *c = &n->call;
	const char *at = n->added.len != 0 ? n->added.data : "", *end = at + n->added.len;
	bool ok = add(r, "Cache-Control", "no-store") && add(r, "X-Content-Type-Options", "nosniff") &&
	    (c->request_id[0] == '\0' || add(r, "X-Request-ID", c->request_id));

	if (is_broken || c->out.len != 0)
		ok = ok && add(r, "Content-Type", is_broken || c->type == NULL ? "application/json" : c->type);
	if (n->trace[0] != '\0')
		ok = ok && add(r, "traceparent", n->trace);
	while (ok && !is_broken && at != end) {
		const char *value = at + strlen(at) + 1;

		ok = add(r, at, value);
		at = value + strlen(value) + 1;
	}
	if (n->must_close || atomic_load_explicit(&n->on->server->draining, memory_order_relaxed))
		ok = ok && add(r, "Connection", "close");
	return ok;
}

static void
tell(const struct pol_conn *n, unsigned status)
{
	const struct pol_call *c = &n->call;

	pol_metrics_request(n->route, status, pol_metrics_now() - n->started_ns);
	if (status >= 500)
		pol_log(POLICY_LOG_WARNING, "answered %u to %s %s, request %s%s%s", status,
		    n->route != NULL ? n->route->method : "a request", n->route != NULL ? n->route->path : "", c->request_id,
		    c->trace_id[0] != '\0' ? ", trace " : "", c->trace_id);
}

enum MHD_Result
pol_answer_send(struct pol_conn *n)
{
	struct pol_call *c = &n->call;
	bool is_broken = c->out.failed || n->added.failed || c->status < 200 || c->status > 599;
	unsigned status = is_broken ? 500 : c->status;
	struct MHD_Response *r;
	enum MHD_Result sent = MHD_NO;

	if (is_broken)
		r = MHD_create_response_from_buffer(sizeof(broken) - 1, (char *)(uintptr_t)broken, MHD_RESPMEM_PERSISTENT);
	else
		r = MHD_create_response_from_buffer(c->out.len, c->out.data, MHD_RESPMEM_PERSISTENT);
	if (r == NULL)
		return MHD_NO;
	if (add_headers(r, n, is_broken)) {
		n->phase = POL_PHASE_DONE;
		tell(n, status);
		sent = MHD_queue_response(n->mhd, status, r);
	}
	MHD_destroy_response(r);
	return sent;
}
