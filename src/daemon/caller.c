/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who asks, as opposed to whom a question is about. At a unix socket the kernel says it;
 * elsewhere a credential does, which the set's own modules judge: what a caller may is an
 * action of the set, policyd:evaluate and so on, without a resource.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base64.h"
#include "conn.h"
#include "login.h"
#include "metrics.h"
#include "oauth.h"

#define GROUPS 4096			/* of a peer; beyond: none is known */

/* ---- credentials ---- */

/* Base64 with its padding, in the one form that a text has. -1: it is none, or too long. */
static int
decode(char *out, size_t room, const char *s)
{
	const size_t n = strlen(s);
	size_t pad = 0;
	unsigned over;
	long len;

	if (n == 0 || n % 4 != 0 || n / 4 * 3 > room)
		return -1;
	while (pad < 2 && s[n - 1 - pad] == '=')
		pad++;
	len = pol_base64(out, s, n - pad, "+/", &over);
	return len >= 0 && over == 0 ? (int)len : -1;
}

static bool
is_visible(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s <= ' ' || *s > '~')
			return false;
	return true;
}

/* NAME:PASSWORD, without a control byte. */
static unsigned
take_basic(struct pol_caller *w, const char *s)
{
	struct policy_credential *cr = &w->list[0];
	int n = decode(w->bytes, sizeof(w->bytes), s);
	const char *colon = n > 0 ? memchr(w->bytes, ':', (size_t)n) : NULL;
	size_t name;

	if (colon == NULL || colon == w->bytes)
		return 400;
	for (int i = 0; i < n; i++)
		if ((unsigned char)w->bytes[i] < 0x20 || w->bytes[i] == 0x7f)
			return 400;
	name = (size_t)(colon - w->bytes);
	cr->kind = policy_text("password");
	cr->name = (struct policy_text){ w->bytes, name };
	cr->data = (struct policy_text){ colon + 1, (size_t)n - name - 1 };
	w->count = 1;
	return 0;
}

/* Nothing is a bad token, not none. */
static unsigned
take_bearer(struct pol_caller *w, const char *s)
{
	if (!is_visible(s))
		return 400;
	w->list[0].kind = policy_text("bearer");
	w->list[0].data = policy_text(s);
	w->count = 1;
	return 0;
}

unsigned
pol_caller_read(struct pol_caller *w, const struct pol_call *c, const char *header)
{
	unsigned count;
	const char *value = pol_call_header(c, header, &count), *rest;
	size_t scheme;

	w->count = 0;
	memset(w->list, 0, sizeof(w->list));
	w->bytes[0] = '\0';
	if (count == 0)
		return 0;
	if (count > 1)
		return 400;
	if (strcasecmp(header, "Authorization") != 0)
		return take_bearer(w, value);
	scheme = strcspn(value, " ");
	rest = value + scheme + strspn(value + scheme, " ");
	if (scheme == 6 && strncasecmp(value, "Bearer", scheme) == 0)
		return take_bearer(w, rest);
	if (scheme == 5 && strncasecmp(value, "Basic", scheme) == 0)
		return take_basic(w, rest);
	return 400;
}

void
pol_caller_fini(struct pol_caller *w)
{
	explicit_bzero(w, sizeof(*w));
}

/* ---- peers ---- */

/* false: the groups are not told. */
static bool
groups_of(int fd, gid_t *list, size_t *n)
{
	socklen_t len = GROUPS * sizeof(*list);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, list, &len) != 0)
		return false;
	*n = len / sizeof(*list);
	return true;
}

void
pol_caller_peer(struct pol_call *c, int fd)
{
	const struct pol_conf_listener *l = c->on;
	struct ucred peer;
	socklen_t len = sizeof(peer);
	gid_t *groups = NULL;
	size_t n = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
		return;
	c->has_peer = true;
	c->peer_uid = peer.uid;
	c->peer_gid = peer.gid;
	if (peer.uid == 0 || peer.uid == geteuid()) {
		c->peer_may = POL_MAY_EVALUATE | POL_MAY_SEARCH | POL_MAY_ADMIN;
		return;
	}
	for (size_t i = 0; i < l->peers_count; i++) {
		const struct pol_conf_peer *p = &l->peers[i];
		bool is_it = p->is_group ? p->id == peer.gid : p->id == peer.uid;

		if (!is_it && p->is_group && groups == NULL) {
			groups = malloc(GROUPS * sizeof(*groups));
			if (groups == NULL || !groups_of(fd, groups, &n))
				n = 0;
		}
		for (size_t g = 0; !is_it && p->is_group && g < n; g++)
			is_it = groups[g] == p->id;
		if (is_it)
			c->peer_may |= p->may;
	}
	free(groups);
}

/* ---- what they may ---- */

static const struct {
	unsigned may;
	const char *action;
} actions[] = {
	{ POL_MAY_EVALUATE, "policyd:evaluate" },
	{ POL_MAY_SEARCH, "policyd:search" },
	{ POL_MAY_ADMIN, "policyd:admin" }
};

static const char *
action_of(unsigned may)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (actions[i].may == may)
			return actions[i].action;
	return NULL;
}

