/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deciding for an asserted subject neither allocates nor calls the system. Calls of
 * the allocator are counted; system calls are made deadly by strict seccomp, in a
 * child that has decided once before (a child's first call may do more).
 */
#include "chaos.h"

#ifdef CHAOS_SANITIZER

int
main(void)
{
	chaos_skip(2, "no allocation, no system call (a sanitizer makes both)");
	return chaos_finish();
}

#else

#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "heap.h"

enum { ROUNDS = 1000 };

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

	ask_all(p);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
		syscall(SYS_exit, 2);
	for (i = 0; i < ROUNDS; i++)
		good += ask_all(p);
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

int
main(void)
{
	struct policy *p;
	struct policy_error err = POLICY_ERROR_INIT;
	size_t good = 0;
	int i;

	heap_on = 1;
	i = policy_open_text(&p, "chaos.yaml", chaos_set, sizeof(chaos_set) - 1, NULL, &err);
	heap_on = 0;
	if (i != 0) {
		printf("%s:%u:%u: %s\n", err.file, err.line, err.column, err.text);
		chaos_check(0, "the set does not open");
		return chaos_finish();
	}
	chaos_check(ask_all(p) == CHAOS_REQUESTS, "not every answer is the known one");
	chaos_check(heap_calls > 0, "the library's calls are not counted: this test shows nothing");
	heap_calls = 0;
	heap_on = 1;
	for (i = 0; i < ROUNDS; i++)
		good += ask_all(p);
	heap_on = 0;
	chaos_check(good == ROUNDS * CHAOS_REQUESTS, "answers differ over the rounds");
	if (!chaos_check(heap_calls == 0, "deciding called the allocator"))
		printf("    %ld calls\n", heap_calls);
	system_calls(p);
	policy_close(p);
	return chaos_finish();
}

#endif
