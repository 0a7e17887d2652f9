/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What policy.h promises of structs that are shorter or longer than ours. All by
 * memcpy: in a row of short structs the next may be misaligned for ours.
 */
#include "base/sized.h"

#include <string.h>

#include <policy.h>

int
pol_sized_check(const void *theirs, uint32_t full, uint32_t least)
{
	const unsigned char *bytes = theirs;
	uint32_t size;

	memcpy(&size, theirs, sizeof(size));
	if (size < least || size > POL_SIZED_MOST)
		return POLICY_ERR_ABI;
	for (uint32_t i = full; i < size; i++) {
		if (bytes[i] != 0)
			return POLICY_ERR_ABI;
	}
	return 0;
}

int
pol_sized_in(void *ours, uint32_t full, uint32_t least, const void *theirs)
{
	uint32_t size;
	int rc = pol_sized_check(theirs, full, least);

	if (rc != 0)
		return rc;
	memcpy(&size, theirs, sizeof(size));
	if (size > full)
		size = full;
	memset((char *)ours + size, 0, full - size);
	memcpy(ours, theirs, size);
	memcpy(ours, &full, sizeof(full));
	return 0;
}

void
pol_sized_out(void *theirs, const void *ours, uint32_t full)
{
	uint32_t size;

	memcpy(&size, theirs, sizeof(size));
	if (size > full)
		size = full;
	memcpy((char *)theirs + sizeof(size), (const char *)ours + sizeof(size), size - sizeof(size));
}
