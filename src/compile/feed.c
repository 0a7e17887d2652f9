/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The people of a set, handed to people/'s builder: the same door that the store
 * comes through. Users and grants are handed on by the block, and no text is copied.
 */
#include <string.h>

#include "base/err.h"
#include "base/glob.h"
#include "compile/compile.h"

#define BLOCK 32			/* facts handed on at once */
#define LIST 128			/* names in all of them */

struct feed {
	const struct ast_set *set;
	struct policy_error *err;
	struct pol_builder *builder;
	bool fixtures;
	size_t n, n_who, n_names;	/* of what waits to be handed on: */
	struct ast_place at[BLOCK];
	struct pol_who who[LIST];
	struct policy_text names[LIST];
	struct pol_grant_fact grants[BLOCK];
	struct pol_user_fact users[BLOCK];
	struct pol_arena arena;		/* lists that are longer */
};

static int
fail(const struct feed *f, int rc, struct ast_place at, const char *text)
{
	if (rc == POLICY_ERR_NOMEM)
		return pol_err_nomem(f->err);
	return pol_err_set(f->err, rc, f->set->files[at.file], at.line, at.column, "%s", text);
}

/* What the builder answered about the fact written at `at`. */
static int
built(const struct feed *f, int rc, struct ast_place at)
{
	if (rc == 0)
		return 0;
	return fail(f, rc, at, rc == POLICY_ERR_LIMIT ? "the people of the set are too many" :
	    "this cannot be built: it names what the set does not hold");
}

/* A name that no request could carry stands for nobody: better said now. */
static int
check_name(const struct feed *f, size_t len, struct ast_place at)
{
	if (len <= POL_MAX_ID)
		return 0;
	return pol_err_set(f->err, POLICY_ERR_LIMIT, f->set->files[at.file], at.line, at.column,
	    "this name has %zu bytes; at most %d are wanted", len, POL_MAX_ID);
}

/* n of the holders, from `from` on, as the builder has them. */
static int
take_holders(struct feed *f, const struct ast_holders *h, size_t from, size_t n, struct pol_who *list)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++) {
		const struct ast_holder *x = &h->list[from + i];

		list[i].type = ast_holder_type(x);
		list[i].name = ast_holder_name(x);
		rc = check_name(f, list[i].name.len, ast_place_of(&x->source));
	}
	return rc;
}

/* A group of many members is handed on in parts. */
static int
feed_group(struct feed *f, const struct ast_group *g)
{
	struct pol_group_fact fact;
	size_t from = 0;
	int rc;

	memset(&fact, 0, sizeof(fact));
	fact.name.data = g->name->u.text;
	fact.name.len = g->name->count;
	fact.roles = g->role_ids;
	fact.n_roles = g->roles.n;
	fact.members = f->who;
	rc = check_name(f, fact.name.len, ast_place_of(g->name));
	while (rc == 0) {
		fact.n_members = g->members.n - from < LIST ? g->members.n - from : LIST;
		rc = take_holders(f, &g->members, from, fact.n_members, f->who);
		if (rc == 0)
			rc = built(f, pol_builder_group(f->builder, &fact), ast_place_of(g->name));
		fact.n_roles = 0;
		from += fact.n_members;
		if (from == g->members.n)
			break;
	}
	return rc;
}

static int
flush_users(struct feed *f)
{
	size_t bad;
	int rc = pol_builder_users(f->builder, f->users, f->n, &bad);

	if (rc != 0)
		rc = built(f, rc, f->at[bad]);
	f->n = f->n_names = 0;
	return rc;
}

static int
feed_user(struct feed *f, const struct ast_user *u)
{
	struct policy_text *groups;
	struct pol_user_fact *fact;
	int rc = check_name(f, ast_holder_name(&u->who).len, ast_place_of(&u->who.source));

	if (rc == 0 && (f->n == BLOCK || u->groups.n > LIST - f->n_names))
		rc = flush_users(f);
	if (rc != 0)
		return rc;
	groups = f->names + f->n_names;
	if (u->groups.n > LIST)
		groups = pol_arena_array(&f->arena, u->groups.n, sizeof(*groups));
	else
		f->n_names += u->groups.n;
	if (groups == NULL)
		return pol_err_nomem(f->err);
	for (size_t i = 0; i < u->groups.n; i++) {
		groups[i].data = u->groups.list[i].u.text;
		groups[i].len = u->groups.list[i].count;
	}
	fact = &f->users[f->n];
	fact->who.type = ast_holder_type(&u->who);
	fact->who.name = ast_holder_name(&u->who);
	fact->roles = u->role_ids;
	fact->n_roles = u->roles.n;
	fact->groups = groups;
	fact->n_groups = u->groups.n;
	fact->attrs = u->attrs;
	f->at[f->n++] = ast_place_of(&u->who.source);
	return 0;
}

