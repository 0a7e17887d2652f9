/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The index by action: for each action the roles that have entries on it. What an
 * entry allows is expanded over implications here, unless that would make the
 * program much larger than what was written: then entries on very many actions
 * are `wide`, kept once, and their action sets are asked. Entries whose every
 * pattern is literal are not here but at their anchors.
 */
#include <string.h>

#include "compile/emit.h"

/* Expanding is free up to EXPAND_FREE items, or EXPAND_TIMES what was written. */
#define EXPAND_FREE 1024
#define EXPAND_TIMES 4
/* An entry on so few actions is never wide. */
#define EXPAND_SMALL 8

/* Marks of an action. */
#define IMPLIED 1
#define IMPLIED_FREE 2

struct rows {
	struct pol_emit *e;
	uint8_t *marks;			/* by action */
	bool cut;			/* there are wide entries */
	uint32_t *first;		/* by action: its items */
	uint32_t *list;			/* entry numbers, by action, role, effect, number */
};

static struct emit_acts *
acts_of(const struct pol_emit *e, uint32_t number)
{
	return (struct emit_acts *)(void *)e->acts.data + e->acts_of[number];
}

static const struct ast_entry *
entry_at(const struct pol_emit *e, uint32_t number)
{
	return e->set->entries.list[number & POL_ITEM_NUMBER];
}

/* All that the actions of a set imply: marked IMPLIED, and IMPLIED_FREE where one
 * that limits its holder in nothing does. */
static int
expand(struct rows *r, struct emit_acts *s)
{
	struct ast_action *const *actions = r->e->set->actions.list;
	uint32_t i, k, a, n = 0, all = 0;

	if (s->all != NULL)
		return 0;
	for (i = 0; i < s->n; i++)
		all += (uint32_t)actions[s->list[i]]->n_implied;
	s->all = pol_arena_array(&r->e->arena, all, sizeof(*s->all));
	if (s->all == NULL)
		return pol_emit_text_rc(r->e, POLICY_ERR_NOMEM);
	for (i = 0; i < s->n; i++)
		for (k = 0; k < actions[s->list[i]]->n_implied; k++) {
			a = actions[s->list[i]]->implied[k];
			if (r->marks[a] == 0)
				s->all[n++] = a;
			r->marks[a] |= r->e->actions[s->list[i]].held.n == 0 ? IMPLIED_FREE : IMPLIED;
		}
	for (i = 0; i < n; i++) {
		a = s->all[i];
		if (r->marks[a] & IMPLIED_FREE)
			s->all[i] |= EMIT_FREE;
		r->marks[a] = 0;
	}
	s->n_all = n;
	return 0;
}

/* The actions at which entry `number` is found, some with EMIT_FREE. A deny is exact. */
static const uint32_t *
found_at(const struct pol_emit *e, uint32_t number, uint32_t *n)
{
	const struct emit_acts *s = acts_of(e, number);

	if (entry_at(e, number)->effect == POL_EFFECT_DENY) {
		*n = s->n;
		return s->list;
	}
	*n = s->n_all;
	return s->all;
}

static bool
is_wide(const struct rows *r, uint32_t number)
{
	const struct ast_entry *x = entry_at(r->e, number);
	uint32_t n;

	if (!r->cut)
		return false;
	found_at(r->e, number, &n);
	return n > EXPAND_SMALL && n > EXPAND_TIMES * x->actions->texts.n;
}

/* Expands all sets asked for and decides whether that is too much. */
static int
measure(struct rows *r)
{
	const struct pol_emit *e = r->e;
	uint64_t total = 0;
	uint32_t i, n;
	int rc = 0;

	for (i = 0; rc == 0 && i < e->n_by_role; i++) {
		if (entry_at(e, e->by_role[i])->effect == POL_EFFECT_ALLOW)
			rc = expand(r, acts_of(e, e->by_role[i]));
		found_at(e, e->by_role[i], &n);
		total += n;
	}
	r->cut = total > EXPAND_FREE && total > EXPAND_TIMES * e->written;
	return rc;
}

/* Calls for the entries of by_role[from..to), all of one role: allow before deny. */
static void
each_of_role(struct rows *r, uint32_t from, uint32_t to, bool wide,
    void (*fn)(struct rows *r, uint32_t number, void *ctx), void *ctx)
{
	const struct pol_emit *e = r->e;
	uint32_t effect, i;

	for (effect = POL_EFFECT_ALLOW; effect <= POL_EFFECT_DENY; effect++)
		for (i = from; i < to; i++)
			if (entry_at(e, e->by_role[i])->effect == effect && is_wide(r, e->by_role[i]) == wide)
				fn(r, e->by_role[i], ctx);
}

static void
each_entry(struct rows *r, bool wide, void (*fn)(struct rows *r, uint32_t number, void *ctx), void *ctx)
{
	const struct pol_emit *e = r->e;
	uint32_t from = 0, to, role;

	while (from < e->n_by_role) {
		role = entry_at(e, e->by_role[from])->role;
		for (to = from + 1; to < e->n_by_role && entry_at(e, e->by_role[to])->role == role; to++)
			continue;
		each_of_role(r, from, to, wide, fn, ctx);
		from = to;
	}
}

static void
count_one(struct rows *r, uint32_t number, void *ctx)
{
	uint32_t i, n;
	const uint32_t *at = found_at(r->e, number, &n);

	(void)ctx;
	for (i = 0; i < n; i++)
		r->first[(at[i] & ~EMIT_FREE) + 1]++;
}

