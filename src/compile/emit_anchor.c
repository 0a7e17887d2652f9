/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The index by thing: entries whose every pattern is one literal thing. A million
 * rules on a million things are a million lists of one.
 */
#include <string.h>

#include "compile/emit.h"

struct pair {
	uint32_t anchor, entry;
};

/* The anchor of a literal pattern; equal texts lie at one place, which names them. */
static int
find_anchor(struct pol_emit *e, struct pol_dict *d, const struct pol_pattern *p, uint32_t *index)
{
	uint32_t key[2] = { p->type, p->text.off };
	struct pol_anchor row;
	bool found;
	int rc;

	*index = (uint32_t)(e->table[EMIT_ANCHORS].len / sizeof(row));
	rc = pol_emit_text_rc(e, pol_emit_dict_put(d, key, sizeof(key), index, &found));
	if (rc != 0 || found)
		return rc;
	((struct pol_type *)(void *)e->table[EMIT_TYPES].data)[p->type].has_anchors = 1;
	memset(&row, 0, sizeof(row));
	row.type = p->type;
	row.id = p->text;
	return pol_emit_text_row(e, EMIT_ANCHORS, &row, sizeof(row), NULL);
}

/* Pairs in the order of role and number; n of each anchor counted. */
static int
find_pairs(struct pol_emit *e, struct pol_dict *d, struct pol_buf *pairs)
{
	const struct pol_entry *entries = (const void *)e->table[EMIT_ENTRIES].data;
	uint32_t i, k;
	int rc = 0;

	for (i = 0; rc == 0 && i < e->n_by_role; i++) {
		const struct pol_entry *x = &entries[e->by_role[i]];
		struct pair pair = { 0, e->by_role[i] };

		if (!e->anchored[e->by_role[i]])
			continue;
		for (k = 0; rc == 0 && k < x->patterns.n; k++) {
			struct pol_anchor *a;
			struct pol_pattern p;

			memcpy(&p, e->blob.data + x->patterns.off + k * sizeof(p), sizeof(p));
			rc = find_anchor(e, d, &p, &pair.anchor);
			if (rc != 0)
				break;
			a = (struct pol_anchor *)(void *)e->table[EMIT_ANCHORS].data + pair.anchor;
			/* the same thing twice in one entry: `first` remembers who came last */
			if (a->n > 0 && a->first == pair.entry)
				continue;
			a->first = pair.entry;
			a->n++;
			a->sig |= (uint64_t)1 << (x->role & 63);
			if (pol_buf_append(pairs, &pair, sizeof(pair)) == SIZE_MAX)
				rc = pol_emit_text_rc(e, POLICY_ERR_NOMEM);
		}
	}
	return rc;
}

static int
place(struct pol_emit *e, const struct pol_buf *pairs)
{
	size_t i, n = pairs->len / sizeof(struct pair);
	size_t anchors = e->table[EMIT_ANCHORS].len / sizeof(struct pol_anchor);
	struct pol_anchor *a = (struct pol_anchor *)(void *)e->table[EMIT_ANCHORS].data;
	struct pol_buf *items = &e->table[EMIT_ITEMS];
	const struct pair *p = (const void *)pairs->data;
	uint32_t at = (uint32_t)(items->len / sizeof(uint32_t));

	if (items->len + n * sizeof(uint32_t) > UINT32_MAX)
		return pol_emit_text_rc(e, POLICY_ERR_LIMIT);
	if (pol_buf_append(items, NULL, n * sizeof(uint32_t)) == SIZE_MAX)
		return pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	for (i = 0; i < anchors; i++) {
		a[i].first = at;
		at += a[i].n;
		a[i].n = 0;
	}
	for (i = 0; i < n; i++) {
		struct pol_anchor *x = &a[p[i].anchor];

		((uint32_t *)(void *)items->data)[x->first + x->n++] = p[i].entry;
	}
	return 0;
}

int
pol_emit_anchor(struct pol_emit *e)
{
	struct pol_dict d;
	struct pol_buf pairs, keys;
	int rc;

	pol_buf_init(&pairs);
	pol_buf_init(&keys);
	pol_emit_dict_init(&d, &keys, e->head.seed, false);
	rc = find_pairs(e, &d, &pairs);
	pol_emit_dict_fini(&d);
	pol_buf_fini(&keys);
	if (rc == 0 && pairs.len > 0)
		rc = place(e, &pairs);
	pol_buf_fini(&pairs);
	return rc;
}
