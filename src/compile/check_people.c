/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Users, groups and grants. What is policy must not lean on what is fixture: it
 * is looked up among what stands outside fixtures: only.
 */
#include "compile/ast_step.h"
#include "compile/check.h"
#include "compile/parse.h"

static int
unknown_group(struct ast_set *set, const struct pol_names *names, const struct pol_node *at,
    struct policy_text name, const struct ast_group *found)
{
	if (found != NULL)
		return pol_set_fail(set, at, "unknown group '%.*s': it is a fixture, and this is not", POL_SHOW_TEXT(name));
	if (name.len >= sizeof(POL_MAP_PREFIX) - 1 && memcmp(name.data, POL_MAP_PREFIX, sizeof(POL_MAP_PREFIX) - 1) == 0)
		return pol_set_fail(set, at, "the group '%.*s' is made by `map:` in modules: whose credential says so is in it, and nobody can be put there",
		    POL_SHOW_TEXT(name));
	return pol_check_unknown(set, &names->groups, at, name, "unknown group");
}

static int
check_group(struct ast_set *set, const struct pol_names *names, const struct pol_node *at,
    struct policy_text name, bool fixture)
{
	const struct ast_group *g = pol_check_get(&names->groups, name);

	if (g != NULL && (fixture || !g->fixture))
		return 0;
	return unknown_group(set, names, at, name, g);
}

static int
check_holder(struct ast_set *set, const struct pol_names *names, const struct ast_holder *h, bool fixture)
{
	const struct policy_text type = ast_holder_type(h), name = ast_holder_name(h);
	const struct ast_user *u;

	if (POL_TEXT_IS(type, "group"))
		return check_group(set, names, &h->source, name, fixture);
	if (h->type_len > 0 || pol_check_get(&names->groups, name) == NULL)
		return 0;
	u = pol_index_get(&names->users, policy_text("user"), name);
	if (u != NULL && (fixture || !u->fixture))
		return 0;
	return pol_set_fail(set, &h->source, "'%.*s' is no user of this set but a group; did you mean group:%.*s?",
	    POL_SHOW_TEXT(name), POL_SHOW_TEXT(name));
}

static int
check_holders(struct ast_set *set, const struct pol_names *names, const struct ast_holders *h, bool fixture)
{
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < h->n; i++)
		rc = check_holder(set, names, &h->list[i], fixture);
	return rc;
}

/* Text is due in an attribute that some type's owner names, else what YAML means. */
static bool
text_is_due(const struct pol_names *names, const struct ast_type *t, struct policy_text name)
{
	(void)t;
	return POL_TEXT_IS(name, "id") || pol_check_get(&names->owner_attrs, name) != NULL;
}

static int
check_user(struct ast_set *set, const struct pol_names *names, struct ast_user *u)
{
	size_t i;
	int rc = pol_check_role_ids(set, names, &u->role_ids, &u->roles);

	for (i = 0; rc == 0 && i < u->groups.n; i++)
		rc = check_group(set, names, &u->groups.list[i], pol_node_text(&u->groups.list[i]), u->fixture);
	if (rc != 0 || u->attributes == NULL)
		return rc;
	return pol_check_attributes(set, names, &u->attrs, u->attributes, text_is_due, NULL);
}

static int
check_grant(struct ast_set *set, const struct pol_names *names, struct ast_grant *g)
{
	uint32_t *ids;
	int rc = 0;

	if (g->roles->ids == NULL) {
		rc = pol_check_role_ids(set, names, &ids, &g->roles->texts);
		g->roles->ids = ids;
		g->roles->n_ids = g->roles->texts.n;
	}
	if (rc == 0)
		rc = check_holders(set, names, &g->to, g->fixture);
	if (rc == 0 && g->has_resource)
		rc = pol_check_type(set, names, &g->resource.type, &g->resource.source, ast_pattern_type(&g->resource), "unknown resource type");
	return rc;
}

int
pol_check_people(struct ast_set *set, struct pol_names *names, struct pol_conds *conds)
{
	size_t i;
	int rc = 0;

	(void)conds;
	for (i = 0; rc == 0 && i < set->users.n; i++)
		rc = check_user(set, names, set->users.list[i]);
	for (i = 0; rc == 0 && i < set->groups.n; i++) {
		struct ast_group *g = set->groups.list[i];

		rc = pol_check_role_ids(set, names, &g->role_ids, &g->roles);
		if (rc == 0)
			rc = check_holders(set, names, &g->members, g->fixture);
	}
	for (i = 0; rc == 0 && i < set->grants.n; i++)
		rc = check_grant(set, names, set->grants.list[i]);
	return rc;
}
