/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two things of fixed size. A table says how often whose password was wrong and until when
 * none of his is judged: it is what the next check sees, however long the store takes or
 * if it cannot be written at all. A list of reports is what the service has yet to write.
 * Who sends many wrong passwords fills either and no more: a place in the table is taken
 * from who has the fewest wrong ones, and a report that finds the list full is left out,
 * for the table has counted it.
 *
 * Where the store is only read the table is all there is: no report is listed, and what the
 * store says of a wait holds beside what is known here.
 *
 * Readers of the table take no lock. What they see of a place that is given to somebody
 * else in that moment is told by its tag, which is written first and last.
 */
#include "api/logins.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "api/judge.h"
#include "api/service.h"
#include "api/store.h"
#include "base/hash.h"
#include "base/name.h"
#include "people/fact.h"
#include "people/wrong.h"

#define SETS 256u
#define WAYS 4u
#define WAITING 256u			/* reports */
#define UID_MOST 255u
#define HASH_MOST 511u
#define TRIES 5				/* against others who write at once */

struct place {
	_Atomic uint64_t tag;		/* of the uid; 0: free, or being written */
	_Atomic int64_t until;
	_Atomic uint32_t number;
	uint32_t unwritten;		/* reports on the list */
};

struct report {
	struct report *next;
	int64_t at;			/* Unix ns */
	bool good;
	uint16_t uid_len, seen_len, rehash_len;
	char bytes[];
};

struct pol_logins {
	uint64_t seed;
	_Atomic(struct report *) list;	/* the last first */
	_Atomic uint32_t waiting;
	struct place places[SETS][WAYS];
};

int
pol_logins_new(struct pol_logins **out)
{
	struct pol_logins *l = calloc(1, sizeof(*l));
	int rc = l != NULL ? pol_hash_seed(&l->seed) : POLICY_ERR_NOMEM;

	*out = rc == 0 ? l : NULL;
	if (rc != 0)
		free(l);
	return rc;
}

static void
drop(struct report *r)
{
	explicit_bzero(r->bytes, (size_t)r->uid_len + r->seen_len + r->rehash_len);
	free(r);
}

static void
drop_all(struct report *r)
{
	for (struct report *next; r != NULL; r = next) {
		next = r->next;
		drop(r);
	}
}

void
pol_logins_free(struct pol_logins *l)
{
	if (l == NULL)
		return;
	drop_all(atomic_exchange(&l->list, NULL));
	free(l);
}

void
pol_logins_orphan(struct policy *p)
{
	if (p->logins == NULL)
		return;
	drop_all(atomic_exchange(&p->logins->list, NULL));
	atomic_store(&p->logins->waiting, 0);
}

/* ---- the table ---- */

static void
lock(struct policy *p)
{
	uint32_t is_free = 0;

	while (!atomic_compare_exchange_weak(&p->wiped->logins, &is_free, 1)) {
		is_free = 0;
		sched_yield();
	}
}

static void
unlock(struct policy *p)
{
	atomic_store(&p->wiped->logins, 0);
}

static uint64_t
tag_of(const struct pol_logins *l, struct policy_text uid)
{
	return pol_hash(uid.data, uid.len, l->seed) | 1;
}

static struct place *
find(struct pol_logins *l, uint64_t tag)
{
	struct place *set = l->places[tag >> 32 & (SETS - 1)];

	for (unsigned w = 0; w < WAYS; w++) {
		if (atomic_load(&set[w].tag) == tag)
			return &set[w];
	}
	return NULL;
}

/* Under the lock: whose place it becomes; as good as nobody's until the tag is written. */
static struct place *
take(struct pol_logins *l, uint64_t tag)
{
	struct place *set = l->places[tag >> 32 & (SETS - 1)], *best = &set[0];

	for (unsigned w = 0; w < WAYS; w++) {
		if (atomic_load(&set[w].tag) == 0)
			best = &set[w];
		else if (atomic_load(&best->tag) != 0 && atomic_load(&set[w].number) < atomic_load(&best->number))
			best = &set[w];
	}
	atomic_store(&best->tag, 0);
	best->unwritten = 0;
	return best;
}

