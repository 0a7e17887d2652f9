/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine of a set of routes. Their paths are a tree first; then each state is the
 * list of all places in it that one path may have come to, the most specific first. A
 * place is a node, or the rest of a path, which stays where it is. Sets of routes that
 * overlap in very many ways are refused: how long matching takes is settled here.
 */
#include <stdlib.h>
#include <string.h>

#include "base/name.h"
#include "compile/ast_route.h"
#include "compile/emit.h"

/* In a place: the rest of a path, from this node on. */
#define REST 0x80000000u

/* Routes [from, to) have this path so far; those that end here come first. */
struct node {
	uint32_t from, to, depth, n_end;
	uint32_t word;			/* by which it was reached */
	uint32_t first, n_words;	/* nodes behind a literal, sorted by word */
	uint32_t one, slash, rest;	/* or POL_NONE */
};

enum segment { WORD, PLAIN, SLASH };

struct machine {
	struct pol_emit *e;
	const struct ast_routes *routes;
	struct pol_buf nodes;		/* struct node */
	struct pol_buf keys;		/* of `seen` */
	struct pol_buf places;		/* uint32_t: the lists of all states */
	struct pol_buf lists;		/* struct pol_span: of each state, into places */
	struct pol_buf next, words;	/* uint32_t, on the way */
	struct pol_dict seen;		/* list -> state */
	uint32_t base;			/* states before this set's */
	uint32_t empty;			/* the word of no bytes, or POL_NONE */
};

/* ---- words ---- */

static int
by_text(const void *a, const void *b)
{
	const struct policy_text *x = a, *y = b;

	return pol_bytes_cmp(x->data, x->len, y->data, y->len);
}

static size_t
collect(const struct ast_set *set, struct policy_text *out)
{
	size_t i, j, k, n = 0;

	for (i = 0; i < set->routes.n; i++)
		for (j = 0; j < set->routes.list[i]->n; j++)
			for (k = 0; k < set->routes.list[i]->list[j]->n_segments; k++) {
				const struct ast_segment *g = &set->routes.list[i]->list[j]->segments[k];

				if (g->kind == AST_SEGMENT_LITERAL && out != NULL)
					out[n] = g->text;
				n += g->kind == AST_SEGMENT_LITERAL;
			}
	return n;
}

int
pol_emit_machine_words(struct pol_emit *e)
{
	size_t i, n = collect(e->set, NULL);
	int rc = 0;

	e->words = pol_arena_array(&e->arena, n, sizeof(*e->words));
	if (e->words == NULL)
		return pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	collect(e->set, e->words);
	if (n > 1)
		qsort(e->words, n, sizeof(*e->words), by_text);
	for (i = 0; rc == 0 && i < n; i++) {
		struct pol_str row;

		if (i > 0 && by_text(&e->words[i], &e->words[e->n_words - 1]) == 0)
			continue;
		e->words[e->n_words++] = e->words[i];
		rc = pol_emit_text(e, e->words[i].data, e->words[i].len, &row);
		if (rc == 0)
			rc = pol_emit_text_row(e, EMIT_ROUTE_WORDS, &row, sizeof(row), NULL);
	}
	return rc;
}

static uint32_t
word_of(const struct pol_emit *e, struct policy_text text)
{
	const struct policy_text *found = e->n_words == 0 ? NULL :
	    bsearch(&text, e->words, e->n_words, sizeof(*e->words), by_text);

	return found != NULL ? (uint32_t)(found - e->words) : POL_NONE;
}

/* ---- the tree ---- */

static struct node *
node_at(const struct machine *m, uint32_t i)
{
	return (struct node *)(void *)m->nodes.data + i;
}

static int
add(const struct machine *m, struct pol_buf *b, const void *row, size_t size)
{
	return pol_buf_append(b, row, size) == SIZE_MAX ? pol_emit_text_rc(m->e, POLICY_ERR_NOMEM) : 0;
}

static bool
is_same(const struct ast_segment *a, const struct ast_segment *b)
{
	return a->kind == b->kind &&
	    (a->kind != AST_SEGMENT_LITERAL || pol_bytes_equal(a->text.data, a->text.len, b->text.data, b->text.len));
}

