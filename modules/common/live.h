/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file as what was made of it: read by any number of threads without lock, allocation
 * or wait, made anew by one at a time. Readers see the old or the new, never a mixture.
 */
#ifndef POL_COMMON_LIVE_H
#define POL_COMMON_LIVE_H

#include <stdatomic.h>
#include <sys/stat.h>

#include <policy_module.h>

#include "secret.h"

/* Slots for what is in force, and for older ones that somebody still reads. */
enum { POL_LIVE_SLOTS = 8 };

struct pol_live_kind {
	size_t most;			/* bytes of the file */
	bool absent_ok;			/* open() goes on without the file */
	bool lines;			/* a last line without an end may be half a line */
	/*
	 * Makes *out of a text (its len bytes and a NUL, which it may change; NULL: no
	 * file). It is wiped behind it. 0, or a negative policy_err with err filled: line and
	 * text, without a secret.
	 */
	int (*make)(void **out, void *ctx, char *text, size_t len, struct policy_error *err);
	void (*free)(void *made);	/* wipes it */
};

struct pol_live {
	const struct pol_live_kind *kind;
	void *ctx;
	const struct policy_host *host;
	char *path;			/* ours */
	_Atomic(void *) made[POL_LIVE_SLOTS];
	atomic_uint readers[POL_LIVE_SLOTS];
	atomic_uint current;		/* a slot */
	atomic_int writer;		/* 0, or the pid of the process whose thread writes */
	struct stat seen, doubted;	/* of the file last settled on, and of one in doubt */
	bool in_doubt;
	int64_t doubt_until;		/* CLOCK_MONOTONIC: not believed before */
};

/* Watches and reads. path is taken, also on failure. Zeroes *l first. */
int pol_live_open(struct pol_live *l, const struct pol_live_kind *kind, void *ctx, char *path,
    const struct policy_host *host, struct policy_error *err);
void pol_live_close(struct pol_live *l);

/* What is in force, until leave(). */
const void *pol_live_enter(struct pol_live *l, unsigned *slot);
void pol_live_leave(struct pol_live *l, unsigned slot);

/* For serve(): reads the file if it changed. */
int64_t pol_live_serve(struct pol_live *l, uint32_t why);

/* For who makes it anew in another way: between the two, publish() is allowed. */
void pol_live_lock(struct pol_live *l);
void pol_live_unlock(struct pol_live *l);
/* Takes made. POLICY_ERR_LIMIT, and made is freed, where every slot is being read. */
int pol_live_publish(struct pol_live *l, void *made);

#endif
