/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TorchServe's switch. Whether tokens are asked for is said by, first the one that counts:
 * TS_DISABLE_TOKEN_AUTHORIZATION, where the file has `enable_envvars_config: true`;
 * --disable-token-auth; `disable_token_authorization` of the file. Where none says, they are.
 */
#ifndef POL_DAEMON_SWITCH_H
#define POL_DAEMON_SWITCH_H

#include <stdbool.h>

#include "conf.h"

#define POL_SWITCH_NAME "TS_DISABLE_TOKEN_AUTHORIZATION"

/* The settings of the listener that serves torchserve, or NULL: none does. */
const struct pol_conf_torchserve *pol_switch_conf(const struct pol_conf *conf);
/* flag: the argument was given; environment: the variable's value, or NULL. *by: what said
 * so, where it is off. */
bool pol_switch_is_off(const struct pol_conf *conf, bool flag, const char *environment, const char **by);
/* The same of this process's environment; logged. */
bool pol_switch_look(const struct pol_conf *conf, bool flag);

#endif
