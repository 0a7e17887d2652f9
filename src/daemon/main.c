/* SPDX-License-Identifier: Apache-2.0 */
/* policyd: its arguments. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "conf.h"
#include "front.h"
#include "keeper.h"
#include "log.h"
#include "sandbox.h"
#include "state.h"

struct args {
	const char *file;
	bool alone, check, off;
	enum pol_sandbox_mode mode;
};

static int
usage(void)
{
	fputs("usage: policyd [-c FILE] [-n] [-t] [--seccomp=kill|errno|log|off]\n"
	    "               [--disable-token-auth]\n       policyd --version\n", stderr);
	return EX_USAGE;
}

/* The configuration and its set, and no more. */
static int
check_only(const char *file)
{
	struct policy_options opt = POLICY_OPTIONS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy *policy = NULL;
	struct pol_conf *conf;
	int rc = pol_conf_new(&conf, file, &err);

	if (rc == 0) {
		opt.flags = POLICY_READ_ONLY | POLICY_NO_THREAD;
		opt.log = pol_log_set;
		opt.module_dir = conf->modules;
		rc = policy_open(&policy, conf->policy, &opt, &err);
	}
	if (rc != 0)
		pol_log_error(&err);
	policy_close(policy);
	pol_conf_free(conf);
	return pol_exit_status(rc);
}

static int
parse(struct args *a, int argc, char **argv)
{
	static const struct option options[] = { { "seccomp", required_argument, NULL, 's' },
	    { "disable-token-auth", no_argument, NULL, 'o' }, { NULL, 0, NULL, 0 } };
	int o;

	while ((o = getopt_long(argc, argv, "c:nt", options, NULL)) != -1) {
		if (o == 'c')
			a->file = optarg;
		else if (o == 'n')
			a->alone = true;
		else if (o == 't')
			a->check = true;
		else if (o == 'o')
			a->off = true;
		else if (o != 's' || !pol_sandbox_word(&a->mode, optarg))
			return usage();
	}
	return optind == argc ? 0 : usage();
}

int
main(int argc, char **argv)
{
	struct args a = { .file = "/etc/policyd/policyd.yaml" };
	int rc;

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("policyd %s\n", policy_version());
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "--front") == 0)
		return pol_front_run();
	rc = parse(&a, argc, argv);
	if (rc != 0)
		return rc;
	if (a.check)
		return check_only(a.file);
	return a.alone ? pol_front_alone(a.file, a.mode, a.off) : pol_keeper_run(a.file, a.mode, a.off);
}
