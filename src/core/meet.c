/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the entries that speak of a request and lets each say what it says: by
 * action and role, by the thing itself, or among the few that name very many
 * actions. Never a scan over entries. An entry may be met twice: the answer is the
 * same.
 */
#include "core/eval.h"

static void
witness(struct pol_eval *ev, enum policy_stage stage, uint32_t entry, int value, uint32_t term, int term_value)
{
	static const enum policy_outcome outcome[3] = {
		POLICY_OUTCOME_FALSE, POLICY_OUTCOME_MATCHED, POLICY_OUTCOME_UNKNOWN
	};

	if (ev->witness != NULL)
		ev->witness->step(ev->witness->ctx, ev->engine, stage, entry, outcome[value],
		    term, term_value, ev->for_actor);
}

static const struct pol_entry *
entry_at(const struct pol_eval *ev, uint32_t number)
{
	return &POL_ROWS(ev->p, entries, struct pol_entry)[number];
}

static void
meet_deny(struct pol_eval *ev, struct pol_found *f, uint32_t number)
{
	const struct pol_entry *e = entry_at(ev, number);
	uint32_t term = POL_NONE;
	int value = POL_E, v;

	if (number >= f->deny || !pol_match_entry(ev, e))
		return;
	v = pol_cond_eval(ev, e->cond, &term, &value);
	witness(ev, POLICY_STAGE_DENY, number, v, term, value);
	if (v == POL_T)
		f->deny = number;
	else if (v == POL_E && number < f->unknown)
		f->unknown = number;
}

/* `unless` of the asked action binds whoever asks it. */
static bool
asked_ok(struct pol_eval *ev, struct pol_found *f, uint32_t *term, int *value)
{
	const struct pol_action *a = &POL_ROWS(ev->p, actions, struct pol_action)[ev->action];

	if (f->asked < 0 || ev->witness != NULL)
		f->asked = pol_cond_eval(ev, a->asked, term, value);
	return f->asked == POL_T;
}

/* The own limits of the i-th implier: the same for every entry that names it. */
static int
held(struct pol_eval *ev, uint32_t i, struct pol_cond c, uint32_t *term, int *value)
{
	int v;

	if (c.n == 0)
		return POL_T;
	if (!ev->held_ready) {
		memset(ev->held, 0, sizeof(ev->held));
		ev->held_ready = true;
	}
	if (i < POL_HELD_KEPT && ev->held[i] != 0 && ev->witness == NULL)
		return ev->held[i] - 1;
	if (!pol_spend(ev, 4))
		return POL_E;
	v = pol_cond_eval(ev, c, term, value);
	if (i < POL_HELD_KEPT)
		ev->held[i] = (uint8_t)(v + 1);
	return v;
}

/* Does some action of the set `acts` imply the asked one, with its own limits true? */
static bool
reached(struct pol_eval *ev, const uint32_t *acts, uint32_t n, uint32_t *term, int *value)
{
	const struct pol_action *all = POL_ROWS(ev->p, actions, struct pol_action);
	const uint32_t *impliers = POL_AT(ev->p, all[ev->action].impliers.off);

	for (uint32_t i = 0; i < all[ev->action].impliers.n && pol_spend(ev, 1); i++) {
		if (pol_match_sorted(acts, n, impliers[i]) &&
		    held(ev, i, all[impliers[i]].held, term, value) == POL_T)
			return true;
	}
	return false;
}

/* Does this entry allow the request? */
static bool
allows(struct pol_eval *ev, struct pol_found *f, enum policy_stage stage, uint32_t number)
{
	const struct pol_entry *e = entry_at(ev, number);
	uint32_t term = POL_NONE;
	int value = POL_E, v;

	if (!pol_match_entry(ev, e))
		return false;
	v = pol_cond_eval(ev, e->cond, &term, &value);
	if (v == POL_T && !asked_ok(ev, f, &term, &value))
		v = value;
	if (v == POL_T && !reached(ev, POL_AT(ev->p, e->actions.off), e->actions.n, &term, &value))
		v = term == POL_NONE ? POL_F : value;
	if (v != POL_F || term != POL_NONE)
		witness(ev, stage, number, v, term, value);
	return v == POL_T;
}

static void
meet(struct pol_eval *ev, struct pol_found *f, uint32_t number, enum pol_effect effect)
{
	if (effect == POL_EFFECT_DENY)
		meet_deny(ev, f, number);
	else if (number < f->allow && allows(ev, f, POLICY_STAGE_ALLOW, number))
		f->allow = number;
}

