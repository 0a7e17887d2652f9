/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a scalar means depends on where it stands: the same 010 is a text where
 * text is due and where any value may stand. Numbers are plain decimals only;
 * what YAML 1.1 made of no, 1e3 or 12:30 is never looked at.
 */
#include "compile/parse.h"

#include "base/num.h"

/* Values nest no deeper, however far --max-size raises the limit: these recurse. */
#define VALUE_DEPTH 64u

static int typed(struct ast_set *set, struct policy_value *out, const struct pol_node *n, unsigned depth);

static int
typed_scalar(struct ast_set *set, struct policy_value *out, const struct pol_node *n)
{
	int64_t i = 0;
	double d = 0;

	out->type = POLICY_STRING;
	out->u.text = pol_node_text(n);
	if (!n->plain)
		return 0;
	if (POL_NODE_IS(n, "true") || POL_NODE_IS(n, "false")) {
		out->type = POLICY_BOOL;
		out->u.boolean = n->u.text[0] == 't';
		return 0;
	}
	switch (pol_num_parse(n->u.text, n->count, &i, &d)) {
	case POL_NUM_INT:
		out->type = POLICY_INT;
		out->u.integer = i;
		return 0;
	case POL_NUM_REAL:
		out->type = POLICY_DOUBLE;
		out->u.real = d;
		return 0;
	case POL_NUM_RANGE:
		return pol_set_fail(set, n, "number out of range: %.*s; integers are int64, decimals finite doubles", POL_SHOW(n));
	default:
		return 0;
	}
}

static int
typed_members(struct ast_set *set, struct policy_attr **out, const struct pol_node *n, unsigned depth)
{
	struct policy_attr *m = POL_NEW_ARRAY(set, n->count, struct policy_attr);
	size_t i;
	int rc;

	if (m == NULL)
		return POLICY_ERR_NOMEM;
	for (i = 0; i < n->count; i++) {
		m[i].name = pol_node_text(&n->u.items[i * 2]);
		rc = typed(set, &m[i].value, &n->u.items[i * 2 + 1], depth);
		if (rc != 0)
			return rc;
	}
	*out = m;
	return 0;
}

static int
typed_items(struct ast_set *set, struct policy_value **out, const struct pol_node *n, unsigned depth, bool source)
{
	struct policy_value *items = POL_NEW_ARRAY(set, n->count, struct policy_value);
	size_t i;
	int rc;

	if (items == NULL)
		return POLICY_ERR_NOMEM;
	for (i = 0; i < n->count; i++) {
		const struct pol_node *x = &n->u.items[i];

		if (source && x->kind == POL_NODE_SCALAR) {
			items[i].type = POLICY_STRING;
			items[i].u.text = pol_node_text(x);
			continue;
		}
		rc = typed(set, &items[i], x, depth);
		if (rc != 0)
			return rc;
	}
	*out = items;
	return 0;
}

static int
typed(struct ast_set *set, struct policy_value *out, const struct pol_node *n, unsigned depth)
{
	struct policy_value *items = NULL;
	struct policy_attr *members = NULL;
	int rc = 0;

	memset(out, 0, sizeof(*out));
	if (depth > VALUE_DEPTH)
		return pol_set_limit(set, n, "a value is nested more than %u deep", VALUE_DEPTH);
	switch (n->kind) {
	case POL_NODE_SCALAR:
		return typed_scalar(set, out, n);
	case POL_NODE_SEQ:
		rc = typed_items(set, &items, n, depth + 1, false);
		out->type = POLICY_LIST;
		out->count = n->count;
		out->u.items = items;
		return rc;
	case POL_NODE_MAP:
		rc = typed_members(set, &members, n, depth + 1);
		out->type = POLICY_OBJECT;
		out->count = n->count;
		out->u.members = members;
		return rc;
	default:
		return 0;
	}
}

int
pol_value_typed(struct ast_set *set, struct policy_value *out, const struct pol_node *n)
{
	return typed(set, out, n, 0);
}

/* A list in a list is left typed: text is due in its elements only. */
int
pol_value_source(struct ast_set *set, struct policy_value *out, const struct pol_node *n)
{
	struct policy_value *items = NULL;
	int rc;

	memset(out, 0, sizeof(*out));
	if (n->kind == POL_NODE_SCALAR) {
		out->type = POLICY_STRING;
		out->u.text = pol_node_text(n);
		return 0;
	}
	if (n->kind != POL_NODE_SEQ)
		return typed(set, out, n, 0);
	rc = typed_items(set, &items, n, 1, true);
	out->type = POLICY_LIST;
	out->count = n->count;
	out->u.items = items;
	return rc;
}

int
pol_value_attrs(struct ast_set *set, struct policy_attrs *out, const struct pol_node *map)
{
	struct policy_attr *members = NULL;
	int rc;

	memset(out, 0, sizeof(*out));
	if (map == NULL || map->kind != POL_NODE_MAP)
		return 0;
	rc = typed_members(set, &members, map, 0);
	out->list = members;
	out->count = rc == 0 ? map->count : 0;
	return rc;
}

bool
pol_value_yes_no(const struct pol_node *n)
{
	static const char *const words[] = { "yes", "no", "on", "off", "y", "n", "Yes", "No", "On", "Off",
		"YES", "NO", "ON", "OFF", "True", "False", "TRUE", "FALSE" };
	size_t i;

	if (n->kind != POL_NODE_SCALAR || !n->plain)
		return false;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (pol_bytes_equal(n->u.text, n->count, words[i], strlen(words[i])))
			return true;
	return false;
}
