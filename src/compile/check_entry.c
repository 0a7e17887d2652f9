/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of roles, scopes and ceilings: actions, types, what conditions read. */
#include "compile/check.h"

#include <stdlib.h>

static int
check_conds(struct ast_set *set, struct pol_names *names, const struct ast_entry *e, struct pol_acts *acts)
{
	size_t i;
	int rc = 0;

	if (!pol_check_reads(&e->conds))
		return 0;
	for (i = 0; rc == 0 && i < e->n_patterns; i++)
		rc = pol_check_reading(set, names, &e->conds, &e->patterns[i].type, 1);
	if (rc != 0 || e->n_patterns > 0)
		return rc;
	rc = pol_check_types_of(set, names, acts);
	if (rc == 0 && acts->typed)
		rc = pol_check_reading(set, names, &e->conds, acts->types, acts->n_types);
	return rc;
}

static int
check_entry(struct ast_set *set, struct pol_names *names, struct ast_entry *e)
{
	struct pol_acts *acts;
	size_t i;
	int rc;

	rc = pol_acts_get(&acts, set, names, &e->actions);
	if (rc != 0)
		return rc;
	e->acts = acts->list;
	e->n_acts = acts->n;
	for (i = 0; rc == 0 && i < e->n_patterns; i++)
		rc = pol_check_type(set, names, &e->patterns[i].type, e->patterns[i].source, e->patterns[i].type_name, "unknown resource type");
	return rc != 0 ? rc : check_conds(set, names, e, acts);
}

int
pol_check_entries(struct ast_set *set, struct pol_names *names, struct pol_conds *conds)
{
	size_t i, j;
	int rc = 0;

	(void)conds;
	for (i = 0; i < set->parts.n; i++) {
		struct ast_role_part *p = set->parts.list[i];

		for (j = 0; j < p->allow.n; j++)
			p->allow.list[j].role = p->role;
		for (j = 0; j < p->deny.n; j++)
			p->deny.list[j].role = p->role;
	}
	for (i = 0; rc == 0 && i < set->entries.n; i++)
		rc = check_entry(set, names, set->entries.list[i]);
	return rc;
}
