/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nobody gives what he does not hold. What is compared is what was given to him: his
 * roles, and the grants that name him, a group of his, or everybody. A rule's conditions
 * are the same for whoever has the role, so they need no look; what bounds the holding
 * itself, a window or a resource, must be as wide as what is given.
 */
#include "admin/held.h"

#include <string.h>

#include "base/glob.h"
#include "base/hash.h"

struct holding {
	const struct pol_engine *e;
	const struct pol_held_grant *asked;
	const struct pol_holder *records[2];	/* his own, and TYPE:* */
	int n;
};

/* ---- patterns ---- */

enum { TOKEN_STAR = 256, TOKEN_ANY = 257 };

/* Bytes and stars. False: it is too long. */
static bool
tokens(uint16_t out[POL_MAX_RESOURCE_ID], size_t *n, struct policy_text glob)
{
	*n = 0;
	for (size_t i = 0; i < glob.len; i++) {
		uint16_t t = (unsigned char)glob.data[i];

		if (*n == POL_MAX_RESOURCE_ID)
			return false;
		if (t == '\\' && i + 1 < glob.len) {
			t = (unsigned char)glob.data[++i];
		} else if (t == '*') {
			t = TOKEN_STAR;
			for (; i + 1 < glob.len && glob.data[i + 1] == '*'; i++)
				t = TOKEN_ANY;
		}
		out[(*n)++] = t;
	}
	return true;
}

/*
 * The text asked, stars and all, is matched by the pattern held: a star of it is only
 * matched by a star at least as wide. That says no in a few cases that are covered.
 */
bool
pol_held_covers(struct policy_text held, struct policy_text asked)
{
	uint16_t h[POL_MAX_RESOURCE_ID], a[POL_MAX_RESOURCE_ID];
	bool reach[POL_MAX_RESOURCE_ID + 1] = { true };	/* so much of `asked` by so much of `held` */
	size_t n_h, n_a;

	if (!tokens(h, &n_h, held) || !tokens(a, &n_a, asked))
		return false;
	for (size_t i = 0; i < n_h; i++) {
		bool before = reach[0];		/* reach[j - 1], one token of `held` ago */

		if (h[i] < TOKEN_STAR)
			reach[0] = false;
		for (size_t j = 1; j <= n_a; j++) {
			const bool was = reach[j];
			const uint16_t t = a[j - 1];

			if (h[i] == TOKEN_ANY)
				reach[j] = was || reach[j - 1];
			else if (h[i] == TOKEN_STAR)
				reach[j] = was || (reach[j - 1] && t != '/' && t != TOKEN_ANY);
			else
				reach[j] = before && t == h[i];
			before = was;
		}
	}
	return reach[n_a];
}

/* ---- windows ---- */

struct pol_window
pol_held_window(int64_t from_ns, int64_t until_ns)
{
	struct pol_window w = { { INT64_MIN, 0 }, { INT64_MAX, 0 } };

	if (from_ns != 0)
		w.from = pol_time_from_ns(from_ns);
	if (until_ns != 0)
		w.until = pol_time_from_ns(until_ns);
	return w;
}

static bool
within(const struct pol_window *asked, const struct pol_window *held)
{
	return pol_time_cmp(held->from, asked->from) <= 0 && pol_time_cmp(asked->until, held->until) <= 0;
}

/* ---- holders ---- */

static const struct pol_holder *
record(const struct pol_people *w, struct policy_text type, struct policy_text name)
{
	const uint64_t hash = pol_hash_join(pol_hash(type.data, type.len, w->seed), pol_hash(name.data, name.len, w->seed));

	return pol_find_holder(w, hash, type.data, type.len, name.data, name.len);
}

static void
find_records(struct holding *h, const struct pol_engine *e, const struct pol_held_who *who)
{
	const struct pol_holder *r = record(e->people, who->type, who->id);

	h->e = e;
	h->n = 0;
	if (r != NULL)
		h->records[h->n++] = r;
	r = e->people->has_stars ? record(e->people, who->type, policy_text("*")) : NULL;
	if (r != NULL)
		h->records[h->n++] = r;
}

static bool
is_mine(const struct holding *h, uint32_t holder)
{
	if (holder <= POL_HOLDER_AUTHENTICATED)
		return true;
	for (int i = 0; i < h->n; i++) {
		if (pol_holder_in(h->records[i], holder))
			return true;
	}
	return false;
}

