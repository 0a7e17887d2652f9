/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handle: the snapshot that decides now, how deciders hold it and how writers
 * replace it. Shared by the files of api/ (and of admin/, for single changes).
 */
#ifndef POL_API_HANDLE_H
#define POL_API_HANDLE_H

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <policy_module.h>

#include "api/ticket.h"
#include "compile/compile.h"
#include "core/core.h"
#include "people/people.h"

struct pol_audit;
struct pol_audit_staged;
struct pol_cache;
struct pol_logins;
struct pol_revoked;
struct pol_service;
struct pol_stack;
struct pol_stack_conf;
struct pol_store;

/* A program that successive snapshots share. Counted by writers, under the lock. */
struct pol_shared_code {
	struct pol_code *code;
	uint64_t refs;
};

/* What one decision is made on. Read-only once it is in a handle, but for `next`,
 * `store` and `succeeded`, which only writers look at. */
struct pol_snapshot {
	struct pol_engine engine;
	uint64_t generation;
	int64_t token_life, token_most;	/* ns: of `tokens:` */
	bool off;			/* the engine is switched off: nothing is decided */
	bool audited;			/* decisions are recorded */
	bool timeless;			/* no decision depends on the time: the clock is not read */
	struct pol_shared_code *code;
	struct pol_people_root *people;
	/* The set's modules; NULL: it has none. Held; a forked child puts its own there. */
	_Atomic(struct pol_stack *) stack;
	struct pol_store *store;	/* the set's; not held: only so that a child knows which */
	bool succeeded;			/* people has a successor: retire it, else free it */
	struct pol_snapshot *next;	/* the one replaced after this one */
};

/* Deciders that are inside, by stripe and parity; a thread keeps to one stripe,
 * a line pair of its own but by chance. */
#define POL_STRIPES 64u
struct pol_stripe {
	_Atomic uint32_t in[2];
	char pad[128 - 2 * sizeof(uint32_t)];
};
_Static_assert(sizeof(struct pol_stripe) == 128, "two lines, for they are fetched in pairs");

/* Memory that reads as zero in a forked child (MADV_WIPEONFORK). */
enum { POL_MARK_CHILD = 0, POL_MARK_WAKING = 1, POL_MARK_LIVE = 2 };
struct pol_wiped {
	_Atomic uint32_t mark;
	char pad[128 - sizeof(uint32_t)];
	struct pol_ticket writers;	/* see pol_handle_lock */
	struct pol_ticket store;	/* calls of the store: before the writers', never behind it */
	_Atomic uint32_t rows;		/* 1: somebody tells rows of a store: see store.c */
	_Atomic uint32_t logins;	/* 1: somebody counts a password: see logins.c */
	_Atomic uint32_t born;		/* which process of a line: another in each child; 0: not awake */
	_Atomic uint32_t staying[2];	/* those inside for long, by parity: see stay.c */
	char pad2[128 - 9 * sizeof(uint32_t)];
	struct pol_stripe stripes[POL_STRIPES];
};

/* What a decision is asked of first: one word for all that is not the rule. */
enum pol_off { POL_OFF_NO = 0, POL_OFF_YES = 1, POL_OFF_AUDITED = 2 };

/* Who there was in a generation; 0: not counted. */
struct pol_counts {
	uint64_t generation, users, tokens, grants;
};

enum pol_env { POL_ENV_UNSET = 0, POL_ENV_TRUE, POL_ENV_FALSE };

struct policy {
	/* read by every decision, written by writers only */
	struct pol_wiped *wiped;
	_Atomic(struct pol_snapshot *) now;	/* NULL: forced off, nothing is loaded */
	_Atomic uint32_t off;		/* of the snapshot, enum pol_off: the answer without holding one */
	_Atomic uint32_t parity;	/* new deciders are counted here */
	policy_clock_fn *clock;
	void *clock_ctx;
	struct pol_cache *cache;	/* verified credentials; NULL until a set has modules */
	struct pol_revoked *revoked;	/* looked at within a snapshot */
	_Atomic(struct pol_audit *) audit;	/* NULL until a set has `audit:` */
	struct pol_logins *logins;	/* passwords that were judged; NULL until a set has modules */
	char pad[128];			/* what writers use is on other lines */

	/* writers, under the lock */
	_Atomic uint32_t busy;		/* a writer is at work: a child forked now is careful */
	_Atomic int32_t pid;		/* where memory cannot be wiped on fork; else 0 */
	bool tainted;			/* the people of `now` were forked halfway through a change */
	uint64_t generation;
	struct pol_snapshot *waiting, *last;	/* replaced, oldest first */
	_Atomic size_t n_waiting;	/* the service looks at it without the lock */
	bool draining;			/* a wait runs */
	struct pol_snapshot *covered;	/* it frees up to this; NULL: only revocations that ended */
	uint32_t phase, stripe;		/* how far it is; POL_STRIPES: who stays is left */
	uint32_t births;		/* wiped->born was so many last */