static void
count(struct policy *p, struct policy_text uid, bool good, uint32_t before, int64_t now, bool listed)
{
	struct pol_logins *l = p->logins;
	const uint64_t tag = tag_of(l, uid);
	struct place *place;
	uint32_t number;

	lock(p);
	place = find(l, tag);
	if (place != NULL)
		before = atomic_load(&place->number);
	else
		place = take(l, tag);
	number = good ? 0 : before < UINT32_MAX ? before + 1 : before;
	atomic_store(&place->number, number);
	atomic_store(&place->until, pol_wrong_until(number, now));
	place->unwritten += listed;
	atomic_store(&place->tag, tag);
	unlock(p);
}

/* What was on the list for him is in the store, or never will be. */
static void
written(struct policy *p, struct policy_text uid, uint32_t n, bool stays)
{
	struct place *place;

	lock(p);
	place = find(p->logins, tag_of(p->logins, uid));
	if (place != NULL) {
		place->unwritten -= n < place->unwritten ? n : place->unwritten;
		if (place->unwritten == 0 && !stays)
			atomic_store(&place->tag, 0);
	}
	unlock(p);
}

void
pol_logins_overlay(const struct policy *p, struct policy_account *user)
{
	const struct place *place;
	uint32_t number;
	int64_t until;
	uint64_t tag;

	if (p->logins == NULL)
		return;
	tag = tag_of(p->logins, user->id);
	place = find(p->logins, tag);
	if (place == NULL)
		return;
	number = atomic_load(&place->number);
	until = atomic_load(&place->until);
	if (atomic_load(&place->tag) != tag)
		return;
	user->number = number;
	if (!pol_handle_only_reads(p) || until > user->until_ns)
		user->until_ns = until;
}

/* ---- reports ---- */

static uint32_t
wrong_before(struct policy *p, struct policy_text uid)
{
	_Atomic uint32_t *in;
	const struct pol_snapshot *s = pol_handle_enter(p, &in);
	struct policy_row user;
	uint32_t n = 0;

	if (s != NULL && pol_fact_find(s->engine.people, POLICY_ROW_USER, uid, &user))
		n = user.number;
	pol_handle_exit(in);
	return n;
}

static bool
enlist(struct pol_logins *l, struct policy_text uid, bool good, struct policy_text seen, struct policy_text rehash, int64_t now)
{
	struct report *r;

	if (atomic_fetch_add(&l->waiting, 1) >= WAITING ||
	    (r = malloc(sizeof(*r) + uid.len + seen.len + rehash.len)) == NULL) {
		atomic_fetch_sub(&l->waiting, 1);
		return false;
	}
	*r = (struct report){ .at = now, .good = good, .uid_len = (uint16_t)uid.len, .seen_len = (uint16_t)seen.len,
	    .rehash_len = (uint16_t)rehash.len };
	memcpy(r->bytes, uid.data, uid.len);
	if (seen.len != 0)
		memcpy(r->bytes + uid.len, seen.data, seen.len);
	if (rehash.len != 0)
		memcpy(r->bytes + uid.len + seen.len, rehash.data, rehash.len);
	r->next = atomic_load(&l->list);
	while (!atomic_compare_exchange_weak(&l->list, &r->next, r))
		;
	return true;
}

void
pol_logins_report(struct policy *p, struct policy_text uid, bool good, struct policy_text seen, const char *rehash)
{
	const struct policy_text text = policy_text(rehash);
	const int64_t now = pol_judge_clock(p);
	bool listed;

	if (p->logins == NULL || uid.len > UID_MOST || seen.len > HASH_MOST || text.len > HASH_MOST)
		return;
	listed = !pol_handle_only_reads(p) && enlist(p->logins, uid, good, seen, text, now);
	count(p, uid, good, wrong_before(p, uid), now, listed);
	if (listed)
		pol_service_wake(p);
}

