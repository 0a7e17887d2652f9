/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a path through the machine to those routes whose path it is, and among them to
 * the first whose method and parameters are those of the request.
 */
#include "core/route.h"

#include "base/member.h"
#include "base/name.h"

#define ROWS(p, span, type) ((const type *)POL_AT(p, (p)->span.off))
#define PART(p, span, type) ((const type *)POL_AT(p, (span).off))

static struct policy_text
text_at(const struct pol_program *p, struct pol_str s)
{
	return (struct policy_text){ pol_str_at(p, s), s.len };
}

static uint32_t
find_set(const struct pol_program *p, struct policy_text name)
{
	const struct pol_route_set *rows = ROWS(p, route_sets, struct pol_route_set);
	uint32_t low = 0, high = p->route_sets.n;

	while (low < high) {
		const uint32_t mid = low + (high - low) / 2;
		const int order = pol_bytes_cmp(pol_str_at(p, rows[mid].name), rows[mid].name.len, name.data, name.len);

		if (order == 0)
			return rows[mid].start;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return POL_NONE;
}

/* A text that stands as a segment in some route. */
static uint32_t
find_word(const struct pol_program *p, const char *s, size_t len)
{
	const struct pol_str *rows = ROWS(p, route_words, struct pol_str);
	uint32_t low = 0, high = p->route_words.n;

	while (low < high) {
		const uint32_t mid = low + (high - low) / 2;
		const int order = pol_bytes_cmp(pol_str_at(p, rows[mid]), rows[mid].len, s, len);

		if (order == 0)
			return mid;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return POL_NONE;
}

static uint32_t
step(const struct pol_program *p, const struct pol_route_state *state, const struct pol_target *t, uint32_t i)
{
	const struct pol_route_edge *edges = ROWS(p, route_edges, struct pol_route_edge) + state->edges;
	const struct pol_segment *g = &t->segment[i];
	const uint32_t word = g->slash ? POL_NONE : find_word(p, t->path + g->off, g->len);
	uint32_t low = 0, high = state->n_edges;

	while (word != POL_NONE && low < high) {
		const uint32_t mid = low + (high - low) / 2;

		if (edges[mid].word == word)
			return edges[mid].state;
		if (edges[mid].word < word)
			low = mid + 1;
		else
			high = mid;
	}
	return g->len == 0 ? POL_NONE : g->slash ? state->slash : state->plain;
}

/* ---- among those of one path ---- */

static bool
is_method(const struct pol_program *p, const struct pol_route *r, struct policy_text method)
{
	if (r->method.len == 0)
		return !pol_bytes_equal(method.data, method.len, "OPTIONS", 7);
	return pol_bytes_equal(pol_str_at(p, r->method), r->method.len, method.data, method.len);
}

/* The one value of a parameter; absent: it is not there. False: it is there twice. */
static bool
find_param(struct policy_text *out, const struct pol_params *params, struct policy_text key)
{
	*out = policy_text(NULL);
	for (uint32_t i = 0; i < params->n; i++) {
		if (!pol_bytes_equal(params->list[i].key.data, params->list[i].key.len, key.data, key.len))
			continue;
		if (out->data != NULL)
			return false;
		*out = params->list[i].value;
	}
	return true;
}

/* Are the parameters those that r wants? A variable of no bytes is none. */
static int
match_params(bool *is_so, struct pol_routed *out, const struct pol_program *p, const struct pol_route *r)
{
	const struct pol_route_param *rows = PART(p, r->params, struct pol_route_param);

	*is_so = true;
	for (uint32_t i = 0; i < r->params.n; i++) {
		struct policy_text found;

		if (!find_param(&found, &out->params, text_at(p, rows[i].key)))
			return POLICY_ERR_ARG;
		if (rows[i].var == POL_NONE)
			*is_so &= found.data != NULL &&
			    pol_bytes_equal(found.data, found.len, pol_str_at(p, rows[i].value), rows[i].value.len);
		else
			*is_so &= found.len != 0;
		if (rows[i].var != POL_NONE)
			out->vars[rows[i].var] = found;
	}
	return 0;
}

static int
choose(struct pol_routed *out, const struct pol_program *p, const struct pol_route_state *state, const struct pol_target *t)
{
	const uint32_t *list = ROWS(p, route_candidates, uint32_t) + state->candidates;
	bool is_read = false, is_so;
	int rc;

	for (uint32_t i = 0; i < state->n_candidates; i++) {
		const struct pol_route *r = ROWS(p, routes, struct pol_route) + list[i];

		if (!is_method(p, r, t->method))
			continue;
		if (r->params.n != 0 && !is_read) {
			rc = pol_target_params(&out->params, t->query);
			if (rc != 0)
				return rc;
			is_read = true;
		}
		rc = match_params(&is_so, out, p, r);
		if (rc != 0)
			return rc;
		if (is_so) {
			out->route = r;
			return 0;
		}
	}
	return 0;
}

/* ---- what it stands for ---- */

/* Parameters were bound when they were matched. */
static int
bind(struct pol_routed *out, const struct pol_program *p, const struct pol_target *t, struct policy_text body)
{
	const struct pol_route_var *vars = PART(p, out->route->vars, struct pol_route_var);
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < out->route->vars.n; i++) {
		const struct pol_segment *g = &t->segment[vars[i].at], *last = &t->segment[t->n - 1];

		if (vars[i].from == POL_ROUTE_SEGMENT)
			out->vars[i] = (struct policy_text){ t->path + g->off, g->len };
		else if (vars[i].from == POL_ROUTE_REST)
			out->vars[i] = (struct policy_text){ t->path + g->off, last->off + last->len - g->off };
		else if (vars[i].from == POL_ROUTE_BODY && body.len > POL_ROUTE_BODY_MAX)
			rc = POLICY_ERR_LIMIT;
		else if (vars[i].from == POL_ROUTE_BODY)
			rc = pol_member_find(&out->vars[i], out->body, sizeof(out->body), body, text_at(p, out->route->body));
		if (rc == 0 && out->vars[i].len == 0)
			rc = POLICY_ERR_ARG;
	}
	return rc;
}

static int
build_id(struct pol_routed *out, const struct pol_program *p)
{
	const struct pol_route_piece *pieces = PART(p, out->route->pieces, struct pol_route_piece);
	size_t at = 0;

	for (uint32_t i = 0; i < out->route->pieces.n; i++) {
		const struct policy_text t = pieces[i].var != POL_NONE ? out->vars[pieces[i].var] : text_at(p, pieces[i].text);

		if (t.len > sizeof(out->room) - at)
			return POLICY_ERR_LIMIT;
		memcpy(out->room + at, t.data, t.len);
		at += t.len;
	}
	out->id = (struct policy_text){ out->room, at };
	return 0;
}

static struct policy_value
value_of(const struct pol_routed *out, const struct pol_program *p, const struct pol_route_attr *a)
{
	struct policy_value v = { .type = a->value.type };

	if (a->var != POL_NONE) {
		v.type = POLICY_STRING;
		v.u.text = out->vars[a->var];
	} else if (v.type == POLICY_STRING) {
		v.u.text = (struct policy_text){ POL_AT(p, a->value.u.off), a->value.n };
	} else if (v.type == POLICY_INT) {
		v.u.integer = a->value.u.i;
	} else if (v.type == POLICY_DOUBLE) {
		v.u.real = a->value.u.d;
	} else {
		v.u.boolean = a->value.u.i != 0;
	}
	return v;
}

static void
build_attrs(struct policy_attrs *attrs, struct policy_attr *list, const struct pol_routed *out,
    const struct pol_program *p, struct pol_span span)
{
	const struct pol_route_attr *rows = PART(p, span, struct pol_route_attr);

	for (uint32_t i = 0; i < span.n; i++)
		list[i] = (struct policy_attr){ text_at(p, rows[i].name), value_of(out, p, &rows[i]) };
	*attrs = (struct policy_attrs){ list, span.n };
}

static int
build(struct pol_routed *out, const struct pol_program *p, const struct pol_target *t, struct policy_text body)
{
	const struct pol_route *r = out->route;
	int rc = bind(out, p, t, body);

	if (rc != 0)
		return rc;
	if (r->action.len != 0)
		out->action = text_at(p, r->action);
	build_attrs(&out->context, out->context_list, out, p, r->context);
	if (r->type.len == 0)
		return 0;
	out->type = text_at(p, r->type);
	build_attrs(&out->resource, out->resource_list, out, p, r->resource);
	return build_id(out, p);
}

int
pol_route_find(struct pol_routed *out, const struct pol_program *p, struct policy_text set,
    const struct pol_target *t, struct policy_text body)
{
	uint32_t at = find_set(p, set);
	int rc;

	out->route = NULL;
	out->action = out->type = out->id = policy_text(NULL);
	out->resource = out->context = (struct policy_attrs){ NULL, 0 };
	for (uint32_t i = 0; i < t->n && at != POL_NONE; i++)
		at = step(p, ROWS(p, route_states, struct pol_route_state) + at, t, i);
	if (at == POL_NONE)
		return 0;
	rc = choose(out, p, ROWS(p, route_states, struct pol_route_state) + at, t);
	if (rc == 0 && out->route != NULL)
		rc = build(out, p, t, body);
	if (rc != 0)
		out->route = NULL;
	return rc;
}

/* ---- as the caller reads it ---- */

static uint32_t
put(char *dst, size_t room, struct policy_text t)
{
	if (t.data == NULL || t.len >= room)
		return 0;
	memcpy(dst, t.data, t.len);
	return (uint32_t)t.len;
}

void
pol_route_tell(struct policy_routed *out, const struct pol_program *p, const struct pol_routed *found)
{
	const struct pol_str *file;

	memset(out, 0, sizeof(*out));
	out->size = sizeof(*out);
	if (found->route == NULL)
		return;
	file = (const struct pol_str *)POL_AT(p, p->files.off) + found->route->file;
	out->found = 1;
	out->is_public = found->route->is_public;
	out->line = found->route->line;
	out->action_len = put(out->action, sizeof(out->action), found->action);
	out->resource_type_len = put(out->resource_type, sizeof(out->resource_type), found->type);
	out->resource_id_len = put(out->resource_id, sizeof(out->resource_id), found->id);
	out->file_len = put(out->file, sizeof(out->file), (struct policy_text){ pol_str_at(p, *file), file->len });
}
