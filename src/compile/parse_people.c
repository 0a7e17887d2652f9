/* SPDX-License-Identifier: Apache-2.0 */
/* users:, groups:, grants:, entities:, those of fixtures:, everyone:, authenticated:. */
#include "compile/parse.h"

/* Words that mean somebody else than a subject. */
bool
pol_parse_no_subject(struct policy_text t)
{
	return POL_TEXT_IS(t, "group") || POL_TEXT_IS(t, "everyone") ||
	    POL_TEXT_IS(t, "authenticated") || POL_TEXT_IS(t, "anonymous");
}

int
pol_parse_subject(struct pol_parse *p, struct ast_holder *out, const struct pol_node *n, bool star)
{
	const char *colon = memchr(n->u.text, ':', n->count);

	struct policy_text type = policy_text("user"), name = pol_node_text(n);

	out->source = *n;
	if (pol_parse_no_subject(name))
		return pol_set_fail(p->set, n, "%.*s is no user; write user:%.*s if it is", POL_SHOW(n), POL_SHOW(n));
	if (colon != NULL) {
		type.data = n->u.text;
		type.len = (size_t)(colon - n->u.text);
		name.data = colon + 1;
		name.len = n->count - type.len - 1;
		out->type_len = (uint32_t)type.len;
	}
	if (!pol_name_is(type.data, type.len) || pol_parse_no_subject(type))
		return pol_set_fail(p->set, n, "'%.*s' is no subject type: NAME (a user) or TYPE:NAME is wanted", POL_SHOW_TEXT(type));
	if (name.len == 0 || (!star && POL_TEXT_IS(name, "*")))
		return pol_set_fail(p->set, n, "'%.*s' names nobody", POL_SHOW(n));
	return 0;
}

/* A member, or with `star` a grant's `to`. */
static int
read_holder(struct pol_parse *p, struct ast_holder *out, const struct pol_node *n, bool star)
{
	if (star && (POL_NODE_IS(n, "everyone") || POL_NODE_IS(n, "authenticated"))) {
		out->source = *n;
		out->word = true;
		return 0;
	}
	if (n->count >= 6 && memcmp(n->u.text, "group:", 6) == 0) {
		out->source = *n;
		out->type_len = 5;
		return 0;
	}
	return pol_parse_subject(p, out, n, star);
}

static int
read_holders(struct pol_parse *p, struct ast_holders *out, const struct pol_node *value, const char *where, bool star)
{
	const struct pol_node *list;
	size_t i, n;
	int rc;

	rc = pol_parse_look(p, &list, &n, value, where);
	if (rc != 0)
		return rc;
	out->list = POL_NEW_ARRAY(p->set, n, struct ast_holder);
	if (out->list == NULL)
		return POLICY_ERR_NOMEM;
	out->n = n;
	for (i = 0; rc == 0 && i < n; i++)
		rc = read_holder(p, &out->list[i], &list[i], star);
	return rc;
}

int
pol_parse_time(struct pol_parse *p, struct pol_time *out, const struct pol_node *n, const char *where)
{
	int rc = pol_parse_text(p, n, where);

	if (rc == 0 && pol_time_parse(out, n->u.text, n->count) != 0)
		return pol_set_fail(p->set, n, "%s: '%.*s' is not a time: RFC 3339 with an offset is wanted, as in \"2026-01-31T08:00:00Z\"", where, POL_SHOW(n));
	return rc;
}

/* ---- users ---- */

static int
user_roles(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return pol_parse_texts(p, &((struct ast_user *)out)->roles, value, "roles");
}

static int
user_groups(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return pol_parse_texts(p, &((struct ast_user *)out)->groups, value, "groups");
}

static int
user_attributes(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	if (value->kind == POL_NODE_MAP) {
		((struct ast_user *)out)->attributes = pol_parse_keep_tree(p, value);
		if (((struct ast_user *)out)->attributes == NULL)
			return POLICY_ERR_NOMEM;
	}
	return pol_parse_each(p, value, "attributes", NULL, NULL);
}

static const struct pol_key_row user_keys[] = {
	{ "roles", user_roles }, { "groups", user_groups }, { "attributes", user_attributes },
};

int
pol_parse_user(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_user *u = POL_NEW(p->set, struct ast_user);
	int rc;

	(void)out;
	if (u == NULL)
		return POLICY_ERR_NOMEM;
	u->fixture = p->fixture;
	rc = pol_parse_subject(p, &u->who, key, false);
	if (rc == 0)
		rc = AST_LIST_ADD(p->set, &p->set->users, u);
	return rc != 0 ? rc : POL_PARSE_KEYS(p, value, "a user", user_keys, u);
}

