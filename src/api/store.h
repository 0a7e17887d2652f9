/* SPDX-License-Identifier: Apache-2.0 */
/* The host's side of a store: what it says is gathered, then told to those who ask. */
#ifndef POL_API_STORE_H
#define POL_API_STORE_H

#include <stddef.h>
#include <time.h>

#include "api/handle.h"
#include "api/steps.h"
#include "people/rows.h"

struct pol_store {
	_Atomic uint32_t held;
	const struct policy_store *store;
	void *state;
	struct pol_store_conf conf;	/* its texts are ours; url may hold a password: never shown */
	const struct policy *p;		/* whose log it is; outlives it */
	/* of who holds the lock for calls of the store, once it is in force: */
	uint64_t since;			/* the newest change that is in force here */
	int64_t asked;			/* CLOCK_MONOTONIC ns, before what is gathered was asked for */
	int64_t forgot;			/* Unix ns, when it last had to; 0: not yet */
	bool failing, forget_failing;
	int gathered;			/* a negative policy_err: a row that could not be taken */
	struct pol_rows rows;		/* of the last answer */
	size_t said;			/* of them, those of which the host's log knows */
	int64_t said_at;		/* CLOCK_MONOTONIC ns */
};

/* A store of an older header has no such member. */
#define POL_STORE_HAS(store, member) ((store)->size >= offsetof(struct policy_store, member) + sizeof((store)->member) && \
	(store)->member != NULL)

/* ---- store.c: whose it is ---- */

/* Loads store_SCHEME, opens it, gathers all it has. Nothing is told yet. */
int pol_store_open(struct pol_store **out, const struct policy *p, const struct pol_store_conf *conf,
    struct policy_error *err);
/* The same one once more, in a child: `old` is the parent's, and left alone. Gathers what
 * came since; all of it where the parent was at work on the people. */
int pol_store_again(struct pol_store **out, const struct policy *p, const struct pol_store *old,
    struct policy_error *err);
/* Under the lock: the store in force, held, if it is one as conf says; else NULL. */
struct pol_store *pol_store_same(struct policy *p, const struct pol_store_conf *conf);
/* Counted: closed by who lets go last. NULL is fine. */
void pol_store_drop(struct pol_store *st);
/* The store in force, held; or NULL. */
struct pol_store *pol_store_take(struct policy *p);
/* Puts st (taken; NULL: none) in force. What an older one said goes on to hold. */
void pol_store_put(struct policy *p, struct pol_store *st);
/* It was asked at st->asked, and what it said is in force: fresh from then on. */
void pol_store_fresh(struct policy *p, const struct pol_store *st);

int pol_store_fd(struct pol_store *st);
/* To be polled at least so often, ns. */
int64_t pol_store_pace(const struct pol_store *st);

/* For told.c, which alone may: memory is all that is done under it. */
void pol_store_lock_rows(struct policy *p);
void pol_store_unlock_rows(struct policy *p);

/* ---- told.c: what it says ---- */

/* Asks for changes since *since, which is where the rows gathered end then. */
int pol_store_ask(struct pol_store *st, uint64_t *since, struct policy_error *err);
/* A sentence for a code that a store returned; and the code, whatever it made of it. */
const char *pol_store_why(int rc, const struct policy_error *err);
int pol_store_code(int rc);

/* Finishes b with what st, which is staged (NULL: there is none), has told: gathered, or the
 * facts of the snapshot in force where st is. Under the lock. */
int pol_store_build(struct policy *p, struct pol_store *st, struct pol_builder *b, struct pol_people_root **out);
/* Before it is put in force: tells the revocations gathered. On failure some of it was. */
int pol_store_tell(struct policy *p, struct pol_store *st);
/* Under the lock: puts the people gathered into those in force. */
int pol_store_adopt(struct policy *p, struct pol_store *st);

/* Asks for changes, and puts them in force. How many, or a negative policy_err: what was
 * told before goes on to be good as long as `stale` says. Waits for the writers' lock. */
int pol_store_poll(struct policy *p, struct pol_store *st, struct policy_error *err);

/* Once an hour of the engine's clock, not at once: what ended so long ago that people here
 * have forgotten it is forgotten there. */
void pol_store_forget(struct policy *p, struct pol_store *st);

/* Puts rows in force, what st tells; under the store's lock. POLICY_ERR_NOENT: st is not in
 * force any more. */
int pol_store_put_rows(struct policy *p, struct pol_store *st, const struct pol_rows *rows);

/* ---- for admin/ (write.c) ---- */

/* What the store has by now is in force here; *seen says which store that was, and how far.
 * POLICY_ERR_UNSUPPORTED: there is no store. */
int pol_store_sync(struct policy *p, uint64_t *seen, struct policy_error *err);
/* The same mark of what is in force now, for who judges on nothing older. 0: no store. */
uint64_t pol_store_seen(struct policy *p);
/*
 * Writes rows as one transaction on top of what was seen, and puts them in force.
 * POLICY_ERR_AGAIN: another wrote since, in this process or elsewhere; nothing was written:
 * sync, and judge again.
 * POLICY_ERR_UNSUPPORTED: no store, or one that is read only. POLICY_ERR_INVALID: a row that
 * cannot be. POLICY_ERR_UNAVAILABLE, NOMEM: it may have been written.
 */
int pol_store_write(struct policy *p, const struct policy_row *rows, size_t n, uint64_t seen, struct policy_error *err);
/* A whole copy in a new file. */
int pol_store_backup(struct policy *p, const char *path, struct policy_error *err);

/* Is there one, in force or yet to be opened in a child? */
static inline bool
pol_store_has(const struct policy *p)
{
	return atomic_load_explicit(&p->store_good, memory_order_relaxed) != INT64_MAX;
}

/* Until when what the store said is fresh enough; INT64_MAX where there is no store. */
static inline int64_t
pol_store_until(const struct policy *p)
{
	return atomic_load_explicit(&p->store_good, memory_order_acquire);
}

static inline bool
pol_store_is_before(int64_t until)
{
	struct timespec ts;

	if (until == INT64_MAX)
		return true;
	return clock_gettime(CLOCK_MONOTONIC_COARSE, &ts) == 0 &&
	    (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec < until;
}

/* Is it fresh enough now? First this, then look at what is revoked, or at people: a
 * snapshot that was held before may be what the store said long ago. */
static inline bool
pol_store_is_good(const struct policy *p)
{
	return pol_store_is_before(pol_store_until(p));
}

#endif
