/* SPDX-License-Identifier: Apache-2.0 */
/* Structs of the caller's size, older or newer than ours, as policy.h promises. */
#include "author/author.h"

#include <string.h>

int
pol_take_in(void *out, uint32_t full, const void *in)
{
	const unsigned char *bytes = in;
	uint32_t size, i;

	memcpy(&size, in, sizeof(size));
	if (size < sizeof(size))
		return POLICY_ERR_ABI;
	for (i = full; i < size; i++)
		if (bytes[i] != 0)
			return POLICY_ERR_ABI;
	memset(out, 0, full);
	memcpy(out, in, size < full ? size : full);
	memcpy(out, &full, sizeof(full));
	return 0;
}

int
pol_take_out(void *out, const void *ours, uint32_t full, uint32_t least)
{
	uint32_t size;

	memcpy(&size, out, sizeof(size));
	if (size < least)
		return POLICY_ERR_ABI;
	if (size < full)
		full = size;
	memcpy((char *)out + sizeof(size), (const char *)ours + sizeof(size), full - sizeof(size));
	return 0;
}
