/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What compile has read becomes what auth opens. Neither may know the other, so their
 * words are held against each other here. A copy that fails leaves the rest undone: that
 * is told once, at the end.
 */
#include "api/steps.h"

#include <string.h>

#include "base/err.h"
#include "compile/ast_step.h"

_Static_assert((int)AST_BINDING == (int)POL_BINDING && (int)AST_REQUIRED == (int)POL_REQUIRED &&
    (int)AST_REQUISITE == (int)POL_REQUISITE && (int)AST_SUFFICIENT == (int)POL_SUFFICIENT &&
    (int)AST_OPTIONAL == (int)POL_OPTIONAL && (int)AST_CONTROL__COUNT == (int)POL_CONTROL__COUNT, "words of control");
_Static_assert((int)AST_UNSCOPED_UNSAID == (int)POL_UNSCOPED_UNSAID && (int)AST_UNSCOPED_NONE == (int)POL_UNSCOPED_NONE &&
    (int)AST_UNSCOPED_FULL == (int)POL_UNSCOPED_FULL, "words of unscoped");

struct copying {
	const struct ast_set *set;
	struct pol_arena *arena;
	const char **files;		/* by number; NULL: not copied yet */
	bool failed;			/* memory was out */
};

static void *
take(struct copying *c, size_t n, size_t size)
{
	void *p = pol_arena_array(c->arena, n, size);

	c->failed = c->failed || p == NULL;
	return p;
}

static struct policy_text
text(struct copying *c, struct policy_text t)
{
	struct policy_text copy = { NULL, 0 };

	if (t.data == NULL)
		return copy;
	copy.data = pol_arena_copy(c->arena, t.data, t.len);
	c->failed = c->failed || copy.data == NULL;
	copy.len = copy.data != NULL ? t.len : 0;
	return copy;
}

/* NULL: not said, and absent. */
static struct policy_text
node(struct copying *c, const struct pol_node *n)
{
	const struct policy_text t = { n != NULL ? n->u.text : NULL, n != NULL ? n->count : 0 };

	return text(c, t);
}

static struct pol_place
place(struct copying *c, struct ast_place at)
{
	struct pol_place p = { NULL, at.line, at.column };

	if (c->files == NULL)
		c->files = take(c, c->set->n_files, sizeof(*c->files));
	if (c->files == NULL)
		return p;
	if (c->files[at.file] == NULL)
		c->files[at.file] = text(c, policy_text(c->set->files[at.file])).data;
	p.file = c->files[at.file];
	return p;
}

static const struct policy_text *
texts(struct copying *c, const struct ast_texts *from, uint32_t *n)
{
	struct policy_text *list;

	if (from->n == 0)
		return NULL;
	list = take(c, from->n, sizeof(*list));
	for (size_t i = 0; list != NULL && i < from->n; i++)
		list[i] = node(c, &from->list[i]);
	*n = list != NULL ? (uint32_t)from->n : 0;
	return list;
}

/* ---- with ---- */

/* Lists are of scalars, objects of texts: no deeper. */
static struct policy_value
value(struct copying *c, const struct policy_value *v)
{
	struct policy_value copy = *v, *items;
	struct policy_attr *members;

	if (v->type == POLICY_STRING)
		copy.u.text = text(c, v->u.text);
	if (v->type == POLICY_LIST) {
		copy.u.items = items = take(c, v->count, sizeof(*items));
		for (uint32_t i = 0; items != NULL && i < v->count; i++) {
			items[i] = v->u.items[i];
			if (items[i].type == POLICY_STRING)
				items[i].u.text = text(c, items[i].u.text);
		}
	}
	if (v->type == POLICY_OBJECT) {
		copy.u.members = members = take(c, v->count, sizeof(*members));
		for (uint32_t i = 0; members != NULL && i < v->count; i++) {
			members[i].name = text(c, v->u.members[i].name);
			members[i].value = v->u.members[i].value;
			members[i].value.u.text = text(c, members[i].value.u.text);
		}
	}
	return copy;
}

static void
copy_with(struct copying *c, struct pol_step_conf *to, const struct ast_step *from)
{
	struct pol_step_key *keys = take(c, from->n_with, sizeof(*keys));

	for (size_t i = 0; keys != NULL && i < from->n_with; i++) {
		keys[i].name = node(c, from->with[i].name);
		keys[i].value = value(c, &from->with[i].value);
		keys[i].at = place(c, ast_place_of(from->with[i].name));
	}
	to->with = keys;
	to->n_with = keys != NULL ? (uint32_t)from->n_with : 0;
}

