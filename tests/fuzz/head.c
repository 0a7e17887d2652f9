/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as what a client sends to policyd, to its server as it is, over a socket: answers
 * or none, never a crash. Then as a header with a credential: read in its forms only.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/conn.h"
#include "fuzz/target.h"

static const char set_text[] = "policy: 1\nactions: { read: }\nroles: { r: { allow: read } }\nusers: { a: { roles: r } }\n";
static const char conf_text[] = "policyd: 1\nthreads: 1\nlimits: { waiting: 1, head: 8KiB, body: 16KiB }\n"
    "listeners:\n  - { unix: /nowhere, serve: [authzen, health, metrics] }\n";
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static socklen_t address_len;

/* The server listens at a name that the kernel chooses, in no folder. It lives as long as this. */
static void
start(void)
{
	static struct pol_server *server;
	static struct pol_conf *conf;
	static struct policy *policy;
	struct policy_options opt = POLICY_OPTIONS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	opt.flags = POLICY_NO_THREAD;
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t)) != 0 || listen(fd, 16) != 0)
		abort();
	address_len = sizeof(address);
	if (getsockname(fd, (struct sockaddr *)&address, &address_len) != 0 ||
	    pol_conf_text(&conf, "policyd.yaml", conf_text, sizeof(conf_text) - 1, &err) != 0 ||
	    policy_open_text(&policy, "set.yaml", set_text, sizeof(set_text) - 1, &opt, &err) != 0 ||
	    pol_server_new(&server, conf, policy, NULL, &fd, &err) != 0)
		abort();
}

static void
talk(const char *data, size_t size)
{
	static char got[65536];
	struct timeval patience = { 0, 3000 };	/* what was begun and not ended is not answered */
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t have = 0;
	ssize_t n;

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, address_len) != 0)
		abort();
	if (size > 0)
		(void)!send(fd, data, size, MSG_NOSIGNAL);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	while (have < sizeof(got) && (n = recv(fd, got + have, sizeof(got) - have, 0)) > 0)
		have += (size_t)n;
	close(fd);
	if (have != 0 && (have < 13 || memcmp(got, "HTTP/1.1 ", 9) != 0 || got[9] < '1' || got[9] > '5'))
		abort();		/* an answer that is none */
}

static void
credential(const char *data, size_t size)
{
	static struct pol_conn n;
	static struct pol_call c;
	struct pol_caller w;
	char *value = strndup(data, size);

	if (value == NULL)
		abort();
	n.headers[0] = (struct pol_header){ "Authorization", value, 13, strlen(value) };
	n.headers_count = 1;
	c.connection = &n;
	if (pol_caller_read(&w, &c, "Authorization") == 0) {
		const struct policy_credential *cr = &w.list[0];

		if (w.count != 1 || cr->kind.data == NULL || (cr->data.len != 0 && memchr(cr->data.data, '\0', cr->data.len) != NULL) ||
		    (cr->name.data != NULL && (cr->name.len == 0 || memchr(cr->name.data, ':', cr->name.len) != NULL)))
			abort();
	}
	pol_caller_fini(&w);
	free(value);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (address_len == 0)
		start();
	talk((const char *)data, size);
	credential((const char *)data, size);
	return 0;
}
