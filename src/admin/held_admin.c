/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who administers: he to whom some role gives policy:escalate with no condition before
 * it, who has that role everywhere and always, from whom no deny entry takes it, and who is
 * neither disabled nor deleted. In doubt somebody is none, so that one too many is kept;
 * for the first user of all it is the other way round.
 */
#include "admin/held.h"

#include <string.h>

#include "base/hash.h"
#include "base/name.h"
#include "people/fact.h"

static const char escalate[] = "policy:escalate";

static const struct pol_row *
row_of(const struct pol_program *p, struct pol_span rows, uint32_t role)
{
	const struct pol_row *row = POL_AT(p, rows.off);

	for (uint32_t i = 0; i < rows.n; i++) {
		if (row[i].role == role)
			return &row[i];
	}
	return NULL;
}

/* Does an entry of many actions name the action, or for an allow one that implies it? */
static bool
names(const struct pol_program *p, uint32_t number, uint32_t action, bool deny, bool loose)
{
	const struct pol_entry *e = (const struct pol_entry *)POL_AT(p, p->entries.off) + number;
	const struct pol_body *body = pol_body_of(p, e);
	const uint32_t *acts = POL_AT(p, body->actions.off), *impliers;
	uint32_t n;

	if (deny)
		return pol_sorted_has(acts, body->actions.n, action);
	if (!loose && (body->cond.n != 0 || body->patterns.n != 0 || pol_action_at(p, action)->asked.n != 0))
		return false;
	impliers = pol_action_impliers(p, &action, &n);
	for (uint32_t i = 0; i < n; i++) {
		if (pol_sorted_has(acts, body->actions.n, impliers[i]) && (loose || pol_action_at(p, impliers[i])->held.n == 0))
			return true;
	}
	return false;
}

static bool
row_says(const struct pol_program *p, const struct pol_row *row, uint32_t action, bool deny, bool loose, bool wide)
{
	const uint32_t *items = (const uint32_t *)POL_AT(p, p->items.off) + row->first + (deny ? row->n_allow : 0);
	const uint32_t n = deny ? row->n_deny : row->n_allow;

	for (uint32_t i = 0; i < n; i++) {
		if (wide ? names(p, items[i] & POL_ITEM_NUMBER, action, deny, loose) :
		    deny || loose || (items[i] & POL_ITEM_ASK) == 0)
			return true;
	}
	return false;
}

static bool
role_says(const struct pol_engine *e, uint32_t role, bool deny, bool loose)
{
	const struct pol_program *p = e->program;
	const uint32_t action = pol_find_action(p, escalate, sizeof(escalate) - 1);
	const struct pol_row *row;
	uint32_t n;
	const uint32_t *ids = pol_role_closure(p, &role, &n);

	if (action == POL_NONE)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		row = row_of(p, pol_action_at(p, action)->rows, ids[i]);
		if (row != NULL && row_says(p, row, action, deny, loose, false))
			return true;
		row = row_of(p, p->wide, ids[i]);
		if (row != NULL && row_says(p, row, action, deny, loose, true))
			return true;
	}
	return false;
}

bool
pol_held_gives(const struct pol_engine *e, uint32_t role, bool loose)
{
	return role_says(e, role, false, loose);
}

bool
pol_held_denies(const struct pol_engine *e, uint32_t role)
{
	return role_says(e, role, true, false);
}

static bool
some(const struct pol_engine *e, const uint32_t *roles, uint32_t n, bool deny, bool loose)
{
	for (uint32_t i = 0; i < n; i++) {
		if (role_says(e, roles[i], deny, loose))
			return true;
	}
	return false;
}

/* Of a record, and of everybody. */
static bool
record_says(const struct pol_engine *e, const struct pol_holder *r, bool deny, bool loose)
{
	const struct pol_people *w = e->people;
	const struct pol_holder_more *m = pol_holder_more(r);

	return some(e, pol_more_roles(m), m->n_roles, deny, loose) || some(e, w->everyone.ids, w->everyone.n, deny, loose) ||
	    some(e, w->authenticated.ids, w->authenticated.n, deny, loose);
}

/* Neither disabled nor deleted. What no store knows is a file's. */
static bool
is_enabled(const struct pol_engine *e, const struct pol_held_who *who)
{
	struct policy_row row = POLICY_ROW_INIT;

	return !pol_fact_user(e->people, who->type, who->id, &row) ||
	    pol_fact_standing(e->people, &row) != POL_STANDING_ENDED;
}

