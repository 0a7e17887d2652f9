/* SPDX-License-Identifier: Apache-2.0 */
/* resources:, actions: and conditions: as written. */
#include "compile/parse.h"

#include "base/cidr.h"
#include "compile/parse_cond.h"

/* ---- resources ---- */

static int
owner_text(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	int rc = pol_parse_text(p, value, "owner");

	(void)key;
	*(struct policy_text *)out = pol_node_text(value);
	return rc;
}

static int
owner_resource(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	return owner_text(p, key, value, &((struct ast_type *)out)->owner_attr);
}

static int
owner_subject(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	return owner_text(p, key, value, &((struct ast_type *)out)->owner_subject);
}

static int
owner_type(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_type *t = out;
	int rc = owner_text(p, key, value, &t->owner_type);

	if (rc == 0 && (!pol_name_is(t->owner_type.data, t->owner_type.len) || pol_parse_no_subject(t->owner_type)))
		return pol_set_fail(p->set, value, "'%.*s' is no subject type: a name of letters, digits, _ and - is wanted, and not group, everyone, authenticated or anonymous",
		    POL_SHOW(value));
	return rc;
}

static const struct pol_key_row owner_keys[] = {
	{ "resource", owner_resource }, { "subject", owner_subject }, { "type", owner_type },
};

static int
read_owner(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_type *t = out;
	int rc;

	t->has_owner = true;
	t->owner_subject = policy_text("id");
	t->owner_type = policy_text("user");
	if (value->kind != POL_NODE_MAP)
		return owner_resource(p, key, value, out);
	rc = POL_PARSE_KEYS(p, value, "owner", owner_keys, out);
	if (rc == 0 && t->owner_attr.data == NULL)
		return pol_set_fail(p->set, value, "owner: `resource` names the attribute that holds the owner, and is missing");
	return rc;
}

static int
parent_type(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_type *t = out;
	struct ast_texts all = { NULL, 0 };
	struct pol_node *once;
	size_t i, j;
	int rc;

	(void)key;
	rc = pol_parse_texts(p, &all, value, "parent");
	if (rc != 0)
		return rc;
	once = POL_NEW_ARRAY(p->set, all.n, struct pol_node);
	if (once == NULL)
		return POLICY_ERR_NOMEM;
	for (i = 0; i < all.n; i++) {
		for (j = 0; j < t->parents.n; j++)
			if (pol_bytes_equal(all.list[i].u.text, all.list[i].count, once[j].u.text, once[j].count))
				break;
		if (j == t->parents.n)
			once[t->parents.n++] = all.list[i];
	}
	t->parents.list = once;
	return 0;
}

static int
parent_from(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_type *t = out;

	(void)key;
	if (value->kind == POL_NODE_SCALAR && POL_NODE_IS(value, "id"))
		t->parent_kind = POL_PARENT_ID;
	else if (value->kind != POL_NODE_SCALAR || !POL_NODE_IS(value, "attribute"))
		return pol_set_fail(p->set, value, "parent: from must be id or attribute");
	return 0;
}

static const struct pol_key_row parent_keys[] = {
	{ "type", parent_type }, { "from", parent_from },
};

static int
read_parent(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_type *t = out;
	int rc;

	t->parent_kind = POL_PARENT_ATTRIBUTE;
	if (value->kind == POL_NODE_MAP)
		rc = POL_PARSE_KEYS(p, value, "parent", parent_keys, out);
	else
		rc = parent_type(p, key, value, out);
	if (rc != 0)
		return rc;
	if (t->parents.n == 0)
		return pol_set_fail(p->set, value, "parent: a type is wanted, and none was found");
	if (t->parent_kind == POL_PARENT_ID && t->parents.n > 1)
		return pol_set_fail(p->set, value, "parent: from: id needs one type, %zu were found", t->parents.n);
	return 0;
}

/* ---- attributes ---- */

static const char *const attr_types[] = {	/* same order as enum ast_attr_type */
	"string", "number", "boolean", "time", "ip", "list",
};
_Static_assert(sizeof(attr_types) / sizeof(attr_types[0]) == AST_LIST + 1, "enum ast_attr_type");

static int
attr_type(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_attr *a = out;
	size_t i;

	(void)key;
	for (i = 0; value->kind == POL_NODE_SCALAR && i < sizeof(attr_types) / sizeof(attr_types[0]); i++)
		if (pol_bytes_equal(value->u.text, value->count, attr_types[i], strlen(attr_types[i]))) {
			a->type = (enum ast_attr_type)i;
			return 0;
		}
	return pol_set_fail(p->set, value, "type must be one of string, number, boolean, time, ip, list; found %s%.*s",
	    value->kind == POL_NODE_SCALAR ? "" : pol_parse_kind(value), value->kind == POL_NODE_SCALAR ? pol_set_show(value->u.text, value->count) : 0,
	    value->kind == POL_NODE_SCALAR ? value->u.text : "");
}

