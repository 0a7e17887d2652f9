/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the entries that speak of a request and lets each say what it says: by
 * action and role, by the thing itself, or among the few that name very many
 * actions. Never a scan over entries. An entry may be met twice: the answer is the
 * same.
 */
#include "core/anchor.h"
#include "core/eval.h"

/* Most requests need none of these: those that do pay for the registers they use. */
#define NOINLINE __attribute__((noinline))

#define FEW_ROWS 16u			/* of an action: each row's role is sought */

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
meet_deny(struct pol_eval *ev, struct pol_found *f, uint32_t number, bool fits)
{
	const struct pol_entry *e = entry_at(ev, number);
	uint32_t term = POL_NONE;
	int value = POL_E, v;

	if (!fits && !pol_match_entry(ev, e))
		return;
	v = pol_cond_eval(ev, pol_body_of(ev->p, e)->cond, &term, &value);
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
	if (f->asked < 0 || ev->witness != NULL)
		f->asked = pol_cond_eval(ev, ev->act->asked, term, value);
	return f->asked == POL_T;
}

/* The own limits of the i-th implier: the same for every entry that names it. */
static int
held(struct pol_eval *ev, uint32_t i, struct pol_cond c, uint32_t *term, int *value)
{
	int v;

	for (; ev->n_held <= i && ev->n_held < POL_HELD_KEPT; ev->n_held++)
		ev->held[ev->n_held] = 0;
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
	uint32_t n_impliers;
	const uint32_t *impliers = pol_meet_impliers(ev, &n_impliers);

	for (uint32_t i = 0; i < n_impliers && pol_spend(ev, 1); i++) {
		struct pol_cond own;

		if (!pol_match_sorted(acts, n, impliers[i]))
			continue;
		own = i == 0 ? ev->act->held : pol_action_at(ev->p, impliers[i])->held;
		if (own.n == 0 || held(ev, i, own, term, value) == POL_T)
			return true;
	}
	return false;
}

/* Does this entry allow the request? fits: its patterns are known to. */
static inline bool
allows(struct pol_eval *ev, struct pol_found *f, enum policy_stage stage, uint32_t number, bool fits)
{
	const struct pol_entry *e = entry_at(ev, number);
	const struct pol_body *body = pol_body_of(ev->p, e);
	uint32_t term = POL_NONE;
	int value = POL_E, v;

	if (!fits && !pol_match_entry(ev, e))
		return false;
	v = pol_cond_eval(ev, body->cond, &term, &value);
	if (v == POL_T && !asked_ok(ev, f, &term, &value))
		v = value;
	if (v == POL_T && !reached(ev, POL_AT(ev->p, body->actions.off), body->actions.n, &term, &value))
		v = term == POL_NONE ? POL_F : value;
	if (v != POL_F || term != POL_NONE)
		witness(ev, stage, number, v, term, value);
	return v == POL_T;
}

/* An entry with a number lower than what was found so far. */
static inline void
meet(struct pol_eval *ev, struct pol_found *f, uint32_t number, enum pol_effect effect, bool fits)
{
	if (effect == POL_EFFECT_DENY)
		meet_deny(ev, f, number, fits);
	else if (allows(ev, f, POLICY_STAGE_ALLOW, number, fits))
		f->allow = number;
}

/* A wide or anchored entry was not found by its action: ask its action set. */
static bool
names_action(struct pol_eval *ev, const uint32_t *acts, uint32_t n, enum pol_effect effect)
{
	uint32_t n_impliers;
	const uint32_t *impliers;

	if (effect == POL_EFFECT_DENY)
		return pol_match_sorted(acts, n, ev->action);
	impliers = pol_meet_impliers(ev, &n_impliers);
	for (uint32_t i = 0; i < n_impliers && pol_spend(ev, 1); i++) {
		if (pol_match_sorted(acts, n, impliers[i]))
			return true;
	}
	return false;
}

static bool
wide_names(struct pol_eval *ev, uint32_t number, enum pol_effect effect)
{
	struct pol_span acts = pol_body_of(ev->p, entry_at(ev, number))->actions;

	return names_action(ev, POL_AT(ev->p, acts.off), acts.n, effect);
}

/* Its items are sorted by number: none behind the lowest found can be named. Where
 * a witness looks, each is asked in full. */
