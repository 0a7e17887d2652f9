/* SPDX-License-Identifier: Apache-2.0 */
/* A layer between SQLite and the system, for tests: the Nth thing that SQLite asks for kills
 * the process (before it, behind it, or with half of a write done), or fails. */
#ifndef POL_TESTS_SQLITE_LAYER_H
#define POL_TESTS_SQLITE_LAYER_H

#include <stdatomic.h>

/* Those from STEP_ONCE on are for who wraps sqlite3_step(); the layer only counts then. */
enum layer_mode { NONE, KILL_BEFORE, KILL_BEHIND, KILL_HALF, FAIL_ONCE, FAIL_ON, FAIL_FULL, STEP_ONCE, STEP_BUSY };

struct layer {
	atomic_ulong *calls;		/* so far: where a parent sees it too */
	unsigned long at;		/* which one */
	enum layer_mode mode;
	int log_unsynced;		/* written to the log, and not synced */
};
extern struct layer layer;

/* Under every connection that is opened from now on. layer.calls has to be set. */
void layer_put(void);

#endif
