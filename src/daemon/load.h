/* SPDX-License-Identifier: Apache-2.0 */
/* A set is opened or read again in a thread of its own, so that whoever waits for it goes
 * on answering signals and the other process. */
#ifndef POL_DAEMON_LOAD_H
#define POL_DAEMON_LOAD_H

#include <pthread.h>
#include <stdbool.h>

#include <policy.h>

struct pol_load {
	int done;			/* to poll: readable once it is over */
	bool running;
	pthread_t thread;
	struct policy *policy;		/* to read again; NULL: to open `path` */
	const char *path;		/* NULL: libpolicy's default */
	const struct policy_options *options;
	int rc;				/* what came of it */
	struct policy_error err;
};

/* 0 or -1. */
int pol_load_init(struct pol_load *l);
/* policy NULL: `path` is opened. One at a time. 0, or -1: there is no thread. */
int pol_load_start(struct pol_load *l, struct policy *policy, const char *path, const struct policy_options *options);
/* `done` is readable: takes the end of it; l->policy is the handle, or NULL. */
void pol_load_end(struct pol_load *l);

#endif
