/* SPDX-License-Identifier: Apache-2.0 */
/*
 * open, write, fdatasync and pwrite failing one by one, then for good, under decisions that
 * must be recorded: no allow is given out whose record is not in the file, and when the
 * calls work again so do decisions.
 */
#include "chaos/chaos.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <policy_admin.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#pragma GCC visibility push(default)	/* in place of libc's, for every library it loads */

static atomic_int on, calls, failing, from, with;	/* calls from..failing fail with errno `with` */

static int
fails(void)
{
	int n;

	if (atomic_load(&on) == 0)
		return 0;
	n = atomic_fetch_add(&calls, 1) + 1;
	if (n < atomic_load(&from) || n > atomic_load(&failing))
		return 0;
	errno = atomic_load(&with);
	return 1;
}

ssize_t
write(int fd, const void *data, size_t len)
{
	if (len > 8 && fails())		/* 8: a wake-up, which is not the file's */
		return -1;
	return syscall(SYS_write, fd, data, len);
}

int
fdatasync(int fd)
{
	return fails() ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int
open(const char *path, int flags, ...)
{
	va_list ap;
	int mode;

	va_start(ap, flags);
	mode = va_arg(ap, int);
	va_end(ap);
	return fails() ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, (flags & O_CREAT) != 0 ? mode : 0);
}

ssize_t
pwrite(int fd, const void *data, size_t len, off_t at)
{
	return fails() ? -1 : (ssize_t)syscall(SYS_pwrite64, fd, data, len, at);
}

#pragma GCC visibility pop

static char dir[64] = "/dev/shm/policy-fault.XXXXXX", path[128];
static unsigned allowed, recorded, withdrawn, wrong;

static int
count(void *ctx, const struct policy_activity *r)
{
	unsigned *seen = ctx;
	const unsigned n = (unsigned)strtoul(r->resource.data != NULL ? r->resource.data : "0", NULL, 10);

	if (r->withdrawn)
		withdrawn++;
	else if (r->decision.len == 5 && n < 64)
		seen[n]++;
	recorded++;
	return 0;
}

static void
ask(struct policy *p, unsigned i, unsigned *gave)
{
	struct policy_request req = POLICY_REQUEST_INIT;
	struct policy_decision d = POLICY_DECISION_INIT;
	char id[16];

	snprintf(id, sizeof(id), "%u", i);
	req.subject_id = policy_text("ann");
	req.action = policy_text("go");
	req.resource_type = policy_text("thing");
	req.resource_id = policy_text(id);
	if (i % 2 == 0)
		policy_decide(p, &req, &d);
	else
		policy_decide_many(p, &req, 1, &d);
	gave[i] = d.verdict == POLICY_ALLOW;
	if (d.verdict != POLICY_ALLOW && d.reason != POLICY_REASON_UNAVAILABLE)
		wrong++;
	allowed += gave[i];
}

static void
run(int first, int last, int e, const char *options, unsigned flags)
{
	struct policy_options opt = { .size = sizeof(opt), .flags = flags };
	struct policy_activity_query q = POLICY_ACTIVITY_QUERY_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	const char *const files[] = { path };
	unsigned gave[64] = { 0 }, seen[64] = { 0 };
	struct policy *p;
	char set[512];

	unlink(path);
	snprintf(set, sizeof(set), "policy: 1\naudit: { file: %s, %s }\nresources: { thing: {} }\nactions: [go]\n"
	    "roles: { all: { allow: go } }\neveryone: { roles: all }\n", path, options);
	atomic_store(&calls, 0);
	atomic_store(&from, first);
	atomic_store(&failing, last);
	atomic_store(&with, e);
	if (policy_open_text(&p, "t", set, strlen(set), &opt, &err) != 0) {
		chaos_check(0, err.text);
		return;
	}
	atomic_store(&on, 1);
	for (unsigned i = 0; i < 12; i++)
		ask(p, i, gave);
	atomic_store(&on, 0);
	usleep(120000);			/* what failed is tried again so often */
	for (unsigned i = 12; i < 32 && gave[i - (i > 12)] == 0; i++) {
		ask(p, i, gave);
		if (gave[i] == 0)
			usleep(60000);
		else
			gave[63] = 1;
	}
	chaos_check(gave[63] || gave[12], "it recovers by itself");
	/* as the file is now: who is killed now has told nobody more than that */
	q.files = files;
	q.files_count = 1;
	chaos_check(policy_activity_read(NULL, NULL, &q, count, seen, &err) == 0, "the log is read");
	for (unsigned i = 0; i < 63; i++) {
		if (gave[i] && !seen[i])
			wrong++;
	}
	policy_close(p);
}

int
main(void)
{
	static const int errors[] = { ENOSPC, EIO, EDQUOT, EINTR };
	unsigned runs = 0;

	if (mkdtemp(dir) == NULL && mkdtemp(strcpy(dir, "/tmp/policy-fault.XXXXXX")) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/log", dir);
	for (size_t e = 0; e < sizeof(errors) / sizeof(errors[0]); e++) {
		for (int n = 1; n <= 9; n++, runs += 2) {
			run(n, n, errors[e], "must: 2s", 0);
			run(n, n, errors[e], "must: 2s", POLICY_NO_THREAD);
		}
		if (errors[e] != EINTR) {	/* which for ever is no error but a wait */
			for (int n = 1; n <= 6; n++, runs++)
				run(n, INT32_MAX, errors[e], "must: 2s", n % 2 == 0 ? POLICY_NO_THREAD : 0);
		}
	}
	printf("%u runs: %u allows, %u records, %u withdrawn, %u wrong\n", runs, allowed, recorded, withdrawn, wrong);
	chaos_check(wrong == 0, "no allow without its record");
	chaos_check(allowed > 0 && allowed < runs * 32, "some are allowed, and some are not");
	unlink(path);
	strcat(path, ".head");
	unlink(path);
	rmdir(dir);
	return chaos_finish();
}