static int
attr_from(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_attr *a = out;

	(void)key;
	if (value->kind == POL_NODE_SCALAR && POL_NODE_IS(value, "store"))
		a->from = POL_FROM_STORE;
	else if (value->kind == POL_NODE_SCALAR && POL_NODE_IS(value, "caller"))
		a->from = POL_FROM_CALLER;
	else
		return pol_set_fail(p->set, value, "from must be store or caller");
	return 0;
}

static int
attr_default(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)p;
	(void)key;
	((struct ast_attr *)out)->dflt = value;
	return 0;
}

static const struct pol_key_row attr_keys[] = {
	{ "type", attr_type }, { "from", attr_from }, { "default", attr_default },
};

static bool
fits(const struct ast_attr *a)
{
	const struct policy_value *v = &a->value;
	struct pol_time t;
	struct pol_ip ip;

	switch (a->type) {
	case AST_STRING:
		return v->type == POLICY_STRING;
	case AST_NUMBER:
		return v->type == POLICY_INT || v->type == POLICY_DOUBLE;
	case AST_BOOLEAN:
		return v->type == POLICY_BOOL;
	case AST_TIME:
		return v->type == POLICY_STRING && pol_time_parse(&t, v->u.text.data, v->u.text.len) == 0;
	case AST_IP:
		return v->type == POLICY_STRING && pol_ip_parse(&ip, v->u.text.data, v->u.text.len) == 0;
	case AST_LIST:
		return v->type == POLICY_LIST;
	}
	return false;
}

static int
check_default(struct pol_parse *p, struct ast_attr *a)
{
	int rc;

	rc = a->type == AST_STRING ? pol_value_source(p->set, &a->value, a->dflt)
	    : pol_value_typed(p->set, &a->value, a->dflt);
	if (rc != 0 || fits(a))
		return rc;
	return pol_set_fail(p->set, a->dflt, "the default is no %s%s", attr_types[a->type],
	    a->type == AST_TIME ? ": RFC 3339 with an offset is wanted" :
	    a->type == AST_BOOLEAN && pol_value_yes_no(a->dflt) ? ": write true or false" : "");
}

static int
read_attr(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_type *t = out;
	struct ast_attr *a = &t->attrs[t->n_attrs++];
	int rc;

	a->name = key;
	rc = POL_PARSE_KEYS(p, value, "an attribute", attr_keys, a);
	if (rc != 0)
		return rc;
	if (pol_parse_get(value, "type") == NULL)
		return pol_set_fail(p->set, key, "attribute '%.*s' has no type: type must be one of string, number, boolean, time, ip, list", POL_SHOW(key));
	if (POL_NODE_IS(key, "parent") && a->type != AST_STRING && a->type != AST_LIST)
		return pol_set_fail(p->set, key, "attribute 'parent': type must be string or list");
	if (POL_NODE_IS(key, "inherit") && a->type != AST_BOOLEAN)
		return pol_set_fail(p->set, key, "attribute 'inherit': type must be boolean");
	return a->dflt != NULL ? check_default(p, a) : 0;
}

static int
read_attrs(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_type *t = out;

	(void)key;
	if (value->kind == POL_NODE_MAP) {
		t->attrs = POL_NEW_ARRAY(p->set, value->count, struct ast_attr);
		if (t->attrs == NULL)
			return POLICY_ERR_NOMEM;
	}
	return pol_parse_each(p, value, "attributes", read_attr, out);
}

static const struct pol_key_row type_keys[] = {
	{ "owner", read_owner }, { "parent", read_parent }, { "attributes", read_attrs }, { "description", NULL },
};

static int
read_type(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_type *t = POL_NEW(p->set, struct ast_type);

	(void)out;
	if (t == NULL)
		return POLICY_ERR_NOMEM;
	t->name = key;
	if (!pol_name_is(key->u.text, key->count))
		return pol_set_fail(p->set, key, "'%.*s' is no type name: letters, digits, _ and - are wanted, not beginning with a digit or -", POL_SHOW(key));
	if (AST_LIST_ADD(p->set, &p->set->types, t) != 0)
		return POLICY_ERR_NOMEM;
	return POL_PARSE_KEYS(p, value, "a resource type", type_keys, t);
}

int
pol_parse_resources(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return pol_parse_each(p, value, "resources", read_type, out);
}
