/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The people of a set, handed to people/'s builder: the same door that the store
 * comes through. Nothing is copied here but lists of names.
 */
#include <string.h>

#include "base/err.h"
#include "base/glob.h"
#include "compile/compile.h"

struct feed {
	const struct ast_set *set;
	struct policy_error *err;
	struct pol_builder *builder;
	struct pol_arena arena;		/* lists of one fact at a time, until the end */
	bool fixtures;
};

static int
fail(const struct feed *f, int rc, const struct pol_node *at, const char *text)
{
	if (rc == POLICY_ERR_NOMEM)
		return pol_err_nomem(f->err);
	return pol_err_set(f->err, rc, f->set->files[at->file], at->line, at->column, "%s", text);
}

/* What the builder answered about the fact written at `at`. */
static int
built(const struct feed *f, int rc, const struct pol_node *at)
{
	if (rc == 0)
		return 0;
	return fail(f, rc, at, rc == POLICY_ERR_LIMIT ? "the people of the set are too many" :
	    "this cannot be built: it names what the set does not hold");
}

/* A name that no request could carry stands for nobody: better said now. */
static int
check_name(const struct feed *f, size_t len, const struct pol_node *at)
{
	if (len <= POL_MAX_ID)
		return 0;
	return pol_err_set(f->err, POLICY_ERR_LIMIT, f->set->files[at->file], at->line, at->column,
	    "this name has %zu bytes; at most %d are wanted", len, POL_MAX_ID);
}

static int
take_holders(struct feed *f, const struct ast_holders *h, const struct pol_who **out)
{
	struct pol_who *list = pol_arena_array(&f->arena, h->n, sizeof(*list));
	size_t i;
	int rc = 0;

	if (list == NULL)
		return pol_err_nomem(f->err);
	for (i = 0; rc == 0 && i < h->n; i++) {
		list[i].type = ast_holder_type(&h->list[i]);
		list[i].name = ast_holder_name(&h->list[i]);
		rc = check_name(f, list[i].name.len, &h->list[i].source);
	}
	*out = list;
	return rc;
}

static int
feed_group(struct feed *f, const struct ast_group *g)
{
	struct pol_group_fact fact;
	int rc;

	memset(&fact, 0, sizeof(fact));
	fact.name.data = g->name->u.text;
	fact.name.len = g->name->count;
	fact.roles = g->role_ids;
	fact.n_roles = g->roles.n;
	fact.n_members = g->members.n;
	rc = check_name(f, fact.name.len, g->name);
	if (rc == 0)
		rc = take_holders(f, &g->members, &fact.members);
	return rc != 0 ? rc : built(f, pol_builder_group(f->builder, &fact), g->name);
}

static int
feed_user(struct feed *f, const struct ast_user *u)
{
	struct policy_text *groups = pol_arena_array(&f->arena, u->groups.n, sizeof(*groups));
	struct pol_user_fact fact;
	size_t i;
	int rc;

	if (groups == NULL)
		return pol_err_nomem(f->err);
	for (i = 0; i < u->groups.n; i++) {
		groups[i].data = u->groups.list[i].u.text;
		groups[i].len = u->groups.list[i].count;
	}
	memset(&fact, 0, sizeof(fact));
	fact.who.type = ast_holder_type(&u->who);
	fact.who.name = ast_holder_name(&u->who);
	fact.roles = u->role_ids;
	fact.n_roles = u->roles.n;
	fact.groups = groups;
	fact.n_groups = u->groups.n;
	fact.attrs = u->attrs;
	rc = check_name(f, fact.who.name.len, &u->who.source);
	return rc != 0 ? rc : built(f, pol_builder_user(f->builder, &fact), &u->who.source);
}

static int
feed_grant(struct feed *f, const struct ast_grant *g)
{
	struct pol_glob_piece pieces[POL_GLOB_MAX_PIECES];
	const struct pol_node at = ast_node_at(&g->place);
	struct pol_grant_fact fact;
	size_t n;
	int rc;

	memset(&fact, 0, sizeof(fact));
	fact.roles = g->roles->ids;
	fact.n_roles = g->roles->n_ids;
	fact.n_to = g->to.n;
	fact.has_resource = g->has_resource;
	if (g->has_resource) {
		fact.type = g->resource.type;
		fact.glob = ast_pattern_glob(&g->resource);
		if (fact.glob.data != NULL && pol_glob_has_star(fact.glob.data, fact.glob.len) &&
		    pol_glob_parse(fact.glob.data, fact.glob.len, pieces, &n) != 0)
			return fail(f, POLICY_ERR_LIMIT, &g->resource.source,
			    "this pattern has too many stars and escapes; at most 64 pieces are wanted");
	}
	if (g->span != NULL) {
		fact.has_from = g->span->from_source != NULL;
		fact.has_until = g->span->until_source != NULL;
		fact.from = g->span->from;
		fact.until = g->span->until;
	}
	rc = take_holders(f, &g->to, &fact.to);
	return rc != 0 ? rc : built(f, pol_builder_grant(f->builder, &fact), &at);
}

static int
feed_thing(struct feed *f, const struct ast_thing *t)
{
	struct pol_parent_fact *parents = pol_arena_array(&f->arena, t->n_parents, sizeof(*parents));
	struct pol_thing_fact fact;
	size_t i;

	if (parents == NULL)
		return pol_err_nomem(f->err);
	for (i = 0; i < t->n_parents; i++) {
		parents[i].type = t->parents[i].type;
		parents[i].id = t->parents[i].id;
	}
	memset(&fact, 0, sizeof(fact));
	fact.type = t->type;
	fact.id = t->id;
	fact.attrs = t->attrs;
	fact.has_parent = t->has_parent;
	fact.parents = parents;
	fact.n_parents = t->n_parents;
	fact.inherit = t->inherit;
	return built(f, pol_builder_thing(f->builder, &fact), t->name);
}

static int
feed_all(struct feed *f)
{
	const struct ast_set *s = f->set;
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < s->groups.n; i++)
		if (f->fixtures || !s->groups.list[i]->fixture)
			rc = feed_group(f, s->groups.list[i]);
	for (i = 0; rc == 0 && i < s->users.n; i++)
		if (f->fixtures || !s->users.list[i]->fixture)
			rc = feed_user(f, s->users.list[i]);
	for (i = 0; rc == 0 && i < s->grants.n; i++)
		if (f->fixtures || !s->grants.list[i]->fixture)
			rc = feed_grant(f, s->grants.list[i]);
	for (i = 0; rc == 0 && i < s->things.n; i++)
		if (f->fixtures || !s->things.list[i]->fixture)
			rc = feed_thing(f, s->things.list[i]);
	return rc;
}

int
pol_set_people(struct pol_people_root **out, const struct ast_set *set,
    const struct pol_program *program, bool fixtures, struct policy_error *err)
{
	struct feed f = { .set = set, .err = err, .fixtures = fixtures };
	int rc;

	*out = NULL;
	pol_arena_init(&f.arena);
	rc = pol_builder_new(&f.builder, program);
	if (rc != 0)
		rc = pol_err_set(err, rc, NULL, 0, 0, "the people of the set cannot be built");
	if (rc == 0)
		rc = feed_all(&f);
	if (rc == 0) {
		rc = pol_builder_finish(f.builder, out);
		if (rc == POLICY_ERR_NOMEM)
			rc = pol_err_nomem(err);
		else if (rc != 0)
			rc = pol_err_set(err, rc, NULL, 0, 0, "the people of the set cannot be built");
	}
	pol_builder_free(f.builder);
	pol_arena_fini(&f.arena);
	return rc;
}
