/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who holds which role here and now, and through what: by walking the text, as the
 * reference interpreter does. For explanations; what decides is core/roles.c.
 */
#include "author/author.h"

#include <string.h>

#include "base/err.h"
#include "base/glob.h"
#include "base/name.h"
#include "base/num.h"

struct finder {
	struct pol_held_state *out;
	const struct policy_set *set;
	const struct ast_set *ast;
	const struct policy_request *req;
	struct policy_text type;	/* of the subject */
	struct pol_time now;
	bool fixtures;
	bool *in_group;			/* by number in ast->groups */
};

static bool
same(struct policy_text a, struct policy_text b)
{
	return pol_bytes_equal(a.data, a.len, b.data, b.len);
}

static bool
is(struct policy_text t, const char *s)
{
	return pol_bytes_equal(t.data, t.len, s, strlen(s));
}

bool
pol_held_matches(const struct ast_pattern *p, uint32_t type, struct policy_text id)
{
	const struct policy_text glob = ast_pattern_glob(p);

	return p->type == type && (glob.data == NULL ||
	    pol_glob_match(glob.data, glob.len, id.data, id.len, '/', NULL));
}

/* ---- the things above ---- */

static int
add_above(struct finder *f, uint32_t type, struct policy_text id, size_t *room)
{
	struct pol_held_state *s = f->out;
	struct pol_held_above *more;
	size_t i;

	for (i = 0; i < s->n_above; i++)
		if (s->above[i].type == type && same(s->above[i].id, id))
			return 0;
	if (s->n_above == *room) {
		*room = *room * 2 + 8;
		more = pol_arena_array(&s->arena, *room, sizeof(*more));
		if (more == NULL)
			return POLICY_ERR_NOMEM;
		if (s->n_above > 0)
			memcpy(more, s->above, s->n_above * sizeof(*more));
		s->above = more;
	}
	s->above[s->n_above++] = (struct pol_held_above){ type, id };
	return 0;
}

/* A value of `parent`: TYPE/ID of a declared parent type or, of one type, the id. */
static int
add_named(struct finder *f, const struct ast_type *t, const struct policy_value *v, size_t *room)
{
	struct policy_text x = v->u.text, head;
	const char *slash;
	char *number;
	size_t i;

	if (v->type == POLICY_INT) {
		number = pol_arena_alloc(&f->out->arena, POL_NUM_TEXT);
		if (number == NULL)
			return POLICY_ERR_NOMEM;
		x.len = pol_num_format(number, v->u.integer);
		x.data = number;
	} else if (v->type != POLICY_STRING) {
		return 0;
	}
	slash = memchr(x.data, '/', x.len);
	for (i = 0; slash != NULL && i < t->parents.n; i++) {
		head = (struct policy_text){ x.data, (size_t)(slash - x.data) };
		if (!pol_bytes_equal(head.data, head.len, t->parents.list[i].u.text, t->parents.list[i].count))
			continue;
		x = (struct policy_text){ slash + 1, x.len - head.len - 1 };
		return add_above(f, t->parent_types[i], x, room);
	}
	return t->parents.n == 1 ? add_above(f, t->parent_types[0], x, room) : 0;
}

static int
add_parents(struct finder *f, size_t at, size_t *room)
{
	struct pol_held_above x = f->out->above[at];
	const struct ast_type *t = f->ast->types.list[x.type];
	const struct ast_thing *thing = pol_told_thing(f->set, f->fixtures, x.type, x.id);
	const struct policy_attrs *sent = at == 0 ? &f->req->resource_attributes : NULL;
	const struct policy_value *v;
	uint32_t i;
	int rc = 0;

	if (t->parent_kind == POL_PARENT_NONE)
		return 0;
	v = pol_told_attribute(t, thing, sent, "inherit", 7);
	if (v != NULL && v->type == POLICY_BOOL && !v->u.boolean)
		return 0;
	if (t->parent_kind == POL_PARENT_ID) {
		while (x.id.len > 0 && x.id.data[x.id.len - 1] != '/')
			x.id.len--;
		if (x.id.len == 0)
			return 0;
		x.id.len--;
		return add_above(f, t->parent_types[0], x.id, room);
	}
	v = pol_told_attribute(t, thing, sent, "parent", 6);
	if (v == NULL)
		return 0;
	if (v->type != POLICY_LIST)
		return add_named(f, t, v, room);
	for (i = 0; rc == 0 && i < v->count; i++)
		rc = add_named(f, t, &v->u.items[i], room);
	return rc;
}

