/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service: a file that a module watches, wake(), what a reload replaces, policy_fd()
 * and policy_service(); with a thread of the library's own, and without.
 */
#include "probed.h"

#include <pthread.h>
#include <signal.h>

static int
readable(int fd)
{
	struct pollfd f = { .fd = fd, .events = POLLIN };

	return poll(&f, 1, 0) == 1;
}

/* ---- with a thread ---- */

static int
all_blocked(void)
{
	char path[64], line[256];
	unsigned long long mask = 0;
	struct dirent *e;
	DIR *d = opendir("/proc/self/task");
	int found = 0;

	while (d != NULL && (e = readdir(d)) != NULL) {
		FILE *f;

		if (atoi(e->d_name) == 0 || atoi(e->d_name) == getpid())
			continue;
		snprintf(path, sizeof(path), "/proc/self/task/%d/status", atoi(e->d_name));
		f = fopen(path, "re");
		while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
			found |= strcmp(line, "Name:\tpolicy\n") == 0;
			if (sscanf(line, "SigBlk: %llx", &mask) == 1)
				break;
		}
		if (f != NULL)
			fclose(f);
	}
	if (d != NULL)
		closedir(d);
	/* KILL and STOP cannot be; two of libc's own (32, 33) may not be */
	return found && (mask | 1ull << 8 | 1ull << 18 | 3ull << 31) == ~0ull;
}

static void
with_thread(void)
{
	const unsigned threads = count_threads(), fds = count_fds();	/* a sanitizer has threads of its own */
	struct policy *p = open_probed(0);
	unsigned served;


	(void)threads;
	if (!chaos_check(p != NULL, "the set does not open"))
		return;
#ifndef CHAOS_SANITIZER
	chaos_check(count_threads() == threads + 1, "one thread");
#endif
	COMES_TRUE(all_blocked(), "all its signals are blocked, and it has a name");
	chaos_check(policy_fd(p) == -1, "no descriptor where a thread does the work");
	chaos_check(policy_service(p, 0) == POLICY_ERR_ARG, "nor may the host do it");
	COMES_TRUE(probe->served > 0, "a step is served soon after opening");
	chaos_check(reason(p, "one") == POLICY_REASON_RULE, "the token");
	chaos_check(reason(p, "two") == POLICY_REASON_BAD_CREDENTIAL, "no token yet");
	chaos_check(put_file("two\n"), "the file");
	COMES_TRUE(reason(p, "two") == POLICY_REASON_RULE, "a file that changed is read");
	served = probe->woken;
	reason(p, "wake");
	COMES_TRUE(probe->woken > served, "wake() is heard");
	served = probe->served;
	chaos_check(policy_reload(p, NULL) == 0, "reload");
	COMES_TRUE(probe->closed == probe->opened - 1, "what was replaced is closed");
	COMES_TRUE(probe->served > served, "the new steps are served");
	chaos_check(put_file("three\n"), "the file");
	COMES_TRUE(reason(p, "three") == POLICY_REASON_RULE, "and their files watched");
	policy_close(p);
	chaos_check(probe->closed == probe->opened, "all is closed");
	chaos_check(count_fds() == fds, "descriptors are closed");
#ifndef CHAOS_SANITIZER
	COMES_TRUE(count_threads() == threads, "the thread is gone");
#endif
	chaos_check(put_file("one\n"), "the file");
}

/* ---- without ---- */

static void
without_thread(void)
{
	const unsigned threads = count_threads(), fds = count_fds();
	struct policy *p = open_probed(POLICY_NO_THREAD);
	unsigned served = probe->served;
	int fd;

	if (!chaos_check(p != NULL, "the set does not open"))
		return;
	fd = policy_fd(p);
	chaos_check(count_threads() == threads, "no thread");
	chaos_check(fd >= 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0, "a descriptor");
	chaos_check(readable(fd), "there is a first round to do");
	chaos_check(policy_service(p, 0) == 1 && probe->served == served + 1, "the step is served");
	policy_service(p, 0);
	chaos_check(!readable(fd) && policy_service(p, 0) == 0, "then there is nothing to do");
	chaos_check(policy_service(p, 20) == 0, "not in 20 ms either");
	chaos_check(put_file("two\n") && readable(fd), "a file that changed is something to do");
	chaos_check(reason(p, "two") == POLICY_REASON_BAD_CREDENTIAL, "and nobody else does it");
	chaos_check(policy_service(p, -1) == 1, "it waits for work");
	chaos_check(reason(p, "two") == POLICY_REASON_RULE, "and does it");
	reason(p, "wake");
	chaos_check(readable(fd) && policy_service(p, -1) == 1 && probe->woken > 0, "wake() is something to do");
	served = probe->closed;
	chaos_check(policy_reload(p, NULL) == 0 && readable(fd), "so is a reload");
	policy_service(p, 0);
	chaos_check(probe->closed == served + 1, "what was replaced is let go");
	policy_close(p);
	chaos_check(probe->closed == probe->opened, "all is closed");
	chaos_check(count_fds() == fds, "descriptors are closed");
	chaos_check(put_file("one\n"), "the file");
}