static bool
confers(const struct holding *h, uint32_t role)
{
	uint32_t n;
	const uint32_t *ids = pol_role_closure(h->e->program, &role, &n);

	return pol_sorted_has(ids, n, h->asked->role);
}

/* ---- what is held ---- */

static bool
in_grants(const struct holding *h, struct pol_grants g)
{
	for (uint32_t i = 0; i < g.n; i++) {
		if (!confers(h, g.list[i].role) || !is_mine(h, g.list[i].holder))
			continue;
		if (g.window_of == NULL || g.window_of[i] == 0 || within(&h->asked->window, &g.windows[g.window_of[i] - 1]))
			return true;
	}
	return false;
}

static bool
everywhere(const struct holding *h)
{
	const struct pol_people *w = h->e->people;
	const uint32_t role = h->asked->role;

	if (pol_sorted_has(w->everyone.ids, w->everyone.n, role) || pol_sorted_has(w->authenticated.ids, w->authenticated.n, role))
		return true;
	for (int i = 0; i < h->n; i++) {
		const struct pol_holder_more *m = pol_holder_more(h->records[i]);
		const struct pol_timed *t = pol_more_timed(m);

		if (pol_sorted_has(pol_more_roles(m), m->n_roles, role))
			return true;
		for (uint32_t k = 0; k < m->n_timed; k++) {
			if (confers(h, t[k].role) && within(&h->asked->window, &t[k].window))
				return true;
		}
	}
	return w->anywhere != NULL && in_grants(h, pol_type_whole(w->anywhere));
}

static bool
in_globs(const struct holding *h, const struct pol_type_grants *t)
{
	const struct pol_glob_grant *g = POL_AT(t, t->globs.off);
	const struct pol_window *windows = POL_AT(t, t->glob_windows.off);

	for (uint32_t i = 0; i < t->globs.n; i++) {
		const struct policy_text glob = { pol_str_at(t, g[i].glob), g[i].glob.len };

		if (confers(h, g[i].role) && is_mine(h, g[i].holder) && pol_held_covers(glob, h->asked->glob) &&
		    (g[i].window == 0 || within(&h->asked->window, &windows[g[i].window - 1])))
			return true;
	}
	return false;
}

/* Grants on one thing count for that very thing. */
static bool
on_thing(const struct holding *h)
{
	const struct pol_program *p = h->e->program;
	const struct pol_type *type = (const struct pol_type *)POL_AT(p, p->types.off) + h->asked->type;
	const struct pol_people *w = h->e->people;
	char id[POL_MAX_RESOURCE_ID];
	const struct pol_thing *thing;
	size_t n;

	if (h->asked->glob.len > sizeof(id) || pol_glob_has_star(h->asked->glob.data, h->asked->glob.len))
		return false;
	n = pol_glob_unescape(h->asked->glob.data, h->asked->glob.len, id);
	thing = pol_find_thing(w, pol_hash_join(type->hash, pol_hash(id, n, w->seed)), h->asked->type, id, n);
	return thing != NULL && in_grants(h, pol_thing_grants(thing));
}

bool
pol_held_role(const struct pol_engine *e, const struct pol_held_who *who, const struct pol_held_grant *g)
{
	struct holding h = { .asked = g };
	const struct pol_type_grants *t;

	find_records(&h, e, who);
	if (everywhere(&h))
		return true;
	if (g->type == POL_NONE)
		return false;
	t = e->people->by_type[g->type];
	if (t != NULL && in_grants(&h, pol_type_whole(t)))
		return true;
	return g->glob.data != NULL && ((t != NULL && in_globs(&h, t)) || on_thing(&h));
}

uint32_t
pol_held_group_number(const struct pol_engine *e, struct policy_text group)
{
	const struct pol_holder *r = record(e->people, policy_text("group"), group);

	return r != NULL && r->id >= POL_HOLDER_GROUP && r->id < POL_HOLDER_SUBJECT ? r->id : POL_NONE;
}

bool
pol_held_group(const struct pol_engine *e, const struct pol_held_who *who, struct policy_text group)
{
	const uint32_t number = pol_held_group_number(e, group);
	struct holding h;

	find_records(&h, e, who);
	for (int i = 0; number != POL_NONE && i < h.n; i++) {
		if (pol_holder_in(h.records[i], number))
			return true;
	}
	return false;
}