/* The nodes behind node i. They are in order: literals, then each of the other kinds. */
static int
add_children(struct machine *m, uint32_t i)
{
	struct node n = *node_at(m, i), child;
	uint32_t at, number;
	int rc = 0;

	while (n.from + n.n_end < n.to && m->routes->list[n.from + n.n_end]->n_segments == n.depth)
		n.n_end++;
	n.first = (uint32_t)(m->nodes.len / sizeof(n));
	for (at = n.from + n.n_end; rc == 0 && at < n.to; at = child.to) {
		const struct ast_segment *g = &m->routes->list[at]->segments[n.depth];

		child = (struct node){ .from = at, .to = at + 1, .depth = n.depth + 1, .word = POL_NONE,
		    .one = POL_NONE, .slash = POL_NONE, .rest = POL_NONE };
		while (child.to < n.to && is_same(&m->routes->list[child.to]->segments[n.depth], g))
			child.to++;
		number = (uint32_t)(m->nodes.len / sizeof(n));
		if (g->kind == AST_SEGMENT_LITERAL) {
			child.word = word_of(m->e, g->text);
			n.n_words++;
		} else {
			*(g->kind == AST_SEGMENT_ONE ? &n.one : g->kind == AST_SEGMENT_SLASH ? &n.slash : &n.rest) = number;
		}
		rc = add(m, &m->nodes, &child, sizeof(child));
	}
	*node_at(m, i) = n;
	return rc;
}

static int
build_tree(struct machine *m)
{
	const struct node root = { .to = (uint32_t)m->routes->n, .word = POL_NONE, .one = POL_NONE, .slash = POL_NONE, .rest = POL_NONE };
	uint32_t i;
	int rc = add(m, &m->nodes, &root, sizeof(root));

	for (i = 0; rc == 0 && i < m->nodes.len / sizeof(root); i++)
		rc = add_children(m, i);
	return rc;
}

static uint32_t
behind_word(const struct machine *m, const struct node *n, uint32_t word)
{
	uint32_t low = n->first, high = n->first + n->n_words;

	while (low < high) {
		const uint32_t mid = low + (high - low) / 2, here = node_at(m, mid)->word;

		if (here == word)
			return mid;
		if (here < word)
			low = mid + 1;
		else
			high = mid;
	}
	return POL_NONE;
}

/* ---- states ---- */

static void
push(struct machine *m, uint32_t place)
{
	if (place != POL_NONE)
		pol_buf_append(&m->next, &place, sizeof(place));
}

/* Where the places of a list come to behind one segment: into next. */
static void
advance(struct machine *m, struct pol_span list, enum segment kind, uint32_t word)
{
	const bool empty = kind == WORD && word == m->empty;
	uint32_t i;

	m->next.len = 0;
	for (i = 0; i < list.n; i++) {
		const uint32_t place = ((const uint32_t *)(void *)m->places.data)[list.off + i];
		const struct node *n = node_at(m, place & ~REST);

		if (place & REST) {
			push(m, kind != SLASH && !empty ? place : POL_NONE);
			continue;
		}
		if (kind == WORD)
			push(m, behind_word(m, n, word));
		if (empty)
			continue;
		if (kind != SLASH)
			push(m, n->one);
		push(m, n->slash);
		if (kind != SLASH && n->rest != POL_NONE)
			push(m, n->rest | REST);
	}
}

/* The state of the list in next. */
static int
state_of_next(struct machine *m, uint32_t *state)
{
	const uint32_t n = (uint32_t)(m->next.len / sizeof(uint32_t));
	struct pol_span list = { (uint32_t)(m->places.len / sizeof(uint32_t)), n };
	bool found;
	int rc;

	*state = POL_NONE;
	if (m->next.failed)
		return pol_emit_text_rc(m->e, POLICY_ERR_NOMEM);
	if (n == 0)
		return 0;
	*state = (uint32_t)(m->lists.len / sizeof(list));
	rc = pol_emit_text_rc(m->e, pol_emit_dict_put(&m->seen, m->next.data, m->next.len, state, &found));
	if (rc == 0 && !found)
		rc = add(m, &m->places, m->next.data, m->next.len);
	if (rc == 0 && !found)
		rc = add(m, &m->lists, &list, sizeof(list));
	if (rc == 0 && (m->base + *state >= POL_ROUTE_STATES_MAX || list.off > POL_ROUTE_PLACES_MAX))
		return pol_emit_text_fail(m->e, m->routes->name, POLICY_ERR_LIMIT,
		    "these routes overlap in too many ways: more than %u states would be needed; fewer variables before literals are wanted",
		    POL_ROUTE_STATES_MAX);
	*state += m->base;
	return rc;
}

