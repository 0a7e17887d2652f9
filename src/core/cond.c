/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs conditions: byte code over three values, with jumps over what is decided
 * (unknown never jumps), named conditions remembered, no recursion. Attributes
 * are looked up when a test needs them.
 */
#include "core/eval.h"

struct frame {
	uint32_t pc, end, named;
};

static const uint8_t kleene_and[3][3] = {	/* F, T, E */
	{ POL_F, POL_F, POL_F }, { POL_F, POL_T, POL_E }, { POL_F, POL_E, POL_E }
};
static const uint8_t kleene_or[3][3] = {
	{ POL_F, POL_T, POL_E }, { POL_T, POL_T, POL_T }, { POL_E, POL_T, POL_E }
};
static const uint8_t kleene_not[3] = { POL_T, POL_F, POL_E };

static inline bool
operand(struct pol_eval *ev, bool literal, uint32_t x, struct pol_val *out)
{
	if (!literal)
		return pol_facts_get(ev, x, out);
	pol_facts_stored(out, &POL_ROWS(ev->p, consts, struct pol_sval)[x], ev->p);
	return true;
}

static int
test_truth(struct pol_eval *ev, uint32_t path)
{
	struct pol_val v;

	if (!pol_facts_get(ev, path, &v) || v.type != POLICY_BOOL)
		return POL_E;
	return v.u.i ? POL_T : POL_F;
}

static int
test_matches(struct pol_eval *ev, uint32_t path, uint32_t regex)
{
	struct policy_text t;
	char tmp[POL_NUM_TEXT];
	struct pol_val v;
	int rc;

	if (!pol_facts_get(ev, path, &v) || !pol_facts_text(ev, &v, tmp, &t))
		return POL_E;
	rc = ev->engine->regex(ev->engine->regex_ctx, regex, t.data, t.len);
	return rc < 0 ? POL_E : rc > 0 ? POL_T : POL_F;
}

static int
test_like(struct pol_eval *ev, const struct pol_insn *in)
{
	const struct pol_template *t = &POL_ROWS(ev->p, templates, struct pol_template)[in->b];
	const struct pol_tpiece *from = POL_ROWS(ev->p, tpieces, struct pol_tpiece) + t->first;
	struct pol_glob_piece pieces[POL_GLOB_MAX_PIECES];
	char tmp[POL_GLOB_MAX_PIECES][POL_NUM_TEXT], tmp_a[POL_NUM_TEXT];
	struct policy_text text, piece;
	struct pol_val v;

	if (!operand(ev, in->lit_a != 0, in->a, &v) || !pol_facts_text(ev, &v, tmp_a, &text))
		return POL_E;
	for (uint32_t i = 0; i < t->n; i++) {
		pieces[i].star = from[i].star;
		if (from[i].path == 0) {
			pieces[i].data = pol_str_at(ev->p, from[i].text);
			pieces[i].len = from[i].text.len;
			continue;
		}
		if (!pol_facts_get(ev, from[i].path - 1, &v) || !pol_facts_text(ev, &v, tmp[i], &piece))
			return POL_E;
		pieces[i].data = piece.data;
		pieces[i].len = (uint32_t)piece.len;
	}
	v.u.i = pol_glob_match_pieces(pieces, t->n, text.data, text.len, '/', &ev->steps);
	ev->limit |= ev->steps == 0;
	return v.u.i ? POL_T : POL_F;
}

static inline __attribute__((always_inline)) int
test_cmp(struct pol_eval *ev, const struct pol_insn *in)
{
	struct pol_val a, b;

	if (!operand(ev, in->lit_a != 0, in->a, &a) || !operand(ev, in->lit_b != 0, in->b, &b))
		return POL_E;
	return pol_compare(ev, (enum pol_cmp)in->cmp, &a, &b);
}

/* The owner attribute; it may be the thing's own id or type. */
static bool
owner(struct pol_eval *ev, const struct pol_type *t, struct pol_val *out)
{
	struct pol_str name = POL_ROWS(ev->p, names, struct pol_name)[t->owner_name].text;
	const char *s = pol_str_at(ev->p, name);

	if (pol_bytes_equal(s, name.len, "id", 2)) {
		pol_facts_bytes(out, ev->req->resource_id.data, ev->req->resource_id.len);
		return true;
	}
	if (pol_bytes_equal(s, name.len, "type", 4)) {
		pol_facts_bytes(out, ev->req->resource_type.data, ev->req->resource_type.len);
		return true;
	}
	return pol_facts_resource(ev, t->owner_name, out);
}

/*
 * own: the subject is of the owner's type, and the owner attribute equals, or as a
 * list holds, the subject's. False as soon as one half is false.
 */
