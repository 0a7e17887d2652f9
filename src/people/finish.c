/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes people of the facts gathered: numbers the holders, closes groups and
 * roles, sorts grants to their things, lays all out. Nothing here is looked at by
 * a decider until it is whole.
 */
#include <stdlib.h>

#include "people/builder.h"

static int
u64_order(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int
bgrant_order(const void *a, const void *b)
{
	const struct pol_bgrant *x = a, *y = b;

	if (x->on != y->on)
		return x->on < y->on ? -1 : 1;
	return pol_grant_order(&x->parts, &y->parts);
}

static void
sort(struct pol_vec *v, size_t size, int (*order)(const void *, const void *))
{
	if (v->n > 1)
		qsort(v->data, v->n, size, order);
}

static int
number_holders(struct pol_work *w)
{
	struct pol_bholder *h = w->b->holders.data;
	struct pol_people *view = &w->root->view;
	uint32_t groups = 0;

	if (w->b->holders.n >= POL_HOLDER_SUBJECT)
		return POLICY_ERR_LIMIT;
	for (size_t i = 0; i < w->b->holders.n; i++)
		view->n_groups += h[i].type.len != 0 && pol_bytes_equal(h[i].type.data, h[i].type.len, "group", 5);
	w->group_of = calloc(view->n_groups + 1u, sizeof(*w->group_of));
	if (w->group_of == NULL)
		return POLICY_ERR_NOMEM;
	for (size_t i = 0; i < w->b->holders.n; i++) {
		if (h[i].type.len == 0) {
			h[i].id = pol_bytes_equal(h[i].name.data, h[i].name.len, "everyone", 8) ?
			    POL_HOLDER_EVERYONE : POL_HOLDER_AUTHENTICATED;
		} else if (pol_bytes_equal(h[i].type.data, h[i].type.len, "group", 5)) {
			if (!h[i].known)	/* named as a member, never declared */
				return POLICY_ERR_ARG;
			w->group_of[groups] = (uint32_t)i;
			h[i].id = POL_HOLDER_GROUP + groups++;
		} else {
			h[i].id = POL_HOLDER_SUBJECT + (uint32_t)i;
			if (pol_bytes_equal(h[i].name.data, h[i].name.len, "*", 1))
				view->has_stars = 1;
		}
	}
	w->root->next_subject = POL_HOLDER_SUBJECT + (uint32_t)w->b->holders.n;
	return 0;
}

/* Rows of holders become their numbers. */
static void
number_grants(struct pol_work *w, struct pol_vec *v)
{
	const struct pol_bholder *h = w->b->holders.data;
	struct pol_bgrant *g = v->data;

	for (size_t i = 0; i < v->n; i++)
		g[i].parts.holder = h[g[i].parts.holder].id;
}

/* Where the pairs of each row begin in a sorted list of pairs. */
static size_t *
starts(const struct pol_vec *pairs, size_t rows)
{
	const uint64_t *p = pairs->data;
	size_t *start = malloc((rows + 1) * sizeof(*start)), at = 0;

	for (size_t i = 0; start != NULL && i <= rows; i++) {
		while (at < pairs->n && p[at] >> 32 < i)
			at++;
		start[i] = at;
	}
	return start;
}

static int
hash_order(const void *a, const void *b)
{
	const struct pol_record *x = *(const struct pol_record *const *)a;
	const struct pol_record *y = *(const struct pol_record *const *)b;

	return (x->hash > y->hash) - (x->hash < y->hash);
}

/* Records lie one behind the other in w->records: sorted, they become a dictionary. */
static int
make_dir(struct pol_work *w, size_t n, struct pol_dir *dir)
{
	const struct pol_record **sorted = malloc((n + 1) * sizeof(*sorted));
	size_t at = 0;
	int rc;

	if (sorted == NULL)
		return POLICY_ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		sorted[i] = (const struct pol_record *)(const void *)(w->records.data + at);
		at += sorted[i]->bytes;
	}
	if (n > 1)
		qsort(sorted, n, sizeof(*sorted), hash_order);
	rc = pol_table_build(dir, sorted, n, &w->root->bytes);
	free(sorted);
	w->records.len = 0;
	return rc;
}

