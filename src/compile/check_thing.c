/* SPDX-License-Identifier: Apache-2.0 */
/* Entities: of a declared type, their values typed, their parents found. */
#include "compile/check.h"
#include "compile/parse.h"

static bool
text_is_due(const struct pol_names *names, const struct ast_type *t, struct policy_text name)
{
	const struct pol_attr_name *a;

	if (POL_TEXT_IS(name, "parent"))
		return true;
	if (t->has_owner && pol_bytes_equal(name.data, name.len, t->owner_attr.data, t->owner_attr.len))
		return true;
	a = pol_index_get(&names->attrs, name, pol_node_text(t->name));
	return a != NULL && a->attr->type == AST_STRING;
}

static int
find_parents(struct ast_set *set, struct ast_thing *x, const struct ast_type *t, const struct policy_value *v)
{
	const struct policy_value *list = v->type == POLICY_LIST ? v->u.items : v;
	size_t n = v->type == POLICY_LIST ? v->count : 1, i;
	long at;

	x->has_parent = true;
	if (t->parent_kind != POL_PARENT_ATTRIBUTE)
		return 0;
	x->parents = POL_NEW_ARRAY(set, n, struct ast_parent);
	if (x->parents == NULL)
		return POLICY_ERR_NOMEM;
	for (i = 0; i < n; i++) {
		at = pol_check_above(t, list[i].u.text, &x->parents[i].id);
		x->parents[i].type = t->parent_types[at];
	}
	x->n_parents = n;
	return 0;
}

/* `inherit` is a boolean even where it is declared a text's owner: its source decides. */
static int
check_inherit(struct ast_set *set, struct ast_thing *x, const struct ast_type *t, const struct pol_node *n)
{
	static const struct policy_value none = { .type = POLICY_NULL };
	struct policy_value v;
	int rc = pol_value_typed(set, &v, n);

	if (rc == 0 && pol_value_yes_no(n))
		return pol_set_fail(set, n, "inherit must be true or false, found '%.*s'", POL_SHOW(n));
	if (rc == 0)
		rc = pol_check_family(set, t, n, &none, &v, "");
	if (rc == 0 && v.type == POLICY_BOOL)
		x->inherit = v.u.boolean ? POL_INHERIT_TRUE : POL_INHERIT_FALSE;
	return rc;
}

static int
check_thing(struct ast_set *set, const struct pol_names *names, struct ast_thing *x)
{
	static const struct policy_value none = { .type = POLICY_NULL };
	const struct ast_type *t;
	size_t i;
	int rc;

	rc = pol_check_type(set, names, &x->type, x->name, x->type_name, "entity of unknown resource type");
	if (rc != 0 || x->attributes == NULL)
		return rc;
	t = set->types.list[x->type];
	rc = pol_check_attributes(set, names, &x->attrs, x->attributes, text_is_due, t);
	for (i = 0; rc == 0 && i < x->attrs.count; i++) {
		const struct policy_attr *a = &x->attrs.list[i];
		const struct pol_node *value = &x->attributes->u.items[i * 2 + 1];

		if (POL_TEXT_IS(a->name, "inherit")) {
			rc = check_inherit(set, x, t, value);
		} else if (POL_TEXT_IS(a->name, "parent") && a->value.type != POLICY_NULL) {
			rc = pol_check_family(set, t, value, &a->value, &none, "");
			if (rc == 0)
				rc = find_parents(set, x, t, &a->value);
		}
	}
	return rc;
}

int
pol_check_things(struct ast_set *set, struct pol_names *names, struct pol_conds *conds)
{
	size_t i;
	int rc = 0;

	(void)conds;
	for (i = 0; rc == 0 && i < set->things.n; i++)
		rc = check_thing(set, names, set->things.list[i]);
	return rc;
}
