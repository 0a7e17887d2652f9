/* SPDX-License-Identifier: Apache-2.0 */
/* policyd: its arguments, and the run in the foreground. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "listen.h"
#include "log.h"
#include "server.h"

#define DRAIN_S 15

struct args {
	const char *file;
	bool alone, check;
};

static int
usage(void)
{
	fputs("usage: policyd [-c FILE] [-n] [-t]\n       policyd --version\n", stderr);
	return EX_USAGE;
}

static int
exit_of(const struct policy_error *err)
{
	pol_log_error(err);
	switch (err->code) {
	case POLICY_ERR_UNSAFE:
		return EX_NOPERM;
	case POLICY_ERR_NOENT:
		return EX_NOINPUT;
	case POLICY_ERR_IO:
	case POLICY_ERR_UNAVAILABLE:
		return EX_UNAVAILABLE;
	case POLICY_ERR_NOMEM:
	case POLICY_ERR_INTERNAL:
		return EX_SOFTWARE;
	default:
		return EX_DATAERR;
	}
}

static int
open_set(struct policy **out, const struct pol_conf *conf, struct policy_error *err)
{
	struct policy_options opt = POLICY_OPTIONS_INIT;

	opt.log = pol_log_set;
	opt.module_dir = conf->modules;
	return policy_open(out, conf->policy, &opt, err);
}

static int
listen_all(int *fds, const struct pol_conf *conf, struct policy_error *err)
{
	for (size_t i = 0; i < conf->listeners_count; i++) {
		fds[i] = pol_listen(conf, &conf->listeners[i], err);
		if (fds[i] < 0) {
			int rc = fds[i];

			while (i-- != 0)
				close(fds[i]);
			return rc;
		}
	}
	return 0;
}

static void
until_told(struct policy *policy, const sigset_t *set)
{
	int sig;

	for (;;) {
		struct policy_error err = POLICY_ERROR_INIT;

		if (sigwait(set, &sig) != 0 || sig == SIGTERM || sig == SIGINT)
			return;
		if (policy_reload(policy, &err) != 0)
			pol_log_error(&err);
		else
			pol_log(POLICY_LOG_INFO, "the set was read again");
	}
}

/* No second process: one that serves, and opens the set itself. */
static int
run_alone(const struct pol_conf *conf)
{
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy *policy = NULL;
	struct pol_server *server = NULL;
	int fds[16], rc;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	rc = open_set(&policy, conf, &err);
	if (rc == 0)
		rc = listen_all(fds, conf, &err);
	if (rc == 0)
		rc = pol_server_new(&server, conf, policy, fds, &err);
	if (rc == 0) {
		pol_log(POLICY_LOG_INFO, "ready");
		until_told(policy, &set);
		pol_server_drain(server, DRAIN_S);
		for (size_t i = 0; i < conf->listeners_count; i++)
			pol_listen_forget(&conf->listeners[i]);
	}
	pol_server_free(server);
	policy_close(policy);
	return rc == 0 ? 0 : exit_of(&err);
}

static int
check_only(const struct pol_conf *conf)
{
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy *policy;

	if (open_set(&policy, conf, &err) != 0)
		return exit_of(&err);
	policy_close(policy);
	return 0;
}

static int
parse(struct args *a, int argc, char **argv)
{
	int o;

	while ((o = getopt(argc, argv, "c:nt")) != -1) {
		if (o == 'c')
			a->file = optarg;
		else if (o == 'n')
			a->alone = true;
		else if (o == 't')
			a->check = true;
		else
			return usage();
	}
	return optind == argc ? 0 : usage();
}

int
main(int argc, char **argv)
{
	struct args a = { .file = "/etc/policyd/policyd.yaml" };
	struct policy_error err = POLICY_ERROR_INIT;
	struct pol_conf *conf;
	int rc;

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("policyd %s\n", policy_version());
		return 0;
	}
	rc = parse(&a, argc, argv);
	if (rc != 0)
		return rc;
	if (pol_conf_new(&conf, a.file, &err) != 0)
		return exit_of(&err);
	rc = a.check ? check_only(conf) : run_alone(conf);
	pol_conf_free(conf);
	return rc;
}
