/* SPDX-License-Identifier: Apache-2.0 */
/* Roles, what everyone has, scopes and kinds of credential. */
#include <string.h>

#include "compile/emit.h"

static int
emit_items(struct pol_emit *e, const struct ast_entries *list, uint32_t *first, uint32_t *n)
{
	size_t i;
	int rc = 0;

	*first = (uint32_t)(e->table[EMIT_ITEMS].len / sizeof(uint32_t));
	*n = (uint32_t)list->n;
	for (i = 0; rc == 0 && i < list->n; i++)
		rc = pol_emit_text_row(e, EMIT_ITEMS, &e->set->entries.list[list->first + i]->number, sizeof(uint32_t), NULL);
	return rc;
}

static int
emit_closure(struct pol_emit *e, const struct ast_role *r, uint32_t *off)
{
	uint32_t n = (uint32_t)r->n_closure, ids;
	int rc;

	if (n == 1)
		return 0;
	rc = pol_emit_text_block(e, &n, sizeof(n), sizeof(n), off);
	return rc != 0 ? rc : pol_emit_text_block(e, r->closure, n * sizeof(*r->closure), sizeof(n), &ids);
}

/* One behind the other, and where the last ends. */
static int
emit_role_names(struct pol_emit *e)
{
	struct pol_role end = { 0, 0 };
	size_t i, n = e->set->roles.n;
	int rc = 0;

	for (i = 0; rc == 0 && i < n; i++) {
		struct pol_role *row = (struct pol_role *)(void *)e->table[EMIT_ROLES].data + i;

		rc = pol_emit_text_new(e, e->set->roles.list[i]->name, EMIT_NAME_MAX, "name of a role", &row->name);
	}
	end.name = (uint32_t)e->blob.len;
	return rc != 0 ? rc : pol_emit_text_row(e, EMIT_ROLES, &end, sizeof(end), NULL);
}

static int
emit_roles(struct pol_emit *e)
{
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < e->set->roles.n; i++) {
		const struct ast_role *r = e->set->roles.list[i];
		struct pol_role row = { 0, 0 };

		rc = emit_closure(e, r, &row.closure);
		if (rc == 0)
			rc = pol_emit_text_row(e, EMIT_ROLES, &row, sizeof(row), NULL);
	}
	return rc != 0 ? rc : emit_role_names(e);
}

/* Where roles are few, what each includes as one word. */
static int
emit_words(struct pol_emit *e)
{
	uint64_t words[POL_WORD_ROLES] = { 0 };
	size_t i, k, n = e->set->roles.n;

	if (n > POL_WORD_ROLES)
		return 0;
	for (i = 0; i < n; i++)
		for (k = 0; k < e->set->roles.list[i]->n_closure; k++)
			words[i] |= (uint64_t)1 << e->set->roles.list[i]->closure[k];
	e->head.role_words.n = (uint32_t)n;
	return pol_emit_text_block(e, words, n * sizeof(*words), sizeof(*words), &e->head.role_words.off);
}

static int
emit_scopes(struct pol_emit *e)
{
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < e->set->scopes.n; i++) {
		const struct ast_scope *s = e->set->scopes.list[i];
		struct pol_scope row;

		memset(&row, 0, sizeof(row));
		rc = pol_emit_text_node(e, s->name, EMIT_NAME_MAX, "name of a scope", &row.name);
		if (rc == 0)
			rc = emit_items(e, &s->entries, &row.first, &row.n);
		if (rc == 0)
			rc = pol_emit_text_row(e, EMIT_SCOPES, &row, sizeof(row), NULL);
	}
	return rc;
}

static int
emit_kinds(struct pol_emit *e)
{
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < e->set->kinds.n; i++) {
		const struct ast_kind *k = e->set->kinds.list[i];
		struct pol_kind row;

		memset(&row, 0, sizeof(row));
		row.file = k->name->file;
		row.line = k->name->line;
		row.has_ceiling = k->has_ceiling;
		rc = pol_emit_text_node(e, k->name, EMIT_NAME_MAX, "kind of credential", &row.name);
		if (rc == 0 && k->yields != NULL)
			rc = pol_emit_text_node(e, k->yields, EMIT_NAME_MAX, "kind of credential", &row.yields);
		if (rc == 0)
			rc = emit_items(e, &k->ceiling, &row.first, &row.n);
		if (rc == 0)
			rc = pol_emit_cond(e, &k->conds, &row.cond, NULL);
		if (rc == 0)
			rc = pol_emit_text_row(e, EMIT_KINDS, &row, sizeof(row), NULL);
	}
	return rc;
}

/* What the sections everyone: and authenticated: give, with all that is included. */
static int
emit_given(struct pol_emit *e, bool authenticated, struct pol_span *out)
{
	size_t i, k, n = e->set->roles.n;
	uint8_t *marks = pol_arena_array(&e->arena, n, sizeof(*marks));
	uint32_t *list = pol_arena_array(&e->arena, n, sizeof(*list)), count = 0;

	if (marks == NULL || list == NULL)
		return pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	for (i = 0; i < e->set->everyone.n; i++) {
		const struct ast_everyone *x = e->set->everyone.list[i];
		const struct ast_role *r = e->set->roles.list[x->id];

		for (k = 0; x->authenticated == authenticated && k < r->n_closure; k++)
			marks[r->closure[k]] = 1;
	}
	for (i = 0; i < n; i++)
		if (marks[i])
			list[count++] = (uint32_t)i;
	return pol_emit_text_u32(e, list, count, out);
}

int
pol_emit_role(struct pol_emit *e)
{
	int rc = emit_roles(e);

	if (rc == 0)
		rc = emit_words(e);
	if (rc == 0)
		rc = emit_scopes(e);
	if (rc == 0)
		rc = emit_kinds(e);
	if (rc == 0)
		rc = emit_given(e, false, &e->head.everyone);
	if (rc == 0)
		rc = emit_given(e, true, &e->head.authenticated);
	return rc;
}
