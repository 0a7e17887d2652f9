/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One grant more or less in a record: its parts are taken out, changed, and laid
 * out again as a new record or block. Nothing that readers may see is written.
 */
#include <stdlib.h>

#include "people/impl.h"

void
pol_edit_parts(struct pol_holder_parts *p, const struct pol_holder *h)
{
	const struct pol_holder_more *m = pol_holder_more(h);

	memset(p, 0, sizeof(*p));
	p->hash = h->hash;
	p->id = pol_holder_number(h);
	p->ended = h->id == POL_HOLDER_ENDED;
	p->known = h->known;
	p->type = (struct policy_text){ h->text, h->type_len };
	p->name = (struct policy_text){ pol_holder_name(h), h->name_len };
	p->words = pol_more_words(m);
	p->n_words = m->n_words;
	p->groups = pol_more_listed(m);
	p->n_groups = m->n_listed;
	p->roles = pol_more_roles(m);
	p->n_roles = m->n_roles;
	p->own = pol_more_own(m);
	p->n_own = m->n_own;
	p->timed = pol_more_timed(m);
	p->n_timed = m->n_timed;
	if (m->n_attrs != 0) {		/* the last part of a record: it reaches to its end */
		p->attrs = pol_more_attrs(m);
		p->attrs_bytes = (size_t)((const char *)h + h->bytes - (const char *)p->attrs);
		p->n_attrs = m->n_attrs;
	}
}

int
pol_edit_put(struct pol_change *c, const struct pol_holder_parts *p, const struct pol_holder *old)
{
	struct pol_buf buf;
	size_t at;
	int rc;

	pol_buf_init(&buf);
	rc = pol_record_holder(&buf, p, &at);
	if (rc == 0)
		rc = pol_table_put(c, &c->to->view.holders, (const void *)(buf.data + at), (const void *)old);
	pol_buf_fini(&buf);
	return rc;
}

/* A subject, or TYPE:*, that nobody named before. */
int
pol_edit_new_holder(struct pol_change *c, const struct pol_who *who, uint32_t *id)
{
	struct pol_holder_parts p;

	memset(&p, 0, sizeof(p));
	p.hash = pol_who_hash(c->to->view.seed, who);
	if (c->to->next_subject == UINT32_MAX)
		return POLICY_ERR_LIMIT;
	p.id = *id = c->to->next_subject++;
	p.type = who->type;
	p.name = who->name;
	if (pol_bytes_equal(who->name.data, who->name.len, "*", 1))
		c->to->view.has_stars = 1;
	return pol_edit_put(c, &p, NULL);
}

static bool
same_window(const struct pol_window *a, const struct pol_window *b)
{
	return pol_time_cmp(a->from, b->from) == 0 && pol_time_cmp(a->until, b->until) == 0;
}

static bool
same_grant(const struct pol_grant_parts *a, const struct pol_grant_parts *b)
{
	return a->holder == b->holder && a->role == b->role && (a->window == NULL) == (b->window == NULL) &&
	    (a->window == NULL || same_window(a->window, b->window)) &&
	    pol_bytes_equal(a->glob.data, a->glob.len, b->glob.data, b->glob.len);
}

/* Takes row k of *n out of a list; POLICY_ERR_NOENT where there is none such. */
static int
take_out(void *list, size_t *n, size_t k, size_t size)
{
	char *at = (char *)list + k * size;

	if (k == *n)
		return POLICY_ERR_NOENT;
	memmove(at, at + size, (*n - k - 1) * size);
	(*n)--;
	return 0;
}

/* A list with `g` added, or with one equal to it taken out. Sorted. */
static int
edit(struct pol_grant_parts *list, size_t *n, const struct pol_grant_parts *g, bool add)
{
	size_t k = 0;

	if (add) {
		size_t at = *n;

		while (at > 0 && pol_grant_order(&list[at - 1], g) > 0) {
			list[at] = list[at - 1];
			at--;
		}
		list[at] = *g;
		(*n)++;
		return 0;
	}
	while (k < *n && !same_grant(&list[k], g))
		k++;
	return take_out(list, n, k, sizeof(*list));
}

static void
unpack(struct pol_grant_parts *out, const struct pol_grants *g)
{
	for (uint32_t i = 0; i < g->n; i++) {
		uint32_t w = g->window_of == NULL ? 0 : g->window_of[i];

		out[i] = (struct pol_grant_parts){ g->list[i].holder, g->list[i].role, w == 0 ? NULL : &g->windows[w - 1],
		    { NULL, 0 } };
	}
}