/* What the rows say is asked of the engine too: deny entries may have patterns, the action types. */
static bool
is_allowed(const struct pol_engine *e, const struct pol_held_who *who, int64_t now)
{
	struct policy_request req = POLICY_REQUEST_INIT;
	struct pol_answer a = { .verdict = POLICY_DENY };
	const char *why;

	req.subject_type = who->type;
	req.subject_id = who->id;
	req.action = policy_text(escalate);
	req.resource_type = policy_text("user");
	req.resource_id = policy_text("");
	return pol_decide(e, &req, pol_time_from_ns(now), NULL, &a, NULL, &why) == 0 && a.verdict == POLICY_ALLOW;
}

static bool
record_is_admin(const struct pol_engine *e, const struct pol_holder *r, int64_t now)
{
	const struct pol_held_who who = { { r->text, r->type_len }, { pol_holder_name(r), r->name_len } };

	return record_says(e, r, false, false) && is_enabled(e, &who) && is_allowed(e, &who, now);
}

bool
pol_held_is_admin(const struct pol_engine *e, const struct pol_held_who *who, int64_t now)
{
	const struct pol_people *w = e->people;
	const uint64_t hash = pol_hash_join(pol_hash(who->type.data, who->type.len, w->seed),
	    pol_hash(who->id.data, who->id.len, w->seed));
	const struct pol_holder *r = pol_find_holder(w, hash, who->type.data, who->type.len, who->id.data, who->id.len);

	return r != NULL && record_is_admin(e, r, now);
}

/* ---- all of them ---- */

static bool
is_group(const struct pol_holder *r)
{
	return r->id < POL_HOLDER_SUBJECT;
}

static bool
is(const struct pol_holder *r, const struct pol_held_who *who)
{
	return who != NULL && pol_bytes_equal(r->text, r->type_len, who->type.data, who->type.len) &&
	    pol_bytes_equal(pol_holder_name(r), r->name_len, who->id.data, who->id.len);
}

static bool
counts(const struct pol_engine *e, const struct pol_holder *r, const struct pol_held_who *but, int64_t now, bool loose)
{
	const struct pol_held_who who = { { r->text, r->type_len }, { pol_holder_name(r), r->name_len } };

	if (is_group(r) || is(r, but))
		return false;
	if (!loose)
		return r->known != 0 && !pol_bytes_equal(pol_holder_name(r), r->name_len, "*", 1) && record_is_admin(e, r, now);
	return record_says(e, r, false, true) && is_enabled(e, &who);
}

static bool
find(const struct pol_engine *e, const struct pol_held_who *but, int64_t now, bool loose)
{
	const struct pol_dir *d = &e->people->holders;
	const struct pol_page *last = NULL;

	if (pol_dir_is_empty(d))
		return false;
	for (uint64_t i = 0; i < (uint64_t)1 << d->depth; i++) {
		const struct pol_page *page = pol_place_page(d->places[i]);

		if (page == last)
			continue;	/* a page has all its places in a row */
		last = page;
		for (uint32_t k = 0; k <= pol_place_mask(d->places[i]); k++) {
			const uint32_t slot = page->slots[k];

			if (slot != 0 && counts(e, POL_AT(page, (uint64_t)(slot & POL_SLOT_AT) << 3), but, now, loose))
				return true;
		}
	}
	return false;
}

bool
pol_held_has_admin(const struct pol_engine *e, const struct pol_held_who *but, int64_t now)
{
	return find(e, but, now, false);
}

/* A grant in a window, or on a type, gives it too. */
static bool
in_grants(const struct pol_engine *e, const struct pol_type_grants *t)
{
	const struct pol_glob_grant *g;
	struct pol_grants whole;

	if (t == NULL)
		return false;
	whole = pol_type_whole(t);
	g = POL_AT(t, t->globs.off);
	for (uint32_t i = 0; i < whole.n; i++) {
		if (pol_held_gives(e, whole.list[i].role, true))
			return true;
	}
	for (uint32_t i = 0; i < t->globs.n; i++) {
		if (pol_held_gives(e, g[i].role, true))
			return true;
	}
	return false;
}

bool
pol_held_may_have_admin(const struct pol_engine *e)
{
	const struct pol_people *w = e->people;
	const uint32_t user = pol_find_type(e->program, "user", 4, &(uint64_t){ 0 });

	return some(e, w->everyone.ids, w->everyone.n, false, true) ||
	    some(e, w->authenticated.ids, w->authenticated.n, false, true) || in_grants(e, w->anywhere) ||
	    (user != POL_NONE && in_grants(e, w->by_type[user])) || find(e, NULL, 0, true);
}
