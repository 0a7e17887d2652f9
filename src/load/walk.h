/* SPDX-License-Identifier: Apache-2.0 */
/* A path taken one step at a time; every directory is checked on its descriptor. */
#ifndef POL_LOAD_WALK_H
#define POL_LOAD_WALK_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "load/file.h"

/* Who hears of faults. warn NULL: a fault is POLICY_ERR_UNSAFE. */
struct pol_walk_judge {
	const char *shown;		/* the path as messages show it */
	pol_file_warning_fn *warn;
	void *warn_ctx;
	struct policy_error *err;
};

/*
 * Where a path ends: a directory (name is empty), or something else called `name`
 * in it. `dir` is an O_PATH descriptor; close it with pol_walk_close.
 */
struct pol_walk_end {
	int dir;
	char name[NAME_MAX + 1];
};

/*
 * Follows `path` (relative ones from the current directory, whose parents are
 * checked too). A symbolic link is followed by hand, so that the directories on
 * both of its sides are checked. 0, or a negative policy_err with err filled.
 */
int pol_walk_open(struct pol_walk_end *out, const char *path, const struct pol_walk_judge *j);
/* The same for a symbolic link `name` in the directory `dir`, called `at` in
 * messages: a path that ends outside that directory is a fault. */
int pol_walk_inside(struct pol_walk_end *out, int dir, const char *at, const char *name,
    const struct pol_walk_judge *j);
void pol_walk_close(struct pol_walk_end *end);

/* Owner and mode. what: "file", "directory"; at: its path. sticky: a directory of
 * root's with the sticky bit may be writable. 0, or POLICY_ERR_UNSAFE. */
int pol_walk_judge(const struct pol_walk_judge *j, const struct stat *st, const char *what,
    const char *at, bool sticky);
int pol_walk_fault(const struct pol_walk_judge *j, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A system call on `at` failed with errno e: the policy_err for it, err filled. */
int pol_walk_errno(const struct pol_walk_judge *j, const char *at, int e);

#endif
