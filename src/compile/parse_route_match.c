/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths and templates of routes. What is no variable is read by the rules for what
 * clients send (core/target.c), so that a route is never written that none can meet.
 */
#include "compile/parse.h"

#include "compile/ast_route.h"
#include "core/target.h"

/* The name between two braces: s begins at one. Its bytes with both, or 0. */
static size_t
var_at(const char *s, size_t len, struct policy_text *name)
{
	const char *end = memchr(s, '}', len);

	if (end == NULL)
		return 0;
	*name = (struct policy_text){ s + 1, (size_t)(end - s) - 1 };
	return name->len + 2;
}

static int
check_name(struct pol_parse *p, const struct pol_node *n, struct policy_text name)
{
	if (pol_name_is(name.data, name.len) && name.len <= POL_ROUTE_NAME_MAX)
		return 0;
	return pol_set_fail(p->set, n, "'%.*s' is no name of a variable: [A-Za-z_][A-Za-z0-9_-]* is wanted, at most %u bytes",
	    POL_SHOW_TEXT(name), POL_ROUTE_NAME_MAX);
}

int
pol_parse_route_var(struct pol_parse *p, struct policy_text *name, const struct pol_node *n)
{
	*name = policy_text(NULL);
	if (memchr(n->u.text, '{', n->count) == NULL && memchr(n->u.text, '}', n->count) == NULL)
		return 0;
	if (n->u.text[0] != '{' || var_at(n->u.text, n->count, name) != n->count)
		return pol_set_fail(p->set, n, "'%.*s': a text without braces is wanted, or one that is {NAME} and nothing else", POL_SHOW(n));
	return check_name(p, n, *name);
}

/* {x}, {x/} or {x**} */
static int
read_var(struct pol_parse *p, struct ast_segment *out, const struct pol_node *n, struct policy_text piece)
{
	struct policy_text name = policy_text("");

	if (piece.data[0] != '{' || var_at(piece.data, piece.len, &name) != piece.len)
		return pol_set_fail(p->set, n, "'%.*s': a segment is a text without braces, or a variable and nothing else", POL_SHOW_TEXT(piece));
	out->kind = AST_SEGMENT_ONE;
	if (name.len > 1 && name.data[name.len - 1] == '/') {
		out->kind = AST_SEGMENT_SLASH;
		name.len--;
	} else if (name.len > 2 && memcmp(name.data + name.len - 2, "**", 2) == 0) {
		out->kind = AST_SEGMENT_REST;
		name.len -= 2;
	}
	out->text = name;
	return check_name(p, n, name);
}

static int
read_literal(struct pol_parse *p, struct ast_segment *out, const struct pol_node *n, struct policy_text piece, bool last)
{
	struct pol_target t;
	struct policy_text path;
	char *text;
	int rc;

	out->kind = AST_SEGMENT_LITERAL;
	out->text = policy_text("");
	if (piece.len == 0)
		return last ? 0 : pol_set_fail(p->set, n, "an empty segment stands in '%.*s': such a path is refused", POL_SHOW(n));
	text = POL_NEW_ARRAY(p->set, piece.len + 1, char);
	if (text == NULL)
		return POLICY_ERR_NOMEM;
	text[0] = '/';
	memcpy(text + 1, piece.data, piece.len);
	path = (struct policy_text){ text, piece.len + 1 };
	rc = pol_target_read(&t, policy_text("GET"), path);
	if (rc != 0 || t.query.data != NULL || t.segment[0].slash)
		return pol_set_fail(p->set, n, "'%.*s' can be no segment of a path: letters, digits, %%XX and -._~!$&'()*+,=:@ are wanted,"
		    " no step `.` or `..`, no %%2F, no `;`", POL_SHOW_TEXT(piece));
	out->text = (struct policy_text){ pol_arena_copy(&p->set->arena, t.path, t.segment[0].len), t.segment[0].len };
	return out->text.data != NULL ? 0 : pol_set_nomem(p->set);
}

/* Where the segment that begins at s ends: a slash within braces is the variable's. */
static size_t
segment_len(const char *s, size_t len)
{
	const char *slash = memchr(s, '/', len), *close;

	if (len != 0 && s[0] == '{') {
		close = memchr(s, '}', len);
		if (close != NULL && slash != NULL && slash < close)
			slash = memchr(close, '/', len - (size_t)(close - s));
	}
	return slash != NULL ? (size_t)(slash - s) : len;
}

