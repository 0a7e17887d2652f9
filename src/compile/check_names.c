/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that is declared, once each; then sorted by name, so that numbers do
 * not depend on how a set is cut into files. Only roles may have several parts.
 */
#include "compile/check.h"

#include <stdlib.h>

/* Of objects whose first member is their name (asserted in check.c). */
#define SORT(set, l) pol_check_sort(set, (void **)(l)->list, (l)->n)

static int
declare_types(struct ast_set *set, struct pol_names *names, struct pol_conds *conds)
{
	struct pol_attr_name *refs;
	void *old;
	size_t i, j;
	int rc = 0;

	(void)conds;
	for (i = 0; rc == 0 && i < set->types.n; i++)
		rc = pol_check_declare(set, &names->types, set->types.list[i], set->types.list[i]->name, "resource type");
	if (rc == 0)
		rc = SORT(set, &set->types);
	if (rc != 0)
		return rc;
	for (i = 0; i < set->types.n; i++) {
		struct ast_type *t = set->types.list[i];

		t->index = (uint32_t)i;
		refs = POL_NEW_ARRAY(set, t->n_attrs, struct pol_attr_name);
		if (refs == NULL)
			return POLICY_ERR_NOMEM;
		for (j = 0; j < t->n_attrs; j++) {
			refs[j].type = t;
			refs[j].attr = &t->attrs[j];
			if (pol_index_add(&old, &names->attrs, &refs[j]) != 0)
				return pol_set_nomem(set);
		}
		if (t->has_owner && pol_index_add(&old, &names->owner_attrs, &t->owner_subject) != 0)
			return pol_set_nomem(set);
	}
	return 0;
}

static int
declare_action_name(struct ast_set *set, struct pol_names *names, struct ast_action *a, const struct pol_node *name)
{
	struct pol_action_name *n = POL_NEW(set, struct pol_action_name);

	if (n == NULL)
		return POLICY_ERR_NOMEM;
	n->name = name;
	n->action = a;
	if (names->n_action_names == names->cap_action_names &&
	    pol_set_grow(&names->action_names, &names->cap_action_names) != 0)
		return pol_set_nomem(set);
	names->action_names[names->n_action_names++] = n;
	return pol_check_declare(set, &names->actions, n, name, "action");
}

static int
declare_actions(struct ast_set *set, struct pol_names *names, struct pol_conds *conds)
{
	size_t i, j;
	int rc = 0;

	(void)conds;
	for (i = 0; rc == 0 && i < set->actions.n; i++) {
		struct ast_action *a = set->actions.list[i];

		rc = declare_action_name(set, names, a, a->name);
		for (j = 0; rc == 0 && j < a->aliases.n; j++)
			rc = declare_action_name(set, names, a, &a->aliases.list[j]);
	}
	if (rc == 0)
		rc = SORT(set, &set->actions);
	for (i = 0; i < set->actions.n; i++)
		set->actions.list[i]->index = (uint32_t)i;
	return rc;
}

static int
declare_named(struct ast_set *set, struct pol_names *names, struct pol_conds *conds)
{
	size_t i;
	int rc = 0;

	(void)conds;
	for (i = 0; rc == 0 && i < set->named.n; i++)
		rc = pol_check_declare(set, &names->named, set->named.list[i], set->named.list[i]->name, "condition");
	if (rc == 0)
		rc = SORT(set, &set->named);
	for (i = 0; i < set->named.n; i++)
		set->named.list[i]->index = (uint32_t)i;
	return rc;
}

/* Meanwhile the index of a role is its latest part. */
static int
join_part(struct ast_set *set, struct pol_names *names, struct ast_role **of, uint32_t i)
{
	const struct pol_node *name = &set->parts.list[i]->name;
	struct ast_role *r = POL_NEW(set, struct ast_role);
	void *old;

	if (r == NULL)
		return POLICY_ERR_NOMEM;
	r->name = name;
	if (pol_index_add(&old, &names->roles, r) != 0)
		return pol_set_nomem(set);
	*of = old != NULL ? old : r;
	if (old != NULL && set->parts.list[(*of)->index]->name.file == name->file)
		return pol_set_fail(set, name, "role '%.*s' is given twice in one file", POL_SHOW(name));
	(*of)->index = i;
	return old != NULL ? 0 : AST_LIST_ADD(set, &set->roles, r);
}