/* A half-written file is not read before it is whole. */
static void
half_written(void)
{
	struct policy *p = open_probed(POLICY_NO_THREAD);
	unsigned changed;
	int fd;

	if (!chaos_check(p != NULL, "the set does not open"))
		return;
	policy_service(p, 0);
	changed = probe->changed;
	fd = open(probed_file, O_WRONLY | O_CLOEXEC | O_TRUNC);
	chaos_check(fd >= 0 && write(fd, "fo", 2) == 2, "half a file");
	policy_service(p, 0);
	chaos_check(probe->changed == changed && reason(p, "one") == POLICY_REASON_RULE, "the old token is good meanwhile");
	chaos_check(write(fd, "ur\n", 3) == 3 && close(fd) == 0, "the rest");
	chaos_check(policy_service(p, -1) == 1 && reason(p, "four") == POLICY_REASON_RULE, "the whole file is read");
	chaos_check(reason(p, "fo") == POLICY_REASON_BAD_CREDENTIAL, "no half token");
	policy_close(p);
	chaos_check(put_file("one\n"), "the file");
}

/* A set without such work, and one that gets it by a reload, or whose engine is off. */
static void
others(void)
{
	static const char plain[] = "policy: 1\nactions: [go]\n";
	struct policy_options opt = POLICY_OPTIONS_INIT;
	const unsigned threads = count_threads(), fds = count_fds(), opened = probe->opened;
	struct policy *p;
	char off[sizeof(probed_set) + 32];

	chaos_check(policy_open_text(&p, "n", plain, sizeof(plain) - 1, NULL, NULL) == 0 && policy_fd(p) == -1 &&
	    policy_service(p, -1) == 0 && count_threads() == threads && count_fds() == fds, "a set without such work");
	policy_close(p);
	snprintf(off, sizeof(off), "%senabled: false\n", probed_set);
	opt.module_dir = probed_modules;
	chaos_check(policy_open_text(&p, "n", off, strlen(off), &opt, NULL) == 0 && policy_fd(p) == -1 &&
	    count_threads() == threads && count_fds() == fds && probe->opened == opened, "off: no module, no thread");
	policy_close(p);
	chaos_check(policy_service(NULL, 0) == POLICY_ERR_ARG && policy_fd(NULL) == -1, "no handle");
}

static void
by_reload(void)
{
	struct policy_options opt = POLICY_OPTIONS_INIT;
	char name[sizeof(probed_dir) + 16];
	struct policy *p = NULL;
	FILE *f;

	opt.module_dir = probed_modules;
	snprintf(name, sizeof(name), "%s/set.yaml", probed_dir);
	f = fopen(name, "we");
	chaos_check(f != NULL && fputs("policy: 1\nactions: [go]\n", f) >= 0 && fclose(f) == 0 && chmod(name, 0644) == 0 &&
	    policy_open(&p, name, &opt, NULL) == 0, "a plain set");
	f = fopen(name, "we");
	chaos_check(f != NULL && fputs(probed_set, f) >= 0 && fclose(f) == 0 && policy_reload(p, NULL) == 0, "one with modules");
	chaos_check(put_file("two\n"), "the file");
	COMES_TRUE(reason(p, "two") == POLICY_REASON_RULE, "is served from then on");
	probe->open_fails = POLICY_ERR_IO;
	chaos_check(policy_reload(p, NULL) == POLICY_ERR_IO && reason(p, "two") == POLICY_REASON_RULE,
	    "a reload that fails leaves it so");
	chaos_check(put_file("one\n"), "the file");
	COMES_TRUE(reason(p, "one") == POLICY_REASON_RULE, "watched as before");
	probe->open_fails = 0;
	policy_close(p);
	unlink(name);
	chaos_check(probe->closed == probe->opened, "all is closed");
}

/* ---- at once ---- */

static struct policy *handle;
static atomic_int stop, wrong;

static void *
decide(void *arg)
{
	while (!stop) {
		int r = reason(handle, "one");

		if (r != POLICY_REASON_RULE)
			wrong++;
		reason(handle, arg != NULL ? "wake" : "none");
	}
	return NULL;
}

static void
storm(void)
{
	pthread_t threads[3];
	int bad = 0;

	handle = open_probed(0);
	if (!chaos_check(handle != NULL, "the set does not open"))
		return;
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, decide, i == 0 ? &stop : NULL);
	for (int i = 0; i < 100; i++)
		bad += policy_reload(handle, NULL) != 0 || !put_file("one\n");
	stop = 1;
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	chaos_check(bad == 0 && wrong == 0, "reloads, changes and decisions at once");
	policy_close(handle);
	chaos_check(probe->closed == probe->opened && probe->foreign == 0, "all is closed");
	for (int i = 0; i < 50; i++) {		/* closed in its first round */
		struct policy *p = open_probed(0);

		policy_close(p);
		bad += p == NULL;
	}
	chaos_check(bad == 0 && probe->closed == probe->opened, "opened and closed at once");
}

int
main(void)
{
	if (chaos_check(begin_probed(), "no scratch directory, or no modules")) {
		with_thread();
		without_thread();
		half_written();
		others();
		by_reload();
		storm();
	}
	end_probed();
	return chaos_finish();
}
