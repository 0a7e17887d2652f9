/* SPDX-License-Identifier: Apache-2.0 */
/* Routes: the rows; what leads to them is emit_machine.c's. */
#include <string.h>

#include "base/name.h"
#include "compile/ast_route.h"
#include "compile/emit.h"

/* n rows at once, for texts come between: where the first lies. */
static int
room(struct pol_emit *e, struct pol_span *out, size_t n, size_t size)
{
	*out = (struct pol_span){ 0, (uint32_t)n };
	return n == 0 ? 0 : pol_emit_text_block(e, NULL, n * size, 8, &out->off);
}

static void
put(struct pol_emit *e, struct pol_span span, size_t i, const void *row, size_t size)
{
	memcpy(e->blob.data + span.off + i * size, row, size);
}

static int
emit_vars(struct pol_emit *e, const struct ast_route *r, struct pol_span *out)
{
	struct pol_route_var row;
	size_t i;
	int rc = room(e, out, r->n_vars, sizeof(row));

	for (i = 0; rc == 0 && i < r->n_vars; i++) {
		row = (struct pol_route_var){ (uint32_t)r->vars[i].from, r->vars[i].at };
		put(e, *out, i, &row, sizeof(row));
	}
	return rc;
}

static int
emit_params(struct pol_emit *e, const struct ast_route *r, struct pol_span *out)
{
	struct pol_route_param row;
	size_t i;
	int rc = room(e, out, r->n_params, sizeof(row));

	for (i = 0; rc == 0 && i < r->n_params; i++) {
		const struct ast_route_param *p = &r->params[i];

		memset(&row, 0, sizeof(row));
		row.var = p->var;
		rc = pol_emit_text(e, p->key->u.text, p->key->count, &row.key);
		if (rc == 0 && !p->is_var)
			rc = pol_emit_text(e, p->value.data, p->value.len, &row.value);
		if (rc == 0)
			put(e, *out, i, &row, sizeof(row));
	}
	return rc;
}

static int
emit_pieces(struct pol_emit *e, const struct ast_route *r, struct pol_span *out)
{
	struct pol_route_piece row;
	size_t i;
	int rc = room(e, out, r->n_pieces, sizeof(row));

	for (i = 0; rc == 0 && i < r->n_pieces; i++) {
		memset(&row, 0, sizeof(row));
		row.var = r->pieces[i].var;
		if (!r->pieces[i].is_var)
			rc = pol_emit_text(e, r->pieces[i].text.data, r->pieces[i].text.len, &row.text);
		if (rc == 0)
			put(e, *out, i, &row, sizeof(row));
	}
	return rc;
}

static int
emit_attrs(struct pol_emit *e, const struct ast_route_attrs *attrs, struct pol_span *out)
{
	struct pol_route_attr row;
	size_t i;
	int rc = room(e, out, attrs->n, sizeof(row));

	for (i = 0; rc == 0 && i < attrs->n; i++) {
		const struct ast_route_attr *a = &attrs->list[i];

		memset(&row, 0, sizeof(row));
		row.var = a->var;
		rc = pol_emit_text_node(e, a->name, POL_MAX_ID, "name of an attribute", &row.name);
		if (rc == 0 && !a->is_var)
			rc = pol_emit_value(e, &a->value, &row.value);
		if (rc == 0)
			put(e, *out, i, &row, sizeof(row));
	}
	return rc;
}

static int
emit_texts(struct pol_emit *e, const struct ast_route *r, struct pol_route *row)
{
	int rc = pol_emit_text(e, r->method.data, r->method.len, &row->method);

	if (rc == 0 && r->action != NULL)
		rc = pol_emit_text_node(e, r->action, EMIT_NAME_MAX, "name of an action", &row->action);
	if (rc == 0 && r->resource != NULL)
		rc = pol_emit_text(e, r->type.data, r->type.len, &row->type);
	if (rc == 0 && r->body != NULL)
		rc = pol_emit_text(e, r->body->u.text, r->body->count, &row->body);
	return rc;
}

static int
emit_one(struct pol_emit *e, struct ast_route *r)
{
	struct pol_route row;
	int rc;

	memset(&row, 0, sizeof(row));
	row.file = r->source->file;
	row.line = r->match->line;
	row.is_public = r->is_public;
	rc = emit_texts(e, r, &row);
	if (rc == 0)
		rc = emit_vars(e, r, &row.vars);
	if (rc == 0)
		rc = emit_params(e, r, &row.params);
	if (rc == 0)
		rc = emit_pieces(e, r, &row.pieces);
	if (rc == 0)
		rc = emit_attrs(e, &r->with, &row.resource);
	if (rc == 0)
		rc = emit_attrs(e, &r->context, &row.context);
	return rc != 0 ? rc : pol_emit_text_row(e, EMIT_ROUTES, &row, sizeof(row), &r->index);
}

int
pol_emit_route(struct pol_emit *e)
{
	size_t i, j;
	int rc = e->set->routes.n != 0 ? pol_emit_machine_words(e) : 0;

	for (i = 0; rc == 0 && i < e->set->routes.n; i++) {
		const struct ast_routes *routes = e->set->routes.list[i];
		struct pol_route_set row;

		memset(&row, 0, sizeof(row));
		rc = pol_emit_text(e, routes->name->u.text, routes->name->count, &row.name);
		for (j = 0; rc == 0 && j < routes->n; j++)
			rc = emit_one(e, routes->list[j]);
		if (rc == 0)
			rc = pol_emit_machine(e, routes, &row.start);
		if (rc == 0)
			rc = pol_emit_text_row(e, EMIT_ROUTE_SETS, &row, sizeof(row), NULL);
	}
	return rc;
}
