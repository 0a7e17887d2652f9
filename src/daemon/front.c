/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main thread of the process that serves: it hears the keeper and signals, and has sets
 * opened and read again in a thread of their own. Requests are the server's threads' work.
 */
#include "front.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "conf_read.h"
#include "desk.h"
#include "load.h"
#include "log.h"
#include "metrics.h"
#include "sandbox.h"
#include "server.h"
#include "sockets.h"
#include "state.h"
#include "user.h"

#define DRAIN_S 10

struct front {
	int channel, signals;		/* channel -1: alone */
	struct pol_conf *conf;
	enum pol_sandbox_mode mode;
	struct pol_sockets sockets;
	struct policy_options options;
	char path[1024];		/* "": libpolicy's default */
	struct pol_load load;
	struct policy *policy;
	struct pol_desk *desk;		/* NULL: alone */
	struct pol_server *server;
	bool shut_in, reload_again, over;
	int status;
};

static void
end(struct front *f, int status)
{
	f->over = true;
	f->status = status;
}

static void
answer(struct front *f, enum pol_channel_kind kind, int code, const char *error)
{
	struct pol_message m = { .kind = kind, .code = code };

	if (f->channel < 0)
		return;
	snprintf(m.error, sizeof(m.error), "%s", error);
	pol_channel_send(f->channel, &m, -1);
}

/* ---- the set ---- */

static void
reload(struct front *f)
{
	if (f->load.running) {
		f->reload_again = true;
	} else if (f->policy == NULL || pol_load_start(&f->load, f->policy, NULL, NULL) != 0) {
		pol_log(POLICY_LOG_ERROR, "the set cannot be read again: there is none, or no thread to do it");
		answer(f, POL_CHANNEL_RELOADED, POLICY_ERR_INTERNAL, "there is no thread to read the set in");
	}
}

/* Before there is a second thread. */
static bool
shut_in(struct front *f)
{
	char why[512];
	int rc = f->shut_in ? 0 : pol_sandbox_front(f->conf, f->mode, why, sizeof(why));

	if (rc < 0) {
		pol_log(POLICY_LOG_ERROR, "the serving process cannot be shut in: %s", why);
		end(f, EX_OSERR);
	} else if (rc > 0) {
		pol_log(POLICY_LOG_WARNING, "%s", why);
	}
	f->shut_in = true;
	return rc >= 0;
}

static void
open_set(struct front *f)
{
	if (!shut_in(f))
		return;
	if (f->policy == NULL && !f->load.running &&
	    pol_load_start(&f->load, NULL, f->path[0] != '\0' ? f->path : NULL, &f->options) != 0)
		end(f, 71);
}

static void
serve(struct front *f)
{
	struct policy_error err = POLICY_ERROR_INIT;
	int fds[POL_SOCKETS], rc;

	for (size_t i = 0; i < f->sockets.n; i++)	/* the server closes what it is given */
		fds[i] = fcntl(f->sockets.list[i].fd, F_DUPFD_CLOEXEC, 3);
	rc = pol_server_new(&f->server, f->conf, f->policy, f->desk, fds, &err);
	if (rc != 0) {
		pol_log_error(&err);
		end(f, pol_exit_status(rc));
	}
}

static void
was_opened(struct front *f, int rc, const char *why)
{
	f->policy = f->load.policy;
	if (rc == 0)
		serve(f);
	if (!f->over)
		answer(f, POL_CHANNEL_OPENED, rc, why);
	if (!f->over && rc == 0 && f->channel < 0)
		pol_log(POLICY_LOG_INFO, "ready");
	if (rc != 0 && f->channel < 0)
		end(f, pol_exit_status(rc));
}

static void
was_reloaded(struct front *f, int rc, const char *why)
{
	pol_state_reloaded(rc, why);
	if (rc != 0 && f->channel < 0)
		pol_log(POLICY_LOG_ERROR, "the set is refused, the one before stays in force: %s", why);
	answer(f, POL_CHANNEL_RELOADED, rc, why);
}

static void
loaded(struct front *f)
{
	bool was_open = f->policy == NULL;
	char why[1400];

	pol_load_end(&f->load);
	pol_state_say(why, sizeof(why), &f->load.err);
	if (was_open)
		was_opened(f, f->load.rc, why);
	else
		was_reloaded(f, f->load.rc, why);
	if (f->reload_again && !f->over) {
		f->reload_again = false;
		reload(f);
	}
}

/* ---- who speaks to us ---- */

static void
take_conf(struct front *f, const char *name, int fd)
{
	struct policy_error err = POLICY_ERROR_INIT;
	struct stat st;
	char *text = NULL;
	ssize_t n = -1;
	int rc = POLICY_ERR_IO;

	if (f->conf == NULL && fd >= 0 && fstat(fd, &st) == 0 && (text = malloc((size_t)st.st_size + 1)) != NULL)
		n = pread(fd, text, (size_t)st.st_size, 0);
	if (n >= 0 && n == st.st_size)
		rc = pol_conf_text(&f->conf, name, text, (size_t)n, &err);
	free(text);
	if (rc != 0)
		end(f, pol_exit_status(rc));
	else
		f->options.module_dir = f->conf->modules;
}

