/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a folder, read and written safely: for last.c. */
#ifndef POL_DAEMON_LAST_DIR_H
#define POL_DAEMON_LAST_DIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <policy.h>

enum { POL_LAST_FILES = 1000, POL_LAST_BYTES = 1024 * 1024 };

struct pol_last_file {
	char *name;
	char *text;			/* a zero behind it; NULL: not read */
	size_t len;
	struct stat st;
};

struct pol_last_files {
	struct pol_last_file *list;	/* sorted by name */
	size_t n;
	bool is_dir;
};

/* One sentence, with a path before it; returns code. */
int pol_last_fail(struct policy_error *err, int code, const char *at, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
enum { POL_LAST_TEXTS = 1, POL_LAST_NO_LINKS = 2 };

/* The folder, or the file, at `path`: names of a set (*.yaml, no point before), with stat,
 * and what `flags` says. Only regular files. 0, or a negative policy_err. */
int pol_last_read(struct pol_last_files *out, const char *path, unsigned flags, struct policy_error *err);
void pol_last_free(struct pol_last_files *f);
bool pol_last_same(const struct pol_last_files *a, const struct pol_last_files *b);
/* A new file of mode 0600 in dir, synced. */
int pol_last_write(int dir, const char *name, const char *text, size_t len);
/* 64 hexadecimal digits and a zero. */
int pol_last_sum(char out[65], const char *text, size_t len);
/* A folder and all that is in it, one level of folders deep. */
void pol_last_remove(int parent, const char *name);

#endif
