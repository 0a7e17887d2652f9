/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions: recursive descent, at most POL_COND_STACK parentheses and nots deep,
 * at most POL_COND_TESTS tests. Chains of and / or lean to the left: who walks
 * them follows `left` in a loop and recurses to the right only.
 */
#include "compile/cond_parse.h"

#include "base/name.h"
#include "base/num.h"

struct parser {
	struct pol_lexer l;
	unsigned nested;
	unsigned tests;
};

static int parse_or(struct parser *p, struct ast_expr **out);

static size_t
here(const struct parser *p)
{
	return (size_t)(p->l.token.s - p->l.text);
}

static bool
next_is(const struct parser *p, const char *word)
{
	return pol_lex_is(&p->l.token, POL_TOKEN_WORD, word) || pol_lex_is(&p->l.token, POL_TOKEN_OP, word);
}

/* Fails at the token that is next, and says what it is. */
static int
unexpected(struct parser *p, const char *want)
{
	const struct pol_token *t = &p->l.token;

	if (t->kind == POL_TOKEN_END)
		return pol_lex_fail(&p->l, here(p), "%s, and the condition ends", want);
	return pol_lex_fail(&p->l, here(p), "%s, found %.*s", want, pol_set_show(t->s, t->len), t->s);
}

static struct ast_expr *
new_expr(struct parser *p, enum ast_expr_kind kind, size_t at)
{
	struct ast_expr *e = POL_NEW(p->l.set, struct ast_expr);

	if (e == NULL)
		return NULL;
	e->kind = kind;
	e->column = (uint32_t)at;
	return e;
}

static int
nest(struct parser *p, size_t at)
{
	if (++p->nested > POL_COND_STACK)
		return pol_lex_fail(&p->l, at, "nested more than %d deep", POL_COND_STACK);
	return 0;
}

/* Where s stands in the condition's text; 0 when it is a copy. */
static size_t
inside(const struct pol_lexer *l, const char *s)
{
	uintptr_t at = (uintptr_t)s - (uintptr_t)l->text;

	return at < l->len ? (size_t)at : 0;
}

int
pol_cond_path(struct pol_lexer *l, struct ast_path *out, const char *s, size_t len)
{
	const char *end = s + len, *dot = memchr(s, '.', len);
	size_t n = 0, i;

	memset(out, 0, sizeof(*out));
	(void)pol_lex_is_path(s, len, &out->root, &n);
	if (n > POL_COND_NAMES)
		return pol_lex_fail(l, inside(l, s), "a path has more than %d names behind its root", POL_COND_NAMES);
	out->text.data = s;
	out->text.len = len;
	out->n = n;
	out->names = POL_NEW_ARRAY(l->set, n, struct policy_text);
	if (out->names == NULL)
		return POLICY_ERR_NOMEM;
	for (i = 0; i < n; i++) {
		s = dot + 1;
		dot = memchr(s, '.', (size_t)(end - s));
		out->names[i].data = s;
		out->names[i].len = (size_t)((dot ? dot : end) - s);
	}
	return 0;
}

static int
parse_path(struct parser *p, struct ast_path *out)
{
	const struct pol_token t = p->l.token;
	enum pol_root root;
	size_t n;
	int rc;

	if (t.kind != POL_TOKEN_WORD || !pol_lex_is_path(t.s, t.len, &root, &n))
		return unexpected(p, "expected a path (subject., resource., action., context., token., actor.)");
	rc = pol_cond_path(&p->l, out, t.s, t.len);
	return rc != 0 ? rc : pol_lex_next(&p->l);
}

/* \" and \\ are " and \; any other backslash stands for itself. */
static int
unquote(struct parser *p, struct policy_value *out)
{
	const char *s = p->l.token.s + 1;
	size_t len = p->l.token.len - 2, i, n = 0;
	char *to = POL_NEW_ARRAY(p->l.set, len + 1, char);

	if (to == NULL)
		return POLICY_ERR_NOMEM;
	for (i = 0; i < len; i++) {
		if (s[i] == '\\' && i + 1 < len && (s[i + 1] == '"' || s[i + 1] == '\\'))
			i++;
		to[n++] = s[i];
	}
	out->type = POLICY_STRING;
	out->u.text.data = to;
	out->u.text.len = n;
	return 0;
}

