/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions: each is a run of terms, all of which must be true. A `when` is cut
 * at its top-level `and`, an `unless` at its `or` into negated terms: a decision
 * stops at the first that is false, and a person is told which one it was.
 */
#include <string.h>

#include "compile/emit.h"


/* Where a term stands; in a text of several lines, only where the text begins is known. */
static void
set_place(struct pol_term *t, const struct pol_node *source, const struct ast_expr *x)
{
	t->file = source->file;
	t->line = source->line;
	t->column = source->column;
	if (memchr(source->u.text, '\n', x->column) == NULL)
		t->column += x->column + (source->plain ? 0 : 1);
}

static int
add_term(struct pol_emit *e, const struct pol_node *source, const struct ast_expr *x,
    bool negate, uint32_t *index)
{
	struct pol_term t;
	int rc;

	memset(&t, 0, sizeof(t));
	t.negate = negate;
	set_place(&t, source, x);
	rc = pol_emit_code(e, x, source, &t.pc, &t.n);
	if (rc == 0)
		rc = pol_emit_text(e, source->u.text + x->column, x->length, &t.text);
	return rc != 0 ? rc : pol_emit_text_row(e, EMIT_TERMS, &t, sizeof(t), index);
}

static int
add_terms(struct pol_emit *e, const struct ast_cond *c, uint32_t *n)
{
	enum ast_expr_kind kind = c->unless ? AST_OR : AST_AND;
	const struct ast_expr *todo[EMIT_TODO], *x;
	uint32_t top = 0;
	int rc = 0;

	todo[top++] = c->expr;
	while (rc == 0 && top > 0) {
		x = todo[--top];
		if (x->kind != kind) {
			rc = add_term(e, c->source, x, c->unless, NULL);
			(*n)++;
		} else if (top + 2 > EMIT_TODO) {
			rc = pol_emit_text_fail(e, c->source, POLICY_ERR_LIMIT,
			    "this condition has too many tests; at most %d are wanted", EMIT_TODO);
		} else {
			todo[top++] = x->right;
			todo[top++] = x->left;
		}
	}
	return rc;
}

int
pol_emit_cond(struct pol_emit *e, const struct ast_conds *c, struct pol_cond *out, uint32_t *unless)
{
	uint32_t when = 0;
	size_t i;
	int rc = 0, turn;

	out->n = 0;
	out->first = (uint32_t)(e->table[EMIT_TERMS].len / sizeof(struct pol_term));
	for (turn = 0; turn < 2; turn++) {
		for (i = 0; rc == 0 && i < c->n; i++)
			if (c->list[i].unless == (turn == 1))
				rc = add_terms(e, &c->list[i], &out->n);
		if (turn == 0)
			when = out->n;
	}
	if (out->n == 0)
		out->first = 0;
	if (unless != NULL)
		*unless = out->n - when;
	return rc;
}

/* How deep calls go below each named condition; check has seen that none is in a circle. */
static int
call_depth(struct pol_emit *e, uint8_t *depth)
{
	const struct pol_named *named = (const void *)e->table[EMIT_NAMED].data;
	const struct pol_term *terms = (const void *)e->table[EMIT_TERMS].data;
	const struct pol_insn *code = (const void *)e->table[EMIT_CODE].data;
	size_t i, n = e->set->named.n;
	bool more = true;
	uint32_t k;

	/* each turn settles one level more: POL_COND_CALLS turns are enough, or too many */
	while (more) {
		more = false;
		for (i = 0; i < n; i++) {
			const struct pol_term *t = &terms[named[i].term];
			unsigned most = 1;

			for (k = t->pc; k < t->pc + t->n; k++)
				if (code[k].op == POL_OP_CALL && depth[code[k].a] + 1u > most)
					most = depth[code[k].a] + 1u;
			if (most > POL_COND_CALLS)
				return pol_emit_text_fail(e, e->set->named.list[i]->name, POLICY_ERR_LIMIT,
				    "conditions that name conditions go too deep: at most %d are wanted",
				    POL_COND_CALLS);
			more |= depth[i] != most;
			depth[i] = (uint8_t)most;
		}
	}
	return 0;
}

int
pol_emit_cond_named(struct pol_emit *e)
{
	uint8_t depth[POL_COND_NAMED];
	size_t i;
	int rc = 0;

	if (e->set->named.n > POL_COND_NAMED)
		return pol_emit_text_fail(e, e->set->named.list[POL_COND_NAMED]->name, POLICY_ERR_LIMIT,
		    "the set has %zu named conditions; at most %d are wanted",
		    e->set->named.n, POL_COND_NAMED);
	for (i = 0; rc == 0 && i < e->set->named.n; i++) {
		const struct ast_named *c = e->set->named.list[i];
		struct pol_named row;

		memset(&row, 0, sizeof(row));
		row.file = c->name->file;
		row.line = c->name->line;
		rc = pol_emit_text_node(e, c->name, EMIT_NAME_MAX, "name of a condition", &row.name);
		if (rc == 0)
			rc = add_term(e, c->cond.source, c->cond.expr, false, &row.term);
		if (rc == 0)
			rc = pol_emit_text_row(e, EMIT_NAMED, &row, sizeof(row), NULL);
	}
	memset(depth, 0, sizeof(depth));
	return rc != 0 ? rc : call_depth(e, depth);
}
