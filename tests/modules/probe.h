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

enum { MEMORY_ROWS = 200000, MEMORY_ID = 40, MEMORY_TEXTS = 9, MEMORY_BYTES = 32 << 20, MEMORY_ABSENT = 0xffff };

/*
 * memory: rows [0, n), as they were written; a change is known by how many there were then.
 * A test may write revocations itself: kind, source, id and until. Texts of other rows lie
 * one behind the other in `bytes`, in the order of struct policy_row from `type` on.
 */
struct memory {
	atomic_int open_fails, fails;	/* a policy_err */
	atomic_uint opened, closed, asked, told;
	atomic_uint foreign;
	atomic_int apply_fails;		/* a policy_err; in a store that has it written, where positive */
	atomic_int fd;			/* an eventfd of the test's, or -1 */
	atomic_uint lock;
	atomic_uint forgot;		/* how often it was asked to, and the last bound */
	_Atomic int64_t forgot_before;
	atomic_uint n;
	unsigned used;			/* of bytes */
	struct memory_row {
		uint32_t kind;
		char source[8], id[MEMORY_ID];	/* source empty: any */
		int64_t until, made, from;
		uint32_t flags, number;
		uint32_t replaced;	/* a later one has its kind and id */
		uint32_t at;		/* in bytes */
		uint16_t len[MEMORY_TEXTS];	/* or MEMORY_ABSENT; a revocation has none */
	} rows[MEMORY_ROWS];
	char bytes[MEMORY_BYTES];
};

#endif
