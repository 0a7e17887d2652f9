/* SPDX-License-Identifier: Apache-2.0 */
/* What the keeper and the front say to each other: messages of one size, over a pair of
 * sockets that keeps them whole. */
#ifndef POL_DAEMON_CHANNEL_H
#define POL_DAEMON_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

enum pol_channel_kind {
	/* keeper to front */
	POL_CHANNEL_CONF = 1,		/* with a descriptor: the text of policyd.yaml; text: its name;
					 * number: enum pol_sandbox_mode */
	POL_CHANNEL_SOCKET,		/* with a descriptor: the socket of the next listener */
	POL_CHANNEL_DESK,		/* with a descriptor: one more place at the desk */
	POL_CHANNEL_OPEN,		/* text: the set; number: restarts; last_good: `error` says why */
	POL_CHANNEL_RELOAD,
	POL_CHANNEL_REFUSED,		/* the keeper's own reload failed: `error` says why */
	POL_CHANNEL_STOP,		/* answer what was asked, then end */
	POL_CHANNEL_PING,
	/* front to keeper */
	POL_CHANNEL_OPENED,		/* code: 0, or why not, in `error` */
	POL_CHANNEL_RELOADED,		/* likewise */
	POL_CHANNEL_PONG,
	POL_CHANNEL__END
};

struct pol_message {
	uint32_t kind;
	int32_t code;
	uint32_t number;
	uint32_t last_good;
	char text[1024];
	char error[1400];
};

/* Both ends, close-on-exec. 0 or -1. */
int pol_channel_new(int ends[2]);
/* fd -1: none goes with it. Never waits. 0 or -1. */
int pol_channel_send(int channel, const struct pol_message *m, int fd);
/* A message of a kind alone. */
int pol_channel_say(int channel, enum pol_channel_kind kind);
/* 1: a message; its texts end, and have no control bytes. 0: nothing there. -1: the other
 * end is gone, or said what is no message. fd NULL: one that is sent is not taken. */
int pol_channel_get(int channel, struct pol_message *m, int *fd);

#endif
