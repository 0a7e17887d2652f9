/* SPDX-License-Identifier: Apache-2.0 */
/* Structs that begin with `size`, of a version of policy.h other than ours. */
#ifndef POL_BASE_SIZED_H
#define POL_BASE_SIZED_H

#include <stdint.h>

/* A size beyond this is no later version but an uninitialised struct, whose bytes
 * may not even be there to look at. */
#define POL_SIZED_MOST 65536u

/*
 * May a struct of the caller's be read as ours of `full` bytes? At least `least`
 * bytes, and what it has beyond ours is zero. 0, or POLICY_ERR_ABI.
 */
int pol_sized_check(const void *theirs, uint32_t full, uint32_t least);
/* Copies it into one of our size; what it lacks is zero. */
int pol_sized_in(void *ours, uint32_t full, uint32_t least, const void *theirs);
/* Copies ours into a struct that pol_sized_check took, as far as that reaches. */
void pol_sized_out(void *theirs, const void *ours, uint32_t full);

#endif
