/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions: the names they call exist and make no circle, and what they read of a
 * resource is declared by every type they can be asked about. An expression is
 * walked to the left in a loop: only its depth is ever on the stack.
 */
#include "compile/check.h"

#include "compile/check_graph.h"
#include "compile/cond_parse.h"

int
pol_check_walk(struct ast_expr *e, pol_leaf_fn *leaf, void *ctx)
{
	int rc;

	for (;;) {
		if (e->kind == AST_AND || e->kind == AST_OR) {
			rc = pol_check_walk(e->right, leaf, ctx);
			if (rc != 0)
				return rc;
		} else if (e->kind != AST_NOT) {
			return leaf(ctx, e);
		}
		e = e->left;
	}
}

/* ---- names ---- */

struct resolving {
	const struct pol_names *names;
	struct ast_expr *unknown;	/* the first in the text */
	size_t calls;
	uint32_t *to;			/* NULL: only counted */
};

static int
resolve(void *ctx, struct ast_expr *e)
{
	struct resolving *r = ctx;

	if (e->kind != AST_NAME)
		return 0;
	e->named = pol_check_get(&r->names->named, e->name);
	if (e->named == NULL) {
		if (r->unknown == NULL || e->column < r->unknown->column)
			r->unknown = e;
		return 0;
	}
	if (r->to != NULL)
		r->to[r->calls] = e->named->index;
	r->calls++;
	return 0;
}

static int
unknown_name(struct ast_set *set, const struct pol_names *names, const struct pol_node *source, const struct ast_expr *e)
{
	static const char *const words[] = { "own", "has", "not", "true", "false" };
	struct pol_lexer l;
	struct pol_hint h;
	size_t i;

	pol_lex_init(&l, set, source);
	pol_hint_init(&h, e->name);
	for (i = 0; i < set->named.n; i++)
		pol_hint_offer(&h, pol_node_text(set->named.list[i]->name));
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		pol_hint_offer(&h, policy_text(words[i]));
	(void)names;
	if (pol_hint_found(&h))
		return pol_lex_fail(&l, e->column, "unknown name '%.*s'; did you mean '%.*s'?", POL_SHOW_TEXT(e->name), POL_SHOW_TEXT(h.best));
	return pol_lex_fail(&l, e->column, "unknown name '%.*s': a condition's name, `own`, or a path such as subject.id is wanted", POL_SHOW_TEXT(e->name));
}

static const struct pol_node *
name_of(const struct ast_set *set, uint32_t i)
{
	return set->named.list[i]->name;
}

static int
check_depth(struct ast_set *set, const struct pol_graph *g)
{
	unsigned deep[POL_COND_NAMED] = { 0 };
	size_t i, j;

	for (i = 0; i < g->n; i++) {
		uint32_t x = g->order[i];

		deep[x] = 1;
		for (j = g->first[x]; j < g->first[x + 1]; j++)
			if (deep[g->to[j]] + 1 > deep[x])
				deep[x] = deep[g->to[j]] + 1;
		if (deep[x] > POL_COND_CALLS)
			return pol_set_limit(set, set->named.list[x]->name, "condition '%.*s' names conditions more than %d deep",
			    POL_SHOW(set->named.list[x]->name), POL_COND_CALLS);
	}
	return 0;
}

/* ---- what is read ---- */

struct reading {
	struct ast_set *set;
	struct pol_cond_info *info;
	struct pol_index seen;
	size_t cap;
};

static struct policy_text
read_name(struct policy_text path)
{
	struct policy_text t = { path.data + 9, path.len - 9 };	/* "resource." */
	const char *dot = memchr(t.data, '.', t.len);

	if (dot != NULL)
		t.len = (size_t)(dot - t.data);
	return t;
}

static void
read_key(const void *value, struct policy_text *a, struct policy_text *b)
{
	*a = read_name(*(const struct policy_text *)value);
	*b = policy_text(NULL);
}

static int
add_read(struct reading *r, struct policy_text path)
{
	struct pol_cond_info *info = r->info;
	struct policy_text *more, *own;
	void *old;

	if (path.len < 9 || memcmp(path.data, "resource.", 9) != 0 || pol_check_get(&r->seen, read_name(path)) != NULL)
		return 0;
	own = POL_NEW(r->set, struct policy_text);
	if (own == NULL)
		return POLICY_ERR_NOMEM;
	*own = path;
	if (pol_index_add(&old, &r->seen, own) != 0)
		return pol_set_nomem(r->set);
	if (info->n_reads == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 4;
		more = POL_NEW_ARRAY(r->set, r->cap, struct policy_text);
		if (more == NULL)
			return POLICY_ERR_NOMEM;
		if (info->n_reads > 0)
			memcpy(more, info->reads, info->n_reads * sizeof(*more));
		info->reads = more;
	}
	info->reads[info->n_reads++] = path;
	return 0;
}

static int
read_template(struct reading *r, struct policy_text glob)
{
	struct policy_text piece;
	size_t at = 0;
	int rc = 0, kind = 1;

	while (rc == 0 && kind > 0) {
		kind = pol_cmp_template(&piece, glob.data, glob.len, &at);
		if (kind == 1)
			rc = add_read(r, piece);
	}
	return rc;
}

