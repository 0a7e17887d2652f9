/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP server on loopback in processes of its own, one for each connection, which counts
 * what no other tells: connections, and those on which two processes talked. */
#ifndef POL_TESTS_SERVED_H
#define POL_TESTS_SERVED_H

#include <arpa/inet.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct served {
	int port;
	pid_t pid;
	/* the body of a 200; NULL: 403 */
	const char *(*answer)(const char *request, char *room, size_t size);
	struct {
		atomic_uint connections, requests;
		atomic_uint mixed;	/* connections with requests of more than one process */
	} *seen;			/* of all processes */
};

/* The process that has the socket, by the name that each gives itself in its token: behind `as-`. */
static inline unsigned long
served_who(const char *request)
{
	const char *as = strstr(request, "as-");

	return as != NULL ? strtoul(as + 3, NULL, 10) : 0;
}

static inline void
served_connection(struct served *s, int c)
{
	char in[16384], room[2048], out[8192];
	unsigned long first = 0;
	size_t n = 0;
	ssize_t got;

	while (n < sizeof(in) - 1 && (got = read(c, in + n, sizeof(in) - 1 - n)) > 0) {
		const char *body, *status = "200 OK";
		unsigned long who;
		int len;

		in[n += (size_t)got] = '\0';
		if (strstr(in, "\r\n\r\n") == NULL)
			continue;
		who = served_who(in);
		if (first != 0 && who != first)
			atomic_fetch_add(&s->seen->mixed, 1);
		first = who;
		atomic_fetch_add(&s->seen->requests, 1);
		body = s->answer(in, room, sizeof(room));
		if (body == NULL) {
			status = "403 Forbidden";
			body = "{\"errors\":[\"permission denied\"]}";
		}
		len = snprintf(out, sizeof(out), "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s", status, strlen(body), body);
		if (len < 0 || write(c, out, (size_t)len) != len)
			break;
		n = 0;
	}
}

static inline void
served_forever(struct served *s, int listener)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int c = accept(listener, NULL, NULL);

		if (c >= 0)
			atomic_fetch_add(&s->seen->connections, 1);
		if (c >= 0 && fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			close(listener);
			served_connection(s, c);
			_exit(0);
		}
		if (c >= 0)
			close(c);
	}
}

/* 0 where there can be none. */
static inline int
served_begin(struct served *s)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	s->seen = mmap(NULL, sizeof(*s->seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s->seen == MAP_FAILED || listener < 0 || bind(listener, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(listener, 64) != 0 || getsockname(listener, (struct sockaddr *)&at, &len) != 0)
		return 0;
	s->port = ntohs(at.sin_port);
	s->pid = fork();
	if (s->pid == 0)
		served_forever(s, listener);
	close(listener);
	return s->pid > 0;
}

static inline void
served_end(struct served *s)
{
	if (s->pid > 0 && kill(s->pid, SIGKILL) == 0)
		waitpid(s->pid, NULL, 0);
	s->pid = 0;
}

#endif