static int
make_things(struct pol_work *w)
{
	const struct pol_bthing *t = w->b->things.data;
	const struct pol_bgrant *g = w->b->grants.data;
	struct pol_grant_parts *list = malloc((w->b->grants.n + 1) * sizeof(*list));
	size_t from = 0, at;
	int rc = list == NULL ? POLICY_ERR_NOMEM : 0;

	for (size_t i = 0; rc == 0 && i < w->b->grants.n; i++)
		list[i] = g[i].parts;
	for (size_t i = 0; rc == 0 && i < w->b->things.n; i++) {
		struct pol_thing_parts p;
		size_t to = from;

		while (to < w->b->grants.n && g[to].on == i)
			to++;
		memset(&p, 0, sizeof(p));
		p.hash = t[i].hash;
		p.type = t[i].type;
		p.id = t[i].id;
		p.grants = list + from;
		p.n_grants = to - from;
		p.attrs = t[i].attrs.data;
		p.attrs_bytes = t[i].attrs.bytes;
		p.n_attrs = t[i].attrs.n;
		p.parents = t[i].parents;
		p.parent_hashes = t[i].parent_hashes;
		p.n_parents = t[i].n_parents;
		p.has_parent = t[i].has_parent;
		p.inherit = t[i].inherit;
		rc = pol_record_thing(&w->records, &p, &at);
		from = to;
	}
	free(list);
	return rc != 0 ? rc : make_dir(w, w->b->things.n, &w->root->view.things);
}

/* The parts of v that are on type `on`, from a sorted list. */
static size_t
parts_on(const struct pol_vec *v, uint32_t on, size_t *from, struct pol_grant_parts *out)
{
	const struct pol_bgrant *g = v->data;
	size_t n = 0;

	while (*from < v->n && g[*from].on == on)
		out[n++] = g[(*from)++].parts;
	return n;
}

static int
make_type_grants(struct pol_work *w)
{
	struct pol_people *view = &w->root->view;
	size_t n = w->b->wide.n + w->b->globs.n + w->b->anywhere.n + 1, wide = 0, globs = 0, any = 0;
	struct pol_grant_parts *a = malloc(n * sizeof(*a)), *b = malloc(n * sizeof(*b));
	struct pol_type_grants **by_type = calloc(view->n_types + 1u, sizeof(*by_type)), *made = NULL;
	int rc = a == NULL || b == NULL || by_type == NULL ? POLICY_ERR_NOMEM : 0;

	view->by_type = (const struct pol_type_grants *const *)by_type;
	for (uint32_t t = 0; rc == 0 && t < view->n_types; t++) {
		size_t n_a = parts_on(&w->b->wide, t, &wide, a), n_b = parts_on(&w->b->globs, t, &globs, b);

		rc = pol_record_type_grants(&by_type[t], a, n_a, b, n_b);
		if (by_type[t] != NULL)
			w->root->bytes += by_type[t]->bytes;
	}
	if (rc == 0)
		rc = pol_record_type_grants(&made, a, parts_on(&w->b->anywhere, 0, &any, a), b, 0);
	view->anywhere = made;
	free(a);
	free(b);
	return rc;
}

/* Everyone's, or authenticated's: the text's section and what was granted. */
static int
make_role_list(struct pol_work *w, uint32_t id, struct pol_span text, struct pol_role_list *out)
{
	const struct pol_bholder *h = w->b->holders.data;
	uint32_t *ids;

	w->roles.len = 0;
	pol_buf_append(&w->roles, POL_AT(w->b->program, text.off), text.n * sizeof(uint32_t));
	for (size_t i = 0; i < w->b->holders.n; i++) {
		if (h[i].type.len == 0 && h[i].id == id)
			pol_work_add_roles(w, i);
	}
	ids = malloc(w->roles.len + sizeof(*ids));
	if (w->roles.failed || ids == NULL) {
		free(ids);
		return POLICY_ERR_NOMEM;
	}
	memcpy(ids, w->roles.len != 0 ? w->roles.data : "", w->roles.len);
	out->ids = ids;
	out->n = (uint32_t)pol_u32_unique(ids, w->roles.len / sizeof(uint32_t));
	for (uint32_t i = 0; i < out->n; i++)
		out->sig |= (uint64_t)1 << (ids[i] & 63);
	return 0;
}

