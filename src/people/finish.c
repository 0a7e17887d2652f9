/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes people of the facts gathered: numbers the holders, closes groups and
 * roles, sorts grants to their things, lays all out. Nothing here is looked at by
 * a decider until it is whole.
 */
#include "people/builder.h"

static int
rows_make(struct pol_lists *out, size_t rows, const struct pol_vec *pairs)
{
	const struct pol_pair *p = pairs->data;
	uint32_t at = 0;

	out->start = calloc(rows + 2, sizeof(*out->start));
	out->item = malloc((pairs->n + 1) * sizeof(*out->item));
	if (out->start == NULL || out->item == NULL)
		return POLICY_ERR_NOMEM;
	for (size_t i = 0; i < pairs->n; i++)
		out->start[p[i].row + 2]++;
	for (size_t i = 0; i < rows + 2; i++)	/* each begins where the one before it ends */
		out->start[i] = at += out->start[i];
	for (size_t i = 0; i < pairs->n; i++)
		out->item[out->start[p[i].row + 1]++] = p[i].item;
	return 0;
}

static void
rows_free(struct pol_lists *r)
{
	free(r->start);
	free(r->item);
	memset(r, 0, sizeof(*r));
}

/* Groups that were granted something come first. */
static int
number_groups(struct pol_work *w)
{
	const struct pol_bholder *h = w->b->holders.data;
	uint32_t n = w->b->n_groups, next[2] = { 0, 0 };

	w->group_number = calloc(n + 1u, sizeof(*w->group_number));
	w->group_row = calloc(n + 1u, sizeof(*w->group_row));
	if (w->group_number == NULL || w->group_row == NULL)
		return POLICY_ERR_NOMEM;
	for (size_t i = 0; i < w->b->holders.n; i++) {
		if (h[i].id < POL_HOLDER_GROUP || h[i].id >= POL_HOLDER_SUBJECT) {
			if (h[i].type_len != 0 && pol_bytes_equal(h[i].name, h[i].name_len, "*", 1))
				w->root->view.has_stars = 1;
			continue;
		}
		if (!h[i].known)	/* named as a member, never declared */
			return POLICY_ERR_ARG;
		next[1] += h[i].granted;
	}
	w->n_granted = next[1];
	for (size_t i = 0; i < w->b->holders.n; i++) {
		uint32_t number;

		if (h[i].id < POL_HOLDER_GROUP || h[i].id >= POL_HOLDER_SUBJECT)
			continue;
		number = next[!h[i].granted]++;
		w->group_number[h[i].id - POL_HOLDER_GROUP] = number;
		w->group_row[number] = (uint32_t)i;
	}
	w->root->view.n_groups = n;
	w->root->next_subject = POL_HOLDER_SUBJECT + (uint32_t)w->b->holders.n;
	return 0;
}

/* Those of row r, in order; *n of them, for the caller to free. */
static struct pol_grant_parts *
parts_of(const struct pol_work *w, const struct pol_lists *rows, size_t r, size_t *n)
{
	const struct pol_bgrant *g = w->b->others.data;
	struct pol_grant_parts *list;

	*n = rows->start[r + 1] - rows->start[r];
	list = malloc((*n + 1) * sizeof(*list));
	for (size_t i = 0; list != NULL && i < *n; i++) {
		const struct pol_bgrant *x = &g[rows->item[rows->start[r] + i]];

		list[i] = pol_work_parts(w, x->holder, x->role, x->window);
		list[i].glob = (struct policy_text){ x->text, x->len };
	}
	if (list != NULL && pol_parts_sort(list, *n) != 0) {
		free(list);
		return NULL;
	}
	return list;
}

static int
block(struct pol_work *w, const struct pol_lists *wide, const struct pol_lists *globs, size_t r,
    const struct pol_type_grants **out)
{
	struct pol_grant_parts *a, *b = NULL;
	struct pol_type_grants *made = NULL;
	size_t n_a, n_b = 0;
	int rc = 0;

	a = parts_of(w, wide, r, &n_a);
	if (globs != NULL)
		b = parts_of(w, globs, r, &n_b);
	if (a == NULL || (globs != NULL && b == NULL))
		rc = POLICY_ERR_NOMEM;
	if (rc == 0)
		rc = pol_record_type_grants(&made, a, n_a, b, n_b);
	if (made != NULL)
		w->root->bytes += made->bytes;
	*out = made;
	free(a);
	free(b);
	return rc;
}

