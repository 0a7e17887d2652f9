/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server that opens a set, then forks its workers, while threads of the parent
 * decide and reload: every child decides and reloads by itself and comes to an end,
 * and the parent goes on.
 */
#include "chaos.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN = 40, ROUNDS = 200 };

static char dir[] = "/tmp/libpolicy-chaos-XXXXXX", name[64];
static struct policy *p;
#ifndef CHAOS_SANITIZER
static atomic_int stop;
#endif
static atomic_ulong wrong;

static int
answers_hold(int rounds)
{
	struct policy_decision d = POLICY_DECISION_INIT;
	size_t i;
	int n;

	for (n = 0; n < rounds; n++)
		for (i = 0; i < CHAOS_REQUESTS; i++)
			if (!chaos_ask(p, i, &d))
				return 0;
	return 1;
}

#ifndef CHAOS_SANITIZER
static void *
busy(void *arg)
{
	while (!atomic_load(&stop)) {
		if (!answers_hold(1))
			atomic_fetch_add(&wrong, 1);
		if (arg != NULL && policy_reload(p, NULL) != 0)
			atomic_fetch_add(&wrong, 1);
	}
	return NULL;
}
#endif

/* Exit status of a child: 0, or what went wrong. An alarm ends one that hangs. */
static int
child(int i)
{
	uint64_t before;

	alarm(30);
	if (!answers_hold(ROUNDS))
		return 1;
	before = policy_generation(p);
	if (i % 2 == 0 && (policy_reload(p, NULL) != 0 || policy_generation(p) <= before))
		return 2;
	if (!answers_hold(ROUNDS))
		return 3;
	policy_close(p);
	return 0;
}

#ifndef CHAOS_SANITIZER
static pthread_t decider, reloader;
#endif

static void
start_threads(void)
{
#ifdef CHAOS_SANITIZER
	chaos_skip(1, "threads in the parent (a sanitizer's allocator does not survive fork beside them)");
#else
	pthread_create(&decider, NULL, busy, NULL);
	pthread_create(&reloader, NULL, busy, &stop);
#endif
}

static void
end_threads(void)
{
#ifndef CHAOS_SANITIZER
	atomic_store(&stop, 1);
	pthread_join(decider, NULL);
	pthread_join(reloader, NULL);
#endif
}

static void
run(void)
{
	unsigned bad = 0;
	int i, status;

	start_threads();
	for (i = 0; i < CHILDREN; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(child(i));
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
			printf("child %d: status %x\n", i, (unsigned)status);
			bad++;
		}
	}
	end_threads();
	chaos_check(bad == 0, "a child hung, died or answered wrongly");
	chaos_check(wrong == 0, "the parent answered wrongly, or could not reload");
	chaos_check(answers_hold(1) && policy_reload(p, NULL) == 0 && answers_hold(1), "the parent does not go on");
}

int
main(void)
{
	struct policy_error err = POLICY_ERROR_INIT;
	FILE *f;

	if (!chaos_check(mkdtemp(dir) != NULL, "no scratch directory"))
		return chaos_finish();
	snprintf(name, sizeof(name), "%s/set.yaml", dir);
	f = fopen(name, "w");
	if (chaos_check(f != NULL && fputs(chaos_set, f) >= 0 && fclose(f) == 0 && chmod(name, 0644) == 0 &&
	    policy_open(&p, dir, NULL, &err) == 0, "the set does not open")) {
		run();
		policy_close(p);
	} else {
		printf("    %s:%u:%u: %s\n", err.file, err.line, err.column, err.text);
	}
	unlink(name);
	rmdir(dir);
	return chaos_finish();
}