/* ---- into the store ---- */

static struct policy_text
uid_of(const struct report *r)
{
	return (struct policy_text){ r->bytes, r->uid_len };
}

static struct policy_text
seen_of(const struct report *r)
{
	return (struct policy_text){ r->bytes + r->uid_len, r->seen_len };
}

static struct policy_text
rehash_of(const struct report *r)
{
	return (struct policy_text){ r->bytes + r->uid_len + r->seen_len, r->rehash_len };
}

/* In the order in which they came. A hash goes only in the place of the one that was seen. */
static bool
apply(struct policy_row *user, const struct report *r)
{
	const bool same = pol_bytes_equal(user->secret.data, user->secret.len, seen_of(r).data, r->seen_len);
	const uint32_t before = user->number;

	if (!same)			/* of a password that he has no more */
		return false;
	user->number = r->good ? 0 : before < UINT32_MAX ? before + 1 : before;
	user->until_ns = pol_wrong_until(user->number, r->at);
	if (r->good && r->rehash_len != 0)
		user->secret = rehash_of(r);
	return user->number != before || (r->good && r->rehash_len != 0);
}

/* A user's row as the store has it, packed so that it outlives the snapshot. */
static bool
find_user(struct policy *p, struct policy_text uid, struct pol_rows *room, struct policy_row *out)
{
	_Atomic uint32_t *in;
	const struct pol_snapshot *s = pol_handle_enter(p, &in);
	bool found = s != NULL && pol_fact_find(s->engine.people, POLICY_ROW_USER, uid, out) &&
	    (out->flags & POLICY_ROW_GONE) == 0 && pol_rows_add(room, out) == 0;

	pol_handle_exit(in);
	if (found)
		pol_rows_get(room, 0, out);
	return found;
}

/* All reports of one user, from r on. 0, or a negative policy_err: it was not written. */
static int
write_user(struct policy *p, const struct report *list, struct policy_text uid)
{
	int rc = POLICY_ERR_AGAIN;

	for (int i = 0; i < TRIES && rc == POLICY_ERR_AGAIN; i++) {
		struct policy_error err = POLICY_ERROR_INIT;
		struct policy_row user;
		struct pol_rows room;
		uint64_t seen = pol_store_seen(p);
		bool changed = false;

		pol_rows_init(&room);
		rc = i > 0 ? pol_store_sync(p, &seen, &err) : 0;
		if (rc == 0 && find_user(p, uid, &room, &user)) {
			for (const struct report *r = list; r != NULL; r = r->next) {
				if (pol_bytes_equal(r->bytes, r->uid_len, uid.data, uid.len))
					changed |= apply(&user, r);
			}
			rc = changed ? pol_store_write(p, &user, 1, seen, &err) : 0;
		}
		pol_rows_fini(&room);
	}
	return rc;
}

static struct report *
reversed(struct report *r)
{
	struct report *list = NULL;

	for (struct report *next; r != NULL; r = next) {
		next = r->next;
		r->next = list;
		list = r;
	}
	return list;
}

int
pol_logins_serve(struct policy *p)
{
	struct pol_logins *l = p->logins;
	struct report *list = l != NULL ? reversed(atomic_exchange(&l->list, NULL)) : NULL;
	int n = 0;

	for (struct report *r = list, *next; r != NULL; r = next, n++) {
		const struct policy_text uid = uid_of(r);
		struct report **at = &r->next;
		uint32_t reports = 1;
		const int rc = write_user(p, r, uid);

		/* those behind it that are his too are done with it */
		while (*at != NULL) {
			struct report *o = *at;

			if (!pol_bytes_equal(o->bytes, o->uid_len, uid.data, uid.len)) {
				at = &o->next;
				continue;
			}
			*at = o->next;
			reports++;
			drop(o);
		}
		next = r->next;
		written(p, uid, reports, rc != 0);
		atomic_fetch_sub(&l->waiting, reports);
		drop(r);
	}
	return n;
}
