/* SPDX-License-Identifier: Apache-2.0 */
/* Files that hold secrets: judged on the open descriptor, read whole, replaced whole. */
#ifndef POL_COMMON_SECRET_H
#define POL_COMMON_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include <policy.h>

/* A NUL behind it. Freed by pol_secret_drop, which wipes it. */
struct pol_secret {
	char *data;
	size_t len;
	size_t room;
};

/*
 * The whole file at `path` (a link is followed: it is how secrets are mounted), at most
 * `most` bytes. It must be regular, belong to root or the effective user, be writable
 * by nobody else and readable by no others. *st is what it was when it was read; a file
 * that is written meanwhile is POLICY_ERR_AGAIN. 0, or a negative policy_err with err filled.
 */
int pol_secret_read(struct pol_secret *out, struct stat *st, const char *path, size_t most,
    struct policy_error *err);
/* The same of a descriptor, which stays open. */
int pol_secret_read_fd(struct pol_secret *out, struct stat *st, int fd, const char *path, size_t most,
    struct policy_error *err);
void pol_secret_drop(struct pol_secret *s);

/*
 * Replaces `path` by a file of these bytes, 0600, durable on return: written beside it,
 * synced, renamed over it, the directory synced. `make`: only where there is none yet
 * (else POLICY_ERR_AGAIN). On failure the old file is there, whole.
 */
int pol_secret_replace(const char *path, const char *data, size_t len, bool make, struct policy_error *err);

/*
 * Opens `path` (no link) and takes its lock, against other processes and threads, also
 * where it is replaced meanwhile; waits until `deadline_ns` (CLOCK_MONOTONIC) at most.
 * A descriptor, or a negative policy_err with err filled. close() gives the lock back.
 */
int pol_secret_lock(const char *path, int64_t deadline_ns, struct policy_error *err);

/* Fills err (the first failure alone counts) and returns code. */
__attribute__((format(printf, 5, 6)))
int pol_secret_fail(struct policy_error *err, int code, const char *file, unsigned line, const char *fmt, ...);

/* Equal, told in a time that depends on len alone. */
bool pol_secret_same(const void *a, const void *b, size_t len);

int64_t pol_secret_now(void);	/* CLOCK_MONOTONIC, ns */

/* with.KEY as an absolute path, a NUL behind it, for free(); or NULL with err filled. */
struct policy_value;
char *pol_secret_path(const struct policy_value *v, const char *key, struct policy_error *err);

#endif