static int
find_above(struct finder *f)
{
	const struct policy_request *r = f->req;
	uint64_t hash;
	uint32_t type;
	size_t i, room = 0;
	int rc;

	if (r->resource_type.data == NULL)
		return 0;
	type = pol_find_type(f->set->own.program, r->resource_type.data, r->resource_type.len, &hash);
	if (type == POL_NONE)
		return 0;
	rc = add_above(f, type, r->resource_id, &room);
	for (i = 0; rc == 0 && i < f->out->n_above; i++)
		rc = add_parents(f, i, &room);
	return rc;
}

/* ---- groups ---- */

static bool
is_mine(const struct finder *f, const struct ast_holder *h)
{
	const struct policy_text name = ast_holder_name(h);
	size_t i;

	if (h->word)
		return is(name, "everyone") || f->req->subject_id.data != NULL;
	if (f->req->subject_id.data == NULL)
		return false;
	if (!is(ast_holder_type(h), "group"))
		return same(ast_holder_type(h), f->type) && (same(name, f->req->subject_id) || is(name, "*"));
	for (i = 0; i < f->ast->groups.n; i++) {
		const struct pol_node *n = f->ast->groups.list[i]->name;

		if (f->in_group[i] && pol_bytes_equal(name.data, name.len, n->u.text, n->count))
			return true;
	}
	return false;
}

static bool
is_named(const struct finder *f, const struct pol_node *group)
{
	const struct ast_user *u = f->out->user;
	size_t i;

	for (i = 0; i < f->req->groups_count; i++)
		if (pol_bytes_equal(f->req->groups[i].data, f->req->groups[i].len, group->u.text, group->count))
			return true;
	for (i = 0; u != NULL && i < u->groups.n; i++)
		if (pol_bytes_equal(u->groups.list[i].u.text, u->groups.list[i].count,
		    group->u.text, group->count))
			return true;
	return false;
}

static bool
joins(const struct finder *f, const struct ast_group *g)
{
	size_t i;

	if (is_named(f, g->name))
		return true;
	for (i = 0; i < g->members.n; i++)
		if (is_mine(f, &g->members.list[i]))
			return true;
	return false;
}

static int
find_groups(struct finder *f)
{
	const struct ast_set *a = f->ast;
	bool more = f->req->subject_id.data != NULL;
	size_t i;

	f->in_group = pol_arena_array(&f->out->arena, a->groups.n + 1, sizeof(*f->in_group));
	f->out->groups = pol_arena_array(&f->out->arena, a->groups.n + a->mapped.n + 1, sizeof(*f->out->groups));
	if (f->in_group == NULL || f->out->groups == NULL)
		return POLICY_ERR_NOMEM;
	while (more) {
		more = false;
		for (i = 0; i < a->groups.n; i++) {
			const struct ast_group *g = a->groups.list[i];

			if (f->in_group[i] || (g->fixture && !f->fixtures) || !joins(f, g))
				continue;
			f->in_group[i] = more = true;
			f->out->groups[f->out->n_groups++] = g;
		}
	}
	/* nobody's members; who is named to be in one is, as a module's claim would have it */
	for (i = 0; f->req->subject_id.data != NULL && i < a->mapped.n; i++)
		if (is_named(f, a->mapped.list[i]->name))
			f->out->groups[f->out->n_groups++] = a->mapped.list[i];
	return 0;
}

