/* SPDX-License-Identifier: Apache-2.0 */
/* tests: as written: typed as a caller would send it. */
#include "compile/parse.h"

static int
read_attrs(struct pol_parse *p, struct policy_attrs *out, const struct pol_node *value, const char *where)
{
	int rc = pol_parse_each(p, value, where, NULL, NULL);

	return rc != 0 ? rc : pol_value_attrs(p->set, out, value);
}

static int
read_list(struct pol_parse *p, struct policy_text **out, size_t *n, const struct pol_node *value, const char *where)
{
	struct ast_texts texts = { NULL, 0 };
	size_t i;
	int rc = pol_parse_texts(p, &texts, value, where);

	if (rc != 0)
		return rc;
	*out = POL_NEW_ARRAY(p->set, texts.n, struct policy_text);
	if (*out == NULL)
		return POLICY_ERR_NOMEM;
	for (i = 0; i < texts.n; i++)
		(*out)[i] = pol_node_text(&texts.list[i]);
	*n = texts.n;
	return 0;
}

static int
test_as(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_test *t = out;
	int rc = pol_parse_text(p, value, "as");

	(void)key;
	if (rc == 0 && POL_NODE_IS(value, "anonymous")) {
		t->anonymous = true;
		return 0;
	}
	return rc != 0 ? rc : pol_parse_subject(p, &t->as, value, false);
}

static int
test_actor(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_test *t = out;
	int rc = pol_parse_text(p, value, "actor");

	(void)key;
	t->has_actor = true;
	return rc != 0 ? rc : pol_parse_subject(p, &t->actor, value, false);
}

static int
test_subject(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return read_attrs(p, &((struct ast_test *)out)->subject, value, "subject");
}

static int
test_context(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return read_attrs(p, &((struct ast_test *)out)->context, value, "context");
}

static int
test_with(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_test *t = out;
	size_t i, keyed = 0;
	int rc = read_attrs(p, &t->with, value, "with");

	(void)key;
	if (rc != 0)
		return rc;
	for (i = 0; i < t->with.count; i++)
		keyed += memchr(t->with.list[i].name.data, '/', t->with.list[i].name.len) != NULL;
	if (keyed != 0 && keyed != t->with.count)
		return pol_set_fail(p->set, value, "`with` is either attributes or TYPE/ID: { attributes }, not both");
	for (i = 0; keyed != 0 && i < t->with.count; i++)
		if (t->with.list[i].value.type != POLICY_OBJECT)
			return pol_set_fail(p->set, &value->u.items[i * 2 + 1], "`with` TYPE/ID: a mapping of attributes is wanted");
	t->keyed = keyed != 0;
	return 0;
}

static int
test_groups(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_test *t = out;

	(void)key;
	return read_list(p, &t->groups, &t->n_groups, value, "groups");
}

static int
test_token(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_test *t = out;

	t->has_token = t->has_scopes = true;
	if (value->kind == POL_NODE_NULL)
		return pol_set_fail(p->set, key, "token: is empty; write token: [] for no scopes, leave it out for no token");
	return read_list(p, &t->scopes, &t->n_scopes, value, "token");
}

static int
test_kind(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_test *t = out;

	(void)key;
	t->has_token = true;
	t->kind = pol_node_text(value);
	return pol_parse_text(p, value, "kind");
}

static int
test_token_attributes(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_test *t = out;

	(void)key;
	t->has_token = true;
	return read_attrs(p, &t->token_attributes, value, "token_attributes");
}

static int
test_now(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_test *t = out;
	struct pol_time time;

	(void)key;
	if (value->kind == POL_NODE_NULL)
		return 0;
	t->now = pol_node_text(value);
	return pol_parse_time(p, &time, value, "now");
}

static int
test_because(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	((struct ast_test *)out)->because = pol_node_text(value);
	return pol_parse_text(p, value, "because");
}

