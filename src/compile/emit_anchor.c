/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The index by thing: entries whose every pattern is one literal thing. A million
 * rules on a million things are a million records of one item. Things are told
 * apart in the very table that becomes the program's; a slot has the number of a
 * thing + 1 until its record's offset is known.
 */
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "base/hash.h"
#include "base/name.h"
#include "compile/emit.h"
#include "core/core.h"

/* One thing that literal patterns name. */
struct thing {
	const char *id;
	uint32_t len, type;
	uint32_t n;			/* items */
	uint32_t last;			/* the entry that came last, + 1; then: where its next item goes */
};

/* One item, before it has its place. */
struct pair {
	uint32_t thing, entry;
};

static struct thing *
things_of(const struct pol_emit *e)
{
	return (struct thing *)(void *)e->things.data;
}

static size_t
n_things(const struct pol_emit *e)
{
	return e->things.len / sizeof(struct thing);
}

static uint64_t
hash_of(const struct pol_emit *e, uint32_t type, const char *id, size_t len)
{
	return pol_hash_join(e->type_hash[type], pol_hash(id, len, e->head.seed));
}

static void
put(struct pol_emit *e, uint64_t slot)
{
	uint32_t far = pol_emit_table_put(e->slots, e->slots_mask, slot);

	if (far > e->longest)
		e->longest = far;
}

/* The table anew, for `want` things. */
static int
resize(struct pol_emit *e, uint64_t want)
{
	uint64_t slots = pol_emit_table_room(want), *old = e->slots;
	uint32_t i, mask = e->slots_mask;

	if (slots * sizeof(uint64_t) > UINT32_MAX)
		return pol_emit_text_rc(e, POLICY_ERR_LIMIT);
	e->slots = pol_arena_pages((size_t)slots * sizeof(uint64_t));
	if (e->slots == NULL) {
		e->slots = old;
		return pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	}
	memset(e->slots, 0, (size_t)slots * sizeof(uint64_t));
	e->slots_mask = (uint32_t)(slots - 1);
	e->longest = 0;
	for (i = 0; old != NULL && i <= mask; i++)
		if (old[i] != 0)
			put(e, old[i]);
	free(old);
	return 0;
}

/* The number of a thing, or POL_NONE. */
static uint32_t
find(const struct pol_emit *e, uint64_t hash, uint32_t type, const char *id, uint32_t len)
{
	const struct thing *all = things_of(e);
	uint32_t mask = e->slots_mask, at = (uint32_t)(hash >> 32) & mask;

	for (; e->slots[at] != 0; at = (at + 1) & mask) {
		uint32_t number = (uint32_t)e->slots[at] - 1;

		if (e->slots[at] >> 32 == hash >> 32 && all[number].type == type &&
		    pol_bytes_equal(all[number].id, all[number].len, id, len))
			return number;
	}
	return POL_NONE;
}

static int
add_thing(struct pol_emit *e, uint64_t hash, uint32_t type, const char *id, uint32_t len, uint32_t *number)
{
	struct thing t = { id, len, type, 0, 0 };
	int rc = 0;

	*number = (uint32_t)n_things(e);
	if ((*number + UINT64_C(1)) * 3 > ((uint64_t)e->slots_mask + 1) * 2)
		rc = resize(e, (uint64_t)*number * 2);
	if (rc == 0 && pol_buf_append(&e->things, &t, sizeof(t)) == SIZE_MAX)
		rc = pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	if (rc == 0)
		put(e, hash >> 32 << 32 | (*number + 1));
	return rc;
}

/* Without its escapes: the text of the pattern itself where it has none. */
static const char *
id_of(struct pol_emit *e, const struct ast_pattern *p, uint32_t *len)
{
	const struct policy_text glob = ast_pattern_glob(p);
	char *copy;

	*len = (uint32_t)glob.len;
	if (glob.len == 0 || memchr(glob.data, '\\', glob.len) == NULL)
		return glob.data;
	copy = pol_arena_alloc(&e->arena, glob.len);
	if (copy != NULL)
		*len = (uint32_t)pol_glob_unescape(glob.data, glob.len, copy);
	return copy;
}

