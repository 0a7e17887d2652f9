/* SPDX-License-Identifier: Apache-2.0 */
/* roles:, scopes:, credentials: of the dump, and the entries under them. */
#include <string.h>

#include "compile/dump.h"

static void
write_patterns(struct pol_dump *d, struct pol_buf *out, unsigned depth, const struct ast_entry *x)
{
	struct pol_dump_pieces p;
	size_t i;

	if (x->n_patterns == 0)
		return;
	pol_dump_pieces_init(&p);
	for (i = 0; i < x->n_patterns; i++) {
		pol_dump_text(&p.text, x->patterns[i].source.u.text, x->patterns[i].source.count);
		pol_dump_pieces_end(&p);
	}
	pol_dump_indent(out, depth);
	pol_buf_printf(out, "resources: [");
	pol_dump_pieces_fini(d, &p, out, true, ", ");
	pol_buf_printf(out, "]\n");
}

/* An item of a list, its dash at `depth`. */
static void
write_entry(struct pol_dump *d, struct pol_buf *out, unsigned depth, const struct ast_entry *x)
{
	pol_dump_indent(out, depth);
	pol_buf_printf(out, "- ");
	if (x->actions->texts.n == 1 && x->n_patterns == 0 && x->more == NULL) {
		pol_dump_text(out, x->actions->texts.list[0].u.text, x->actions->texts.list[0].count);
		pol_buf_printf(out, "\n");
		return;
	}
	pol_dump_texts(d, out, 0, "actions", &x->actions->texts);
	write_patterns(d, out, depth + 1, x);
	pol_dump_conds(d, out, depth + 1, &ast_more(x)->conds);
	if (ast_more(x)->id != NULL)
		pol_dump_line(out, depth + 1, "id", ast_more(x)->id);
	if (ast_more(x)->reason != NULL)
		pol_dump_line(out, depth + 1, "reason", ast_more(x)->reason);
}

static void
add_entries(struct pol_dump *d, struct pol_dump_pieces *p, unsigned depth, const struct ast_entries *list,
    enum pol_effect effect)
{
	size_t i;

	for (i = 0; i < list->n; i++) {
		const struct ast_entry *x = d->set->entries.list[list->first + i];

		if (x->effect != effect)
			continue;
		write_entry(d, &p->text, depth, x);
		pol_dump_pieces_end(p);
	}
}

/* Parts of roles, those of one role together. */
static const struct ast_role_part **
sort_parts(struct pol_dump *d, size_t **first)
{
	size_t i, n = d->set->parts.n, roles = d->set->roles.n;
	const struct ast_role_part **list = pol_arena_array(&d->arena, n, sizeof(*list));
	size_t *at = pol_arena_array(&d->arena, roles + 2, sizeof(*at));

	if (list == NULL || at == NULL) {
		d->failed = true;
		return NULL;
	}
	for (i = 0; i < n; i++)
		at[d->set->parts.list[i]->role + 2]++;
	for (i = 2; i < roles + 2; i++)
		at[i] += at[i - 1];
	for (i = 0; i < n; i++)
		list[at[d->set->parts.list[i]->role + 1]++] = d->set->parts.list[i];
	*first = at;
	return list;
}

static void
write_includes(struct pol_dump *d, const struct ast_role_part **parts, size_t n)
{
	struct pol_dump_pieces p;
	size_t i, k, count = 0;

	pol_dump_pieces_init(&p);
	for (i = 0; i < n; i++)
		for (k = 0; k < parts[i]->includes.n; k++, count++) {
			pol_dump_text(&p.text, parts[i]->includes.list[k].u.text, parts[i]->includes.list[k].count);
			pol_dump_pieces_end(&p);
		}
	if (count > 0)
		pol_buf_printf(d->out, "    includes: [");
	pol_dump_pieces_fini(d, &p, d->out, true, ", ");
	if (count > 0)
		pol_buf_printf(d->out, "]\n");
}

static void
write_role(struct pol_dump *d, const struct ast_role *role, const struct ast_role_part **parts, size_t n)
{
	size_t i, j, count[2] = { 0, 0 }, includes = 0;
	int turn;

	for (i = 0; i < n; i++) {
		for (j = 0; j < parts[i]->entries.n; j++)
			count[d->set->entries.list[parts[i]->entries.first + j]->effect == POL_EFFECT_DENY]++;
		includes += parts[i]->includes.n;
	}
	pol_dump_indent(d->out, 1);
	pol_dump_text(d->out, role->name->u.text, role->name->count);
	pol_buf_printf(d->out, count[0] + count[1] + includes == 0 ? ": {}\n" : ":\n");
	write_includes(d, parts, n);
	for (turn = 0; turn < 2; turn++) {
		struct pol_dump_pieces p;

		if (count[turn] == 0)
			continue;
		pol_buf_printf(d->out, turn == 0 ? "    allow:\n" : "    deny:\n");
		pol_dump_pieces_init(&p);
		for (i = 0; i < n; i++)
			add_entries(d, &p, 3, &parts[i]->entries, turn == 0 ? POL_EFFECT_ALLOW : POL_EFFECT_DENY);
		pol_dump_pieces_fini(d, &p, d->out, true, "");
	}
}

void
pol_dump_roles(struct pol_dump *d)
{
	const struct ast_role_part **parts;
	size_t i, *first;

	if (d->set->roles.n == 0)
		return;
	parts = sort_parts(d, &first);
	if (parts == NULL)
		return;
	pol_buf_printf(d->out, "roles:\n");
	for (i = 0; i < d->set->roles.n; i++)
		write_role(d, d->set->roles.list[i], parts + first[i], first[i + 1] - first[i]);
}

static void
write_list(struct pol_dump *d, unsigned depth, const struct ast_entries *list, enum pol_effect effect)
{
	struct pol_dump_pieces p;

	if (list->n == 0) {
		pol_buf_printf(d->out, " []\n");
		return;
	}
	pol_buf_printf(d->out, "\n");
	pol_dump_pieces_init(&p);
	add_entries(d, &p, depth, list, effect);
	pol_dump_pieces_fini(d, &p, d->out, true, "");
}

void
pol_dump_scopes(struct pol_dump *d)
{
	size_t i;

	if (d->set->scopes.n > 0)
		pol_buf_printf(d->out, "scopes:\n");
	for (i = 0; i < d->set->scopes.n; i++) {
		const struct ast_scope *s = d->set->scopes.list[i];

		pol_dump_indent(d->out, 1);
		pol_dump_text(d->out, s->name->u.text, s->name->count);
		pol_buf_printf(d->out, ":");
		write_list(d, 2, &s->entries, POL_EFFECT_SCOPE);
	}
}

void
pol_dump_credentials(struct pol_dump *d)
{
	size_t i;

	if (!d->set->has_credentials)
		return;
	pol_buf_printf(d->out, d->set->kinds.n == 0 ? "credentials: {}\n" : "credentials:\n");
	for (i = 0; i < d->set->kinds.n; i++) {
		const struct ast_kind *k = d->set->kinds.list[i];

		pol_dump_indent(d->out, 1);
		pol_dump_text(d->out, k->name->u.text, k->name->count);
		pol_buf_printf(d->out, !k->has_ceiling && k->conds.n == 0 && k->yields == NULL ? ": {}\n" : ":\n");
		if (k->has_ceiling) {
			pol_buf_printf(d->out, "    ceiling:");
			write_list(d, 3, &k->ceiling, POL_EFFECT_CEILING);
		}
		pol_dump_conds(d, d->out, 2, &k->conds);
		if (k->yields != NULL)
			pol_dump_line(d->out, 2, "yields", k->yields);
	}
}
