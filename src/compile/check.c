/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is written becomes what is meant: every name stands for something, or the
 * set is refused. Steps in order, each on what those before it have found.
 */
#include "compile/check.h"

#include <stdlib.h>

#include "compile/ast_route.h"
#include "compile/ast_step.h"
#include "compile/parse.h"

static void
type_key(const void *value, struct policy_text *a, struct policy_text *b)
{
	*a = pol_node_text(((const struct ast_type *)value)->name);
	*b = policy_text(NULL);
}

static void
attr_key(const void *value, struct policy_text *a, struct policy_text *b)
{
	const struct pol_attr_name *n = value;

	*a = pol_node_text(n->attr->name);
	*b = pol_node_text(n->type->name);
}

static void
text_key(const void *value, struct policy_text *a, struct policy_text *b)
{
	*a = *(const struct policy_text *)value;
	*b = policy_text(NULL);
}

static void
action_key(const void *value, struct policy_text *a, struct policy_text *b)
{
	*a = pol_node_text(((const struct pol_action_name *)value)->name);
	*b = policy_text(NULL);
}

/* Of everything whose first member is its name. */
static void
name_key(const void *value, struct policy_text *a, struct policy_text *b)
{
	const struct pol_node *const *name = value;

	*a = pol_node_text(*name);
	*b = policy_text(NULL);
}
_Static_assert(offsetof(struct ast_named, name) == 0 && offsetof(struct ast_role, name) == 0 &&
    offsetof(struct ast_scope, name) == 0 && offsetof(struct ast_kind, name) == 0 &&
    offsetof(struct ast_group, name) == 0 && offsetof(struct ast_thing, name) == 0 &&
    offsetof(struct ast_step, name) == 0 && offsetof(struct ast_routes, name) == 0, "name_key");

static void
node_key(const void *value, struct policy_text *a, struct policy_text *b)
{
	*a = pol_node_text(value);
	*b = policy_text(NULL);
}

static void
user_key(const void *value, struct policy_text *a, struct policy_text *b)
{
	const struct ast_user *u = value;

	*a = ast_holder_type(&u->who);
	*b = ast_holder_name(&u->who);
}

static void
acts_text_key(const void *value, struct policy_text *a, struct policy_text *b)
{
	*a = ((const struct pol_acts_text *)value)->text;
	*b = policy_text(NULL);
}

static void
acts_key(const void *value, struct policy_text *a, struct policy_text *b)
{
	const struct pol_acts *acts = value;

	a->data = (const char *)acts->list;
	a->len = acts->n * sizeof(*acts->list);
	*b = policy_text(NULL);
}

static const struct {
	size_t offset;
	pol_index_key_fn *key;
} indexes[] = {
	{ offsetof(struct pol_names, types), type_key },
	{ offsetof(struct pol_names, attrs), attr_key },
	{ offsetof(struct pol_names, owner_attrs), text_key },
	{ offsetof(struct pol_names, actions), action_key },
	{ offsetof(struct pol_names, named), name_key },
	{ offsetof(struct pol_names, roles), name_key },
	{ offsetof(struct pol_names, users), user_key },
	{ offsetof(struct pol_names, groups), name_key },
	{ offsetof(struct pol_names, scopes), name_key },
	{ offsetof(struct pol_names, kinds), name_key },
	{ offsetof(struct pol_names, things), name_key },
	{ offsetof(struct pol_names, ids), node_key },
	{ offsetof(struct pol_names, acts_texts), acts_text_key },
	{ offsetof(struct pol_names, acts), acts_key },
	{ offsetof(struct pol_names, steps), name_key },
	{ offsetof(struct pol_names, mapped), name_key },
	{ offsetof(struct pol_names, routes), name_key },
};

#define INDEX(names, i) ((struct pol_index *)(void *)((char *)(names) + indexes[i].offset))

int
pol_check_init(struct pol_names *names, uint64_t seed)
{
	size_t i;

	names->seed = seed;
	pol_buf_init(&names->scratch);
	for (i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++) {
		INDEX(names, i)->key = indexes[i].key;
		INDEX(names, i)->seed = seed;
	}
	return 0;
}

void
pol_check_fini(struct pol_names *names)
{
	size_t i;

	for (i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++)
		pol_index_fini(INDEX(names, i));
	free(names->action_names);
	pol_buf_fini(&names->scratch);
}

