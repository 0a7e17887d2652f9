/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the keeper share. */
#ifndef POL_DAEMON_KEEPER_IMPL_H
#define POL_DAEMON_KEEPER_IMPL_H

#include <fcntl.h>

#include "child.h"
#include "clerk.h"
#include "load.h"
#include "last.h"
#include "notify.h"
#include "sandbox.h"
#include "sockets.h"
#include "state.h"

enum { POL_KEEPER_LEAVING = 4 };

struct pol_keeper {
	struct pol_conf *conf;
	enum pol_sandbox_mode mode;	/* of the front */
	struct policy_options options;
	struct pol_notify notify;
	struct pol_sockets sockets;
	int signals, program, text;	/* signalfd; our own file; policyd.yaml as it was */
	bool over;
	int status;			/* what the process ends with */

	struct policy *policy;		/* the set, its store for writing; NULL: not open yet; the clerks' */
	struct pol_clerks *clerks;
	bool last_good;			/* it is the text that was kept */
	struct pol_load load;
	struct pol_last_seen *seen;	/* the set's files before the job began */
	char path[1024];		/* of what was kept */
	char why[1400];			/* the set is refused; "" */
	int64_t renewed;		/* the text that is kept was; CLOCK_MONOTONIC */
	bool reload_wanted, reloading;	/* asked for; under way, until the front answered */

	struct pol_child front;
	struct pol_child leaving[POL_KEEPER_LEAVING];
	unsigned restarts, failures;	/* of the front; in a row, before it served for a second */
	int64_t start_at;		/* when the next one is started; 0: one is there */
	bool told_ready;		/* to the service manager */
	int64_t fed;			/* the watchdog was */
	int64_t stopping;		/* since when; 0: not */
	bool told_stop;			/* to the front */
};

void pol_keeper_end(struct pol_keeper *k, int status);

/* keeper_set.c: the set */
void pol_keeper_open(struct pol_keeper *k, const char *path);
void pol_keeper_reload(struct pol_keeper *k);
void pol_keeper_loaded(struct pol_keeper *k);
/* A reload came to its end, here and there; why "": well. */
void pol_keeper_reloaded(struct pol_keeper *k, const char *why);
void pol_keeper_fini(struct pol_keeper *k);

/* keeper_front.c: the other process, and time */
void pol_keeper_start_front(struct pol_keeper *k);
/* The front is told what to open, where there is a front and something to open. */
void pol_keeper_give(struct pol_keeper *k);
/* Another one takes its place; it finishes what it has in hand. */
void pol_keeper_replace_front(struct pol_keeper *k);
void pol_keeper_front_died(struct pol_keeper *k, int status);
void pol_keeper_heard(struct pol_keeper *k);
void pol_keeper_stop(struct pol_keeper *k);
void pol_keeper_time(struct pol_keeper *k);
/* Milliseconds to the next time at which something is due. */
int64_t pol_keeper_due(const struct pol_keeper *k);

#endif
