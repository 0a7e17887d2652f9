/* SPDX-License-Identifier: Apache-2.0 */
/* src/api/watch.c: which changes of files are heard, when they are told, and what is
 * found by looking. The time is the test's own. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "api/watch.h"
#include "unit/unit.h"

#define MS INT64_C(1000000)

static char top[64];
static struct pol_watch watch;
static int64_t now, next;
static char told[1024];			/* ends of the paths told, each with a blank */

/* Stands before libc's, so that a system without room for watches can be played. */
static int no_room;

int inotify_add_watch(int fd, const char *name, uint32_t mask);

__attribute__((visibility("default")))
int
inotify_add_watch(int fd, const char *name, uint32_t mask)
{
	if (no_room) {
		errno = ENOSPC;
		return -1;
	}
	return (int)syscall(SYS_inotify_add_watch, fd, name, mask);
}

static char *
at(const char *name)
{
	static char path[4][512];
	static unsigned i;

	i = (i + 1) % 4;
	snprintf(path[i], sizeof(path[i]), "%s/%s", top, name);
	return path[i];
}

/* Open, write, and keep open. */
static int
begin_file(const char *name, const char *text)
{
	int fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	return fd;
}

static void
put(const char *name, const char *text)
{
	close(begin_file(name, text));
}

static void
changed(void *ctx, const char *path)
{
	(void)ctx;
	strncat(told, strrchr(path, '/') + 1, sizeof(told) - strlen(told) - 2);
	strcat(told, " ");
}

/* What is told when so much time has gone by. */
static const char *
after(int64_t ms)
{
	told[0] = '\0';
	now += ms * MS;
	pol_watch_tell(&watch, now, &next, changed, NULL);
	return told;
}

static void
set(const char *a, const char *b)
{
	const char *paths[2] = { a, b };

	CU_ASSERT_EQUAL_FATAL(pol_watch_set(&watch, paths, b != NULL ? 2 : 1, now), 0);
}

