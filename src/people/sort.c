/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sorts a million keys in a few passes: by the highest bits that differ, in two
 * turns of counting, which leaves next to nothing to do among neighbours.
 */
#include <stdlib.h>

#include "people/impl.h"

#define FEW 32				/* so many are sorted by insertion */
#define MAX_DIGIT 11			/* bits counted in one turn */

static void
insert(struct pol_sort_key *keys, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct pol_sort_key x = keys[i];
		size_t k = i;

		for (; k > 0 && keys[k - 1].key > x.key; k--)
			keys[k] = keys[k - 1];
		keys[k] = x;
	}
}

/* From one array to the other, by the `bits` bits from `shift` on; order is kept. */
static void
turn(struct pol_sort_key *to, const struct pol_sort_key *from, size_t n, unsigned shift, unsigned bits)
{
	uint32_t start[1u << MAX_DIGIT], at = 0, mask = ((uint32_t)1 << bits) - 1;

	memset(start, 0, ((size_t)mask + 1) * sizeof(*start));
	for (size_t i = 0; i < n; i++)
		start[(uint32_t)(from[i].key >> shift) & mask]++;
	for (size_t i = 0; i <= mask; i++) {
		uint32_t count = start[i];

		start[i] = at;
		at += count;
	}
	for (size_t i = 0; i < n; i++)
		to[start[(uint32_t)(from[i].key >> shift) & mask]++] = from[i];
}

/* Sorts by the bits below `high`, of which the highest may differ. */
static void
by_bits(struct pol_sort_key *keys, struct pol_sort_key *room, size_t n, unsigned high)
{
	unsigned digit = 1, top, low;

	while (digit < MAX_DIGIT && n >> 2 * digit > 1)
		digit++;
	top = high < digit ? high : digit;
	low = high - top < digit ? high - top : digit;
	if (low > 0) {
		turn(room, keys, n, high - top - low, low);
		turn(keys, room, n, high - top, top);
	} else {
		turn(room, keys, n, high - top, top);
		memcpy(keys, room, n * sizeof(*keys));
	}
	for (size_t i = 0, to; high > top + low && i < n; i = to) {
		uint64_t head = keys[i].key >> (high - top - low);

		for (to = i + 1; to < n && keys[to].key >> (high - top - low) == head; )
			to++;
		/* keys that agree in what was counted: a few, or such as were chosen */
		if (to - i > FEW)
			by_bits(keys + i, room, to - i, high - top - low);
		else
			insert(keys + i, to - i);
	}
}

int
pol_keys_sort(struct pol_sort_key *keys, size_t n)
{
	struct pol_sort_key *room;
	uint64_t differ = 0;
	unsigned high = 0;

	if (n <= FEW) {
		insert(keys, n);
		return 0;
	}
	if (n > UINT32_MAX)
		return POLICY_ERR_LIMIT;
	for (size_t i = 1; i < n; i++)
		differ |= keys[i].key ^ keys[0].key;
	while (high < 64 && differ >> high != 0)
		high++;
	if (high == 0)
		return 0;
	room = malloc(n * sizeof(*room));
	if (room == NULL)
		return POLICY_ERR_NOMEM;
	by_bits(keys, room, n, high);
	free(room);
	return 0;
}
