/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the module `probe` and the store `memory` share with the test that loads them: a
 * struct whose address stands in the set, in memory that forked processes share.
 */
#ifndef POL_TESTS_PROBE_H
#define POL_TESTS_PROBE_H

#include <stdatomic.h>
#include <stdint.h>

/*
 * probe: a bearer is good when it is what stands in the file, read when opening and in
 * serve(); its subject is alice, its token id is itself.
 */
struct probe {
	atomic_int open_fails;		/* a policy_err */
	atomic_int slow_ms;		/* open, and serve, take so long */
	atomic_uint opened, closed, checked, served, changed, woken;
	atomic_uint foreign;		/* calls in a process that did not open */
	atomic_int opener, server;	/* pids of the last */
};

enum { MEMORY_ROWS = 200000, MEMORY_ID = 24 };

/* memory: rows [0, n), revocations of tokens. */
struct memory {
	atomic_int open_fails, fails;	/* a policy_err */
	atomic_uint opened, closed, asked, told;
	atomic_uint foreign;
	atomic_int fd;			/* an eventfd of the test's, or -1 */
	atomic_uint lock;
	atomic_uint n;
	struct memory_row {
		uint32_t kind;
		char source[8], id[MEMORY_ID];	/* source empty: any */
		int64_t until;
	} rows[MEMORY_ROWS];
};

#endif
