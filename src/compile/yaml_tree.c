/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree of a text, built as its nodes come: children wait on a stack until what
 * holds them ends. The caps hold while reading: what a hostile text may cost is
 * bounded before it is built. Depth is kept on a stack of our own: libyaml's limit
 * is a global of the process.
 */
#include "compile/yaml_tree.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/name.h"

#define TEXT_BLOCK 65536u
#define CACHED_BYTES 32u

static struct pol_node
node_at(const struct pol_tree *t, struct pol_tree_at at)
{
	struct pol_node n = { .file = t->file, .line = at.line, .column = at.column };

	return n;
}

int
pol_tree_fail(struct pol_tree *t, struct pol_tree_at at, const char *what)
{
	struct pol_node n = node_at(t, at);

	return pol_set_fail(t->set, &n, "%s", what);
}

static int
over(struct pol_tree *t, struct pol_tree_at at, const char *what, uint64_t limit, const char *unit)
{
	struct pol_node n = node_at(t, at);

	return pol_set_limit(t->set, &n, "%s: at most %llu %s are taken", what,
	    (unsigned long long)limit, unit);
}

static int
push_node(struct pol_tree *t, const struct pol_node *n)
{
	if (t->n == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 256;
		struct pol_node *more = realloc(t->stack, cap * sizeof(*more));

		if (more == NULL)
			return pol_set_nomem(t->set);
		t->stack = more;
		t->cap = cap;
	}
	t->stack[t->n++] = *n;
	return 0;
}

static bool
at_key(const struct pol_tree *t)
{
	const struct pol_tree_frame *f;

	if (t->depth == 0)
		return false;
	f = &t->frames[t->depth - 1];
	return f->map && (t->n - f->first) % 2 == 0;
}

/* Every node is counted when it begins. */
static int
count_node(struct pol_tree *t, struct pol_tree_at at)
{
	if (++t->size->nodes > t->limits->nodes)
		return over(t, at, "limit nodes: too many texts, lists and mappings in one file",
		    t->limits->nodes, "nodes");
	return 0;
}

static int
begin_section(struct pol_tree *t, bool map)
{
	t->giving = t->taker->wants(t->taker->ctx, &t->stack[t->n - 1], map);
	if (!t->giving || t->items.chunks != NULL)
		return 0;
	if (pol_arena_alloc(&t->items, 1) == NULL)	/* a chunk that stays */
		return pol_set_nomem(t->set);
	pol_arena_mark(&t->items, &t->no_item);
	return 0;
}

int
pol_tree_begin(struct pol_tree *t, struct pol_tree_at at, bool map)
{
	struct pol_tree_frame *f;
	int rc;

	if (at_key(t))
		return pol_tree_fail(t, at, map ? "a mapping was found where a key is wanted: a key is a text"
		    : "a list was found where a key is wanted: a key is a text");
	if (t->depth >= t->limits->depth)
		return over(t, at, "limit depth: nested too deeply", t->limits->depth, "levels");
	rc = count_node(t, at);
	if (rc != 0)
		return rc;
	if (t->depth == t->frames_cap) {
		size_t cap = t->frames_cap ? t->frames_cap * 2 : 16;
		struct pol_tree_frame *more = realloc(t->frames, cap * sizeof(*more));

		if (more == NULL)
			return pol_set_nomem(t->set);
		t->frames = more;
		t->frames_cap = cap;
	}
	f = &t->frames[t->depth++];
	f->map = map;
	f->first = t->n;
	f->at = at;
	if (t->depth > t->size->depth) {
		t->size->depth = t->depth;
		t->size->depth_line = at.line;
		t->size->depth_column = at.column;
	}
	if (t->depth == 2 && t->taker != NULL && t->frames[0].map)
		return begin_section(t, map);
	return 0;
}

/* A node is complete: who takes it, takes it now. */
static int
give(struct pol_tree *t)
{
	const struct pol_tree_frame *f = &t->frames[t->depth - 1];
	struct pol_node *pair;
	int rc;

	if (t->depth == 1) {
		if (!f->map || !at_key(t))
			return 0;
		pair = POL_NEW_ARRAY(t->set, 2, struct pol_node);
		if (pair == NULL)
			return POLICY_ERR_NOMEM;
		memcpy(pair, &t->stack[t->n - 2], 2 * sizeof(*pair));
		return t->taker->section(t->taker->ctx, pair);
	}
	if (!t->giving || t->depth != 2 || (f->map && !at_key(t)))
		return 0;
	pair = &t->stack[f->first];
	rc = t->taker->item(t->taker->ctx, pair - 1, f->map ? pair : NULL, f->map ? pair + 1 : pair);
	t->n = f->first;
	pol_arena_return(&t->items, &t->no_item);
	return rc;
}

static int
add_node(struct pol_tree *t, const struct pol_node *n)
{
	int rc = push_node(t, n);

	return rc != 0 || t->taker == NULL || t->depth == 0 ? rc : give(t);
}

