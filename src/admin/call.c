/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call is judged on what the store had told by then, and written only if nothing is
 * newer; else all of it is done again. Decisions are asked for outside of a snapshot: the
 * host's clock is read for them.
 */
#include "admin/call.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TRIES 64			/* others may write all the time, but not for ever between us */

int
pol_call_fail(const struct pol_call *c, int code, const char *fmt, ...)
{
	struct policy_error *err = c->a->err;
	char text[sizeof(err->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err->code = 0;
	return pol_err_set(err, code, NULL, 0, 0, "%s", text);
}

int
pol_call_nomem(const struct pol_call *c)
{
	return pol_call_fail(c, POLICY_ERR_NOMEM, "out of memory");
}

int
pol_call_hold(struct pol_call *c)
{
	c->e = c->a->env->enter(c->a->env->ctx);
	return c->e != NULL ? 0 : pol_call_fail(c, POLICY_ERR_UNSUPPORTED, "the policy engine is switched off: nothing can be decided");
}

void
pol_call_release(struct pol_call *c)
{
	c->e = NULL;
	c->a->env->leave(c->a->env->ctx);
}

/* ---- who calls ---- */

static bool
has_ceiling(const struct pol_program *p, struct policy_text kind)
{
	const uint32_t n = pol_find_kind(p, kind.data, kind.len);
	const struct pol_kind *k;

	if (n == POL_NONE)
		return p->has_credentials != 0;		/* it opens nothing: nothing to give */
	k = (const struct pol_kind *)POL_AT(p, p->kinds.off) + n;
	return k->has_ceiling != 0 || k->cond.n != 0;
}

static int
know_caller(struct pol_call *c)
{
	const struct pol_caller *by = c->a->caller;
	int rc;

	if (by == NULL)
		return 0;
	rc = pol_call_hold(c);
	if (rc != 0)
		return rc;
	c->has_self = pol_fact_user(c->e->people, by->type, by->id, &c->self) &&
	    pol_fact_standing(c->e->people, &c->self) == POL_STANDING_GOOD;
	c->has_token = by->token_id.len > 0 && pol_fact_find(c->e->people, POLICY_ROW_TOKEN, by->token_id, &c->token);
	c->limited = by->scoped || by->several || (c->has_token && (c->token.flags & POLICY_ROW_ACTOR) != 0);
	for (size_t i = 0; i < by->n_kinds; i++)
		c->limited = c->limited || has_ceiling(c->e->program, by->kinds[i]);
	if (c->has_self)
		rc = pol_call_keep(c, &c->self);
	if (rc == 0 && c->has_token)
		rc = pol_call_keep(c, &c->token);
	pol_call_release(c);
	if (rc == 0 && c->has_token && (c->token.flags & POLICY_ROW_GONE) != 0)
		return pol_call_fail(c, POLICY_ERR_DENIED, "the token that the call is made with is revoked");
	return rc != 0 ? pol_call_nomem(c) : 0;
}

/* ---- tries ---- */

static int
try_once(struct pol_call *c, pol_call_fn *judge, pol_call_fn *done, void *op)
{
	const struct pol_admin_env *env = c->a->env;
	uint64_t seen = 0;
	int rc = env->sync(env->ctx, &seen, c->a->err);

	c->now = env->now(env->ctx);
	if (rc == 0)
		rc = know_caller(c);
	if (rc == 0)
		rc = judge(c, op);
	if (rc == 0 && c->n_rows > 0)
		rc = env->write(env->ctx, c->rows, c->n_rows, seen, c->a->err);
	if (rc == 0 && done != NULL)
		rc = done(c, op);
	return rc;
}

int
pol_call_run(const struct pol_admin *a, pol_call_fn *judge, pol_call_fn *done, void *op)
{
	struct pol_call c;
	int rc = POLICY_ERR_AGAIN;

	for (int i = 0; i < TRIES && rc == POLICY_ERR_AGAIN; i++) {
		memset(&c, 0, sizeof(c));
		c.a = a;
		pol_arena_init(&c.arena);
		a->err->code = 0;
		a->err->text[0] = '\0';
		rc = try_once(&c, judge, done, op);
		pol_arena_fini(&c.arena);
	}
	if (rc != POLICY_ERR_AGAIN)
		return rc;
	return pol_call_fail(&c, POLICY_ERR_UNAVAILABLE, "others write to the store without a pause: nothing was changed, try again");
}

/* ---- rows and texts ---- */

struct policy_text
pol_call_text(struct pol_call *c, struct policy_text t)
{
	if (t.data != NULL)
		t.data = pol_arena_copy(&c->arena, t.data, t.len);
	return t;
}

int
pol_call_keep(struct pol_call *c, struct policy_row *row)
{
	struct policy_text *texts[] = { &row->source, &row->id, &row->type, &row->name, &row->owner, &row->org, &row->by,
	    &row->secret, &row->resource, &row->list, &row->attributes };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i]->data == NULL)
			continue;
		*texts[i] = pol_call_text(c, *texts[i]);
		if (texts[i]->data == NULL)
			return POLICY_ERR_NOMEM;
	}
	return 0;
}

struct policy_row *
pol_call_row(struct pol_call *c, uint32_t kind, const struct policy_row *from)
{
	struct policy_row *row;

	if (c->n_rows == c->room) {
		const size_t room = c->room == 0 ? 8 : 2 * c->room;
		struct policy_row *rows = pol_arena_array(&c->arena, room, sizeof(*rows));

		if (rows == NULL)
			return NULL;
		if (c->n_rows > 0)
			memcpy(rows, c->rows, c->n_rows * sizeof(*rows));
		c->rows = rows;
		c->room = room;
	}
	row = &c->rows[c->n_rows++];
	if (from != NULL)
		*row = *from;
	row->size = sizeof(*row);
	row->kind = kind;
	return row;
}

struct policy_text
pol_call_join(struct pol_call *c, const struct policy_text *list, size_t n)
{
	struct policy_text t = { NULL, 0 };
	size_t len = 0;
	char *s;

	for (size_t i = 0; i < n; i++)
		len += list[i].len + 1;
	s = pol_arena_alloc(&c->arena, len + 1);
	for (size_t i = 0, at = 0; s != NULL && i < n; i++) {
		memcpy(s + at, list[i].data, list[i].len);
		at += list[i].len;
		s[at++] = ' ';
	}
	t.data = s;
	t.len = s != NULL && len > 0 ? len - 1 : 0;
	return t;
}

struct policy_text *
pol_call_split(struct pol_call *c, struct policy_text list, size_t *n)
{
	struct policy_text *out;
	size_t most = 1;

	*n = 0;
	for (size_t i = 0; i < list.len; i++)
		most += list.data[i] == ' ';
	out = pol_arena_array(&c->arena, most, sizeof(*out));
	for (size_t i = 0, from = 0; out != NULL && i <= list.len && list.len > 0; i++) {
		if (i < list.len && list.data[i] != ' ')
			continue;
		if (i > from)
			out[(*n)++] = (struct policy_text){ list.data + from, i - from };
		from = i + 1;
	}
	return out;
}
