/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deciding for an asserted subject, or for a credential that was verified a moment ago,
 * neither allocates nor calls the system. Calls of
 * the allocator are counted; system calls are made deadly by strict seccomp, in a
 * child that has decided once before (a child's first call may do more).
 */
#include "chaos.h"

#ifdef CHAOS_SANITIZER

int
main(void)
{
	chaos_skip(4, "no allocation, no system call (a sanitizer makes both)");
	return chaos_finish();
}

#else

#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "heap.h"

enum { ROUNDS = 1000 };

static const char modules[] = "modules: [ { use: return_cache, for: bearer, kind: key, cache: 1h } ]\n";
static char long_token[700];
static size_t (*asking)(struct policy *p);

/* A good one, whose answer is known, one that may not, and all at once in a row. */
static size_t
ask_with_credentials(struct policy *p)
{
	static const char *const tokens[] = { "token:t1:groups:a,b:pass:ann", "scopes:share:pass:bob", long_token };
	static const uint32_t wanted[] = { POLICY_ALLOW, POLICY_DENY, POLICY_ALLOW };
	struct policy_credential c = { .kind = policy_text("bearer") };
	struct policy_request req[2] = { POLICY_REQUEST_INIT, POLICY_REQUEST_INIT };
	struct policy_decision d[2] = { POLICY_DECISION_INIT, POLICY_DECISION_INIT };
	size_t i, good = 0;

	for (i = 0; i < CHAOS_REQUESTS; i++) {
		c.data = policy_text(tokens[i % 3]);
		req[0].action = policy_text("read");
		req[0].resource_type = policy_text("file");
		req[0].resource_id = policy_text("f");
		req[0].credentials = &c;
		req[0].credentials_count = 1;
		req[1] = req[0];
		good += policy_decide(p, &req[0], &d[0]) == 0 && d[0].verdict == wanted[i % 3] &&
		    policy_decide_many(p, req, 2, d) == 0 && d[1].verdict == wanted[i % 3];
	}
	return good;
}

static size_t
ask_all(struct policy *p)
{
	struct policy_decision d = POLICY_DECISION_INIT;
	size_t i, good = 0;

	for (i = 0; i < CHAOS_REQUESTS; i++)
		good += (size_t)chaos_ask(p, i, &d);
	return good;
}

/* Ends through the one exit that strict seccomp allows: 0, or 1 for a wrong
 * answer, or 2 where seccomp cannot be had. */
static void
child(struct policy *p)
{
	size_t good = 0;
	int i;

	asking(p);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
		syscall(SYS_exit, 2);
	for (i = 0; i < ROUNDS; i++)
		good += asking(p);
	syscall(SYS_exit, good == ROUNDS * CHAOS_REQUESTS ? 0 : 1);
}

static void
system_calls(struct policy *p)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		child(p);
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		chaos_check(0, "the child could not be run");
	} else if (WIFEXITED(status) && WEXITSTATUS(status) == 2) {
		chaos_skip(1, "no system call (seccomp is not to be had)");
	} else {
		chaos_check(!WIFSIGNALED(status), "a decision called the system");
		chaos_check(!WIFEXITED(status) || WEXITSTATUS(status) == 0, "wrong answers under seccomp");
	}
}

static void
count(struct policy *p, size_t (*ask)(struct policy *p))
{
	size_t good = 0;

	asking = ask;
	chaos_check(asking(p) == CHAOS_REQUESTS, "not every answer is the known one");
	heap_calls = 0;
	heap_on = 1;
	for (int i = 0; i < ROUNDS; i++)
		good += asking(p);
	heap_on = 0;
	chaos_check(good == ROUNDS * CHAOS_REQUESTS, "answers differ over the rounds");
	if (!chaos_check(heap_calls == 0, "deciding called the allocator"))
		printf("    %ld calls\n", heap_calls);
	system_calls(p);
}

static struct policy *
open_set(const char *more)
{
	struct policy_options o = POLICY_OPTIONS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	char text[sizeof(chaos_set) + sizeof(modules)], *dir = NULL, *top = getenv("top_builddir");
	struct policy *p = NULL;

	snprintf(text, sizeof(text), "%s%s", chaos_set, more);
	if (asprintf(&dir, "%s/modules/.libs", top != NULL ? top : ".") < 0)
		return NULL;
	o.module_dir = realpath(dir, NULL);
	o.flags = POLICY_NO_THREAD;
	if (policy_open_text(&p, "chaos.yaml", text, strlen(text), &o, &err) != 0) {
		printf("%s:%u:%u: %s\n", err.file, err.line, err.column, err.text);
		chaos_check(0, "the set does not open");
	}
	free((char *)(uintptr_t)o.module_dir);
	free(dir);
	return p;
}

int
main(void)
{
	struct policy *p;

	heap_on = 1;
	p = open_set("");
	heap_on = 0;
	chaos_check(heap_calls > 0, "the library's calls are not counted: this test shows nothing");
	if (p != NULL)
		count(p, ask_all);
	policy_close(p);
	snprintf(long_token, sizeof(long_token), "claim:x=%0600d:attr:a=b:pass:ann", 0);
	p = open_set(modules);
	if (p != NULL)
		count(p, ask_with_credentials);
	policy_close(p);
	return chaos_finish();
}

#endif
