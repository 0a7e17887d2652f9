/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One loop, which waits for four things: a signal, the front, a set that was opened or read
 * again in a thread, a time. Each has a function that changes struct pol_keeper and returns.
 */
#include "keeper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf_read.h"
#include "keeper_impl.h"
#include "last.h"
#include "log.h"
#include "user.h"

void
pol_keeper_end(struct pol_keeper *k, int status)
{
	k->over = true;
	k->status = status;
}

/* ---- signals ---- */

static void
reap(struct pol_keeper *k)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == k->front.pid)
			pol_keeper_front_died(k, status);
		for (size_t i = 0; i < POL_KEEPER_LEAVING; i++) {
			if (k->leaving[i].pid == pid)
				k->leaving[i].pid = 0;
		}
	}
}

static void
on_signal(struct pol_keeper *k)
{
	struct signalfd_siginfo info;

	while (read(k->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGCHLD:
			reap(k);
			break;
		case SIGHUP:
		case SIGUSR1:
			k->reload_wanted = true;
			break;
		default:
			if (k->stopping != 0) {	/* asked twice: at once */
				pol_child_leave(&k->front, true);
				pol_keeper_end(k, 0);
			}
			pol_keeper_stop(k);
		}
	}
}

/* ---- start ---- */

static int
take_signals(struct pol_keeper *k)
{
	static const int wanted[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		sigaddset(&set, wanted[i]);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return -1;
	k->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return k->signals < 0 ? -1 : 0;
}

/* The text of policyd.yaml as it is now, for every front there will be: one that starts
 * later must not find another. */
static int
keep_conf(struct pol_keeper *k, const char *file, struct policy_error *err)
{
	char *text = NULL;
	size_t len = 0;
	int rc = pol_conf_load(&text, &len, file, err);

	if (rc == 0)
		rc = pol_conf_text(&k->conf, file, text, len, err);
	if (rc == 0) {
		k->text = memfd_create("policyd.yaml", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		if (k->text < 0 || write(k->text, text, len) != (ssize_t)len ||
		    fcntl(k->text, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
			err->code = rc = POLICY_ERR_IO;
			snprintf(err->text, sizeof(err->text), "the configuration cannot be kept: %s", strerror(errno));
		}
	}
	free(text);
	return rc;
}

/* The front says the rest, of the same set. */
static void
say(void *ctx, enum policy_log_level level, const char *text)
{
	if (level == POLICY_LOG_ERROR)
		pol_log_set(ctx, level, text);
}

static int
begin(struct pol_keeper *k, const char *file, struct policy_error *err)
{
	int rc = keep_conf(k, file, err);

	if (rc != 0)
		return rc;
	k->options = (struct policy_options)POLICY_OPTIONS_INIT;
	k->options.module_dir = k->conf->modules;
	k->options.log = say;
	k->program = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	pol_notify_open(&k->notify);
	k->clerks = pol_clerks_new();
	if (k->clerks == NULL || k->program < 0 || take_signals(k) != 0 || pol_load_init(&k->load) != 0) {
		err->code = POLICY_ERR_IO;
		snprintf(err->text, sizeof(err->text), "the keeper cannot begin: %s", strerror(errno));
		return err->code;
	}
	rc = pol_sockets_open(&k->sockets, k->conf, err);
	if (rc == 0)
		rc = pol_user_become(k->conf->user, err);
	if (rc == 0 && geteuid() == 0)
		pol_log(POLICY_LOG_WARNING, "policyd serves as root: `user:` says who else it could be");
	return rc;
}

/* ---- the loop ---- */

static void
turn(struct pol_keeper *k)
{
	struct pollfd p[3] = {
		{ .fd = k->signals, .events = POLLIN },
		{ .fd = k->load.done, .events = POLLIN },
		{ .fd = k->front.channel, .events = POLLIN },
	};
	int64_t wait = pol_keeper_due(k);

	if (poll(p, 3, wait > 60000 ? 60000 : (int)wait) < 0 && errno != EINTR)
		pol_keeper_end(k, 71);
	if ((p[2].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
		pol_keeper_heard(k);
	if ((p[1].revents & POLLIN) != 0)
		pol_keeper_loaded(k);
	if ((p[0].revents & POLLIN) != 0)
		on_signal(k);
	pol_keeper_time(k);
}

int
pol_keeper_run(const char *file, enum pol_sandbox_mode mode)
{
	struct pol_keeper *k = calloc(1, sizeof(*k));
	struct policy_error err = POLICY_ERROR_INIT;
	int rc;

	if (k == NULL)
		return 71;
	k->signals = k->program = k->text = k->notify.fd = k->load.done = k->front.channel = -1;
	k->mode = mode;
	rc = begin(k, file, &err);
	if (rc != 0) {
		pol_log_error(&err);
		pol_keeper_end(k, pol_exit_status(rc));
	} else {
		pol_keeper_start_front(k);
		pol_keeper_open(k, k->conf->policy);
	}
	while (!k->over)
		turn(k);
	rc = k->status;
	pol_keeper_fini(k);
	free(k);
	return rc;
}
