/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of seven ways. A line a set tells where half of a tag may be found; a slot has
 * the whole tag, the times and the bytes.
 *
 * A slot is a sequence lock: an odd number while somebody writes. Who writes takes the
 * odd number by compare-and-swap and gives up when another has it. Who reads copies, and
 * throws the copy away unless the number was even and stayed the same. All words are
 * atomic; those of a slot are stored with release and loaded with acquire, so that who
 * saw one word of a later writing also sees its number (no fences: ThreadSanitizer does
 * not know them).
 *
 * A slot has 2 KiB, as much as the largest entry: nothing is linked or moved, so nothing
 * needs a lock. An entry of a few hundred bytes touches one page of which it shares the
 * half; slots that were never used cost address space only. All of it is bounded by the
 * number of slots: see pol_cache_new.
 *
 * What is taken for a new entry: a way that is empty or over; else one that was not asked
 * for since it was put there; only where all were, all lose that mark. So a flood of
 * tokens that are used once turns over among themselves, and the hot ones stay.
 *
 * After a fork the child has a copy of it all, and the entries are as good as before: the
 * same keys, tokens and times. A slot that a thread of the parent was writing in that
 * moment stays odd, which is to say lost.
 */
#include "auth/cache.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "base/prf.h"

#define WAYS 7u
#define SLOT 2048u
#define BACKWARDS_NS 1000000000		/* by which clocks of threads may differ */

struct set {
	_Atomic uint64_t half[WAYS];	/* the second half of the tag; 0: most likely none */
	_Atomic uint32_t asked;		/* a bit a way: it was asked for */
	_Atomic uint32_t next;		/* where the search for a victim goes on */
};
_Static_assert(sizeof(struct set) == 64, "a line");

struct slot {
	_Atomic uint64_t number;	/* odd: being written */
	_Atomic uint64_t tag[2];
	_Atomic int64_t since, until;	/* Unix ns; until 0: empty */
	_Atomic uint64_t len;
	_Atomic uint64_t print;
	_Atomic uint64_t seen;		/* a version, masked: see mask() */
	_Atomic uint64_t words[POL_PACKED_MAX / 8];
};
_Static_assert(sizeof(struct slot) == SLOT, "as much as the largest entry");
_Static_assert(POL_PACKED_MAX % 8 == 0, "whole words");

struct pol_cache {
	struct pol_prf_key key;
	size_t bytes;			/* mapped */
	uint64_t mask;			/* of sets */
	struct set *sets;
	struct slot *slots;
};

int
pol_cache_new(struct pol_cache **out, uint32_t entries)
{
	size_t sets = 1, head = (sizeof(struct pol_cache) + 63) & ~(size_t)63, bytes;
	struct pol_cache *c;
	int rc;

	*out = NULL;
	while (sets * WAYS < entries && sets < UINT32_MAX / WAYS / 2)
		sets *= 2;
	bytes = SLOT + ((head + sets * sizeof(struct set)) & ~(size_t)(SLOT - 1)) + sets * WAYS * SLOT;
	c = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (c == MAP_FAILED)
		return POLICY_ERR_NOMEM;
	/* pages as small as may be, and in no core file; where the kernel does not know
	 * them, it is the same cache */
	madvise(c, bytes, MADV_NOHUGEPAGE);
	madvise(c, bytes, MADV_DONTDUMP);
	rc = pol_prf_key_new(&c->key);
	if (rc != 0) {
		munmap(c, bytes);
		return rc;
	}
	c->bytes = bytes;
	c->mask = sets - 1;
	c->sets = (struct set *)(void *)((char *)c + head);
	c->slots = (struct slot *)(void *)((char *)c + bytes - sets * WAYS * SLOT);
	*out = c;
	return 0;
}

void
pol_cache_free(struct pol_cache *c)
{
	if (c == NULL)
		return;
	explicit_bzero(&c->key, sizeof(c->key));
	munmap(c, c->bytes);
}

/* Absent is not empty. */
static inline uint64_t
length(struct policy_text t)
{
	return t.data != NULL ? t.len + 1 : 0;
}

void
pol_cache_key(const struct pol_cache *c, uint64_t serial, const struct policy_credential *list, size_t n,
    struct pol_cache_key *out)
{
	struct pol_prf s;

	/* All lengths stand before all bytes, and the number of credentials in the last word:
	 * two lists are never one row of words. Lengths are bounded and share a word. */
	pol_prf_begin(&s, c->key.main);
	pol_prf_word(&s, serial);
	for (size_t i = 0; i < n; i++)
		pol_prf_word(&s, length(list[i].kind) << 48 | length(list[i].name) << 32 | length(list[i].data));
	for (size_t i = 0; i < n; i++) {
		pol_prf_short(&s, list[i].kind.data, list[i].kind.len);
		pol_prf_short(&s, list[i].name.data, list[i].name.len);
		pol_prf_bytes(&s, &c->key, list[i].data.data, list[i].data.len);
	}
	pol_prf_end(&s, n, out->half);
}

static inline struct set *
set_of(struct pol_cache *c, const struct pol_cache_key *key)
{
	return &c->sets[key->half[0] & c->mask];
}

static inline struct slot *
slot_of(struct pol_cache *c, const struct set *set, unsigned way)
{
	return &c->slots[(size_t)(set - c->sets) * WAYS + way];
}

/*
 * A version is written into a slot without taking it, by who has read it a moment ago. By
 * then it may be another request's, or the same one's that stands on something else: to
 * those the word is a version that never was, and they are looked at anew.
 */
static inline uint64_t
mask(const struct pol_cache_key *key, uint64_t print)
{
	return key->half[0] ^ print * UINT64_C(0x9e3779b97f4a7c15);
}

