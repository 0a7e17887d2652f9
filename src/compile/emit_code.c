/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions into byte code. Chains of `and` and of `or` are flattened: each
 * operand after the first meets one pushed value, however long the chain. Jumps
 * are counted from the run's own beginning until the run has its place, so that
 * equal runs are equal bytes and are kept once.
 */
#include <string.h>

#include "compile/emit.h"

/* Nesting of the text, through parentheses: what the emitter's own stack bears. */
#define NESTING 256

struct run {
	struct pol_emit *e;
	const struct pol_node *at;
	struct pol_buf code;		/* struct pol_insn */
	unsigned nesting;
	unsigned depth;			/* values pushed here */
	const struct ast_expr *todo[EMIT_TODO];	/* operands of chains yet to come */
	uint32_t top;
};

static int
too_deep(const struct run *r)
{
	return pol_emit_text_fail(r->e, r->at, POLICY_ERR_LIMIT,
	    "this condition is nested too deeply: at most %d values may wait at once", POL_COND_STACK);
}

static int
add(struct run *r, enum pol_op op, uint32_t a, uint32_t b)
{
	struct pol_insn in;

	memset(&in, 0, sizeof(in));
	in.op = (uint8_t)op;
	in.a = a;
	in.b = b;
	return pol_buf_append(&r->code, &in, sizeof(in)) == SIZE_MAX ?
	    pol_emit_text_rc(r->e, POLICY_ERR_NOMEM) : 0;
}

static uint32_t
here(const struct run *r)
{
	return (uint32_t)(r->code.len / sizeof(struct pol_insn));
}

static int
path(struct run *r, const struct ast_operand *o, uint32_t *index)
{
	return pol_emit_path(r->e, o->path.root, o->path.names, o->path.n, r->at, index);
}

static int
operand(struct run *r, const struct ast_operand *o, enum pol_cmp cmp, bool left, uint32_t *index)
{
	if (!o->is_literal)
		return path(r, o, index);
	if (cmp == POL_CMP_BEFORE || cmp == POL_CMP_AFTER)
		return pol_emit_value_time(r->e, &o->literal, r->at, index);
	if (cmp == POL_CMP_WITHIN)
		return pol_emit_value_net(r->e, &o->literal, left, r->at, index);
	return pol_emit_value_const(r->e, &o->literal, index);
}

static int
add_regex(struct run *r, const struct policy_text *t, uint32_t *index)
{
	struct pol_emit *e = r->e;
	char why[256];
	bool found;
	int rc;

	*index = e->head.regexes;
	rc = pol_emit_text_rc(e, pol_emit_dict_put(&e->regexes, t->data, t->len, index, &found));
	if (rc != 0 || found)
		return rc;
	rc = pol_regex_add(e->regex, t->data, t->len, why, sizeof(why));
	if (rc != 0)
		return pol_emit_text_fail(e, r->at, rc, "bad pattern \"%.*s\": %s", (int)t->len, t->data, why);
	e->head.regexes++;
	return 0;
}

static int
compare(struct run *r, const struct ast_expr *x)
{
	struct pol_insn in;
	int rc;

	memset(&in, 0, sizeof(in));
	in.op = x->cmp == POL_CMP_LIKE ? POL_OP_LIKE : x->cmp == POL_CMP_MATCHES ? POL_OP_MATCHES : POL_OP_CMP;
	in.cmp = (uint8_t)x->cmp;
	in.lit_a = x->a.is_literal;
	rc = operand(r, &x->a, x->cmp, true, &in.a);
	if (rc != 0)
		return rc;
	if (x->cmp == POL_CMP_LIKE) {
		rc = pol_emit_like(r->e, &x->b.literal.u.text, r->at, &in.b);
	} else if (x->cmp == POL_CMP_MATCHES) {
		rc = add_regex(r, &x->b.literal.u.text, &in.b);
	} else {
		in.lit_b = x->b.is_literal;
		rc = operand(r, &x->b, x->cmp, false, &in.b);
	}
	if (rc == 0 && pol_buf_append(&r->code, &in, sizeof(in)) == SIZE_MAX)
		rc = pol_emit_text_rc(r->e, POLICY_ERR_NOMEM);
	return rc;
}