static inline void
meet_row(struct pol_eval *ev, struct pol_found *f, const struct pol_row *row, enum pol_effect effect, bool wide)
{
	bool deny = effect == POL_EFFECT_DENY;
	const uint32_t *items = POL_ROWS(ev->p, items, uint32_t) + row->first + (deny ? row->n_allow : 0);
	uint32_t n = deny ? row->n_deny : row->n_allow, *best = deny ? &f->deny : &f->allow;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t number = items[i] & POL_ITEM_NUMBER;

		if (number >= *best)
			return;
		if ((items[i] & POL_ITEM_ASK) == 0 && ev->witness == NULL) {
			*best = number;
			return;
		}
		if (!wide || wide_names(ev, number, effect))
			meet(ev, f, number, effect, false);
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

static NOINLINE void
meet_roles(struct pol_eval *ev, struct pol_found *f, const struct pol_row *rows, uint32_t n,
    enum pol_effect effect, bool wide)
{
	const uint32_t *roles;
	uint32_t n_roles;

	for (uint32_t k = 0; pol_roles_list(ev, &ev->subject, k, &roles, &n_roles); k++) {
		for (uint32_t i = 0; i < n_roles; i++) {
			const struct pol_row *row = row_of(rows, n, roles[i]);

			if (row != NULL)
				meet_row(ev, f, row, effect, wide);
		}
	}
}

static inline bool
may_have(const struct pol_eval *ev, uint32_t role)
{
	return (ev->subject.role_sig >> (role & 63) & 1) != 0;
}

/*
 * Rows are sorted by role. Few rows: each role is sought among the asker's. Many:
 * each of the asker's roles is sought among the rows. An entry met twice is the
 * same answer.
 */
static inline void
meet_rows(struct pol_eval *ev, struct pol_found *f, struct pol_span span, enum pol_effect effect, bool wide)
{
	const struct pol_row *rows = POL_AT(ev->p, span.off);

	if (span.n > FEW_ROWS) {
		meet_roles(ev, f, rows, span.n, effect, wide);
		return;
	}
	for (uint32_t i = 0; i < span.n; i++) {
		if (may_have(ev, rows[i].role) &&
		    (effect == POL_EFFECT_DENY ? rows[i].n_deny : rows[i].n_allow) != 0 &&
		    pol_roles_has(ev, &ev->subject, rows[i].role))
			meet_row(ev, f, &rows[i], effect, wide);
	}
}

/* An entry on this very thing that is not decided by what lies beside its number. */
static NOINLINE void
ask_item(struct pol_eval *ev, struct pol_found *f, const struct pol_item *item, enum pol_effect effect)
{
	const uint32_t *acts = &item->acts;
	uint32_t n = 1;

	if ((item->entry & POL_ITEM_SET) != 0) {
		acts = POL_AT(ev->p, item->acts);
		n = *acts++;
	}
	if (names_action(ev, acts, n, effect))
		meet(ev, f, item->entry & POL_ITEM_NUMBER, effect, true);
}

/* An entry on this very thing, of a role that the asker has. */
static inline void
meet_item(struct pol_eval *ev, struct pol_found *f, const struct pol_item *item, enum pol_effect effect)
{
	bool deny = effect == POL_EFFECT_DENY;
	uint32_t number = item->entry & POL_ITEM_NUMBER, *best = deny ? &f->deny : &f->allow;

	if (((item->entry & POL_ITEM_DENY) != 0) != deny || number >= *best)
		return;
	if (item->acts == ev->action && (item->entry & (POL_ITEM_ASK | POL_ITEM_SET)) == 0 &&
	    ev->witness == NULL && (deny || ev->act->held.n == 0))
		*best = number;
	else
		ask_item(ev, f, item, effect);
}

/* In a long list each of the asker's roles is sought; items are sorted by role. */
static void
meet_items_of(struct pol_eval *ev, struct pol_found *f, const struct pol_item *items, uint32_t n,
    uint32_t role, enum pol_effect effect)
{
	uint32_t low = 0, high = n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (items[mid].role < role)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < n && items[low].role == role; low++)
		meet_item(ev, f, &items[low], effect);
}

static NOINLINE void
meet_anchor(struct pol_eval *ev, struct pol_found *f, enum pol_effect effect)
{
	const struct policy_text *id = &ev->req->resource_id;
	const struct pol_item *items;
	const uint32_t *ids;
	uint32_t last = POL_NONE, n, n_ids;
	bool mine = false;

	if (!f->sought)
		f->anchor = pol_anchor_find(ev->p, ev->above[0].hash, ev->type, id->data, id->len);
	f->sought = true;
	if (f->anchor == NULL)
		return;
	items = pol_anchor_items(ev->p, f->anchor, &n);
	if (n <= POL_ANCHOR_FEW) {
		for (uint32_t i = 0; i < n; i++) {
			if (items[i].role != last) {
				last = items[i].role;
				mine = may_have(ev, last) && pol_roles_has(ev, &ev->subject, last);
			}
			if (mine)
				meet_item(ev, f, &items[i], effect);
		}
		return;
	}
	for (uint32_t k = 0; pol_roles_list(ev, &ev->subject, k, &ids, &n_ids); k++) {
		for (uint32_t i = 0; i < n_ids && pol_spend(ev, 1); i++)
			meet_items_of(ev, f, items, n, ids[i], effect);
	}
}

void
pol_meet_all(struct pol_eval *ev, struct pol_found *f, enum pol_effect effect)
{
	const struct pol_program *p = ev->p;
	const struct pol_action *a = ev->act;
	bool deny = effect == POL_EFFECT_DENY;
	uint64_t mine = ev->subject.role_sig;

	if (((deny ? a->sig_deny : a->sig_allow) & mine) != 0)
		meet_rows(ev, f, a->rows, effect, false);
	if (((deny ? p->wide_sig_deny : p->wide_sig_allow) & mine) != 0)
		meet_rows(ev, f, p->wide, effect, true);
	if ((!deny || p->anchor_denies != 0) && pol_meet_has_anchors(ev))
		meet_anchor(ev, f, effect);
}

/* Does one of these scope or ceiling entries allow the request? */
static bool
some_allows(struct pol_eval *ev, struct pol_found *f, enum policy_stage stage, uint32_t from, uint32_t n)
{
	const uint32_t *items = POL_ROWS(ev->p, items, uint32_t) + from;

	for (uint32_t i = 0; i < n; i++) {
		if (allows(ev, f, stage, items[i], false))
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
