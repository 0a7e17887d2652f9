/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several threads may meet on one ring. Each takes its place by moving `tail`, writes the
 * note, and at last the word before it, which says that the note is whole and how long.
 * The writer wipes what it has read before it gives the room back: a word that nobody has
 * written reads as zero there, whatever a text of an earlier lap looked like.
 */
#include "audit/ring.h"

#include <string.h>
#include <sys/mman.h>

#include <policy.h>

#define WORD ((uint32_t)sizeof(uint64_t))
#define WHOLE ((uint64_t)1 << 63)
#define GAP ((uint64_t)1 << 62)		/* nothing: the note begins at the start again */
#define LEN(w) ((uint32_t)(w))

int
pol_rings_new(struct pol_rings **out)
{
	void *m = mmap(NULL, sizeof(**out), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	*out = NULL;
	if (m == MAP_FAILED)
		return POLICY_ERR_NOMEM;
	if (madvise(m, sizeof(**out), MADV_WIPEONFORK) != 0) {
		munmap(m, sizeof(**out));
		return POLICY_ERR_UNSUPPORTED;
	}
	madvise(m, sizeof(**out), MADV_NOHUGEPAGE);
	*out = m;
	return 0;
}

void
pol_rings_free(struct pol_rings *r)
{
	if (r != NULL)
		munmap(r, sizeof(*r));
}

static inline uint32_t
padded(uint32_t len)
{
	return (len + WORD + 7) & ~7u;
}

static inline _Atomic uint64_t *
word_at(struct pol_rings *r, uint32_t i, uint64_t at)
{
	return (_Atomic uint64_t *)(void *)&r->bytes[i][at % POL_RING_BYTES];
}

/* Is there room up to `end`? The writer's line is looked at only when it must be. */
static inline bool
has_room(struct pol_ring *g, uint64_t end)
{
	uint64_t limit = atomic_load_explicit(&g->limit, memory_order_acquire), now;

	if (end <= limit)
		return true;
	now = atomic_load_explicit(&g->head, memory_order_acquire) + POL_RING_BYTES;
	/* it only grows: one who was slower must not take it back */
	while (limit < now && !atomic_compare_exchange_weak_explicit(&g->limit, &limit, now,
	    memory_order_acq_rel, memory_order_acquire))
		;
	return end <= now;
}

char *
pol_ring_take(struct pol_rings *r, uint32_t i, uint32_t len, uint64_t *at)
{
	const uint32_t need = padded(len);
	struct pol_ring *g = &r->ring[i];
	uint64_t tail = atomic_load_explicit(&g->tail, memory_order_relaxed), begin;

	do {
		const uint32_t left = POL_RING_BYTES - (uint32_t)(tail % POL_RING_BYTES);

		begin = left < need ? tail + left : tail;
		if (need > POL_RING_BYTES || !has_room(g, begin + need)) {
			atomic_fetch_add_explicit(&g->dropped, 1, memory_order_relaxed);
			return NULL;
		}
	} while (!atomic_compare_exchange_weak_explicit(&g->tail, &tail, begin + need,
	    memory_order_relaxed, memory_order_relaxed));
	if (begin != tail)
		atomic_store_explicit(word_at(r, i, tail), WHOLE | GAP | (begin - tail), memory_order_release);
	*at = begin + need;
	return &r->bytes[i][begin % POL_RING_BYTES] + WORD;
}

void
pol_ring_give(char *note, uint32_t len)
{
	atomic_store_explicit((_Atomic uint64_t *)(void *)(note - WORD), WHOLE | len, memory_order_release);
}

/* Wipes what was read, then lets it be written again. */
static void
pass(struct pol_rings *r, uint32_t i, uint64_t head, uint32_t bytes)
{
	memset(&r->bytes[i][head % POL_RING_BYTES], 0, bytes);
	atomic_store_explicit(&r->ring[i].head, head + bytes, memory_order_release);
}

const char *
pol_ring_next(struct pol_rings *r, uint32_t i, uint32_t *len)
{
	struct pol_ring *g = &r->ring[i];

	for (;;) {
		const uint64_t head = atomic_load_explicit(&g->head, memory_order_relaxed);
		uint64_t w;

		if (head == atomic_load_explicit(&g->tail, memory_order_acquire))
			return NULL;
		w = atomic_load_explicit(word_at(r, i, head), memory_order_acquire);
		if ((w & WHOLE) == 0)
			return NULL;
		if ((w & GAP) == 0) {
			*len = LEN(w);
			return &r->bytes[i][head % POL_RING_BYTES] + WORD;
		}
		pass(r, i, head, LEN(w));
	}
}

void
pol_ring_skip(struct pol_rings *r, uint32_t i)
{
	const uint64_t head = atomic_load_explicit(&r->ring[i].head, memory_order_relaxed);
	const uint64_t w = atomic_load_explicit(word_at(r, i, head), memory_order_acquire);

	pass(r, i, head, padded(LEN(w)));
}