static int
read_line(struct pol_parse *p, struct ast_test_line *out, const struct pol_node *n)
{
	const char *space = memchr(n->u.text, ' ', n->count), *slash;
	size_t left;

	out->source = n;
	out->action = pol_node_text(n);
	if (space == NULL)
		return 0;
	out->action.len = (size_t)(space - n->u.text);
	left = n->count - out->action.len - 1;
	slash = memchr(space + 1, '/', left);
	if (slash == NULL)
		return pol_set_fail(p->set, n, "'%.*s': expected ACTION TYPE/ID", POL_SHOW(n));
	out->has_resource = true;
	out->type.data = space + 1;
	out->type.len = (size_t)(slash - space) - 1;
	out->id.data = slash + 1;
	out->id.len = left - out->type.len - 1;
	return 0;
}

static int
test_lines(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_test *t = out;
	struct ast_texts texts = { NULL, 0 };
	struct ast_test_line *lines;
	bool allow = POL_NODE_IS(key, "allow");
	size_t i, at;
	int rc = pol_parse_texts(p, &texts, value, allow ? "allow" : "deny");

	if (rc != 0)
		return rc;
	lines = POL_NEW_ARRAY(p->set, t->n_lines + texts.n, struct ast_test_line);
	if (lines == NULL)
		return POLICY_ERR_NOMEM;
	/* allow lines are run first, wherever they stand */
	at = allow ? 0 : t->n_lines;
	if (t->n_lines > 0)
		memcpy(lines + (allow ? texts.n : 0), t->lines, t->n_lines * sizeof(*lines));
	for (i = 0; rc == 0 && i < texts.n; i++) {
		lines[at + i].allow = allow;
		rc = read_line(p, &lines[at + i], &texts.list[i]);
	}
	t->lines = lines;
	t->n_lines += texts.n;
	return rc;
}

static const struct pol_key_row test_keys[] = {
	{ "as", test_as }, { "subject", test_subject }, { "groups", test_groups },
	{ "token", test_token }, { "kind", test_kind }, { "token_attributes", test_token_attributes },
	{ "actor", test_actor }, { "with", test_with }, { "context", test_context }, { "now", test_now },
	{ "allow", test_lines }, { "deny", test_lines }, { "because", test_because },
};

static int
check_test(struct pol_parse *p, const struct ast_test *t)
{
	size_t i;

	if (!t->anonymous && t->as.source.u.text == NULL)
		return pol_set_fail(p->set, t->source, "a test has no `as`: expected a text, a subject or anonymous");
	if (t->anonymous && (t->subject.count > 0 || t->n_groups > 0))
		return pol_set_fail(p->set, t->source, "a test as anonymous has %s: anonymous has no attributes and no groups",
		    t->n_groups > 0 ? "groups" : "a subject");
	if (t->n_lines == 0)
		return pol_set_fail(p->set, t->source, "nothing is tested: `allow` or `deny` lines are wanted");
	if (t->because.data == NULL)
		return 0;
	for (i = 0; i < t->n_lines; i++)
		if (!t->lines[i].allow)
			return 0;
	return pol_set_fail(p->set, t->source, "`because` without a deny line: it says why a deny is one");
}

static int
read_test(struct pol_parse *p, const struct pol_node *n)
{
	struct ast_test *t;
	int rc;

	if (n->kind != POL_NODE_MAP)
		return pol_set_fail(p->set, n, "%s was found in tests: a mapping { as:, allow:, deny: } is wanted", pol_parse_kind(n));
	t = POL_NEW(p->set, struct ast_test);
	if (t == NULL)
		return POLICY_ERR_NOMEM;
	t->source = n;
	rc = POL_PARSE_KEYS(p, n, "a test", test_keys, t);
	if (rc == 0)
		rc = check_test(p, t);
	return rc != 0 ? rc : AST_LIST_ADD(p->set, &p->set->tests, t);
}

int
pol_parse_tests(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	size_t i;
	int rc = 0;

	(void)key;
	(void)out;
	if (value->kind != POL_NODE_SEQ && value->kind != POL_NODE_NULL)
		return pol_set_fail(p->set, value, "%s was found under tests: a list is wanted, of { as:, allow:, deny: }", pol_parse_kind(value));
	for (i = 0; value->kind == POL_NODE_SEQ && rc == 0 && i < value->count; i++)
		rc = read_test(p, &value->u.items[i]);
	return rc;
}
