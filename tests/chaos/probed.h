/* SPDX-License-Identifier: Apache-2.0 */
/* A set with the module `probe`, with or without the store `memory` (tests/modules), in a
 * scratch directory, for tests of the service, of stores and of fork. */
#ifndef POL_TESTS_PROBED_H
#define POL_TESTS_PROBED_H

#include "chaos.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/modules/probe.h"

static char probed_dir[] = "/tmp/libpolicy-probed-XXXXXX", probed_file[64], probed_modules[4096];
static char probed_set[2048];
static struct probe *probe;
static struct memory *memory;

static inline void
nap(int ms)
{
	struct timespec t = { ms / 1000, (ms % 1000) * 1000000L };

	nanosleep(&t, NULL);
}

/* Waits until it holds, at most 20 s: no test judges how long it took. */
#define COMES_TRUE(holds, what) do { \
	int left_ = 4000; \
	while (!(holds) && --left_ > 0) \
		nap(5); \
	chaos_check(left_ > 0, what); \
} while (0)

/* The file's whole text, renamed into its place. */
static inline int
put_file(const char *text)
{
	char fresh[sizeof(probed_file) + 8];
	FILE *f;

	snprintf(fresh, sizeof(fresh), "%s.new", probed_file);
	f = fopen(fresh, "we");
	return f != NULL && fputs(text, f) >= 0 && fclose(f) == 0 && rename(fresh, probed_file) == 0;
}

static inline void
make_set(const char *stale)
{
	int n;

	n = snprintf(probed_set, sizeof(probed_set),
	    "policy: 1\n"
	    "resources: { doc: }\n"
	    "actions: { read: { resource: doc } }\n"
	    "roles: { reader: { allow: read } }\n"
	    "grants: [ { role: reader, to: alice, resource: doc/1 } ]\n"
	    "modules:\n"
	    "  - { use: probe, with: { at: \"%p\", file: %s } }\n", (void *)probe, probed_file);
	if (stale != NULL)
		snprintf(probed_set + n, sizeof(probed_set) - (size_t)n,
		    "store: { url: \"memory:%p\", stale: %s }\n", (void *)memory, stale);
}

/* Everything above; 0 where it cannot be. */
static inline int
begin_probed(void)
{
	const char *build = getenv("top_builddir");
	char at[4096];

	snprintf(at, sizeof(at), "%s/modules/.libs", build != NULL ? build : ".");
	probe = mmap(NULL, sizeof(*probe), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memory = mmap(NULL, sizeof(*memory), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (probe == MAP_FAILED || memory == MAP_FAILED || realpath(at, probed_modules) == NULL ||
	    mkdtemp(probed_dir) == NULL)
		return 0;
	memory->fd = -1;
	snprintf(probed_file, sizeof(probed_file), "%s/token", probed_dir);
	make_set(NULL);
	return put_file("one\n");
}

static inline void
end_probed(void)
{
	unlink(probed_file);
	rmdir(probed_dir);
}

static inline struct policy *
open_probed(uint32_t flags)
{
	struct policy_options opt = POLICY_OPTIONS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy *p = NULL;

	opt.flags = flags;
	opt.module_dir = probed_modules;
	if (policy_open_text(&p, "set", probed_set, strlen(probed_set), &opt, &err) != 0)
		printf("    %s:%u:%u: %s\n", err.file, err.line, err.column, err.text);
	return p;
}

/* The reason of a decision on a bearer; a reason is its own verdict but for `rule`. */
static inline int
reason_with(struct policy *p, const char *bearer, uint32_t flags)
{
	struct policy_credential c = { .kind = POLICY_TEXT("bearer") };
	struct policy_request req = POLICY_REQUEST_INIT;
	struct policy_decision d = POLICY_DECISION_INIT;
	int rc;

	c.data = policy_text(bearer);
	req.flags = flags;
	req.credentials = &c;
	req.credentials_count = 1;
	req.action = policy_text("read");
	req.resource_type = policy_text("doc");
	req.resource_id = policy_text("1");
	rc = policy_decide(p, &req, &d);
	if ((d.verdict == POLICY_ALLOW) != (d.reason == POLICY_REASON_RULE) || (rc != 0 && d.verdict != POLICY_DENY))
		return -1000;
	return rc == 0 || d.reason == POLICY_REASON_UNAVAILABLE ? (int)d.reason : rc;
}

static inline int
reason(struct policy *p, const char *bearer)
{
	return reason_with(p, bearer, 0);
}

/* alice, asserted: needs neither module nor store. */
static inline int
asserted(struct policy *p)
{
	struct policy_request req = POLICY_REQUEST_INIT;
	struct policy_decision d = POLICY_DECISION_INIT;

	req.subject_id = policy_text("alice");
	req.action = policy_text("read");
	req.resource_type = policy_text("doc");
	req.resource_id = policy_text("1");
	return policy_decide(p, &req, &d) == 0 && d.verdict == POLICY_ALLOW;
}

static inline unsigned
count_dir(const char *path)
{
	DIR *d = opendir(path);
	unsigned n = 0;

	while (d != NULL && readdir(d) != NULL)
		n++;
	if (d != NULL)
		closedir(d);
	return n;
}

/* But for the module's file: a service thread reads it for a moment, and a fork in that
 * moment copies the descriptor, which nobody can know of. */
static inline unsigned
count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;
	unsigned n = 0;

	while (d != NULL && (e = readdir(d)) != NULL) {
		char name[4096];
		const ssize_t len = readlinkat(dirfd(d), e->d_name, name, sizeof(name));

		if (len >= 0)		/* "." and "..", and one that was just closed, are no links */
			n += strlen(probed_file) != (size_t)len || memcmp(name, probed_file, (size_t)len) != 0;
	}
	if (d != NULL)
		closedir(d);
	return n;
}

static inline unsigned
count_threads(void)
{
	return count_dir("/proc/self/task");
}

#endif