static int
flush_grants(struct feed *f)
{
	size_t bad;
	int rc = pol_builder_grants(f->builder, f->grants, f->n, &bad);

	if (rc != 0)
		rc = built(f, rc, f->at[bad]);
	f->n = f->n_who = 0;
	return rc;
}

/* A grant to many is handed on in parts. */
static int
feed_grant(struct feed *f, const struct ast_grant *g)
{
	struct pol_glob_piece pieces[POL_GLOB_MAX_PIECES];
	struct pol_grant_fact fact;
	size_t pieces_n, n;
	int rc = 0;

	memset(&fact, 0, sizeof(fact));
	fact.roles = g->roles->ids;
	fact.n_roles = g->roles->n_ids;
	fact.has_resource = g->has_resource;
	if (g->has_resource) {
		fact.type = g->resource.type;
		fact.glob = ast_pattern_glob(&g->resource);
		if (fact.glob.data != NULL && memchr(fact.glob.data, '*', fact.glob.len) != NULL &&
		    pol_glob_has_star(fact.glob.data, fact.glob.len) && pol_glob_parse(fact.glob.data, fact.glob.len, pieces, &pieces_n) != 0)
			return fail(f, POLICY_ERR_LIMIT, ast_place_of(&g->resource.source),
			    "this pattern has too many stars and escapes; at most 64 pieces are wanted");
	}
	if (g->span != NULL) {
		fact.has_from = g->span->from_source != NULL;
		fact.has_until = g->span->until_source != NULL;
		fact.from = g->span->from;
		fact.until = g->span->until;
	}
	for (size_t from = 0; rc == 0 && from < g->to.n; from += n) {
		n = g->to.n - from < LIST ? g->to.n - from : LIST;
		if (f->n == BLOCK || n > LIST - f->n_who)
			rc = flush_grants(f);
		fact.to = f->who + f->n_who;
		fact.n_to = n;
		if (rc == 0)
			rc = take_holders(f, &g->to, from, n, f->who + f->n_who);
		f->n_who += n;
		f->grants[f->n] = fact;
		f->at[f->n++] = g->place;
	}
	return rc;
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
	return built(f, pol_builder_thing(f->builder, &fact), ast_place_of(t->name));
}

static int
feed_all(struct feed *f)
{
	const struct ast_set *s = f->set;
	size_t i;
	int rc = pol_builder_expect(f->builder, s->groups.n + s->mapped.n + s->users.n, s->grants.n);

	if (rc == POLICY_ERR_NOMEM)
		return pol_err_nomem(f->err);
	rc = 0;				/* too many are too many when they come */
	for (i = 0; rc == 0 && i < s->groups.n; i++)
		if (f->fixtures || !s->groups.list[i]->fixture)
			rc = feed_group(f, s->groups.list[i]);
	for (i = 0; rc == 0 && i < s->mapped.n; i++)
		rc = feed_group(f, s->mapped.list[i]);
	for (i = 0; rc == 0 && i < s->users.n; i++)
		if (f->fixtures || !s->users.list[i]->fixture)
			rc = feed_user(f, s->users.list[i]);
	if (rc == 0)
		rc = flush_users(f);
	for (i = 0; rc == 0 && i < s->grants.n; i++)
		if (f->fixtures || !s->grants.list[i]->fixture)
			rc = feed_grant(f, s->grants.list[i]);
	if (rc == 0)
		rc = flush_grants(f);
	for (i = 0; rc == 0 && i < s->things.n; i++)
		if (f->fixtures || !s->things.list[i]->fixture)
			rc = feed_thing(f, s->things.list[i]);
	return rc;
}

int
pol_set_feed(struct pol_builder *b, const struct ast_set *set, bool fixtures, struct policy_error *err)
{
	struct feed f;
	int rc;

	memset(&f, 0, sizeof(f));
	f.set = set;
	f.err = err;
	f.fixtures = fixtures;
	f.builder = b;
	pol_arena_init(&f.arena);
	rc = feed_all(&f);
	pol_arena_fini(&f.arena);
	return rc;
}

int
pol_set_people(struct pol_people_root **out, const struct ast_set *set,
    const struct pol_program *program, bool fixtures, struct policy_error *err)
{
	struct pol_builder *b;
	int rc = pol_builder_new(&b, program);

	*out = NULL;
	if (rc == 0)
		rc = pol_set_feed(b, set, fixtures, err);
	if (rc == 0) {
		rc = pol_builder_finish(b, out);
		if (rc != 0 && rc != POLICY_ERR_NOMEM)
			rc = pol_err_set(err, rc, NULL, 0, 0, "the people of the set cannot be built");
	}
	if (rc == POLICY_ERR_NOMEM)
		rc = pol_err_nomem(err);
	pol_builder_free(b);
	return rc;
}
