/* SPDX-License-Identifier: Apache-2.0 */
/* Resource types: their attributes, owners and parents. */
#include <string.h>

#include "compile/emit.h"

/* Attributes of a type while they are sorted. */
struct attrs {
	struct pol_attrdef *list;
	uint32_t n;
};

static bool
is_owner(const struct ast_type *t, const char *s, size_t len)
{
	return t->has_owner && t->owner_attr.len == len && memcmp(t->owner_attr.data, s, len) == 0;
}

static int
add_attr(struct pol_emit *e, const struct ast_type *t, const struct ast_attr *a, struct attrs *out)
{
	struct pol_attrdef *row = &out->list[out->n++];
	struct policy_value v = a->value;
	int rc = pol_emit_path_name(e, a->name->u.text, a->name->count, &row->name);

	row->type = (uint8_t)a->type;
	row->from = (uint8_t)a->from;
	row->is_text = a->type == AST_STRING || is_owner(t, a->name->u.text, a->name->count);
	row->has_default = a->value.type != POLICY_NULL;
	/* what a reader would turn into text is turned here */
	if (rc == 0 && (row->is_text || row->name == e->head.name_parent))
		rc = pol_emit_value_ident(e, &a->value, &v);
	return rc != 0 ? rc : pol_emit_value(e, &v, &row->dflt);
}

static void
sort_attrs(struct attrs *a)
{
	uint32_t i, k;

	/* few, and mostly in order: names are numbered as they come */
	for (i = 1; i < a->n; i++) {
		struct pol_attrdef x = a->list[i];

		for (k = i; k > 0 && a->list[k - 1].name > x.name; k--)
			a->list[k] = a->list[k - 1];
		a->list[k] = x;
	}
}

static int
emit_attrs(struct pol_emit *e, const struct ast_type *t, struct pol_type *row)
{
	struct attrs a = { pol_arena_array(&e->arena, t->n_attrs + 1, sizeof(*a.list)), 0 };
	bool declared = !t->has_owner;
	size_t i;
	int rc = 0;

	if (a.list == NULL)
		return pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	for (i = 0; rc == 0 && i < t->n_attrs; i++) {
		declared |= is_owner(t, t->attrs[i].name->u.text, t->attrs[i].name->count);
		rc = add_attr(e, t, &t->attrs[i], &a);
	}
	if (rc == 0 && !declared) {
		a.list[a.n].is_text = 1;
		a.list[a.n].from = POL_FROM_ANY;
		rc = pol_emit_path_name(e, t->owner_attr.data, t->owner_attr.len, &a.list[a.n++].name);
	}
	if (rc != 0 || a.n == 0)
		return rc;
	sort_attrs(&a);
	row->attrs.n = a.n;
	return pol_emit_text_block(e, a.list, a.n * sizeof(*a.list), 8, &row->attrs.off);
}

/* A text of `parent`: TYPE/ID of a declared parent type, or the bare id where there is one. */
static int
emit_parent(struct pol_emit *e, const struct ast_type *t, const struct policy_value *v,
    const struct pol_node *at, struct pol_parent *out)
{
	struct policy_text s = v->u.text;
	const char *slash;
	size_t i;

	if (v->type != POLICY_STRING || s.len == 0)
		return pol_emit_text_fail(e, at, POLICY_ERR_INVALID,
		    "the default of parent must be a text or a list of texts");
	slash = memchr(s.data, '/', s.len);
	for (i = 0; slash != NULL && i < t->parents.n; i++) {
		const struct pol_node *name = &t->parents.list[i];

		if (name->count != (size_t)(slash - s.data) || memcmp(name->u.text, s.data, name->count) != 0)
			continue;
		out->type = t->parent_types[i];
		return pol_emit_text(e, slash + 1, s.len - name->count - 1, &out->id);
	}
	out->type = t->parent_types[0];
	return pol_emit_text(e, s.data, s.len, &out->id);
}

static int
emit_default_parents(struct pol_emit *e, const struct ast_type *t, const struct ast_attr *a, struct pol_type *row)
{
	struct policy_value v;
	const struct policy_value *items = &v;
	uint32_t i, n = 1, off;
	int rc = pol_emit_value_ident(e, &a->value, &v);

	if (rc == 0 && v.type == POLICY_LIST) {
		items = v.u.items;
		n = v.count;
	}
	if (rc == 0)
		rc = pol_emit_text_block(e, NULL, n * sizeof(struct pol_parent), 8, &off);
	for (i = 0; rc == 0 && i < n; i++) {
		struct pol_parent p;

		memset(&p, 0, sizeof(p));	/* its hash is the tables' business */
		rc = emit_parent(e, t, &items[i], a->dflt, &p);
		if (rc == 0)
			memcpy(e->blob.data + off + i * sizeof(p), &p, sizeof(p));
	}
	if (rc == 0 && n > 0) {
		row->default_parents.off = off;
		row->default_parents.n = n;
	}
	return rc;
}

static bool
is_name(const struct pol_node *n, const char *word)
{
	return n->count == strlen(word) && memcmp(n->u.text, word, n->count) == 0;
}

static int
emit_defaults(struct pol_emit *e, const struct ast_type *t, struct pol_type *row)
{
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < t->n_attrs; i++) {
		const struct ast_attr *a = &t->attrs[i];

		if (a->value.type == POLICY_NULL)
			continue;
		if (is_name(a->name, "inherit"))
			row->default_inherit = a->value.u.boolean ? POL_INHERIT_TRUE : POL_INHERIT_FALSE;
		else if (is_name(a->name, "parent") && t->parent_kind == POL_PARENT_ATTRIBUTE)
			rc = emit_default_parents(e, t, a, row);
	}
	return rc;
}

static int
emit_owner(struct pol_emit *e, const struct ast_type *t, struct pol_type *row)
{
	int rc;

	row->has_owner = 1;
	rc = pol_emit_path_name(e, t->owner_attr.data, t->owner_attr.len, &row->owner_name);
	if (rc == 0)
		rc = pol_emit_path(e, POL_ROOT_SUBJECT, &t->owner_subject, 1, t->name, &row->owner_path);
	if (rc == 0)
		rc = pol_emit_text(e, t->owner_type.data, t->owner_type.len, &row->owner_type);
	return rc;
}

static int
emit_type(struct pol_emit *e, const struct ast_type *t)
{
	struct pol_type row;
	int rc;

	memset(&row, 0, sizeof(row));
	row.file = t->name->file;
	row.line = t->name->line;
	row.parent_kind = t->parent_kind;
	rc = pol_emit_text_node(e, t->name, POL_MAX_TYPE, "name of a resource type", &row.name);
	if (rc == 0 && t->has_owner)
		rc = emit_owner(e, t, &row);
	if (rc == 0)
		rc = pol_emit_text_u32(e, t->parent_types, t->parents.n, &row.parent_types);
	if (rc == 0)
		rc = emit_attrs(e, t, &row);
	if (rc == 0)
		rc = emit_defaults(e, t, &row);
	return rc != 0 ? rc : pol_emit_text_row(e, EMIT_TYPES, &row, sizeof(row), NULL);
}

int
pol_emit_type(struct pol_emit *e)
{
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < e->set->types.n; i++)
		rc = emit_type(e, e->set->types.list[i]);
	return rc;
}
