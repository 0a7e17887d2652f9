/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notes on their way from deciders to the writer: a ring a stripe, of fixed size, in
 * memory that reads as zero in a forked child. Putting one in neither locks, nor waits,
 * nor calls the system; where there is no room it is counted instead.
 */
#ifndef POL_AUDIT_RING_H
#define POL_AUDIT_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define POL_RINGS 64u
#define POL_RING_BYTES (1u << 19)	/* of one; touched only as it is used */

/* What deciders write, and what the writer writes, on line pairs of their own. */
struct pol_ring {
	_Atomic uint64_t tail;		/* taken up to here; never goes back */
	_Atomic uint64_t limit;		/* room is known to end here */
	_Atomic uint64_t dropped;	/* notes there was no room for */
	char pad[128 - 3 * sizeof(uint64_t)];
	_Atomic uint64_t head;		/* read up to here */
	_Atomic uint64_t done;		/* on disk up to here */
	_Atomic uint64_t lost;		/* up to here: what is not done never will be, for who waits */
	char pad2[128 - 3 * sizeof(uint64_t)];
};
_Static_assert(sizeof(struct pol_ring) == 256, "two line pairs");

struct pol_rings {
	_Atomic uint32_t live;		/* 0: a child that has not begun yet */
	_Atomic uint32_t asked;		/* somebody waits: the service has been woken */
	_Atomic uint32_t draining;	/* somebody empties the rings */
	_Atomic uint32_t turn;		/* counts what was done: waited for by futex */
	char pad[128 - 4 * sizeof(uint32_t)];
	struct pol_ring ring[POL_RINGS];
	char bytes[POL_RINGS][POL_RING_BYTES];
};

/* 0, POLICY_ERR_NOMEM; POLICY_ERR_UNSUPPORTED: the kernel cannot wipe memory on fork. */
int pol_rings_new(struct pol_rings **out);
void pol_rings_free(struct pol_rings *r);

/* Room for `len` bytes of a note in ring i, and the place behind it in *at; NULL: full, and
 * counted. Behind it: pol_ring_give. */
char *pol_ring_take(struct pol_rings *r, uint32_t i, uint32_t len, uint64_t *at);
void pol_ring_give(char *note, uint32_t len);

/* The writer alone: the next note of ring i that is whole, NULL: none; and on behind it. */
const char *pol_ring_next(struct pol_rings *r, uint32_t i, uint32_t *len);
void pol_ring_skip(struct pol_rings *r, uint32_t i);

#endif
