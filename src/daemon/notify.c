/* SPDX-License-Identifier: Apache-2.0 */
#include "notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LONGEST_WATCHDOG_US 86400000000ll

/* WATCHDOG_USEC in ns, where it is meant for this process. */
static int64_t
watchdog(void)
{
	const char *s = secure_getenv("WATCHDOG_USEC"), *pid = secure_getenv("WATCHDOG_PID");
	char *end;
	long long us;

	if (s == NULL || (pid != NULL && strtol(pid, NULL, 10) != (long)getpid()))
		return 0;
	errno = 0;
	us = strtoll(s, &end, 10);
	if (errno != 0 || end == s || *end != '\0' || us <= 0 || us > LONGEST_WATCHDOG_US)
		return 0;
	return us * 1000;
}

void
pol_notify_open(struct pol_notify *n)
{
	const char *path = secure_getenv("NOTIFY_SOCKET");
	size_t len = path != NULL ? strlen(path) : 0;

	memset(n, 0, sizeof(*n));
	n->fd = -1;
	n->to.sun_family = AF_UNIX;
	/* `@`: a name that is no file's, with a zero in that place */
	if (len > 1 && len < sizeof(n->to.sun_path) && (path[0] == '/' || path[0] == '@')) {
		memcpy(n->to.sun_path, path, len);
		if (path[0] == '@')
			n->to.sun_path[0] = '\0';
		n->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
		n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		n->watchdog_ns = watchdog();
	}
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void
pol_notify_say(const struct pol_notify *n, const char *fmt, ...)
{
	char text[2048];
	va_list ap;
	int len;

	if (n->fd < 0)
		return;
	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (len <= 0)
		return;
	if ((size_t)len >= sizeof(text))
		len = sizeof(text) - 1;
	while (sendto(n->fd, text, (size_t)len, MSG_NOSIGNAL, (const struct sockaddr *)&n->to, n->len) < 0 && errno == EINTR)
		;
}

void
pol_notify_reloading(const struct pol_notify *n)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	pol_notify_say(n, "RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=reading the set",
	    (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

void
pol_notify_close(struct pol_notify *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}