static int
test(struct run *r, const struct ast_expr *x)
{
	uint32_t p;
	int rc;

	switch (x->kind) {
	case AST_OWN:
		return add(r, POL_OP_OWN, 0, 0);
	case AST_NAME:
		return add(r, POL_OP_CALL, x->named->index, 0);
	case AST_HAS:
	case AST_TRUTH:
		rc = path(r, &x->a, &p);
		return rc != 0 ? rc : add(r, x->kind == AST_HAS ? POL_OP_HAS : POL_OP_TRUTH, p, 0);
	default:
		return compare(r, x);
	}
}

static int expr(struct run *r, const struct ast_expr *x);

static int
push_todo(struct run *r, const struct ast_expr *x)
{
	if (r->top == EMIT_TODO)
		return too_deep(r);
	r->todo[r->top++] = x;
	return 0;
}

/* One operand of a chain; a first one has nothing to be joined with. `last` leads
 * through the jumps that wait for the chain's end. */
static int
chained(struct run *r, const struct ast_expr *x, bool both, bool first, uint32_t *last)
{
	int rc;

	if (first)
		return expr(r, x);
	if (++r->depth > POL_COND_STACK)
		return too_deep(r);
	rc = add(r, both ? POL_OP_JF : POL_OP_JT, *last, 0);
	*last = here(r) - 1;
	if (rc == 0)
		rc = add(r, POL_OP_PUSH, 0, 0);
	if (rc == 0)
		rc = expr(r, x);
	if (rc == 0)
		rc = add(r, both ? POL_OP_AND : POL_OP_OR, 0, 0);
	r->depth--;
	return rc;
}

/* A; JF end; PUSH; B; AND; JF end; PUSH; C; AND; end. Unknown never jumps. */
static int
chain(struct run *r, const struct ast_expr *x)
{
	enum ast_expr_kind kind = x->kind;
	uint32_t last = POL_NONE, base = r->top;
	bool first = true;
	int rc = push_todo(r, x);

	while (rc == 0 && r->top > base) {
		x = r->todo[--r->top];
		if (x->kind == kind) {
			rc = push_todo(r, x->right);
			if (rc == 0)
				rc = push_todo(r, x->left);
		} else {
			rc = chained(r, x, kind == AST_AND, first, &last);
			first = false;
		}
	}
	while (rc == 0 && last != POL_NONE) {
		struct pol_insn *in = (struct pol_insn *)(void *)r->code.data + last;

		last = in->a;
		in->a = here(r);
	}
	return rc;
}

static int
expr(struct run *r, const struct ast_expr *x)
{
	bool negate = false;
	int rc;

	for (; x->kind == AST_NOT; x = x->left)
		negate = !negate;
	if (++r->nesting > NESTING)
		return too_deep(r);
	rc = x->kind == AST_AND || x->kind == AST_OR ? chain(r, x) : test(r, x);
	r->nesting--;
	return rc == 0 && negate ? add(r, POL_OP_NOT, 0, 0) : rc;
}

/* Puts a finished run in its place, unless an equal one is there. */
static int
place(struct run *r, uint32_t *pc, uint32_t *n)
{
	struct pol_buf *code = &r->e->table[EMIT_CODE];
	struct pol_insn *in;
	uint32_t i;
	bool found;
	int rc;

	*n = here(r);
	*pc = (uint32_t)(code->len / sizeof(*in));
	rc = pol_emit_text_rc(r->e, pol_emit_dict_put(&r->e->code, r->code.data, r->code.len, pc, &found));
	if (rc != 0 || found)
		return rc;
	if (code->len + r->code.len > UINT32_MAX)
		return pol_emit_text_rc(r->e, POLICY_ERR_LIMIT);
	if (pol_buf_append(code, r->code.data, r->code.len) == SIZE_MAX)
		return pol_emit_text_rc(r->e, POLICY_ERR_NOMEM);
	in = (struct pol_insn *)(void *)code->data + *pc;
	for (i = 0; i < *n; i++)
		if (in[i].op == POL_OP_JF || in[i].op == POL_OP_JT)
			in[i].a += *pc;
	return 0;
}

int
pol_emit_code(struct pol_emit *e, const struct ast_expr *x, const struct pol_node *at,
    uint32_t *pc, uint32_t *n)
{
	struct run r;
	int rc;

	r.e = e;
	r.at = at;
	r.nesting = r.depth = 0;
	r.top = 0;
	r.code = e->run;
	r.code.len = 0;
	rc = expr(&r, x);
	if (rc == 0)
		rc = place(&r, pc, n);
	e->run = r.code;		/* keeps its room for the next */
	return rc;
}
