/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a stack may not be. Each rule refuses a set that would load and then do something
 * else than who wrote it reads in it: a second factor that is never asked, a step that
 * nobody is judged by, alice of one source taken for alice of another.
 */
#include <stdarg.h>
#include <stdio.h>

#include "auth/kinds.h"
#include "base/err.h"
#include "base/name.h"

#define NAME_MOST 64
#define SHOW(t) (int)((t).len < 64 ? (t).len : 64), (t).data

/* order is that of enum pol_control */
static const char *const words[] = { "binding", "required", "requisite", "sufficient", "optional" };
_Static_assert(sizeof(words) / sizeof(words[0]) == POL_CONTROL__COUNT, "a word for each");

__attribute__((format(printf, 3, 4)))
static int
refuse(const struct pol_step *s, struct policy_error *err, const char *fmt, ...)
{
	char text[800];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return pol_err_set(err, POLICY_ERR_INVALID, s->conf->at.file, s->conf->at.line, s->conf->at.column,
	    "modules: %s: %s", s->conf->name, text);
}

/* ---- one step, before it is open ---- */

/* Groups are STEP/GROUP: a name with a slash could make another step's. */
static int
check_name(const struct pol_step *s, struct policy_error *err)
{
	const char *name = s->conf->name;
	const size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

	if (n == 0 || n > NAME_MOST || name[n] != '\0')
		return refuse(s, err, "this is no name of a step: [a-z0-9_]+ is wanted, at most %d bytes", NAME_MOST);
	for (const struct pol_step *e = s->stack->steps; e < s; e++) {
		if (strcmp(e->conf->name, name) == 0)
			return refuse(s, err, "a step of this name stands before it: give one of them another `name`");
	}
	return 0;
}

static int
check_for(const struct pol_step *s, struct policy_error *err)
{
	const char *const *k;

	for (uint32_t i = 0; s->module->kinds != NULL && i < s->conf->n_for; i++) {
		const struct policy_text kind = s->conf->for_kinds[i];

		for (k = s->module->kinds; *k != NULL && !pol_bytes_equal(*k, strlen(*k), kind.data, kind.len); k++)
			;
		if (*k == NULL)
			return refuse(s, err, "for: names the kind '%.*s', which the module '%s' never looks at%s%s", SHOW(kind),
			    s->conf->use, s->module->kinds[0] != NULL ? "; one that it does is " : "",
			    s->module->kinds[0] != NULL ? s->module->kinds[0] : "");
	}
	return 0;
}

int
pol_stack_check_step(const struct pol_step *s, struct policy_error *err)
{
	const struct pol_step_conf *c = s->conf;
	int rc = check_name(s, err);

	if (rc == 0)
		rc = check_for(s, err);
	if (rc != 0)
		return rc;
	if ((unsigned)c->control >= POL_CONTROL__COUNT)
		return refuse(s, err, "its word of control is none");
	if (pol_step_is_second(s) && (c->control == POL_SUFFICIENT || c->control == POL_OPTIONAL))
		return refuse(s, err, "a second factor that may fail is none: `control: required` is wanted, not %s",
		    words[c->control]);
	if (c->n_map > 0 && !pol_step_grants(s))
		return refuse(s, err, "map: gives roles, and %s gives none: take it away", pol_step_is_second(s) ?
		    "a second factor" : "an optional step");
	if (c->n_map > POL_STEP_MAP)
		return refuse(s, err, "map: has %u rows; at most %d are wanted", c->n_map, POL_STEP_MAP);
	if (c->cache_said && c->cache_ns > 0 && (pol_step_is_second(s) ||
	    (s->module->flags & (POLICY_MODULE_CACHEABLE | POLICY_MODULE_CACHE_ASKED)) == 0))
		return refuse(s, err, "cache: what the module '%s' says is never kept: take it away", c->use);
	return 0;
}

/* ---- all of them, before they are open ---- */

static int
check_grants(const struct pol_stack *st, struct policy_error *err)
{
	for (uint32_t i = 0; i < st->conf.n; i++) {
		if (pol_step_grants(&st->steps[i]))
			return 0;
	}
	if (st->conf.n == 0)
		return pol_err_set(err, POLICY_ERR_INVALID, NULL, 0, 0, "modules: there is no step: no credential would ever be good");
	return refuse(&st->steps[0], err, "no credential would ever be good: some step is wanted that is "
	    "neither optional nor a second factor");
}

