/* SPDX-License-Identifier: Apache-2.0 */
/* Why a subject may, or may not: the sentences about roles, entries and grants. */
#include "author/near.h"

#include <string.h>

#include "base/name.h"
#include "core/fill.h"

#define MOST 6				/* names in a row */

static struct policy_text
node_text(const struct pol_node *n)
{
	return (struct policy_text){ n->u.text, n->count };
}

static void
say_role(struct pol_near *x, uint32_t role)
{
	pol_buf_printf(&x->text, "role ");
	pol_say_text(&x->text, node_text(x->set->ast->roles.list[role]->name));
}

static void
say_who(struct pol_near *x)
{
	pol_say_subject(&x->text, x->req->subject_type, x->req->subject_id);
}

void
pol_why_entry(struct pol_near *x, const struct ast_entry *e)
{
	if (ast_more(e)->id != NULL) {
		pol_say_text(&x->text, node_text(ast_more(e)->id));
		pol_buf_printf(&x->text, " (");
	}
	pol_say_place(&x->text, x->set, e->place);
	if (ast_more(e)->id != NULL)
		pol_buf_printf(&x->text, ")");
	if (e->role != POL_NONE) {
		pol_buf_printf(&x->text, " of ");
		say_role(x, e->role);
	}
}

void
pol_why_near_entry(struct pol_near *x, const struct ast_entry *e)
{
	const char *file = x->set->ast->files[e->place.file];
	char rule[POL_FILL_RULE];
	size_t len;

	x->out->near_line = e->place.line;
	pol_say_into(x->out->near_file, sizeof(x->out->near_file), file, strlen(file));
	len = pol_fill_rule(rule, x->engine->program, e->number);
	pol_say_into(x->out->near_rule, sizeof(x->out->near_rule), rule, len);
	if (e->role != POL_NONE) {
		const struct pol_node *n = x->set->ast->roles.list[e->role]->name;

		pol_say_into(x->out->near_role, sizeof(x->out->near_role), n->u.text, n->count);
	}
	pol_why_entry(x, e);
}

static void
say_grant(struct pol_near *x, const struct pol_holding *h)
{
	struct pol_buf one;
	const char *file = x->set->ast->files[h->grant->place.file];

	pol_buf_init(&one);
	pol_say_grant(&one, x->set, h->grant, h->through);
	pol_say_place(&x->text, x->set, h->grant->place);
	pol_buf_printf(&x->text, " (%.*s)", (int)one.len, one.data != NULL ? one.data : "");
	x->out->grant_line = h->grant->place.line;
	pol_say_into(x->out->grant_file, sizeof(x->out->grant_file), file, strlen(file));
	pol_say_into(x->out->grant_text, sizeof(x->out->grant_text), one.data, one.len);
	pol_buf_fini(&one);
}

/* Through what a role that is held came. */
static void
say_held(struct pol_near *x, uint32_t role)
{
	const struct pol_holding *h = &x->held.roles[role];

	if (h->how != POL_HELD_YES)
		return;
	pol_buf_printf(&x->text, "; ");
	say_who(x);
	pol_buf_printf(&x->text, " holds ");
	say_role(x, h->through);
	if (h->through != role) {
		pol_buf_printf(&x->text, ", which includes ");
		say_role(x, role);
		pol_buf_printf(&x->text, ",");
	}
	if (h->user != NULL) {
		pol_buf_printf(&x->text, " as a user of the set (");
		pol_say_place(&x->text, x->set, ast_place_of(&h->user->who.source));
		pol_buf_printf(&x->text, ")");
	} else if (h->group != NULL) {
		pol_buf_printf(&x->text, " through group ");
		pol_say_text(&x->text, node_text(h->group->name));
		pol_buf_printf(&x->text, " (");
		pol_say_place(&x->text, x->set, ast_place_of(h->group->name));
		pol_buf_printf(&x->text, ")");
	} else if (h->everyone != NULL) {
		pol_buf_printf(&x->text, " as everyone %sdoes (", h->everyone->authenticated ? "who is logged in " : "");
		pol_say_place(&x->text, x->set, ast_place_of(h->everyone->role));
		pol_buf_printf(&x->text, ")");
	} else if (h->grant != NULL) {
		pol_buf_printf(&x->text, " by the grant at ");
		say_grant(x, h);
	}
}

static void
set_role(struct pol_near *x, uint32_t role)
{
	const struct pol_node *n;

	if (role == POL_NONE)
		return;
	n = x->set->ast->roles.list[role]->name;
	pol_say_into(x->out->role, sizeof(x->out->role), n->u.text, n->count);
}