static int
parse_number(struct parser *p, struct policy_value *out)
{
	const struct pol_token *t = &p->l.token;
	int64_t i = 0;
	double d = 0;

	switch (pol_num_parse(t->s, t->len, &i, &d)) {
	case POL_NUM_INT:
		out->type = POLICY_INT;
		out->u.integer = i;
		return 0;
	case POL_NUM_REAL:
		out->type = POLICY_DOUBLE;
		out->u.real = d;
		return 0;
	case POL_NUM_RANGE:
		return pol_lex_fail(&p->l, here(p), "number out of range: %.*s; integers are int64, decimals finite doubles",
		    pol_set_show(t->s, t->len), t->s);
	default:
		return pol_lex_fail(&p->l, here(p), "%.*s is no number: it may not begin with a zero", pol_set_show(t->s, t->len), t->s);
	}
}

/* *is: whether a literal was there. */
static int
parse_literal(struct parser *p, struct policy_value *out, bool *is)
{
	const struct pol_token *t = &p->l.token;
	int rc = 0;

	memset(out, 0, sizeof(*out));
	*is = true;
	if (t->kind == POL_TOKEN_NUM) {
		rc = parse_number(p, out);
	} else if (t->kind == POL_TOKEN_STR) {
		rc = unquote(p, out);
	} else if (next_is(p, "true") || next_is(p, "false")) {
		out->type = POLICY_BOOL;
		out->u.boolean = t->s[0] == 't';
	} else {
		*is = false;
		return 0;
	}
	return rc != 0 ? rc : pol_lex_next(&p->l);
}

static int
parse_list(struct parser *p, struct policy_value *out)
{
	struct policy_value *items = NULL, *more;
	size_t n = 0, cap = 0;
	bool is;
	int rc = pol_lex_next(&p->l);

	while (rc == 0 && !next_is(p, "]")) {
		if (n > 0) {
			if (!next_is(p, ","))
				return unexpected(p, "expected , or ]");
			rc = pol_lex_next(&p->l);
			if (rc != 0)
				return rc;
		}
		if (n == cap) {
			cap = cap ? cap * 2 : 4;
			more = POL_NEW_ARRAY(p->l.set, cap, struct policy_value);
			if (more == NULL)
				return POLICY_ERR_NOMEM;
			if (n > 0)
				memcpy(more, items, n * sizeof(*items));
			items = more;
		}
		rc = parse_literal(p, &items[n], &is);
		if (rc == 0 && !is)
			return unexpected(p, "only literals in a list: texts, numbers, true, false are wanted");
		n++;
	}
	out->type = POLICY_LIST;
	out->count = (uint32_t)n;
	out->u.items = items;
	return rc != 0 ? rc : pol_lex_next(&p->l);
}

static int
parse_operand(struct parser *p, struct ast_operand *out)
{
	bool is;
	int rc;

	out->is_literal = true;
	if (next_is(p, "["))
		return parse_list(p, &out->literal);
	rc = parse_literal(p, &out->literal, &is);
	if (rc != 0 || is)
		return rc;
	out->is_literal = false;
	return parse_path(p, &out->path);
}

static int
parse_compare(struct parser *p, struct ast_expr *e)
{
	size_t at, right;
	int rc, cmp;

	rc = parse_operand(p, &e->a);
	if (rc != 0)
		return rc;
	cmp = pol_cmp_find(&p->l.token);
	if (cmp < 0) {
		if (e->a.is_literal)
			return pol_lex_fail(&p->l, e->column, "a value alone is no condition: a path, a comparison or a condition's name is wanted");
		e->kind = AST_TRUTH;
		return 0;
	}
	at = here(p);
	rc = pol_lex_next(&p->l);
	if (rc != 0)
		return rc;
	right = here(p);
	e->kind = AST_CMP;
	e->cmp = (enum pol_cmp)cmp;
	rc = parse_operand(p, &e->b);
	return rc != 0 ? rc : pol_cmp_check(&p->l, e, at, right);
}

static int
parse_word(struct parser *p, struct ast_expr *e)
{
	e->name.data = p->l.token.s;
	e->name.len = p->l.token.len;
	e->kind = next_is(p, "own") ? AST_OWN : AST_NAME;
	return pol_lex_next(&p->l);
}

