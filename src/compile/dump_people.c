/* SPDX-License-Identifier: Apache-2.0 */
/* users:, groups:, grants:, entities: of the dump, and what everyone has. */
#include <string.h>

#include "compile/dump.h"

/* How a section's rows are written: 1 where this one is, 0 where it is not. */
typedef bool row_fn(struct pol_dump *d, struct pol_buf *out, unsigned depth, const void *row, bool fixtures);

/* Always with its type: a bare name may be a group's. */
static void
write_who(struct pol_buf *out, const struct ast_holder *h)
{
	const struct policy_text type = ast_holder_type(h), name = ast_holder_name(h);
	struct pol_buf b;

	pol_buf_init(&b);
	pol_buf_append(&b, type.data, type.len);
	if (type.len > 0)
		pol_buf_append(&b, ":", 1);
	pol_buf_append(&b, name.data, name.len);
	if (b.failed)
		out->failed = 1;
	else
		pol_dump_text(out, b.data, b.len);
	pol_buf_fini(&b);
}

static void
write_holders(struct pol_dump *d, struct pol_buf *out, unsigned depth, const char *key, const struct ast_holders *h)
{
	struct pol_dump_pieces p;
	size_t i;

	if (h->n == 0)
		return;
	pol_dump_pieces_init(&p);
	for (i = 0; i < h->n; i++) {
		write_who(&p.text, &h->list[i]);
		pol_dump_pieces_end(&p);
	}
	pol_dump_indent(out, depth);
	pol_buf_printf(out, "%s: [", key);
	pol_dump_pieces_fini(d, &p, out, true, ", ");
	pol_buf_printf(out, "]\n");
}

static bool
has_attrs(const struct pol_node *n)
{
	return n != NULL && n->kind == POL_NODE_MAP && n->count > 0;
}

static bool
write_user(struct pol_dump *d, struct pol_buf *out, unsigned depth, const void *row, bool fixtures)
{
	const struct ast_user *u = row;

	if (u->fixture != fixtures)
		return false;
	pol_dump_indent(out, depth);
	write_who(out, &u->who);
	pol_buf_printf(out, u->roles.n + u->groups.n == 0 && !has_attrs(u->attributes) ? ": {}\n" : ":\n");
	pol_dump_texts(d, out, depth + 1, "roles", &u->roles);
	pol_dump_texts(d, out, depth + 1, "groups", &u->groups);
	if (has_attrs(u->attributes)) {
		pol_dump_indent(out, depth + 1);
		pol_buf_printf(out, "attributes: ");
		pol_dump_node(d, out, u->attributes);
		pol_buf_printf(out, "\n");
	}
	return true;
}

static bool
write_group(struct pol_dump *d, struct pol_buf *out, unsigned depth, const void *row, bool fixtures)
{
	const struct ast_group *g = row;

	if (g->fixture != fixtures)
		return false;
	pol_dump_indent(out, depth);
	pol_dump_text(out, g->name->u.text, g->name->count);
	pol_buf_printf(out, g->members.n + g->roles.n == 0 ? ": {}\n" : ":\n");
	write_holders(d, out, depth + 1, "members", &g->members);
	pol_dump_texts(d, out, depth + 1, "roles", &g->roles);
	return true;
}

static bool
write_grant(struct pol_dump *d, struct pol_buf *out, unsigned depth, const void *row, bool fixtures)
{
	const struct ast_grant *g = row;

	if (g->fixture != fixtures)
		return false;
	pol_dump_indent(out, depth);
	pol_buf_printf(out, "- ");
	pol_dump_texts(d, out, 0, "role", &g->roles->texts);
	write_holders(d, out, depth + 1, "to", &g->to);
	if (g->has_resource)
		pol_dump_line(out, depth + 1, "resource", &g->resource.source);
	if (g->span != NULL && g->span->from_source != NULL)
		pol_dump_line(out, depth + 1, "from", g->span->from_source);
	if (g->span != NULL && g->span->until_source != NULL)
		pol_dump_line(out, depth + 1, "until", g->span->until_source);
	return true;
}

static bool
write_thing(struct pol_dump *d, struct pol_buf *out, unsigned depth, const void *row, bool fixtures)
{
	const struct ast_thing *t = row;

	if (t->fixture != fixtures)
		return false;
	pol_dump_indent(out, depth);
	pol_dump_text(out, t->name->u.text, t->name->count);
	pol_buf_printf(out, ": ");
	if (has_attrs(t->attributes))
		pol_dump_node(d, out, t->attributes);
	else
		pol_buf_printf(out, "{}");
	pol_buf_printf(out, "\n");
	return true;
}

static bool
write_section(struct pol_dump *d, const char *name, bool fixtures, row_fn *fn, const void *const *rows, size_t n)
{
	unsigned depth = fixtures ? 1 : 0;
	struct pol_dump_pieces p;
	bool any = false;
	size_t i;

	pol_dump_pieces_init(&p);
	for (i = 0; i < n; i++)
		if (fn(d, &p.text, depth + 1, rows[i], fixtures)) {
			pol_dump_pieces_end(&p);
			if (!any) {
				pol_dump_indent(d->out, depth);
				pol_buf_printf(d->out, "%s:\n", name);
			}
			any = true;
		}
	pol_dump_pieces_fini(d, &p, d->out, false, "");
	return any;
}

#define SECTION(d, name, member, fn) \
	write_section(d, name, fixtures, fn, (const void *const *)(d)->set->member.list, (d)->set->member.n)

static bool
any_fixture(const struct ast_set *s)
{
	bool any = false;
	size_t i;

	for (i = 0; i < s->users.n; i++)
		any |= s->users.list[i]->fixture;
	for (i = 0; i < s->groups.n; i++)
		any |= s->groups.list[i]->fixture;
	for (i = 0; i < s->grants.n; i++)
		any |= s->grants.list[i]->fixture;
	for (i = 0; i < s->things.n; i++)
		any |= s->things.list[i]->fixture;
	return any;
}

void
pol_dump_people(struct pol_dump *d, bool fixtures)
{
	if (fixtures && !any_fixture(d->set))
		return;
	if (fixtures)
		pol_buf_printf(d->out, "fixtures:\n");
	SECTION(d, "users", users, write_user);
	SECTION(d, "groups", groups, write_group);
	SECTION(d, "grants", grants, write_grant);
	SECTION(d, "entities", things, write_thing);
}

void
pol_dump_everyone(struct pol_dump *d, bool authenticated)
{
	struct pol_dump_pieces p;
	bool any = false;
	size_t i;

	pol_dump_pieces_init(&p);
	for (i = 0; i < d->set->everyone.n; i++) {
		const struct ast_everyone *x = d->set->everyone.list[i];

		if (x->authenticated != authenticated)
			continue;
		pol_dump_text(&p.text, x->role->u.text, x->role->count);
		pol_dump_pieces_end(&p);
		any = true;
	}
	if (any)
		pol_buf_printf(d->out, "%s:\n  roles: [", authenticated ? "authenticated" : "everyone");
	pol_dump_pieces_fini(d, &p, d->out, true, ", ");
	if (any)
		pol_buf_printf(d->out, "]\n");
}
