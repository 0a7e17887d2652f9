/* SPDX-License-Identifier: Apache-2.0 */
/* A writer that may die or fail at any time, and what must hold afterwards. */
#ifndef POL_TESTS_STORE_KILLS_H
#define POL_TESTS_STORE_KILLS_H

#include <stdatomic.h>

/* In memory that processes share. Each change writes three rows, all with its number. */
struct kills {
	atomic_ulong tried, acked;	/* changes */
	atomic_ulong calls;		/* counted by who fails or kills */
	atomic_ulong failures, unsynced;
	unsigned tries;			/* before a writer gives up, 20 ms each but for the first */
};

struct kills *kills_new(void);
/* Writes n changes more, going on after failures. `after` (or NULL) follows each that was
 * acknowledged. 0, or how the store ended up. */
int kills_write(struct kills *k, const char *url, unsigned n, void (*after)(struct kills *k));
/* NULL, or what is wrong: something acknowledged is lost, or half of a change is there. */
const char *kills_check(struct kills *k, const char *url);

#endif
