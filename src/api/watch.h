/* SPDX-License-Identifier: Apache-2.0 */
/* Files that somebody wants to hear of when they change. One thread at a time. */
#ifndef POL_API_WATCH_H
#define POL_API_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/types.h>
#include <time.h>

/* What tells one state of a file from another; all zero: there is no file. */
struct pol_watch_stamp {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec written, changed;
};

struct pol_watch_file {
	char *path;			/* absolute */
	char *dir;			/* the directory it is in */
	const char *name;		/* in it: the end of path */
	int wd;				/* inotify's number of the directory; -1: looked at each second */
	struct pol_watch_stamp last;
	int64_t due;			/* told then, CLOCK_MONOTONIC ns; 0: nothing to tell */
	int64_t since;			/* the first change not yet told; 0: the last one was a whole file */
	bool look;			/* something happened beside it */
};

struct pol_watch {
	int fd;				/* inotify, nonblocking; -1: there is none */
	struct pol_watch_file *files;
	size_t n;
	int64_t looked, looked_all;	/* CLOCK_MONOTONIC ns */
	bool full;			/* inotify has no room: said once */
};

/* fd: taken. */
void pol_watch_init(struct pol_watch *w, int fd);
/* Closes fd. */
void pol_watch_fini(struct pol_watch *w);

/* From now on these, copied, and no others; each is told as changed once, for nobody
 * knows what happened before. 0 or POLICY_ERR_NOMEM, then as it was. */
int pol_watch_set(struct pol_watch *w, const char *const *paths, size_t n, int64_t now);
/*
 * Reads what happened, and tells what has settled: a file that was closed by its writer
 * or renamed to its name at once; one that was made, written or removed after 100 ms of
 * quiet, or a second of noise. Returns how many were told; *next: when to come again.
 */
unsigned pol_watch_tell(struct pol_watch *w, int64_t now, int64_t *next,
    void (*changed)(void *ctx, const char *path), void *ctx);

#endif
