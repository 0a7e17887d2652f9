/* SPDX-License-Identifier: Apache-2.0 */
#include "activate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST 3				/* SD_LISTEN_FDS_START */

/* The number in the environment's `name`, or -1. */
static long
number(const char *name)
{
	const char *s = secure_getenv(name);
	char *end;
	long n;

	if (s == NULL || *s < '0' || *s > '9')
		return -1;
	errno = 0;
	n = strtol(s, &end, 10);
	return errno == 0 && *end == '\0' ? n : -1;
}

/* One that can be accepted from: neither a datagram nor a connection. */
static const char *
take(int fd)
{
	int type = 0, listens = 0, flags;
	socklen_t len = sizeof(type);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0)
		return "what the service manager passed is no socket";
	len = sizeof(listens);
	if (type != SOCK_STREAM || getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) != 0 || listens == 0)
		return "what the service manager passed is no listening stream socket";
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		return "a socket that the service manager passed cannot be made ready";
	return NULL;
}

int
pol_activate(struct pol_passed list[POL_ACTIVATE_MAX], const char **why)
{
	long n = number("LISTEN_FDS");
	const char *names = secure_getenv("LISTEN_FDNAMES");

	if (n < 0 || number("LISTEN_PID") != (long)getpid())
		n = 0;
	*why = n > POL_ACTIVATE_MAX ? "the service manager passed more than 64 sockets" : NULL;
	for (long i = 0; *why == NULL && i < n; i++) {
		size_t len = names != NULL ? strcspn(names, ":") : 0;

		list[i].fd = (int)(FIRST + i);
		memset(list[i].name, 0, sizeof(list[i].name));
		if (len >= sizeof(list[i].name))
			*why = "LISTEN_FDNAMES has a name of more than 255 bytes";
		else if (len > 0)
			memcpy(list[i].name, names, len);
		if (names != NULL)
			names += names[len] == ':' ? len + 1 : len;
		if (*why == NULL)
			*why = take(list[i].fd);
	}
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
	return *why != NULL ? -1 : (int)n;
}
