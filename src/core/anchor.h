/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands on one thing: the look-up, and the same in two steps ahead of time for
 * those who decide many requests in a row. hash: pol_hash_join(the type's, the id's).
 */
#ifndef POL_CORE_ANCHOR_H
#define POL_CORE_ANCHOR_H

#include "base/name.h"
#include "core/program.h"

/* Brings the first slot that a look-up reads. */
static inline void
pol_anchor_prefetch_slot(const struct pol_program *p, uint64_t hash)
{
	const uint64_t *slots = POL_AT(p, p->anchor_ids.off);

	__builtin_prefetch(&slots[(uint32_t)(hash >> 32) & p->anchor_ids.mask]);
}

/* Reads slots as the look-up will, and brings the record that it will compare. */
static inline void
pol_anchor_prefetch(const struct pol_program *p, uint64_t hash)
{
	const uint64_t *slots = POL_AT(p, p->anchor_ids.off);
	uint32_t mask = p->anchor_ids.mask, i = (uint32_t)(hash >> 32) & mask;

	for (; slots[i] != 0; i = (i + 1) & mask) {
		if (slots[i] >> 32 == hash >> 32) {
			__builtin_prefetch(POL_AT(p, (uint32_t)slots[i]));
			__builtin_prefetch((const char *)POL_AT(p, (uint32_t)slots[i]) + 63);
			return;
		}
	}
}

/* NULL: no entry speaks of this thing by its name. */
static inline const struct pol_anchor *
pol_anchor_find(const struct pol_program *p, uint64_t hash, uint32_t type, const char *id, size_t len)
{
	const uint64_t *slots = POL_AT(p, p->anchor_ids.off);
	uint32_t mask = p->anchor_ids.mask, i = (uint32_t)(hash >> 32) & mask;

	for (; slots[i] != 0; i = (i + 1) & mask) {
		const struct pol_anchor *a = POL_AT(p, (uint32_t)slots[i]);

		if (slots[i] >> 32 == hash >> 32 && a->type == type &&
		    a->len == len && pol_bytes_same((const char *)(a + 1), id, len))
			return a;
	}
	return NULL;
}

/* Sorted by role, then number. */
static inline const struct pol_item *
pol_anchor_items(const struct pol_program *p, const struct pol_anchor *a, uint32_t *n)
{
	const void *behind = (const char *)(a + 1) + ((a->len + 3u) & ~3u);
	const struct pol_span *many = behind;

	if (a->n != POL_ANCHOR_MANY) {
		*n = a->n;
		return behind;
	}
	*n = many->n;
	return POL_AT(p, many->off);
}

#endif
