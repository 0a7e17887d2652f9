/* SPDX-License-Identifier: Apache-2.0 */
/* The front: serves. It opens the set for reading only, and is the process that clients
 * speak to. */
#ifndef POL_DAEMON_FRONT_H
#define POL_DAEMON_FRONT_H

#include "sandbox.h"

/* `policyd --front`: started by a keeper, which is at the other end of POL_CHILD_CHANNEL. */
int pol_front_run(void);
/* `policyd -n`: with no keeper; makes the sockets itself. off: see keeper.h. */
int pol_front_alone(const char *file, enum pol_sandbox_mode mode, bool off);

#endif
