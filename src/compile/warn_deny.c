/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deny entries. One that cannot be evaluated denies, so one that reads what may be
 * absent denies every request without it; one that names less than it seems to
 * leaves the rest allowed.
 */
#include "compile/warn.h"

#include "compile/cond_parse.h"

/* Patterns of an entry that are looked at for defaults; more are as if unknown. */
#define TYPES 64u

struct looking {
	const struct ast_set *set;
	const struct pol_names *names;
	const uint32_t *types;		/* of the entry; NULL: not known */
	size_t n_types;
	struct policy_text has[16];	/* paths under `has`; more are not counted: then nothing is said */
	size_t n_has;
	bool collecting;		/* first the `has`, then the reads */
	bool seen[POL_COND_NAMED];
	struct policy_text found;	/* the first path that may be absent */
	uint32_t column;
	bool direct;			/* found in the text itself, not by a named condition */
	unsigned inside;
};

static bool
always_there(const struct ast_path *p)
{
	static const struct {
		enum pol_root root;
		const char *name;
	} known[] = {
		{ POL_ROOT_SUBJECT, "id" }, { POL_ROOT_SUBJECT, "type" }, { POL_ROOT_SUBJECT, "groups" },
		{ POL_ROOT_SUBJECT, "roles" }, { POL_ROOT_RESOURCE, "id" }, { POL_ROOT_RESOURCE, "type" },
		{ POL_ROOT_ACTION, "name" }, { POL_ROOT_CONTEXT, "time" },
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (p->n == 1 && p->root == known[i].root &&
		    pol_bytes_equal(p->names[0].data, p->names[0].len, known[i].name, strlen(known[i].name)))
			return true;
	return false;
}

static bool
has_default(const struct looking *l, const struct ast_path *p)
{
	const struct pol_attr_name *a;
	size_t i;

	if (p->root != POL_ROOT_RESOURCE || p->n != 1 || l->n_types == 0)
		return false;
	for (i = 0; i < l->n_types; i++) {
		a = pol_index_get(&l->names->attrs, p->names[0], pol_node_text(l->set->types.list[l->types[i]]->name));
		if (a == NULL || a->attr->dflt == NULL)
			return false;
	}
	return true;
}

/* `has a.b` also stands for a.b.c: whoever says has has thought of it. */
static bool
is_guarded(const struct looking *l, const struct ast_path *p)
{
	size_t i;

	for (i = 0; i < l->n_has; i++)
		if (l->has[i].len <= p->text.len && memcmp(l->has[i].data, p->text.data, l->has[i].len) == 0 &&
		    (l->has[i].len == p->text.len || p->text.data[l->has[i].len] == '.'))
			return true;
	return l->n_has == sizeof(l->has) / sizeof(l->has[0]);
}

static void
look_at(struct looking *l, const struct ast_operand *x, uint32_t column)
{
	if (x->is_literal || always_there(&x->path) || has_default(l, &x->path) || is_guarded(l, &x->path))
		return;
	if (l->found.data != NULL && (l->direct || l->inside > 0) && !(l->inside == 0 && column < l->column))
		return;
	l->found = x->path.text;
	l->column = column;
	l->direct = l->inside == 0;
}

static int
leaf(void *ctx, struct ast_expr *e)
{
	struct looking *l = ctx;

	if (e->kind == AST_NAME && !l->seen[e->named->index]) {
		l->seen[e->named->index] = true;
		l->inside++;
		(void)pol_check_walk(e->named->cond.expr, leaf, ctx);
		l->inside--;
	} else if (e->kind == AST_HAS && l->collecting && l->n_has < sizeof(l->has) / sizeof(l->has[0])) {
		l->has[l->n_has++] = e->a.path.text;
	} else if ((e->kind == AST_TRUTH || e->kind == AST_CMP) && !l->collecting) {
		look_at(l, &e->a, e->column);
		if (e->kind == AST_CMP)
			look_at(l, &e->b, e->column);
	}
	return 0;
}

static int
find_types(struct looking *l, struct ast_set *set, struct pol_names *names, const struct ast_entry *e, uint32_t *room)
{
	struct pol_acts *acts;
	size_t i;
	int rc;

	if (e->n_patterns > 0) {
		for (i = 0; i < e->n_patterns && e->n_patterns <= TYPES; i++)
			room[i] = e->patterns[i].type;
		l->types = room;
		l->n_types = i;
		return 0;
	}
	rc = pol_acts_get(&acts, set, names, &e->actions->texts);
	if (rc == 0)
		rc = pol_check_types_of(set, names, acts);
	if (rc != 0 || !acts->typed)
		return rc;
	l->types = acts->types;
	l->n_types = acts->n_types;
	return 0;
}

static void
tell_absent(const struct ast_set *set, const struct looking *l, const struct ast_cond *c)
{
	struct pol_node at = *c->source;
	bool resource = l->found.len > 9 && memcmp(l->found.data, "resource.", 9) == 0;

	c->info->warned = true;
	if (at.exact && l->direct)
		at.column += l->column + (at.plain ? 0 : 1);
	pol_set_warn(set, &at, "this deny reads %.*s, and every request without it is denied: add `has %.*s`%s",
	    POL_SHOW_TEXT(l->found), POL_SHOW_TEXT(l->found), resource ? ", or declare the attribute with a default" : "");
}

static int
warn_absent(struct ast_set *set, struct pol_names *names, const struct ast_entry *e)
{
	struct looking l = { .set = set, .names = names, .collecting = true };
	uint32_t room[TYPES];
	size_t i;
	int rc = find_types(&l, set, names, e, room);

	for (i = 0; i < ast_more(e)->conds.n; i++)
		(void)pol_check_walk(ast_more(e)->conds.list[i].expr, leaf, &l);
	l.collecting = false;
	memset(l.seen, 0, sizeof(l.seen));
	for (i = 0; i < ast_more(e)->conds.n; i++) {
		const struct ast_cond *c = &ast_more(e)->conds.list[i];

		if (c->info->warned)
			continue;
		l.found.data = NULL;
		(void)pol_check_walk(c->expr, leaf, &l);
		if (l.found.data == NULL)
			continue;
		tell_absent(set, &l, c);
	}
	return rc;
}

static bool
names_action(const struct ast_entry *e, uint32_t action)
{
	size_t lo = 0, hi = e->actions->n_ids, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (e->actions->ids[mid] < action)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < e->actions->n_ids && e->actions->ids[lo] == action;
}

static void
warn_star(struct ast_set *set, const struct ast_entry *e, const struct pol_node *text)
{
	size_t i;

	for (i = 0; e->actions->n_ids < set->actions.n && i < set->actions.n; i++) {
		const struct pol_node *name = set->actions.list[i]->name;

		if (names_action(e, (uint32_t)i) || memchr(name->u.text, ':', name->count) == NULL)
			continue;
		pol_set_warn(set, text, "this deny of * misses '%.*s': * does not cross a colon, ** does", POL_SHOW(name));
		return;
	}
}

static void
warn_implied(struct ast_set *set, struct pol_names *names, const struct ast_entry *e, const struct pol_node *text)
{
	const struct pol_action_name *n = pol_check_get(&names->actions, pol_node_text(text));
	size_t i;

	for (i = 0; n != NULL && i < n->action->n_implied; i++) {
		const struct ast_action *a = set->actions.list[n->action->implied[i]];

		if (names_action(e, a->index))
			continue;
		pol_set_warn(set, text, "this deny of '%.*s' does not deny '%.*s', which it implies: a deny holds for the action asked only",
		    POL_SHOW(text), POL_SHOW(a->name));
		return;
	}
}

int
pol_warn_deny(struct ast_set *set, struct pol_names *names, struct pol_conds *conds)
{
	size_t i, j;
	int rc = 0;

	(void)conds;
	for (i = 0; rc == 0 && i < set->entries.n; i++) {
		const struct ast_entry *e = set->entries.list[i];

		if (e->effect != POL_EFFECT_DENY)
			continue;
		if (ast_more(e)->conds.n > 0)
			rc = warn_absent(set, names, e);
		for (j = 0; j < e->actions->texts.n; j++) {
			if (POL_NODE_IS(&e->actions->texts.list[j], "*"))
				warn_star(set, e, &e->actions->texts.list[j]);
			else
				warn_implied(set, names, e, &e->actions->texts.list[j]);
		}
	}
	return rc;
}
