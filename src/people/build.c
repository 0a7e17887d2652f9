/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gathers facts until they are all there (build.c), then makes people of them
 * (finish.c). Facts may come from the text of a set or from a store: there is no
 * other way in.
 */
#include <stdlib.h>

#include "people/builder.h"

const struct pol_window pol_window_always = {
	.from = { .sec = INT64_MIN }, .until = { .sec = INT64_MAX }
};

bool
pol_who_is_group(const struct pol_who *who)
{
	return pol_bytes_equal(who->type.data, who->type.len, "group", 5);
}

bool
pol_who_is_valid(const struct pol_who *who, bool many)
{
	static const char *const words[] = { "everyone", "authenticated", "anonymous" };
	bool word = false;

	for (size_t i = 0; i < 3; i++) {
		const struct policy_text *t = who->type.len == 0 ? &who->name : &who->type;

		word = word || pol_bytes_equal(t->data, t->len, words[i], strlen(words[i]));
	}
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

void
pol_window_of(const struct pol_grant_fact *f, struct pol_grant_parts *out)
{
	/* padding included: windows are compared as bytes */
	memset(&out->window, 0, sizeof(out->window));
	out->timed = f->has_from || f->has_until;
	out->window.from.sec = f->has_from ? f->from.sec : INT64_MIN;
	out->window.from.ns = f->has_from ? f->from.ns : 0;
	out->window.until.sec = f->has_until ? f->until.sec : INT64_MAX;
	out->window.until.ns = f->has_until ? f->until.ns : 0;
}

int
pol_vec_push(struct pol_vec *v, const void *item, size_t size)
{
	if (v->n == v->cap) {
		size_t cap = v->cap == 0 ? 16 : v->cap * 2;
		void *data = realloc(v->data, cap * size);

		if (data == NULL)
			return POLICY_ERR_NOMEM;
		v->data = data;
		v->cap = cap;
	}
	memcpy((char *)v->data + v->n++ * size, item, size);
	return 0;
}

/* The index of hash tables from hashes to rows: linear probing, doubled at half full. */
static int
index_grow(struct pol_index *x, const struct pol_vec *rows, size_t row_size)
{
	size_t slots = x->slots == 0 ? 64 : x->slots * 2;
	uint32_t *table = calloc(slots, sizeof(*table));

	if (table == NULL)
		return POLICY_ERR_NOMEM;
	for (size_t i = 0; i < rows->n; i++) {
		uint64_t hash;
		size_t k;

		memcpy(&hash, (const char *)rows->data + i * row_size, sizeof(hash));
		for (k = hash & (slots - 1); table[k] != 0; k = (k + 1) & (slots - 1))
			continue;
		table[k] = (uint32_t)i + 1;
	}
	free(x->table);
	x->table = table;
	x->slots = slots;
	return 0;
}

static void
index_add(struct pol_index *x, uint64_t hash, size_t row)
{
	size_t k = hash & (x->slots - 1);

	while (x->table[k] != 0)
		k = (k + 1) & (x->slots - 1);
	x->table[k] = (uint32_t)row + 1;
}

/* The next row that may have the hash, from slot *k on; POL_NONE: no more. */
static uint32_t
index_next(const struct pol_index *x, size_t *k)
{
	uint32_t row = x->table[*k & (x->slots - 1)];

	(*k)++;
	return row == 0 ? POL_NONE : row - 1;
}

int
pol_builder_holder(struct pol_builder *b, const struct pol_who *who, bool group_ok, uint32_t *out)
{
	uint64_t hash = pol_who_hash(b->program->seed, who);
	struct pol_bholder h, *rows = b->holders.data;
	uint32_t i;
	int rc;

	if (b->holders.n * 2 >= b->holder_index.slots) {
		rc = index_grow(&b->holder_index, &b->holders, sizeof(h));
		if (rc != 0)
			return rc;
	}
	for (size_t k = hash; (i = index_next(&b->holder_index, &k)) != POL_NONE; ) {
		if (rows[i].hash == hash &&
		    pol_bytes_equal(rows[i].name.data, rows[i].name.len, who->name.data, who->name.len) &&
		    pol_bytes_equal(rows[i].type.data, rows[i].type.len, who->type.data, who->type.len)) {
			*out = i;
			return 0;
		}
	}
	if (pol_who_is_group(who) && !group_ok)
		return POLICY_ERR_ARG;	/* a group that nobody declared */
	memset(&h, 0, sizeof(h));
	h.hash = hash;
	h.type = (struct policy_text){ pol_arena_copy(&b->arena, who->type.data, who->type.len), who->type.len };
	h.name = (struct policy_text){ pol_arena_copy(&b->arena, who->name.data, who->name.len), who->name.len };
	if (h.type.data == NULL || h.name.data == NULL)
		return POLICY_ERR_NOMEM;
	*out = (uint32_t)b->holders.n;
	rc = pol_vec_push(&b->holders, &h, sizeof(h));
	if (rc == 0)
		index_add(&b->holder_index, hash, *out);
	return rc;
}

static int
thing(struct pol_builder *b, uint32_t type, struct policy_text id, uint32_t *out)
{
	uint64_t hash = pol_hash_join(POL_TYPE_ROW(b->program, type).hash, pol_hash(id.data, id.len, b->program->seed));
	struct pol_bthing t, *rows = b->things.data;
	uint32_t i;
	int rc;

	if (b->things.n * 2 >= b->thing_index.slots) {
		rc = index_grow(&b->thing_index, &b->things, sizeof(t));
		if (rc != 0)
			return rc;
	}
	for (size_t k = hash; (i = index_next(&b->thing_index, &k)) != POL_NONE; ) {
		if (rows[i].hash == hash && rows[i].type == type &&
		    pol_bytes_equal(rows[i].id.data, rows[i].id.len, id.data, id.len)) {
			*out = i;
			return 0;
		}
	}
	memset(&t, 0, sizeof(t));
	t.hash = hash;
	t.type = type;
	t.id = (struct policy_text){ pol_arena_copy(&b->arena, id.data, id.len), id.len };
	if (t.id.data == NULL)
		return POLICY_ERR_NOMEM;
	*out = (uint32_t)b->things.n;
	rc = pol_vec_push(&b->things, &t, sizeof(t));
	if (rc == 0)
		index_add(&b->thing_index, hash, *out);
	return rc;
}

/* Attributes as a block whose offsets count from its own start. */
static int
attributes(struct pol_builder *b, const struct policy_attrs *attrs, struct pol_battrs *out)
{
	struct pol_span span;
	struct pol_buf buf;
	int rc;

	memset(out, 0, sizeof(*out));
	if (attrs->count == 0)
		return 0;
	pol_buf_init(&buf);
	rc = pol_encode_attrs(&buf, 0, attrs, &span);
	if (rc == 0 && span.n != 0) {
		out->data = pol_arena_copy(&b->arena, buf.data, buf.len);
		out->bytes = buf.len;
		out->n = span.n;
		if (out->data == NULL)
			rc = POLICY_ERR_NOMEM;
	}
	pol_buf_fini(&buf);
	return rc;
}

static int
pair(struct pol_vec *v, uint32_t a, uint32_t b)
{
	uint64_t x = (uint64_t)a << 32 | b;

	return pol_vec_push(v, &x, sizeof(x));
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
	return 0;
}

void
pol_builder_free(struct pol_builder *b)
{
	if (b == NULL)
		return;
	pol_arena_fini(&b->arena);
	free(b->holders.data);
	free(b->things.data);
	free(b->members.data);
	free(b->own.data);
	free(b->timed.data);
	free(b->grants.data);
	free(b->anywhere.data);
	free(b->wide.data);
	free(b->globs.data);
	free(b->holder_index.table);
	free(b->thing_index.table);
	free(b);
}

int
pol_builder_group(struct pol_builder *b, const struct pol_group_fact *f)
{
	struct pol_who who = { POLICY_TEXT("group"), f->name };
	uint32_t g, m;
	int rc = pol_builder_holder(b, &who, true, &g);

	for (size_t i = 0; rc == 0 && i < f->n_members; i++) {
		if (!pol_who_is_group(&f->members[i]) && !pol_who_is_valid(&f->members[i], false))
			return POLICY_ERR_ARG;
		rc = pol_builder_holder(b, &f->members[i], true, &m);
		if (rc == 0)
			rc = pair(&b->members, m, g);
	}
	for (size_t i = 0; rc == 0 && i < f->n_roles; i++)
		rc = pair(&b->own, g, f->roles[i]);
	if (rc == 0)
		((struct pol_bholder *)b->holders.data)[g].known = 1;
	return rc;
}

int
pol_builder_user(struct pol_builder *b, const struct pol_user_fact *f)
{
	struct pol_battrs attrs;
	uint32_t u, g;
	int rc = pol_who_is_valid(&f->who, false) ? pol_builder_holder(b, &f->who, false, &u) : POLICY_ERR_ARG;

	for (size_t i = 0; rc == 0 && i < f->n_groups; i++) {
		struct pol_who who = { POLICY_TEXT("group"), f->groups[i] };

		rc = pol_builder_holder(b, &who, false, &g);
		if (rc == 0)
			rc = pair(&b->members, u, g);
	}
	for (size_t i = 0; rc == 0 && i < f->n_roles; i++)
		rc = pair(&b->own, u, f->roles[i]);
	if (rc == 0)
		rc = attributes(b, &f->attrs, &attrs);
	if (rc == 0) {
		((struct pol_bholder *)b->holders.data)[u].attrs = attrs;
		((struct pol_bholder *)b->holders.data)[u].known = 1;
	}
	return rc;
}

/* One role to one holder. everyone and authenticated have rows of their own. */
static int
grant_one(struct pol_builder *b, const struct pol_grant_fact *f, const struct pol_who *who, uint32_t role)
{
	bool many = who->type.len == 0 || pol_who_is_group(who);
	struct pol_bgrant g;
	int rc;

	memset(&g, 0, sizeof(g));
	g.parts.role = role;
	pol_window_of(f, &g.parts);
	b->has_windows |= g.parts.timed;
	rc = pol_who_is_valid(who, true) ? pol_builder_holder(b, who, false, &g.parts.holder) : POLICY_ERR_ARG;
	if (rc != 0)
		return rc;
	if (!f->has_resource) {
		if (!g.parts.timed)
			return pair(&b->own, g.parts.holder, role);
		if (many)
			return pol_vec_push(&b->anywhere, &g, sizeof(g));
		g.on = g.parts.holder;
		return pol_vec_push(&b->timed, &g, sizeof(g));
	}
	g.on = f->type;
	if (f->glob.data == NULL)
		return pol_vec_push(&b->wide, &g, sizeof(g));
	if (pol_glob_has_star(f->glob.data, f->glob.len)) {
		struct pol_glob_piece pieces[POL_GLOB_MAX_PIECES];
		size_t n;

		if (pol_glob_parse(f->glob.data, f->glob.len, pieces, &n) != 0)
			return POLICY_ERR_LIMIT;
		g.parts.glob = (struct policy_text){ pol_arena_copy(&b->arena, f->glob.data, f->glob.len), f->glob.len };
		return g.parts.glob.data == NULL ? POLICY_ERR_NOMEM : pol_vec_push(&b->globs, &g, sizeof(g));
	}
	{
		char *id = pol_arena_alloc(&b->arena, f->glob.len + 1);
		struct policy_text t = { id, 0 };

		if (id == NULL)
			return POLICY_ERR_NOMEM;
		t.len = pol_glob_unescape(f->glob.data, f->glob.len, id);
		rc = thing(b, f->type, t, &g.on);
	}
	return rc != 0 ? rc : pol_vec_push(&b->grants, &g, sizeof(g));
}

int
pol_builder_grant(struct pol_builder *b, const struct pol_grant_fact *f)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < f->n_to; i++) {
		for (size_t k = 0; rc == 0 && k < f->n_roles; k++)
			rc = grant_one(b, f, &f->to[i], f->roles[k]);
	}
	return rc;
}