/* Its slot was sent for when it was put in the queue. */
static int
take(struct pol_emit *e, const struct emit_ahead *a)
{
	struct pair pair = { find(e, a->hash, a->type, a->id, a->len), a->entry };
	struct thing *t;
	int rc = 0;

	if (pair.thing == POL_NONE)
		rc = add_thing(e, a->hash, a->type, a->id, a->len, &pair.thing);
	if (rc != 0)
		return rc;
	t = things_of(e) + pair.thing;
	if (t->last == a->entry + 1)		/* the same thing twice in one entry */
		return 0;
	t->last = a->entry + 1;
	t->n++;
	return pol_buf_append(&e->pairs, &pair, sizeof(pair)) == SIZE_MAX ? pol_emit_text_rc(e, POLICY_ERR_NOMEM) : 0;
}

int
pol_emit_anchor_add(struct pol_emit *e, const struct ast_entry *x)
{
	size_t i;
	int rc = 0;

	if (e->slots == NULL)
		rc = resize(e, e->set->entries.n);
	for (i = 0; rc == 0 && i < x->n_patterns; i++) {
		struct emit_ahead *place = &e->ahead[e->n_ahead % EMIT_AHEAD], a;

		a.type = x->patterns[i].type;
		a.entry = x->number;
		a.id = id_of(e, &x->patterns[i], &a.len);
		if (a.id == NULL)
			return pol_emit_text_rc(e, POLICY_ERR_NOMEM);
		if (a.len > POL_MAX_RESOURCE_ID)	/* nobody can ask about it */
			continue;
		a.hash = hash_of(e, a.type, a.id, a.len);
		if (e->n_ahead >= EMIT_AHEAD)
			rc = take(e, place);
		__builtin_prefetch(&e->slots[(uint32_t)(a.hash >> 32) & e->slots_mask], 1);
		*place = a;
		e->n_ahead++;
	}
	return rc;
}

int
pol_emit_anchor_end(struct pol_emit *e)
{
	uint64_t i = e->n_ahead > EMIT_AHEAD ? e->n_ahead - EMIT_AHEAD : 0;
	int rc = 0;

	for (; rc == 0 && i < e->n_ahead; i++)
		rc = take(e, &e->ahead[i % EMIT_AHEAD]);
	if (rc != 0 || e->slots == NULL || pol_emit_table_room(n_things(e)) == (uint64_t)e->slots_mask + 1)
		return rc;
	return resize(e, n_things(e));
}

int
pol_emit_anchor_hash(struct pol_emit *e, uint64_t seed)
{
	size_t i, n = e->set->types.n;
	bool changed;

	if (e->type_hash == NULL)
		e->type_hash = pol_arena_array(&e->arena, n + 1, sizeof(*e->type_hash));
	if (e->type_hash == NULL)
		return pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	for (i = 0; i < n; i++) {
		const struct pol_node *name = e->set->types.list[i]->name;

		e->type_hash[i] = pol_hash(name->u.text, name->count, seed);
	}
	changed = seed != e->head.seed;
	e->head.seed = seed;
	if (e->slots == NULL || !changed)
		return 0;
	e->longest = 0;
	memset(e->slots, 0, ((size_t)e->slots_mask + 1) * sizeof(*e->slots));
	for (i = 0; i < n_things(e); i++) {
		const struct thing *t = things_of(e) + i;
		uint64_t hash = hash_of(e, t->type, t->id, t->len);

		put(e, hash >> 32 << 32 | (i + 1));
	}
	return 0;
}

void
pol_emit_anchor_types(const struct pol_emit *e, struct pol_type *types)
{
	for (size_t i = 0; i < n_things(e); i++)
		types[things_of(e)[i].type].has_anchors = 1;
}

static size_t
head_size(const struct thing *t)
{
	return sizeof(struct pol_anchor) + ((t->len + 3u) & ~3u);
}