/* A wide or anchored entry was not found by its action: ask its action set. */
static bool
names_action(struct pol_eval *ev, const struct pol_entry *e, enum pol_effect effect)
{
	const struct pol_action *a = &POL_ROWS(ev->p, actions, struct pol_action)[ev->action];
	const uint32_t *impliers = POL_AT(ev->p, a->impliers.off);

	if (effect == POL_EFFECT_DENY)
		return pol_match_has_action(ev->p, e, ev->action);
	for (uint32_t i = 0; i < a->impliers.n && pol_spend(ev, 1); i++) {
		if (pol_match_has_action(ev->p, e, impliers[i]))
			return true;
	}
	return false;
}

static void
meet_row(struct pol_eval *ev, struct pol_found *f, const struct pol_row *row, enum pol_effect effect, bool wide)
{
	const uint32_t *items = POL_ROWS(ev->p, items, uint32_t) + row->first;
	uint32_t n = row->n_allow;

	if (effect == POL_EFFECT_DENY) {
		items += n;
		n = row->n_deny;
	}
	for (uint32_t i = 0; i < n; i++) {
		if (!wide || names_action(ev, entry_at(ev, items[i]), effect))
			meet(ev, f, items[i], effect);
	}
}

static const struct pol_row *
row_of(const struct pol_row *rows, uint32_t n, uint32_t role)
{
	uint32_t low = 0, high = n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (rows[mid].role < role)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n && rows[low].role == role ? &rows[low] : NULL;
}

static void
meet_roles(struct pol_eval *ev, struct pol_found *f, const struct pol_row *rows, uint32_t n,
    const uint32_t *roles, uint32_t n_roles, enum pol_effect effect, bool wide)
{
	for (uint32_t i = 0; i < n_roles; i++) {
		const struct pol_row *row = row_of(rows, n, roles[i]);

		if (row != NULL)
			meet_row(ev, f, row, effect, wide);
	}
}

/*
 * Rows are sorted by role. Few rows: each role is sought among the asker's. Many:
 * each of the asker's roles is sought among the rows. An entry met twice is the
 * same answer.
 */
static void
meet_rows(struct pol_eval *ev, struct pol_found *f, struct pol_span span, uint64_t sig, enum pol_effect effect, bool wide)
{
	const struct pol_row *rows = POL_AT(ev->p, span.off);
	const struct pol_side *s = &ev->subject;
	const uint32_t *ids;
	uint32_t n;

	if ((sig & s->role_sig) == 0)
		return;
	if (span.n <= 16) {
		for (uint32_t i = 0; i < span.n; i++) {
			if ((effect == POL_EFFECT_DENY ? rows[i].n_deny : rows[i].n_allow) != 0 &&
			    pol_roles_has(ev, s, rows[i].role))
				meet_row(ev, f, &rows[i], effect, wide);
		}
		return;
	}
	for (uint32_t k = 0; pol_roles_list(ev, s, k, &ids, &n); k++)
		meet_roles(ev, f, rows, span.n, ids, n, effect, wide);
}

/* Entries on this very thing, sorted by role. */
static const struct pol_anchor *
anchor_of(const struct pol_eval *ev)
{
	const uint64_t *slots = POL_AT(ev->p, ev->p->anchor_ids.off);
	const struct pol_anchor *anchors = POL_ROWS(ev->p, anchors, struct pol_anchor);
	const struct policy_text *id = &ev->req->resource_id;
	uint64_t hash;

	if (!pol_meet_has_anchors(ev))
		return NULL;
	hash = ev->above[0].hash;
	for (uint32_t i = (uint32_t)hash & ev->p->anchor_ids.mask; slots[i] != 0; i = (i + 1) & ev->p->anchor_ids.mask) {
		const struct pol_anchor *a = &anchors[(uint32_t)slots[i] - 1];

		if (slots[i] >> 32 == hash >> 32 && a->type == ev->type &&
		    pol_bytes_equal(pol_str_at(ev->p, a->id), a->id.len, id->data, id->len))
			return a;
	}
	return NULL;
}

static void
meet_item(struct pol_eval *ev, struct pol_found *f, uint32_t number, enum pol_effect effect)
{
	const struct pol_entry *e = entry_at(ev, number);

	if (e->effect == effect && names_action(ev, e, effect))
		meet(ev, f, number, effect);
}

