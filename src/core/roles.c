/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which roles someone has, here and now. What is held everywhere and always lies
 * in the holder's record; the rest is found by walking the grants of the thing and
 * of what lies above it, and testing each grant's holder against the asker's
 * closure: the cost follows the grants on this thing, not the grants there are.
 */
#include "core/eval.h"

#define WALKED 16u			/* a list as short as this is walked, whoever asks */

static bool
in_list(const struct pol_role_list *l, uint32_t role)
{
	return (l->sig & pol_bit(role)) != 0 && pol_match_sorted(l->ids, l->n, role);
}

bool
pol_roles_search(const struct pol_eval *ev, const struct pol_side *side, uint32_t role)
{
	for (uint32_t i = 0; i < side->n_records; i++) {
		const struct pol_holder_more *m = pol_holder_more(side->records[i]);

		if ((m->role_sig & pol_bit(role)) != 0 &&
		    pol_match_sorted(pol_more_roles(m), m->n_roles, role))
			return true;
	}
	if (in_list(&ev->w->everyone, role) || (side->present && in_list(&ev->w->authenticated, role)))
		return true;
	for (uint32_t i = 0; i < side->n_extra; i++) {
		uint32_t n;
		const uint32_t *ids = pol_role_closure(ev->p, &side->extra[i], &n);

		if (pol_match_sorted(ids, n, role))
			return true;
	}
	return false;
}

/* In order: records, closures of extra roles, everyone's, authenticated's. */
bool
pol_roles_list(const struct pol_eval *ev, const struct pol_side *side, uint32_t k, const uint32_t **ids, uint32_t *n)
{
	if (k < side->n_records) {
		const struct pol_holder_more *m = pol_holder_more(side->records[k]);

		*ids = pol_more_roles(m);
		*n = m->n_roles;
		return true;
	}
	k -= side->n_records;
	if (k < side->n_extra) {
		*ids = pol_role_closure(ev->p, &side->extra[k], n);
		return true;
	}
	k -= side->n_extra;
	if (k == 0) {
		*ids = ev->w->everyone.ids;
		*n = ev->w->everyone.n;
		return true;
	}
	*ids = ev->w->authenticated.ids;
	*n = ev->w->authenticated.n;
	return k == 1 && side->present;
}

static inline void
add_role(struct pol_eval *ev, struct pol_side *side, uint32_t role)
{
	uint32_t n;
	const uint32_t *ids = pol_role_closure(ev->p, &role, &n);

	if (pol_roles_has(ev, side, role))
		return;
	if (side->n_extra == POL_MAX_EXTRA_ROLES) {
		ev->why = "more roles are granted here than the engine follows (128)";
		ev->limit = true;
		return;
	}
	side->extra[side->n_extra++] = role;
	if (ev->words != NULL) {
		side->role_sig |= ev->words[role];
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		side->role_sig |= pol_bit(ids[i]);
}

static inline bool
holds(const struct pol_side *side, uint32_t holder)
{
	if ((side->holder_sig & pol_bit(holder)) == 0)
		return false;
	if (holder <= POL_HOLDER_AUTHENTICATED)
		return holder == POL_HOLDER_EVERYONE || side->present;
	for (uint32_t i = 0; i < side->n_records; i++) {
		if (pol_holder_in(side->records[i], holder))
			return true;
	}
	return false;
}

static bool
inside(const struct pol_eval *ev, const struct pol_window *w)
{
	return pol_time_cmp(w->from, ev->now) <= 0 && pol_time_cmp(ev->now, w->until) < 0;
}

static void
take(struct pol_eval *ev, struct pol_side *side, const struct pol_grants *g, uint32_t i)
{
	if (g->window_of == NULL || g->window_of[i] == 0 || inside(ev, &g->windows[g->window_of[i] - 1]))
		add_role(ev, side, g->list[i].role);
}

/* May the role, or one that it includes, bear on what is asked, and is it news? */
static inline bool
wanted(const struct pol_eval *ev, const struct pol_side *side, uint32_t role)
{
	return ev->words == NULL || (ev->words[role] & ev->want & ~side->role_sig) != 0;
}

/* All grants of `g` to one holder. */
static void
take_of(struct pol_eval *ev, struct pol_side *side, const struct pol_grants *g, uint32_t holder)
{
	uint32_t low = 0, high = g->n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (g->list[mid].holder < holder)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < g->n && g->list[low].holder == holder; low++)
		take(ev, side, g, low);
}

/* A short list is walked; in a long one each of the asker's holders is sought. */
static void
walk(struct pol_eval *ev, struct pol_side *side, const struct pol_grants *g)
{
	uint32_t mine = 2;

	if ((g->sig & side->holder_sig) == 0)
		return;
	for (uint32_t i = 0; i < side->n_records; i++)
		mine += 1 + pol_holder_more(side->records[i])->n_groups;
	/* each holder is sought in each record, or each of mine in the list */
	if (!pol_spend(ev, g->n <= WALKED ? 1 : g->n < mine ? g->n * (1 + side->n_records / 8) : mine))
		return;
	if (g->n <= WALKED || g->n <= mine) {
		for (uint32_t i = 0; i < g->n; i++) {
			if (wanted(ev, side, g->list[i].role) && holds(side, g->list[i].holder))
				take(ev, side, g, i);
		}
		return;
	}
	take_of(ev, side, g, POL_HOLDER_EVERYONE);
	if (side->present)
		take_of(ev, side, g, POL_HOLDER_AUTHENTICATED);
	for (uint32_t i = 0; i < side->n_records; i++) {
		const struct pol_holder_more *m = pol_holder_more(side->records[i]);
		uint32_t holder, at = 0;

		take_of(ev, side, g, side->records[i]->id);
		while ((holder = pol_more_next_group(m, &at)) != POL_NONE)
			take_of(ev, side, g, holder);
	}
}

