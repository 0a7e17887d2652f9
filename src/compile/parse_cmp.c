/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of conditions, and what can be seen to be wrong with their operands. */
#include "base/cidr.h"
#include "base/glob.h"
#include "base/name.h"
#include "base/time.h"
#include "compile/cond_parse.h"

static const char *const names[] = {	/* same order as enum pol_cmp */
	"==", "!=", "<", "<=", ">", ">=", "in", "contains", "overlaps", "covers",
	"like", "matches", "within", "before", "after",
};
_Static_assert(sizeof(names) / sizeof(names[0]) == POL_CMP_AFTER + 1, "enum pol_cmp");

int
pol_cmp_find(const struct pol_token *t)
{
	size_t i;

	if (t->kind != POL_TOKEN_OP && t->kind != POL_TOKEN_WORD)
		return -1;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (pol_bytes_equal(t->s, t->len, names[i], strlen(names[i])))
			return (int)i;
	return -1;
}

const char *
pol_cmp_name(enum pol_cmp cmp)
{
	return names[cmp];
}

int
pol_cmp_template(struct policy_text *piece, const char *s, size_t len, size_t *at)
{
	size_t i = *at;
	const char *close;
	enum pol_root root;
	size_t n;

	if (i >= len)
		return 0;
	if (s[i] == '{') {
		close = memchr(s + i, '}', len - i);
		piece->data = s + i + 1;
		piece->len = close ? (size_t)(close - piece->data) : 0;
		if (close == NULL || !pol_lex_is_path(piece->data, piece->len, &root, &n))
			return -1;
		*at = (size_t)(close - s) + 1;
		return 1;
	}
	while (i < len && s[i] != '{')
		i += s[i] == '\\' && i + 1 < len ? 2 : 1;
	piece->data = s + *at;
	piece->len = i - *at;
	*at = i;
	return 2;
}

struct operands {
	struct pol_lexer *l;
	const struct ast_expr *e;
	const char *op;
	size_t at, right;
};

static bool
is_list(const struct ast_operand *x)
{
	return x->is_literal && x->literal.type == POLICY_LIST;
}

static bool
is_single(const struct ast_operand *x)
{
	return x->is_literal && x->literal.type != POLICY_LIST;
}

static int
check_equal(const struct operands *o)
{
	if (is_list(&o->e->a) || is_list(&o->e->b))
		return pol_lex_fail(o->l, o->at, "`%s` compares single values, and a list was found; use covers, overlaps or in", o->op);
	return 0;
}

static int
check_lists(const struct operands *o)
{
	if (is_single(&o->e->a) || is_single(&o->e->b))
		return pol_lex_fail(o->l, o->at, "`%s` needs a list on both sides", o->op);
	return 0;
}

static int
check_pattern(const struct operands *o, const char *want)
{
	const struct ast_operand *b = &o->e->b;

	if (!b->is_literal || b->literal.type != POLICY_STRING)
		return pol_lex_fail(o->l, o->right, "`%s` needs %s written as \"text\" on the right", o->op, want);
	if (b->literal.u.text.len > POL_COND_PATTERN)
		return pol_lex_fail(o->l, o->right, "the pattern of `%s` is %zu bytes long, longer than %d bytes", o->op,
		    b->literal.u.text.len, POL_COND_PATTERN);
	return 0;
}

/* The pattern itself is looked at by regex.c. */
static int
check_matches(const struct operands *o)
{
	if (o->e->a.is_literal)
		return pol_lex_fail(o->l, o->e->column, "`matches` needs a path on the left");
	return check_pattern(o, "a pattern");
}

