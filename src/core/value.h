/* SPDX-License-Identifier: Apache-2.0 */
/* Stored values: what program and people keep, relative to a base address. */
#ifndef POL_CORE_VALUE_H
#define POL_CORE_VALUE_H

#include <stdint.h>

#include <policy.h>

#include "base/cidr.h"
#include "base/time.h"

/* Bytes at base + off. A NUL stands behind them that len does not count. */
struct pol_str {
	uint32_t off, len;
};

/* n elements of a known type at base + off. */
struct pol_span {
	uint32_t off, n;
};

/* Beside enum policy_type, in literals of conditions only. */
enum {
	POL_T_TIME = 16,		/* u.i seconds, n nanoseconds */
	POL_T_IP = 17,			/* u.off: struct pol_ip */
	POL_T_NET = 18			/* u.off: struct pol_net */
};

struct pol_sval {
	uint8_t type;			/* enum policy_type, or POL_T_ */
	uint8_t pad[3];
	uint32_t n;			/* bytes of a text, items, members */
	union {
		int64_t i;		/* POLICY_INT, POLICY_BOOL (0, 1), POL_T_TIME */
		double d;
		uint64_t off;		/* text; struct pol_sval[n]; struct pol_sattr[n] */
	} u;
};

struct pol_sattr {
	struct pol_str name;
	uint32_t hash;			/* pol_hash32 of the name: a filter */
	uint32_t pad;
	struct pol_sval value;
};

#define POL_AT(base, off) ((const void *)((const char *)(base) + (off)))

static inline const char *
pol_str_at(const void *base, struct pol_str s)
{
	return (const char *)base + s.off;
}

#endif
