/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ordinary question, answered without an evaluation: someone known asks with
 * nothing but subject, action and resource, roles are few enough to be bits of a word,
 * and no condition, window, glob, token or deny entry has a say. What is not ordinary
 * is not decided here; decide.c does all of it, and answers every traced request a
 * second time, to hold the two together.
 */
#include "core/quick.h"

#include "core/anchor.h"

#define MOST_GRANTS 16u			/* of one thing */
#define MOST_ROWS 16u

struct quick {
	const struct pol_program *p;
	const struct pol_people *w;
	const struct pol_holder *who;
	const uint64_t *words;
	uint64_t types;			/* that are quick */
	uint64_t roles, want;		/* held so far; of which some entry of the action is */
	uint64_t holders;		/* bits (& 63) of everyone the asker is, or is among */
};

/* No grant speaks of the whole type, and nothing but stored parents lies above a thing
 * of it. */
static bool
is_plain(const struct pol_type *t, const struct pol_type_grants *grants)
{
	return grants == NULL && (t->parent_kind == POL_PARENT_NONE ||
	    (t->parent_kind == POL_PARENT_ATTRIBUTE && t->default_parents.n == 0));
}

void
pol_engine_people(struct pol_engine *e, const struct pol_people *w)
{
	const struct pol_program *p = e->program;
	const struct pol_type *types = POL_AT(p, p->types.off);

	e->people = w;
	e->quick_types = 0;
	if (p->role_words.n == 0 || w->anywhere != NULL || w->has_stars != 0)
		return;
	for (uint32_t i = 0; i < p->types.n && i < 64; i++)
		e->quick_types |= (uint64_t)is_plain(&types[i], w->by_type[i]) << i;
}

static inline bool
is_quick(const struct quick *q, uint32_t type)
{
	return type < 64 && (q->types >> type & 1) != 0;
}

static inline bool
holds(const struct pol_holder *who, uint32_t holder)
{
	return holder <= POL_HOLDER_AUTHENTICATED || pol_holder_in(who, holder);
}

/* False: its grants are no ordinary ones. */
static inline bool
take_grants(struct quick *q, const struct pol_thing *t)
{
	struct pol_grants g = pol_thing_grants(t);

	if ((g.sig & q->holders) == 0)
		return true;
	if (g.window_of != NULL || g.n > MOST_GRANTS)
		return false;
	for (uint32_t i = 0; i < g.n; i++) {
		uint64_t word = q->words[g.list[i].role];

		if ((word & q->want & ~q->roles) != 0 && holds(q->who, g.list[i].holder))
			q->roles |= word;
	}
	return true;
}

/* What lies above the thing, as far as it is known to be all of it. */
static inline bool
take_above(struct quick *q, const struct pol_thing *thing)
{
	const struct pol_thing_more *more = pol_thing_more(thing);
	const struct pol_parent *up = POL_AT(thing, more->parents.off);

	if (more->n_above == POL_NONE)
		return false;
	/* as long as something can still be added to the roles */
	for (uint32_t i = 0; i < more->n_above && (q->want & ~q->roles) != 0; i++) {
		const struct pol_thing *t;

		if (!is_quick(q, up[i].type))
			return false;
		t = pol_find_thing_inline(q->w, up[i].hash, up[i].type, pol_str_at(thing, up[i].id), up[i].id.len);
		if (t != NULL && !take_grants(q, t))
			return false;
	}
	return true;
}

/* The roles that the asker has here, as far as the action asks for them. */
static inline bool
find_roles(struct quick *q, const struct pol_known *k)
{
	const struct pol_holder_more *mine = pol_holder_more(k->who);

	if (mine->n_timed != 0)
		return false;
	q->roles = q->w->everyone.sig | q->w->authenticated.sig | mine->role_sig;
	q->holders = (uint64_t)1 << POL_HOLDER_EVERYONE | (uint64_t)1 << POL_HOLDER_AUTHENTICATED |
	    pol_holder_sig(k->who);
	return k->thing == NULL || (take_grants(q, k->thing) && (k->thing->more == 0 || take_above(q, k->thing)));
}