static void
begin(void)
{
	strcpy(top, "/tmp/pol-watch-XXXXXX");
	CU_ASSERT_FATAL(mkdtemp(top) != NULL);
	mkdir(at("d"), 0755);
	put("d/keys", "one");
	now = 1000000 * MS;
	no_room = 0;
	pol_watch_init(&watch, inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
	set(at("d/keys"), NULL);
	CU_ASSERT_STRING_EQUAL(after(0), "keys ");
	CU_ASSERT_STRING_EQUAL(after(1), "");
}

static void
end(void)
{
	char cmd[128];

	pol_watch_fini(&watch);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", top);
	CU_ASSERT(system(cmd) == 0);
}

static void
a_file_that_was_written_is_told_at_once(void)
{
	begin();
	put("d/keys", "two");
	CU_ASSERT_STRING_EQUAL(after(0), "keys ");
	CU_ASSERT_STRING_EQUAL(after(500), "");
	end();
}

static void
a_file_renamed_over_it_is_told_at_once(void)
{
	begin();
	put("d/new", "two");
	CU_ASSERT_STRING_EQUAL(after(0), "");
	CU_ASSERT(rename(at("d/new"), at("d/keys")) == 0);
	CU_ASSERT_STRING_EQUAL(after(0), "keys ");
	put("d/new", "three");
	CU_ASSERT(rename(at("d/new"), at("d/keys")) == 0);
	CU_ASSERT_STRING_EQUAL(after(0), "keys ");
	end();
}

static void
a_file_being_written_is_told_when_it_is_quiet(void)
{
	int fd;

	begin();
	fd = begin_file("d/keys", "half");
	CU_ASSERT_STRING_EQUAL(after(10), "");
	CU_ASSERT(next <= now + 100 * MS);
	CU_ASSERT(write(fd, "x", 1) == 1);
	CU_ASSERT_STRING_EQUAL(after(90), "");
	CU_ASSERT_STRING_EQUAL(after(99), "");
	CU_ASSERT_STRING_EQUAL(after(1), "keys ");
	CU_ASSERT(write(fd, "y", 1) == 1);
	CU_ASSERT_STRING_EQUAL(after(10), "");
	close(fd);
	CU_ASSERT_STRING_EQUAL(after(1), "keys ");
	CU_ASSERT_STRING_EQUAL(after(500), "");
	end();
}

static void
noise_puts_it_off_by_a_second_at_most(void)
{
	int fd, quiet = 0;

	begin();
	fd = begin_file("d/keys", "x");
	for (; quiet < 40 && after(50)[0] == '\0'; quiet++)
		CU_ASSERT(write(fd, "x", 1) == 1);
	CU_ASSERT(quiet >= 19 && quiet <= 22);
	close(fd);
	end();
}

static void
removed_and_made_again_is_told_once(void)
{
	begin();
	unlink(at("d/keys"));
	CU_ASSERT_STRING_EQUAL(after(50), "");
	put("d/keys", "two");
	CU_ASSERT_STRING_EQUAL(after(0), "keys ");
	unlink(at("d/keys"));
	CU_ASSERT_STRING_EQUAL(after(0), "");
	CU_ASSERT_STRING_EQUAL(after(100), "keys ");
	CU_ASSERT_STRING_EQUAL(after(500), "");
	put("d/other", "one");
	CU_ASSERT(link(at("d/other"), at("d/keys")) == 0);
	CU_ASSERT_STRING_EQUAL(after(0), "");
	CU_ASSERT_STRING_EQUAL(after(100), "keys ");
	end();
}

static void
other_files_are_nobodys_concern(void)
{
	begin();
	put("d/other", "one");
	put("d/key", "one");
	put("d/keys2", "one");
	CU_ASSERT_STRING_EQUAL(after(0), "");
	CU_ASSERT_STRING_EQUAL(after(200), "");
	end();
}

static void
a_link_whose_target_is_exchanged_is_told(void)
{
	begin();
	mkdir(at("d/v1"), 0755);
	mkdir(at("d/v2"), 0755);
	put("d/v1/token", "one");
	put("d/v2/token", "two");
	CU_ASSERT(symlink("v1", at("d/now")) == 0 && symlink("now/token", at("d/token")) == 0);
	set(at("d/token"), NULL);
	CU_ASSERT_STRING_EQUAL(after(0), "token ");
	CU_ASSERT(symlink("v2", at("d/then")) == 0 && rename(at("d/then"), at("d/now")) == 0);
	after(0);
	CU_ASSERT_STRING_EQUAL(after(100), "token ");
	CU_ASSERT_STRING_EQUAL(after(500), "");
	end();
}

static void
a_directory_that_comes_late_is_found(void)
{
	begin();
	set(at("e/keys"), at("d/keys"));
	CU_ASSERT_STRING_EQUAL(after(0), "keys keys ");
	CU_ASSERT(next <= now + 1000 * MS);
	mkdir(at("e"), 0755);
	put("e/keys", "one");
	CU_ASSERT_STRING_EQUAL(after(500), "");
	CU_ASSERT_STRING_EQUAL(after(500), "");
	CU_ASSERT_STRING_EQUAL(after(100), "keys ");
	put("e/keys", "two");
	CU_ASSERT_STRING_EQUAL(after(0), "keys ");
	end();
}

static void
a_directory_that_is_replaced_is_followed(void)
{
	begin();
	CU_ASSERT(rename(at("d"), at("old")) == 0);
	mkdir(at("d"), 0755);
	put("d/keys", "two");
	after(1000);
	CU_ASSERT_STRING_EQUAL(after(100), "keys ");
	put("old/keys", "nobody's");
	CU_ASSERT_STRING_EQUAL(after(100), "");
	put("d/keys", "three");
	CU_ASSERT_STRING_EQUAL(after(0), "keys ");
	end();
}

static void
a_directory_further_up_is_looked_at_now_and_then(void)
{
	begin();
	mkdir(at("d/x"), 0755);
	put("d/x/keys", "one");
	set(at("d/x/keys"), NULL);
	CU_ASSERT_STRING_EQUAL(after(0), "keys ");
	CU_ASSERT(rename(at("d"), at("old")) == 0);
	mkdir(at("d"), 0755);
	mkdir(at("d/x"), 0755);
	put("d/x/keys", "other");
	CU_ASSERT_STRING_EQUAL(after(9000), "");
	after(1000);
	CU_ASSERT_STRING_EQUAL(after(100), "keys ");
	put("d/x/keys", "three");
	CU_ASSERT_STRING_EQUAL(after(0), "keys ");
	end();
}

static void
without_room_for_watches_files_are_looked_at(void)
{
	begin();
	no_room = 1;
	set(at("d/keys"), NULL);
	CU_ASSERT(watch.full);
	CU_ASSERT_STRING_EQUAL(after(0), "keys ");
	put("d/keys", "longer");
	CU_ASSERT_STRING_EQUAL(after(10), "");
	CU_ASSERT(next <= now + 1000 * MS);
	CU_ASSERT_STRING_EQUAL(after(990), "");
	put("d/keys", "and longer");
	CU_ASSERT_STRING_EQUAL(after(100), "");
	CU_ASSERT_STRING_EQUAL(after(100), "keys ");
	no_room = 0;
	after(1000);
	put("d/keys", "heard again");
	CU_ASSERT_STRING_EQUAL(after(0), "keys ");
	end();
}

static void
more_than_the_queue_holds_tells_all(void)
{
	int fd;
	FILE *f = fopen("/proc/sys/fs/inotify/max_queued_events", "re");
	long most = 0;

	CU_ASSERT_FATAL(f != NULL && fscanf(f, "%ld", &most) == 1);
	fclose(f);
	begin();
	fd = begin_file("d/other", "x");
	for (long i = 0; i < most + 10; i++) {	/* equal events are merged: two in turn */
		CU_ASSERT(write(fd, "x", 1) == 1);
		CU_ASSERT(fchmod(fd, 0644) == 0);
	}
	close(fd);
	put("d/keys", "two");
	CU_ASSERT_STRING_EQUAL(after(0), "");
	CU_ASSERT_STRING_EQUAL(after(100), "keys ");
	end();
}

static void
what_is_watched_no_more_is_let_go(void)
{
	begin();
	mkdir(at("e"), 0755);
	set(at("e/keys"), NULL);
	CU_ASSERT_STRING_EQUAL(after(0), "keys ");
	put("d/keys", "two");
	CU_ASSERT_STRING_EQUAL(after(100), "");
	CU_ASSERT_EQUAL(watch.n, 1);
	CU_ASSERT_EQUAL(pol_watch_set(&watch, NULL, 0, now), 0);
	put("e/keys", "two");
	CU_ASSERT_STRING_EQUAL(after(100), "");
	CU_ASSERT_EQUAL(next, INT64_MAX);
	end();
}

CU_TestInfo suite_watch[] = {
	{ "a file that was written is told at once", a_file_that_was_written_is_told_at_once },
	{ "a file renamed over it is told at once", a_file_renamed_over_it_is_told_at_once },
	{ "a file being written is told when it is quiet", a_file_being_written_is_told_when_it_is_quiet },
	{ "noise puts it off by a second at most", noise_puts_it_off_by_a_second_at_most },
	{ "removed and made again is told once", removed_and_made_again_is_told_once },
	{ "other files are nobody's concern", other_files_are_nobodys_concern },
	{ "a link whose target is exchanged is told", a_link_whose_target_is_exchanged_is_told },
	{ "a directory that comes late is found", a_directory_that_comes_late_is_found },
	{ "a directory that is replaced is followed", a_directory_that_is_replaced_is_followed },
	{ "a directory further up is looked at now and then", a_directory_further_up_is_looked_at_now_and_then },
	{ "without room for watches files are looked at", without_room_for_watches_files_are_looked_at },
	{ "more than the queue holds tells all", more_than_the_queue_holds_tells_all },
	{ "what is watched no more is let go", what_is_watched_no_more_is_let_go },
	CU_TEST_INFO_NULL
};
