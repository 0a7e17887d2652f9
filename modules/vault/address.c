/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the server is. A token in clear text is anybody's on the way, so http is for
 * the machine itself, by number, and only for who says so.
 */
#include "vault.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static bool
is_loopback(const char *host)
{
	struct in_addr four;

	if (strcmp(host, "[::1]") == 0)
		return true;
	return inet_pton(AF_INET, host, &four) == 1 && ntohl(four.s_addr) >> 24 == 127;
}

static bool
part(CURLU *u, CURLUPart what, unsigned flags, char *out, size_t room)
{
	char *text = NULL;
	size_t n;

	out[0] = '\0';
	if (curl_url_get(u, what, &text, flags) != CURLUE_OK || text == NULL)
		return true;
	n = strlen(text);
	if (n < room)
		memcpy(out, text, n + 1);
	curl_free(text);
	return n < room;
}

/* Nothing but a scheme, a host and a port. */
static bool
has_more(CURLU *u)
{
	static const CURLUPart parts[] = { CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT };
	char text[256];

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!part(u, parts[i], 0, text, sizeof(text)) || text[0] != '\0')
			return true;
	}
	return !part(u, CURLUPART_PATH, 0, text, sizeof(text)) || (text[0] != '\0' && strcmp(text, "/") != 0);
}

static int
unix_socket(struct vault_conf *c, struct policy_error *err)
{
	const char *path = c->address + strlen("unix://");

	if (path[0] != '/' || strlen(path) >= sizeof(c->socket))
		return pol_vault_refuse(err, POLICY_ERR_INVALID, "`address` is \"%s\"; wanted: unix:///PATH of at most %zu bytes",
		    c->address, sizeof(c->socket) - 1);
	memcpy(c->socket, path, strlen(path) + 1);
	memcpy(c->address, "http://localhost", sizeof("http://localhost"));
	return 0;
}

int
pol_vault_address(struct vault_conf *c, struct policy_error *err)
{
	char scheme[16], host[256], port[16];
	CURLU *u;
	int rc = 0;

	if (c->address[0] == '\0')
		return pol_vault_refuse(err, POLICY_ERR_INVALID, "there is no `address`, and no VAULT_ADDR; wanted: https://HOST:PORT");
	if (strncmp(c->address, "unix://", 7) == 0)
		return unix_socket(c, err);
	u = curl_url();
	if (u == NULL)
		return pol_vault_refuse(err, POLICY_ERR_NOMEM, "out of memory");
	if (curl_url_set(u, CURLUPART_URL, c->address, 0) != CURLUE_OK || has_more(u) ||
	    !part(u, CURLUPART_SCHEME, 0, scheme, sizeof(scheme)) || !part(u, CURLUPART_HOST, 0, host, sizeof(host)) ||
	    !part(u, CURLUPART_PORT, CURLU_DEFAULT_PORT, port, sizeof(port)) || host[0] == '\0' || port[0] == '\0')
		rc = pol_vault_refuse(err, POLICY_ERR_INVALID, "`address` is no address of a server; wanted: https://HOST:PORT and "
		    "nothing behind it");
	else if (strcmp(scheme, "https") != 0 && !(strcmp(scheme, "http") == 0 && c->insecure && is_loopback(host)))
		rc = pol_vault_refuse(err, POLICY_ERR_INVALID, "`address` is \"%s://%s:%s\"; wanted: https://, or with `insecure: true` "
		    "http:// to 127.0.0.1 or [::1]", scheme, host, port);
	else if (strcmp(scheme, "http") == 0 && c->proxy[0] != '\0')
		rc = pol_vault_refuse(err, POLICY_ERR_INVALID, "`proxy` and an `address` of http:// are both given; wanted: one of them, "
		    "since a proxy would see the tokens");
	else
		snprintf(c->address, sizeof(c->address), "%s://%s:%s", scheme, host, port);
	curl_url_cleanup(u);
	return rc;
}
