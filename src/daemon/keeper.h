/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper: makes the sockets, holds the set with its store for writing, keeps the last
 * good text, starts the front and starts it again, speaks to the service manager. It reads
 * no byte that a client sent.
 */
#ifndef POL_DAEMON_KEEPER_H
#define POL_DAEMON_KEEPER_H

#include "sandbox.h"

/* Until told to stop. mode: of the front. off: the argument of switch.h was given. What the process ends with: 0, or one of sysexits(3). */
int pol_keeper_run(const char *file, enum pol_sandbox_mode mode, bool off);

#endif