static void
unpack_globs(struct pol_grant_parts *out, const struct pol_type_grants *t)
{
	const struct pol_glob_grant *g = POL_AT(t, t->globs.off);
	const struct pol_window *w = POL_AT(t, t->glob_windows.off);

	for (uint32_t i = 0; i < t->globs.n; i++)
		out[i] = (struct pol_grant_parts){ g[i].holder, g[i].role, g[i].window == 0 ? NULL : &w[g[i].window - 1],
		    { pol_str_at(t, g[i].glob), g[i].glob.len } };
}

/* All but its grants; *parents is the caller's to free. */
static int
thing_parts(struct pol_thing_parts *p, const struct pol_thing *t, struct pol_parent_parts **parents)
{
	const struct pol_thing_more *m = pol_thing_more(t);
	const struct pol_parent *up = POL_AT(t, m->parents.off);

	p->has_parent = t->has_parent;
	p->inherit = (enum pol_inherit)t->inherit;
	if (m->attrs.n != 0) {
		p->attrs = POL_AT(t, m->attrs.off);
		p->attrs_bytes = (m->parents.n != 0 ? m->parents.off : t->bytes) - m->attrs.off;
		p->n_attrs = m->attrs.n;
	}
	p->n_parents = p->n_rows = m->parents.n;
	p->n_above = m->n_above;
	if (p->n_parents == 0)
		return 0;
	if (m->n_above != POL_NONE && m->n_above > p->n_rows)
		p->n_rows = m->n_above;
	*parents = calloc(p->n_rows, sizeof(**parents));
	if (*parents == NULL)
		return POLICY_ERR_NOMEM;
	for (size_t i = 0; i < p->n_rows; i++) {
		struct policy_text id = { pol_str_at(t, up[i].id), up[i].id.len };

		(*parents)[i] = (struct pol_parent_parts){ up[i].type, id, up[i].hash };
	}
	p->parents = *parents;
	return 0;
}

/* A grant on one thing. */
int
pol_edit_thing(struct pol_change *c, const struct pol_program *program, uint32_t type,
    struct policy_text id, const struct pol_grant_parts *g, bool add)
{
	uint64_t hash = pol_hash_join(POL_TYPE_ROW(program, type).hash, pol_hash(id.data, id.len, program->seed));
	const struct pol_thing *old = pol_find_thing(&c->to->view, hash, type, id.data, id.len);
	size_t n = old != NULL ? old->n_grants : 0, at;
	struct pol_grant_parts *list = calloc(n + 1, sizeof(*list));
	struct pol_parent_parts *parents = NULL;
	struct pol_thing_parts p;
	struct pol_buf buf;
	int rc;

	pol_buf_init(&buf);
	memset(&p, 0, sizeof(p));
	rc = list == NULL ? POLICY_ERR_NOMEM : 0;
	if (rc == 0 && old != NULL) {
		struct pol_grants grants = pol_thing_grants(old);

		unpack(list, &grants);
		rc = thing_parts(&p, old, &parents);
	}
	if (rc == 0)
		rc = edit(list, &n, g, add);
	p.hash = hash;
	p.type = type;
	p.id = id;
	p.grants = list;
	p.n_grants = n;
	if (rc == 0 && n == 0 && p.n_attrs == 0 && !p.has_parent && p.inherit == POL_INHERIT_ABSENT)
		rc = pol_table_put(c, &c->to->view.things, NULL, (const void *)old);
	else if (rc == 0 && (rc = pol_record_thing(&buf, &p, &at)) == 0)
		rc = pol_table_put(c, &c->to->view.things, (const void *)(buf.data + at), (const void *)old);
	pol_buf_fini(&buf);
	free(list);
	free(parents);
	return rc;
}

/* A grant in a block of grants: on a whole type, by glob, or anywhere in a window. */
int
pol_edit_block(struct pol_change *c, const struct pol_type_grants *old, const struct pol_grant_parts *g,
    bool add, const struct pol_type_grants **out)
{
	size_t n_whole = old != NULL ? old->whole.n : 0, n_globs = old != NULL ? old->globs.n : 0;
	struct pol_grant_parts *whole = calloc(n_whole + 1, sizeof(*whole)), *globs = calloc(n_globs + 1, sizeof(*globs));
	struct pol_type_grants *made = NULL;
	int rc = whole == NULL || globs == NULL ? POLICY_ERR_NOMEM : 0;

	if (rc == 0 && old != NULL) {
		struct pol_grants grants = pol_type_whole(old);

		unpack(whole, &grants);
		unpack_globs(globs, old);
	}
	if (rc == 0)
		rc = g->glob.data != NULL ? edit(globs, &n_globs, g, add) : edit(whole, &n_whole, g, add);
	if (rc == 0)
		rc = pol_record_type_grants(&made, whole, n_whole, globs, n_globs);
	if (rc == 0 && made != NULL)
		rc = pol_change_made(c, made);
	if (rc == 0) {
		c->to->bytes += made != NULL ? made->bytes : 0;
		c->to->bytes -= old != NULL ? old->bytes : 0;
		pol_change_dead(c, old);
		*out = made;
	}
	free(whole);
	free(globs);
	return rc;
}

