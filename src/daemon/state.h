/* SPDX-License-Identifier: Apache-2.0 */
/* What the serving process knows of the set it serves, beside what libpolicy knows itself. */
#ifndef POL_DAEMON_STATE_H
#define POL_DAEMON_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include <policy.h>

struct pol_state {
	bool last_good;			/* the set was refused at start: an older one serves */
	int64_t failed;			/* Unix ns: the set on disk is refused since; 0: it is not */
	unsigned restarts;		/* of this process */
	char error[1400];		/* why, with file and line; "" */
};

/* Any thread. */
void pol_state_get(struct pol_state *out);
void pol_state_start(bool last_good, unsigned restarts, const char *error);
/* A reload's end: rc 0, or why not. */
void pol_state_reloaded(int rc, const char *error);
/* FILE:LINE:COLUMN: TEXT in one line. */
void pol_state_say(char *out, size_t room, const struct policy_error *err);

/* What a process ends with, one of sysexits(3), for a policy_err. */
int pol_exit_status(int code);

#endif
