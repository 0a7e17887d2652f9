/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record of a holder out of a user's row and the grants that stand in it.
 */
#include <stdlib.h>

#include "people/rows_change.h"

/* What a holder's record is made of. */
struct making {
	struct pol_buf groups, roles, own, timed, attrs;
	struct policy_attr list[POL_ROWS_ATTRIBUTES + 2];
};

static void
making_fini(struct making *m)
{
	pol_buf_fini(&m->groups);
	pol_buf_fini(&m->roles);
	pol_buf_fini(&m->own);
	pol_buf_fini(&m->timed);
	pol_buf_fini(&m->attrs);
	free(m);
}

/* The groups of its list that there are, and those they are in, with the roles of all. */
static int
make_groups(struct rows_change *x, struct making *m, const struct pol_fact *f, struct pol_holder_parts *p)
{
	struct policy_text name;
	bool unknown = false;
	uint32_t id, inner;
	size_t at = 0;

	while ((name = pol_adopt_group(f, &at)).data != NULL) {
		struct pol_who who = { POLICY_TEXT("group"), name };
		const struct pol_holder *g = !pol_adopt_group_ok(name) ? NULL : pol_find_holder(VIEW(x),
		    pol_who_hash(VIEW(x)->seed, &who), who.type.data, who.type.len, name.data, name.len);

		if (g == NULL) {
			unknown = true;
			continue;
		}
		id = g->id;
		pol_buf_append(&m->groups, &id, sizeof(id));
		for (inner = 0; (id = pol_more_next_group(pol_holder_more(g), &inner)) != POL_NONE; )
			pol_buf_append(&m->groups, &id, sizeof(id));
	}
	if (m->groups.failed)
		return POLICY_ERR_NOMEM;
	p->groups = (const uint32_t *)(void *)m->groups.data;
	p->n_groups = m->groups.len == 0 ? 0 : pol_u32_unique((uint32_t *)(void *)m->groups.data, m->groups.len / sizeof(id));
	for (size_t i = 0; i < p->n_groups; i++)
		pol_edit_group_roles(VIEW(x), p->groups[i], &m->roles);
	if (unknown)
		pol_adopt_warn(x->warn, x->ctx, f, "the set has not all of its groups");
	return 0;
}

/* Its own roles everywhere, from its grants. */
static int
make_own(struct rows_change *x, struct making *m, const struct pol_fact *user)
{
	uint64_t owner = hash_of(x, user);
	struct policy_text uid = pol_fact_text(user, POL_TEXT_ID);
	const struct pol_fact *g;

	for (uint32_t k = 0; (g = pol_facts_owned(VIEW(x), owner, k)) != NULL; k++) {
		struct policy_text of = pol_fact_text(g, POL_TEXT_OWNER);
		struct pol_grant_fact f;
		struct pol_window window;
		struct pol_timed t;
		uint32_t role;

		if (!pol_bytes_equal(of.data, of.len, uid.data, uid.len) ||
		    pol_fact_text(g, POL_TEXT_RESOURCE).data != NULL || pol_adopt_grant(x->program, g, &f, &role) != NULL)
			continue;
		if (pol_window_of(&f, &window) == NULL) {
			pol_buf_append(&m->own, &role, sizeof(role));
			continue;
		}
		memset(&t, 0, sizeof(t));
		t.role = role;
		t.window = window;
		pol_buf_append(&m->timed, &t, sizeof(t));
		VIEW(x)->has_windows = 1;
	}
	return m->own.failed || m->timed.failed ? POLICY_ERR_NOMEM : 0;
}

static int
make_roles(struct rows_change *x, struct making *m, struct pol_holder_parts *p)
{
	for (size_t i = 0; i < p->n_own; i++) {
		uint32_t n;
		const uint32_t *ids = pol_role_closure(x->program, &p->own[i], &n);

		pol_buf_append(&m->roles, ids, n * sizeof(*ids));
	}
	if (m->roles.failed)
		return POLICY_ERR_NOMEM;
	p->roles = (const uint32_t *)(void *)m->roles.data;
	p->n_roles = m->roles.len == 0 ? 0 :
	    pol_u32_unique((uint32_t *)(void *)m->roles.data, m->roles.len / sizeof(uint32_t));
	return 0;
}

/* h: the record under that name, or NULL. What it has of its own stays where it is this user's. */
static int
fill(struct rows_change *x, struct making *m, const struct pol_fact *f, const struct pol_holder *h, uint32_t number)
{
	struct pol_who who = pol_adopt_who(f);
	struct pol_holder_parts p;
	struct policy_attrs attrs = { m->list, 0 };
	int rc = 0;

	memset(&p, 0, sizeof(p));
	if (h != NULL && pol_holder_number(h) == number) {
		pol_edit_parts(&p, h);
		p.words = NULL;
		p.n_words = 0;
		p.attrs = NULL;
		p.n_attrs = 0;
	} else {
		rc = make_own(x, m, f);
		p.n_own = m->own.len / sizeof(uint32_t);
		if (p.n_own > 1)
			qsort(m->own.data, p.n_own, sizeof(uint32_t), pol_u32_order);
		p.own = (const uint32_t *)(void *)m->own.data;
		p.timed = (const struct pol_timed *)(void *)m->timed.data;
		p.n_timed = m->timed.len / sizeof(struct pol_timed);
	}
	p.hash = pol_who_hash(VIEW(x)->seed, &who);
	p.id = number;
	p.known = POL_KNOWN_BY_NAME;
	p.ended = (f->flags & POLICY_ROW_OFF) != 0;
	p.type = who.type;
	p.name = who.name;
	if (rc == 0 && pol_buf_append(&m->attrs, NULL, pol_fact_text(f, POL_TEXT_ATTRIBUTES).len + 1) == SIZE_MAX)
		rc = POLICY_ERR_NOMEM;
	if (rc == 0)
		pol_adopt_warn(x->warn, x->ctx, f, pol_adopt_attributes(f, m->list, &attrs.count, m->attrs.data));
	p.given = &attrs;
	if (rc == 0)
		rc = make_groups(x, m, f, &p);
	if (rc == 0)
		rc = make_roles(x, m, &p);
	return rc != 0 ? rc : pol_edit_put(&x->c, &p, h);
}

int
pol_rows_holder(struct rows_change *x, const struct pol_fact *f, const struct pol_holder *h, uint32_t number)
{
	struct making *m = calloc(1, sizeof(*m));
	int rc;

	if (m == NULL)
		return POLICY_ERR_NOMEM;
	rc = fill(x, m, f, h, number);
	making_fini(m);
	return rc;
}