static int
make_group_names(struct pol_work *w)
{
	const struct pol_bholder *h = w->b->holders.data;
	struct pol_people *view = &w->root->view;
	size_t bytes = (view->n_groups + 1u) * sizeof(struct pol_text_ref);
	struct pol_text_ref *names;
	char *text;

	for (uint32_t g = 0; g < view->n_groups; g++)
		bytes += h[w->group_of[g]].name.len + 1;
	names = calloc(1, bytes);
	if (names == NULL)
		return POLICY_ERR_NOMEM;
	text = (char *)(names + view->n_groups);
	for (uint32_t g = 0; g < view->n_groups; g++) {
		const struct policy_text *name = &h[w->group_of[g]].name;

		names[g].data = memcpy(text, name->data, name->len);
		names[g].len = (uint32_t)name->len;
		text += name->len + 1;
	}
	view->group_names = names;
	w->root->bytes += bytes;
	return 0;
}

static int
make(struct pol_work *w)
{
	struct pol_builder *b = w->b;
	size_t n = 0;
	int rc = number_holders(w);

	if (rc != 0)
		return rc;
	number_grants(w, &b->grants);
	number_grants(w, &b->anywhere);
	number_grants(w, &b->wide);
	number_grants(w, &b->globs);
	sort(&b->members, sizeof(uint64_t), u64_order);
	sort(&b->own, sizeof(uint64_t), u64_order);
	sort(&b->timed, sizeof(struct pol_bgrant), bgrant_order);
	sort(&b->grants, sizeof(struct pol_bgrant), bgrant_order);
	sort(&b->wide, sizeof(struct pol_bgrant), bgrant_order);
	sort(&b->globs, sizeof(struct pol_bgrant), bgrant_order);
	w->member_start = starts(&b->members, b->holders.n);
	w->own_start = starts(&b->own, b->holders.n);
	w->stamp = calloc(b->holders.n + 1, sizeof(*w->stamp));
	w->queue = calloc(b->holders.n + 1, sizeof(*w->queue));
	if (w->member_start == NULL || w->own_start == NULL || w->stamp == NULL || w->queue == NULL)
		return POLICY_ERR_NOMEM;
	rc = make_role_list(w, POL_HOLDER_EVERYONE, b->program->everyone, &w->root->view.everyone);
	if (rc == 0)
		rc = make_role_list(w, POL_HOLDER_AUTHENTICATED, b->program->authenticated, &w->root->view.authenticated);
	if (rc == 0)
		rc = pol_work_holders(w, &n);
	if (rc == 0)
		rc = make_dir(w, n, &w->root->view.holders);
	if (rc == 0)
		rc = make_things(w);
	if (rc == 0)
		rc = make_type_grants(w);
	return rc != 0 ? rc : make_group_names(w);
}

int
pol_builder_finish(struct pol_builder *b, struct pol_people_root **out)
{
	struct pol_work w;
	int rc;

	*out = NULL;
	memset(&w, 0, sizeof(w));
	w.b = b;
	w.root = calloc(1, sizeof(*w.root));
	if (w.root == NULL)
		return POLICY_ERR_NOMEM;
	w.root->view.version = 1;
	w.root->view.seed = b->program->seed;
	w.root->view.n_types = b->program->types.n;
	w.root->view.has_windows = b->has_windows;
	rc = make(&w);
	free(w.group_of);
	free(w.member_start);
	free(w.own_start);
	free(w.stamp);
	free(w.queue);
	pol_buf_fini(&w.records);
	pol_buf_fini(&w.closure);
	pol_buf_fini(&w.roles);
	pol_buf_fini(&w.timed_rows);
	if (rc != 0) {
		pol_people_free(w.root);
		return rc;
	}
	*out = w.root;
	return 0;
}

const struct pol_people *
pol_people_view(const struct pol_people_root *root)
{
	return &root->view;
}

uint64_t
pol_people_bytes(const struct pol_people_root *root)
{
	return root->bytes;
}

static void
drop(const void *p)
{
	free((void *)(uintptr_t)p);
}

void
pol_people_free(struct pol_people_root *root)
{
	struct pol_people *view;

	if (root == NULL)
		return;
	view = &root->view;
	pol_table_free(&view->holders);
	pol_table_free(&view->things);
	for (uint32_t t = 0; view->by_type != NULL && t < view->n_types; t++)
		drop(view->by_type[t]);
	drop(view->by_type);
	drop(view->anywhere);
	drop(view->everyone.ids);
	drop(view->authenticated.ids);
	drop(view->group_names);
	free(root->garbage);
	free(root);
}