static int
make_type_grants(struct pol_work *w)
{
	struct pol_people *view = &w->root->view;
	const struct pol_type_grants **by_type = calloc(view->n_types + 1u, sizeof(*by_type));
	struct pol_lists wide = { NULL, NULL }, globs = { NULL, NULL }, anywhere = { NULL, NULL };
	int rc = by_type == NULL ? POLICY_ERR_NOMEM : 0;

	view->by_type = by_type;
	if (rc == 0)
		rc = rows_make(&wide, view->n_types, &w->b->wide);
	if (rc == 0)
		rc = rows_make(&globs, view->n_types, &w->b->globs);
	if (rc == 0)
		rc = rows_make(&anywhere, 1, &w->b->anywhere);
	for (uint32_t t = 0; rc == 0 && t < view->n_types; t++)
		rc = block(w, &wide, &globs, t, &by_type[t]);
	if (rc == 0)
		rc = block(w, &anywhere, NULL, 0, &view->anywhere);
	rows_free(&wide);
	rows_free(&globs);
	rows_free(&anywhere);
	return rc;
}

/* Everyone's, or authenticated's: the text's section and what was granted. */
static int
make_role_list(struct pol_work *w, uint32_t id, struct pol_span text, struct pol_role_list *out)
{
	const struct pol_bholder *h = w->b->holders.data;
	const uint32_t *said = POL_AT(w->b->program, text.off);
	uint32_t *ids, n = text.n;

	for (size_t i = 0; i < w->b->holders.n; i++) {
		if (h[i].id == id)
			pol_work_add_roles(w, i);
	}
	ids = malloc((n + w->roles.n + 1) * sizeof(*ids));
	if (ids == NULL)
		return POLICY_ERR_NOMEM;
	memcpy(ids, said, n * sizeof(*ids));
	memcpy(ids + n, w->roles.list, w->roles.n * sizeof(*ids));
	out->ids = ids;
	out->n = (uint32_t)pol_u32_unique(ids, n + w->roles.n);
	for (uint32_t i = 0; i < out->n; i++)
		out->sig |= (uint64_t)1 << (ids[i] & 63);
	pol_set_clear(&w->roles);
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
		bytes += h[w->group_row[g]].name_len + 1u;
	names = calloc(1, bytes);
	if (names == NULL)
		return POLICY_ERR_NOMEM;
	text = (char *)(names + view->n_groups);
	for (uint32_t g = 0; g < view->n_groups; g++) {
		const struct pol_bholder *x = &h[w->group_row[g]];

		names[g].data = memcpy(text, x->name_len == 0 ? "" : x->name, x->name_len);
		names[g].len = x->name_len;
		text += x->name_len + 1u;
	}
	view->group_names = names;
	w->root->bytes += bytes;
	return 0;
}

static int
make_holders(struct pol_work *w)
{
	struct pol_builder *b = w->b;
	struct pol_people *view = &w->root->view;
	const struct pol_bholder *h = b->holders.data;
	size_t rows = b->holders.n;
	int rc = rows_make(&w->members, rows, &b->members);

	for (size_t i = 0; rc == 0 && i < b->members.n; i++)	/* rows of groups to their numbers */
		w->members.item[i] = w->group_number[h[w->members.item[i]].id - POL_HOLDER_GROUP];
	if (rc == 0)
		rc = rows_make(&w->own, rows, &b->own);
	if (rc == 0)
		rc = rows_make(&w->timed, rows, &b->timed);
	pol_vec_fini(&b->members);
	pol_vec_fini(&b->own);
	pol_vec_fini(&b->timed);
	if (rc == 0)
		rc = pol_set_init(&w->groups, b->n_groups);
	if (rc == 0)
		rc = pol_set_init(&w->roles, b->program->roles.n);
	if (rc == 0)
		rc = make_role_list(w, POL_HOLDER_EVERYONE, b->program->everyone, &view->everyone);
	if (rc == 0)
		rc = make_role_list(w, POL_HOLDER_AUTHENTICATED, b->program->authenticated, &view->authenticated);
	return rc != 0 ? rc : pol_work_holders(w);
}

static void
fini(struct pol_work *w)
{
	free(w->group_number);
	free(w->group_row);
	rows_free(&w->members);
	rows_free(&w->own);
	rows_free(&w->timed);
	pol_set_fini(&w->groups);
	pol_set_fini(&w->roles);
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
	rc = pol_builder_adopt(b);
	w.root->view.has_windows = b->windows.n != 0;
	free(b->index.table);
	memset(&b->index, 0, sizeof(b->index));
	if (rc == 0)
		rc = number_groups(&w);
	if (rc == 0)
		rc = make_holders(&w);
	if (rc == 0)
		rc = make_group_names(&w);
	if (rc == 0)
		rc = pol_work_things(&w);
	if (rc == 0)
		rc = make_type_grants(&w);
	if (rc == 0)
		rc = pol_work_facts(&w);
	fini(&w);
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
	pol_table_free(&view->facts);
	pol_table_free_slabs(root->slabs);
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
