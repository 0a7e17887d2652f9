/* SPDX-License-Identifier: Apache-2.0 */
/* Hints are a courtesy: a wrong one is worse than none, so only a single name that
 * is nearer than all others is ever told. */
#include "compile/parse_hint.h"

#include "base/name.h"

/* A short name bears fewer slips before it is another name. */
static unsigned
edits(size_t len)
{
	return len < 3 ? 0 : len < 5 ? 1 : POL_HINT_EDITS;
}

void
pol_hint_init(struct pol_hint *h, struct policy_text wanted)
{
	memset(h, 0, sizeof(*h));
	h->wanted = wanted;
	h->distance = edits(wanted.len) + 1;
}

void
pol_hint_offer(struct pol_hint *h, struct policy_text name)
{
	unsigned d;

	if (h->wanted.len > name.len + POL_HINT_EDITS || name.len > h->wanted.len + POL_HINT_EDITS)
		return;
	d = pol_name_distance(h->wanted.data, h->wanted.len, name.data, name.len, h->distance);
	if (d > h->distance || d > edits(h->wanted.len))
		return;
	if (d == h->distance) {
		h->several = h->several || h->best.data == NULL || !pol_bytes_equal(h->best.data, h->best.len, name.data, name.len);
		return;
	}
	h->distance = d;
	h->best = name;
	h->several = false;
}

bool
pol_hint_found(const struct pol_hint *h)
{
	return h->best.data != NULL && !h->several;
}
