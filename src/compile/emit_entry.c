/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of roles, scopes and ceilings, in the order of their numbers. */
#include <string.h>

#include "base/glob.h"
#include "compile/emit.h"

/* Check lets entries that name the same actions share a list: one look at the
 * pointer then saves a look at a long list. */
static int
emit_acts(struct pol_emit *e, const struct ast_entry *x, uint32_t *index)
{
	struct { const uint32_t *list; size_t n; } ptr = { x->actions->ids, x->actions->n_ids };
	struct emit_acts row;
	bool found;
	int rc;

	memset(&row, 0, sizeof(row));
	*index = (uint32_t)(e->acts.len / sizeof(row));
	if (x->actions->n_ids > 1 && pol_emit_dict_get(&e->set_ptrs, &ptr, sizeof(ptr), index))
		return 0;
	rc = pol_emit_dict_put(&e->sets, x->actions->ids, x->actions->n_ids * sizeof(*x->actions->ids), index, &found);
	if (rc == 0 && x->actions->n_ids > 1) {
		bool there;

		rc = pol_emit_dict_put(&e->set_ptrs, &ptr, sizeof(ptr), index, &there);
	}
	if (rc != 0 || found)
		return pol_emit_text_rc(e, rc);
	row.list = x->actions->ids;
	row.n = (uint32_t)x->actions->n_ids;
	rc = pol_emit_text_u32(e, x->actions->ids, x->actions->n_ids, &row.span);
	if (rc == 0 && pol_buf_append(&e->acts, &row, sizeof(row)) == SIZE_MAX)
		rc = pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	return rc;
}

static int
emit_pattern(struct pol_emit *e, const struct ast_pattern *p, struct pol_pattern *out)
{
	const struct policy_text glob = ast_pattern_glob(p);
	struct pol_glob_piece pieces[POL_GLOB_MAX_PIECES];
	size_t n;

	memset(out, 0, sizeof(*out));
	out->type = p->type;
	if (glob.data == NULL) {
		out->kind = POL_PAT_TYPE;
		return 0;
	}
	if (!pol_glob_has_star(glob.data, glob.len)) {
		out->kind = POL_PAT_LITERAL;
		e->tmp.len = 0;
		if (pol_buf_append(&e->tmp, glob.data, glob.len) == SIZE_MAX)
			return pol_emit_text_rc(e, POLICY_ERR_NOMEM);
		n = pol_glob_unescape(glob.data, glob.len, e->tmp.data);
		return pol_emit_text(e, e->tmp.data, n, &out->text);
	}
	out->kind = POL_PAT_GLOB;
	if (pol_glob_parse(glob.data, glob.len, pieces, &n) != 0)
		return pol_emit_text_fail(e, &p->source, POLICY_ERR_LIMIT,
		    "this pattern has too many stars and escapes; at most %d pieces are wanted",
		    POL_GLOB_MAX_PIECES);
	return pol_emit_text(e, glob.data, glob.len, &out->text);
}

/* literal: every pattern names one thing. Such entries are found by the thing. */
static int
emit_patterns(struct pol_emit *e, const struct ast_entry *x, struct pol_span *out, uint8_t *literal)
{
	struct pol_pattern row;
	size_t i;
	int rc = 0;

	memset(out, 0, sizeof(*out));
	*literal = x->n_patterns != 0;
	if (x->n_patterns == 0)
		return 0;
	out->n = (uint32_t)x->n_patterns;
	/* their texts come between: the room is taken first */
	rc = pol_emit_text_block(e, NULL, x->n_patterns * sizeof(row), 4, &out->off);
	for (i = 0; rc == 0 && i < x->n_patterns; i++) {
		rc = emit_pattern(e, &x->patterns[i], &row);
		*literal &= row.kind == POL_PAT_LITERAL;
		if (rc == 0)
			memcpy(e->blob.data + out->off + i * sizeof(row), &row, sizeof(row));
	}
	return rc;
}

static int
emit_entry(struct pol_emit *e, const struct ast_entry *x, uint32_t number)
{
	const struct ast_entry_more *more = ast_more(x);
	struct pol_entry row;
	int rc;

	memset(&row, 0, sizeof(row));
	row.effect = x->effect;
	row.role = x->role;
	row.file = x->place.file;
	row.line = x->place.line;
	row.column = x->place.column;
	rc = emit_acts(e, x, &e->acts_of[number]);
	if (rc == 0)
		rc = emit_patterns(e, x, &row.patterns, &e->anchored[number]);
	if (rc == 0)
		rc = pol_emit_cond(e, &more->conds, &row.cond, NULL);
	if (rc == 0 && more->id != NULL)
		rc = pol_emit_text_node(e, more->id, EMIT_ID_MAX, "id of an entry", &row.rule);
	else if (rc == 0)
		rc = pol_emit_text_place(e, x->place, &row.rule);
	if (rc == 0 && more->reason != NULL)
		rc = pol_emit_text(e, more->reason->u.text, more->reason->count, &row.reason);
	else if (rc == 0)
		rc = pol_emit_text(e, "", 0, &row.reason);
	if (rc != 0)
		return rc;
	row.actions = ((const struct emit_acts *)(const void *)e->acts.data)[e->acts_of[number]].span;
	return pol_emit_text_row(e, EMIT_ENTRIES, &row, sizeof(row), NULL);
}

/* Counting sort: numbers stay in order within a role. */
static int
sort_by_role(struct pol_emit *e)
{
	const struct pol_entry *rows = (const void *)e->table[EMIT_ENTRIES].data;
	size_t i, n = e->set->entries.n, roles = e->set->roles.n;
	uint32_t *first = pol_arena_array(&e->arena, roles + 1, sizeof(*first));

	e->by_role = pol_arena_array(&e->arena, n, sizeof(*e->by_role));
	if (first == NULL || e->by_role == NULL)
		return pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	for (i = 0; i < n; i++)
		if (rows[i].role != POL_NONE)
			first[rows[i].role + 1]++;
	for (i = 0; i < roles; i++)
		first[i + 1] += first[i];
	e->n_by_role = first[roles];
	for (i = 0; i < n; i++)
		if (rows[i].role != POL_NONE)
			e->by_role[first[rows[i].role]++] = (uint32_t)i;
	return 0;
}

int
pol_emit_entry(struct pol_emit *e)
{
	size_t i, n = e->set->entries.n;
	int rc = 0;

	e->acts_of = pol_arena_array(&e->arena, n, sizeof(*e->acts_of));
	e->anchored = pol_arena_array(&e->arena, n, sizeof(*e->anchored));
	if (e->acts_of == NULL || e->anchored == NULL)
		return pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	for (i = 0; rc == 0 && i < n; i++)
		rc = emit_entry(e, e->set->entries.list[i], (uint32_t)i);
	return rc != 0 ? rc : sort_by_role(e);
}
