/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proxies that ask for each request they serve: /auth, where nginx's auth_request says in
 * two headers what the client asked for, and /ext_authz/..., where Envoy asks with the
 * client's own method and path. The set's `routes:` name action and resource. Who asks is
 * the client, by the credentials it sent; who may ask is the proxy.
 *
 * Which routes is never the client's to say: the listener says it, or the path that nginx
 * was configured to ask. There is no header for it.
 */
#include <string.h>
#include <strings.h>

#include "metrics.h"
#include "proxy.h"

/* Where a client's credentials are, each of which must be good. */
static const struct place {
	const char *header;
	const char *scheme;		/* before it; NULL: pol_caller_read() knows */
	const char *kind;
} places[] = {
	{ "Authorization", NULL, NULL },
	{ "X-Authorization", "Bearer ", "bearer" },	/* where a gRPC library keeps the first for itself */
	{ "X-API-Key", "", "api_key" },
};
enum { PLACES = sizeof(places) / sizeof(places[0]) };

struct client {
	struct pol_caller read[PLACES];
	struct policy_credential list[POLICY_CREDENTIALS_MAX];
	size_t count;
};

/* Xinference reads Bearer; who sends another scheme there has sent nothing. */
static bool
is_unread(const struct pol_call *c, const struct place *p, const char *value)
{
	return c->on->style != POL_STYLE_COMMON && p->scheme == NULL &&
	    (strncasecmp(value, "Bearer", 6) != 0 || (value[6] != ' ' && value[6] != '\0'));
}

/* 0, or POLICY_ERR_ARG: a header twice, or of no form that is known. */
static int
client_read(struct client *w, const struct pol_call *c)
{
	w->count = 0;
	for (size_t i = 0; i < PLACES; i++) {
		const struct place *p = &places[i];
		struct pol_caller *r = &w->read[i];
		unsigned times = 0;
		const char *value = pol_call_header(c, p->header, &times);

		if (times > 1)
			return POLICY_ERR_ARG;
		if (times == 0 || is_unread(c, p, value))
			continue;
		if (p->scheme == NULL) {
			if (pol_caller_read(r, c, p->header) != 0)
				return POLICY_ERR_ARG;
		} else {
			size_t n = strlen(p->scheme);

			if (strncasecmp(value, p->scheme, n) != 0)
				return POLICY_ERR_ARG;
			r->list[0].kind = policy_text(p->kind);
			r->list[0].data = policy_text(value + n);
			r->count = 1;
		}
		/* A header that was sent and holds nothing known is no anonymous request. */
		if (r->count == 0 || w->count + r->count > POLICY_CREDENTIALS_MAX)
			return POLICY_ERR_ARG;
		memcpy(w->list + w->count, r->list, r->count * sizeof(r->list[0]));
		w->count += r->count;
	}
	return 0;
}

static void
client_fini(struct client *w)
{
	for (size_t i = 0; i < PLACES; i++)
		pol_caller_fini(&w->read[i]);
}

static bool
is_kind(const struct policy_credential *w, const char *kind)
{
	return w->kind.len == strlen(kind) && memcmp(w->kind.data, kind, w->kind.len) == 0;
}

/* Whom it was asked for, by the first of his credentials. */
static void
count_client(const struct client *w, const struct policy_decision *d)
{
	enum pol_metrics_method method = POL_METRICS_OTHER;
	int reason = POLICY_REASON_RULE;

	if (w->count == 0)
		return;
	if (is_kind(&w->list[0], "bearer"))
		method = POL_METRICS_BEARER;
	else if (is_kind(&w->list[0], "password"))
		method = POL_METRICS_PASSWORD;
	if (d->reason >= POLICY_REASON_NO_CREDENTIAL && d->reason <= POLICY_REASON_UNAVAILABLE)
		reason = (int)d->reason;
	pol_metrics_auth(method, reason);
}

/* What routes may look at: a whole body that says it is JSON, where the listener wants one at
 * all. Any other is as if none had been sent, and a route that needs it allows nothing. */
