/* SPDX-License-Identifier: Apache-2.0 */
/* actions: and conditions: as written. */
#include "compile/parse.h"
#include "compile/parse_cond.h"

static const struct {
	const char *bytes;
	size_t len;
} spaces[] = {		/* beyond U+0020: what Unicode calls white space */
	{ "\xc2\x85", 2 }, { "\xc2\xa0", 2 }, { "\xe1\x9a\x80", 3 }, { "\xe2\x80\xa8", 3 },
	{ "\xe2\x80\xa9", 3 }, { "\xe2\x80\xaf", 3 }, { "\xe2\x81\x9f", 3 }, { "\xe3\x80\x80", 3 },
};

size_t
pol_parse_space(const char *s, size_t len)
{
	unsigned char c = (unsigned char)s[0];
	size_t i;

	if (c == ' ' || (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x1f))
		return 1;
	if (len >= 3 && c == 0xe2 && (unsigned char)s[1] == 0x80 &&
	    (unsigned char)s[2] >= 0x80 && (unsigned char)s[2] <= 0x8a)
		return 3;
	for (i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++)
		if (len >= spaces[i].len && memcmp(s, spaces[i].bytes, spaces[i].len) == 0)
			return spaces[i].len;
	return 0;
}

static int
check_name(struct pol_parse *p, const struct pol_node *n)
{
	size_t i;

	if (POL_NODE_IS(n, "all"))
		return pol_set_fail(p->set, n, "'all' is no action name: it means every action under implies:");
	for (i = 0; i < n->count; i++)
		if (n->u.text[i] == '*' || n->u.text[i] == '\\' || pol_parse_space(n->u.text + i, n->count - i) > 0)
			return pol_set_fail(p->set, n, "'%.*s' is no action name: it may hold no *, no \\ and no white space", POL_SHOW(n));
	return 0;
}

static int
read_resource(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_action *a = out;
	int rc = pol_parse_texts(p, &a->resource, value, "resource");

	if (rc == 0 && a->resource.n == 0)
		return pol_set_fail(p->set, key, "empty resource: a type is wanted; without `resource` the action stands on anything");
	return rc;
}

static int
read_cond(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	return pol_parse_conds(p, &((struct ast_action *)out)->conds, key, value);
}

static int
read_implies(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return pol_parse_texts(p, &((struct ast_action *)out)->implies, value, "implies");
}

static int
read_aliases(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_action *a = out;
	size_t i;
	int rc;

	(void)key;
	rc = pol_parse_texts(p, &a->aliases, value, "aliases");
	for (i = 0; rc == 0 && i < a->aliases.n; i++)
		rc = check_name(p, &a->aliases.list[i]);
	return rc;
}

static const struct pol_key_row action_keys[] = {
	{ "resource", read_resource }, { "when", read_cond }, { "unless", read_cond },
	{ "implies", read_implies }, { "aliases", read_aliases }, { "description", NULL },
};

static int
read_action(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_action *a = POL_NEW(p->set, struct ast_action);
	int rc;

	(void)out;
	if (a == NULL)
		return POLICY_ERR_NOMEM;
	a->name = key;
	rc = check_name(p, key);
	if (rc == 0)
		rc = AST_LIST_ADD(p->set, &p->set->actions, a);
	return rc != 0 || value == NULL ? rc : POL_PARSE_KEYS(p, value, "an action", action_keys, a);
}

int
pol_parse_actions(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	size_t i;
	int rc = 0;

	(void)key;
	if (value->kind != POL_NODE_SEQ)
		return pol_parse_each(p, value, "actions", read_action, out);
	for (i = 0; rc == 0 && i < value->count; i++) {
		rc = pol_parse_text(p, &value->u.items[i], "actions");
		if (rc == 0)
			rc = read_action(p, &value->u.items[i], NULL, out);
	}
	return rc;
}

/* ---- conditions ---- */

static int
read_named(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_named *n = POL_NEW(p->set, struct ast_named);
	int rc;

	(void)out;
	if (n == NULL)
		return POLICY_ERR_NOMEM;
	n->name = key;
	if (!pol_name_is(key->u.text, key->count) || pol_conds_is_word(pol_node_text(key)))
		return pol_set_fail(p->set, key, "'%.*s' is no condition name: %s", POL_SHOW(key),
		    pol_name_is(key->u.text, key->count) ? "it is a word of the language" : "letters, digits, _ and - are wanted");
	rc = pol_parse_text(p, value, "a condition");
	if (rc == 0)
		rc = pol_conds_get(p->conds, &n->cond, p->set, value);
	if (rc == 0 && p->set->named.n >= POL_COND_NAMED)
		return pol_set_limit(p->set, key, "one condition too many: a set may name at most %d", POL_COND_NAMED);
	return rc != 0 ? rc : AST_LIST_ADD(p->set, &p->set->named, n);
}

int
pol_parse_conditions(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return pol_parse_each(p, value, "conditions", read_named, out);
}
