/* SPDX-License-Identifier: Apache-2.0 */
/* Policy files from disk: found, checked on the open descriptor, read. */
#ifndef POL_LOAD_FILE_H
#define POL_LOAD_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include <policy.h>

struct pol_file {
	char *name;			/* as messages and rules show it: PATH, or PATH/NAME */
	char *text;			/* a NUL behind it */
	size_t len;
	bool engine_ok;			/* the file named as the set, or policy.yaml of the directory */
};

struct pol_files {
	struct pol_file *list;		/* sorted by name in byte order */
	size_t n;
};

typedef void pol_file_warning_fn(void *ctx, const char *file, const char *text);

/*
 * Reads the set at `path`: a file, or a directory (all its *.yaml; names beginning
 * with a point are passed over; not recursive). Appends to *files, which the caller
 * zeroes first and frees. Opened with O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK; only
 * regular files, at most limits->file_bytes long.
 *
 * Owner and mode are checked on the open descriptors: the file, its directory and
 * every directory above belong to root or the effective user and are not writable
 * by group or others (a sticky directory of root's may be); a symbolic link must
 * not lead out of the directory. warn NULL: a fault is POLICY_ERR_UNSAFE (a host
 * opens). Else each fault is told and reading goes on (an author's path).
 */
int pol_files_read(struct pol_files *files, const char *path,
    const struct policy_limits *limits, pol_file_warning_fn *warn, void *warn_ctx,
    struct policy_error *err);
/* The texts alone: the names stay. */
void pol_files_drop(struct pol_files *files);
void pol_files_free(struct pol_files *files);

#endif
