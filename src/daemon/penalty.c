/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Four tables of places in sets of eight. Of pairs, how many were wrong in a row and until
 * when none is judged. Of sources and of accounts, when all that they were charged will
 * have been forgiven: what is charged beyond an allowance makes a source wait, and an
 * account guarded. And of pairs that were let in lately: what others do at the same source,
 * behind one address, is not theirs to wait for.
 */
#include "penalty.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define SECOND INT64_C(1000000000)
#define WAYS 8u
#define FREE 5u				/* wrong ones of a pair without a wait */
#define FREE_GUARDED 0u
#define FIRST (2 * SECOND)		/* the first wait */
#define LONGEST (3600 * SECOND)
#define FORGET (6 * 3600 * SECOND)	/* a pair that was quiet for as long begins anew */
#define SOURCE_EACH SECOND
#define SOURCE_AT_ONCE (30 * SOURCE_EACH)
#define ACCOUNT_EACH (30 * SECOND)
#define ACCOUNT_AT_ONCE (20 * ACCOUNT_EACH)
#define ACCOUNT_MOST (3600 * SECOND)
#define KNOWN (30 * 24 * 3600 * SECOND)

enum { PAIRS, SOURCES, ACCOUNTS, GOOD, TABLES };

static const uint32_t sets[TABLES] = { 4096, 1024, 1024, 512 };

struct place {
	uint64_t tag;			/* 0: free */
	int64_t until;			/* see above */
	int64_t last;
	uint32_t wrong;
};

struct pol_penalty {
	pthread_mutex_t lock;
	uint64_t key[2];
	struct place *at[TABLES];
	struct place places[];
};

struct pol_penalty *
pol_penalty_new(void)
{
	struct pol_penalty *p;
	size_t n = 0;

	for (size_t t = 0; t < TABLES; t++)
		n += sets[t] * WAYS;
	p = calloc(1, sizeof(*p) + n * sizeof(p->places[0]));
	if (p == NULL)
		return NULL;
	n = 0;
	for (size_t t = 0; t < TABLES; t++) {
		p->at[t] = &p->places[n];
		n += sets[t] * WAYS;
	}
	if (getrandom(p->key, sizeof(p->key), 0) != (ssize_t)sizeof(p->key) || pthread_mutex_init(&p->lock, NULL) != 0) {
		free(p);
		return NULL;
	}
	return p;
}

void
pol_penalty_free(struct pol_penalty *p)
{
	if (p == NULL)
		return;
	pthread_mutex_destroy(&p->lock);
	explicit_bzero(p->key, sizeof(p->key));
	free(p);
}

/* ---- SipHash-2-4: who does not know the key cannot choose whose place he takes ---- */

struct sip {
	uint64_t v[4], word;
	size_t len;
};

static uint64_t
rotate(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static void
sip_round(uint64_t v[4])
{
	v[0] += v[1], v[1] = rotate(v[1], 13) ^ v[0], v[0] = rotate(v[0], 32);
	v[2] += v[3], v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3], v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1], v[1] = rotate(v[1], 17) ^ v[2], v[2] = rotate(v[2], 32);
}

static void
sip_begin(struct sip *s, const uint64_t key[2])
{
	*s = (struct sip){ .v = { key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d),
	    key[0] ^ UINT64_C(0x6c7967656e657261), key[1] ^ UINT64_C(0x7465646279746573) } };
}

static void
sip_word(struct sip *s)
{
	s->v[3] ^= s->word;
	sip_round(s->v);
	sip_round(s->v);
	s->v[0] ^= s->word;
	s->word = 0;
}

static void
sip_add(struct sip *s, const void *data, size_t len)
{
	const unsigned char *b = data;

	for (size_t i = 0; i < len; i++) {
		s->word |= (uint64_t)b[i] << 8 * (s->len % 8);
		if (++s->len % 8 == 0)
			sip_word(s);
	}
}

static uint64_t
sip_end(struct sip *s)
{
	s->word |= (uint64_t)s->len << 56;
	sip_word(s);
	s->v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(s->v);
	return s->v[0] ^ s->v[1] ^ s->v[2] ^ s->v[3];
}

/* ---- places ---- */

struct keys {
	uint64_t of[TABLES];
};

/* A source says its length first, so no pair of texts reads as another. */
static void
keys_of(struct keys *k, const struct pol_penalty *p, const struct pol_source *source, const char *account, size_t len)
{
	const unsigned char from = (unsigned char)source->len, none = 0;
	struct sip s;

	sip_begin(&s, p->key);
	sip_add(&s, &from, 1);
	sip_add(&s, source->bytes, source->len);
	k->of[SOURCES] = sip_end(&(struct sip){ { s.v[0], s.v[1], s.v[2], s.v[3] }, s.word, s.len }) | 1;
	sip_add(&s, account, len);
	k->of[PAIRS] = k->of[GOOD] = sip_end(&s) | 1;
	sip_begin(&s, p->key);
	sip_add(&s, &none, 1);
	sip_add(&s, account, len);
	k->of[ACCOUNTS] = sip_end(&s) | 1;
	explicit_bzero(&s, sizeof(s));
}

static struct place *
set_of(struct pol_penalty *p, int table, uint64_t tag)
{
	return &p->at[table][(tag >> 32) % sets[table] * WAYS];
}

