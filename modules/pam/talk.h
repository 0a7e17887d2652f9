/* SPDX-License-Identifier: Apache-2.0 */
/* Conversations with PAM, each in a thread of its own. */
#ifndef PAM_TALK_H
#define PAM_TALK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <policy.h>

#define TALK_NAME_MOST 255
#define TALK_PASSWORD_MOST 1024		/* more than any PAM module takes (PAM_MAX_RESP_SIZE is 512) */

struct talks {
	const char *service, *confdir;	/* the caller's; confdir NULL: PAM's own */
	pthread_mutex_t lock;
	pthread_cond_t changed;		/* a talk has ended, or was taken back */
	unsigned running, most;
};

void talk_init(struct talks *p, const char *service, const char *confdir, unsigned most);
/* Waits until the last that was left behind is through. */
void talk_fini(struct talks *p);

enum talk_end {
	TALK_ENDED,			/* *rc is PAM's answer; where it is PAM_SUCCESS, user is whom it means */
	TALK_REFUSED,			/* no name or password that PAM could be asked about */
	TALK_BUSY,			/* all are taken, and none came free in time */
	TALK_SLOW,			/* not answered in time */
	TALK_FAILED			/* no memory, or no thread */
};

/* deadline: CLOCK_MONOTONIC, ns. */
enum talk_end talk_hold(struct talks *p, struct policy_text name, struct policy_text password,
    int64_t deadline_ns, int *rc, char user[TALK_NAME_MOST + 1]);

#endif
