/* SPDX-License-Identifier: Apache-2.0 */
/* resources:, actions:, conditions: of the dump. */
#include <string.h>

#include "compile/dump.h"

static const char *const attr_types[] = {	/* same order as enum ast_attr_type */
	"string", "number", "boolean", "time", "ip", "list"
};

static void
begin(struct pol_buf *out, unsigned depth, const struct pol_node *name, bool empty)
{
	pol_dump_indent(out, depth);
	pol_dump_text(out, name->u.text, name->count);
	pol_buf_printf(out, empty ? ": {}\n" : ":\n");
}

static void
write_owner(struct pol_buf *out, const struct ast_type *t)
{
	pol_buf_printf(out, "    owner: { resource: ");
	pol_dump_text(out, t->owner_attr.data, t->owner_attr.len);
	pol_buf_printf(out, ", subject: ");
	pol_dump_text(out, t->owner_subject.data, t->owner_subject.len);
	pol_buf_printf(out, ", type: ");
	pol_dump_text(out, t->owner_type.data, t->owner_type.len);
	pol_buf_printf(out, " }\n");
}

static void
write_parent(struct pol_dump *d, const struct ast_type *t)
{
	pol_buf_printf(d->out, "    parent:\n");
	pol_dump_texts(d, d->out, 3, "type", &t->parents);
	pol_buf_printf(d->out, "      from: %s\n", t->parent_kind == POL_PARENT_ID ? "id" : "attribute");
}

static void
write_attr(struct pol_dump *d, struct pol_buf *out, const struct ast_attr *a)
{
	pol_dump_indent(out, 3);
	pol_dump_text(out, a->name->u.text, a->name->count);
	pol_buf_printf(out, ": { type: %s", attr_types[a->type]);
	if (a->from != POL_FROM_ANY)
		pol_buf_printf(out, ", from: %s", a->from == POL_FROM_STORE ? "store" : "caller");
	if (a->dflt != NULL && a->value.type != POLICY_NULL) {
		pol_buf_printf(out, ", default: ");
		pol_dump_node(d, out, a->dflt);
	}
	pol_buf_printf(out, " }\n");
}

static void
write_type(struct pol_dump *d, const struct ast_type *t)
{
	struct pol_dump_pieces p;
	size_t i;

	begin(d->out, 1, t->name, !t->has_owner && t->parents.n == 0 && t->n_attrs == 0);
	if (t->has_owner)
		write_owner(d->out, t);
	if (t->parents.n > 0)
		write_parent(d, t);
	if (t->n_attrs == 0)
		return;
	pol_buf_printf(d->out, "    attributes:\n");
	pol_dump_pieces_init(&p);
	for (i = 0; i < t->n_attrs; i++) {
		write_attr(d, &p.text, &t->attrs[i]);
		pol_dump_pieces_end(&p);
	}
	pol_dump_pieces_fini(d, &p, d->out, false, "");
}

void
pol_dump_resources(struct pol_dump *d)
{
	size_t i;

	if (d->set->types.n > 0)
		pol_buf_printf(d->out, "resources:\n");
	for (i = 0; i < d->set->types.n; i++)
		write_type(d, d->set->types.list[i]);
}

void
pol_dump_actions(struct pol_dump *d)
{
	size_t i;

	if (d->set->actions.n > 0)
		pol_buf_printf(d->out, "actions:\n");
	for (i = 0; i < d->set->actions.n; i++) {
		const struct ast_action *a = d->set->actions.list[i];

		begin(d->out, 1, a->name, a->resource.n + a->implies.n + a->aliases.n + a->conds.n == 0);
		pol_dump_texts(d, d->out, 2, "resource", &a->resource);
		pol_dump_conds(d, d->out, 2, &a->conds);
		pol_dump_texts(d, d->out, 2, "implies", &a->implies);
		pol_dump_texts(d, d->out, 2, "aliases", &a->aliases);
	}
}

void
pol_dump_conditions(struct pol_dump *d)
{
	size_t i;

	if (d->set->named.n > 0)
		pol_buf_printf(d->out, "conditions:\n");
	for (i = 0; i < d->set->named.n; i++) {
		const struct ast_named *c = d->set->named.list[i];

		pol_dump_indent(d->out, 1);
		pol_dump_text(d->out, c->name->u.text, c->name->count);
		pol_buf_printf(d->out, ": ");
		pol_dump_cond(d->out, c->cond.source);
		pol_buf_printf(d->out, "\n");
	}
}