void
pol_why_allowed(struct pol_near *x)
{
	const struct ast_entry *e = x->set->ast->entries.list[x->got.answer.entry];

	pol_buf_printf(&x->text, "it is allowed by ");
	pol_why_entry(x, e);
	set_role(x, e->role);
	if (e->role != POL_NONE)
		say_held(x, e->role);
}

void
pol_why_denied(struct pol_near *x)
{
	const struct ast_entry *e = x->set->ast->entries.list[x->got.answer.entry];
	const struct pol_near_seen *s = pol_near_seen(x, POLICY_STAGE_DENY, x->got.answer.entry);
	size_t i;

	pol_buf_printf(&x->text, "it is denied by ");
	pol_why_entry(x, e);
	if (ast_more(e)->reason != NULL) {
		pol_buf_printf(&x->text, ", which gives the reason ");
		pol_say_quoted(&x->text, node_text(ast_more(e)->reason));
	}
	set_role(x, e->role);
	if (x->got.answer.reason == POLICY_REASON_CONDITION_ERROR) {
		pol_buf_printf(&x->text, "; ");
		if (s != NULL && s->term != POL_NONE)
			pol_term_say(x, s->term, POLICY_OUTCOME_UNKNOWN);
		pol_buf_printf(&x->text, ", and a deny that cannot be evaluated denies");
	} else {
		for (i = 0; i < ast_more(e)->conds.n; i++) {
			pol_buf_printf(&x->text, "%s`", i > 0 ? " and " : "; this holds: ");
			if (ast_more(e)->conds.list[i].unless)
				pol_buf_printf(&x->text, "not ");
			pol_say_text(&x->text, node_text(ast_more(e)->conds.list[i].source));
			pol_buf_printf(&x->text, "`");
			pol_term_values(x, ast_more(e)->conds.list[i].expr);
		}
	}
	if (e->role != POL_NONE)
		say_held(x, e->role);
}

/* ---- no rule: the nearest ---- */

static void
say_own_type(struct pol_near *x)
{
	const struct ast_action *a = x->set->ast->actions.list[x->action];
	size_t i;

	pol_say_text(&x->text, node_text(a->name));
	pol_buf_printf(&x->text, " is for ");
	for (i = 0; i < a->resource.n && i < MOST; i++) {
		pol_buf_printf(&x->text, "%s", i > 0 ? ", " : "");
		pol_say_text(&x->text, node_text(&a->resource.list[i]));
	}
	pol_buf_printf(&x->text, " (");
	pol_say_place(&x->text, x->set, ast_place_of(a->name));
	pol_buf_printf(&x->text, "), and it was asked on ");
	pol_say_resource(&x->text, x->req);
}

static void
say_patterns(struct pol_near *x, const struct ast_entry *e)
{
	size_t i;

	pol_buf_printf(&x->text, " is for ");
	for (i = 0; i < e->n_patterns && i < MOST; i++) {
		pol_buf_printf(&x->text, "%s", i > 0 ? ", " : "");
		pol_say_text(&x->text, node_text(&e->patterns[i].source));
	}
	if (e->n_patterns > MOST)
		pol_buf_printf(&x->text, ", ...");
	pol_buf_printf(&x->text, " only, not for ");
	pol_say_resource(&x->text, x->req);
}

/* Roles that have an entry for it, each once. */
static void
say_roles(struct pol_near *x)
{
	const struct ast_set *a = x->set->ast;
	uint32_t told[MOST];
	size_t i, j, n = 0;

	for (i = 0; i < a->entries.n && n < MOST; i++) {
		const struct ast_entry *e = a->entries.list[i];

		if (e->effect != POL_EFFECT_ALLOW || e->role == POL_NONE ||
		    !pol_near_names(x, e) || !pol_near_fits(x, e))
			continue;
		for (j = 0; j < n && told[j] != e->role; j++)
			;
		if (j == n)
			told[n++] = e->role;
	}
	if (n < 2)
		return;
	pol_buf_printf(&x->text, "; roles that allow it: ");
	for (j = 0; j < n; j++) {
		pol_buf_printf(&x->text, "%s", j > 0 ? ", " : "");
		pol_say_text(&x->text, node_text(a->roles.list[told[j]]->name));
	}
}

/* Of an anonymous request: would logging in be enough? */
static void
say_after_login(struct pol_near *x, uint32_t role)
{
	const struct ast_set *a = x->set->ast;
	size_t i, j;

	for (i = 0; i < a->everyone.n; i++) {
		const struct ast_role *r = a->roles.list[a->everyone.list[i]->id];

		for (j = 0; j < r->n_closure; j++)
			if (r->closure[j] == role) {
				pol_buf_printf(&x->text, ", which everyone who is logged in holds");
				return;
			}
	}
}