static struct place *
find(struct pol_penalty *p, int table, uint64_t tag)
{
	struct place *set = set_of(p, table, tag);

	for (unsigned w = 0; w < WAYS; w++)
		if (set[w].tag == tag)
			return &set[w];
	return NULL;
}

/* Has a less to lose than b? */
static bool
is_less(const struct place *a, const struct place *b)
{
	if (a->wrong != b->wrong)
		return a->wrong < b->wrong;
	return a->until != b->until ? a->until < b->until : a->last < b->last;
}

static struct place *
take(struct pol_penalty *p, int table, uint64_t tag, int64_t now)
{
	struct place *set = set_of(p, table, tag), *best = find(p, table, tag);

	if (best != NULL)
		return best;
	best = set;
	for (unsigned w = 0; w < WAYS; w++) {
		if (set[w].tag != 0 && now - set[w].last > (table == GOOD ? KNOWN : FORGET))
			set[w].tag = 0;
		if (set[w].tag == 0 || (best->tag != 0 && is_less(&set[w], best)))
			best = &set[w];
	}
	*best = (struct place){ .tag = tag, .until = now, .last = now };
	return best;
}

/* ---- what they are charged ---- */

/* How much of it is not forgiven yet. */
static int64_t
owed(const struct place *at, int64_t now)
{
	return at != NULL && at->until > now ? at->until - now : 0;
}

static void
charge(struct place *at, int64_t now, int64_t each, int64_t most)
{
	const int64_t more = owed(at, now) + each;

	at->until = now + (more < most ? more : most);
	at->last = now;
}

static int64_t
wait_behind(uint32_t wrong, uint32_t free_of_it)
{
	const uint32_t over = wrong > free_of_it ? wrong - free_of_it - 1 : 0;

	if (wrong <= free_of_it)
		return 0;
	return over < 11 && FIRST << over < LONGEST ? FIRST << over : LONGEST;
}

static bool
is_known(struct pol_penalty *p, const struct keys *k, int64_t now)
{
	const struct place *at = find(p, GOOD, k->of[GOOD]);

	return at != NULL && now - at->last <= KNOWN;
}

static int64_t
wait_of(struct pol_penalty *p, const struct keys *k, int64_t now, enum pol_penalty_by *by)
{
	struct place *pair = find(p, PAIRS, k->of[PAIRS]);
	int64_t over;

	*by = POL_PENALTY_PAIR;
	if (pair != NULL && now - pair->last > FORGET) {
		pair->tag = 0;
		pair = NULL;
	}
	if (owed(pair, now) > 0)
		return owed(pair, now);
	*by = POL_PENALTY_SOURCE;
	over = owed(find(p, SOURCES, k->of[SOURCES]), now) + SOURCE_EACH - SOURCE_AT_ONCE;
	return over > 0 && !is_known(p, k, now) ? over : 0;
}

int64_t
pol_penalty_before(struct pol_penalty *p, const struct pol_source *source, const char *account, size_t len, int64_t now,
    enum pol_penalty_by *by)
{
	struct place *pair, *of_account;
	struct keys k;
	int64_t wait;

	keys_of(&k, p, source, account, len);
	pthread_mutex_lock(&p->lock);
	wait = wait_of(p, &k, now, by);
	if (wait == 0) {
		pair = take(p, PAIRS, k.of[PAIRS], now);
		of_account = take(p, ACCOUNTS, k.of[ACCOUNTS], now);
		pair->last = now;
		if (pair->wrong < UINT32_MAX)
			pair->wrong++;
		pair->until = now + wait_behind(pair->wrong, owed(of_account, now) > ACCOUNT_AT_ONCE ? FREE_GUARDED : FREE);
		charge(of_account, now, ACCOUNT_EACH, ACCOUNT_MOST);
		charge(take(p, SOURCES, k.of[SOURCES], now), now, SOURCE_EACH, SOURCE_AT_ONCE);
	}
	pthread_mutex_unlock(&p->lock);
	return wait;
}

static void
refund(struct place *at, int64_t now, int64_t each)
{
	if (at != NULL)
		at->until = owed(at, now) > each ? at->until - each : now;
}

/* Of a wrong one all was counted before it was judged. */
void
pol_penalty_after(struct pol_penalty *p, const struct pol_source *source, const char *account, size_t len, int64_t now,
    enum pol_penalty_outcome outcome)
{
	struct place *pair;
	struct keys k;

	if (outcome == POL_PENALTY_WRONG)
		return;
	keys_of(&k, p, source, account, len);
	pthread_mutex_lock(&p->lock);
	pair = find(p, PAIRS, k.of[PAIRS]);
	if (pair != NULL && pair->wrong > 0)
		pair->wrong--;
	if (pair != NULL)
		pair->until = now;
	if (pair != NULL && (outcome == POL_PENALTY_GOOD || pair->wrong == 0))
		pair->tag = 0;
	if (outcome == POL_PENALTY_GOOD)
		*take(p, GOOD, k.of[GOOD], now) = (struct place){ .tag = k.of[GOOD], .until = now, .last = now };
	refund(find(p, ACCOUNTS, k.of[ACCOUNTS]), now, ACCOUNT_EACH);
	refund(find(p, SOURCES, k.of[SOURCES]), now, SOURCE_EACH);
	pthread_mutex_unlock(&p->lock);
}
