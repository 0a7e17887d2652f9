/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets of a configuration. */
#ifndef POL_DAEMON_LISTEN_H
#define POL_DAEMON_LISTEN_H

#include <policy.h>

#include "conf.h"

/* The socket of a listener at unix or tcp, or a negative policy_err. A socket file that
 * nobody listens on is replaced. */
int pol_listen(const struct pol_conf *conf, const struct pol_conf_listener *l, struct policy_error *err);
/* Removes the file of a unix socket. */
void pol_listen_forget(const struct pol_conf_listener *l);

#endif
