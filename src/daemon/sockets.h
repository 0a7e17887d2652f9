/* SPDX-License-Identifier: Apache-2.0 */
/* The sockets of all listeners: made, or taken from the service manager. */
#ifndef POL_DAEMON_SOCKETS_H
#define POL_DAEMON_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "conf.h"

struct pol_socket {
	int fd;
	bool passed;			/* by the service manager: it is not ours to close to others */
	char *path;			/* of a unix socket that we made, to be removed; or NULL */
	dev_t dev;
	ino_t ino;
};

enum { POL_SOCKETS = 64 };

struct pol_sockets {
	struct pol_socket list[POL_SOCKETS];	/* one a listener, in their order */
	size_t n;
};

/* All that the configuration wants. 0, or a negative policy_err with nothing left open. */
int pol_sockets_open(struct pol_sockets *s, const struct pol_conf *c, struct policy_error *err);
/* Nobody new: names are removed, and what knocks at a port is not heard. Who came before
 * is still there to be accepted. */
void pol_sockets_shut(struct pol_sockets *s);
/* Is somebody waiting to be accepted? */
bool pol_sockets_wanted(const struct pol_sockets *s);
void pol_sockets_close(struct pol_sockets *s);

#endif