/* The lowest entry of those roles that names the action, in *best. False: one with a
 * lower number must be asked. */
static inline bool
find_entry(const struct quick *q, const struct pol_action *a, uint32_t *best)
{
	const struct pol_row *rows = POL_AT(q->p, a->rows.off);
	const uint32_t *items = POL_AT(q->p, q->p->items.off);
	uint32_t ask = POL_NONE;

	for (uint32_t i = 0; i < a->rows.n; i++) {
		uint32_t first;

		if ((q->roles >> rows[i].role & 1) == 0 || rows[i].n_allow == 0)
			continue;
		first = items[rows[i].first];	/* those behind it are of no use to either */
		if ((first & POL_ITEM_ASK) == 0)
			*best = first < *best ? first : *best;
		else if ((first & POL_ITEM_NUMBER) < ask)
			ask = first & POL_ITEM_NUMBER;
	}
	return *best <= ask;
}

static inline bool
names(const struct pol_program *p, const struct pol_item *item, uint32_t action)
{
	const uint32_t *acts = POL_AT(p, item->acts);

	if ((item->entry & POL_ITEM_SET) == 0)
		return item->acts == action;
	return pol_sorted_has(acts + 1, acts[0], action);
}

/* Likewise of the entries on the thing itself. */
static inline bool
find_item(const struct quick *q, const struct pol_action *a, const struct pol_known *k,
    const struct policy_request *req, uint32_t *best)
{
	const struct pol_anchor *anchor = pol_anchor_find(q->p, k->thing_hash, k->type,
	    req->resource_id.data, req->resource_id.len);
	const struct pol_item *items;
	uint32_t n;

	if (anchor == NULL)
		return true;
	items = pol_anchor_items(q->p, anchor, &n);
	if (n > POL_ANCHOR_FEW)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		if ((q->roles >> items[i].role & 1) == 0)
			continue;
		if (!names(q->p, &items[i], k->action)) {
			if (a->impliers.n != 0)		/* it may name one that implies it */
				return false;
			continue;
		}
		if ((items[i].entry & (POL_ITEM_ASK | POL_ITEM_DENY)) != 0 || a->held.n != 0)
			return false;
		if ((items[i].entry & POL_ITEM_NUMBER) < *best)
			*best = items[i].entry & POL_ITEM_NUMBER;
	}
	return true;
}

static inline bool
is_for(const struct pol_program *p, const struct pol_action *a, uint32_t type)
{
	return a->types.n == 0 || pol_sorted_has(POL_AT(p, a->types.off), a->types.n, type);
}

bool
pol_quick(const struct pol_engine *e, const struct policy_request *req, const struct pol_known *k, uint32_t *entry)
{
	const struct pol_program *p = e->program;
	const struct pol_action *a;
	const struct pol_type *type;
	struct quick q;

	*entry = POL_NONE;
	q.types = e->quick_types;
	if (!is_quick(&q, k->type) || k->action == POL_NONE || k->who == NULL || k->who->id < POL_HOLDER_SUBJECT)
		return false;
	if (k->thing == NULL && memchr(req->resource_id.data, '\0', req->resource_id.len) != NULL)
		return false;
	a = pol_action_at(p, k->action);
	type = &((const struct pol_type *)POL_AT(p, p->types.off))[k->type];
	if (a->rows.n > MOST_ROWS || !is_for(p, a, k->type))
		return false;
	q.p = p;
	q.w = e->people;
	q.who = k->who;
	q.words = POL_AT(p, p->role_words.off);
	q.want = type->has_anchors ? ~(uint64_t)0 : a->sig_allow | a->sig_deny | p->wide_sig_allow | p->wide_sig_deny;
	if (!find_roles(&q, k) || ((a->sig_deny | p->wide_sig_allow | p->wide_sig_deny) & q.roles) != 0)
		return false;
	return find_entry(&q, a, entry) && (!type->has_anchors || find_item(&q, a, k, req, entry));
}
