/* SPDX-License-Identifier: Apache-2.0 */
/* modules:, store:, tokens: and audit: of the dump. Steps keep their order; what has none is sorted. */
#include <string.h>

#include "compile/ast_step.h"
#include "compile/dump.h"

static void
write_subject(struct pol_buf *out, const struct ast_step *s)
{
	const char *sep = "";

	if (s->subject_type == NULL && s->subject_id == NULL && !s->shared)
		return;
	pol_dump_indent(out, 2);
	pol_buf_printf(out, "subject: { ");
	if (s->subject_type != NULL) {
		pol_buf_printf(out, "type: ");
		pol_dump_text(out, s->subject_type->u.text, s->subject_type->count);
		sep = ", ";
	}
	if (s->subject_id != NULL) {
		pol_buf_printf(out, "%sid: ", sep);
		pol_dump_text(out, s->subject_id->u.text, s->subject_id->count);
		sep = ", ";
	}
	if (s->shared)
		pol_buf_printf(out, "%sshared: true", sep);
	pol_buf_printf(out, " }\n");
}

/* The claim of rows from `i` on, to where the next claim begins. */
static size_t
write_claim(struct pol_dump *d, struct pol_buf *out, const struct ast_step *s, size_t i)
{
	const struct pol_node *claim = s->map[i].claim;
	struct pol_dump_pieces p;

	pol_dump_indent(out, 4);
	pol_dump_text(out, claim->u.text, claim->count);
	pol_buf_printf(out, ":\n");
	pol_dump_pieces_init(&p);
	for (; i < s->n_map && s->map[i].claim == claim; i++) {
		const struct pol_node *value = s->map[i].value;
		struct pol_buf key;

		pol_buf_init(&key);
		pol_dump_text(&key, value->u.text, value->count);
		pol_buf_append(&key, "", 1);
		if (key.failed)
			p.text.failed = 1;
		else
			pol_dump_texts(d, &p.text, 5, key.data, &s->map[i].roles);
		pol_buf_fini(&key);
		pol_dump_pieces_end(&p);
	}
	pol_dump_pieces_fini(d, &p, out, false, "");
	return i;
}

static void
write_map(struct pol_dump *d, const struct ast_step *s)
{
	struct pol_dump_pieces p;
	size_t i = 0;

	if (s->n_map == 0)
		return;
	pol_buf_printf(d->out, "    map:\n      roles:\n");
	pol_dump_pieces_init(&p);
	while (i < s->n_map) {
		i = write_claim(d, &p.text, s, i);
		pol_dump_pieces_end(&p);
	}
	pol_dump_pieces_fini(d, &p, d->out, false, "");
}

static void
write_with(struct pol_dump *d, const struct ast_step *s)
{
	struct pol_dump_pieces p;
	size_t i;

	if (s->n_with == 0)
		return;
	pol_buf_printf(d->out, "    with:\n");
	pol_dump_pieces_init(&p);
	for (i = 0; i < s->n_with; i++) {
		pol_dump_indent(&p.text, 3);
		pol_dump_text(&p.text, s->with[i].name->u.text, s->with[i].name->count);
		pol_buf_printf(&p.text, ": ");
		pol_dump_node(d, &p.text, s->with[i].source);
		pol_buf_printf(&p.text, "\n");
		pol_dump_pieces_end(&p);
	}
	pol_dump_pieces_fini(d, &p, d->out, false, "");
}

static void
write_step(struct pol_dump *d, const struct ast_step *s)
{
	struct pol_buf *out = d->out;

	pol_buf_printf(out, "  - use: ");
	pol_dump_text(out, s->use->u.text, s->use->count);
	pol_buf_printf(out, "\n");
	if (s->name->count != s->use->count || memcmp(s->name->u.text, s->use->u.text, s->use->count) != 0)
		pol_dump_line(out, 2, "name", s->name);
	if (s->control != AST_BINDING)
		pol_buf_printf(out, "    control: %s\n", pol_step_controls[s->control]);
	pol_dump_texts(d, out, 2, "for", &s->for_kinds);
	pol_dump_texts(d, out, 2, "kind", &s->kinds);
	write_subject(out, s);
	write_map(d, s);
	if (s->cache.source != NULL)
		pol_dump_line(out, 2, "cache", s->cache.source);
	if (s->unscoped != AST_UNSCOPED_UNSAID)
		pol_buf_printf(out, "    unscoped: %s\n", s->unscoped == AST_UNSCOPED_FULL ? "full" : "none");
	if (s->timeout.source != NULL)
		pol_dump_line(out, 2, "timeout", s->timeout.source);
	write_with(d, s);
}

void
pol_dump_modules(struct pol_dump *d)
{
	size_t i;

	if (d->set->steps.n > 0)
		pol_buf_printf(d->out, "modules:\n");
	for (i = 0; i < d->set->steps.n; i++)
		write_step(d, d->set->steps.list[i]);
}

void
pol_dump_store(struct pol_dump *d)
{
	const struct ast_store *s = d->set->store;

	if (s == NULL)
		return;
	pol_buf_printf(d->out, "store:\n");
	pol_dump_line(d->out, 1, "url", s->url);
	if (s->stale.source != NULL)
		pol_dump_line(d->out, 1, "stale", s->stale.source);
}

void
pol_dump_tokens(struct pol_dump *d)
{
	const struct ast_tokens *t = d->set->tokens;

	if (t == NULL || (t->lifetime.source == NULL && t->max_lifetime.source == NULL))
		return;
	pol_buf_printf(d->out, "tokens:\n");
	if (t->lifetime.source != NULL)
		pol_dump_line(d->out, 1, "lifetime", t->lifetime.source);
	if (t->max_lifetime.source != NULL)
		pol_dump_line(d->out, 1, "max_lifetime", t->max_lifetime.source);
}

void
pol_dump_audit(struct pol_dump *d)
{
	const struct ast_audit *a = d->set->audit;
	const struct { const char *name; const struct pol_node *value; } rows[] = {
		{ "file", a != NULL ? a->file : NULL }, { "head", a != NULL ? a->head : NULL },
		{ "key", a != NULL ? a->key : NULL }, { "syslog", a != NULL ? a->syslog : NULL },
		{ "must", a != NULL ? a->must.source : NULL },
	};

	if (a == NULL)
		return;
	pol_buf_printf(d->out, "audit:\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].value != NULL)
			pol_dump_line(d->out, 1, rows[i].name, rows[i].value);
	}
	if (a->decisions != AST_AUDIT_ALL)
		pol_buf_printf(d->out, "  decisions: %s\n", pol_audit_decisions[a->decisions]);
}
