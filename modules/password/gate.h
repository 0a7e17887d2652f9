/* SPDX-License-Identifier: Apache-2.0 */
/* How many threads do something costly at once, and how many may wait for it. */
#ifndef POL_PASSWORD_GATE_H
#define POL_PASSWORD_GATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct gate;

struct gates {
	_Atomic(struct gate *) now;	/* of this process: a child makes its own */
	unsigned inside, queue;		/* at most */
};

bool pol_gate_init(struct gates *g, unsigned inside, unsigned queue);
void pol_gate_fini(struct gates *g);
/* The gate to leave by; NULL: the queue is full, or the deadline (CLOCK_MONOTONIC) came. */
struct gate *pol_gate_enter(struct gates *g, int64_t deadline_ns);
void pol_gate_leave(struct gate *gate);

#endif