static struct policy_text
body(const struct pol_call *c)
{
	static const char json[] = "application/json";
	struct policy_text none = { NULL, 0 };
	unsigned times = 0, partial = 0;
	const char *type = pol_call_header(c, "Content-Type", &times);
	const char *cut = pol_call_header(c, "X-Envoy-Auth-Partial-Body", &partial);

	if (c->body == NULL || c->body_len == 0 || c->body_len > c->on->body_bytes)
		return none;
	if (partial > 1 || (partial == 1 && strcmp(cut, "false") != 0))
		return none;
	if (times != 1 || strncasecmp(type, json, sizeof(json) - 1) != 0 ||
	    strchr("; \t", type[sizeof(json) - 1]) == NULL || pol_call_header(c, "Content-Encoding", NULL) != NULL)
		return none;
	return (struct policy_text){ c->body, c->body_len };
}

static int
decide(struct pol_call *c, struct policy_http *http)
{
	struct policy_request who = POLICY_REQUEST_INIT;
	struct policy_decision d = POLICY_DECISION_INIT;
	struct policy_routed routed = POLICY_ROUTED_INIT;
	struct client client = { .count = 0 };
	int64_t began = pol_metrics_now();
	bool is_key;
	int rc;

	if (http->set.data == NULL && c->on->routes != NULL)
		http->set = policy_text(c->on->routes);
	if (client_read(&client, c) != 0) {
		client_fini(&client);
		pol_proxy_malformed(c, "A credential was sent twice, or in no form that is known");
		return 0;
	}
	if (client.count != 0) {
		who.credentials = client.list;
		who.credentials_count = client.count;
	}
	who.flags = c->nonblock ? POLICY_NONBLOCK : 0;
	who.deadline_ns = c->deadline_ns;
	rc = policy_decide_http(c->policy, http, &who, &d, &routed);
	if (rc == POLICY_ERR_AGAIN && c->nonblock) {
		client_fini(&client);
		return rc;
	}
	if (rc != 0)
		d.verdict = POLICY_DENY;
	pol_metrics_decided(&d, 1, pol_metrics_now() - began);
	count_client(&client, &d);
	is_key = client.count != 0 && (client.list[0].data.len < 3 || memcmp(client.list[0].data.data, "eyJ", 3) != 0);
	client_fini(&client);
	pol_proxy_answer(c, &d, rc == 0 ? &routed : NULL, is_key);
	return 0;
}

/* /auth and /auth/SET. The client's request is in two headers, which nginx sets. */
static int
auth(struct pol_call *c)
{
	static const char path[] = "/auth";
	struct policy_http http = POLICY_HTTP_INIT;
	unsigned methods = 0, targets = 0;
	const char *method = pol_call_header(c, "X-Original-Method", &methods);
	const char *target = pol_call_header(c, "X-Original-URI", &targets);

	if (methods != 1 || targets != 1 || method == NULL || target == NULL)
		return pol_call_error(c, 400, "X-Original-Method and X-Original-URI are needed, each once");
	if (c->target[c->path_len] != '\0')
		return pol_call_error(c, 400, "/auth takes no query");
	if (c->path_len > sizeof(path)) {
		http.set.data = c->target + sizeof(path);
		http.set.len = c->path_len - sizeof(path);
	} else if (c->path_len == sizeof(path)) {
		return pol_call_error(c, 400, "/auth/SET names no set");
	}
	http.method = policy_text(method);
	http.target = policy_text(target);
	return decide(c, &http);
}

/* /ext_authz/...: the client's own request, with this before its target. */
static int
ext_authz(struct pol_call *c)
{
	static const char path[] = "/ext_authz";
	struct policy_http http = POLICY_HTTP_INIT;

	http.method = policy_text(c->method);
	http.target = policy_text(c->target + sizeof(path) - 1);
	http.body = body(c);
	return decide(c, &http);
}

const struct pol_route pol_proxy_routes[] = {
	{ "*", "/auth", true, POL_SERVE_PROXY, POL_MAY_EVALUATE, auth },
	{ "*", "/ext_authz", true, POL_SERVE_PROXY, POL_MAY_EVALUATE, ext_authz },
	{ .method = NULL },
};
