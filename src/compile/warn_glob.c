/* SPDX-License-Identifier: Apache-2.0 */
/* `TYPE/` and a star, where the set itself knows things of that type with a slash in their id:
 * they are left out, and silently. */
#include "compile/warn.h"

struct known {
	struct policy_text *id;		/* by type: one with a slash; data NULL: none known */
	const struct pol_names *names;
};

static void
learn(struct known *k, struct policy_text type, struct policy_text id)
{
	const struct ast_type *t;

	if (memchr(id.data, '/', id.len) == NULL)
		return;
	t = pol_check_get(&k->names->types, type);
	if (t != NULL && k->id[t->index].data == NULL)
		k->id[t->index] = id;
}

static void
learn_all(struct known *k, const struct ast_set *set)
{
	size_t i, j;

	for (i = 0; i < set->things.n; i++)
		learn(k, set->things.list[i]->type_name, set->things.list[i]->id);
	for (i = 0; i < set->tests.n; i++) {
		const struct ast_test *t = set->tests.list[i];

		for (j = 0; j < t->n_lines; j++)
			if (t->lines[j].has_resource)
				learn(k, t->lines[j].type, t->lines[j].id);
	}
	for (i = 0; i < set->grants.n; i++) {
		const struct ast_pattern *p = &set->grants.list[i]->resource;

		const struct policy_text glob = ast_pattern_glob(p);

		if (set->grants.list[i]->has_resource && glob.data != NULL && memchr(glob.data, '*', glob.len) == NULL)
			learn(k, ast_pattern_type(p), glob);
	}
}

static void
look(const struct ast_set *set, const struct known *k, const struct ast_pattern *p)
{
	struct policy_text id = k->id[p->type], type = ast_pattern_type(p), glob = ast_pattern_glob(p);

	if (glob.data == NULL || !POL_TEXT_IS(glob, "*") || id.data == NULL)
		return;
	pol_set_warn(set, &p->source, "'%.*s' does not match '%.*s/%.*s', which this set names: * stays inside one segment, ** crosses /",
	    POL_SHOW(&p->source), POL_SHOW_TEXT(type), POL_SHOW_TEXT(id));
}

int
pol_warn_globs(struct ast_set *set, struct pol_names *names, struct pol_conds *conds)
{
	struct known k = { .names = names };
	size_t i, j;

	(void)conds;
	k.id = POL_NEW_ARRAY(set, set->types.n, struct policy_text);
	if (k.id == NULL)
		return POLICY_ERR_NOMEM;
	learn_all(&k, set);
	for (i = 0; i < set->entries.n; i++)
		for (j = 0; j < set->entries.list[i]->n_patterns; j++)
			look(set, &k, &set->entries.list[i]->patterns[j]);
	for (i = 0; i < set->grants.n; i++)
		if (set->grants.list[i]->has_resource)
			look(set, &k, &set->grants.list[i]->resource);
	return 0;
}