static int
by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Every word that leads on from some place of the list, sorted: into words. */
static uint32_t
words_of(struct machine *m, struct pol_span list)
{
	uint32_t i, j, n, kept = 0, *words;

	m->words.len = 0;
	for (i = 0; i < list.n; i++) {
		const uint32_t place = ((const uint32_t *)(void *)m->places.data)[list.off + i];
		const struct node *at = node_at(m, place & ~REST);

		for (j = 0; (place & REST) == 0 && j < at->n_words; j++)
			pol_buf_append(&m->words, &node_at(m, at->first + j)->word, sizeof(uint32_t));
	}
	words = (uint32_t *)(void *)m->words.data;
	n = (uint32_t)(m->words.len / sizeof(*words));
	if (n > 1 && list.n > 1)
		qsort(words, n, sizeof(*words), by_number);
	for (i = 0; i < n; i++)
		if (i == 0 || words[i] != words[kept - 1])
			words[kept++] = words[i];
	return kept;
}

static int
emit_candidates(struct machine *m, struct pol_span list, struct pol_route_state *row)
{
	uint32_t i, j, at = 0;
	int rc = 0;

	for (i = 0; rc == 0 && i < list.n; i++) {
		const struct node *n = node_at(m, ((const uint32_t *)(void *)m->places.data)[list.off + i] & ~REST);

		for (j = 0; rc == 0 && j < n->n_end; j++) {
			rc = pol_emit_text_row(m->e, EMIT_ROUTE_CANDIDATES, &m->routes->list[n->from + j]->index, sizeof(uint32_t), &at);
			if (row->n_candidates++ == 0)
				row->candidates = at;
		}
	}
	if (rc == 0 && row->n_candidates > POL_ROUTE_CANDIDATES_MAX)
		return pol_emit_text_fail(m->e, m->routes->name, POLICY_ERR_LIMIT,
		    "one path may come down to %u of these routes; at most %u are wanted", row->n_candidates, POL_ROUTE_CANDIDATES_MAX);
	return rc;
}

static int
emit_edges(struct machine *m, struct pol_span list, struct pol_route_state *row)
{
	uint32_t i, at = 0;
	int rc = 0;

	row->n_edges = words_of(m, list);
	if (m->words.failed)
		return pol_emit_text_rc(m->e, POLICY_ERR_NOMEM);
	for (i = 0; rc == 0 && i < row->n_edges; i++) {
		struct pol_route_edge edge = { ((const uint32_t *)(void *)m->words.data)[i], POL_NONE };

		advance(m, list, WORD, edge.word);
		rc = state_of_next(m, &edge.state);
		if (rc == 0)
			rc = pol_emit_text_row(m->e, EMIT_ROUTE_EDGES, &edge, sizeof(edge), &at);
		if (i == 0)
			row->edges = at;
	}
	return rc;
}

static int
emit_state(struct machine *m, uint32_t state)
{
	struct pol_span list;
	struct pol_route_state row = { .plain = POL_NONE };
	int rc;

	memcpy(&list, m->lists.data + state * sizeof(list), sizeof(list));
	rc = emit_edges(m, list, &row);
	if (rc == 0) {
		advance(m, list, PLAIN, POL_NONE);
		rc = state_of_next(m, &row.plain);
	}
	if (rc == 0) {
		advance(m, list, SLASH, POL_NONE);
		rc = state_of_next(m, &row.slash);
	}
	if (rc == 0)
		rc = emit_candidates(m, list, &row);
	return rc != 0 ? rc : pol_emit_text_row(m->e, EMIT_ROUTE_STATES, &row, sizeof(row), NULL);
}

int
pol_emit_machine(struct pol_emit *e, const struct ast_routes *routes, uint32_t *start)
{
	struct machine m = { .e = e, .routes = routes, .empty = word_of(e, policy_text("")),
	    .base = (uint32_t)(e->table[EMIT_ROUTE_STATES].len / sizeof(struct pol_route_state)) };
	struct pol_buf *const bufs[] = { &m.nodes, &m.keys, &m.places, &m.lists, &m.next, &m.words };
	uint32_t i;
	int rc;

	for (i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++)
		pol_buf_init(bufs[i]);
	pol_emit_dict_init(&m.seen, &m.keys, e->head.seed, false);
	rc = build_tree(&m);
	push(&m, 0);
	if (rc == 0)
		rc = state_of_next(&m, start);
	for (i = 0; rc == 0 && i < m.lists.len / sizeof(struct pol_span); i++)
		rc = emit_state(&m, i);
	pol_emit_dict_fini(&m.seen);
	for (i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++)
		pol_buf_fini(bufs[i]);
	return rc;
}
