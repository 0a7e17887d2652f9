/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of roles, scopes and ceilings, in the order of their numbers. */
#include <string.h>

#include "base/glob.h"
#include "compile/emit.h"

/* Check lets entries that name the same actions share a list: one look at the
 * pointer then saves a look at a long list. */
static int
find_acts(struct pol_emit *e, const struct ast_entry *x, uint32_t *index, bool *found)
{
	struct { const uint32_t *list; size_t n; } ptr = { x->actions->ids, x->actions->n_ids };
	bool there;
	int rc;

	*index = (uint32_t)(e->acts.len / sizeof(struct emit_acts));
	*found = true;
	if (x->actions->n_ids == 1) {
		uint32_t *single = &e->single[x->actions->ids[0]];

		*found = *single != 0;
		if (!*found)
			*single = *index + 1;
		*index = *single - 1;
		return 0;
	}
	if (pol_emit_dict_get(&e->set_ptrs, &ptr, sizeof(ptr), index))
		return 0;
	rc = pol_emit_dict_put(&e->sets, x->actions->ids, x->actions->n_ids * sizeof(*x->actions->ids), index, found);
	if (rc == 0)
		rc = pol_emit_dict_put(&e->set_ptrs, &ptr, sizeof(ptr), index, &there);
	return pol_emit_text_rc(e, rc);
}

static int
emit_acts(struct pol_emit *e, const struct ast_entry *x, uint32_t *index)
{
	uint32_t n = (uint32_t)x->actions->n_ids, off;
	struct emit_acts row;
	bool found;
	int rc = find_acts(e, x, index, &found);

	if (rc != 0 || found)
		return rc;
	memset(&row, 0, sizeof(row));
	row.list = x->actions->ids;
	row.n = n;
	if (n != 1)
		rc = pol_emit_text_block(e, &n, sizeof(n), sizeof(n), &off);
	if (rc == 0)
		rc = pol_emit_text_u32(e, x->actions->ids, n, &row.span);
	if (rc == 0 && pol_buf_append(&e->acts, &row, sizeof(row)) == SIZE_MAX)
		rc = pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	return rc;
}