	/* the service, the store, and what a fork left of them: service.c, store.c, child.c */
	_Atomic(struct pol_service *) service;	/* NULL: there is no such work */
	struct pol_store *store;	/* under wiped->rows */
	struct pol_store *staged;	/* of the set that is being loaded, under the lock */
	struct pol_audit_staged *staged_audit;	/* likewise; NULL: the set has none */
	_Atomic int64_t store_good;	/* CLOCK_MONOTONIC ns: fresh until then; INT64_MAX: no store */
	_Atomic int64_t store_stale;	/* its `stale`, ns */
	_Atomic uint32_t lost;		/* forked: what the set needs is still to be opened anew */
	_Atomic int64_t again;		/* which failed: not before then, CLOCK_MONOTONIC ns */
	struct pol_stack *parents_stack;	/* to be opened again, and never touched else */
	struct pol_shared_code *parents_code;	/* of the set whose steps they are */
	struct pol_store *parents_store;
	bool had_service;		/* the parent had */

	/* status.c */
	_Atomic uint32_t counting;	/* somebody has `counts`; set for ever where a fork took him away */
	struct pol_counts counts;

	/* as opened */
	uint32_t flags;
	char *path;			/* NULL: a text */
	char *name, *text;
	size_t len;
	struct policy_limits limits;
	policy_log_fn *log;
	void *log_ctx;
	char *module_dir;		/* NULL: the one compiled in */
	/* where modules come from; NULL: files. For tests. */
	int (*load)(const struct policy_module **out, const char *dir, const char *name, struct policy_error *err);
	bool loaded;			/* the environment has been read */
	_Atomic int64_t loaded_ns, failed_ns;	/* Unix; the set was read; a reload failed since */
	char *env_name;			/* the variable that `enabled` named then, or NULL */
	enum pol_env env;
};

int pol_handle_new(struct policy **out);
/* Frees the handle and everything behind it. No other call is under way. */
void pol_handle_free(struct policy *p);

/* Opened for reading only: neither the store nor anything of a module's is written. */
static inline bool
pol_handle_only_reads(const struct policy *p)
{
	return (p->flags & POLICY_READ_ONLY) != 0;
}

/* The writers' lock. Between the two only this thread replaces snapshots. */
void pol_handle_lock(struct policy *p);
void pol_handle_unlock(struct policy *p);
/* The lock, where nobody has it. */
bool pol_handle_try(struct policy *p);
/* In a child: notices that it is one. Every writer does; so does who needs what a child
 * has to open anew. */
void pol_handle_notice(struct policy *p);

/* A snapshot of code and people, both taken, also when it fails. */
int pol_handle_snapshot(struct pol_snapshot **out, struct pol_code *code, struct pol_people_root *people);
/* Frees one that never came into force, or that nobody can hold any more. */
void pol_handle_unused(struct pol_snapshot *s);
/* Under the lock: puts s in force and numbers it. It cannot fail. The old one is
 * freed as soon as nobody is inside: pol_handle_collect. */
void pol_handle_swap(struct policy *p, struct pol_snapshot *s);
/* Is there anything to be freed, old snapshots or revocations? Also without the lock. */
bool pol_handle_has_old(const struct policy *p);
/* Under the lock: frees what nobody can hold any more; waits for it at most so long. */
void pol_handle_collect(struct policy *p, int64_t wait_ns);

/* Makes *out, a successor of `from`, or fails and changes nothing. Numbers of roles
 * and types are those of `program`: look them up here, not before. */
typedef int pol_handle_change_fn(void *ctx, struct pol_people_root *from,
    const struct pol_program *program, struct pol_people_root **out);
/*
 * A single change of people: the program stays. Takes the lock; does not wait for
 * deciders, unless many old snapshots have gathered. POLICY_ERR_UNAVAILABLE: nothing
 * is loaded. In a child that was forked halfway through a change it is a copy that is changed.
 */
int pol_handle_change(struct policy *p, pol_handle_change_fn *change, void *ctx);
/* The same, under the lock; what it replaced is not collected. */
int pol_handle_succeed(struct policy *p, pol_handle_change_fn *change, void *ctx);

/* In a child's first call. */
void pol_handle_wake(struct policy *p);

/* This thread's stripe: its thread pointer, mixed. Threads that meet on one are
 * slower, never wrong. */
static inline struct pol_stripe *
pol_handle_stripe(struct policy *p)
{
	uint64_t self;

#if defined(__x86_64__)
	__asm__("movq %%fs:0, %0" : "=r"(self));
#elif defined(__aarch64__)
	self = (uint64_t)(uintptr_t)__builtin_thread_pointer();
#else
	self = (uint64_t)(uintptr_t)&errno;
#endif
	return &p->wiped->stripes[(self * 0x9e3779b97f4a7c15u) >> 58];
}

/*
 * Holds the snapshot now in force until pol_handle_exit(in). Between the two: no
 * foreign code, nothing that may fork or block. The two seq_cst operations are half
 * of the proof in handle.c: count first, then look.
 */
static inline const struct pol_snapshot *
pol_handle_enter(struct policy *p, _Atomic uint32_t **in)
{
	uint32_t parity;

	if (__builtin_expect(atomic_load_explicit(&p->wiped->mark, memory_order_acquire) != POL_MARK_LIVE, 0))
		pol_handle_wake(p);
	parity = atomic_load_explicit(&p->parity, memory_order_relaxed) & 1;
	*in = &pol_handle_stripe(p)->in[parity];
	atomic_fetch_add_explicit(*in, 1, memory_order_seq_cst);
	return atomic_load_explicit(&p->now, memory_order_seq_cst);
}

static inline void
pol_handle_exit(_Atomic uint32_t *in)
{
	atomic_fetch_sub_explicit(in, 1, memory_order_release);
}

#endif
