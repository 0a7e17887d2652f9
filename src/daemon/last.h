/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last good text: a copy of the set's files as they were when the set was last in
 * force, for a start that finds the set refused. In STATE/last-good:
 *
 *	text/NAME.yaml ...	the set's directory, or
 *	text/NAME		the one file that the set is
 *	sums			when, which of the two, and SHA-256 of each file
 */
#ifndef POL_DAEMON_LAST_H
#define POL_DAEMON_LAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <policy.h>

enum { POL_LAST_SECONDS = 24 * 60 * 60 };	/* older is not used */

/* What the files of a set looked like. */
struct pol_last_seen;

/* Looks at the set before it is opened; NULL where it cannot be looked at. */
struct pol_last_seen *pol_last_look(const char *policy);
/* The set was opened since: keeps its files, where they are still what they were. 0, or a
 * negative policy_err; what was kept before then stays. */
int pol_last_keep(const char *state, const char *policy, const struct pol_last_seen *seen, struct policy_error *err);
void pol_last_forget(struct pol_last_seen *seen);
/* The set that was kept is in force still: it is no older than now. */
int pol_last_renew(const char *state, struct policy_error *err);
/* Its path, for policy_open(); or POLICY_ERR_NOENT: none is kept; _UNSAFE: owner, mode, or
 * not what was written; _INVALID: too old. */
int pol_last_find(char *out, size_t room, const char *state, struct policy_error *err);

#endif
