/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of things: all that was said of one thing stands together once the keys
 * are sorted by hash, and is laid out then and there.
 */
#include "people/builder.h"

#define FEW 32				/* grants that are sorted by insertion */

/* What is gathered of one thing. */
struct one {
	struct pol_grant_parts *grants;
	size_t n, cap;
	struct pol_parent_parts above[POL_ABOVE_MOST];
};

struct pol_grant_parts
pol_work_parts(const struct pol_work *w, uint32_t holder, uint32_t role, uint32_t window)
{
	struct pol_grant_parts g = { holder, role, NULL, { NULL, 0 } };

	if (holder >= POL_HOLDER_GROUP && holder < POL_HOLDER_SUBJECT)
		g.holder = POL_HOLDER_GROUP + w->group_number[holder - POL_HOLDER_GROUP];
	if (window != 0)
		g.window = (const struct pol_window *)w->b->windows.data + window - 1;
	return g;
}

int
pol_parts_sort(struct pol_grant_parts *list, size_t n)
{
	struct pol_grant_parts *copy;
	struct pol_sort_key *keys;
	int rc;

	for (size_t i = 1; n <= FEW && i < n; i++) {
		struct pol_grant_parts x = list[i];
		size_t k = i;

		for (; k > 0 && pol_grant_order(&list[k - 1], &x) > 0; k--)
			list[k] = list[k - 1];
		list[k] = x;
	}
	if (n <= FEW)
		return 0;
	keys = malloc(n * sizeof(*keys));
	copy = malloc(n * sizeof(*copy));
	rc = keys == NULL || copy == NULL ? POLICY_ERR_NOMEM : 0;
	if (rc == 0) {
		for (size_t i = 0; i < n; i++)
			keys[i] = (struct pol_sort_key){ (uint64_t)list[i].holder << 32 | list[i].role, (uint32_t)i, 0 };
		rc = pol_keys_sort(keys, n);
	}
	if (rc == 0) {
		memcpy(copy, list, n * sizeof(*copy));
		for (size_t i = 0; i < n; i++)
			list[i] = copy[keys[i].row];
	}
	free(keys);
	free(copy);
	return rc;
}

static void
names(const struct pol_builder *b, const struct pol_sort_key *k, const char **id, uint32_t *len, uint32_t *type)
{
	if (k->kind == 0) {
		const struct pol_bhere *g = POL_HERE(b, k->row);

		*id = g->id;
		*len = g->len;
		*type = g->type;
	} else {
		const struct pol_bthing *t = (const struct pol_bthing *)b->things.data + k->row;

		*id = t->id;
		*len = t->len;
		*type = t->type;
	}
}

static bool
same(const struct pol_builder *b, const struct pol_sort_key *x, const struct pol_sort_key *y)
{
	uint32_t x_len, y_len, x_type, y_type;
	const char *x_id, *y_id;

	names(b, x, &x_id, &x_len, &x_type);
	names(b, y, &y_id, &y_len, &y_type);
	return x_type == y_type && pol_bytes_equal(x_id, x_len, y_id, y_len);
}

/* How many of n keys of one hash speak of the thing the first speaks of: they come first. */
static size_t
gather(const struct pol_builder *b, struct pol_sort_key *k, size_t n)
{
	size_t count = 1;

	for (size_t i = 1; i < n; i++) {
		struct pol_sort_key x = k[i];

		if (!same(b, &k[0], &x))
			continue;
		memmove(&k[count + 1], &k[count], (i - count) * sizeof(*k));
		k[count++] = x;
	}
	return count;
}

static int
thing_record(struct pol_work *w, struct pol_buf *buf, const struct pol_sort_key *k, size_t n, struct one *one)
{
	struct pol_thing_parts p;
	uint32_t len;
	size_t at;
	int rc;

	memset(&p, 0, sizeof(p));
	p.hash = k->key;
	names(w->b, k, &p.id.data, &len, &p.type);
	p.id.len = len;
	if (n > one->cap) {
		free(one->grants);
		one->cap = n < 64 ? 64 : n;
		one->grants = malloc(one->cap * sizeof(*one->grants));
		if (one->grants == NULL)
			return POLICY_ERR_NOMEM;
	}
	one->n = 0;
	for (size_t i = 0; i < n; i++) {
		const struct pol_bthing *t;

		if (k[i].kind == 0) {
			const struct pol_bhere *g = POL_HERE(w->b, k[i].row);

			one->grants[one->n++] = pol_work_parts(w, g->holder, g->role, g->window);
			continue;
		}
		t = (const struct pol_bthing *)w->b->things.data + k[i].row;
		if (t->attrs.count != 0)
			p.given = &t->attrs;
		pol_builder_above(w->b, t, one->above, &p);
		p.has_parent = t->has_parent;
		p.inherit = t->inherit;
	}
	p.grants = one->grants;
	p.n_grants = one->n;
	rc = pol_parts_sort(one->grants, one->n);
	return rc != 0 ? rc : pol_record_thing(buf, &p, &at);
}

/* What the records of the next few keys will read. Always inline: a function that does
 * nothing but this counts as doing nothing, and its calls are left out. */
static inline __attribute__((always_inline)) void
fetch(const struct pol_builder *b, const struct pol_sort_key *keys, size_t i, size_t n)
{
	const struct pol_sort_key *k = i + 24 < n ? &keys[i + 24] : NULL;

	if (k != NULL && k->kind == 0) {
		__builtin_prefetch(POL_HERE(b, k->row));
		__builtin_prefetch(POL_HERE(b, k->row)->id + 8);
	} else if (k != NULL) {
		__builtin_prefetch((const struct pol_bthing *)b->things.data + k->row);
	}
	if (i + 12 < n && keys[i + 12].kind != 0)
		__builtin_prefetch(((const struct pol_bthing *)b->things.data + keys[i + 12].row)->id);
}

int
pol_work_things(struct pol_work *w)
{
	struct pol_sort_key *keys = w->b->keys.data;
	size_t n = w->b->keys.n, distinct = n != 0;
	struct one one = { .n = 0 };
	struct pol_maker m;
	int rc = pol_keys_sort(keys, n);

	if (rc != 0)
		return rc;
	for (size_t i = 1; i < n; i++)
		distinct += keys[i].key != keys[i - 1].key;
	rc = pol_table_begin(&m, &w->root->view.things, distinct, &w->root->bytes,
	    &w->root->slabs);
	if (rc != 0)
		return rc;
	for (size_t from = 0, to, i; rc == 0 && from < n; from = to) {
		for (i = to = from; to < n && keys[to].key == keys[from].key; to++)
			fetch(w->b, keys, to, n);
		while (rc == 0 && i < to) {
			size_t count = gather(w->b, &keys[i], to - i);

			rc = pol_table_next(&m, keys[i].key);
			if (rc == 0)
				rc = thing_record(w, &m.records, &keys[i], count, &one);
			i += count;
		}
	}
	free(one.grants);
	return pol_table_end(&m, rc);
}