/* Most things have a handful of grants, for ever. */
static inline void
walk_thing(struct pol_eval *ev, struct pol_side *side, const struct pol_thing *t)
{
	struct pol_grants g = pol_thing_grants(t);

	if ((g.sig & side->holder_sig) == 0)
		return;
	if (g.window_of != NULL || g.n > WALKED) {
		walk(ev, side, &g);
		return;
	}
	for (uint32_t i = 0; i < g.n; i++) {
		if (wanted(ev, side, g.list[i].role) && holds(side, g.list[i].holder))
			add_role(ev, side, g.list[i].role);
	}
}

/* Globs are sorted by holder, and the holder is asked first: it is the cheaper test. */
static void
walk_globs(struct pol_eval *ev, struct pol_side *side, const struct pol_type_grants *t, const struct pol_above *x)
{
	const struct pol_glob_grant *g = POL_AT(t, t->globs.off);
	const struct pol_window *w = POL_AT(t, t->glob_windows.off);
	uint32_t last = POL_NONE;
	bool mine = false;

	for (uint32_t i = 0; i < t->globs.n && pol_spend(ev, 1); i++) {
		if (g[i].holder != last) {
			last = g[i].holder;
			mine = holds(side, last);
		}
		if (!mine || (g[i].window != 0 && !inside(ev, &w[g[i].window - 1])))
			continue;
		if (pol_match_glob(ev, pol_str_at(t, g[i].glob), g[i].glob.len, x->id, x->len))
			add_role(ev, side, g[i].role);
	}
}

/* Grants on a whole type say the same of all things of it. */
static bool
first_of_type(const struct pol_eval *ev, uint32_t i)
{
	for (uint32_t k = 0; k < i; k++) {
		if (ev->above[k].type == ev->above[i].type)
			return false;
	}
	return true;
}

static void
walk_grants(struct pol_eval *ev, struct pol_side *side)
{
	struct pol_grants g;

	if (ev->more_above && ev->thing != NULL)
		pol_above_stored(ev);
	if (ev->w->anywhere != NULL) {
		g = pol_type_whole(ev->w->anywhere);
		walk(ev, side, &g);
	}
	for (uint32_t i = 0; i < ev->n_above; i++) {
		const struct pol_above *x = &ev->above[i];
		const struct pol_type_grants *t = ev->w->by_type[x->type];

		if (x->thing != NULL)
			walk_thing(ev, side, x->thing);
		if (t != NULL) {
			g = pol_type_whole(t);
			if (first_of_type(ev, i))
				walk(ev, side, &g);
			walk_globs(ev, side, t, x);
		}
	}
	for (uint32_t k = 0; k < side->n_records; k++) {
		const struct pol_holder_more *m = pol_holder_more(side->records[k]);
		const struct pol_timed *t = pol_more_timed(m);

		for (uint32_t i = 0; i < m->n_timed; i++) {
			if (inside(ev, &t[i].window))
				add_role(ev, side, t[i].role);
		}
	}
}

static void
add_record(struct pol_side *side, const struct pol_holder *h)
{
	side->records[side->n_records++] = h;
	side->role_sig |= pol_holder_more(h)->role_sig;
	side->holder_sig |= pol_holder_sig(h);
}

static void
add_groups(struct pol_eval *ev, struct pol_side *side)
{
	uint64_t type = pol_hash("group", 5, ev->w->seed);

	for (size_t i = 0; i < ev->req->groups_count; i++) {
		const struct policy_text *g = &ev->req->groups[i];
		const struct pol_holder *h = pol_find_holder(ev->w,
		    pol_hash_join(type, pol_hash(g->data, g->len, ev->w->seed)), "group", 5, g->data, g->len);

		if (h != NULL)		/* groups that are not declared are not heard */
			add_record(side, h);
	}
}

int
pol_roles_find(struct pol_eval *ev, struct pol_side *side, bool with_groups)
{
	const struct pol_people *w = ev->w;
	uint64_t type;

	side->n_records = side->n_extra = 0;
	side->record = NULL;
	side->role_sig = w->everyone.sig;
	side->holder_sig = pol_bit(POL_HOLDER_EVERYONE);
	if (side->present) {
		side->role_sig |= w->authenticated.sig;
		side->holder_sig |= pol_bit(POL_HOLDER_AUTHENTICATED);
		if (side == &ev->subject && !ev->for_actor) {
			type = ev->known->who_type_hash;
			side->record = ev->known->who;
		} else {
			type = pol_hash(side->type.data, side->type.len, w->seed);
			side->record = pol_find_holder(w,
			    pol_hash_join(type, pol_hash(side->id.data, side->id.len, w->seed)),
			    side->type.data, side->type.len, side->id.data, side->id.len);
		}
		if (side->record != NULL)
			add_record(side, side->record);
		if (w->has_stars) {
			const struct pol_holder *star = pol_find_holder(w,
			    pol_hash_join(type, pol_hash("*", 1, w->seed)),
			    side->type.data, side->type.len, "*", 1);

			if (star != NULL && star != side->record)
				add_record(side, star);
		}
		if (with_groups && ev->req->groups_count != 0)
			add_groups(ev, side);
	}
	if (ev->words == NULL || (ev->want & ~side->role_sig) != 0)
		walk_grants(ev, side);
	return ev->limit ? POLICY_ERR_LIMIT : 0;
}