static void
say_not_held(struct pol_near *x, const struct ast_entry *e)
{
	const struct pol_holding *h = &x->held.roles[e->role];

	pol_buf_printf(&x->text, "it would be allowed by ");
	pol_why_near_entry(x, e);
	switch (x->out->near) {
	case POLICY_NEAR_WINDOW:
		pol_buf_printf(&x->text, ", but that role is granted here for a time only, at ");
		say_grant(x, h);
		pol_buf_printf(&x->text, ", and it is now ");
		pol_say_text(&x->text, x->now_text);
		break;
	case POLICY_NEAR_ELSEWHERE:
		pol_buf_printf(&x->text, ", but ");
		say_who(x);
		pol_buf_printf(&x->text, " has that role on other things only, at ");
		say_grant(x, h);
		break;
	default:
		if (x->req->subject_id.data == NULL) {
			say_after_login(x, e->role);
		} else {
			pol_buf_printf(&x->text, ", but ");
			say_who(x);
			pol_buf_printf(&x->text, " does not hold that role");
		}
		say_roles(x);
	}
}

void
pol_why_no_rule(struct pol_near *x)
{
	uint32_t best = pol_near_find(x, POL_EFFECT_ALLOW);
	const struct ast_entry *e = best == POL_NONE ? NULL : x->set->ast->entries.list[best];
	const struct pol_near_seen *s;

	if (!pol_near_own_type(x)) {
		say_own_type(x);
		return;
	}
	if (e == NULL) {
		pol_buf_printf(&x->text, "no role allows this action");
		return;
	}
	if (x->out->near > POLICY_NEAR_RESOURCE) {
		say_not_held(x, e);
		return;
	}
	pol_buf_printf(&x->text, "the nearest is ");
	pol_why_near_entry(x, e);
	pol_buf_printf(&x->text, ", which ");
	say_who(x);
	pol_buf_printf(&x->text, " holds, but ");
	s = pol_near_seen(x, POLICY_STAGE_ALLOW, best);
	if (x->out->near == POLICY_NEAR_RESOURCE) {
		pol_buf_printf(&x->text, "it");
		say_patterns(x, e);
	} else if (s != NULL && s->term != POL_NONE) {
		pol_term_say(x, s->term, s->outcome);
	} else {
		pol_buf_printf(&x->text, "its conditions are not all true");
	}
}

void
pol_why_anonymous(struct pol_near *x)
{
	if (x->action == POL_NONE) {
		pol_why_unknown_action(x);
		return;
	}
	if (x->req->resource_type.data != NULL && x->facts.type == POL_NONE && x->engine->program->has_types) {
		pol_why_unknown_resource(x);
		return;
	}
	pol_buf_printf(&x->text, "nobody is logged in, and ");
	pol_why_no_rule(x);
}

/* ---- unknown names ---- */

static struct pol_str
type_name(const struct pol_program *p, uint32_t type)
{
	return ((const struct pol_type *)POL_AT(p, p->types.off))[type].name;
}

static void
say_near_name(struct pol_near *x, struct policy_text asked, uint32_t n,
    struct pol_str (*name_of)(const struct pol_program *p, uint32_t i))
{
	const struct pol_program *p = x->engine->program;
	unsigned most = asked.len < 4 ? 1 : asked.len < 9 ? 2 : 3, best = most + 1, d;
	struct pol_str name, found = { 0, 0 };
	uint32_t i;

	for (i = 0; i < n; i++) {
		name = name_of(p, i);
		d = pol_name_distance(asked.data, asked.len, pol_str_at(p, name), name.len, most);
		if (d < best) {
			best = d;
			found = name;
		}
	}
	if (best <= most) {
		pol_buf_printf(&x->text, "; did you mean ");
		pol_say_text(&x->text, (struct policy_text){ pol_str_at(p, found), found.len });
		pol_buf_printf(&x->text, "?");
	}
}

void
pol_why_unknown_action(struct pol_near *x)
{
	const struct pol_program *p = x->engine->program;

	pol_buf_printf(&x->text, "no action ");
	pol_say_quoted(&x->text, x->req->action);
	pol_buf_printf(&x->text, " is declared");
	say_near_name(x, x->req->action, p->action_keys.n, pol_action_key);
}

void
pol_why_unknown_resource(struct pol_near *x)
{
	const struct pol_program *p = x->engine->program;

	pol_buf_printf(&x->text, "no resource type ");
	pol_say_quoted(&x->text, x->req->resource_type);
	pol_buf_printf(&x->text, " is declared");
	say_near_name(x, x->req->resource_type, p->types.n, type_name);
}
