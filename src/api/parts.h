/* SPDX-License-Identifier: Apache-2.0 */
/* What a set needs beside its text and its steps: its store, read, its log, and the service. */
#ifndef POL_API_PARTS_H
#define POL_API_PARTS_H

#include "api/handle.h"
#include "compile/compile.h"

/* Under the lock: reads the set's store, before its people are made. It is kept in p->staged. */
int pol_parts_store(struct policy *p, const struct ast_set *set, struct policy_error *err);
/* The set came to nothing: nothing is staged any more. */
void pol_parts_back(struct policy *p);
/* Under the lock, for s, whose steps are open: starts a service where one is wanted, and tells
 * the store's revocations. Nothing else is in force yet. */
int pol_parts_open(struct policy *p, struct pol_snapshot *s, const struct ast_set *set, struct policy_error *err);
/* Under the lock: puts s, and the store that is staged, in force. It cannot fail. */
void pol_parts_swap(struct policy *p, struct pol_snapshot *s);

#endif