static int
read_path(struct pol_parse *p, struct ast_route *r, const struct pol_node *n, struct policy_text path)
{
	size_t at, len;
	int rc = 0;

	r->segments = POL_NEW_ARRAY(p->set, POL_ROUTE_SEGMENTS_MAX, struct ast_segment);
	if (r->segments == NULL)
		return POLICY_ERR_NOMEM;
	for (at = 1; rc == 0 && at <= path.len; at += len + 1) {
		struct ast_segment *g = &r->segments[r->n_segments];

		if (r->n_segments == POL_ROUTE_SEGMENTS_MAX)
			return pol_set_limit(p->set, n, "this path has more than %u segments", POL_ROUTE_SEGMENTS_MAX);
		if (r->n_segments != 0 && g[-1].kind == AST_SEGMENT_REST)
			return pol_set_fail(p->set, n, "{%.*s**} is the rest of a path: nothing may stand behind it", POL_SHOW_TEXT(g[-1].text));
		len = segment_len(path.data + at, path.len - at);
		r->n_segments++;
		if (memchr(path.data + at, '{', len) != NULL || memchr(path.data + at, '}', len) != NULL)
			rc = read_var(p, g, n, (struct policy_text){ path.data + at, len });
		else
			rc = read_literal(p, g, n, (struct policy_text){ path.data + at, len }, at + len == path.len);
	}
	return rc;
}

int
pol_parse_route_match(struct pol_parse *p, struct ast_route *r, const struct pol_node *n)
{
	const struct policy_text text = pol_node_text(n);
	const char *space = memchr(text.data, ' ', text.len);
	const size_t len = space != NULL ? (size_t)(space - text.data) : 0;
	size_t i;

	if (space == NULL || len + 1 == text.len || space[1] != '/')
		return pol_set_fail(p->set, n, "'%.*s': METHOD /PATH is wanted, METHOD or `*`, one space between", POL_SHOW(n));
	r->method = (struct policy_text){ text.data, len };
	if (!pol_target_is_method(r->method))
		return pol_set_fail(p->set, n, "'%.*s' is no method of HTTP", POL_SHOW_TEXT(r->method));
	for (i = 0; i < len; i++)
		if (text.data[i] >= 'a' && text.data[i] <= 'z')
			return pol_set_fail(p->set, n, "the method '%.*s' is compared as it stands: write it in capitals", POL_SHOW_TEXT(r->method));
	if (POL_TEXT_IS(r->method, "*"))
		r->method.len = 0;
	return read_path(p, r, n, (struct policy_text){ space + 1, text.len - len - 1 });
}

/* TYPE/ID, ID of texts and {NAME}s. Between two slashes at most one variable, so that no
 * two requests are one thing by accident. */
int
pol_parse_route_resource(struct pol_parse *p, struct ast_route *r, const struct pol_node *n)
{
	const char *slash = memchr(n->u.text, '/', n->count), *s, *end = n->u.text + n->count;
	struct ast_route_piece *piece;
	int rc;

	if (slash == NULL || slash + 1 == end)
		return pol_set_fail(p->set, n, "'%.*s': TYPE/ID is wanted", POL_SHOW(n));
	r->type = (struct policy_text){ n->u.text, (size_t)(slash - n->u.text) };
	r->pieces = POL_NEW_ARRAY(p->set, n->count, struct ast_route_piece);
	if (r->pieces == NULL)
		return POLICY_ERR_NOMEM;
	for (s = slash + 1; s < end; s = piece->is_var ? piece->text.data + piece->text.len + 1 : piece->text.data + piece->text.len) {
		const size_t left = (size_t)(end - s);
		const char *brace = memchr(s, '{', left);

		piece = &r->pieces[r->n_pieces++];
		piece->is_var = *s == '{';
		piece->text = (struct policy_text){ s, brace != NULL ? (size_t)(brace - s) : left };
		if (piece->is_var && var_at(s, left, &piece->text) == 0)
			return pol_set_fail(p->set, n, "'%.*s': a { without its }", POL_SHOW(n));
		if (!piece->is_var && memchr(s, '}', piece->text.len) != NULL)
			return pol_set_fail(p->set, n, "'%.*s': a } without its {", POL_SHOW(n));
		rc = piece->is_var ? check_name(p, n, piece->text) : 0;
		if (rc != 0)
			return rc;
	}
	return 0;
}
