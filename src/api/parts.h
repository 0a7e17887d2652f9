/* SPDX-License-Identifier: Apache-2.0 */
/* What a set needs beside its text and its steps: its store, read, its log, and the service. */
#ifndef POL_API_PARTS_H
#define POL_API_PARTS_H

#include "api/handle.h"
#include "compile/compile.h"

/* Under the lock, for s, whose steps are open: reads the set's store, and starts a service
 * where one is wanted. Nothing is in force yet; it is kept in p->staged. */
int pol_parts_open(struct policy *p, struct pol_snapshot *s, const struct ast_set *set, struct policy_error *err);
/* Under the lock: puts s, and the store that is staged, in force. It cannot fail. */
void pol_parts_swap(struct policy *p, struct pol_snapshot *s);

#endif
