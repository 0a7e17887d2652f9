/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of a store, built: when all is there, users become holders and grants are handed to
 * the builder as a text's are. Whom the text named by then is not theirs.
 */
#include "people/builder.h"

/* ---- taken ---- */

static int
take(struct pol_builder *b, const struct pol_fact *f)
{
	struct pol_bfact row = { f, 0, 0, 0 };

	return f->kind == POLICY_ROW_REVOCATION ? 0 : pol_vec_push(&b->facts, &row, sizeof(row));
}

int
pol_builder_rows(struct pol_builder *b, const struct pol_rows *rows)
{
	int rc = pol_vec_grow(&b->facts, b->facts.n + rows->n, sizeof(struct pol_bfact));

	for (size_t i = 0; rc == 0 && i < rows->n; i++)
		rc = take(b, rows->list[i]);
	return rc;
}

struct again {
	struct pol_builder *b;
	int64_t ended_ns;
};

static int
take_again(void *ctx, const struct pol_fact *f)
{
	const struct again *a = ctx;
	int64_t until;

	if (f->kind == POLICY_ROW_TOKEN && (f->has & POL_FACT_UNTIL) != 0) {
		memcpy(&until, f->rest, sizeof(until));
		if (until < a->ended_ns)
			return 0;
	}
	return take(a->b, f);
}

int
pol_builder_rows_of(struct pol_builder *b, const struct pol_people *w, int64_t ended_ns)
{
	struct again a = { b, ended_ns };
	int rc = pol_vec_grow(&b->facts, b->facts.n + w->n_facts, sizeof(struct pol_bfact));

	return rc != 0 ? rc : pol_facts_each(w, take_again, &a);
}

void
pol_builder_warn(struct pol_builder *b, pol_rows_warn *warn, void *ctx)
{
	b->warn = warn;
	b->warn_ctx = ctx;
}

/* ---- sorted ---- */

static bool
same_row(const struct pol_fact *x, const struct pol_fact *y)
{
	struct policy_text a = pol_fact_text(x, POL_TEXT_ID), b = pol_fact_text(y, POL_TEXT_ID);

	return x->kind == y->kind && pol_bytes_equal(a.data, a.len, b.data, b.len);
}

/* By hash; of those that have one kind and id the last remains. */
static int
order_facts(struct pol_builder *b, struct pol_sort_key *keys)
{
	struct pol_bfact *f = FACTS(b);
	int rc;

	for (size_t i = 0; i < b->facts.n; i++) {
		f[i].hash = pol_fact_hash(b->program->seed, f[i].rec->kind, pol_fact_text(f[i].rec, POL_TEXT_ID));
		keys[i] = (struct pol_sort_key){ f[i].hash, (uint32_t)i, 0 };
	}
	rc = pol_keys_sort(keys, b->facts.n);
	for (size_t i = 0; rc == 0 && i < b->facts.n; i++) {
		for (size_t k = i + 1; k < b->facts.n && keys[k].key == keys[i].key; k++) {
			if (same_row(f[keys[i].row].rec, f[keys[k].row].rec)) {
				f[keys[i].row].rec = NULL;
				break;
			}
		}
	}
	return rc;
}

int
pol_builder_link(struct pol_builder *b, uint32_t kind, uint64_t hash, uint64_t to)
{
	struct pol_link l = { hash, sizeof(l), (uint8_t)kind, 0, 0, to };

	return pol_vec_push(&b->links, &l, sizeof(l));
}

/* ---- users ---- */

