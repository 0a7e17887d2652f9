/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper's part of TorchServe's keys: the file is written anew when it starts, at each
 * rotation, and gone when it ends. The keys are the set's: one of its steps makes them.
 */
#ifndef POL_DAEMON_KEYS_H
#define POL_DAEMON_KEYS_H

#include "conf.h"

/* Before the set is opened: keys of an earlier run open nothing more. conf lasts; where it
 * serves no torchserve, nothing is done, here and below. */
void pol_keys_start(const struct pol_conf *conf);
/* Once, when it is open for writing: the keys that expire get the end that is configured.
 * 0, or why there are none. */
int pol_keys_make(struct policy *policy, struct policy_error *err);
/* The file is removed. */
void pol_keys_end(void);

#endif
