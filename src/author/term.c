/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a condition was not true, as far as can be said without deciding it again:
 * which path had no value, else what its paths were.
 */
#include "author/near.h"

#include <string.h>

#include "base/name.h"

#define MOST 6				/* values told of one condition */

struct walk {
	struct pol_near *x;
	struct policy_text missing;	/* the first path with no value */
	struct policy_text told[MOST];
	size_t n_told;
	bool own;			/* `own` is asked */
	int depth;
};

static void
meet(struct walk *w, const struct ast_path *path)
{
	struct policy_value v;
	size_t i;

	if (!pol_told_get(&w->x->facts, path, &v)) {
		if (w->missing.data == NULL)
			w->missing = path->text;
		return;
	}
	for (i = 0; i < w->n_told; i++)
		if (pol_bytes_equal(w->told[i].data, w->told[i].len, path->text.data, path->text.len))
			return;
	if (w->n_told < MOST)
		w->told[w->n_told++] = path->text;
}

/* A path in a text: "subject.id". The names are borrowed from it. */
static bool
split(struct ast_path *out, struct policy_text names[8], struct policy_text text)
{
	static const char *const roots[] = { "subject", "resource", "action", "context", "token", "actor" };
	const char *dot = memchr(text.data, '.', text.len), *end = text.data + text.len, *next;
	size_t i;

	for (i = 0; dot != NULL && i < sizeof(roots) / sizeof(roots[0]); i++)
		if (pol_bytes_equal(text.data, (size_t)(dot - text.data), roots[i], strlen(roots[i])))
			break;
	if (dot == NULL || i == sizeof(roots) / sizeof(roots[0]))
		return false;
	*out = (struct ast_path){ .root = (enum pol_root)i, .names = names, .text = text };
	while (dot != NULL && out->n < 8) {
		next = memchr(dot + 1, '.', (size_t)(end - dot - 1));
		names[out->n++] = (struct policy_text){ dot + 1,
		    (size_t)((next != NULL ? next : end) - dot - 1) };
		dot = next;
	}
	return dot == NULL;
}

/* The {paths} of a `like`. */
static void
meet_template(struct walk *w, struct policy_text t)
{
	struct policy_text names[8];
	struct ast_path path;
	const char *close;
	size_t i;

	for (i = 0; i < t.len; i++) {
		if (t.data[i] == '\\') {
			i++;
			continue;
		}
		if (t.data[i] != '{')
			continue;
		close = memchr(t.data + i, '}', t.len - i);
		if (close == NULL)
			return;
		if (split(&path, names, (struct policy_text){ t.data + i + 1, (size_t)(close - t.data) - i - 1 }))
			meet(w, &path);
		i = (size_t)(close - t.data);
	}
}

static void
walk(struct walk *w, const struct ast_expr *e)
{
	if (e == NULL || w->depth > 64)
		return;
	w->depth++;
	switch (e->kind) {
	case AST_OR:
	case AST_AND:
		walk(w, e->left);
		walk(w, e->right);
		break;
	case AST_NOT:
		walk(w, e->left);
		break;
	case AST_HAS:
		break;
	case AST_TRUTH:
		meet(w, &e->a.path);
		break;
	case AST_OWN:
		w->own = true;
		break;
	case AST_NAME:
		if (e->named != NULL)
			walk(w, e->named->cond.expr);
		break;
	case AST_CMP:
		if (!e->a.is_literal)
			meet(w, &e->a.path);
		if (!e->b.is_literal)
			meet(w, &e->b.path);
		else if (e->cmp == POL_CMP_LIKE && e->b.literal.type == POLICY_STRING)
			meet_template(w, e->b.literal.u.text);
		break;
	}
	w->depth--;
}

/* Where a condition stands: in an entry or a kind, or in an action. */
struct found {
	const struct ast_expr *expr;
	const struct ast_action *action;
};

static bool
in_conds(struct found *out, const struct ast_conds *c, const struct pol_term *t, const char *text)
{
	size_t i;

	for (i = 0; i < c->n; i++) {
		const struct pol_node *n = c->list[i].source;

		if (n->line == t->line && n->column == t->column && n->file == t->file &&
		    pol_bytes_equal(n->u.text, n->count, text, t->text.len)) {
			out->expr = c->list[i].expr;
			return true;
		}
	}
	return false;
}

static struct found
find(const struct ast_set *a, const struct pol_term *t, const char *text)
{
	struct found f = { NULL, NULL };
	size_t i;

	for (i = 0; i < a->actions.n; i++)
		if (in_conds(&f, &a->actions.list[i]->conds, t, text)) {
			f.action = a->actions.list[i];
			return f;
		}
	for (i = 0; i < a->entries.n; i++)
		if (in_conds(&f, &ast_more(a->entries.list[i])->conds, t, text))
			return f;
	for (i = 0; i < a->kinds.n; i++)
		if (in_conds(&f, &a->kinds.list[i]->conds, t, text))
			return f;
	return f;
}

static const char *
kind_of(const struct policy_value *v)
{
	switch ((enum policy_type)v->type) {
	case POLICY_STRING:
		return "a text";
	case POLICY_INT:
	case POLICY_DOUBLE:
		return "a number";
	case POLICY_BOOL:
		return "true or false";
	case POLICY_LIST:
		return "a list";
	default:
		return "no single value";
	}
}