static int
check_like(const struct operands *o)
{
	struct policy_text t, piece;
	struct ast_path path;
	size_t at = 0;
	int rc, kind = 1;

	rc = check_pattern(o, "a glob");
	if (rc != 0)
		return rc;
	t = o->e->b.literal.u.text;
	while (rc == 0 && kind != 0) {
		kind = pol_cmp_template(&piece, t.data, t.len, &at);
		if (kind < 0)
			return pol_lex_fail(o->l, o->right, "pattern '%.*s': { must begin a path such as {subject.id}; a brace is \\{", POL_SHOW_TEXT(t));
		if (kind == 1)
			rc = pol_cond_path(o->l, &path, piece.data, piece.len);
	}
	if (rc == 0 && pol_glob_ends_stray(t.data, t.len))
		return pol_lex_fail(o->l, o->right, "the pattern '%.*s' ends in a \\ that escapes nothing", POL_SHOW_TEXT(t));
	return rc;
}

static int
check_net(const struct operands *o, const struct policy_value *v)
{
	struct policy_text t = { "", 0 };
	struct pol_net net;

	if (v->type != POLICY_STRING)
		return pol_lex_fail(o->l, o->right, "not a network: it is written as text, as in \"10.0.0.0/8\"");
	t = v->u.text;
	switch (pol_net_parse(&net, t.data, t.len)) {
	case POL_NET_OK:
		return 0;
	case POL_NET_HOST_BITS:
		return pol_lex_fail(o->l, o->right, "'%.*s' has host bits set: the network's own address is wanted", POL_SHOW_TEXT(t));
	case POL_NET_MAPPED:
		return pol_lex_fail(o->l, o->right, "'%.*s': write the IPv4 network", POL_SHOW_TEXT(t));
	default:
		return pol_lex_fail(o->l, o->right, "'%.*s' is not a network: ADDRESS or ADDRESS/BITS is wanted", POL_SHOW_TEXT(t));
	}
}

static int
check_within(const struct operands *o)
{
	const struct policy_value *a = &o->e->a.literal, *b = &o->e->b.literal;
	struct pol_ip ip;
	uint32_t i;
	int rc = 0;

	if (o->e->a.is_literal && (a->type != POLICY_STRING || pol_ip_parse(&ip, a->u.text.data, a->u.text.len) != 0))
		return pol_lex_fail(o->l, o->e->column, "`within` needs an address on the left, as a path or as \"192.0.2.1\"");
	if (!o->e->b.is_literal)
		return 0;
	if (b->type != POLICY_LIST)
		return check_net(o, b);
	for (i = 0; rc == 0 && i < b->count; i++)
		rc = check_net(o, &b->u.items[i]);
	return rc;
}

static int
check_time(const struct operands *o, const struct ast_operand *x, size_t at)
{
	struct pol_time t;

	if (!x->is_literal)
		return 0;
	if (x->literal.type == POLICY_STRING && pol_time_parse(&t, x->literal.u.text.data, x->literal.u.text.len) == 0)
		return 0;
	if (x->literal.type != POLICY_STRING)
		return pol_lex_fail(o->l, at, "not a time: RFC 3339 with an offset is wanted, as in \"2026-01-31T08:00:00Z\"");
	return pol_lex_fail(o->l, at, "'%.*s' is not a time: RFC 3339 with an offset is wanted, as in \"2026-01-31T08:00:00Z\"",
	    POL_SHOW_TEXT(x->literal.u.text));
}

static int
check_times(const struct operands *o)
{
	int rc = check_time(o, &o->e->a, o->e->column);

	return rc != 0 ? rc : check_time(o, &o->e->b, o->right);
}

static int (*const checks[])(const struct operands *o) = {
	[POL_CMP_EQ] = check_equal, [POL_CMP_NE] = check_equal,
	[POL_CMP_OVERLAPS] = check_lists, [POL_CMP_COVERS] = check_lists,
	[POL_CMP_LIKE] = check_like, [POL_CMP_MATCHES] = check_matches,
	[POL_CMP_WITHIN] = check_within,
	[POL_CMP_BEFORE] = check_times, [POL_CMP_AFTER] = check_times,
};

int
pol_cmp_check(struct pol_lexer *l, const struct ast_expr *e, size_t at, size_t right)
{
	struct operands o = { l, e, names[e->cmp], at, right };

	return checks[e->cmp] != NULL ? checks[e->cmp](&o) : 0;
}
