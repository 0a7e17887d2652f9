/* SPDX-License-Identifier: Apache-2.0 */
/*
 * with: and map: of a step. Settings are for the module, which says what it knows
 * when it is opened: here they only have a shape. They may be secrets, so a refusal
 * never repeats one.
 */
#include "compile/parse.h"

#include "base/num.h"

/* ---- with ---- */

/* A scalar by itself or in a list. */
static int
with_scalar(struct pol_parse *p, struct policy_value *out, const struct pol_node *n, const char *where)
{
	int64_t i;
	double d;

	if (n->kind != POL_NODE_SCALAR)
		return pol_set_fail(p->set, n, "%s was found %s: a text, a number, true or false is wanted", pol_parse_kind(n), where);
	if (n->plain && pol_num_parse(n->u.text, n->count, &i, &d) == POL_NUM_RANGE)
		return pol_set_fail(p->set, n, "this number is out of range: quote it if it is a text");
	return pol_value_typed(p->set, out, n);
}

static int
with_list(struct pol_parse *p, struct policy_value *out, const struct pol_node *n)
{
	struct policy_value *items = POL_NEW_ARRAY(p->set, n->count, struct policy_value);
	uint32_t i;
	int rc = 0;

	if (items == NULL)
		return POLICY_ERR_NOMEM;
	for (i = 0; rc == 0 && i < n->count; i++)
		rc = with_scalar(p, &items[i], &n->u.items[i], "in a list under with");
	out->type = POLICY_LIST;
	out->count = n->count;
	out->u.items = items;
	return rc;
}

/* NAME: TEXT, whatever the text looks like. */
static int
with_map(struct pol_parse *p, struct policy_value *out, const struct pol_node *n)
{
	struct policy_attr *members = POL_NEW_ARRAY(p->set, n->count, struct policy_attr);
	uint32_t i;

	if (members == NULL)
		return POLICY_ERR_NOMEM;
	for (i = 0; i < n->count; i++) {
		const struct pol_node *value = &n->u.items[i * 2 + 1];

		if (value->kind != POL_NODE_SCALAR)
			return pol_set_fail(p->set, value, "%s was found in a mapping under with: a text is wanted", pol_parse_kind(value));
		members[i].name = pol_node_text(&n->u.items[i * 2]);
		members[i].value.type = POLICY_STRING;
		members[i].value.u.text = pol_node_text(value);
	}
	out->type = POLICY_OBJECT;
	out->count = n->count;
	out->u.members = members;
	return 0;
}

static int
with_key(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_step *s = out;
	struct ast_step_key *k = &s->with[s->n_with++];

	k->name = key;
	k->source = value;
	switch ((enum pol_node_kind)value->kind) {
	case POL_NODE_NULL:
		return pol_set_fail(p->set, key, "with: %.*s has no value: give it one, or leave the key out", POL_SHOW(key));
	case POL_NODE_SEQ:
		return with_list(p, &k->value, value);
	case POL_NODE_MAP:
		return with_map(p, &k->value, value);
	default:
		return with_scalar(p, &k->value, value, "under with");
	}
}

int
pol_parse_with(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_step *s = out;

	(void)key;
	if (value->kind == POL_NODE_MAP) {
		s->with = POL_NEW_ARRAY(p->set, value->count, struct ast_step_key);
		if (s->with == NULL)
			return POLICY_ERR_NOMEM;
	}
	return pol_parse_each(p, value, "with", with_key, s);
}

/* ---- map ---- */

/* The rows of one claim. */
static int
map_claim(struct pol_parse *p, const struct pol_node *claim, const struct pol_node *values, struct ast_step *s)
{
	uint32_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < values->count; i++) {
		const struct pol_node *value = &values->u.items[i * 2];
		struct ast_step_map *m = &s->map[s->n_map++];

		m->claim = claim;
		m->value = value;
		rc = pol_parse_texts(p, &m->roles, value + 1, "map");
		if (rc == 0 && m->roles.n == 0)
			return pol_set_fail(p->set, value, "map: '%.*s' stands for no role: a role or a list of roles is wanted", POL_SHOW(value));
	}
	return rc;
}

static int
map_roles(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_step *s = out;
	size_t n = 0;
	uint32_t i;
	int rc;

	(void)key;
	if (value->kind != POL_NODE_MAP)
		return pol_set_fail(p->set, value, "%s was found under map: { CLAIM: { VALUE: ROLE } } is wanted", pol_parse_kind(value));
	for (i = 0; i < value->count; i++) {
		const struct pol_node *values = &value->u.items[i * 2 + 1];

		if (values->kind != POL_NODE_MAP)
			return pol_set_fail(p->set, values, "%s was found under a claim of map: { VALUE: ROLE } is wanted", pol_parse_kind(values));
		n += values->count;
	}
	s->map = POL_NEW_ARRAY(p->set, n, struct ast_step_map);
	if (s->map == NULL)
		return POLICY_ERR_NOMEM;
	for (i = 0, rc = 0; rc == 0 && i < value->count; i++)
		rc = map_claim(p, &value->u.items[i * 2], &value->u.items[i * 2 + 1], s);
	return rc;
}

static const struct pol_key_row map_keys[] = {
	{ "roles", map_roles },
};

int
pol_parse_map(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	((struct ast_step *)out)->map_at = key;
	return POL_PARSE_KEYS(p, value, "map", map_keys, out);
}
