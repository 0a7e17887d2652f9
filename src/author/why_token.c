/* SPDX-License-Identifier: Apache-2.0 */
/* Why a token is not enough: its scopes, or the ceiling of its kind. */
#include "author/near.h"

#include <string.h>

#include "base/name.h"

#define MOST 6				/* names in a row */

static struct policy_text
node_text(const struct pol_node *n)
{
	return (struct policy_text){ n->u.text, n->count };
}

static void
say_but(struct pol_near *x)
{
	pol_say_subject(&x->text, x->req->subject_type, x->req->subject_id);
	pol_buf_printf(&x->text, "'s roles allow it, but ");
}

/* The nearest entry of a list: one whose condition failed, else one for other things. */
static const struct ast_entry *
nearest(struct pol_near *x, const struct ast_entries *es, enum policy_stage stage,
    const struct pol_near_seen **seen)
{
	const struct ast_entry *other = NULL;
	size_t i;

	*seen = NULL;
	for (i = 0; i < es->n; i++) {
		const struct ast_entry *e = x->set->ast->entries.list[es->first + i];

		if (!pol_near_names(x, e))
			continue;
		*seen = pol_near_seen(x, stage, e->number);
		if (*seen != NULL && (*seen)->term != POL_NONE)
			return e;
		*seen = NULL;
		if (other == NULL)
			other = e;
	}
	return other;
}

/* An entry of the token's that names the action, and why it was not enough. */
static bool
say_nearest(struct pol_near *x, const struct ast_entries *es, enum policy_stage stage)
{
	const struct pol_near_seen *seen;
	const struct ast_entry *e = nearest(x, es, stage, &seen);

	if (e == NULL)
		return false;
	pol_buf_printf(&x->text, "; the nearest is ");
	pol_why_near_entry(x, e);
	if (seen != NULL) {
		x->out->near = POLICY_NEAR_CONDITION;
		pol_buf_printf(&x->text, ", but ");
		pol_term_say(x, seen->term, seen->outcome);
	} else {
		x->out->near = POLICY_NEAR_RESOURCE;
		pol_buf_printf(&x->text, ", which is for other things than ");
		pol_say_resource(&x->text, x->req);
	}
	return true;
}

void
pol_why_credential(struct pol_near *x)
{
	pol_buf_printf(&x->text, "no step of the set claims the credential: ask for the subject instead");
}

static const struct ast_scope *
find_scope(const struct ast_set *a, struct policy_text name)
{
	size_t i;

	for (i = 0; i < a->scopes.n; i++)
		if (pol_bytes_equal(a->scopes.list[i]->name->u.text, a->scopes.list[i]->name->count,
		    name.data, name.len))
			return a->scopes.list[i];
	return NULL;
}

/* A scope that is the action of its name: that action's own limit failed. */
static bool
say_bare(struct pol_near *x, struct policy_text scope)
{
	const struct pol_program *p = x->engine->program;
	uint32_t number = pol_find_action(p, scope.data, scope.len), i, n;
	const uint32_t *impliers = pol_action_impliers(p, &x->action, &n);
	const struct ast_action *a;
	size_t k;

	for (i = 0; number != POL_NONE && i < n; i++)
		if (impliers[i] == number)
			break;
	if (number == POL_NONE || i == n)
		return false;
	a = x->set->ast->actions.list[number];
	x->out->near = POLICY_NEAR_CONDITION;
	pol_buf_printf(&x->text, "; scope ");
	pol_say_text(&x->text, scope);
	pol_buf_printf(&x->text, " is the action of that name, and what limits it (");
	for (k = 0; k < a->conds.n; k++) {
		pol_buf_printf(&x->text, "%s`", k == 0 ? "" : ", ");
		if (a->conds.list[k].unless)
			pol_buf_printf(&x->text, "not ");
		pol_say_text(&x->text, node_text(a->conds.list[k].source));
		pol_buf_printf(&x->text, "`");
	}
	pol_buf_printf(&x->text, "%s", a->conds.n > 0 ? ", " : "");
	pol_say_place(&x->text, x->set, ast_place_of(a->name));
	pol_buf_printf(&x->text, ") does not hold");
	return true;
}

static void
say_name(struct pol_near *x, struct policy_text name, size_t *n)
{
	if ((*n)++ < MOST) {
		pol_buf_printf(&x->text, "%s", *n == 1 ? "; one of these would: " : ", ");
		pol_say_text(&x->text, name);
	}
}

