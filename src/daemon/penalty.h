/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who guesses passwords waits; nobody else does. A wrong password delays the pair of source
 * and account strongly (2 s behind the sixth, twice as long behind each further one, an hour
 * at most), the source lightly (behind 30 at once, one a second), and an account never: one
 * that is guessed at leaves strangers fewer wrong ones before they wait, but whoever comes
 * from another source with the right password is let in.
 *
 * Each attempt counts as wrong until it is known to be good, so that none gets more of them
 * by making them at once. Memory is one block of fixed size. Names and addresses are kept
 * as keyed hashes; a place is taken from who has the least to lose, so that a flood of names
 * forgets no penalty that is worth more than its own.
 */
#ifndef POL_DAEMON_PENALTY_H
#define POL_DAEMON_PENALTY_H

#include <stddef.h>
#include <stdint.h>

struct pol_penalty;

/* Where an attempt comes from. */
struct pol_source {
	unsigned char bytes[16];
	unsigned len;			/* 5: a uid; 4: IPv4; 8: the network of an IPv6 address */
};

enum pol_penalty_outcome {
	POL_PENALTY_WRONG,
	POL_PENALTY_GOOD,
	POL_PENALTY_NEITHER		/* it was not judged */
};

/* Why one waits. */
enum pol_penalty_by { POL_PENALTY_PAIR, POL_PENALTY_SOURCE };

/* NULL: no memory, or no randomness. */
struct pol_penalty *pol_penalty_new(void);
void pol_penalty_free(struct pol_penalty *p);
/* May one more be judged, now (ns of a clock that only goes on)? 0, and it counts: after()
 * follows. Else the ns to wait, and *by says why. Any thread. */
int64_t pol_penalty_before(struct pol_penalty *p, const struct pol_source *source, const char *account, size_t len,
    int64_t now, enum pol_penalty_by *by);
void pol_penalty_after(struct pol_penalty *p, const struct pol_source *source, const char *account, size_t len,
    int64_t now, enum pol_penalty_outcome outcome);

#endif