/* In a long list each of the asker's roles is sought; items are sorted by role. */
static void
meet_items_of(struct pol_eval *ev, struct pol_found *f, const uint32_t *items, uint32_t n,
    uint32_t role, enum pol_effect effect)
{
	uint32_t low = 0, high = n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (entry_at(ev, items[mid])->role < role)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < n && entry_at(ev, items[low])->role == role; low++)
		meet_item(ev, f, items[low], effect);
}

static void
meet_anchor(struct pol_eval *ev, struct pol_found *f, enum pol_effect effect)
{
	const struct pol_anchor *a = anchor_of(ev);
	const uint32_t *items, *ids;
	uint32_t last = POL_NONE, n;
	bool mine = false;

	if (a == NULL || (a->sig & ev->subject.role_sig) == 0)
		return;
	items = POL_ROWS(ev->p, items, uint32_t) + a->first;
	for (uint32_t i = 0; a->n <= 32 && i < a->n; i++) {
		uint32_t role = entry_at(ev, items[i])->role;

		if (role != last) {
			last = role;
			mine = pol_roles_has(ev, &ev->subject, last);
		}
		if (mine)
			meet_item(ev, f, items[i], effect);
	}
	for (uint32_t k = 0; a->n > 32 && pol_roles_list(ev, &ev->subject, k, &ids, &n); k++) {
		for (uint32_t i = 0; i < n && pol_spend(ev, 1); i++)
			meet_items_of(ev, f, items, a->n, ids[i], effect);
	}
}

void
pol_meet_all(struct pol_eval *ev, struct pol_found *f, enum pol_effect effect)
{
	const struct pol_action *a = &POL_ROWS(ev->p, actions, struct pol_action)[ev->action];
	bool deny = effect == POL_EFFECT_DENY;

	meet_rows(ev, f, a->rows, deny ? a->sig_deny : a->sig_allow, effect, false);
	if (ev->p->wide.n != 0)
		meet_rows(ev, f, ev->p->wide, deny ? ev->p->wide_sig_deny : ev->p->wide_sig_allow, effect, true);
	meet_anchor(ev, f, effect);
}

/* Does one of these scope or ceiling entries allow the request? */
static bool
some_allows(struct pol_eval *ev, struct pol_found *f, enum policy_stage stage, uint32_t from, uint32_t n)
{
	const uint32_t *items = POL_ROWS(ev->p, items, uint32_t) + from;

	for (uint32_t i = 0; i < n; i++) {
		if (allows(ev, f, stage, items[i]))
			return true;
	}
	return false;
}

bool
pol_meet_scopes(struct pol_eval *ev, struct pol_found *f)
{
	const struct policy_token *t = ev->token;

	for (size_t i = 0; i < t->scopes_count; i++) {
		uint32_t s = pol_find_scope(ev->p, t->scopes[i].data, t->scopes[i].len), term = POL_NONE;
		int value;

		if (s != POL_NONE) {
			const struct pol_scope *row = &POL_ROWS(ev->p, scopes, struct pol_scope)[s];

			if (some_allows(ev, f, POLICY_STAGE_SCOPE, row->first, row->n))
				return true;
			continue;
		}
		/* a scope not listed is the action of the same name; else it adds nothing */
		s = pol_find_action(ev->p, t->scopes[i].data, t->scopes[i].len);
		if (s != POL_NONE && asked_ok(ev, f, &term, &value) && reached(ev, &s, 1, &term, &value))
			return true;
	}
	return false;
}

bool
pol_meet_ceiling(struct pol_eval *ev, struct pol_found *f, uint32_t *kind)
{
	const struct pol_kind *k;
	uint32_t term = POL_NONE;
	int value = POL_E, v;

	*kind = POL_NONE;
	if (ev->token->kind.data == NULL)
		return false;
	*kind = pol_find_kind(ev->p, ev->token->kind.data, ev->token->kind.len);
	if (*kind == POL_NONE)
		return false;
	k = &POL_ROWS(ev->p, kinds, struct pol_kind)[*kind];
	if (k->has_ceiling && !some_allows(ev, f, POLICY_STAGE_CEILING, k->first, k->n))
		return false;
	v = pol_cond_eval(ev, k->cond, &term, &value);
	if (v != POL_T)
		witness(ev, POLICY_STAGE_CEILING, *kind | POL_WITNESS_KIND, v, term, value);
	return v == POL_T;
}