static void
take_socket(struct front *f, int fd)
{
	if (f->conf == NULL || fd < 0 || f->sockets.n == f->conf->listeners_count || f->sockets.n == POL_SOCKETS)
		end(f, 70);
	else
		f->sockets.list[f->sockets.n++] = (struct pol_socket){ .fd = fd, .passed = true };
}

static void
told(struct front *f, struct pol_message *m, int fd)
{
	bool taken = false;

	switch (m->kind) {
	case POL_CHANNEL_CONF:
		f->mode = m->number <= POL_SANDBOX_OFF ? (enum pol_sandbox_mode)m->number : POL_SANDBOX_KILL;
		take_conf(f, m->text, fd);
		break;
	case POL_CHANNEL_SOCKET:
		take_socket(f, fd);
		taken = !f->over;
		break;
	case POL_CHANNEL_DESK:
		taken = f->desk != NULL && pol_desk_add(f->desk, fd) == 0;
		break;
	case POL_CHANNEL_OPEN:
		memcpy(f->path, m->text, sizeof(f->path));
		pol_state_start(m->last_good != 0, m->number, m->last_good != 0 ? m->error : NULL);
		if (f->conf != NULL && f->sockets.n == f->conf->listeners_count)
			open_set(f);
		else
			end(f, 70);
		break;
	case POL_CHANNEL_RELOAD:
		reload(f);
		break;
	case POL_CHANNEL_REFUSED:
		pol_state_reloaded(POLICY_ERR_INVALID, m->error);
		break;
	case POL_CHANNEL_STOP:
		end(f, 0);
		break;
	case POL_CHANNEL_PING:
		answer(f, POL_CHANNEL_PONG, 0, "");
		break;
	default:
		break;
	}
	if (fd >= 0 && !taken)
		close(fd);
}

static void
hear(struct front *f)
{
	struct pol_message m;
	int fd, got;

	while (!f->over && (got = pol_channel_get(f->channel, &m, &fd)) != 0) {
		if (got < 0)
			_exit(70);	/* no keeper, no front */
		told(f, &m, fd);
	}
}

static void
on_signal(struct front *f)
{
	struct signalfd_siginfo info;

	while (read(f->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			end(f, 0);
		else if (f->channel < 0)	/* else it is the keeper's to say */
			reload(f);
	}
}

/* ---- begin, loop, end ---- */

static int
begin(struct front *f)
{
	static const int wanted[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1 };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		sigaddset(&set, wanted[i]);
	signal(SIGPIPE, SIG_IGN);
	pol_desk_wipe_json();
	f->options = (struct policy_options)POLICY_OPTIONS_INIT;
	f->options.flags = POLICY_READ_ONLY;
	f->options.log = pol_log_set;
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 || pol_load_init(&f->load) != 0)
		return -1;
	f->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	pol_metrics_open();
	return f->signals < 0 ? -1 : 0;
}

/* Alone: whoever is at the sockets already is let in. */
static void
last_of_them(struct front *f)
{
	struct timespec tick = { 0, 5000000 };

	pol_sockets_shut(&f->sockets);
	for (int n = 0; f->server != NULL && n < 200 && (n < 10 || pol_sockets_wanted(&f->sockets)); n++)
		nanosleep(&tick, NULL);
}

static void
loop(struct front *f)
{
	while (!f->over) {
		struct pollfd p[3] = {
			{ .fd = f->signals, .events = POLLIN },
			{ .fd = f->load.done, .events = POLLIN },
			{ .fd = f->channel, .events = POLLIN },
		};

		if (poll(p, 3, -1) < 0 && errno != EINTR)
			end(f, 71);
		if ((p[2].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
			hear(f);
		if ((p[1].revents & POLLIN) != 0)
			loaded(f);
		if ((p[0].revents & POLLIN) != 0)
			on_signal(f);
	}
	if (f->channel < 0)
		last_of_them(f);
	if (f->server != NULL)
		pol_server_drain(f->server, DRAIN_S);
	if (f->load.running)		/* a server or a disk may keep it for long */
		_exit(f->status);
	pol_server_free(f->server);
	pol_desk_free(f->desk);
	policy_close(f->policy);
	pol_sockets_close(&f->sockets);
	pol_conf_free(f->conf);
}

int
pol_front_run(void)
{
	static struct front f = { .channel = POL_CHILD_CHANNEL, .signals = -1 };

	if (fcntl(f.channel, F_SETFD, FD_CLOEXEC) != 0 || begin(&f) != 0 || (f.desk = pol_desk_new()) == NULL)
		return 71;
	loop(&f);
	return f.status;
}

int
pol_front_alone(const char *file, enum pol_sandbox_mode mode)
{
	static struct front f = { .channel = -1, .signals = -1 };
	struct policy_error err = POLICY_ERROR_INIT;
	int rc;

	if (begin(&f) != 0)
		return 71;
	rc = pol_conf_new(&f.conf, file, &err);
	if (rc == 0)
		rc = pol_sockets_open(&f.sockets, f.conf, &err);
	if (rc == 0)
		rc = pol_user_become(f.conf->user, &err);
	if (rc != 0) {
		pol_log_error(&err);
		return pol_exit_status(rc);
	}
	f.mode = mode;
	f.options.module_dir = f.conf->modules;
	snprintf(f.path, sizeof(f.path), "%s", f.conf->policy != NULL ? f.conf->policy : "");
	open_set(&f);
	loop(&f);
	return f.status;
}