int
pol_tree_end(struct pol_tree *t)
{
	const struct pol_tree_frame *f = &t->frames[--t->depth];
	size_t n = t->n - f->first;
	struct pol_node node = node_at(t, f->at), *items;
	struct pol_arena *arena = t->giving && t->depth > 1 ? &t->items : &t->set->arena;
	int rc;

	node.kind = f->map ? POL_NODE_MAP : POL_NODE_SEQ;
	node.count = (uint32_t)(f->map ? n / 2 : n);
	if (f->map && n > 0) {		/* nothing read yet: there is no stack to point into */
		rc = pol_yaml_keys(t->set, &t->stack[f->first], n / 2, t->seed, &t->seen_keys);
		if (rc != 0)
			return rc;
	}
	items = pol_arena_array(arena, n, sizeof(node));
	if (items == NULL)
		return pol_set_nomem(t->set);
	node.u.items = items;
	if (n > 0)
		memcpy(items, &t->stack[f->first], n * sizeof(node));
	t->n = f->first;
	if (t->depth == 1)
		t->giving = false;
	return add_node(t, &node);
}

/* A copy on its own, or one in a block with others. */
static char *
copy_text(struct pol_tree *t, const char *s, size_t len)
{
	size_t block = t->limits->file_bytes < TEXT_BLOCK ? 4096 + len : TEXT_BLOCK;
	char *to;

	if (len + 1 > TEXT_BLOCK / 4) {
		to = pol_arena_copy(&t->set->arena, s, len);
		if (to == NULL)
			(void)pol_set_nomem(t->set);
		return to;
	}
	if (len + 1 > t->room_left) {
		t->room_left = 0;
		t->room = pol_set_alloc(t->set, block, 1);
		if (t->room == NULL)
			return NULL;
		t->room_left = block;
	}
	to = t->room;
	t->room += len + 1;
	t->room_left -= len + 1;
	memcpy(to, s, len);
	to[len] = 0;
	return to;
}

static const char *
keep_text(struct pol_tree *t, const char *s, size_t len)
{
	struct policy_text *c;
	const char *to;
	unsigned i;

	if (len > CACHED_BYTES)
		return copy_text(t, s, len);
	c = t->cached[pol_hash(s, len, t->seed) % POL_TREE_CACHED];
	for (i = 0; i < POL_TREE_WAYS; i++)
		if (c[i].data != NULL && pol_bytes_equal(c[i].data, c[i].len, s, len))
			return c[i].data;
	to = copy_text(t, s, len);
	if (to != NULL) {
		c += t->oldest++ % POL_TREE_WAYS;
		c->data = to;
		c->len = len;
	}
	return to;
}

/* What is wrong with it as a text or key, or NULL. */
static const char *
scalar_fault(const struct pol_tree *t, const char *s, size_t len, bool plain)
{
	if (len > 0 && memchr(s, 0, len) != NULL)
		return "a NUL stands in a text: it is allowed nowhere";
	if (!at_key(t))
		return NULL;
	if (len == 0)
		return "a key is empty: a key is a text of at least one character";
	if (plain && len == 2 && s[0] == '<' && s[1] == '<')
		return "merge keys (<<) are not allowed: write the keys out";
	return NULL;
}

static bool
is_null(const struct pol_tree_scalar *s)
{
	return s->plain && (s->len == 0 || pol_bytes_equal(s->text, s->len, "~", 1) ||
	    pol_bytes_equal(s->text, s->len, "null", 4));
}

int
pol_tree_scalar(struct pol_tree *t, const struct pol_tree_scalar *s)
{
	struct pol_node n = node_at(t, s->at);
	const char *fault;
	int rc = count_node(t, s->at);

	if (rc != 0)
		return rc;
	if (s->len > t->limits->scalar_bytes)
		return over(t, s->at, "limit scalar_bytes: a text is too long", t->limits->scalar_bytes, "bytes");
	fault = scalar_fault(t, s->text, s->len, s->plain);
	if (fault != NULL)
		return pol_tree_fail(t, s->at, fault);
	if (s->len > t->size->scalar) {
		t->size->scalar = s->len;
		t->size->scalar_line = n.line;
		t->size->scalar_column = n.column;
	}
	n.kind = POL_NODE_SCALAR;
	n.plain = s->plain;
	n.exact = s->exact;
	n.count = (uint32_t)s->len;
	if (is_null(s) && !at_key(t)) {
		n.kind = POL_NODE_NULL;
		n.count = 0;
	}
	n.u.text = keep_text(t, s->text, n.count);
	if (n.u.text == NULL)
		return POLICY_ERR_NOMEM;
	return add_node(t, &n);
}

void
pol_tree_fini(struct pol_tree *t)
{
	free(t->stack);
	free(t->frames);
	free(t->seen_keys.slots);
	pol_arena_fini(&t->items);
}