uint64_t
pol_emit_anchor_size(struct pol_emit *e)
{
	const struct thing *t = things_of(e);
	uint64_t size = e->pairs.len / sizeof(struct pair) * sizeof(struct pol_item);
	size_t i, n = n_things(e);

	e->head.anchors.n = (uint32_t)n;
	for (i = 0; i < n; i++)
		size += head_size(&t[i]) + (t[i].n > POL_ANCHOR_FEW ? sizeof(struct pol_span) : 0);
	return size;
}

/* The head of one record; `last` is from now on where its next item goes. */
static uint32_t
place_head(struct pol_program *p, struct thing *t, uint32_t at)
{
	struct pol_anchor *a = (struct pol_anchor *)(void *)((char *)p + at);
	char *behind = (char *)(a + 1) + t->len;

	a->type = t->type;
	a->len = (uint16_t)t->len;
	a->n = t->n > POL_ANCHOR_FEW ? POL_ANCHOR_MANY : (uint16_t)t->n;
	if (t->len != 0)
		memcpy(a + 1, t->id, t->len);
	while (((uintptr_t)behind & 3) != 0)
		*behind++ = '\0';
	at += (uint32_t)head_size(t);
	if (t->n > POL_ANCHOR_FEW) {
		struct pol_span many = { at + (uint32_t)sizeof(many), t->n };

		memcpy(behind, &many, sizeof(many));
		at = many.off;
	}
	t->last = at;
	return at + t->n * (uint32_t)sizeof(struct pol_item);
}

static int
by_role(const void *a, const void *b)
{
	const struct pol_item *x = a, *y = b;
	uint32_t n = x->entry & POL_ITEM_NUMBER, m = y->entry & POL_ITEM_NUMBER;

	if (x->role != y->role)
		return x->role < y->role ? -1 : 1;
	return n < m ? -1 : n > m;
}

static void
place_items(struct pol_emit *e, struct pol_program *p)
{
	const struct pair *pairs = (const void *)e->pairs.data;
	size_t i, n = e->pairs.len / sizeof(*pairs);
	struct thing *all = things_of(e);

	for (i = 0; i < n; i++) {
		const struct ast_entry *x = e->set->entries.list[pairs[i].entry];
		const struct emit_acts *s = pol_emit_acts_of(e, x->number);
		struct pol_item item = { x->role, x->number, s->list[0] };

		if (s->n != 1) {
			item.entry |= POL_ITEM_SET;
			item.acts = s->span.off - (uint32_t)sizeof(uint32_t);
		}
		if (x->effect == POL_EFFECT_DENY)
			item.entry |= POL_ITEM_DENY;
		if (ast_more(x)->conds.n != 0)
			item.entry |= POL_ITEM_ASK;
		memcpy((char *)p + all[pairs[i].thing].last, &item, sizeof(item));
		all[pairs[i].thing].last += (uint32_t)sizeof(item);
	}
}

void
pol_emit_anchor_place(struct pol_emit *e, struct pol_program *p)
{
	struct thing *t = things_of(e);
	uint64_t *slots = (uint64_t *)(void *)((char *)p + p->anchor_ids.off);
	uint32_t at = p->anchors.off, begin;
	size_t i, n = n_things(e);

	for (i = 0; i < n; i++)
		at = place_head(p, &t[i], at);
	place_items(e, p);
	pol_buf_fini(&e->pairs);
	for (i = 0; i < n; i++) {
		begin = t[i].last - t[i].n * (uint32_t)sizeof(struct pol_item);
		if (t[i].n > 1)
			qsort((char *)p + begin, t[i].n, sizeof(struct pol_item), by_role);
		t[i].last = begin - (uint32_t)head_size(&t[i]);
		if (t[i].n > POL_ANCHOR_FEW)
			t[i].last -= (uint32_t)sizeof(struct pol_span);
	}
	for (i = 0; i <= p->anchor_ids.mask; i++) {
		uint64_t slot = e->slots != NULL ? e->slots[i] : 0;

		slots[i] = slot == 0 ? 0 : slot >> 32 << 32 | t[(uint32_t)slot - 1].last;
	}
	pol_buf_fini(&e->things);
	free(e->slots);
	e->slots = NULL;
}
