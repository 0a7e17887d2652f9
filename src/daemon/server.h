/* SPDX-License-Identifier: Apache-2.0 */
/* The listeners of a configuration, served. */
#ifndef POL_DAEMON_SERVER_H
#define POL_DAEMON_SERVER_H

#include <policy.h>

#include "conf.h"

struct pol_server;
struct pol_desk;

/*
 * Starts to serve conf's listeners: fds[i] is the listening socket of listener i, and is
 * the server's from here on, also where this fails. conf, policy and desk (NULL: no
 * keeper) outlive it. Its threads have the signal mask of who calls.
 */
int pol_server_new(struct pol_server **out, const struct pol_conf *conf, struct policy *policy, struct pol_desk *desk, const int *fds,
    struct policy_error *err);
/* Takes no connection any more, and waits at most that long for requests under way. */
void pol_server_drain(struct pol_server *s, unsigned seconds);
/* Closes all. NULL is fine. */
void pol_server_free(struct pol_server *s);

#endif