/* ---- roles ---- */

/* A role given counts for all it includes; the nearer way is kept. */
static void
give(struct finder *f, uint32_t role, struct pol_holding how)
{
	const struct ast_role *r = f->ast->roles.list[role];
	size_t i;

	how.through = role;
	for (i = 0; i < r->n_closure; i++) {
		struct pol_holding *h = &f->out->roles[r->closure[i]];

		if (how.how < h->how || (how.how == h->how && r->closure[i] == role && h->through != role))
			*h = how;
	}
}

static enum pol_held
reach(const struct finder *f, const struct ast_grant *g)
{
	bool here = !g->has_resource;
	size_t i;

	for (i = 0; !here && i < f->out->n_above; i++)
		here = pol_held_matches(&g->resource, f->out->above[i].type, f->out->above[i].id);
	if (!here)
		return POL_HELD_ELSEWHERE;
	if (g->span != NULL && ((g->span->from_source != NULL && pol_time_cmp(f->now, g->span->from) < 0) ||
	    (g->span->until_source != NULL && pol_time_cmp(f->now, g->span->until) >= 0)))
		return POL_HELD_WINDOW;
	return POL_HELD_YES;
}

static void
find_granted(struct finder *f)
{
	size_t i, j;
	bool mine;

	for (i = 0; i < f->ast->grants.n; i++) {
		const struct ast_grant *g = f->ast->grants.list[i];

		if (g->fixture && !f->fixtures)
			continue;
		for (j = 0, mine = false; !mine && j < g->to.n; j++)
			mine = is_mine(f, &g->to.list[j]);
		for (j = 0; mine && j < g->roles->n_ids; j++)
			give(f, g->roles->ids[j], (struct pol_holding){ .how = reach(f, g), .grant = g });
	}
}

static int
find_roles(struct finder *f)
{
	const struct ast_user *u = f->out->user;
	size_t i, j;

	f->out->roles = pol_arena_array(&f->out->arena, f->ast->roles.n + 1, sizeof(*f->out->roles));
	if (f->out->roles == NULL)
		return POLICY_ERR_NOMEM;
	for (i = 0; i < f->ast->roles.n; i++)
		f->out->roles[i] = (struct pol_holding){ .how = POL_HELD_NO, .through = POL_NONE };
	for (i = 0; u != NULL && i < u->roles.n; i++)
		give(f, u->role_ids[i], (struct pol_holding){ .how = POL_HELD_YES, .user = u });
	for (i = 0; i < f->out->n_groups; i++)
		for (j = 0; j < f->out->groups[i]->roles.n; j++)
			give(f, f->out->groups[i]->role_ids[j],
			    (struct pol_holding){ .how = POL_HELD_YES, .group = f->out->groups[i] });
	for (i = 0; i < f->ast->everyone.n; i++) {
		const struct ast_everyone *e = f->ast->everyone.list[i];

		if (!e->authenticated || f->req->subject_id.data != NULL)
			give(f, e->id, (struct pol_holding){ .how = POL_HELD_YES, .everyone = e });
	}
	find_granted(f);
	return 0;
}

int
pol_held_find(struct pol_held_state *out, const struct policy_set *set,
    bool fixtures, const struct policy_request *req, struct pol_time now)
{
	struct finder f = {
		.out = out, .set = set, .ast = set->ast, .req = req, .now = now,
		.fixtures = fixtures,
		.type = req->subject_type.data != NULL ? req->subject_type : policy_text("user"),
	};
	int rc;

	memset(out, 0, sizeof(*out));
	pol_arena_init(&out->arena);
	out->user = pol_told_user(set, fixtures, req->subject_type, req->subject_id);
	rc = find_above(&f);
	if (rc == 0)
		rc = find_groups(&f);
	if (rc == 0)
		rc = find_roles(&f);
	return rc;
}

void
pol_held_fini(struct pol_held_state *s)
{
	pol_arena_fini(&s->arena);
}