/* The slot as one who read it between two looks at its number. */
static uint32_t
copy(const struct slot *s, const struct pol_cache_key *key, int64_t now, char *buf, struct pol_cache_stand *stand)
{
	const uint64_t number = atomic_load_explicit(&s->number, memory_order_acquire);
	uint64_t other, len;
	int64_t since;

	if ((number & 1) != 0)
		return 0;
	other = atomic_load_explicit(&s->tag[0], memory_order_acquire) ^ key->half[0];
	other |= atomic_load_explicit(&s->tag[1], memory_order_acquire) ^ key->half[1];
	if (other != 0 || now >= atomic_load_explicit(&s->until, memory_order_acquire))
		return 0;
	/* a clock that was set back must not make an entry's life longer */
	since = atomic_load_explicit(&s->since, memory_order_acquire);
	if (now < since && (uint64_t)since - (uint64_t)now > BACKWARDS_NS)
		return 0;
	len = atomic_load_explicit(&s->len, memory_order_acquire);
	if (len > POL_PACKED_MAX)
		return 0;
	for (size_t i = 0; i < (len + 7) / 8; i++) {
		uint64_t word = atomic_load_explicit(&s->words[i], memory_order_acquire);

		memcpy(buf + 8 * i, &word, 8);
	}
	stand->print = atomic_load_explicit(&s->print, memory_order_acquire);
	stand->version = atomic_load_explicit(&s->seen, memory_order_acquire) ^ mask(key, stand->print);
	return atomic_load_explicit(&s->number, memory_order_relaxed) == number ? (uint32_t)len : 0;
}

uint32_t
pol_cache_get(struct pol_cache *c, const struct pol_cache_key *key, int64_t now, char *buf,
    struct pol_cache_stand *stand)
{
	struct set *set = set_of(c, key);

	for (unsigned w = 0; w < WAYS; w++) {
		uint32_t len;

		if (atomic_load_explicit(&set->half[w], memory_order_acquire) != key->half[1])
			continue;
		len = copy(slot_of(c, set, w), key, now, buf, stand);
		if (len == 0)
			continue;
		/* once: a line that is only read stays in every processor's cache */
		if ((atomic_load_explicit(&set->asked, memory_order_relaxed) & 1u << w) == 0)
			atomic_fetch_or_explicit(&set->asked, 1u << w, memory_order_relaxed);
		return len;
	}
	return 0;
}

void
pol_cache_seen(struct pol_cache *c, const struct pol_cache_key *key, const struct pol_cache_stand *stand)
{
	struct set *set = set_of(c, key);

	for (unsigned w = 0; w < WAYS; w++) {
		if (atomic_load_explicit(&set->half[w], memory_order_acquire) == key->half[1])
			atomic_store_explicit(&slot_of(c, set, w)->seen, stand->version ^ mask(key, stand->print),
			    memory_order_release);
	}
}

/* Where the entry may go: its own place, an empty or ended one, one nobody asked for. */
static unsigned
choose(struct pol_cache *c, struct set *set, const struct pol_cache_key *key, int64_t now)
{
	unsigned w, from;

	for (w = 0; w < WAYS; w++) {
		if (atomic_load_explicit(&set->half[w], memory_order_relaxed) == key->half[1])
			return w;
	}
	for (w = 0; w < WAYS; w++) {
		if (now >= atomic_load_explicit(&slot_of(c, set, w)->until, memory_order_relaxed))
			return w;
	}
	from = atomic_fetch_add_explicit(&set->next, 1, memory_order_relaxed);
	for (unsigned i = 0; i < WAYS; i++) {
		w = (from + i) % WAYS;
		if ((atomic_load_explicit(&set->asked, memory_order_relaxed) & 1u << w) == 0)
			return w;
	}
	atomic_store_explicit(&set->asked, 0, memory_order_relaxed);
	return from % WAYS;
}

void
pol_cache_put(struct pol_cache *c, const struct pol_cache_key *key, int64_t now, int64_t until,
    const char *buf, uint32_t len, const struct pol_cache_stand *stand)
{
	struct set *set = set_of(c, key);
	struct slot *s;
	uint64_t number, word;
	unsigned w;

	if (until <= now || len == 0 || len > POL_PACKED_MAX)
		return;
	w = choose(c, set, key, now);
	s = slot_of(c, set, w);
	number = atomic_load_explicit(&s->number, memory_order_relaxed);
	if ((number & 1) != 0 || !atomic_compare_exchange_strong_explicit(&s->number, &number, number + 1,
	    memory_order_acq_rel, memory_order_relaxed))
		return;
	atomic_store_explicit(&s->tag[0], key->half[0], memory_order_release);
	atomic_store_explicit(&s->tag[1], key->half[1], memory_order_release);
	atomic_store_explicit(&s->since, now, memory_order_release);
	atomic_store_explicit(&s->until, until, memory_order_release);
	atomic_store_explicit(&s->len, len, memory_order_release);
	atomic_store_explicit(&s->print, stand->print, memory_order_release);
	atomic_store_explicit(&s->seen, stand->version ^ mask(key, stand->print), memory_order_release);
	for (uint32_t at = 0; at < len; at += 8) {
		word = 0;
		memcpy(&word, buf + at, len - at < 8 ? len - at : 8);
		atomic_store_explicit(&s->words[at / 8], word, memory_order_release);
	}
	/* one that is judged anew stays as hot as it was */
	if (atomic_load_explicit(&set->half[w], memory_order_relaxed) != key->half[1])
		atomic_fetch_and_explicit(&set->asked, ~(1u << w), memory_order_relaxed);
	atomic_store_explicit(&set->half[w], key->half[1], memory_order_release);
	atomic_store_explicit(&s->number, number + 2, memory_order_release);
}