/* typed: their kinds too, for they did not fit. */
static void
say_told(struct walk *w, bool typed)
{
	struct pol_buf *b = &w->x->text;
	struct policy_text names[8];
	struct policy_value v;
	struct ast_path path;
	size_t i, n = 0;

	for (i = 0; i < w->n_told; i++) {
		if (!split(&path, names, w->told[i]) || !pol_told_get(&w->x->facts, &path, &v))
			continue;
		if (v.type == POLICY_NULL)	/* computed by the engine: not known here */
			continue;
		pol_buf_printf(b, "%s", n++ == 0 ? ": " : ", ");
		pol_say_text(b, w->told[i]);
		pol_buf_printf(b, " is ");
		pol_say_value(b, &v);
		if (typed && v.type != POLICY_OBJECT)
			pol_buf_printf(b, " (%s)", kind_of(&v));
	}
}

static void
say_missing(struct walk *w, struct policy_text path)
{
	pol_say_into(w->x->out->missing, sizeof(w->x->out->missing), path.data, path.len);
	pol_buf_printf(&w->x->text, ": ");
	pol_say_text(&w->x->text, path);
	pol_buf_printf(&w->x->text, " has no value");
}

/* The path "resource.user_id", and a value of it if there is one. */
static bool
get_named(struct walk *w, const char *root, struct policy_text name, char whole[300],
    struct policy_value *v)
{
	struct policy_text names[8];
	struct ast_path path;
	size_t n = strlen(root);

	if (name.len > 256)
		name.len = 256;
	memcpy(whole, root, n);
	memcpy(whole + n, name.data, name.len);
	whole[n + name.len] = '\0';
	return split(&path, names, policy_text(whole)) && pol_told_get(&w->x->facts, &path, v);
}

static void
say_own(struct walk *w)
{
	struct pol_near *x = w->x;
	const struct ast_type *t;
	struct policy_value a, b;
	char owner[300], mine[300];
	struct policy_text type = x->req->subject_type;

	if (x->facts.type == POL_NONE)
		return;
	t = x->set->ast->types.list[x->facts.type];
	if (!t->has_owner) {
		pol_buf_printf(&x->text, ": a %s has no owner", t->name->u.text);
		return;
	}
	if (x->req->subject_id.data == NULL) {
		pol_buf_printf(&x->text, ": nobody is logged in");
		return;
	}
	if (type.data == NULL)
		type = policy_text("user");
	if (!pol_bytes_equal(type.data, type.len, t->owner_type.data, t->owner_type.len)) {
		pol_buf_printf(&x->text, ": a %s is owned by a ", t->name->u.text);
		pol_say_text(&x->text, t->owner_type);
		pol_buf_printf(&x->text, ", not by a ");
		pol_say_text(&x->text, type);
		return;
	}
	if (!get_named(w, "resource.", t->owner_attr, owner, &a)) {
		say_missing(w, policy_text(owner));
	} else if (!get_named(w, "subject.", t->owner_subject, mine, &b)) {
		say_missing(w, policy_text(mine));
	} else {
		pol_buf_printf(&x->text, ": %s is ", owner);
		pol_say_value(&x->text, &a);
		pol_buf_printf(&x->text, ", %s is ", mine);
		pol_say_value(&x->text, &b);
	}
}

void
pol_term_say(struct pol_near *x, uint32_t term, enum policy_outcome outcome)
{
	const struct pol_program *p = x->engine->program;
	const struct pol_term *t = (const struct pol_term *)POL_AT(p, p->terms.off) + term;
	const struct pol_str *files = POL_AT(p, p->files.off);
	struct policy_text text = { pol_str_at(p, t->text), t->text.len };
	struct walk w = { .x = x };
	struct found found;
	const char *file = pol_str_at(p, files[t->file]);

	x->out->test_line = t->line;
	x->out->test_column = t->column;
	x->out->test_outcome = outcome;
	pol_say_into(x->out->test, sizeof(x->out->test), text.data, text.len);
	pol_say_into(x->out->test_file, sizeof(x->out->test_file), file, files[t->file].len);
	found = find(x->set->ast, t, text.data);
	pol_buf_printf(&x->text, "the %s", t->negate ? "`unless: " : "condition `");
	pol_say_text(&x->text, text);
	pol_buf_printf(&x->text, "`");
	if (found.action != NULL)
		pol_buf_printf(&x->text, " of action %s", found.action->name->u.text);
	pol_buf_printf(&x->text, " (%s:%u:%u) %s", file, t->line, t->column,
	    outcome == POLICY_OUTCOME_UNKNOWN ? "cannot be evaluated" :
	    t->negate ? "is true" : "is false");
	walk(&w, found.expr);
	if (outcome == POLICY_OUTCOME_UNKNOWN && w.missing.data != NULL)
		say_missing(&w, w.missing);
	else if (w.own)
		say_own(&w);
	else
		say_told(&w, outcome == POLICY_OUTCOME_UNKNOWN);
}

void
pol_term_values(struct pol_near *x, const struct ast_expr *expr)
{
	struct walk w = { .x = x };

	walk(&w, expr);
	if (w.own)
		say_own(&w);
	else
		say_told(&w, false);
}
