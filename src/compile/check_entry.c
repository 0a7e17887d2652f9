/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of roles, scopes and ceilings: actions, types, what conditions read. */
#include "compile/check.h"

#include <stdlib.h>

static int
check_conds(struct ast_set *set, struct pol_names *names, const struct ast_entry *e)
{
	const struct ast_conds *conds = &e->more->conds;
	struct pol_acts *acts;
	size_t i;
	int rc = 0;

	if (!pol_check_reads(conds))
		return 0;
	for (i = 0; rc == 0 && i < e->n_patterns; i++)
		rc = pol_check_reading(set, names, conds, &e->patterns[i].type, 1);
	if (rc != 0 || e->n_patterns > 0)
		return rc;
	rc = pol_acts_get(&acts, set, names, &e->actions->texts);
	if (rc == 0)
		rc = pol_check_types_of(set, names, acts);
	if (rc == 0 && acts->typed)
		rc = pol_check_reading(set, names, conds, acts->types, acts->n_types);
	return rc;
}

static int
check_entry(struct ast_set *set, struct pol_names *names, struct ast_entry *e)
{
	struct pol_acts *acts;
	size_t i;
	int rc = 0;

	if (e->actions->ids == NULL) {
		rc = pol_acts_get(&acts, set, names, &e->actions->texts);
		if (rc != 0)
			return rc;
		e->actions->ids = acts->list;
		e->actions->n_ids = acts->n;
	}
	for (i = 0; rc == 0 && i < e->n_patterns; i++)
		rc = pol_check_type(set, names, &e->patterns[i].type, &e->patterns[i].source, ast_pattern_type(&e->patterns[i]), "unknown resource type");
	return rc != 0 || e->more == NULL ? rc : check_conds(set, names, e);
}

int
pol_check_entries(struct ast_set *set, struct pol_names *names, struct pol_conds *conds)
{
	size_t i, j;
	int rc = 0;

	(void)conds;
	for (i = 0; i < set->parts.n; i++) {
		const struct ast_role_part *p = set->parts.list[i];

		for (j = 0; j < p->entries.n; j++)
			set->entries.list[p->entries.first + j]->role = p->role;
	}
	for (i = 0; rc == 0 && i < set->entries.n; i++)
		rc = check_entry(set, names, set->entries.list[i]);
	return rc;
}
