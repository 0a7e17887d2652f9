/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The set delays an account whose password was wrong too often, whoever tries it, for it
 * cannot know where a request comes from: so whoever floods a name would keep its owner out.
 * Here it is known, and the set is told to leave the delay to us (POLICY_NO_WAIT).
 */
#include "login.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "conn.h"
#include "metrics.h"

/* An IPv6 address is one of a network that has one owner; one that is IPv4's is that. */
static void
take_ipv6(struct pol_source *out, const struct in6_addr *a)
{
	const bool mapped = IN6_IS_ADDR_V4MAPPED(a);

	out->len = mapped ? 4 : 8;
	memcpy(out->bytes, &a->s6_addr[mapped ? 12 : 0], out->len);
}

/* The last of X-Forwarded-For, which the proxy before us wrote: what stands before it the
 * client may have. */
static bool
take_forwarded(struct pol_source *out, const struct pol_call *c)
{
	unsigned count;
	const char *s = pol_call_header(c, "X-Forwarded-For", &count), *last;
	char text[INET6_ADDRSTRLEN];
	struct in6_addr v6;
	size_t len;

	if (count != 1)
		return false;
	last = strrchr(s, ',');
	last = last != NULL ? last + 1 : s;
	last += strspn(last, " \t");
	len = strcspn(last, " \t");
	if (len == 0 || len >= sizeof(text) || last[len + strspn(last + len, " \t")] != '\0')
		return false;
	memcpy(text, last, len);
	text[len] = '\0';
	if (inet_pton(AF_INET, text, out->bytes) == 1) {
		out->len = 4;
		return true;
	}
	if (inet_pton(AF_INET6, text, &v6) != 1)
		return false;
	take_ipv6(out, &v6);
	return true;
}

void
pol_login_source(struct pol_source *out, const struct pol_call *c)
{
	const struct pol_conn *n = c->connection;
	const union MHD_ConnectionInfo *info;

	*out = (struct pol_source){ .len = 0 };
	if (c->on->forwarded && take_forwarded(out, c))
		return;
	if (c->has_peer) {
		out->len = 5;
		memcpy(out->bytes, &c->peer_uid, sizeof(c->peer_uid));
		return;
	}
	info = MHD_get_connection_info(n->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	if (info == NULL || info->client_addr == NULL)
		return;
	if (info->client_addr->sa_family == AF_INET) {
		struct sockaddr_in v4;

		memcpy(&v4, info->client_addr, sizeof(v4));
		out->len = 4;
		memcpy(out->bytes, &v4.sin_addr, 4);
	} else if (info->client_addr->sa_family == AF_INET6) {
		struct sockaddr_in6 v6;

		memcpy(&v6, info->client_addr, sizeof(v6));
		take_ipv6(out, &v6.sin6_addr);
	}
}

unsigned
pol_login_before(struct pol_call *c, struct policy_text account)
{
	enum pol_penalty_by by;
	struct pol_source from;
	char text[16];
	unsigned seconds;
	int64_t wait;

	pol_login_source(&from, c);
	wait = pol_penalty_before(c->server->penalty, &from, account.data != NULL ? account.data : "", account.len,
	    pol_metrics_now(), &by);
	if (wait == 0)
		return 0;
	seconds = (unsigned)((wait + 999999999) / 1000000000);
	snprintf(text, sizeof(text), "%u", seconds);
	pol_call_add(c, "Retry-After", text);
	pol_metrics_delayed(by);
	return seconds;
}

void
pol_login_after(struct pol_call *c, struct policy_text account, enum pol_penalty_outcome outcome)
{
	struct pol_source from;

	pol_login_source(&from, c);
	pol_penalty_after(c->server->penalty, &from, account.data != NULL ? account.data : "", account.len,
	    pol_metrics_now(), outcome);
}

bool
pol_login_is_password(const struct policy_credential *k)
{
	return k->kind.len == 8 && memcmp(k->kind.data, "password", 8) == 0;
}

int
pol_login_judge(struct pol_call *c, const struct policy_credential *k, unsigned *seconds)
{
	struct policy_request req = POLICY_REQUEST_INIT;
	struct policy_identity who = POLICY_IDENTITY_INIT;
	int rc, reason;

	*seconds = pol_login_before(c, k->name);
	if (*seconds != 0)
		return POLICY_REASON_LIMIT;
	req.credentials = k;
	req.credentials_count = 1;
	req.flags = POLICY_NO_WAIT;
	req.deadline_ns = c->deadline_ns;
	rc = policy_authenticate(c->policy, &req, &who);
	if (rc == 0 && who.verified)
		reason = POLICY_REASON_RULE;
	else if (rc == 0 || rc == POLICY_ERR_ARG || rc == POLICY_ERR_LIMIT)
		reason = rc == 0 && who.reason != POLICY_REASON_RULE ? (int)who.reason : POLICY_REASON_BAD_CREDENTIAL;
	else
		reason = POLICY_REASON_UNAVAILABLE;
	pol_login_after(c, k->name, reason == POLICY_REASON_RULE ? POL_PENALTY_GOOD :
	    reason == POLICY_REASON_UNAVAILABLE ? POL_PENALTY_NEITHER : POL_PENALTY_WRONG);
	pol_metrics_auth(POL_METRICS_PASSWORD, reason);
	return reason;
}
