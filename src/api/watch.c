/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches stand on directories, not on files: a file that is renamed over, made or
 * removed is another file, and a watch on the old one hears nothing of it. An event of
 * another name in the directory makes one look at the file all the same: it may be a
 * link whose target's directory was exchanged.
 *
 * What no event tells is found by looking: every 10 s at all (a directory further up was
 * replaced, a file system of another host), every second at those whose directory is not
 * there or cannot be watched because inotify has no room left.
 */
#include "api/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <policy.h>

#define MS 1000000
#define QUIET_NS (100 * (int64_t)MS)
#define NOISE_NS (1000 * (int64_t)MS)	/* told at the latest, however noisy */
#define LOOK_NS (1000 * (int64_t)MS)
#define LOOK_ALL_NS (10000 * (int64_t)MS)

#define WHOLE (IN_CLOSE_WRITE | IN_MOVED_TO)
#define LOST (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT)
#define MASK (WHOLE | IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM | \
    IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

void
pol_watch_init(struct pol_watch *w, int fd)
{
	memset(w, 0, sizeof(*w));
	w->fd = fd;
}

static void
free_files(struct pol_watch_file *files, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(files[i].path);
		free(files[i].dir);
	}
	free(files);
}

void
pol_watch_fini(struct pol_watch *w)
{
	if (w->fd >= 0)
		close(w->fd);
	free_files(w->files, w->n);
	pol_watch_init(w, -1);
}

static struct pol_watch_stamp
stamp(const char *path)
{
	struct pol_watch_stamp s;
	struct stat st;

	memset(&s, 0, sizeof(s));
	if (stat(path, &st) != 0)
		return s;
	s.dev = st.st_dev;
	s.ino = st.st_ino;
	s.size = st.st_size;
	s.written = st.st_mtim;
	s.changed = st.st_ctim;
	return s;
}

/* Takes over what is seen. */
static bool
is_other(struct pol_watch_file *f)
{
	struct pol_watch_stamp s = stamp(f->path);
	bool other = s.dev != f->last.dev || s.ino != f->last.ino || s.size != f->last.size ||
	    s.written.tv_sec != f->last.written.tv_sec || s.written.tv_nsec != f->last.written.tv_nsec ||
	    s.changed.tv_sec != f->last.changed.tv_sec || s.changed.tv_nsec != f->last.changed.tv_nsec;

	f->last = s;
	return other;
}

/* ---- watches ---- */

/* Directories that no file is in any more are not watched any more. */
static void
forget(struct pol_watch *w, int wd)
{
	if (wd < 0)
		return;
	for (size_t i = 0; i < w->n; i++) {
		if (w->files[i].wd == wd)
			return;
	}
	inotify_rm_watch(w->fd, wd);	/* one that is gone already fails: so be it */
}

static void
look_up(struct pol_watch *w, struct pol_watch_file *f)
{
	int old = f->wd;

	if (w->fd < 0)
		return;
	/* the same directory has the same number, however often it is added */
	f->wd = inotify_add_watch(w->fd, f->dir, MASK);
	if (f->wd < 0 && errno == ENOSPC)
		w->full = true;
	if (f->wd != old)
		forget(w, old);
}

static char *
dir_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - path);

	return len == 0 ? strdup("/") : strndup(path, len);
}

int
pol_watch_set(struct pol_watch *w, const char *const *paths, size_t n, int64_t now)
{
	struct pol_watch_file *files = calloc(n + 1, sizeof(*files)), *old = w->files;
	size_t n_old = w->n;

	if (files == NULL)
		return POLICY_ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		files[i].path = strdup(paths[i]);
		files[i].dir = dir_of(paths[i]);
		if (files[i].path == NULL || files[i].dir == NULL) {
			free_files(files, n);
			return POLICY_ERR_NOMEM;
		}
		files[i].name = strrchr(files[i].path, '/');
		files[i].name = files[i].name != NULL ? files[i].name + 1 : files[i].path;
		files[i].wd = -1;
		files[i].due = now;
	}
	w->files = files;
	w->n = n;
	w->full = false;
	w->looked = w->looked_all = now;
	for (size_t i = 0; i < n; i++) {
		look_up(w, &files[i]);
		files[i].last = stamp(files[i].path);
	}
	for (size_t i = 0; i < n_old; i++)
		forget(w, old[i].wd);
	free_files(old, n_old);
	return 0;
}

/* ---- events ---- */

static void
settle(struct pol_watch_file *f, int64_t now)
{
	if (f->due == 0)
		f->since = now;
	if (f->since != 0)		/* else it is told at once already */
		f->due = now + QUIET_NS < f->since + NOISE_NS ? now + QUIET_NS : f->since + NOISE_NS;
}

static void
hear_for(struct pol_watch_file *f, const struct inotify_event *e, int64_t now)
{
	if ((e->mask & IN_Q_OVERFLOW) != 0) {
		settle(f, now);
	} else if (f->wd != e->wd) {
		return;
	} else if ((e->mask & LOST) != 0) {
		f->wd = -1;
		f->look = true;
	} else if (e->len == 0 || strcmp(e->name, f->name) != 0) {
		f->look = true;
	} else if ((e->mask & WHOLE) != 0) {
		f->due = now;
		f->since = 0;
	} else {
		settle(f, now);
	}
}

static void
hear(struct pol_watch *w, int64_t now)
{
	union {
		struct inotify_event first;	/* for its alignment */
		char bytes[8192];
	} room;
	ssize_t len;

	while (w->fd >= 0 && (len = read(w->fd, &room, sizeof(room))) > 0) {
		for (ssize_t at = 0; at < len;) {
			const struct inotify_event *e = (const void *)(room.bytes + at);

			for (size_t i = 0; i < w->n; i++)
				hear_for(&w->files[i], e, now);
			if ((e->mask & IN_MOVE_SELF) != 0)	/* it goes on elsewhere, unwanted */
				inotify_rm_watch(w->fd, e->wd);
			at += (ssize_t)(sizeof(*e) + e->len);
		}
	}
}

static void
look(struct pol_watch *w, int64_t now)
{
	const bool all = now - w->looked_all >= LOOK_ALL_NS, some = all || now - w->looked >= LOOK_NS;

	if (some)
		w->looked = now;
	if (all)
		w->looked_all = now;
	for (size_t i = 0; i < w->n; i++) {
		struct pol_watch_file *f = &w->files[i];
		const bool here = all || (some && f->wd < 0);

		if (here)
			look_up(w, f);
		if ((here || f->look) && is_other(f))
			settle(f, now);
		f->look = false;
	}
}

unsigned
pol_watch_tell(struct pol_watch *w, int64_t now, int64_t *next,
    void (*changed)(void *ctx, const char *path), void *ctx)
{
	unsigned told = 0;

	hear(w, now);
	look(w, now);
	*next = w->n > 0 ? w->looked_all + LOOK_ALL_NS : INT64_MAX;
	for (size_t i = 0; i < w->n; i++) {
		struct pol_watch_file *f = &w->files[i];

		/* quiet as far as events go: where there are none, the file itself says */
		if (f->due != 0 && f->due <= now && f->since != 0 && f->wd < 0 && is_other(f) &&
		    now < f->since + NOISE_NS)
			settle(f, now);
		if (f->due != 0 && f->due <= now) {
			f->due = f->since = 0;
			f->last = stamp(f->path);
			changed(ctx, f->path);
			told++;
		}
		if (f->due != 0 && f->due < *next)
			*next = f->due;
		if (f->wd < 0 && w->looked + LOOK_NS < *next)
			*next = w->looked + LOOK_NS;
	}
	return told;
}