static int
read_leaf(void *ctx, struct ast_expr *e)
{
	struct reading *r = ctx;
	const struct pol_cond_info *called;
	size_t i;
	int rc = 0;

	if (e->kind == AST_OWN) {
		r->info->own = true;
	} else if (e->kind == AST_NAME) {
		called = e->named->cond.info;
		r->info->own = r->info->own || called->own;
		for (i = 0; rc == 0 && i < called->n_reads; i++)
			rc = add_read(r, called->reads[i]);
	} else {
		if (!e->a.is_literal)
			rc = add_read(r, e->a.path.text);
		if (rc == 0 && e->kind == AST_CMP && !e->b.is_literal)
			rc = add_read(r, e->b.path.text);
		if (rc == 0 && e->kind == AST_CMP && e->cmp == POL_CMP_LIKE)
			rc = read_template(r, e->b.literal.u.text);
	}
	return rc;
}

static int
know(struct ast_set *set, const struct pol_names *names, struct pol_cond_info *info)
{
	struct reading r = { .set = set, .info = info };
	int rc;

	if (info->known)
		return 0;
	info->known = true;
	r.seen.key = read_key;
	r.seen.seed = names->seed;
	rc = pol_check_walk(info->expr, read_leaf, &r);
	pol_index_fini(&r.seen);
	return rc;
}

/* ---- the steps ---- */

static int
fill_graph(struct ast_set *set, struct pol_names *names, struct pol_graph *g)
{
	struct resolving r = { .names = names };
	size_t i;
	int rc;

	for (i = 0; i < set->named.n; i++)
		(void)pol_check_walk(set->named.list[i]->cond.expr, resolve, &r);
	rc = pol_graph_init(g, (uint32_t)set->named.n, r.calls);
	if (rc != 0)
		return pol_set_nomem(set);
	r.to = g->to;
	r.calls = 0;
	for (i = 0; i < set->named.n; i++) {
		(void)pol_check_walk(set->named.list[i]->cond.expr, resolve, &r);
		g->first[i + 1] = r.calls;
	}
	return 0;
}

static int
check_named(struct ast_set *set, struct pol_names *names)
{
	struct pol_graph g;
	size_t i;
	int rc;

	if (set->named.n == 0)
		return 0;
	rc = fill_graph(set, names, &g);
	if (rc != 0)
		return rc;
	rc = pol_graph_sort(&g);
	if (rc != 0)
		rc = pol_set_nomem(set);
	else
		rc = g.circle != NULL ? pol_graph_refuse(set, &g, "condition", name_of) : check_depth(set, &g);
	for (i = 0; rc == 0 && i < g.n; i++)
		rc = know(set, names, set->named.list[g.order[i]]->cond.info);
	pol_graph_fini(&g);
	return rc;
}

int
pol_check_conds(struct ast_set *set, struct pol_names *names, struct pol_conds *conds)
{
	struct pol_cond_info *info;
	int rc = 0;

	for (info = conds->first; rc == 0 && info != NULL; info = info->next) {
		struct resolving r = { .names = names };

		rc = pol_check_walk(info->expr, resolve, &r);
		if (r.unknown != NULL)
			return unknown_name(set, names, info->source, r.unknown);
	}
	if (rc == 0)
		rc = check_named(set, names);
	for (info = conds->first; rc == 0 && info != NULL; info = info->next)
		rc = know(set, names, info);
	return rc;
}

bool
pol_check_reads(const struct ast_conds *conds)
{
	size_t i;

	for (i = 0; i < conds->n; i++)
		if (conds->list[i].info->own || conds->list[i].info->n_reads > 0)
			return true;
	return false;
}

static int
undeclared(struct ast_set *set, const struct ast_cond *c, const struct ast_type *t, struct policy_text path, struct policy_text name)
{
	struct pol_hint h;
	size_t i;

	pol_hint_init(&h, name);
	for (i = 0; i < t->n_attrs; i++)
		pol_hint_offer(&h, pol_node_text(t->attrs[i].name));
	if (pol_hint_found(&h))
		return pol_set_fail(set, c->source, "%.*s: resource type %.*s declares no attribute '%.*s'; did you mean '%.*s'?",
		    POL_SHOW_TEXT(path), POL_SHOW(t->name), POL_SHOW_TEXT(name), POL_SHOW_TEXT(h.best));
	return pol_set_fail(set, c->source, "%.*s: resource type %.*s declares no attribute '%.*s'",
	    POL_SHOW_TEXT(path), POL_SHOW(t->name), POL_SHOW_TEXT(name));
}

static int
check_type(struct ast_set *set, const struct pol_names *names, const struct ast_cond *c, const struct ast_type *t)
{
	size_t i;

	if (c->info->own && !t->has_owner)
		return pol_set_fail(set, c->source, "own: resource type %.*s has no owner: own is never true there", POL_SHOW(t->name));
	for (i = 0; t->n_attrs > 0 && i < c->info->n_reads; i++) {
		struct policy_text name = read_name(c->info->reads[i]);

		if (POL_TEXT_IS(name, "id") || POL_TEXT_IS(name, "type"))
			continue;
		if (t->has_owner && pol_bytes_equal(name.data, name.len, t->owner_attr.data, t->owner_attr.len))
			continue;
		if (t->parent_kind != POL_PARENT_NONE && (POL_TEXT_IS(name, "parent") || POL_TEXT_IS(name, "inherit")))
			continue;
		if (pol_index_get(&names->attrs, name, pol_node_text(t->name)) == NULL)
			return undeclared(set, c, t, c->info->reads[i], name);
	}
	return 0;
}

int
pol_check_reading(struct ast_set *set, const struct pol_names *names,
    const struct ast_conds *conds, const uint32_t *types, size_t n_types)
{
	size_t i, j;
	int rc = 0;

	for (i = 0; i < conds->n; i++)
		for (j = 0; rc == 0 && j < n_types; j++)
			rc = check_type(set, names, &conds->list[i], set->types.list[types[j]]);
	return rc;
}