/* Its own windowed roles, with one added or taken out. */
static int
edit_timed(struct pol_timed *list, size_t *n, const struct pol_grant_parts *g, bool add)
{
	struct pol_timed row;
	size_t k = 0;

	memset(&row, 0, sizeof(row));
	row.role = g->role;
	row.window = *g->window;
	if (add) {
		list[(*n)++] = row;
		return 0;
	}
	while (k < *n && (list[k].role != row.role || !same_window(&list[k].window, &row.window)))
		k++;
	return take_out(list, n, k, sizeof(*list));
}

static int
edit_own(uint32_t *own, size_t *n, uint32_t role, bool add)
{
	size_t k = 0;

	if (add) {
		own[(*n)++] = role;
		qsort(own, *n, sizeof(*own), pol_u32_order);
		return 0;
	}
	while (k < *n && own[k] != role)
		k++;
	return take_out(own, n, k, sizeof(*own));
}

void
pol_edit_group_roles(const struct pol_people *w, uint32_t group, struct pol_buf *all)
{
	uint32_t g = group - POL_HOLDER_GROUP;
	struct pol_who who = { POLICY_TEXT("group"), { NULL, 0 } };
	const struct pol_holder *h;

	if (g >= w->n_groups)
		return;
	who.name = (struct policy_text){ w->group_names[g].data, w->group_names[g].len };
	h = pol_find_holder(w, pol_who_hash(w->seed, &who), who.type.data, who.type.len, who.name.data, who.name.len);
	if (h != NULL)
		pol_buf_append(all, pol_more_roles(pol_holder_more(h)), pol_holder_more(h)->n_roles * sizeof(uint32_t));
}

/* What a holder has everywhere: its own roles and its groups', with what they include. */
static int
held_roles(const struct pol_people *w, const struct pol_program *program, const struct pol_holder *old,
    const struct pol_holder_parts *p, struct pol_buf *all, size_t *n)
{
	uint32_t id, at = 0;

	for (size_t i = 0; i < p->n_own; i++) {
		uint32_t count;
		const uint32_t *ids = pol_role_closure(program, &p->own[i], &count);

		pol_buf_append(all, ids, count * sizeof(uint32_t));
	}
	while ((id = pol_more_next_group(pol_holder_more(old), &at)) != POL_NONE)
		pol_edit_group_roles(w, id, all);
	if (all->failed)
		return POLICY_ERR_NOMEM;
	*n = all->len == 0 ? 0 : pol_u32_unique((uint32_t *)(void *)all->data, all->len / sizeof(uint32_t));
	return 0;
}

/* A role everywhere lies with its holder. */
int
pol_edit_holder(struct pol_change *c, const struct pol_program *program, const struct pol_holder *old,
    const struct pol_grant_parts *g, bool add)
{
	struct pol_holder_parts p;
	struct pol_timed *timed;
	struct pol_buf roles;
	uint32_t *own;
	int rc;

	pol_buf_init(&roles);
	pol_edit_parts(&p, old);
	timed = calloc(p.n_timed + 1, sizeof(*timed));
	own = calloc(p.n_own + 1, sizeof(*own));
	rc = timed == NULL || own == NULL ? POLICY_ERR_NOMEM : 0;
	if (rc == 0) {
		memcpy(timed, p.timed, p.n_timed * sizeof(*timed));
		memcpy(own, p.own, p.n_own * sizeof(*own));
		p.timed = timed;
		p.own = own;
		rc = g->window != NULL ? edit_timed(timed, &p.n_timed, g, add) : edit_own(own, &p.n_own, g->role, add);
	}
	if (rc == 0 && g->window == NULL) {
		rc = held_roles(&c->to->view, program, old, &p, &roles, &p.n_roles);
		p.roles = (const uint32_t *)(const void *)roles.data;
	}
	if (rc == 0)
		rc = pol_edit_put(c, &p, old);
	free(timed);
	free(own);
	pol_buf_fini(&roles);
	return rc;
}
