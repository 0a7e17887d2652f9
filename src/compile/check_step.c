/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps: each has a name of its own, names kinds and roles that the set has, and some
 * step may say who asks. What `map:` gives becomes groups of the set without members:
 * a role is held through a group, and never because a module says so.
 */
#include "compile/ast_step.h"
#include "compile/check.h"
#include "core/core.h"

static int
declare(struct ast_set *set, struct pol_names *names, struct ast_step *s)
{
	const struct ast_step *first;
	void *old;

	if (pol_index_add(&old, &names->steps, s) != 0)
		return pol_set_nomem(set);
	if (old == NULL)
		return 0;
	first = old;
	return pol_set_fail(set, s->name, "a step named '%.*s' stands at %s:%u already: give one of them another `name`", POL_SHOW(s->name),
	    set->files[first->name->file], first->name->line);
}

/* Of kinds that the module will call what it passed: `credentials:` is closed. */
static int
check_kinds(struct ast_set *set, const struct pol_names *names, const struct ast_step *s)
{
	size_t i;

	for (i = 0; set->has_credentials && i < s->kinds.n; i++) {
		const struct pol_node *k = &s->kinds.list[i];

		if (pol_check_get(&names->kinds, pol_node_text(k)) == NULL)
			return pol_check_unknown(set, &names->kinds, k, pol_node_text(k), "kind: `credentials:` has no row for");
	}
	return 0;
}

/* The group map:STEP/ROLE, made where it is not there yet. */
static int
mapped_group(struct ast_set *set, struct pol_names *names, const struct ast_group **out,
    const struct ast_step *s, const struct pol_node *role)
{
	struct pol_buf *b = &names->scratch;
	struct ast_group *g;
	struct pol_node *name;
	void *old;

	b->len = 0;
	pol_buf_printf(b, POL_MAP_PREFIX "%.*s/%.*s", (int)s->name->count, s->name->u.text, (int)role->count, role->u.text);
	if (b->failed)
		return pol_set_nomem(set);
	*out = pol_index_get(&names->mapped, (struct policy_text){ b->data, b->len }, policy_text(NULL));
	if (*out != NULL)
		return 0;
	if (b->len > POL_MAX_ID)
		return pol_set_limit(set, role, "map: the group of this role, " POL_MAP_PREFIX "STEP/ROLE, would have a name of %zu bytes; at most %d are wanted",
		    b->len, POL_MAX_ID);
	g = POL_NEW(set, struct ast_group);
	name = POL_NEW(set, struct pol_node);
	if (g == NULL || name == NULL)
		return POLICY_ERR_NOMEM;
	*name = *role;
	name->u.text = pol_arena_copy(&set->arena, b->data, b->len);
	name->count = (uint32_t)b->len;
	if (name->u.text == NULL)
		return pol_set_nomem(set);
	g->name = name;
	g->roles = (struct ast_texts){ role, 1 };
	*out = g;
	if (pol_index_add(&old, &names->mapped, g) != 0 || AST_LIST_ADD(set, &set->mapped, g) != 0)
		return pol_set_nomem(set);
	return pol_check_role_ids(set, names, &g->role_ids, &g->roles);
}

static int
check_map(struct ast_set *set, struct pol_names *names, struct ast_step *s)
{
	size_t i, j, n = 0;
	int rc = 0;

	for (i = 0; i < s->n_map; i++)
		n += s->map[i].roles.n;
	if (n > 0 && s->control == AST_OPTIONAL)
		return pol_set_fail(set, s->map_at, "map: the step '%.*s' is optional, and an optional step gives nobody a role: leave its map out", POL_SHOW(s->name));
	if (n > POL_STEP_MAP_MAX)
		return pol_set_limit(set, s->map_at, "map: the values of step '%.*s' stand for %zu roles; at most %u are wanted", POL_SHOW(s->name),
		    n, POL_STEP_MAP_MAX);
	for (i = 0; rc == 0 && i < s->n_map; i++) {
		struct ast_step_map *m = &s->map[i];

		m->groups = POL_NEW_ARRAY(set, m->roles.n, const struct ast_group *);
		if (m->groups == NULL)
			return POLICY_ERR_NOMEM;
		for (j = 0; rc == 0 && j < m->roles.n; j++)
			rc = mapped_group(set, names, &m->groups[j], s, &m->roles.list[j]);
	}
	return rc;
}

/* Else every credential is refused, and the author meant another word. */
static int
needs_a_word(struct ast_set *set)
{
	size_t i;

	for (i = 0; i < set->steps.n; i++)
		if (set->steps.list[i]->control != AST_OPTIONAL)
			return 0;
	return set->steps.n == 0 ? 0 : pol_set_fail(set, set->modules_at,
	    "modules: every step is optional, and an optional step passes nobody: another `control` is wanted for some step");
}

int
pol_check_steps(struct ast_set *set, struct pol_names *names, struct pol_conds *conds)
{
	size_t i;
	int rc = 0;

	(void)conds;
	for (i = 0; rc == 0 && i < set->steps.n; i++) {
		struct ast_step *s = set->steps.list[i];

		rc = declare(set, names, s);
		if (rc == 0)
			rc = check_kinds(set, names, s);
		if (rc == 0)
			rc = check_map(set, names, s);
	}
	return rc != 0 ? rc : needs_a_word(set);
}
