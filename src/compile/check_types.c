/* SPDX-License-Identifier: Apache-2.0 */
/* Resource types: their parents exist, and defaults for `parent` name such. */
#include "compile/check.h"

static int
check_defaults(struct ast_set *set, struct pol_names *names, const struct ast_type *t)
{
	static const struct policy_value none = { .type = POLICY_NULL };
	const struct pol_attr_name *parent, *inherit;
	int rc = 0;

	parent = pol_index_get(&names->attrs, policy_text("parent"), pol_node_text(t->name));
	inherit = pol_index_get(&names->attrs, policy_text("inherit"), pol_node_text(t->name));
	if (parent != NULL && parent->attr->dflt != NULL)
		rc = pol_check_family(set, t, parent->attr->dflt, &parent->attr->value, &none, "default: ");
	if (rc == 0 && inherit != NULL && inherit->attr->dflt != NULL)
		rc = pol_check_family(set, t, inherit->attr->dflt, &none, &inherit->attr->value, "default: ");
	return rc;
}

int
pol_check_types(struct ast_set *set, struct pol_names *names, struct pol_conds *conds)
{
	size_t i, j;
	int rc = 0;

	(void)conds;
	for (i = 0; rc == 0 && i < set->types.n; i++) {
		struct ast_type *t = set->types.list[i];

		t->parent_types = POL_NEW_ARRAY(set, t->parents.n, uint32_t);
		if (t->parent_types == NULL)
			return POLICY_ERR_NOMEM;
		for (j = 0; rc == 0 && j < t->parents.n; j++)
			rc = pol_check_type(set, names, &t->parent_types[j], &t->parents.list[j], pol_node_text(&t->parents.list[j]), "unknown parent type");
		if (rc == 0)
			rc = check_defaults(set, names, t);
	}
	return rc;
}
