/* SPDX-License-Identifier: Apache-2.0 */
/* entities:, fixtures:, everyone: and authenticated: as written. */
#include "compile/parse.h"

int
pol_parse_entity(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_thing *t = POL_NEW(p->set, struct ast_thing);
	const char *slash = memchr(key->u.text, '/', key->count);

	(void)out;
	if (t == NULL)
		return POLICY_ERR_NOMEM;
	if (slash == NULL || slash == key->u.text + key->count - 1)
		return pol_set_fail(p->set, key, "'%.*s' is no entity: expected TYPE/ID", POL_SHOW(key));
	t->name = pol_parse_keep(p, key, 1);
	if (t->name == NULL)
		return POLICY_ERR_NOMEM;
	t->fixture = p->fixture;
	t->type_name.data = key->u.text;
	t->type_name.len = (size_t)(slash - key->u.text);
	t->id.data = slash + 1;
	t->id.len = key->count - t->type_name.len - 1;
	if (value->kind == POL_NODE_MAP) {
		t->attributes = pol_parse_keep_tree(p, value);
		if (t->attributes == NULL)
			return POLICY_ERR_NOMEM;
	}
	if (AST_LIST_ADD(p->set, &p->set->things, t) != 0)
		return POLICY_ERR_NOMEM;
	return pol_parse_each(p, value, "entities", NULL, NULL);
}

int
pol_parse_entities(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return pol_parse_each(p, value, "entities", pol_parse_entity, out);
}

static const struct pol_key_row fixture_keys[] = {
	{ "users", pol_parse_users }, { "groups", pol_parse_groups },
	{ "grants", pol_parse_grants }, { "entities", pol_parse_entities },
};

int
pol_parse_fixtures(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	int rc;

	(void)key;
	p->fixture = true;
	rc = POL_PARSE_KEYS(p, value, "fixtures", fixture_keys, out);
	p->fixture = false;
	return rc;
}

static int
everyone_roles(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return pol_parse_texts(p, out, value, "roles");
}

static const struct pol_key_row everyone_keys[] = {
	{ "roles", everyone_roles },
};

static int
read_everyone(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, bool authenticated)
{
	struct ast_texts roles = { NULL, 0 };
	struct ast_everyone *e;
	size_t i;
	int rc;

	rc = POL_PARSE_KEYS(p, value, authenticated ? "authenticated" : "everyone", everyone_keys, &roles);
	if (rc != 0)
		return rc;
	if (roles.n == 0)
		return pol_set_fail(p->set, key, "%.*s: roles are wanted, as in { roles: NAME }", POL_SHOW(key));
	for (i = 0; rc == 0 && i < roles.n; i++) {
		e = POL_NEW(p->set, struct ast_everyone);
		if (e == NULL)
			return POLICY_ERR_NOMEM;
		e->role = &roles.list[i];
		e->authenticated = authenticated;
		rc = AST_LIST_ADD(p->set, &p->set->everyone, e);
	}
	return rc;
}

int
pol_parse_everyone(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)out;
	return read_everyone(p, key, value, false);
}

int
pol_parse_authenticated(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)out;
	return read_everyone(p, key, value, true);
}