const struct emit_acts *
pol_emit_acts_of(const struct pol_emit *e, uint32_t entry)
{
	return (const struct emit_acts *)(const void *)e->acts.data + e->acts_of[entry];
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

static bool
has_star(const struct ast_pattern *p)
{
	const struct policy_text glob = ast_pattern_glob(p);

	return glob.data == NULL || (glob.len != 0 && memchr(glob.data, '*', glob.len) != NULL &&
	    pol_glob_has_star(glob.data, glob.len));
}

/* Does every pattern name one thing? Such entries are found by the thing. */
static bool
is_literal(const struct ast_entry *x)
{
	size_t i;

	for (i = 0; i < x->n_patterns; i++)
		if (has_star(&x->patterns[i]))
			return false;
	return x->n_patterns != 0;
}

static int
emit_patterns(struct pol_emit *e, const struct ast_entry *x, struct pol_span *out)
{
	struct pol_pattern row;
	size_t i;
	int rc = 0;

	if (x->n_patterns == 0)
		return 0;
	out->n = (uint32_t)x->n_patterns;
	/* their texts come between: the room is taken first */
	rc = pol_emit_text_block(e, NULL, x->n_patterns * sizeof(row), 4, &out->off);
	for (i = 0; rc == 0 && i < x->n_patterns; i++) {
		rc = emit_pattern(e, &x->patterns[i], &row);
		if (rc == 0)
			memcpy(e->blob.data + out->off + i * sizeof(row), &row, sizeof(row));
	}
	return rc;
}

/* What it says: shared by all that have the same actions and say nothing else. */
static int
emit_body(struct pol_emit *e, const struct ast_entry *x, bool anchored, uint32_t *body)
{
	struct emit_acts *acts = (struct emit_acts *)(void *)e->acts.data + e->acts_of[x->number];
	bool plain = ast_more(x)->conds.n == 0 && (anchored || x->n_patterns == 0);
	struct pol_body row;
	int rc = 0;

	if (plain && acts->body != 0) {
		*body = acts->body - 1;
		return 0;
	}
	memset(&row, 0, sizeof(row));
	row.actions = acts->span;
	if (!anchored)
		rc = emit_patterns(e, x, &row.patterns);
	if (rc == 0)
		rc = pol_emit_cond(e, &ast_more(x)->conds, &row.cond, NULL);
	if (rc == 0)
		rc = pol_emit_text_row(e, EMIT_BODIES, &row, sizeof(row), body);
	if (plain)
		acts->body = *body + 1;
	return rc;
}

/* Ids are checked to differ, and reasons are whole sentences: none is looked for. */
static int
emit_label(struct pol_emit *e, const struct ast_entry *x, uint32_t *label)
{
	const struct pol_node *id = ast_more(x)->id, *reason = ast_more(x)->reason;
	struct pol_label row = { 0, 0 };
	uint32_t off;
	int rc;

	if (id == NULL && reason == NULL)
		return 0;
	row.rule = id != NULL ? id->count : 0;
	row.reason = reason != NULL ? reason->count : 0;
	rc = pol_emit_text_block(e, &row, sizeof(row), 4, label);
	if (rc == 0 && id != NULL)
		rc = pol_emit_text_new(e, id, EMIT_ID_MAX, "id of an entry", &off);
	else if (rc == 0)
		rc = pol_emit_text_block(e, NULL, 1, 1, &off);
	if (rc == 0 && reason != NULL)
		rc = pol_emit_text_new(e, reason, UINT32_MAX, "reason", &off);
	return rc;
}

static int
emit_entry(struct pol_emit *e, const struct ast_entry *x)
{
	bool anchored = x->role != POL_NONE && is_literal(x);
	struct pol_entry row;
	int rc = emit_acts(e, x, &e->acts_of[x->number]);

	memset(&row, 0, sizeof(row));
	row.effect = (uint8_t)x->effect;
	row.anchored = anchored;
	row.file = x->place.file;
	row.line = x->place.line;
	if (rc == 0)
		rc = emit_body(e, x, anchored, &row.body);
	if (rc == 0)
		rc = emit_label(e, x, &row.label);
	if (rc == 0)
		rc = pol_emit_text_row(e, EMIT_ENTRIES, &row, sizeof(row), NULL);
	if (x->role != POL_NONE)
		e->written += x->actions->texts.n;
	if (rc != 0 || !anchored)
		return rc;
	e->head.anchor_denies += x->effect == POL_EFFECT_DENY;
	return pol_emit_anchor_add(e, x);
}

/* Counting sort: numbers stay in order within a role. */
static int
sort_by_role(struct pol_emit *e)
{
	const struct pol_entry *rows = (const void *)e->table[EMIT_ENTRIES].data;
	struct ast_entry *const *list = e->set->entries.list;
	size_t i, n = e->set->entries.n, roles = e->set->roles.n, found = 0;
	uint32_t *first;

	for (i = 0; i < n; i++)
		found += list[i]->role != POL_NONE && !rows[i].anchored;
	if (found == 0)
		return 0;
	first = pol_arena_array(&e->arena, roles + 1, sizeof(*first));
	e->by_role = pol_arena_array(&e->arena, found, sizeof(*e->by_role));
	if (first == NULL || e->by_role == NULL)
		return pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	for (i = 0; i < n; i++)
		if (list[i]->role != POL_NONE && !rows[i].anchored)
			first[list[i]->role + 1]++;
	for (i = 0; i < roles; i++)
		first[i + 1] += first[i];
	e->n_by_role = (uint32_t)found;
	for (i = 0; i < n; i++)
		if (list[i]->role != POL_NONE && !rows[i].anchored)
			e->by_role[first[list[i]->role]++] = (uint32_t)i;
	return 0;
}

int
pol_emit_entry(struct pol_emit *e)
{
	size_t i, n = e->set->entries.n;
	int rc = 0;

	e->acts_of = pol_arena_array(&e->arena, n, sizeof(*e->acts_of));
	e->single = pol_arena_array(&e->arena, e->set->actions.n, sizeof(*e->single));
	if (e->acts_of == NULL || e->single == NULL)
		return pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	for (i = 0; rc == 0 && i < n; i++)
		rc = emit_entry(e, e->set->entries.list[i]);
	if (rc == 0)
		rc = pol_emit_anchor_end(e);
	return rc != 0 ? rc : sort_by_role(e);
}
