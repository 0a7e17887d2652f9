/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lies above a thing, found once and for all: stored parents do not change
 * without a new building. core reads this, and finds it anew only where a request may
 * say what lies above.
 */
#include "people/builder.h"

/* What was said of this thing besides grants; NULL: nothing. */
static const struct pol_bthing *
said(const struct pol_builder *b, const struct pol_parent_parts *up)
{
	const struct pol_sort_key *keys = b->keys.data;
	size_t low = 0, high = b->keys.n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (keys[mid].key < up->hash)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < b->keys.n && keys[low].key == up->hash; low++) {
		const struct pol_bthing *t = (const struct pol_bthing *)b->things.data + keys[low].row;

		if (keys[low].kind != 0 && t->type == up->type && pol_bytes_equal(t->id, t->len, up->id.data, up->id.len))
			return t;
	}
	return NULL;
}

static bool
is_cut(const struct pol_type *type, const struct pol_bthing *t)
{
	uint32_t inherit = t != NULL && t->inherit != POL_INHERIT_ABSENT ? (uint32_t)t->inherit : type->default_inherit;

	return inherit == POL_INHERIT_FALSE;
}

static bool
add(struct pol_parent_parts *list, size_t *n, const struct pol_parent_parts *up)
{
	for (size_t i = 0; i < *n; i++) {
		if (list[i].hash == up->hash && list[i].type == up->type &&
		    pol_bytes_equal(list[i].id.data, list[i].id.len, up->id.data, up->id.len))
			return true;
	}
	if (*n == POL_ABOVE_MOST)
		return false;
	list[(*n)++] = *up;
	return true;
}

/* Parents of what is in the list, behind it. False: they are not all stored ones. */
static bool
close_list(const struct pol_builder *b, struct pol_parent_parts *list, size_t *n)
{
	for (size_t i = 0; i < *n; i++) {
		const struct pol_type *type = &POL_TYPE_ROW(b->program, list[i].type);
		const struct pol_bthing *t = said(b, &list[i]);

		if (type->parent_kind == POL_PARENT_NONE || is_cut(type, t))
			continue;
		if (type->parent_kind == POL_PARENT_ID || ((t == NULL || !t->has_parent) && type->default_parents.n != 0))
			return false;
		for (uint32_t k = 0; t != NULL && k < t->n_parents; k++) {
			if (!add(list, n, &t->parents[k]))
				return false;
		}
	}
	return true;
}

void
pol_builder_above(const struct pol_builder *b, const struct pol_bthing *t, struct pol_parent_parts *room,
    struct pol_thing_parts *out)
{
	size_t n = 0;
	bool whole = true;

	out->parents = t->parents;
	out->n_parents = out->n_rows = t->n_parents;
	out->n_above = 0;
	if (is_cut(&POL_TYPE_ROW(b->program, t->type), t))
		return;
	for (uint32_t i = 0; whole && i < t->n_parents; i++)
		whole = add(room, &n, &t->parents[i]) && n == i + 1;	/* in place, so none twice */
	if (!whole || !close_list(b, room, &n)) {
		out->n_above = POL_NONE;
		return;
	}
	out->parents = room;
	out->n_rows = n;
	out->n_above = (uint32_t)n;
}
