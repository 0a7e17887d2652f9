/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gathers facts until they are all there, then finish.c makes people of them. Facts
 * may come from the text of a set or from a store: there is no other way in. Holders
 * are known by an index while facts come; things are told apart at the end, when
 * they are sorted by their hashes.
 */
#include "people/builder.h"

static int
pair(struct pol_vec *v, uint32_t row, uint32_t item)
{
	struct pol_pair p = { row, item };

	return pol_vec_push(v, &p, sizeof(p));
}

int
pol_builder_new(struct pol_builder **out, const struct pol_program *program)
{
	struct pol_builder *b = calloc(1, sizeof(*b));

	*out = b;
	if (b == NULL)
		return POLICY_ERR_NOMEM;
	b->program = program;
	pol_arena_init(&b->arena);
	pol_buf_init(&b->grants);
	return 0;
}

int
pol_builder_expect(struct pol_builder *b, size_t holders, size_t grants)
{
	size_t slots = 64;
	int rc = 0;

	while (slots < holders * 2)
		slots *= 2;
	if (slots > b->index.slots)
		rc = pol_index_grow(&b->index, slots, &b->holders);
	if (rc == 0)
		rc = pol_vec_grow(&b->holders, holders, sizeof(struct pol_bholder));
	return rc != 0 ? rc : pol_vec_grow(&b->keys, grants, sizeof(struct pol_sort_key));
}

void
pol_builder_free(struct pol_builder *b)
{
	if (b == NULL)
		return;
	pol_arena_fini(&b->arena);
	free(b->holders.data);
	free(b->attrs.data);
	free(b->index.table);
	free(b->members.data);
	free(b->own.data);
	free(b->windows.data);
	free(b->keys.data);
	pol_buf_fini(&b->grants);
	free(b->things.data);
	free(b->others.data);
	free(b->timed.data);
	free(b->wide.data);
	free(b->globs.data);
	free(b->anywhere.data);
	free(b->facts.data);
	free(b->links.data);
	free(b);
}

int
pol_builder_group(struct pol_builder *b, const struct pol_group_fact *f)
{
	struct pol_who who = { POLICY_TEXT("group"), f->name };
	uint32_t g, m;
	int rc = pol_holder_row(b, &who, pol_who_hash(b->program->seed, &who), true, &g);

	for (size_t from = 0; rc == 0 && from < f->n_members; from += POL_BLOCK) {
		size_t n = f->n_members - from < POL_BLOCK ? f->n_members - from : POL_BLOCK;
		const struct pol_who *list[POL_BLOCK];
		uint64_t hash[POL_BLOCK];

		for (size_t i = 0; i < n; i++)
			list[i] = &f->members[from + i];
		pol_holders_fetch(b, list, hash, n);
		for (size_t i = 0; rc == 0 && i < n; i++) {
			if (!pol_who_is_group(list[i]) && !pol_who_is_valid(list[i], false))
				return POLICY_ERR_ARG;
			rc = pol_holder_row(b, list[i], hash[i], true, &m);
			if (rc == 0)
				rc = pair(&b->members, m, g);
		}
	}
	for (size_t i = 0; rc == 0 && i < f->n_roles; i++)
		rc = pair(&b->own, g, f->roles[i]);
	if (rc == 0)
		((struct pol_bholder *)b->holders.data)[g].known = true;
	return rc;
}

int
pol_builder_user(struct pol_builder *b, const struct pol_user_fact *f, uint64_t hash)
{
	struct pol_bholder *row;
	uint32_t u, g;
	int rc = pol_who_is_valid(&f->who, false) ? pol_holder_row(b, &f->who, hash, false, &u) : POLICY_ERR_ARG;

	for (size_t i = 0; rc == 0 && i < f->n_groups; i++) {
		struct pol_who who = { POLICY_TEXT("group"), f->groups[i] };

		rc = pol_holder_row(b, &who, pol_who_hash(b->program->seed, &who), false, &g);
		if (rc == 0)
			rc = pair(&b->members, u, g);
	}
	for (size_t i = 0; rc == 0 && i < f->n_roles; i++)
		rc = pair(&b->own, u, f->roles[i]);
	if (rc != 0)
		return rc;
	row = (struct pol_bholder *)b->holders.data + u;
	row->known = true;
	if (f->attrs.count == 0)
		return 0;
	row->attrs = (uint32_t)b->attrs.n + 1;
	return pol_vec_push(&b->attrs, &f->attrs, sizeof(f->attrs));
}

int
pol_builder_users(struct pol_builder *b, const struct pol_user_fact *f, size_t n, size_t *bad)
{
	for (*bad = 0; *bad < n; ) {
		size_t count = n - *bad < POL_BLOCK ? n - *bad : POL_BLOCK;
		const struct pol_who *list[POL_BLOCK];
		uint64_t hash[POL_BLOCK];

		for (size_t i = 0; i < count; i++)
			list[i] = &f[*bad + i].who;
		pol_holders_fetch(b, list, hash, count);
		for (size_t i = 0; i < count; i++, ++*bad) {
			int rc = pol_builder_user(b, &f[*bad], hash[i]);

			if (rc != 0)
				return rc;
		}
	}
	return 0;
}

/* The row + 1 of a fact's window; neighbours often share theirs. */
static int
window(struct pol_builder *b, const struct pol_grant_fact *f, uint32_t *out)
{
	const struct pol_window *all = b->windows.data;
	struct pol_window w;
	int rc = 0;

	*out = 0;
	if (pol_window_of(f, &w) == NULL)
		return 0;
	if (b->windows.n == 0 || memcmp(&all[b->windows.n - 1], &w, sizeof(w)) != 0)
		rc = pol_vec_push(&b->windows, &w, sizeof(w));
	*out = (uint32_t)b->windows.n;
	return rc;
}

