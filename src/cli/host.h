/* SPDX-License-Identifier: Apache-2.0 */
/* A set as a host opens it, and credentials from files and standard input. */
#ifndef POL_CLI_HOST_H
#define POL_CLI_HOST_H

#include "cli/cli.h"

struct pol_host {
	struct policy *p;
	int64_t now;			/* --now; the handle's clock points here */
	struct policy_limits limits;
};

/* The one -p, with --module-dir, --now and --max-size. 0, or an exit status when it has
 * said what is wrong. */
int pol_host_open(struct pol_host *h, const struct pol_args *a);
void pol_host_close(struct pol_host *h);

/* A credential of the command line. */
struct pol_secret {
	struct policy_credential credential;
	char data[65536 + 2];
};

bool pol_host_secret_given(const struct pol_args *a);
/* 0, or an exit status when it has said what is wrong. */
int pol_host_secret_read(struct pol_secret *s, const struct pol_args *a);
void pol_host_secret_wipe(struct pol_secret *s);

#endif
