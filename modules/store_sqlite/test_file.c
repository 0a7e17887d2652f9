/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to the file: replaced, removed, full, not to be written; and a fork while a
 * thread is in the store. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "modules/store_env.h"

static struct room room;

static void
replaced(void)
{
	const char *url = env_fresh();
	char other[600];
	struct store s;
	struct seen seen = { 0 };
	struct policy_row r;
	struct stat st;

	check(store_open(&s, url) == 0, "opens");
	check(lstat(url + 7, &st) == 0 && (st.st_mode & 07777) == 0600, "the file is made with mode 0600");
	row_make(&r, &room, POLICY_ROW_USER, "u", 1);
	check(store_apply(&s, &r, 1) == 0, "writes");
	snprintf(other, sizeof(other), "%s/replaced", env_dir());
	check(rename(url + 7, other) == 0, "the file is taken away");
	check(store_changes(&s, &seen) == POLICY_ERR_UNSAFE && store_apply(&s, &r, 1) == POLICY_ERR_UNSAFE,
	    "then nothing is said or written any more");
	check(rename(other, url + 7) == 0 && store_changes(&s, &seen) == 0, "until it is back");
	seen_drop(&seen);
	store_close(&s);
}

/* In a child: files may not grow beyond `most`. */
static int
full(const char *url, rlim_t most)
{
	const struct rlimit limit = { most, most };
	struct store s;
	struct seen seen = { 0 };
	static char filler[16384];
	struct policy_row r;
	uint64_t written = 0;
	int rc = 0;

	signal(SIGXFSZ, SIG_IGN);
	if (store_open(&s, url) != 0 || setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 1;
	memset(filler, 'f', sizeof(filler));
	for (unsigned i = 0; i < 1000 && rc == 0; i++) {
		char id[16];

		snprintf(id, sizeof(id), "u%u", i);
		row_make(&r, &room, POLICY_ROW_USER, id, i);
		r.attributes = (struct policy_text){ filler, sizeof(filler) };
		rc = store_apply(&s, &r, 1);
		if (rc == 0)
			written = s.since;
	}
	if (rc != POLICY_ERR_IO)
		return 2;
	s.since = 0;
	if (store_changes(&s, &seen) != 0 || seen.n != written || s.since != written)
		return 3;
	store_close(&s);
	return 0;
}

static int
run(int (*fn)(const char *, rlim_t), const char *url, rlim_t arg)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0)
		_exit(fn(url, arg));
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

static void
fills(void)
{
	for (rlim_t most = 70000; most < 1500000; most += 111111) {
		const char *url = env_fresh();
		struct store s;
		struct policy_row r;
		struct seen seen = { 0 };
		int rc = run(full, url, most);

		if (!check(rc == 0, "a disk that is full is an error, and what was written is there"))
			printf("  %lu: %d\n", (unsigned long)most, rc);
		check(env_wrong() == NULL, "nothing is wrong with it");
		row_make(&r, &room, POLICY_ROW_USER, "more", 1);
		check(store_open(&s, url) == 0 && store_changes(&s, &seen) == 0 && store_apply(&s, &r, 1) == 0,
		    "with room again it is written on");
		seen_drop(&seen);
		store_close(&s);
	}
}

/* In a child that may read the file, which is root's, and not write it. */
static int
reads(const char *url, rlim_t ignored)
{
	struct store s;
	struct seen seen = { 0 };
	struct policy_row r;

	(void)ignored;
	if (setgid(65534) != 0 || setuid(65534) != 0)
		return 1;
	if (store_open(&s, url) != 0) {
		printf("  %s\n", s.err.text);
		return 2;
	}
	if (store_changes(&s, &seen) != 0 || seen.n != 1)
		return 3;
	row_make(&r, &room, POLICY_ROW_USER, "x", 1);
	if (store_apply(&s, &r, 1) != POLICY_ERR_IO || strstr(s.err.text, "cannot be written") == NULL)
		return 4;
	if (policy_store_1.forget(s.state, 100, &s.err) != POLICY_ERR_IO)
		return 5;
	store_close(&s);
	return 0;
}

static void
read_only(void)
{
	const char *url = env_fresh();
	struct store s;
	struct policy_row r;
	char beside[700];

	if (geteuid() != 0) {
		printf("skipped: a file that may only be read (not root)\n");
		return;
	}
	check(store_open(&s, url) == 0, "opens");
	row_make(&r, &room, POLICY_ROW_USER, "u", 1);
	check(store_apply(&s, &r, 1) == 0, "writes");
	check(chmod(env_dir(), 0755) == 0, "others may look into the directory");
	for (int i = 0; i < 3; i++) {
		snprintf(beside, sizeof(beside), "%s%s", url + 7, i == 0 ? "" : i == 1 ? "-wal" : "-shm");
		check(chown(beside, 0, 65534) == 0 && chmod(beside, 0640) == 0, "a group may read it");
	}
	check(run(reads, url, 0) == 0, "who may only read it reads, and is told that he cannot write");
	store_close(&s);
	chmod(env_dir(), 0700);
}

/* ---- forks while a thread is in the store ---- */

static atomic_int stop;

static void *
ask(void *arg)
{
	struct store *s = arg;
	struct seen seen = { 0 };

	while (!atomic_load(&stop)) {
		s->since = 0;
		if (store_changes(s, &seen) != 0)
			break;
		seen_drop(&seen);
	}
	return NULL;
}

/* 0: it has a store of its own; 1: it was refused one. Never does it wait for ever. */
static int
gets_its_own(const char *url)
{
	struct store s;
	struct policy_row r;
	struct seen seen = { 0 };

	alarm(20);
	if (store_open(&s, url) != 0)
		return s.err.code == POLICY_ERR_UNAVAILABLE && strstr(s.err.text, "forked while") != NULL ? 1 : 2;
	row_make(&r, &room, POLICY_ROW_USER, "child", 1);
	if (store_changes(&s, &seen) != 0 || store_apply(&s, &r, 1) != 0)
		return 3;
	store_close(&s);
	return 0;
}

static void
forked_inside(void)
{
	const char *url = env_fresh();
	struct store s, own;
	struct policy_row r;
	pthread_t thread;
	unsigned ended[3] = { 0 };

	check(store_open(&s, url) == 0 && store_open(&own, url) == 0, "opens");
	row_make(&r, &room, POLICY_ROW_USER, "u", 1);
	check(store_apply(&own, &r, 1) == 0, "writes");
	check(pthread_create(&thread, NULL, ask, &s) == 0, "a thread asks");
	for (unsigned i = 0; i < 200; i++) {
		int status = -1;
		pid_t child;

		usleep(i * 7 % 500);
		child = fork();
		if (child == 0)
			_exit(gets_its_own(url));
		waitpid(child, &status, 0);
		ended[WIFEXITED(status) && WEXITSTATUS(status) < 2 ? WEXITSTATUS(status) : 2]++;
	}
	atomic_store(&stop, 1);
	pthread_join(thread, NULL);
	check(ended[2] == 0, "a child has a store of its own, or is told why not");
	printf("200 forks beside a thread in the store: %u children with a store, %u told that they get none\n", ended[0], ended[1]);
	check(store_apply_hard(&own, &r, 1) >= 0 && own.since == ended[0] + 2, "what they wrote is there");
	check(env_wrong() == NULL, "nothing is wrong with it");
	store_close(&s);
	store_close(&own);
}

int
main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (env_begin() != NULL)
		return 1;
	replaced();
	fills();
	read_only();
	forked_inside();
	env_end();
	return store_finish();
}
