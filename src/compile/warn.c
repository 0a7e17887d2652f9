/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Warnings: what a set says is clear, and its author most likely means something
 * else. Each is told at the line to change. None ever changes what the set means.
 */
#include "compile/warn.h"

#include <string.h>

#include "compile/ast_step.h"
#include "compile/parse.h"

/* yes and no are texts: a boolean so stored makes its tests unknown. */
static int
warn_booleans(struct ast_set *set, struct pol_names *names, struct pol_conds *conds)
{
	const struct pol_attr_name *a;
	size_t i, j;

	(void)conds;
	for (i = 0; i < set->things.n; i++) {
		const struct ast_thing *x = set->things.list[i];

		for (j = 0; x->attributes != NULL && j < x->attributes->count; j++) {
			const struct pol_node *key = &x->attributes->u.items[j * 2];

			if (!pol_value_yes_no(key + 1))
				continue;
			a = pol_index_get(&names->attrs, pol_node_text(key), x->type_name);
			if (a != NULL && a->attr->type == AST_BOOLEAN)
				pol_set_warn(set, key + 1, "'%.*s' is a text here, and '%.*s' is declared boolean: write true or false",
				    POL_SHOW(key + 1), POL_SHOW(key));
		}
	}
	return 0;
}

/* What an optional step passes gives its holder nothing. */
static int
warn_steps(struct ast_set *set, struct pol_names *names, struct pol_conds *conds)
{
	size_t i;

	(void)names;
	(void)conds;
	for (i = 0; i < set->steps.n; i++) {
		const struct ast_step *s = set->steps.list[i];

		if (s->control == AST_OPTIONAL && s->n_map > 0)
			pol_set_warn(set, s->map_at, "the step '%.*s' is optional, and an optional step gives nobody a role: its map does nothing",
			    POL_SHOW(s->name));
	}
	return 0;
}

/* Two processes cannot write one chain. */
static int
warn_audit(struct ast_set *set, struct pol_names *names, struct pol_conds *conds)
{
	const struct pol_node *file = set->audit != NULL ? set->audit->file : NULL;

	(void)names;
	(void)conds;
	if (file != NULL && memmem(file->u.text, file->count, "%p", 2) == NULL)
		pol_set_warn(set, file, "file: '%.*s' has no %%p: one process writes it, and another that opens this set records nothing",
		    POL_SHOW(file));
	return 0;
}

static pol_check_fn *const steps[] = { pol_warn_deny, pol_warn_globs, warn_booleans, warn_steps, warn_audit };

int
pol_warn(struct ast_set *set, struct pol_names *names, struct pol_conds *conds)
{
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < sizeof(steps) / sizeof(steps[0]); i++)
		rc = steps[i](set, names, conds);
	return rc;
}