/* A proxy's answer is what its own client sees: it is not told to log in here. */
static int
refuse(struct pol_call *c, bool is_proxy, int reason)
{
	const char *challenge = "Bearer error=\"invalid_token\"", *text = "the credential is not valid";
	unsigned status = 401;

	switch (reason) {
	case POLICY_REASON_NO_CREDENTIAL:
		challenge = "Bearer";
		text = "a credential is wanted";
		break;
	case POLICY_REASON_BAD_CREDENTIAL:
	case POLICY_REASON_EXPIRED:
	case POLICY_REASON_REVOKED:
		break;
	case POLICY_REASON_UNAVAILABLE:
		status = 503;
		text = "the credential cannot be judged now";
		break;
	case POLICY_REASON_INSUFFICIENT_SCOPE:
		status = 403;
		challenge = "Bearer error=\"insufficient_scope\"";
		text = "this caller may not do this";
		break;
	default:
		status = 403;
		challenge = NULL;
		text = "this caller may not do this";
	}
	if (is_proxy && status == 401)
		status = 403;
	if (status == 503)
		pol_call_add(c, "Retry-After", "1");
	else if (challenge != NULL && !is_proxy)
		pol_call_add(c, "WWW-Authenticate", challenge);
	pol_call_error(c, status, text);
	return 1;
}

/* Where this is served a refusal is that of RFC 6750. */
static bool
is_oauth(const struct pol_call *c)
{
	const struct pol_conn *n = c->connection;

	return n->route != NULL && (n->route->serve & POL_SERVE_DESK) != 0;
}

/* Who guesses passwords waits; what a cache can answer is no guess. 0, or answered. */
static int
delay(struct pol_call *c, const struct pol_caller *w)
{
	if (pol_login_before(c, w->list[0].name) == 0)
		return 0;
	if (is_oauth(c))
		pol_oauth_error(c, 429, "temporarily_unavailable", "Too many passwords were wrong: try again later");
	else
		pol_call_error(c, 429, "too many passwords were wrong: try again later");
	return 1;
}

static enum pol_penalty_outcome
outcome_of(int rc, const struct policy_decision *d)
{
	switch (d->reason) {
	case POLICY_REASON_BAD_CREDENTIAL:
	case POLICY_REASON_EXPIRED:
	case POLICY_REASON_REVOKED:
		return POL_PENALTY_WRONG;
	case POLICY_REASON_UNAVAILABLE:
	case POLICY_REASON_LIMIT:
	case POLICY_REASON_ERROR:
		return POL_PENALTY_NEITHER;
	default:
		return rc == 0 ? POL_PENALTY_GOOD : POL_PENALTY_NEITHER;
	}
}

static int
judge(struct pol_call *c, const struct pol_caller *w, unsigned may, bool is_proxy)
{
	const bool is_guess = !is_proxy && pol_login_is_password(&w->list[0]);
	struct policy_request req = POLICY_REQUEST_INIT;
	struct policy_decision d = POLICY_DECISION_INIT;
	const char *action = action_of(may);
	int rc, reason;

	req.credentials = w->list;
	req.credentials_count = w->count;
	req.action = policy_text(action);
	req.flags = (c->nonblock ? POLICY_NONBLOCK : 0) | (is_guess ? POLICY_NO_WAIT : 0);
	req.deadline_ns = c->deadline_ns;
	if (is_guess && !c->nonblock && delay(c, w) != 0)
		return 1;
	rc = action != NULL ? policy_decide(c->policy, &req, &d) : POLICY_ERR_ARG;
	if (rc == POLICY_ERR_AGAIN && c->nonblock)
		return rc;
	if (is_guess && !c->nonblock)
		pol_login_after(c, w->list[0].name, outcome_of(rc, &d));
	pol_metrics_auth(w->list[0].name.data != NULL ? POL_METRICS_PASSWORD : POL_METRICS_BEARER, (int)d.reason);
	if (rc == 0 && d.verdict == POLICY_ALLOW)
		return 0;
	reason = rc == POLICY_ERR_AGAIN ? POLICY_REASON_UNAVAILABLE : (int)d.reason;
	if (!is_oauth(c))
		return refuse(c, is_proxy, reason);
	pol_oauth_refuse(c, reason != POLICY_REASON_ERROR ? reason : POLICY_REASON_DENIED, action);
	return 1;
}

int
pol_caller_may(struct pol_call *c, unsigned may)
{
	const struct pol_conn *n = c->connection;
	bool is_proxy = n->route != NULL && n->route->serve == POL_SERVE_PROXY;
	struct pol_caller w;
	int rc;

	if (c->has_peer && (c->peer_may & may) == may) {
		pol_metrics_auth(POL_METRICS_PEER, POLICY_REASON_RULE);
		return 0;
	}
	if (pol_caller_read(&w, c, is_proxy ? "X-Policy-Caller" : "Authorization") != 0) {
		pol_caller_fini(&w);
		if (is_oauth(c))
			return pol_oauth_refuse(c, POLICY_REASON_ERROR, NULL), 1;
		pol_call_error(c, 400, "a credential was sent twice, or in no form that is known");
		return 1;
	}
	if (w.count == 0 && is_oauth(c))
		rc = (pol_oauth_refuse(c, POLICY_REASON_NO_CREDENTIAL, NULL), 1);
	else if (w.count == 0)
		rc = refuse(c, is_proxy, POLICY_REASON_NO_CREDENTIAL);
	else
		rc = judge(c, &w, may, is_proxy);
	pol_caller_fini(&w);
	return rc;
}