/* Whose name a holder's row is: rows of facts + 1, from the first row that no text made. */
static int
choose(struct pol_builder *b, size_t first, struct pol_vec *chosen)
{
	struct pol_bfact *f = FACTS(b);
	uint32_t row, none = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < b->facts.n; i++) {
		struct pol_who who;
		const char *why;
		uint32_t *at;

		if (f[i].rec == NULL || f[i].rec->kind != POLICY_ROW_USER)
			continue;
		who = pol_adopt_who(f[i].rec);
		rc = pol_builder_link(b, POL_LINK_NAME, pol_link_name_hash(b->program->seed, &who), f[i].hash);
		why = pol_adopt_user(f[i].rec);
		if (rc == 0 && why == NULL)
			rc = pol_holder_row(b, &who, pol_who_hash(b->program->seed, &who), false, &row);
		if (rc == 0 && why == NULL && row < first)
			why = "a file names it";
		pol_adopt_warn((f[i].rec->flags & POLICY_ROW_GONE) == 0 ? b->warn : NULL, b->warn_ctx, f[i].rec, why);
		if (rc != 0 || why != NULL)
			continue;
		while (rc == 0 && chosen->n <= row - first)
			rc = pol_vec_push(chosen, &none, sizeof(none));
		at = (uint32_t *)chosen->data + (row - first);
		if (rc == 0 && (*at == 0 || pol_facts_better(f[i].rec, f[*at - 1].rec)))
			*at = (uint32_t)i + 1;
	}
	return rc;
}

/* Of a user's groups those that there are; in the builder's arena. */
static int
groups_of(struct pol_builder *b, const struct pol_fact *f, struct pol_user_fact *out)
{
	size_t at = 0, n = 0, most = (pol_fact_text(f, POL_TEXT_LIST).len + 1) / 2;
	struct policy_text *list = pol_arena_array(&b->arena, most + 1, sizeof(*list)), name;
	bool unknown = false;

	if (list == NULL)
		return POLICY_ERR_NOMEM;
	while ((name = pol_adopt_group(f, &at)).data != NULL) {
		struct pol_who who = { POLICY_TEXT("group"), name };
		uint32_t row = pol_adopt_group_ok(name) ?
		    pol_holder_there(b, &who, pol_who_hash(b->program->seed, &who)) : POL_NONE;

		if (row != POL_NONE && ((struct pol_bholder *)b->holders.data)[row].known)
			list[n++] = name;
		else
			unknown = true;
	}
	out->groups = list;
	out->n_groups = n;
	if (unknown)
		pol_adopt_warn(b->warn, b->warn_ctx, f, "the set has not all of its groups");
	return 0;
}

static int
live(struct pol_builder *b, const struct pol_fact *f)
{
	struct pol_user_fact u;
	struct policy_attr all[POL_ROWS_ATTRIBUTES + 2], *list;
	char *room = pol_arena_alloc(&b->arena, pol_fact_text(f, POL_TEXT_ATTRIBUTES).len + 1);
	int rc;

	if (room == NULL)
		return POLICY_ERR_NOMEM;
	memset(&u, 0, sizeof(u));
	u.who = pol_adopt_who(f);
	pol_adopt_warn(b->warn, b->warn_ctx, f, pol_adopt_attributes(f, all, &u.attrs.count, room));
	u.attrs.list = list = pol_arena_array(&b->arena, u.attrs.count, sizeof(*list));
	if (list == NULL)
		return POLICY_ERR_NOMEM;
	memcpy(list, all, u.attrs.count * sizeof(*list));
	rc = groups_of(b, f, &u);
	return rc != 0 ? rc : pol_builder_user(b, &u, pol_who_hash(b->program->seed, &u.who));
}

static int
users(struct pol_builder *b)
{
	size_t first = b->holders.n;
	struct pol_vec chosen = { NULL, 0, 0 };
	int rc = choose(b, first, &chosen);

	for (size_t i = 0; rc == 0 && i < chosen.n; i++) {
		uint32_t fact = ((uint32_t *)chosen.data)[i], row = (uint32_t)(first + i);
		struct pol_bfact *f = FACTS(b) + fact - 1;
		struct pol_bholder *h = (struct pol_bholder *)b->holders.data + row;

		h->gone = (f->rec->flags & POLICY_ROW_GONE) != 0;
		h->ended = h->gone || (f->rec->flags & POLICY_ROW_OFF) != 0;
		if (h->gone)
			continue;
		f->row = row + 1;
		f->place = h->id;
		rc = live(b, f->rec);
	}
	pol_vec_fini(&chosen);
	return rc;
}

