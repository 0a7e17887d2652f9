/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may hold something, and the builder's index of them.
 */
#include "people/builder.h"

bool
pol_who_is_group(const struct pol_who *who)
{
	return pol_bytes_equal(who->type.data, who->type.len, "group", 5);
}

bool
pol_who_is_valid(const struct pol_who *who, bool many)
{
	const struct policy_text *t = who->type.len == 0 ? &who->name : &who->type;
	bool word = pol_bytes_equal(t->data, t->len, "everyone", 8) ||
	    pol_bytes_equal(t->data, t->len, "authenticated", 13) || pol_bytes_equal(t->data, t->len, "anonymous", 9);

	if (who->type.len == 0)		/* never "a user of no type" */
		return many && word && !pol_bytes_equal(who->name.data, who->name.len, "anonymous", 9);
	if (word || who->name.len == 0)
		return false;
	return many || (!pol_who_is_group(who) && !pol_bytes_equal(who->name.data, who->name.len, "*", 1));
}

uint64_t
pol_who_hash(uint64_t seed, const struct pol_who *who)
{
	return pol_hash_join(pol_hash(who->type.data, who->type.len, seed),
	    pol_hash(who->name.data, who->name.len, seed));
}

const struct pol_window *
pol_window_of(const struct pol_grant_fact *f, struct pol_window *w)
{
	if (!f->has_from && !f->has_until)
		return NULL;
	memset(w, 0, sizeof(*w));	/* padding included: windows are compared as bytes */
	w->from.sec = f->has_from ? f->from.sec : INT64_MIN;
	w->from.ns = f->has_from ? f->from.ns : 0;
	w->until.sec = f->has_until ? f->until.sec : INT64_MAX;
	w->until.ns = f->has_until ? f->until.ns : 0;
	return w;
}

int
pol_vec_grow(struct pol_vec *v, size_t n, size_t size)
{
	void *data;

	if (n <= v->cap)
		return 0;
	if (n >= UINT32_MAX)		/* rows are numbered in 32 bits */
		return POLICY_ERR_LIMIT;
	data = realloc(v->data, n * size);
	if (data == NULL)
		return POLICY_ERR_NOMEM;
	v->data = data;
	v->cap = n;
	return 0;
}

int
pol_index_grow(struct pol_index *x, size_t slots, const struct pol_vec *holders)
{
	const struct pol_bholder *rows = holders->data;
	struct pol_slot *table = calloc(slots, sizeof(*table));

	if (table == NULL)
		return POLICY_ERR_NOMEM;
	for (size_t i = 0; i < holders->n; i++) {
		size_t k = rows[i].hash & (slots - 1);

		while (table[k].row != 0)
			k = (k + 1) & (slots - 1);
		table[k] = (struct pol_slot){ (uint32_t)(rows[i].hash >> 32), (uint32_t)i + 1 };
	}
	free(x->table);
	x->table = table;
	x->slots = slots;
	return 0;
}

/* The row whose tag fits, from slot *k on; POL_NONE: no more, and *k is free. */
static inline uint32_t
index_next(const struct pol_index *x, uint64_t hash, size_t *k)
{
	for (;; *k = (*k + 1) & (x->slots - 1)) {
		struct pol_slot s = x->table[*k];

		if (s.row == 0)
			return POL_NONE;
		if (s.tag == (uint32_t)(hash >> 32))
			return s.row - 1;
	}
}

void
pol_holders_fetch(const struct pol_builder *b, const struct pol_who *const *who, uint64_t *hash, size_t n)
{
	const struct pol_bholder *rows = b->holders.data;
	uint32_t row[POL_BLOCK];

	for (size_t i = 0; i < n; i++) {
		hash[i] = pol_who_hash(b->program->seed, who[i]);
		if (b->index.slots != 0)
			__builtin_prefetch(&b->index.table[hash[i] & (b->index.slots - 1)]);
	}
	for (size_t i = 0; b->index.slots != 0 && i < n; i++) {
		size_t k = hash[i] & (b->index.slots - 1);

		row[i] = index_next(&b->index, hash[i], &k);
		if (row[i] != POL_NONE)
			__builtin_prefetch(&rows[row[i]]);
	}
	for (size_t i = 0; b->index.slots != 0 && i < n; i++) {
		if (row[i] != POL_NONE)
			__builtin_prefetch(rows[row[i]].name);
	}
}

uint32_t
pol_holder_there(const struct pol_builder *b, const struct pol_who *who, uint64_t hash)
{
	const struct pol_bholder *rows = b->holders.data;
	size_t mask = b->index.slots - 1, k = hash & mask;
	uint32_t i;

	if (b->index.slots == 0)
		return POL_NONE;
	for (; (i = index_next(&b->index, hash, &k)) != POL_NONE; k = (k + 1) & mask) {
		if (pol_bytes_equal(rows[i].name, rows[i].name_len, who->name.data, who->name.len) &&
		    pol_bytes_equal(rows[i].type, rows[i].type_len, who->type.data, who->type.len))
			return i;
	}
	return POL_NONE;
}

int
pol_holder_row(struct pol_builder *b, const struct pol_who *who, uint64_t hash, bool group_ok, uint32_t *out)
{
	bool group = pol_who_is_group(who);
	struct pol_bholder h;
	size_t k;
	int rc;

	if (b->holders.n * 2 >= b->index.slots) {
		rc = pol_index_grow(&b->index, b->index.slots == 0 ? 64 : b->index.slots * 4, &b->holders);
		if (rc != 0)
			return rc;
	}
	*out = pol_holder_there(b, who, hash);
	if (*out != POL_NONE)
		return 0;
	if (!group_ok && (group || !pol_who_is_valid(who, true)))
		return POLICY_ERR_ARG;	/* such as a group that nobody declared */
	if (who->type.len > UINT16_MAX || who->name.len > UINT16_MAX || b->holders.n >= POL_HOLDER_SUBJECT - 1)
		return POLICY_ERR_LIMIT;
	memset(&h, 0, sizeof(h));
	h.hash = hash;
	h.type = who->type.data;
	h.type_len = (uint32_t)who->type.len;
	h.name = who->name.data;
	h.name_len = (uint32_t)who->name.len;
	*out = (uint32_t)b->holders.n;
	if (h.type_len == 0)
		h.id = pol_bytes_equal(h.name, h.name_len, "everyone", 8) ? POL_HOLDER_EVERYONE : POL_HOLDER_AUTHENTICATED;
	else
		h.id = group ? POL_HOLDER_GROUP + b->n_groups++ : POL_HOLDER_SUBJECT + *out;
	for (k = hash & (b->index.slots - 1); b->index.table[k].row != 0; k = (k + 1) & (b->index.slots - 1))
		continue;
	b->index.table[k] = (struct pol_slot){ (uint32_t)(hash >> 32), *out + 1 };
	return pol_vec_push(&b->holders, &h, sizeof(h));
}
