/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Children of a test. What does not hold in one, at whichever depth, it says itself; its
 * parents only count it. Nothing waits for ever: a process says what it was at and ends when
 * its time is up, and a child that cannot even do that is killed.
 */
#ifndef POL_TESTS_CHILD_H
#define POL_TESTS_CHILD_H

#include "probed.h"

#include <signal.h>
#include <sys/wait.h>

#define CHILD_SECONDS 90
#define ALL_SECONDS 280			/* before tests/run stops it, which would not say where */

static int bad;				/* in this child */
static const char *doing = "begin";

static inline void
says_not(int line, const char *what)
{
	bad = 1;
	printf("    line %d does not hold: %s\n", line, what);
}

/* In a child, where nothing can be counted for the parent. Only the first is said. */
#define HOLDS(what) do { \
	if (bad == 0 && !(what)) \
		says_not(__LINE__, #what); \
} while (0)
#define COMES(holds) do { \
	int left_ = 4000; \
	while (bad == 0 && !(holds) && --left_ > 0) \
		nap(5); \
	if (left_ <= 0) \
		says_not(__LINE__, #holds); \
} while (0)

static inline void
say(const char *text)
{
	if (write(STDOUT_FILENO, text, strlen(text)) < 0)
		_exit(2);
}

static inline void
time_is_up(int sig)
{
	(void)sig;
	say("    hangs: ");
	say(doing);
	say("\n");
	_exit(2);
}

/* Before the first child. */
static inline void
begin_children(void)
{
	struct sigaction act = { .sa_handler = time_is_up };

	setvbuf(stdout, NULL, _IOLBF, 0);	/* what a child prints is not lost with it */
	sigaction(SIGALRM, &act, NULL);
	alarm(ALL_SECONDS);
}

/* Its status; killed when it does not end in its time and a third. */
static inline int
status_of(pid_t pid)
{
	int status = -1;

	for (int left = CHILD_SECONDS * 1333 / 2; pid > 0; nap(2)) {
		if (waitpid(pid, &status, WNOHANG) != 0)
			return status;
		if (--left == 0) {
			printf("    killed, for it does not end: %s\n", doing);
			kill(pid, SIGKILL);
		}
	}
	return status;
}

/* What run finds is the child's status. An alarm is not inherited. */
static inline int
run_child(struct policy *p, void (*run)(struct policy *p))
{
	pid_t pid = fork();

	if (pid == 0) {
		alarm(CHILD_SECONDS);
		bad = 0;
		run(p);
		_exit(bad);
	}
	return status_of(pid);
}

#endif