/* A second factor to which no first one belongs guards nothing. */
static int
check_second(const struct pol_stack *st, const struct pol_step *s, struct policy_error *err)
{
	struct policy_text kind;

	for (uint32_t i = 0; i < st->conf.n; i++) {
		const struct pol_step *first = &st->steps[i];

		if (pol_step_grants(first) && (pol_kinds_share(first, s, &kind) != POL_SHARE_NONE))
			return 0;
	}
	return refuse(s, err, "this second factor looks at no kind that another step vouches for, so it would never be asked: "
	    "set `for` to the kind of the first factor");
}

/* May a credential that passes e still have to pass s? Nothing behind e is asked then. */
static int
check_order(const struct pol_step *e, const struct pol_step *s, struct policy_error *err)
{
	struct policy_text kind = { NULL, 0 };

	if ((e->conf->control != POL_BINDING && e->conf->control != POL_SUFFICIENT) || !pol_step_grants(e))
		return 0;
	switch (pol_kinds_share(e, s, &kind)) {
	case POL_SHARE_NONE:
		return 0;
	case POL_SHARE_SOME:
		return refuse(s, err, "%s can never run after %s for kind '%.*s', since %s is %s: put it before, or make %s required, or leave the kind out of its `for`",
		    s->conf->name, e->conf->name, SHOW(kind), e->conf->name, words[e->conf->control], e->conf->name);
	case POL_SHARE_ALL:
		break;
	}
	return refuse(s, err, "%s can never run after %s, since %s is %s: put it before, or make %s required",
	    s->conf->name, e->conf->name, e->conf->name, words[e->conf->control], e->conf->name);
}

/* With `credentials:`, a kind without a row opens nothing: that is better told now. */
static int
check_rows(const struct pol_step *s, const struct pol_program *program, struct policy_error *err)
{
	const struct pol_step_conf *c = s->conf;
	struct policy_text kind;

	if (program == NULL || !program->has_credentials || !pol_step_grants(s))
		return 0;
	if (c->n_kinds == 0 && pol_kinds_any(s))
		return refuse(s, err, "the module '%s' looks at any kind: with `credentials:` in the set, `kind` or `for` is wanted", c->use);
	for (uint32_t i = 0; ; i++) {
		if (c->n_kinds > 0)
			kind = i < c->n_kinds ? c->kinds[i] : (struct policy_text){ NULL, 0 };
		else
			kind = pol_kinds_at(s, i);
		if (kind.data == NULL)
			return 0;
		if (pol_find_kind(program, kind.data, kind.len) == POL_NONE)
			return refuse(s, err, "`credentials:` has no row for the kind '%.*s' of this step: add one, or say `kind`", SHOW(kind));
	}
}

int
pol_stack_check(const struct pol_stack *st, const struct pol_program *program, struct policy_error *err)
{
	int rc = check_grants(st, err);

	for (uint32_t i = 0; rc == 0 && i < st->conf.n; i++) {
		const struct pol_step *s = &st->steps[i];

		if (pol_step_is_second(s))
			rc = check_second(st, s, err);
		if (pol_step_is_second(s) || s->conf->control == POL_REQUIRED || s->conf->control == POL_REQUISITE) {
			for (uint32_t k = 0; rc == 0 && k < i; k++)
				rc = check_order(&st->steps[k], s, err);
		}
		if (rc == 0)
			rc = check_rows(s, program, err);
	}
	return rc;
}

/* ---- once they are open: a step knows its source only then ---- */

int
pol_stack_check_people(const struct pol_stack *st, struct policy_error *err)
{
	for (uint32_t i = 0; i < st->conf.n; i++) {
		const struct pol_step *s = &st->steps[i];

		for (uint32_t k = 0; k < i; k++) {
			const struct pol_step *e = &st->steps[k];

			if (pol_step_is_second(s) || pol_step_is_second(e) || pol_step_same_source(s, e) ||
			    !pol_bytes_equal(s->subject_type.data, s->subject_type.len, e->subject_type.data, e->subject_type.len) ||
			    (s->conf->shared && e->conf->shared))
				continue;
			return refuse(s, err, "its subjects are of type '%.*s', and so are those of %s, which come from elsewhere "
			    "('%.64s', not '%.64s'): give one another type in `subject`, or say `shared: true` in both",
			    SHOW(s->subject_type), e->conf->name, e->source, s->source);
		}
	}
	return 0;
}
