/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a handle records. Deciders put notes into rings; one at a time empties them into
 * the log: the service, or where there is no thread whoever must not go on without.
 */
#ifndef POL_AUDIT_AUDIT_H
#define POL_AUDIT_AUDIT_H

#include <stdatomic.h>

#include "audit/log.h"
#include "audit/ring.h"

struct pol_audit_conf {
	struct pol_log_conf log;	/* file and syslog unset: nothing is recorded */
	bool deny_only;
	int64_t must_ns;		/* 0: a decision does not wait for its record */
};

struct pol_audit {
	/* read by deciders */
	struct pol_rings *rings;
	_Atomic uint32_t on;
	_Atomic uint32_t deny_only;
	_Atomic int64_t must_ns;
	_Atomic uint32_t failing;	/* nothing gets written: who must, is not let wait */
	_Atomic int64_t ahead_ns;	/* CLOCK_REALTIME is so far ahead of CLOCK_MONOTONIC */
	char pad[128];

	/* of who empties the rings */
	struct pol_log *log;		/* NULL: nothing is recorded */
	struct pol_audit_conf conf;	/* its texts are ours */
	uint64_t dropped;		/* of those counted by the rings, already in the log */
	uint64_t unflushed;		/* records in the log's buffer */
	_Atomic uint64_t written;	/* records that left it */
	pol_log_say_fn *say;
	void *say_ctx;
};

/* A log that is to come into force. */
struct pol_audit_staged {
	struct pol_audit_conf conf;
	struct pol_log *log;
	bool same;			/* as the one in force: nothing changes */
};

/* *a is made where it is NULL. Nothing is in force yet. 0, or err says why not. */
int pol_audit_stage(struct pol_audit **a, struct pol_audit_staged *out, const struct pol_audit_conf *conf,
    pol_log_say_fn *say, void *ctx, struct policy_error *err);
void pol_audit_unstage(struct pol_audit_staged *s);
/* It cannot fail. The old log ends, with all that was put into the rings. */
void pol_audit_put(struct pol_audit *a, struct pol_audit_staged *s);
void pol_audit_free(struct pol_audit *a);
/* In a child, before anything else: a log of its own. One thread. */
int pol_audit_child(struct pol_audit *a);
static inline bool
pol_audit_is_live(const struct pol_audit *a)
{
	return atomic_load_explicit(&a->rings->live, memory_order_acquire) != 0;
}

/* ---- deciders ---- */

struct pol_audit_place {
	uint32_t ring;
	uint64_t at, id;
};

/* Into this thread's ring. False: no room; it is counted. n->id is set, unless `again`: a
 * second note of what has one. */
bool pol_audit_give(struct pol_audit *a, struct pol_note *n, bool again, struct pol_audit_place *out);
/*
 * Waits until what was put there is on disk: `wake` is called once to have it done; where
 * it is NULL this thread does it. False: it is not, or the time (CLOCK_MONOTONIC ns) came.
 */
bool pol_audit_wait(struct pol_audit *a, const struct pol_audit_place *at, int64_t until,
    void (*wake)(void *ctx), void *ctx);

/* Records that were written by this process, and those there was no room for. */
void pol_audit_count(const struct pol_audit *a, uint64_t *written, uint64_t *dropped);

/* ---- the service ---- */

/* All that is there, as far as it can be written. How many records; *next: when to come again,
 * CLOCK_MONOTONIC ns, at the latest. */
int pol_audit_serve(struct pol_audit *a, int64_t now, int64_t *next);

/* Parts of it, for staged.c: who empties the rings is alone; false: another is at it. */
bool pol_audit_lock(struct pol_audit *a, bool wait);
void pol_audit_unlock(struct pol_audit *a);
int pol_audit_drain(struct pol_audit *a);

#endif