static int
test_own(struct pol_eval *ev)
{
	const struct pol_type *t = ev->type_row;
	struct pol_val a, b;
	int right_type, same = POL_E;

	if (t == NULL || !t->has_owner)
		return POL_E;
	if (!ev->subject.present)
		right_type = POL_E;
	else
		right_type = ev->subject.type.len == t->owner_type.len && pol_bytes_same(ev->subject.type.data,
		    pol_str_at(ev->p, t->owner_type), t->owner_type.len) ? POL_T : POL_F;
	if (right_type == POL_F)
		return POL_F;
	if (owner(ev, t, &a) && pol_facts_get(ev, t->owner_path, &b))
		same = a.type == POLICY_LIST ? pol_compare_any(ev, &a, &b) : pol_compare_same(ev, &a, &b);
	if (same == POL_F || right_type == POL_T)
		return same;
	return POL_E;
}

static int
test(struct pol_eval *ev, const struct pol_insn *in)
{
	struct pol_val v;

	switch ((enum pol_op)in->op) {
	case POL_OP_OWN:
		return test_own(ev);
	case POL_OP_CMP:
		return test_cmp(ev, in);
	case POL_OP_HAS:
		return pol_facts_get(ev, in->a, &v) ? POL_T : POL_F;
	case POL_OP_TRUTH:
		return test_truth(ev, in->a);
	case POL_OP_LIKE:
		return test_like(ev, in);
	case POL_OP_MATCHES:
		return test_matches(ev, in->a, in->b);
	default:
		return POL_E;		/* an opcode of another version: cannot be evaluated */
	}
}

static void
named_range(const struct pol_program *p, uint32_t named, uint32_t *pc, uint32_t *end)
{
	uint32_t t = POL_ROWS(p, named, struct pol_named)[named].term;
	const struct pol_term *term = &POL_ROWS(p, terms, struct pol_term)[t];

	*pc = term->pc;
	*end = term->pc + term->n;
}

/* acc after an instruction that only joins what is there; false: it tests. */
static bool
join(const struct pol_insn *in, uint8_t *stack, uint32_t *sp, int *acc)
{
	switch (in->op) {
	case POL_OP_NOT:
		*acc = kleene_not[*acc];
		return true;
	case POL_OP_AND:
		*acc = kleene_and[stack[--*sp]][*acc];
		return true;
	case POL_OP_OR:
		*acc = kleene_or[stack[--*sp]][*acc];
		return true;
	case POL_OP_PUSH:
		stack[(*sp)++] = (uint8_t)*acc;
		return true;
	default:
		return false;
	}
}

/* The value of instructions pc to end. compile/ bounds how deep PUSH goes in a term. */
static __attribute__((noinline)) int
run(struct pol_eval *ev, uint32_t pc, uint32_t end)
{
	const struct pol_insn *code = POL_ROWS(ev->p, code, struct pol_insn);
	uint8_t stack[POL_COND_STACK * (POL_COND_CALLS + 1)];
	struct frame frames[POL_COND_CALLS];
	uint32_t sp = 0, depth = 0;
	int acc = POL_E;

	for (;;) {
		const struct pol_insn *in;

		if (pc == end) {
			if (depth == 0)
				return acc;
			depth--;
			ev->named[frames[depth].named] = (uint8_t)(acc + 1);
			pc = frames[depth].pc;
			end = frames[depth].end;
			continue;
		}
		in = &code[pc++];
		switch (in->op) {
		case POL_OP_JF:
			if (acc == POL_F)
				pc = in->a;
			break;
		case POL_OP_JT:
			if (acc == POL_T)
				pc = in->a;
			break;
		case POL_OP_CALL:
			if (ev->named[in->a] != 0) {
				acc = ev->named[in->a] - 1;
				break;
			}
			if (depth == POL_COND_CALLS) {	/* compile/ bounds it: no program of ours */
				ev->limit = true;
				return POL_E;
			}
			frames[depth++] = (struct frame){ pc, end, in->a };
			named_range(ev->p, in->a, &pc, &end);
			break;
		default:
			if (!join(in, stack, &sp, &acc))
				acc = test(ev, in);
		}
	}
}

/* Most terms are one test. */
static inline int
term(struct pol_eval *ev, const struct pol_term *t)
{
	const struct pol_insn *in = &POL_ROWS(ev->p, code, struct pol_insn)[t->pc];

	if (t->n == 1 && in->op == POL_OP_CMP)
		return test_cmp(ev, in);
	if (t->n == 1 && in->op != POL_OP_CALL)
		return test(ev, in);
	return run(ev, t->pc, t->pc + t->n);
}

int
pol_cond_terms(struct pol_eval *ev, struct pol_cond c, uint32_t *failed, int *failed_value)
{
	const struct pol_term *t = POL_ROWS(ev->p, terms, struct pol_term) + c.first;
	int all = POL_T;

	for (uint32_t i = 0; i < c.n; i++) {
		int v = term(ev, &t[i]);

		if (t[i].negate)
			v = kleene_not[v];
		if (v == POL_T)
			continue;
		/* for people: the false one rather than an unknown one before it */
		if (failed != NULL && (all == POL_T || v == POL_F)) {
			*failed = c.first + i;
			*failed_value = v;
		}
		if (v == POL_F)
			return POL_F;
		all = POL_E;
	}
	return all;
}