int
pol_builder_thing(struct pol_builder *b, const struct pol_thing_fact *f)
{
	struct pol_bthing *t;
	struct pol_battrs attrs;
	uint32_t i;
	int rc = thing(b, f->type, f->id, &i);

	if (rc == 0)
		rc = attributes(b, &f->attrs, &attrs);
	if (rc != 0)
		return rc;
	t = (struct pol_bthing *)b->things.data + i;
	t->attrs = attrs;
	t->has_parent = f->has_parent;
	t->inherit = f->inherit;
	if (f->n_parents == 0)
		return 0;
	t->parents = pol_arena_array(&b->arena, f->n_parents, sizeof(*t->parents));
	t->parent_hashes = pol_arena_array(&b->arena, f->n_parents, sizeof(*t->parent_hashes));
	if (t->parents == NULL || t->parent_hashes == NULL)
		return POLICY_ERR_NOMEM;
	for (size_t k = 0; k < f->n_parents; k++) {
		const struct pol_parent_fact *p = &f->parents[k];
		char *id = pol_arena_copy(&b->arena, p->id.data, p->id.len);

		if (id == NULL)
			return POLICY_ERR_NOMEM;
		t->parents[k].type = p->type;
		t->parents[k].id = (struct policy_text){ id, p->id.len };
		t->parent_hashes[k] = pol_hash_join(POL_TYPE_ROW(b->program, p->type).hash,
		    pol_hash(p->id.data, p->id.len, b->program->seed));
		t->n_parents = k + 1;
	}
	return 0;
}