int
pol_check_declare(struct ast_set *set, struct pol_index *x, void *value,
    const struct pol_node *at, const char *what)
{
	struct policy_text a, b;
	const struct pol_node *first;
	void *old;

	if (pol_index_add(&old, x, value) != 0)
		return pol_set_nomem(set);
	if (old == NULL)
		return 0;
	x->key(old, &a, &b);
	first = x->key == node_key ? old : x->key == user_key ? &((struct ast_user *)old)->who.source
	    : *(const struct pol_node *const *)old;
	return pol_set_fail(set, at, "%s '%.*s%s%.*s' is declared twice, first at %s:%u", what, POL_SHOW_TEXT(a),
	    b.data != NULL ? ":" : "", POL_SHOW_TEXT(b), set->files[first->file], first->line);
}
_Static_assert(offsetof(struct ast_type, name) == 0 && offsetof(struct pol_action_name, name) == 0, "pol_check_declare");

int
pol_check_unknown(struct ast_set *set, const struct pol_index *x, const struct pol_node *at,
    struct policy_text name, const char *what)
{
	struct pol_hint h;
	struct policy_text a, b;
	size_t i;

	pol_hint_init(&h, name);
	for (i = 0; x->slots != NULL && i <= x->mask; i++) {
		if (x->slots[i].value == NULL)
			continue;
		x->key(x->slots[i].value, &a, &b);
		pol_hint_offer(&h, a);
	}
	if (pol_hint_found(&h))
		return pol_set_fail(set, at, "%s '%.*s'; did you mean '%.*s'?", what, POL_SHOW_TEXT(name), POL_SHOW_TEXT(h.best));
	return pol_set_fail(set, at, "%s '%.*s'", what, POL_SHOW_TEXT(name));
}

int
pol_check_type(struct ast_set *set, const struct pol_names *names, uint32_t *out,
    const struct pol_node *at, struct policy_text name, const char *what)
{
	const struct ast_type *t = pol_check_get(&names->types, name);

	if (t == NULL)
		return pol_check_unknown(set, &names->types, at, name, what);
	*out = t->index;
	return 0;
}

int
pol_check_attributes(struct ast_set *set, const struct pol_names *names, struct policy_attrs *out,
    const struct pol_node *map, pol_due_fn *due, const struct ast_type *t)
{
	struct policy_attr *list = POL_NEW_ARRAY(set, map->count, struct policy_attr);
	size_t i;
	int rc = 0;

	if (list == NULL)
		return POLICY_ERR_NOMEM;
	for (i = 0; rc == 0 && i < map->count; i++) {
		const struct pol_node *key = &map->u.items[i * 2];

		list[i].name = pol_node_text(key);
		if (due(names, t, list[i].name))
			rc = pol_value_source(set, &list[i].value, key + 1);
		else
			rc = pol_value_typed(set, &list[i].value, key + 1);
	}
	out->list = list;
	out->count = map->count;
	return rc;
}

static int
needs_actions(struct ast_set *set, struct pol_names *names, struct pol_conds *conds)
{
	const struct pol_node *at = NULL;
	size_t i;

	(void)names;
	(void)conds;
	if (set->actions.n > 0)
		return 0;
	if (set->parts.n > 0)
		at = &set->parts.list[0]->name;
	else if (set->scopes.n > 0)
		at = set->scopes.list[0]->name;
	for (i = 0; at == NULL && i < set->kinds.n; i++)
		if (set->kinds.list[i]->has_ceiling)
			at = set->kinds.list[i]->name;
	return at == NULL ? 0 : pol_set_fail(set, at, "a set with roles, scopes or ceilings needs `actions:`, and declares none");
}

static pol_check_fn *const steps[] = {
	needs_actions, pol_check_names, pol_check_conds, pol_check_types, pol_check_actions,
	pol_check_roles, pol_check_entries, pol_check_people, pol_check_things, pol_check_tests,
	pol_check_steps, pol_check_routes,
};

int
pol_check(struct ast_set *set, struct pol_names *names, struct pol_conds *conds)
{
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < sizeof(steps) / sizeof(steps[0]); i++)
		rc = steps[i](set, names, conds);
	return rc;
}
