/* SPDX-License-Identifier: Apache-2.0 */
/* routes: of the dump. A route wins by what it says, so they are sorted as texts. */
#include <string.h>

#include "compile/ast_route.h"
#include "compile/dump.h"

static void
write_params(struct pol_dump *d, struct pol_buf *out, const struct ast_route *r)
{
	struct pol_dump_pieces p;
	size_t i;

	if (r->n_params == 0)
		return;
	pol_buf_printf(out, "      query: { ");
	pol_dump_pieces_init(&p);
	for (i = 0; i < r->n_params; i++) {
		pol_dump_text(&p.text, r->params[i].key->u.text, r->params[i].key->count);
		pol_buf_printf(&p.text, ": ");
		pol_dump_text(&p.text, r->params[i].source->u.text, r->params[i].source->count);
		pol_dump_pieces_end(&p);
	}
	pol_dump_pieces_fini(d, &p, out, false, ", ");
	pol_buf_printf(out, " }\n");
}

static void
write_attrs(struct pol_dump *d, struct pol_buf *out, const char *key, const struct ast_route_attrs *attrs)
{
	struct pol_dump_pieces p;
	size_t i;

	if (attrs->n == 0)
		return;
	pol_buf_printf(out, "      %s: { ", key);
	pol_dump_pieces_init(&p);
	for (i = 0; i < attrs->n; i++) {
		pol_dump_text(&p.text, attrs->list[i].name->u.text, attrs->list[i].name->count);
		pol_buf_printf(&p.text, ": ");
		pol_dump_node(d, &p.text, attrs->list[i].source);
		pol_dump_pieces_end(&p);
	}
	pol_dump_pieces_fini(d, &p, out, false, ", ");
	pol_buf_printf(out, " }\n");
}

static void
write_route(struct pol_dump *d, struct pol_buf *out, const struct ast_route *r)
{
	pol_buf_printf(out, "    - match: ");
	pol_dump_text(out, r->match->u.text, r->match->count);
	pol_buf_printf(out, "\n");
	write_params(d, out, r);
	if (r->body != NULL)
		pol_dump_line(out, 3, "body", r->body);
	if (r->action != NULL)
		pol_dump_line(out, 3, "action", r->action);
	if (r->resource != NULL)
		pol_dump_line(out, 3, "resource", r->resource);
	write_attrs(d, out, "with", &r->with);
	write_attrs(d, out, "context", &r->context);
	if (r->is_public)
		pol_buf_printf(out, "      public: true\n");
}

void
pol_dump_routes(struct pol_dump *d)
{
	struct pol_dump_pieces p;
	size_t i, j;

	if (d->set->routes.n > 0)
		pol_buf_printf(d->out, "routes:\n");
	for (i = 0; i < d->set->routes.n; i++) {
		const struct ast_routes *routes = d->set->routes.list[i];

		pol_dump_indent(d->out, 1);
		pol_dump_text(d->out, routes->name->u.text, routes->name->count);
		pol_buf_printf(d->out, routes->n > 0 ? ":\n" : ": []\n");
		pol_dump_pieces_init(&p);
		for (j = 0; j < routes->n; j++) {
			write_route(d, &p.text, routes->list[j]);
			pol_dump_pieces_end(&p);
		}
		pol_dump_pieces_fini(d, &p, d->out, false, "");
	}
}