int
pol_parse_users(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return pol_parse_each(p, value, "users", pol_parse_user, out);
}

/* ---- groups ---- */

static int
group_members(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return read_holders(p, &((struct ast_group *)out)->members, value, "members", false);
}

static int
group_roles(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return pol_parse_texts(p, &((struct ast_group *)out)->roles, value, "roles");
}

static const struct pol_key_row group_keys[] = {
	{ "members", group_members }, { "roles", group_roles }, { "description", NULL },
};

int
pol_parse_group(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_group *g = POL_NEW(p->set, struct ast_group);

	(void)out;
	if (g == NULL)
		return POLICY_ERR_NOMEM;
	g->name = pol_parse_keep(p, key, 1);
	if (g->name == NULL)
		return POLICY_ERR_NOMEM;
	g->fixture = p->fixture;
	if (key->count >= sizeof(POL_MAP_PREFIX) - 1 && memcmp(key->u.text, POL_MAP_PREFIX, sizeof(POL_MAP_PREFIX) - 1) == 0)
		return pol_set_fail(p->set, key, "the group '%.*s' has a reserved name: those that begin with %s are made by `map:` in modules",
		    POL_SHOW(key), POL_MAP_PREFIX);
	if (AST_LIST_ADD(p->set, &p->set->groups, g) != 0)
		return POLICY_ERR_NOMEM;
	return POL_PARSE_KEYS(p, value, "a group", group_keys, g);
}

int
pol_parse_groups(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return pol_parse_each(p, value, "groups", pol_parse_group, out);
}

/* ---- grants ---- */

static int
grant_role(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return pol_parse_said(p, &((struct ast_grant *)out)->roles, p->roles, value, "role");
}

static int
grant_to(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return read_holders(p, &((struct ast_grant *)out)->to, value, "to", true);
}

static int
grant_resource(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_grant *g = out;
	int rc;

	(void)key;
	g->has_resource = true;
	rc = pol_parse_text(p, value, "resource");
	return rc != 0 ? rc : pol_parse_pattern(p, &g->resource, value);
}

static int
grant_time(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_grant *g = out;

	if (g->span == NULL)
		g->span = POL_NEW(p->set, struct ast_span);
	value = pol_parse_keep(p, value, 1);
	if (g->span == NULL || value == NULL)
		return POLICY_ERR_NOMEM;
	if (POL_NODE_IS(key, "from")) {
		g->span->from_source = value;
		return pol_parse_time(p, &g->span->from, value, "from");
	}
	g->span->until_source = value;
	return pol_parse_time(p, &g->span->until, value, "until");
}

static const struct pol_key_row grant_keys[] = {
	{ "role", grant_role }, { "to", grant_to }, { "resource", grant_resource },
	{ "from", grant_time }, { "until", grant_time },
};

int
pol_parse_grant(struct pol_parse *p, const struct pol_node *key, const struct pol_node *n, void *out)
{
	struct ast_grant *g;
	int rc;

	(void)key;
	(void)out;
	if (n->kind != POL_NODE_MAP)
		return pol_set_fail(p->set, n, "%s was found in grants: a mapping { role:, to: } is wanted", pol_parse_kind(n));
	g = POL_NEW(p->set, struct ast_grant);
	if (g == NULL)
		return POLICY_ERR_NOMEM;
	g->place = ast_place_of(n);
	g->fixture = p->fixture;
	rc = POL_PARSE_KEYS(p, n, "a grant", grant_keys, g);
	if (rc != 0)
		return rc;
	if (g->roles == NULL || g->roles->texts.n == 0 || g->to.n == 0)
		return pol_set_fail(p->set, n, "a grant has no %s: `role` and `to` are wanted",
		    g->roles == NULL || g->roles->texts.n == 0 ? "role" : "to");
	return AST_LIST_ADD(p->set, &p->set->grants, g);
}

int
pol_parse_grants(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	size_t i;
	int rc = 0;

	(void)key;
	if (value->kind != POL_NODE_SEQ && value->kind != POL_NODE_NULL)
		return pol_set_fail(p->set, value, "%s was found under grants: a list is wanted, of { role:, to: }", pol_parse_kind(value));
	for (i = 0; value->kind == POL_NODE_SEQ && rc == 0 && i < value->count; i++)
		rc = pol_parse_grant(p, NULL, &value->u.items[i], out);
	return rc;
}
