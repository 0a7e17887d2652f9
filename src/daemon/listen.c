/* SPDX-License-Identifier: Apache-2.0 */
#include "listen.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "conf_read.h"

#define BACKLOG 1024
#define KIND (SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC)

static int
failed(const struct pol_place *p, const char *what, int fd)
{
	int e = errno;

	if (fd >= 0)
		close(fd);
	return pol_conf_fault(p, e == ENOMEM ? POLICY_ERR_NOMEM : POLICY_ERR_IO, "%s: %s", what, strerrordesc_np(e));
}

/* A file that is a socket which nobody has any more. */
static bool
is_left_over(const struct sockaddr_un *a)
{
	struct stat st;
	int fd, rc;

	if (lstat(a->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, KIND, 0);
	if (fd < 0)
		return false;
	rc = connect(fd, (const struct sockaddr *)a, sizeof(*a));
	if (rc != 0)
		rc = errno;
	close(fd);
	return rc == ECONNREFUSED;
}

static int
listen_unix(const struct pol_conf_listener *l, const struct pol_place *p)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, KIND, 0), rc;
	mode_t mask;

	if (fd < 0)
		return failed(p, l->unix_path, fd);
	memcpy(a.sun_path, l->unix_path, strlen(l->unix_path));
	if (is_left_over(&a))
		unlink(a.sun_path);
	/* nobody connects before it has its mode */
	mask = umask(0777);
	rc = bind(fd, (const struct sockaddr *)&a, sizeof(a));
	umask(mask);
	if (rc != 0 || chmod(l->unix_path, l->unix_mode) != 0 || listen(fd, BACKLOG) != 0)
		return failed(p, l->unix_path, fd);
	return fd;
}

/* -1: errno says why. "*" is both families: its socket of IPv6, where there is one, takes both. */
static int
bind_to(const struct addrinfo *a, bool is_any)
{
	int fd = socket(a->ai_family, KIND, 0), on = 1, only = !is_any, e;

	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (a->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
	if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	e = errno;
	close(fd);
	errno = e;
	return -1;
}

static int
listen_tcp(const struct pol_conf_listener *l, const struct pol_place *p)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM }, *list, *a;
	bool is_any = strcmp(l->host, "*") == 0;
	int rc = getaddrinfo(is_any ? NULL : l->host, l->port, &hints, &list), fd = -1;

	if (rc != 0)
		return pol_conf_fault(p, POLICY_ERR_IO, "%s:%s: %s", l->host, l->port, gai_strerror(rc));
	errno = EADDRNOTAVAIL;
	for (a = list; is_any && a != NULL && fd < 0; a = a->ai_next)
		if (a->ai_family == AF_INET6)
			fd = bind_to(a, true);
	for (a = list; a != NULL && fd < 0; a = a->ai_next)
		fd = bind_to(a, is_any);
	rc = errno;
	freeaddrinfo(list);
	errno = rc;
	return fd >= 0 ? fd : failed(p, l->host, fd);
}

int
pol_listen(const struct pol_conf *conf, const struct pol_conf_listener *l, struct policy_error *err)
{
	struct pol_place p = { conf->file, l->line, 0, err };

	if (l->unix_path != NULL)
		return listen_unix(l, &p);
	if (l->host != NULL)
		return listen_tcp(l, &p);
	return pol_conf_fault(&p, POLICY_ERR_UNSUPPORTED, "systemd: found no socket of this name among those passed");
}

void
pol_listen_forget(const struct pol_conf_listener *l)
{
	if (l->unix_path != NULL)
		unlink(l->unix_path);
}