static int
join_roles(struct ast_set *set, struct pol_names *names, struct pol_conds *conds)
{
	struct ast_role **of;
	size_t i, n = set->parts.n;
	int rc = 0;

	(void)conds;
	of = calloc(n + 1, sizeof(*of));	/* by part */
	if (of == NULL || pol_index_room(&names->roles, n) != 0)
		rc = pol_set_nomem(set);
	for (i = 0; rc == 0 && i < n; i++)
		rc = join_part(set, names, &of[i], (uint32_t)i);
	if (rc == 0)
		rc = SORT(set, &set->roles);
	for (i = 0; i < set->roles.n; i++)
		set->roles.list[i]->index = (uint32_t)i;
	for (i = 0; rc == 0 && i < n; i++)
		set->parts.list[i]->role = of[i]->index;
	free(of);
	return rc;
}

static int
declare_credentials(struct ast_set *set, struct pol_names *names, struct pol_conds *conds)
{
	size_t i;
	int rc = 0;

	(void)conds;
	for (i = 0; rc == 0 && i < set->scopes.n; i++)
		rc = pol_check_declare(set, &names->scopes, set->scopes.list[i], set->scopes.list[i]->name, "scope");
	for (i = 0; rc == 0 && i < set->kinds.n; i++)
		rc = pol_check_declare(set, &names->kinds, set->kinds.list[i], set->kinds.list[i]->name, "credential kind");
	for (i = 0; rc == 0 && i < set->kinds.n; i++) {
		const struct pol_node *k = set->kinds.list[i]->yields;

		if (k != NULL && pol_check_get(&names->kinds, pol_node_text(k)) == NULL)
			rc = pol_check_unknown(set, &names->kinds, k, pol_node_text(k), "yields: `credentials:` has no row for");
	}
	if (rc == 0)
		rc = SORT(set, &set->scopes);
	return rc != 0 ? rc : SORT(set, &set->kinds);
}

static int
declare_people(struct ast_set *set, struct pol_names *names, struct pol_conds *conds)
{
	size_t i;
	int rc = 0;

	(void)conds;
	for (i = 0; rc == 0 && i < set->users.n; i++)
		rc = pol_check_declare(set, &names->users, set->users.list[i], &set->users.list[i]->who.source, "user");
	for (i = 0; rc == 0 && i < set->groups.n; i++)
		rc = pol_check_declare(set, &names->groups, set->groups.list[i], set->groups.list[i]->name, "group");
	for (i = 0; rc == 0 && i < set->things.n; i++)
		rc = pol_check_declare(set, &names->things, set->things.list[i], set->things.list[i]->name, "entity");
	return rc;
}

static int
number_entries(struct ast_set *set, struct pol_names *names, struct pol_conds *conds)
{
	size_t i;
	int rc = 0;

	(void)conds;
	if (set->entries.n >= POL_NONE)
		return pol_set_limit(set, NULL, "%zu entries are too many", set->entries.n);
	for (i = 0; rc == 0 && i < set->entries.n; i++) {
		struct ast_entry *e = set->entries.list[i];

		e->number = (uint32_t)i;
		if (ast_more(e)->id != NULL)
			rc = pol_check_declare(set, &names->ids, (void *)(uintptr_t)e->more->id, e->more->id, "entry id");
	}
	return rc;
}

static pol_check_fn *const steps[] = {
	declare_types, declare_actions, declare_named, join_roles, declare_credentials,
	declare_people, number_entries,
};

int
pol_check_names(struct ast_set *set, struct pol_names *names, struct pol_conds *conds)
{
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < sizeof(steps) / sizeof(steps[0]); i++)
		rc = steps[i](set, names, conds);
	return rc;
}