/* A grant that is not on one thing; `by` leads to it from `from`. */
static int
other(struct pol_builder *b, struct pol_vec *by, uint32_t from, const struct pol_bgrant *g)
{
	int rc = pair(by, from, (uint32_t)b->others.n);

	return rc != 0 ? rc : pol_vec_push(&b->others, g, sizeof(*g));
}

static int
on_thing(struct pol_builder *b, const struct pol_bgrant *g)
{
	struct pol_bhere row = { g->len, g->type, g->holder, g->role, g->window };
	size_t at = pol_buf_append(&b->grants, NULL, (sizeof(row) + g->len + 3) & ~(size_t)3);
	struct pol_sort_key key;
	char *id;

	if (at == SIZE_MAX)
		return POLICY_ERR_NOMEM;
	if (at / 4 > UINT32_MAX)
		return POLICY_ERR_LIMIT;
	id = b->grants.data + at + sizeof(row);
	if (memchr(g->text, '\\', g->len) != NULL)
		row.len = (uint32_t)pol_glob_unescape(g->text, g->len, id);
	else
		memcpy(id, g->text, g->len);
	memcpy(b->grants.data + at, &row, sizeof(row));
	key.key = pol_hash_join(POL_TYPE_ROW(b->program, g->type).hash, pol_hash(id, row.len, b->program->seed));
	key.row = (uint32_t)(at / 4);
	key.kind = 0;
	return pol_vec_push(&b->keys, &key, sizeof(key));
}

/* One role to one holder. everyone and authenticated have rows of their own. */
static int
grant_one(struct pol_builder *b, const struct pol_grant_fact *f, const struct pol_who *who, uint64_t hash,
    struct pol_bgrant *g)
{
	bool many = who->type.len == 0 || pol_who_is_group(who);
	struct pol_bholder *h;
	uint32_t row;
	int rc = pol_holder_row(b, who, hash, false, &row);

	if (rc != 0)
		return rc;
	h = (struct pol_bholder *)b->holders.data + row;
	g->holder = h->id;
	if (!f->has_resource && g->window == 0)
		return pair(&b->own, row, g->role);
	h->granted = true;
	if (!f->has_resource)
		return many ? other(b, &b->anywhere, 0, g) : other(b, &b->timed, row, g);
	if (f->glob.data == NULL)
		return other(b, &b->wide, f->type, g);
	if (memchr(g->text, '*', g->len) != NULL && pol_glob_has_star(g->text, g->len)) {
		struct pol_glob_piece pieces[POL_GLOB_MAX_PIECES];
		size_t n;

		if (pol_glob_parse(f->glob.data, f->glob.len, pieces, &n) != 0)
			return POLICY_ERR_LIMIT;
		return other(b, &b->globs, f->type, g);
	}
	return on_thing(b, g);
}

static int
grant(struct pol_builder *b, const struct pol_grant_fact *f, uint64_t first)
{
	uint32_t w;
	int rc = f->glob.len > UINT32_MAX ? POLICY_ERR_LIMIT : window(b, f, &w);

	for (size_t i = 0; rc == 0 && i < f->n_to; i++) {
		uint64_t hash = i == 0 ? first : pol_who_hash(b->program->seed, &f->to[i]);

		for (size_t k = 0; rc == 0 && k < f->n_roles; k++) {
			struct pol_bgrant g = { f->glob.data, (uint32_t)f->glob.len, f->type, 0, f->roles[k], w };

			rc = grant_one(b, f, &f->to[i], hash, &g);
		}
	}
	return rc;
}

int
pol_builder_grants(struct pol_builder *b, const struct pol_grant_fact *f, size_t n, size_t *bad)
{
	for (*bad = 0; *bad < n; ) {
		static const struct pol_who nobody;
		size_t count = n - *bad < POL_BLOCK ? n - *bad : POL_BLOCK;
		const struct pol_who *list[POL_BLOCK];
		uint64_t hash[POL_BLOCK];

		for (size_t i = 0; i < count; i++)
			list[i] = f[*bad + i].n_to == 0 ? &nobody : f[*bad + i].to;
		pol_holders_fetch(b, list, hash, count);
		for (size_t i = 0; i < count; i++, ++*bad) {
			int rc = grant(b, &f[*bad], hash[i]);

			if (rc != 0)
				return rc;
		}
	}
	return 0;
}

int
pol_builder_thing(struct pol_builder *b, const struct pol_thing_fact *f)
{
	struct pol_bthing t = { f->id.data, (uint32_t)f->id.len, f->type, f->attrs, NULL, (uint32_t)f->n_parents,
	    f->has_parent, f->inherit };
	struct pol_parent_parts *up = pol_arena_array(&b->arena, f->n_parents, sizeof(*up));
	struct pol_sort_key key = { 0, (uint32_t)b->things.n, 1 };
	uint64_t seed = b->program->seed;
	int rc;

	if (up == NULL)
		return POLICY_ERR_NOMEM;
	if (f->id.len > UINT32_MAX)
		return POLICY_ERR_LIMIT;
	for (size_t i = 0; i < f->n_parents; i++) {
		const struct pol_parent_fact *p = &f->parents[i];
		uint64_t hash = pol_hash_join(POL_TYPE_ROW(b->program, p->type).hash, pol_hash(p->id.data, p->id.len, seed));

		up[i] = (struct pol_parent_parts){ p->type, p->id, hash };
	}
	t.parents = up;
	key.key = pol_hash_join(POL_TYPE_ROW(b->program, f->type).hash, pol_hash(f->id.data, f->id.len, seed));
	rc = pol_vec_push(&b->keys, &key, sizeof(key));
	return rc != 0 ? rc : pol_vec_push(&b->things, &t, sizeof(t));
}
