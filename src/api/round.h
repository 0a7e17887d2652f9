/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the service share: one round of it. One thread at a time. */
#ifndef POL_API_ROUND_H
#define POL_API_ROUND_H

#include <pthread.h>

#include "api/handle.h"
#include "api/watch.h"

enum { FD_EPOLL, FD_WAKE, FD_TIMER, FD_COUNT };

struct pol_service {
	_Atomic int fds[FD_COUNT];
	_Atomic int inotify;		/* that of watch, for abandoning it */
	_Atomic uint32_t stop, in_use;
	bool has_thread;
	pthread_t thread;

	/* round.c: of whoever runs a round */
	struct pol_watch watch;
	struct pol_stack *stack;
	struct pol_store *store;
	int store_fd;
	bool store_ready, unwatched, said_full;
	int64_t store_asked;
};

/* Until something happens, or so long; -1: for ever. False: a signal came, or nothing can
 * be waited for; see errno. */
bool pol_round_wait(struct pol_service *v, int timeout_ms);
/* Does all that is due; how much that was. */
int pol_round_run(struct policy *p, struct pol_service *v);
/* Holds nothing any more. */
void pol_round_end(struct pol_service *v);

#endif