static int
secrets(struct pol_builder *b)
{
	const struct pol_bfact *f = FACTS(b);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < b->facts.n; i++) {
		struct policy_text t;

		if (f[i].rec == NULL || f[i].rec->kind != POLICY_ROW_TOKEN)
			continue;
		t = pol_fact_text(f[i].rec, POL_TEXT_SECRET);
		if (t.data != NULL)
			rc = pol_builder_link(b, POL_LINK_SECRET, pol_fact_hash(b->program->seed, POL_LINK_SECRET, t), f[i].hash);
	}
	return rc;
}

int
pol_builder_adopt(struct pol_builder *b)
{
	struct pol_bholder *h = b->holders.data;
	struct pol_sort_key *keys;
	int rc;

	for (size_t i = 0; i < b->holders.n; i++)
		h[i].text = true;
	if (b->facts.n == 0)
		return 0;
	keys = malloc(b->facts.n * sizeof(*keys));
	if (keys == NULL)
		return POLICY_ERR_NOMEM;
	rc = order_facts(b, keys);
	if (rc == 0)
		rc = users(b);
	if (rc == 0)
		rc = pol_builder_adopt_grants(b, keys);
	if (rc == 0)
		rc = secrets(b);
	free(keys);
	return rc;
}

/* ---- laid out ---- */

static int
record(struct pol_buf *buf, const struct pol_builder *b, const struct pol_sort_key *k)
{
	const struct pol_bfact *f = FACTS(b) + k->row;
	struct pol_fact *made;
	size_t at;

	if (k->kind != 0)
		return pol_buf_append(buf, (const struct pol_link *)b->links.data + k->row, sizeof(struct pol_link)) != SIZE_MAX ?
		    0 : POLICY_ERR_NOMEM;
	at = pol_buf_append(buf, f->rec, f->rec->bytes);
	if (at == SIZE_MAX)
		return POLICY_ERR_NOMEM;
	made = (struct pol_fact *)(void *)(buf->data + at);
	made->hash = f->hash;
	made->place = f->place;
	return 0;
}

int
pol_work_facts(struct pol_work *w)
{
	struct pol_builder *b = w->b;
	struct pol_sort_key *keys = malloc((b->facts.n + b->links.n + 1) * sizeof(*keys));
	const struct pol_bfact *f = FACTS(b);
	const struct pol_link *l = b->links.data;
	struct pol_maker m;
	size_t n = 0;
	int rc;

	if (keys == NULL)
		return POLICY_ERR_NOMEM;
	for (size_t i = 0; i < b->facts.n; i++) {
		if (f[i].rec != NULL)
			keys[n++] = (struct pol_sort_key){ f[i].hash, (uint32_t)i, 0 };
	}
	w->root->view.n_facts = n;
	for (size_t i = 0; i < b->links.n; i++)
		keys[n++] = (struct pol_sort_key){ l[i].hash, (uint32_t)i, 1 };
	rc = pol_keys_sort(keys, n);
	if (rc == 0)
		rc = pol_table_begin(&m, &w->root->view.facts, n, &w->root->bytes, &w->root->slabs);
	if (rc == 0) {
		for (size_t i = 0; rc == 0 && i < n; i++) {
			if (i + 16 < n && keys[i + 16].kind == 0)
				__builtin_prefetch(f[keys[i + 16].row].rec);
			rc = pol_table_next(&m, keys[i].key);
			if (rc == 0)
				rc = record(&m.records, b, &keys[i]);
		}
		rc = pol_table_end(&m, rc);
	}
	free(keys);
	return rc;
}