/* ---- map ---- */

/* One row for each role of each value. */
static void
copy_map(struct copying *c, struct pol_step_conf *to, const struct ast_step *from)
{
	struct pol_step_map *rows;
	size_t n = 0, at = 0;

	for (size_t i = 0; i < from->n_map; i++)
		n += from->map[i].roles.n;
	rows = take(c, n, sizeof(*rows));
	for (size_t i = 0; rows != NULL && i < from->n_map; i++) {
		const struct ast_step_map *m = &from->map[i];
		const struct policy_text claim = node(c, m->claim), val = node(c, m->value);

		for (size_t j = 0; j < m->roles.n; j++)
			rows[at++] = (struct pol_step_map){ claim, val, node(c, m->groups[j]->name) };
	}
	to->map = rows;
	to->n_map = rows != NULL ? (uint32_t)n : 0;
}

/* ---- all ---- */

static void
copy_step(struct copying *c, struct pol_step_conf *to, const struct ast_step *from)
{
	to->use = node(c, from->use).data;
	to->name = node(c, from->name).data;
	to->at = place(c, from->place);
	to->control = (enum pol_control)from->control;
	to->for_kinds = texts(c, &from->for_kinds, &to->n_for);
	to->kinds = texts(c, &from->kinds, &to->n_kinds);
	to->subject_type = node(c, from->subject_type);
	to->subject_id = node(c, from->subject_id);
	to->shared = from->shared;
	to->cache_said = from->cache.source != NULL;
	to->cache_ns = from->cache.ns;
	to->unscoped = from->unscoped == AST_UNSCOPED_FULL ? POL_UNSCOPED_FULL :
	    from->unscoped == AST_UNSCOPED_NONE ? POL_UNSCOPED_NONE : POL_UNSCOPED_UNSAID;
	to->timeout_ns = from->timeout.ns;
	copy_with(c, to, from);
	copy_map(c, to, from);
}

int
pol_steps_conf(struct pol_stack_conf *out, const struct ast_set *set, struct policy_error *err)
{
	struct copying c = { .set = set, .arena = &out->arena };
	struct pol_step_conf *steps;

	pol_arena_init(&out->arena);
	steps = take(&c, set->steps.n, sizeof(*steps));
	for (size_t i = 0; !c.failed && i < set->steps.n; i++)
		copy_step(&c, &steps[i], set->steps.list[i]);
	out->steps = c.failed ? NULL : steps;
	out->n = c.failed ? 0 : (uint32_t)set->steps.n;
	if (!c.failed)
		return 0;
	pol_arena_fini(&out->arena);
	pol_arena_init(&out->arena);
	return pol_err_nomem(err);
}

int
pol_steps_store(struct pol_store_conf *out, struct pol_arena *arena, const struct ast_set *set,
    struct policy_error *err)
{
	struct copying c = { .set = set, .arena = arena };
	const struct ast_store *s = set->store;
	char module[sizeof("store_") + POL_STORE_SCHEME_MAX] = "store_";

	memset(out, 0, sizeof(*out));
	if (s == NULL)
		return 0;
	memcpy(module + strlen("store_"), s->url->u.text, s->scheme_len);
	out->url = node(&c, s->url).data;
	out->module = text(&c, policy_text(module)).data;
	out->stale_ns = s->stale.ns;
	out->at = place(&c, ast_place_of(s->at));
	if (!c.failed)
		return 0;
	memset(out, 0, sizeof(*out));
	return pol_err_nomem(err);
}

int
pol_steps_audit(struct pol_audit_conf *out, struct pol_place *at, struct pol_arena *arena,
    const struct ast_set *set, struct policy_error *err)
{
	struct copying c = { .set = set, .arena = arena };
	const struct ast_audit *a = set->audit;

	memset(out, 0, sizeof(*out));
	memset(at, 0, sizeof(*at));
	if (a == NULL)
		return 0;
	out->log.file = node(&c, a->file).data;
	out->log.head = node(&c, a->head).data;
	out->log.key = node(&c, a->key).data;
	out->log.syslog = a->syslog != NULL;
	out->log.facility = a->facility;
	out->deny_only = a->decisions == AST_AUDIT_DENY;
	out->must_ns = a->must.ns;
	*at = place(&c, ast_place_of(a->at));
	if (!c.failed)
		return 0;
	memset(out, 0, sizeof(*out));
	return pol_err_nomem(err);
}