static int
parse_parens(struct parser *p, struct ast_expr **out)
{
	size_t at = here(p);
	int rc = nest(p, at);

	if (rc == 0)
		rc = pol_lex_next(&p->l);
	if (rc == 0)
		rc = parse_or(p, out);
	if (rc != 0)
		return rc;
	if (!next_is(p, ")"))
		return unexpected(p, "expected )");
	p->nested--;
	rc = pol_lex_next(&p->l);
	(*out)->column = (uint32_t)at;
	(*out)->length = (uint32_t)(p->l.end - at);
	return rc;
}

static int
parse_test(struct parser *p, struct ast_expr **out)
{
	const struct pol_token *t = &p->l.token;
	struct ast_expr *e;
	int rc;

	if (next_is(p, "("))
		return parse_parens(p, out);
	if (++p->tests > POL_COND_TESTS)
		return pol_lex_fail(&p->l, here(p), "more than %d tests in one condition", POL_COND_TESTS);
	e = new_expr(p, AST_HAS, here(p));
	if (e == NULL)
		return POLICY_ERR_NOMEM;
	if (next_is(p, "has")) {
		rc = pol_lex_next(&p->l);
		if (rc == 0)
			rc = parse_path(p, &e->a.path);
	} else if (t->kind == POL_TOKEN_WORD && memchr(t->s, '.', t->len) == NULL && !next_is(p, "true") && !next_is(p, "false")) {
		rc = parse_word(p, e);
	} else {
		rc = parse_compare(p, e);
	}
	e->length = (uint32_t)(p->l.end - e->column);
	*out = e;
	return rc;
}

static int
parse_not(struct parser *p, struct ast_expr **out)
{
	struct ast_expr *e;
	size_t at = here(p);
	int rc;

	if (!next_is(p, "not"))
		return parse_test(p, out);
	e = new_expr(p, AST_NOT, at);
	if (e == NULL)
		return POLICY_ERR_NOMEM;
	rc = nest(p, at);
	if (rc == 0)
		rc = pol_lex_next(&p->l);
	if (rc == 0)
		rc = parse_not(p, &e->left);
	if (rc != 0)
		return rc;
	p->nested--;
	e->depth = e->left->depth;
	e->length = (uint32_t)(p->l.end - at);
	*out = e;
	return 0;
}

/* One chain of `word`, its terms read by `term`. */
static int
parse_chain(struct parser *p, struct ast_expr **out, enum ast_expr_kind kind, const char *word,
    int (*term)(struct parser *p, struct ast_expr **out))
{
	struct ast_expr *e, *left = NULL;
	int rc = term(p, &left);

	while (rc == 0 && next_is(p, word)) {
		e = new_expr(p, kind, left->column);
		if (e == NULL)
			return POLICY_ERR_NOMEM;
		e->left = left;
		rc = pol_lex_next(&p->l);
		if (rc == 0)
			rc = term(p, &e->right);
		if (rc != 0)
			return rc;
		e->depth = left->depth > e->right->depth + 1 ? left->depth : e->right->depth + 1;
		if (e->depth > POL_COND_STACK)
			return pol_lex_fail(&p->l, e->column, "nested more than %d deep", POL_COND_STACK);
		e->length = (uint32_t)(p->l.end - e->column);
		left = e;
	}
	*out = left;
	return rc;
}

static int
parse_and(struct parser *p, struct ast_expr **out)
{
	return parse_chain(p, out, AST_AND, "and", parse_not);
}

static int
parse_or(struct parser *p, struct ast_expr **out)
{
	return parse_chain(p, out, AST_OR, "or", parse_and);
}

int
pol_cond_parse(struct ast_expr **out, struct ast_set *set, const struct pol_node *source)
{
	struct parser p;
	int rc;

	memset(&p, 0, sizeof(p));
	pol_lex_init(&p.l, set, source);
	rc = pol_lex_next(&p.l);
	if (rc == 0)
		rc = parse_or(&p, out);
	if (rc == 0 && p.l.token.kind != POL_TOKEN_END)
		return unexpected(&p, "unexpected text: `and`, `or` or the end is wanted");
	return rc;
}
