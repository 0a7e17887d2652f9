/* SPDX-License-Identifier: Apache-2.0 */
#include "child.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

int64_t
pol_child_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Between fork and exec, where the keeper had threads: nothing but system calls. */
static void
become(int channel, int program, pid_t keeper)
{
	static char name[] = "policyd", front[] = "--front";
	char *const args[] = { name, front, NULL };

	/* it ends with the keeper, however that ends */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != keeper)
		_exit(70);
	if (channel == POL_CHILD_CHANNEL ? fcntl(channel, F_SETFD, 0) != 0 : dup2(channel, POL_CHILD_CHANNEL) < 0)
		_exit(70);
	fexecve(program, args, environ);
	_exit(70);
}

int
pol_child_start(struct pol_child *c, int program)
{
	pid_t keeper = getpid();
	int ends[2];

	memset(c, 0, sizeof(*c));
	c->channel = -1;
	if (pol_channel_new(ends) != 0)
		return -1;
	c->pid = fork();
	if (c->pid == 0)
		become(ends[1], program, keeper);
	close(ends[1]);
	if (c->pid < 0) {
		close(ends[0]);
		c->pid = 0;
		return -1;
	}
	c->channel = ends[0];
	c->started = c->answered = pol_child_now();
	return 0;
}

void
pol_child_leave(struct pol_child *c, bool kill_it)
{
	if (c->channel >= 0)
		close(c->channel);
	c->channel = -1;
	if (kill_it && c->pid > 0)
		kill(c->pid, SIGKILL);
}