/* May it still not apply to who asks `action` and has its role? */
static bool
must_ask(const struct pol_emit *e, uint32_t number, uint32_t action)
{
	const struct ast_entry *x = entry_at(e, number);

	if (x->n_patterns != 0 || ast_more(x)->conds.n != 0)
		return true;
	if (x->effect == POL_EFFECT_DENY)
		return false;
	return (action & EMIT_FREE) == 0 || e->actions[action & ~EMIT_FREE].asked.n != 0;
}

static void
place_one(struct rows *r, uint32_t number, void *ctx)
{
	uint32_t i, n;
	const uint32_t *at = found_at(r->e, number, &n);

	(void)ctx;
	for (i = 0; i < n; i++)
		r->list[r->first[at[i] & ~EMIT_FREE]++] = number | (must_ask(r->e, number, at[i]) ? POL_ITEM_ASK : 0);
}

static void
count_wide(struct rows *r, uint32_t number, void *ctx)
{
	uint32_t *n = ctx;

	(void)r;
	(void)number;
	(*n)++;
}

static void
place_wide(struct rows *r, uint32_t number, void *ctx)
{
	uint32_t *n = ctx;

	r->list[(*n)++] = number | POL_ITEM_ASK;
}

/* Rows of list[from..to), sorted by role and effect; their signatures. */
static int
make_rows(struct rows *r, uint32_t from, uint32_t to, struct pol_buf *out,
    uint64_t *sig_allow, uint64_t *sig_deny)
{
	struct pol_emit *e = r->e;
	struct pol_row row;
	uint32_t i;
	int rc = 0;

	for (i = from; rc == 0 && i < to; ) {
		memset(&row, 0, sizeof(row));
		row.role = entry_at(e, r->list[i])->role;
		for (; rc == 0 && i < to && entry_at(e, r->list[i])->role == row.role; i++) {
			bool deny = entry_at(e, r->list[i])->effect == POL_EFFECT_DENY;
			uint32_t at;

			*(deny ? &row.n_deny : &row.n_allow) += 1;
			*(deny ? sig_deny : sig_allow) |= (uint64_t)1 << (row.role & 63);
			rc = pol_emit_text_row(e, EMIT_ITEMS, &r->list[i], sizeof(uint32_t), &at);
			if (row.n_deny + row.n_allow == 1)
				row.first = at;
		}
		if (rc == 0 && pol_buf_append(out, &row, sizeof(row)) == SIZE_MAX)
			rc = pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	}
	return rc;
}

static int
emit_rows(struct rows *r)
{
	struct pol_emit *e = r->e;
	uint32_t i, from, n = (uint32_t)e->set->actions.n;
	int rc = 0;

	each_entry(r, false, count_one, NULL);
	for (i = 0; i < n; i++)
		r->first[i + 1] += r->first[i];
	r->list = pol_arena_array(&e->arena, r->first[n], sizeof(*r->list));
	if (r->list == NULL)
		return pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	each_entry(r, false, place_one, NULL);
	for (i = 0, from = 0; rc == 0 && i < n; from = r->first[i++]) {
		struct pol_action *a = &e->actions[i];

		e->tmp.len = 0;
		rc = make_rows(r, from, r->first[i], &e->tmp, &a->sig_allow, &a->sig_deny);
		a->rows.n = (uint32_t)(e->tmp.len / sizeof(struct pol_row));
		if (rc == 0 && a->rows.n > 0)
			rc = pol_emit_text_block(e, e->tmp.data, e->tmp.len, 4, &a->rows.off);
	}
	return rc;
}

static int
emit_wide(struct rows *r)
{
	struct pol_emit *e = r->e;
	uint32_t n = 0;

	each_entry(r, true, count_wide, &n);
	r->list = pol_arena_array(&e->arena, n, sizeof(*r->list));
	if (r->list == NULL)
		return pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	n = 0;
	each_entry(r, true, place_wide, &n);
	return make_rows(r, 0, n, &e->table[EMIT_WIDE], &e->head.wide_sig_allow, &e->head.wide_sig_deny);
}

/* Most actions of a large set are like many others. */
static int
emit_action_row(struct pol_emit *e, const struct pol_action *a)
{
	uint32_t index = (uint32_t)(e->table[EMIT_ACTION_ROWS].len / sizeof(*a));
	bool found;
	int rc = pol_emit_text_rc(e, pol_emit_dict_put(&e->action_rows, a, sizeof(*a), &index, &found));

	if (rc == 0 && !found)
		rc = pol_emit_text_row(e, EMIT_ACTION_ROWS, a, sizeof(*a), NULL);
	return rc != 0 ? rc : pol_emit_text_row(e, EMIT_ACTIONS, &index, sizeof(index), NULL);
}

int
pol_emit_row(struct pol_emit *e)
{
	struct rows r = { .e = e };
	size_t i, n = e->set->actions.n;
	int rc;

	r.marks = pol_arena_array(&e->arena, n, sizeof(*r.marks));
	r.first = pol_arena_array(&e->arena, n + 1, sizeof(*r.first));
	if (r.marks == NULL || r.first == NULL)
		return pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	rc = measure(&r);
	if (rc == 0)
		rc = emit_rows(&r);
	if (rc == 0 && r.cut)
		rc = emit_wide(&r);
	for (i = 0; rc == 0 && i < n; i++)
		rc = emit_action_row(e, &e->actions[i]);
	return rc;
}
