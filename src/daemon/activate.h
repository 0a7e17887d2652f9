/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets that the service manager made and passed: sd_listen_fds(3). */
#ifndef POL_DAEMON_ACTIVATE_H
#define POL_DAEMON_ACTIVATE_H

#include <stddef.h>

enum { POL_ACTIVATE_MAX = 64 };

struct pol_passed {
	int fd;				/* -1: somebody took it */
	char name[256];			/* of LISTEN_FDNAMES: what a listener's `systemd:` says */
};

/*
 * Takes those meant for this process: each becomes close-on-exec and non-blocking, and the
 * environment forgets them. To be called before there are threads. Returns how many; or -1
 * with *why (static), where one of them is no listening stream socket.
 */
int pol_activate(struct pol_passed list[POL_ACTIVATE_MAX], const char **why);

#endif
