/* SPDX-License-Identifier: Apache-2.0 */
/* The front as the keeper sees it: started, spoken to, ended. */
#ifndef POL_DAEMON_CHILD_H
#define POL_DAEMON_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "channel.h"

enum { POL_CHILD_CHANNEL = 3 };		/* the front finds its end of the channel there */

struct pol_child {
	pid_t pid;			/* 0: none */
	int channel;			/* -1: none; the keeper's end */
	int64_t started;		/* CLOCK_MONOTONIC, ns */
	int64_t opened;			/* since it serves; 0: it does not yet */
	int64_t pinged, answered;
	bool last_good;			/* it serves a text that was kept */
};

int64_t pol_child_now(void);
/* Runs this program again, from the descriptor of its own file, as `policyd --front`. A new
 * process image: nothing of the keeper's memory is in it. 0 or -1. */
int pol_child_start(struct pol_child *c, int program);
/* Closes the channel; the process is left to end, or is killed. */
void pol_child_leave(struct pol_child *c, bool kill);

#endif