/* The scopes that name the action here: the set's own, and the action's name. */
static void
say_wanted(struct pol_near *x)
{
	const struct ast_set *a = x->set->ast;
	uint32_t n_impliers;
	const uint32_t *impliers = pol_action_impliers(x->engine->program, &x->action, &n_impliers);
	size_t i, j, n = 0;

	for (i = 0; i < a->scopes.n; i++) {
		const struct ast_entries *es = &a->scopes.list[i]->entries;

		for (j = 0; j < es->n; j++) {
			const struct ast_entry *e = a->entries.list[es->first + j];

			if (pol_near_names(x, e) && pol_near_fits(x, e))
				break;
		}
		if (j < es->n)
			say_name(x, node_text(a->scopes.list[i]->name), &n);
	}
	for (i = 0; i < n_impliers; i++) {
		struct policy_text name = node_text(a->actions.list[impliers[i]]->name);

		if (find_scope(a, name) == NULL)
			say_name(x, name, &n);
	}
	if (n > MOST)
		pol_buf_printf(&x->text, ", ...");
	if (n == 0)
		pol_buf_printf(&x->text, "; no scope covers this action");
}

void
pol_why_scope(struct pol_near *x)
{
	const struct policy_token *t = x->req->token;
	const struct ast_scope *s;
	size_t i;

	say_but(x);
	if (t->scopes_count == 0)
		pol_buf_printf(&x->text, "the token has an empty list of scopes, which allows nothing");
	else
		pol_buf_printf(&x->text, "no scope of the token (");
	for (i = 0; i < t->scopes_count && i < MOST; i++) {
		pol_buf_printf(&x->text, "%s", i > 0 ? ", " : "");
		pol_say_text(&x->text, t->scopes[i]);
	}
	if (t->scopes_count > 0)
		pol_buf_printf(&x->text, "%s) covers it", t->scopes_count > MOST ? ", ..." : "");
	x->out->near = POLICY_NEAR_ROLE;
	for (i = 0; i < t->scopes_count; i++) {
		s = find_scope(x->set->ast, t->scopes[i]);
		if (s != NULL ? say_nearest(x, &s->entries, POLICY_STAGE_SCOPE) : say_bare(x, t->scopes[i]))
			return;
	}
	say_wanted(x);
}

static void
say_no_row(struct pol_near *x)
{
	const struct ast_set *a = x->set->ast;
	size_t i;

	say_but(x);
	if (x->req->token->kind.data == NULL) {
		pol_buf_printf(&x->text, "the token names no kind, and the set lists its kinds under `credentials`");
	} else {
		pol_buf_printf(&x->text, "the token's kind ");
		pol_say_quoted(&x->text, x->req->token->kind);
		pol_buf_printf(&x->text, " has no row under `credentials`");
	}
	for (i = 0; i < a->kinds.n && i < MOST; i++) {
		pol_buf_printf(&x->text, "%s", i == 0 ? ": " : ", ");
		pol_say_text(&x->text, node_text(a->kinds.list[i]->name));
	}
	if (a->kinds.n > MOST)
		pol_buf_printf(&x->text, ", ...");
}

void
pol_why_ceiling(struct pol_near *x)
{
	const struct pol_near_seen *seen;
	const struct ast_kind *k;

	x->out->near = POLICY_NEAR_ROLE;
	if (x->got.answer.kind == POL_NONE) {
		say_no_row(x);
		return;
	}
	k = x->set->ast->kinds.list[x->got.answer.kind];
	say_but(x);
	pol_buf_printf(&x->text, "a token of kind ");
	pol_say_text(&x->text, node_text(k->name));
	pol_buf_printf(&x->text, " (");
	pol_say_place(&x->text, x->set, ast_place_of(k->name));
	seen = pol_near_seen(x, POLICY_STAGE_CEILING, x->got.answer.kind | POL_WITNESS_KIND);
	if (seen != NULL && seen->term != POL_NONE) {
		x->out->near = POLICY_NEAR_CONDITION;
		pol_buf_printf(&x->text, ") may do nothing while ");
		pol_term_say(x, seen->term, seen->outcome);
		return;
	}
	pol_buf_printf(&x->text, ") may not: its ceiling does not cover this");
	say_nearest(x, &k->ceiling, POLICY_STAGE_CEILING);
}
