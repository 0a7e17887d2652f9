/* SPDX-License-Identifier: Apache-2.0 */
/* What the service manager is told: sd_notify(3). Without one, nothing is said. */
#ifndef POL_DAEMON_NOTIFY_H
#define POL_DAEMON_NOTIFY_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct pol_notify {
	int fd;				/* -1: nobody listens */
	socklen_t len;
	struct sockaddr_un to;
	int64_t watchdog_ns;		/* how often it wants to hear of us; 0: never */
};

/* Reads the environment, and makes it forget. To be called before there are threads. */
void pol_notify_open(struct pol_notify *n);
/* Lines NAME=VALUE, as printf() makes them; never waits, never fails. */
void pol_notify_say(const struct pol_notify *n, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* RELOADING=1 with the time it asks for; READY=1 ends it. */
void pol_notify_reloading(const struct pol_notify *n);
void pol_notify_close(struct pol_notify *n);

#endif
