/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of holders: closes each over the groups it is in, and its roles over
 * those groups and over what roles include. Circles of groups end.
 */
#include "people/builder.h"

#define BITS_FROM 8			/* groups; fewer are found faster in their list */
#define BITS_ALWAYS 8			/* words: 512 groups with grants */

int
pol_set_init(struct pol_set *s, size_t size)
{
	s->size = size;
	s->seen = calloc(size / 64 + 1, sizeof(*s->seen));
	s->list = calloc(size + 1, sizeof(*s->list));
	return s->seen == NULL || s->list == NULL ? POLICY_ERR_NOMEM : 0;
}

void
pol_set_fini(struct pol_set *s)
{
	free(s->seen);
	free(s->list);
}

static void
set_add(struct pol_set *s, uint32_t x)
{
	uint64_t *word = &s->seen[x >> 6], bit = (uint64_t)1 << (x & 63);

	s->list[s->n] = x;
	s->n += (*word & bit) == 0;
	*word |= bit;
}

/* The bits are the numbers in order: read off, unless they are few and far between. */
void
pol_set_sort(struct pol_set *s)
{
	size_t n = 0, words = s->size / 64 + 1;

	if (s->n * 16 < words) {
		if (s->n > 1)
			qsort(s->list, s->n, sizeof(*s->list), pol_u32_order);
		return;
	}
	for (size_t i = 0; n < s->n && i < words; i++) {
		for (uint64_t left = s->seen[i]; left != 0; left &= left - 1)
			s->list[n++] = (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(left);
	}
}

void
pol_set_clear(struct pol_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		s->seen[s->list[i] >> 6] = 0;
	s->n = 0;
}

void
pol_work_add_roles(struct pol_work *w, size_t row)
{
	for (size_t i = w->own.start[row]; i < w->own.start[row + 1]; i++) {
		uint32_t role = w->own.item[i], n;
		const uint32_t *ids = pol_role_closure(w->b->program, &role, &n);

		for (uint32_t k = 0; k < n; k++)
			set_add(&w->roles, ids[k]);
	}
}

static void
add_groups(struct pol_work *w, size_t row)
{
	for (size_t i = w->members.start[row]; i < w->members.start[row + 1]; i++)
		set_add(&w->groups, w->members.item[i]);
}

/* groups: every group the row is in, without itself; roles: all they hold. Circles end. */
static void
close_row(struct pol_work *w, const struct pol_bholder *h, size_t row)
{
	bool group = h->id < POL_HOLDER_SUBJECT;
	uint32_t self = group ? w->group_number[h->id - POL_HOLDER_GROUP] : 0;

	pol_work_add_roles(w, row);
	add_groups(w, row);
	for (size_t i = 0; i < w->groups.n; i++) {
		uint32_t x = w->group_row[w->groups.list[i]];

		pol_work_add_roles(w, x);
		add_groups(w, x);
	}
	pol_set_sort(&w->groups);
	pol_set_sort(&w->roles);
	for (size_t i = 0, k = 0, n = w->groups.n; group && i < n; i++) {
		if (w->groups.list[i] == self) {
			w->groups.n--;
			w->groups.seen[self >> 6] &= ~((uint64_t)1 << (self & 63));
		} else {
			w->groups.list[k++] = w->groups.list[i];
		}
	}
}

/*
 * How many words of bits stand for groups of low numbers: for all that have grants
 * where those are few, else where bits are hardly longer than a list.
 */
static uint32_t
words_for(const struct pol_work *w, const uint32_t *groups, size_t n)
{
	uint32_t hot = (POL_HOLDER_GROUP + w->n_granted + 63) / 64, top;

	if (n <= BITS_FROM)
		return 0;
	if (hot <= BITS_ALWAYS)
		return hot;
	top = (groups[n - 1] >> 6) + 1;
	if (top > hot)
		top = hot;
	return top <= BITS_ALWAYS || top <= n ? top : 0;	/* two of a list are a word */
}

/* Its own roles, one for each giving. */
static size_t
own_list(const struct pol_work *w, size_t row, uint32_t **out)
{
	size_t n = w->own.start[row + 1] - w->own.start[row];

	*out = w->own.item + w->own.start[row];
	if (n > 1)
		qsort(*out, n, sizeof(**out), pol_u32_order);
	return n;
}

static int
holder_record(struct pol_work *w, struct pol_buf *buf, size_t row, struct pol_buf *timed)
{
	const struct pol_bholder *h = (const struct pol_bholder *)w->b->holders.data + row;
	const struct pol_bgrant *g = w->b->others.data;
	struct pol_holder_parts p;
	uint32_t *own;
	size_t at;
	int rc;

	memset(&p, 0, sizeof(p));
	close_row(w, h, row);
	for (size_t i = 0; i < w->groups.n; i++)
		w->groups.list[i] += POL_HOLDER_GROUP;
	p.hash = h->hash;
	p.id = h->id < POL_HOLDER_SUBJECT ? POL_HOLDER_GROUP + w->group_number[h->id - POL_HOLDER_GROUP] : h->id;
	p.known = (h->known ? POL_KNOWN_BY_NAME : 0u) | (h->text ? POL_KNOWN_BY_TEXT : 0u);
	p.ended = h->ended;
	if (h->gone)
		p.id = 0;
	p.type = (struct policy_text){ h->type, h->type_len };
	p.name = (struct policy_text){ h->name, h->name_len };
	p.groups = w->groups.list;
	p.n_groups = w->groups.n;
	p.n_words = words_for(w, p.groups, p.n_groups);
	p.roles = w->roles.list;
	p.n_roles = w->roles.n;
	p.n_own = own_list(w, row, &own);
	p.own = own;
	timed->len = 0;
	for (size_t i = w->timed.start[row]; i < w->timed.start[row + 1]; i++) {
		const struct pol_bgrant *x = &g[w->timed.item[i]];
		struct pol_timed t;

		memset(&t, 0, sizeof(t));
		t.role = x->role;
		t.window = ((const struct pol_window *)w->b->windows.data)[x->window - 1];
		pol_buf_append(timed, &t, sizeof(t));
	}
	p.timed = (const struct pol_timed *)(const void *)timed->data;
	p.n_timed = timed->len / sizeof(struct pol_timed);
	if (h->attrs != 0)
		p.given = (const struct policy_attrs *)w->b->attrs.data + h->attrs - 1;
	rc = timed->failed ? POLICY_ERR_NOMEM : pol_record_holder(buf, &p, &at);
	for (size_t i = 0; i < w->groups.n; i++)
		w->groups.list[i] -= POL_HOLDER_GROUP;
	pol_set_clear(&w->groups);
	pol_set_clear(&w->roles);
	return rc;
}

int
pol_work_holders(struct pol_work *w)
{
	const struct pol_bholder *h = w->b->holders.data;
	size_t n = 0, rows = w->b->holders.n;
	struct pol_sort_key *keys = malloc((rows + 1) * sizeof(*keys));
	struct pol_buf timed;
	struct pol_maker m;
	int rc;

	if (keys == NULL)
		return POLICY_ERR_NOMEM;
	for (size_t i = 0; i < rows; i++) {
		if (h[i].type_len != 0)
			keys[n++] = (struct pol_sort_key){ h[i].hash, (uint32_t)i, 0 };
	}
	pol_buf_init(&timed);
	rc = pol_keys_sort(keys, n);
	if (rc == 0)
		rc = pol_table_begin(&m, &w->root->view.holders, n, &w->root->bytes, &w->root->slabs);
	if (rc == 0) {
		for (size_t i = 0; rc == 0 && i < n; i++) {
			if (i + 16 < n) {
				uint32_t next = keys[i + 16].row;

				__builtin_prefetch(&h[next]);
				__builtin_prefetch(&w->members.start[next]);
				__builtin_prefetch(&w->own.start[next]);
				__builtin_prefetch(&w->timed.start[next]);
			}
			if (i + 8 < n)
				__builtin_prefetch(h[keys[i + 8].row].name);
			rc = pol_table_next(&m, keys[i].key);
			if (rc == 0)
				rc = holder_record(w, &m.records, keys[i].row, &timed);
		}
		rc = pol_table_end(&m, rc);
	}
	pol_buf_fini(&timed);
	free(keys);
	return rc;
}
